package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// worldToFind returns a world with a new instance, one with its asset, an asset whose instance is gone, and a foreign
// one that names an instance.
func worldToFind() *world {
	w := newWorld()
	fresh := instanceInProd("i-new", "web", "10.0.0.1", func(i *inventory.Instance) { i.HostName, i.PublicIPs = "web-host", []string{"47.0.0.1"} })
	known, gone := instanceInProd("i-known", "db", "10.0.0.2"), instanceInProd("i-gone", "old", "10.0.0.3")
	w.addInstances(fresh, known)
	w.addAssets(hostOf(known, withName("renamed")), hostOf(gone), foreignHost("f-1", "hand", "instance_id: i-new", true), inventory.Asset{ID: "d-1", Name: "db"})
	return w
}

// TestFind: an instance, its asset, and an asset without an instance are found by all that people call them.
func TestFind(t *testing.T) {
	t.Parallel()
	w := worldToFind()
	goneID := inventory.AssetID(inventory.Alibaba, beijing, "i-gone")
	for text, want := range map[string]string{
		"i-known": "i-known+asset", "I-KNOWN": "i-known+asset", "db": "i-known+asset", "renamed": "i-known+asset", "10.0.0.2": "i-known+asset",
		inventory.AssetID(inventory.Alibaba, beijing, "i-known"): "i-known+asset",
		"web": "i-new", "WEB-host": "i-new", "47.0.0.1": "i-new", " 10.0.0.1 ": "i-new", inventory.AssetID(inventory.Alibaba, beijing, "i-new"): "i-new",
		"i-new":  "+foreign,i-new", // the asset that names it is shown too
		"i-gone": "i-gone-only-asset", "old": "i-gone-only-asset", "10.0.0.3": "i-gone-only-asset", goneID: "i-gone-only-asset",
		"hand": "+foreign", "10.9.0.1": "+foreign", "i-nothing": "", "": "", "i-": "",
	} {
		var got []string
		for _, s := range Find(w.input(), w.rules, text) {
			shown := s.InstanceID
			switch {
			case s.Instance == nil && s.Ours:
				shown += "-only-asset"
			case s.Asset != nil && !s.Ours:
				shown += "+foreign"
			case s.Asset != nil:
				shown += "+asset"
			}
			got = append(got, shown)
		}
		if shown := strings.Join(got, ","); shown != want {
			t.Errorf("%q: %s, want %s", text, shown, want)
		}
	}
}

// TestSelect: the plan of what was asked for is a part of the whole plan, and what is not known is said.
func TestSelect(t *testing.T) {
	t.Parallel()
	w := worldToFind()
	w.addInstances(instanceInProd("i-other", "other", "10.0.0.9"))
	s, unknown := Select(w.input(), w.rules, []string{"10.0.0.2", "i-gone", "nobody"})
	if !slices.Equal(unknown, []string{"nobody"}) {
		t.Errorf("unknown: %q", unknown)
	}
	whole := w.approve()
	some := whole.Only(s)
	var got []string
	for c := range some.Changes() {
		got = append(got, string(c.Action)+" "+c.InstanceID)
	}
	if want := []string{"update i-known", "deactivate i-gone"}; !slices.Equal(got, want) || len(some.Notes()) != 0 {
		t.Errorf("%q, notes %v", got, some.Notes())
	}
	if n := len(slices.Collect(whole.Changes())); n != 3 {
		t.Errorf("the whole plan has %d changes left", n)
	}
	if s.HasAsset("f-1") || !s.HasAsset(inventory.AssetID(inventory.Alibaba, beijing, "i-gone")) {
		t.Error("another asset is selected")
	}
}
