package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/reason"
)

// hostWithComment returns the asset that a run makes for an instance now.
func hostWithComment(i inventory.Instance, edits ...func(*inventory.Asset)) inventory.Asset {
	a := hostOf(i)
	a.Comment = Rules{}.assetComment(i)
	withoutLabel(inventory.LabelInstance)(&a)
	for _, edit := range edits {
		edit(&a)
	}
	return a
}

func withoutLabels(a *inventory.Asset) { a.Labels = nil }

// TestLostMarks: an asset that has lost our labels is told while its instance is in no listing, and that is known.
func TestLostMarks(t *testing.T) {
	t.Parallel()
	i1 := instanceInProd("i-1", "web", "10.0.0.1")
	lost := func(edits ...func(*inventory.Asset)) func(*world) {
		return func(w *world) {
			w.addAssets(hostWithComment(i1, append([]func(*inventory.Asset){withoutLabel(inventory.LabelOwner)}, edits...)...))
		}
	}
	open := func(t *testing.T, a Approved) {
		if n := a.Notes()[0]; !n.Unlisted || n.Scope.Region != beijing || n.InstanceID != "i-1" {
			t.Errorf("%+v", n)
		}
	}
	told := []string{"skip i-1 marks_lost"}
	runPlanRows(t, []planRow{
		{"one label", lost(), told, open},
		{"all labels", lost(withoutLabels), told, open},
		{"all labels, and the region in the comment", lost(withoutLabels, withComment("instance_id: i-1\naccount_id: "+owner)), told, open},
		{"one label, and the comment", lost(withComment("emptied")), []string{"skip  marks_lost"}, nil},
		{"an adopted one", lost(adoptedAs("own"), withoutLabel(inventory.LabelInstance)), told, open},
		{"an adopted one, all labels", lost(func(a *inventory.Asset) { a.ID, a.Labels = "own", nil }), told, open},
		{"a label twice", func(w *world) {
			w.addAssets(hostWithComment(i1, withExtraLabel(inventory.LabelOwner, "2")))
		}, told, open},
		{"kept by a person", lost(withExtraLabel(inventory.LabelKeep, "db")), []string{"skip i-1 kept_by_label"}, open},
		{"released", lost(withoutLabels, withExtraLabel(inventory.LabelReleased, "person")), nil, nil},
		{"released, and labels are left", lost(withExtraLabel(inventory.LabelReleased, "person")), told, open},
		{"switched off", lost(switchedOff), nil, nil},
		{"no host", lost(func(a *inventory.Asset) { a.Host = false }), nil, nil},
		{"the Python tool's", func(w *world) { w.addAssets(foreignHost("p", "old", "instance_id: i-1\nregion: cn-beijing", true)) }, nil, nil},
		{"a person's label alone", func(w *world) {
			w.addAssets(foreignHost("p", "old", "a database", true))
			withExtraLabel(inventory.LabelAccount, prod)(&w.assets[0])
		}, nil, nil},
		{"listed", func(w *world) { lost()(w); w.addInstances(i1) }, []string{"skip i-1 marks_taken_off"}, nil},
		{"its scope failed", func(w *world) { lost()(w); w.listings = nil; w.addFailedListing(scopeOf(prod, beijing), "") }, nil, nil},
		{"its scope was not asked for", func(w *world) { lost()(w); w.listings = nil; w.addListing(scopeOf(prod, shanghai), owner) }, nil, nil},
		{"no account is its owner's, in a whole run", func(w *world) {
			lost()(w)
			w.listings, w.allRegions = nil, true
			w.addListing(scopeOf(prod, beijing), "2")
		}, told, open},
		{"an event", func(w *world) { lost()(w); w.rules.Partial = true }, nil, nil},
	})
}

// TestManyLostMarks: a row of the label page was deleted. Nothing is removed, and a person's approval passes that.
//
// Invariants: 16.
func TestManyLostMarks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name           string
		lost, marked   int
		percent, least int
		want           bool
	}{
		{"none", 0, 10, 20, 3, false}, {"one", 1, 9, 20, 3, false}, {"as many as min", 3, 2, 20, 3, false},
		{"more than min and the share", 4, 6, 20, 3, true}, {"not the share", 4, 96, 20, 3, false}, {"all", 10, 0, 20, 3, true},
	} {
		w := newWorld()
		w.limits.Percent, w.limits.Min = c.percent, c.least
		for n := range c.lost + c.marked {
			i := instanceInProd(fmt.Sprint("i-", n), fmt.Sprint("web-", n), "10.0.0.1")
			a := hostWithComment(i)
			if n < c.lost {
				withoutLabel(inventory.LabelOwner)(&a)
			}
			w.addInstances(i)
			w.addAssets(a)
		}
		w.addAssets(hostOf(instanceInProd("i-gone", "gone", "10.0.0.9")))
		p := w.plan()
		why, many := p.LostMarks(w.limits)
		if many != c.want || many && (why.Args[0] != c.lost || why.Args[1] != c.lost+c.marked+1 || !strings.Contains(why.Text(language.English), "web-0, web-1")) {
			t.Errorf("%s: %v %+v", c.name, many, why)
		}
		a := w.approve()
		checkTexts(t, a)
		if held := slices.ContainsFunc(a.Notes(), func(n Change) bool { return n.Reason.Code == reason.GuardMarksLost && n.Unlisted }); held != c.want || (len(a.Removals()) == 0) != c.want {
			t.Errorf("%s: %q", c.name, renderLines(a))
		}
		w.limits.Approved = map[string]bool{inventory.AssetID(inventory.Alibaba, beijing, "i-gone"): true}
		if got := w.approve(); len(got.Removals()) != 1 || c.want && len(p.ApprovableHolds(a)) != 1 {
			t.Errorf("%s, approved: %q", c.name, renderLines(got))
		}
	}
}

// TestReleasedIsNotLost: what a person let go holds nothing, and an adoption takes the label off again.
func TestReleasedIsNotLost(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.limits.Percent, w.limits.Min = 0, 0
	for n := range 10 {
		i := instanceInProd(fmt.Sprint("i-", n), fmt.Sprint("web-", n), "10.0.0.1")
		if n < 8 {
			w.addInstances(i)
		}
		w.addAssets(hostWithComment(i))
	}
	j := newFakeJumpServer(t, w)
	j.apply(Disown(w.input(), "", "").ApproveLabelWrites())
	after := j.world(w)
	if why, many := after.plan().LostMarks(after.limits); many {
		t.Error("taken for lost:", why)
	}
	j.apply(Adopt(after.input(), after.rules, true).ApproveLabelWrites())
	released := 0
	for _, a := range j.assets {
		released += a.LabelCount(inventory.LabelReleased)
	}
	if released != 2 { // those whose instances are gone
		t.Errorf("%d assets carry jms-released", released)
	}
}

// TestAdoptRestoresLostMarks: the labels are as they were, on assets whose instances are listed and on those whose
// instances are gone; these are then decided on as any other.
func TestAdoptRestoresLostMarks(t *testing.T) {
	t.Parallel()
	for _, label := range []string{inventory.LabelOwner, inventory.LabelCloud, inventory.LabelAccount, inventory.LabelRegion, ""} {
		w := newWorld()
		w.rules.Protected = parsePrefixes("10.0.0.7")
		before := map[string][]inventory.Label{}
		for n := range 10 {
			i := instanceInProd(fmt.Sprint("i-", n), fmt.Sprint("web-", n), fmt.Sprint("10.0.0.", n))
			if n < 8 {
				w.addInstances(i)
			}
			a := hostWithComment(i, withExtraLabel("team", "a"))
			if n == 7 {
				a.Labels = append(a.Labels, protectedLabel())
			}
			if n == 9 { // an earlier run closed it
				deactivatedFor(time.Hour)(&a)
			}
			before[a.ID] = slices.Clone(a.Labels)
			withoutLabel(label)(&a)
			if label == "" {
				a.Labels = slices.DeleteFunc(a.Labels, func(l inventory.Label) bool { return isManagedLabel(l) && !isDeactivationLabel(l) })
			}
			w.addAssets(a)
		}
		w.limits.Percent, w.limits.Min = 20, 3
		j := newFakeJumpServer(t, w)
		if a := w.approve(); len(allWrites(a)) != 0 {
			t.Errorf("%q: before the adoption %q", label, renderLines(a))
		}
		adopted := Adopt(w.input(), w.rules, false).ApproveLabelWrites()
		checkTexts(t, adopted)
		if len(adopted.Updates()) != 10 || len(adopted.Notes()) != 0 {
			t.Errorf("%q: %q", label, renderLines(adopted))
		}
		j.apply(adopted)
		for id, want := range before {
			if got := sortedLabels(j.assets[id].Labels); !slices.Equal(got, sortedLabels(want)) {
				t.Errorf("%q: got %v, want %v", label, got, want)
			}
		}
		after := j.world(w)
		after.limits.Percent = 100
		if got, want := renderLines(after.approve()), []string{"deactivate i-8 instance_gone", "keep i-9 in_grace", "unchanged 8"}; !slices.Equal(got, want) {
			t.Errorf("%q: the next run %q", label, got)
		}
	}
}

func sortedLabels(labels []inventory.Label) []string {
	var out []string
	for _, l := range labels {
		out = append(out, l.String())
	}
	slices.Sort(out)
	return out
}

// TestRestoredAccount: of two accounts of one owner that which a label names is put back.
func TestRestoredAccount(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lost, want string
	}{"the owner's label": {inventory.LabelOwner, prod}, "the account's label": {inventory.LabelAccount, "a-first"}} {
		w := newWorld()
		w.rules.Accounts["a-first"] = Account{Enabled: true}
		w.addListing(scopeOf("a-first", beijing), owner)
		w.addAssets(hostWithComment(instanceInProd("i-1", "web", "10.0.0.1"), withoutLabel(c.lost)))
		got := Adopt(w.input(), w.rules, false).ApproveLabelWrites().Updates()
		if len(got) != 1 {
			t.Fatalf("%s: %+v", name, got)
		}
		account, _ := inventory.Asset{Labels: got[0].Patch.Labels}.Label(inventory.LabelAccount)
		if account != c.want || got[0].Scope.Account != c.want {
			t.Errorf("%s: %s, want %s", name, account, c.want)
		}
	}
}

// TestAdoptTakesReleasedOff: whether all labels had been taken off or some.
func TestAdoptTakesReleasedOff(t *testing.T) {
	t.Parallel()
	i1 := instanceInProd("i-1", "web", "10.0.0.1")
	for name, edit := range map[string]func(*inventory.Asset){"all": withoutLabels, "some": withoutLabel(inventory.LabelOwner)} {
		w := newWorld()
		w.addInstances(i1)
		w.addAssets(hostWithComment(i1, edit, withExtraLabel(inventory.LabelReleased, releasedBy)))
		got := Adopt(w.input(), w.rules, false).ApproveLabelWrites().Updates()
		if len(got) != 1 || (inventory.Asset{Labels: got[0].Patch.Labels}).LabelCount(inventory.LabelReleased) != 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestRestoringProves: of a gone instance labels are only put back where the asset's id proves it, the comment names
// it, and its scope was read with a key of the owner that the comment names.
func TestRestoringProves(t *testing.T) {
	t.Parallel()
	i1 := instanceInProd("i-1", "web", "10.0.0.1")
	for name, setup := range map[string]func(w *world, a *inventory.Asset){
		"another id":          func(_ *world, a *inventory.Asset) { a.ID = "own" },
		"another owner's key": func(w *world, _ *inventory.Asset) { w.listings[0].Owner = "2" },
		"the scope failed": func(w *world, _ *inventory.Asset) {
			w.listings = nil
			w.addFailedListing(scopeOf(prod, beijing), owner)
		},
		"just a label names it": func(_ *world, a *inventory.Asset) { withExtraLabel(inventory.LabelInstance, "i-1")(a); a.Comment = "" },
		"released": func(_ *world, a *inventory.Asset) {
			withoutLabels(a)
			withExtraLabel(inventory.LabelReleased, "person")(a)
		},
		"a gateway": func(_ *world, a *inventory.Asset) { a.Platform = "Gateway" },
	} {
		w := newWorld()
		a := hostWithComment(i1, withoutLabel(inventory.LabelOwner))
		setup(w, &a)
		w.addAssets(a)
		if got := Adopt(w.input(), w.rules, false).ApproveLabelWrites(); len(got.Updates()) != 0 {
			t.Errorf("%s: %q", name, renderLines(got))
		}
	}
}
