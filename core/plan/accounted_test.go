package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reason"
)

// unaccounted returns what Unaccounted says of a world.
func (w *world) unaccounted(a Approved) []string {
	return Unaccounted(w.assets, w.listings, slices.Values(slices.Concat(allWrites(a), a.Notes())))
}

// everyAssetIsAccountedFor: each asset of ours is present, to be removed, held, or kept for a reason that is told.
func everyAssetIsAccountedFor(t *testing.T, w *world) {
	for _, wrong := range w.unaccounted(w.approve()) {
		t.Error(wrong)
	}
}

// TestUnaccounted: it sees what is silent, and what is said twice.
//
// Invariants: 16.
func TestUnaccounted(t *testing.T) {
	t.Parallel()
	gone := hostOf(instanceInProd("i-1", "web", "10.0.0.1"))
	for _, c := range []struct {
		name string
		edit func(w *world, lines []Change) []Change
		want string
	}{
		{"as planned", func(_ *world, l []Change) []Change { return l }, ""},
		{"in no line", func(*world, []Change) []Change { return nil }, "in 0 lines"},
		{"in two lines", func(_ *world, l []Change) []Change { return append(l, l...) }, "in 2 lines"},
		{"with an update that waits for a person", func(_ *world, l []Change) []Change {
			return append(l, Change{Action: Hold, AssetID: l[0].AssetID, Reason: reason.New(reason.AsksAll, Update), heldUpdate: true})
		}, ""},
		{"with a removal that waits for a person", func(_ *world, l []Change) []Change {
			return append(l, Change{Action: Hold, AssetID: l[0].AssetID, Reason: reason.New(reason.AsksAll, Deactivate)})
		}, "in 2 lines"},
		{"removed though listed", func(w *world, l []Change) []Change {
			w.addInstances(instanceInProd("i-1", "web", "10.0.0.1"))
			return l
		}, "is listed, and it is removed"},
		{"kept, and not told", func(_ *world, l []Change) []Change {
			l[0].Action, l[0].Reason, l[0].Unlisted = Keep, reason.New(reason.InGrace), false
			return l
		}, "nobody is told"},
		{"held, and not told", func(_ *world, l []Change) []Change {
			l[0].Action, l[0].Unlisted = Hold, false
			return l
		}, "nobody is told"},
		{"kept for a scope that was read", func(_ *world, l []Change) []Change {
			l[0].Action, l[0].Reason = Keep, reason.New(reason.ScopeNotAsked)
			return l
		}, "all listings of it are complete"},
	} {
		w := newWorld()
		w.addAssets(gone)
		a := w.approve()
		lines := c.edit(w, slices.Concat(allWrites(a), a.Notes()))
		got := strings.Join(Unaccounted(w.assets, w.listings, slices.Values(lines)), "\n")
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestStaysOpen: what is active although its instance is gone is marked, and nothing else.
func TestStaysOpen(t *testing.T) {
	t.Parallel()
	for _, r := range absentRules() {
		w := newWorld()
		a := hostOf(instanceInProd("i-1", "web", "10.0.0.1"))
		r.apply(w, &a)
		w.addAssets(a)
		approved := w.approve()
		told := slices.ContainsFunc(approved.Notes(), func(n Change) bool { return n.AssetID == a.ID && n.Unlisted })
		closes := len(approved.Removals()) > 0
		silent := strings.Contains(r.want, string(reason.ScopeFailed)) || strings.Contains(r.want, string(reason.SeenElsewhere)) || r.want == ""
		if want := a.Active && !closes && !silent; told != want {
			t.Errorf("%s: told %v, want %v: %q", r.row, told, want, renderLines(approved))
		}
	}
	other := newWorld() // case 1: another project of the same cloud account is asked now
	other.listings[0].Projects = []string{"b"}
	other.addAssets(hostOf(instanceInProd("i-1", "web", "10.0.0.1", func(i *inventory.Instance) { i.Project = "a" })))
	if n := other.approve().Notes(); len(n) != 1 || !n[0].Unlisted || n[0].Reason.Code != reason.ProjectNotAsked {
		t.Errorf("another project: %+v", n)
	}
	w := newWorld()
	w.proof = func(Change) (Proof, bool) { return Proof{}, true }
	w.addAssets(hostOf(instanceInProd("i-1", "web", "10.0.0.1")))
	if n := w.approve().Notes()[0]; n.Unlisted || n.Reason.Code != reason.StillThere {
		t.Errorf("the cloud shows its instance: %+v", n)
	}
	for name, edit := range map[string]func(*inventory.Asset){
		"a copy":      func(a *inventory.Asset) { a.ID = "copy" },
		"unproved":    func(a *inventory.Asset) { withoutLabel(inventory.LabelInstance)(a); a.Comment = "mine" },
		"labels only": func(a *inventory.Asset) { adoptedAs("own")(a); a.Comment = "mine" },
	} {
		for _, active := range []bool{true, false} {
			w := newWorld()
			w.addAssets(hostOf(instanceInProd("i-1", "web", "10.0.0.1"), edit, func(a *inventory.Asset) { a.Active = active }))
			if n := w.approve().Notes(); len(n) != 1 || n[0].Unlisted != active {
				t.Errorf("%s, active %v: %+v", name, active, n)
			}
		}
		w := newWorld()
		w.addAssets(hostOf(instanceInProd("i-1", "web", "10.0.0.1"), edit))
		w.listings = nil
		w.addFailedListing(scopeOf(prod, beijing), owner)
		if n := w.approve().Notes(); len(n) != 1 || n[0].Unlisted {
			t.Errorf("%s, its scope failed: %+v", name, n)
		}
	}
}
