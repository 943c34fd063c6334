package apply_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/reason"
)

// namesOf returns the names of the items' assets with their states, by instance.
func namesOf(w *world, r apply.Result) map[string]string {
	out := map[string]string{}
	for _, i := range r.Items {
		out[i.Change.InstanceID] = w.bastion.assets[i.Change.AssetID].Name + " " + string(i.State)
	}
	return out
}

// TestRefusedNames: after a name that JumpServer refuses the next one is tried, in creates and in all kinds of
// updates; an asset that has the next one already keeps it, and its other changes are made.
func TestRefusedNames(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.bastion.hiddenNames = []string{"web", "db", "db-i-2", "app", "new", "all", "all-i-6", "all-i-6-2", "all-i-6-3"}
	w.instances = []inventory.Instance{
		instance("i-1", "web", "10.0.0.1"), instance("i-2", "db", "10.0.0.2"), instance("i-3", "app", "10.0.0.3"),
		instance("i-4", "new", "10.0.0.4"), instance("i-5", "new", "10.0.0.5"), instance("i-6", "all", "10.0.0.6"),
	}
	w.addAsset(instance("i-2", "old", "10.0.0.2"), nil)
	w.addAsset(instance("i-3", "app-i-3", "10.9.9.9"), nil)
	w.addAsset(instance("i-4", "new-i-4", "10.0.0.4"), nil)
	w.addAsset(instance("i-5", "other", "10.0.0.5"), func(a *inventory.Asset) { a.Labels[1].Value = "former" })
	r := w.run(t, t.Context())
	want := map[string]string{
		"i-1": "web-i-1 done", "i-2": "db-i-2-2 done", "i-3": "app-i-3 done", "i-4": "new-i-4 kept", "i-5": "new-i-5 done", "i-6": " failed",
	}
	for instance, name := range want {
		if got := namesOf(w, r)[instance]; got != name {
			t.Errorf("%s: %q, want %q", instance, got, name)
		}
	}
	for _, i := range r.Items {
		text := i.Change.Reason.Text(language.English)
		switch i.Change.InstanceID {
		case "i-1":
			if i.Change.Name != "web-i-1" || !strings.Contains(text, "another asset has the name web") {
				t.Errorf("i-1: %q, %q", i.Change.Name, text)
			}
		case "i-3":
			if a := w.bastion.assets[i.Change.AssetID]; a.Address != "10.0.0.3" {
				t.Errorf("i-3: %+v", a)
			}
		case "i-4":
			if i.Reason.Code != reason.NameHeld || !strings.Contains(i.Reason.Text(language.English), "new") {
				t.Errorf("i-4: %+v", i.Reason)
			}
		case "i-5":
			if a := w.bastion.assets[i.Change.AssetID]; a.Labels[1].Value != "prod" {
				t.Errorf("i-5: %+v", a)
			}
		case "i-6":
			if inventory.KindOf(i.Err) != inventory.NameTaken {
				t.Errorf("i-6: %v", i.Err)
			}
		}
	}
	creates := slices.DeleteFunc(slices.Clone(w.bastion.calls), func(c string) bool { return !strings.HasPrefix(c, "create all") })
	if len(creates) != 4 {
		t.Errorf("%q", creates)
	}
	if len(r.Items) != len(want) {
		t.Errorf("%d items for %d changes", len(r.Items), len(want))
	}
}
