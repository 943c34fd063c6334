package plan

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// forged is an asset of somebody else's on which a person who may set labels wrote all of ours, for an instance.
func forged(i inventory.Instance, edits ...func(*inventory.Asset)) inventory.Asset {
	marks := []func(*inventory.Asset){comment("a database; do not touch"), called("oracle"), adoptedAs("theirs"), at("10.5.5.5")}
	return host(i, append(marks, edits...)...)
}

func at(address string) func(*inventory.Asset) {
	return func(a *inventory.Asset) { a.Address = address }
}

// TestForgedMarks (case 14): what labels alone say to be ours is neither removed, nor updated, nor switched on. It is
// told, whether or not the instance that they name is there, and that instance gets an asset.
// Invariants: 2.
func TestForgedMarks(t *testing.T) {
	t.Parallel()
	live, lost := vm("i-1", "web", "10.0.0.1"), vm("i-gone", "old", "10.0.0.9")
	long := []func(*inventory.Asset){gone(30 * 24 * time.Hour), due(-24 * time.Hour)}
	runRows(t, []row{
		{"gone", func(w *world) { w.holds(forged(lost)) }, []string{"skip i-gone labels_alone"}, nil},
		{"gone, no grace", func(w *world) { w.rules.Grace = 0; w.holds(forged(lost)) }, []string{"skip i-gone labels_alone"}, nil},
		{"gone, and adopted ones are deleted", func(w *world) { w.rules.DeleteAdopted = true; w.holds(forged(lost, long...)) },
			[]string{"skip i-gone labels_alone"}, nil},
		{"gone, of an account that is not configured", func(w *world) { delete(w.rules.Accounts, prod); w.holds(forged(lost)) },
			[]string{"skip i-gone labels_alone"}, nil},
		{"gone, by an event", func(w *world) { w.rules.Partial = true; w.holds(forged(lost)) }, nil, nil},
		{"the comment names another instance", func(w *world) { w.holds(forged(lost, comment("instance_id: i-1"))) },
			[]string{"skip i-gone labels_alone"}, nil},
		{"the comment has the id as a part of a word", func(w *world) { w.holds(forged(lost, comment("instance_id: i-gone2"))) },
			[]string{"skip i-gone labels_alone"}, nil},
		{"there, and it has its own", func(w *world) { w.lists(live); w.holds(host(live), forged(live)) },
			[]string{"skip i-1 labels_alone", "unchanged 1"}, nil},
		{"there, and it has none: it gets one", func(w *world) { w.lists(live); w.holds(forged(live)) },
			[]string{`create i-1 new_instance name="web" 10.0.0.1 Linux`, "skip i-1 labels_alone"}, nil},
		{"by an event, the same", func(w *world) { w.rules.Partial = true; w.lists(live); w.holds(forged(live)) },
			[]string{`create i-1 new_instance name="web" 10.0.0.1 Linux`}, nil},
		{"one label is enough to hinder nothing", func(w *world) {
			w.lists(live)
			w.holds(hand("h", "x", "10.5.5.5", labelled(inventory.LabelInstance, "i-1")))
		},
			[]string{`create i-1 new_instance name="web" 10.0.0.1 Linux`}, nil},
		{"there, at its very address: an earlier version adopted it", func(w *world) { w.lists(live); w.holds(forged(live, at("10.0.0.1"))) },
			[]string{"skip i-1 named_by_label", "skip i-1 labels_alone"}, nil},
		{"there, at one of its addresses", func(w *world) {
			w.lists(vm("i-1", "web", "10.0.0.1", func(i *inventory.Instance) { i.PublicIPs = []string{"47.0.0.1"} }))
			w.holds(forged(live, at("47.0.0.1")))
		}, []string{"skip i-1 named_by_label", "skip i-1 labels_alone"}, nil},
		{"there, and switched off by a person: not switched on", func(w *world) {
			w.lists(live)
			w.holds(forged(live, at("10.0.0.1"), gone(time.Hour), due(time.Hour)))
		}, []string{"skip i-1 named_by_label", "skip i-1 labels_alone"}, nil},
		{"adopted, and its comment lost the id", func(w *world) { w.holds(host(lost, adoptedAs("own"), comment(""))) },
			[]string{"skip i-gone labels_alone"}, nil},
		{"adopted, and labels name another account of the cloud", func(w *world) {
			w.holds(host(lost, adoptedAs("own"), comment("instance_id: i-gone\naccount_id: 999")))
		}, []string{"skip i-gone owners_differ"}, nil},
		{"adopted, and labels name another region", func(w *world) {
			w.holds(host(lost, adoptedAs("own"), comment("instance_id: i-gone\nregion: "+shanghai)))
		}, []string{"skip i-gone regions_differ"}, nil},
		{"adopted in this region", func(w *world) {
			w.holds(host(lost, adoptedAs("own"), comment("instance_id: i-gone\nregion: "+beijing)))
		}, []string{"deactivate i-gone instance_gone"}, nil},
		{"an id that we made needs no region in its comment", func(w *world) {
			w.holds(host(lost, comment("instance_id: i-gone\nregion: ours")))
		}, []string{"deactivate i-gone instance_gone"}, nil},
		{"adopted, and its name changes", func(w *world) { w.holds(host(lost, adoptedAs("own"), called("renamed"))) },
			[]string{"deactivate i-gone instance_gone"}, nil},
	})
}

// TestLabelsAloneDeleteNothing: somebody who may set labels writes all of ours on an asset that is not ours, of an
// instance that is released, or dates its deactivation back. No run deletes it, by whatever path.
func TestLabelsAloneDeleteNothing(t *testing.T) {
	t.Parallel()
	marked := func(edits ...func(*inventory.Asset)) inventory.Asset {
		marks := []func(*inventory.Asset){comment("a database; do not touch"), called("oracle"), adoptedAs("theirs")}
		return host(vm("i-gone", "web", "10.0.0.1"), append(marks, edits...)...)
	}
	week := []func(*inventory.Asset){gone(30 * 24 * time.Hour), due(-24 * time.Hour)}
	for name, setup := range map[string]func(w *world){
		"absent":                   func(w *world) { w.holds(marked()) },
		"absent, no grace":         func(w *world) { w.rules.Grace = 0; w.holds(marked()) },
		"deactivated long ago":     func(w *world) { w.holds(marked(week...)) },
		"the same, no grace":       func(w *world) { w.rules.Grace = 0; w.holds(marked(week...)) },
		"by an event":              func(w *world) { w.rules.Partial = true; w.holds(marked(week...)) },
		"closed by an event":       func(w *world) { w.holds(marked(append(week, labelled(inventory.LabelEvent, "closed"))...)) },
		"of an account taken out":  func(w *world) { delete(w.rules.Accounts, prod); w.holds(marked(week...)) },
		"of an account taken out!": func(w *world) { delete(w.rules.Accounts, prod); w.rules.Grace = 0; w.holds(marked()) },
	} {
		w := newWorld()
		w.lists(vm("i-1", "x", "10.0.0.2"))
		setup(w)
		a := w.approve()
		retired := Retire(w.input(), w.rules, Retirement{Account: prod}).ApproveRetirement(w.limits, nil, true)
		for _, c := range slices.Concat(a.Removals(), retired.Removals()) {
			if c.Action == Delete {
				t.Errorf("%s: %+v", name, c)
			}
		}
	}
}

// TestForgedMarksAndOrders: Retire and its kin tell of what labels alone say to be ours, and write nothing; Release
// takes the labels off; and Owners asks nothing of it.
func TestForgedMarksAndOrders(t *testing.T) {
	t.Parallel()
	lost := vm("i-gone", "old", "10.0.0.9")
	w := newWorld()
	w.lists(vm("i-1", "x", "10.0.0.2"))
	w.rules.Grace = 0
	w.holds(forged(lost, gone(30*24*time.Hour), due(-24*time.Hour)))
	want := []string{"skip i-gone labels_alone"}
	if got := lines(w.retirement(RetireAdopted(w.input(), w.rules, "", ""), true)); !slices.Equal(got, want) {
		t.Errorf("retire --adopted: %q", got)
	}
	if got := lines(w.retirement(RetireAdopted(w.input(), w.rules, prod, shanghai), true)); len(got) > 0 {
		t.Errorf("retire --adopted elsewhere: %q", got)
	}
	delete(w.rules.Accounts, prod)
	if got := lines(w.retirement(Retire(w.input(), w.rules, Retirement{Account: prod}), true)); !slices.Equal(got, want) {
		t.Errorf("retire: %q", got)
	}
	if got := Owners(w.assets, w.rules); len(got) > 0 {
		t.Errorf("it vouches for %v", got)
	}
	released := Release(w.input(), "", "").ApproveMarks()
	if got := lines(released); !slices.Equal(got, []string{"update i-gone released labels"}) {
		t.Fatalf("release: %q", got)
	}
	j := newJumpServer(t, w)
	j.apply(released)
	if a := j.assets["theirs"]; Ours(a) || a.Comment != "a database; do not touch" || a.Count(inventory.LabelAsset)+a.Count(inventory.LabelGone) > 0 {
		t.Errorf("released: %+v", a)
	}
}

// TestAdoptWritesTheWitness: the person's words stay, behind them stands what proves whose the asset is, each line
// once, and with it the asset is ours.
func TestAdoptWritesTheWitness(t *testing.T) {
	t.Parallel()
	const lines = "instance_id: i-1\naccount_id: " + owner + "\nregion: " + beijing
	lacks := host(vm("i-1", "web", "10.0.0.1"), adoptedAs("h"), labelled("team", "a"))
	before := host(vm("i-1", "web", "10.0.0.1"), adoptedAs("h"), comment("rack 7"))
	for name, c := range map[string]struct {
		asset  inventory.Asset
		lang   Lang
		before string
		want   string
	}{
		"made by hand":                     {hand("h", "web", "10.0.0.1"), "", "", "由 jms-sync 认领，凭下面几行确认是哪台实例\n" + lines},
		"with a person's words":            {hand("h", "web", "10.0.0.1"), English, "rack 7\nask Li \n", "rack 7\nask Li\nadopted by jms-sync, which knows the instance by these lines\n" + lines},
		"adopted by an earlier version":    {before, English, "rack 7", "rack 7\nadopted by jms-sync, which knows the instance by these lines\n" + lines},
		"the Python tool's":                {hand("h", "old", "10.9.9.9"), "", "同步\ninstance_id: i-1\nregion: " + beijing, "同步\ninstance_id: i-1\nregion: " + beijing + "\naccount_id: " + owner},
		"adopted, some lines are there":    {lacks, "", "instance_id: i-1", "instance_id: i-1\naccount_id: " + owner + "\nregion: " + beijing},
		"all is there":                     {hand("h", "old", "10.9.9.9"), "", lines, lines},
		"the id that we made proves it":    {host(vm("i-1", "web", "10.0.0.1"), stripped(inventory.LabelOwner)), "", "mine", "mine"},
		"as long as JumpServer keeps them": {hand("h", "web", "10.0.0.1"), English, strings.Repeat("汉", 4800), strings.Repeat("汉", 4800) + "\nadopted by jms-sync, which knows the instance by these lines\n" + lines},
	} {
		w := newWorld()
		w.rules.Lang = c.lang
		w.lists(vm("i-1", "web", "10.0.0.1"))
		c.asset.Comment = c.before
		w.holds(c.asset)
		j := newJumpServer(t, w)
		j.apply(Adopt(w.input(), w.rules, true).ApproveMarks())
		got := j.assets[c.asset.ID]
		if got.Comment != c.want || !OursOf(got, inventory.Alibaba, beijing, "i-1") {
			t.Errorf("%s: ours %v, %q", name, Ours(got), got.Comment)
		}
		if again := Adopt(j.world(w).input(), w.rules, true).ApproveMarks(); len(again.Updates()) > 0 {
			t.Errorf("%s: twice %+v", name, again.Updates())
		}
		w = j.world(w)
		w.listings[0].Instances = nil
		for n := range 20 {
			w.lists(vm("i-x"+string(rune('a'+n)), "", ""))
		}
		if gone := w.approve().Removals(); len(gone) != 1 {
			t.Errorf("%s: its instance is released: %+v", name, gone)
		}
	}
}

// TestSwitchedOffByAPerson: without our marks of a deactivation an asset stays off, whatever else is on it.
func TestSwitchedOffByAPerson(t *testing.T) {
	t.Parallel()
	i1 := vm("i-1", "web", "10.0.0.1")
	for name, a := range map[string]inventory.Asset{
		"made":                      host(i1, off),
		"made, with a promise only": host(i1, off, due(time.Hour)),
		"made, missing once":        host(i1, off, missing(time.Hour)),
		"made, by an event's label": host(i1, off, labelled(inventory.LabelEvent, "closed")),
		"adopted":                   host(i1, adoptedAs("own"), off),
		"adopted, with a promise":   host(i1, adoptedAs("own"), off, due(time.Hour)),
		"closed by us after it":     host(i1, gone(time.Hour), due(time.Hour), labelled(inventory.LabelOff, "person")),
		"marks copied to a clone":   host(i1, adoptedAs("own"), gone(time.Hour), due(time.Hour), func(a *inventory.Asset) { a.ID = "clone" }),
		"marks written on it":       forged(i1, at("10.0.0.1"), gone(time.Hour), due(time.Hour)),
	} {
		for _, partial := range []bool{false, true} {
			w := newWorld()
			w.rules.Partial = partial
			w.lists(i1)
			w.holds(a)
			for _, c := range writes(w.approve()) {
				if c.Patch != nil && c.Patch.Active != nil {
					t.Errorf("%s: %+v", name, c)
				}
			}
		}
	}
}
