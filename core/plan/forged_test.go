package plan

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
)

// forged returns another's asset on which somebody who may set labels wrote all of ours, for an instance.
func forged(i inventory.Instance, edits ...func(*inventory.Asset)) inventory.Asset {
	marks := []func(*inventory.Asset){withComment("a database; do not touch"), withName("oracle"), adoptedAs("theirs"), at("10.5.5.5")}
	return hostOf(i, append(marks, edits...)...)
}

func at(address string) func(*inventory.Asset) {
	return func(a *inventory.Asset) { a.Address = address }
}

// TestForgedMarks (case 14): an asset that is ours by labels alone is not removed, updated or activated. It is
// reported, whether or not the instance that they name exists, and that instance gets an asset.
// Invariants: 2.
func TestForgedMarks(t *testing.T) {
	t.Parallel()
	live, lost := instanceInProd("i-1", "web", "10.0.0.1"), instanceInProd("i-gone", "old", "10.0.0.9")
	long := []func(*inventory.Asset){deactivatedFor(30 * 24 * time.Hour), dueAfter(-24 * time.Hour)}
	runPlanRows(t, []planRow{
		{"gone", func(w *world) { w.addAssets(forged(lost)) }, []string{"skip i-gone labels_alone"}, nil},
		{"gone, no grace", func(w *world) { w.rules.Grace = 0; w.addAssets(forged(lost)) }, []string{"skip i-gone labels_alone"}, nil},
		{"gone, and adopted ones are deleted", func(w *world) { w.rules.DeleteAdopted = true; w.addAssets(forged(lost, long...)) },
			[]string{"skip i-gone labels_alone"}, nil},
		{"gone, of an account that is not configured", func(w *world) { delete(w.rules.Accounts, prod); w.addAssets(forged(lost)) },
			[]string{"skip i-gone labels_alone"}, nil},
		{"gone, by an event", func(w *world) { w.rules.Partial = true; w.addAssets(forged(lost)) }, nil, nil},
		{"the comment names another instance", func(w *world) { w.addAssets(forged(lost, withComment("instance_id: i-1"))) },
			[]string{"skip i-gone labels_alone"}, nil},
		{"the comment has the id as a part of a word", func(w *world) { w.addAssets(forged(lost, withComment("instance_id: i-gone2"))) },
			[]string{"skip i-gone labels_alone"}, nil},
		{"there, and it has its own", func(w *world) { w.addInstances(live); w.addAssets(hostOf(live), forged(live)) },
			[]string{"skip i-1 labels_alone", "unchanged 1"}, nil},
		{"there, and it has none: it gets one", func(w *world) { w.addInstances(live); w.addAssets(forged(live)) },
			[]string{`create i-1 new_instance name="web" 10.0.0.1 Linux`, "skip i-1 labels_alone"}, nil},
		{"by an event, the same", func(w *world) { w.rules.Partial = true; w.addInstances(live); w.addAssets(forged(live)) },
			[]string{`create i-1 new_instance name="web" 10.0.0.1 Linux`}, nil},
		{"one label is enough to hinder nothing", func(w *world) {
			w.addInstances(live)
			w.addAssets(handmadeHost("h", "x", "10.5.5.5", withExtraLabel(inventory.LabelInstance, "i-1")))
		},
			[]string{`create i-1 new_instance name="web" 10.0.0.1 Linux`}, nil},
		{"there, at its very address: an earlier version adopted it", func(w *world) { w.addInstances(live); w.addAssets(forged(live, at("10.0.0.1"))) },
			[]string{"skip i-1 named_by_label", "skip i-1 labels_alone"}, nil},
		{"there, at one of its addresses", func(w *world) {
			w.addInstances(instanceInProd("i-1", "web", "10.0.0.1", func(i *inventory.Instance) { i.PublicIPs = []string{"47.0.0.1"} }))
			w.addAssets(forged(live, at("47.0.0.1")))
		}, []string{"skip i-1 named_by_label", "skip i-1 labels_alone"}, nil},
		{"there, and switched off by a person: not switched on", func(w *world) {
			w.addInstances(live)
			w.addAssets(forged(live, at("10.0.0.1"), deactivatedFor(time.Hour), dueAfter(time.Hour)))
		}, []string{"skip i-1 named_by_label", "skip i-1 labels_alone"}, nil},
		{"adopted, and its comment lost the id", func(w *world) { w.addAssets(hostOf(lost, adoptedAs("own"), withComment(""))) },
			[]string{"skip i-gone labels_alone"}, nil},
		{"adopted, and labels name another account of the cloud", func(w *world) {
			w.addAssets(hostOf(lost, adoptedAs("own"), withComment("instance_id: i-gone\naccount_id: 999")))
		}, []string{"skip i-gone owners_differ"}, nil},
		{"adopted, and labels name another region", func(w *world) {
			w.addAssets(hostOf(lost, adoptedAs("own"), withComment("instance_id: i-gone\nregion: "+shanghai)))
		}, []string{"skip i-gone regions_differ"}, nil},
		{"adopted in this region", func(w *world) {
			w.addAssets(hostOf(lost, adoptedAs("own"), withComment("instance_id: i-gone\nregion: "+beijing)))
		}, []string{"deactivate i-gone instance_gone"}, nil},
		{"an id that we made needs no region in its comment", func(w *world) {
			w.addAssets(hostOf(lost, withComment("instance_id: i-gone\nregion: ours")))
		}, []string{"deactivate i-gone instance_gone"}, nil},
		{"adopted, and its name changes", func(w *world) { w.addAssets(hostOf(lost, adoptedAs("own"), withName("renamed"))) },
			[]string{"deactivate i-gone instance_gone"}, nil},
	})
}

// TestLabelsAloneDeleteNothing: somebody who may set labels writes all of ours on another's asset, for an instance that
// is gone, or predates its deactivation. No run deletes it.
func TestLabelsAloneDeleteNothing(t *testing.T) {
	t.Parallel()
	marked := func(edits ...func(*inventory.Asset)) inventory.Asset {
		marks := []func(*inventory.Asset){withComment("a database; do not touch"), withName("oracle"), adoptedAs("theirs")}
		return hostOf(instanceInProd("i-gone", "web", "10.0.0.1"), append(marks, edits...)...)
	}
	week := []func(*inventory.Asset){deactivatedFor(30 * 24 * time.Hour), dueAfter(-24 * time.Hour)}
	for name, setup := range map[string]func(w *world){
		"absent":                   func(w *world) { w.addAssets(marked()) },
		"absent, no grace":         func(w *world) { w.rules.Grace = 0; w.addAssets(marked()) },
		"deactivated long ago":     func(w *world) { w.addAssets(marked(week...)) },
		"the same, no grace":       func(w *world) { w.rules.Grace = 0; w.addAssets(marked(week...)) },
		"by an event":              func(w *world) { w.rules.Partial = true; w.addAssets(marked(week...)) },
		"closed by an event":       func(w *world) { w.addAssets(marked(append(week, withExtraLabel(inventory.LabelEvent, "closed"))...)) },
		"of an account taken out":  func(w *world) { delete(w.rules.Accounts, prod); w.addAssets(marked(week...)) },
		"of an account taken out!": func(w *world) { delete(w.rules.Accounts, prod); w.rules.Grace = 0; w.addAssets(marked()) },
	} {
		w := newWorld()
		w.addInstances(instanceInProd("i-1", "x", "10.0.0.2"))
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

// TestForgedMarksAndOrders: the retire plans report assets that are ours by labels alone, and write nothing; Disown
// removes the labels; OwnersByAccount ignores them.
func TestForgedMarksAndOrders(t *testing.T) {
	t.Parallel()
	lost := instanceInProd("i-gone", "old", "10.0.0.9")
	w := newWorld()
	w.addInstances(instanceInProd("i-1", "x", "10.0.0.2"))
	w.rules.Grace = 0
	w.addAssets(forged(lost, deactivatedFor(30*24*time.Hour), dueAfter(-24*time.Hour)))
	want := []string{"skip i-gone labels_alone"}
	if got := renderLines(w.approveRetirement(RetireAdopted(w.input(), w.rules, "", ""), true)); !slices.Equal(got, want) {
		t.Errorf("retire --adopted: %q", got)
	}
	if got := renderLines(w.approveRetirement(RetireAdopted(w.input(), w.rules, prod, shanghai), true)); len(got) > 0 {
		t.Errorf("retire --adopted elsewhere: %q", got)
	}
	delete(w.rules.Accounts, prod)
	if got := renderLines(w.approveRetirement(Retire(w.input(), w.rules, Retirement{Account: prod}), true)); !slices.Equal(got, want) {
		t.Errorf("retire: %q", got)
	}
	if got := OwnersByAccount(w.assets, w.rules); len(got) > 0 {
		t.Errorf("it vouches for %v", got)
	}
	released := Disown(w.input(), "", "").ApproveLabelWrites()
	if got := renderLines(released); !slices.Equal(got, []string{"update i-gone released labels"}) {
		t.Fatalf("release: %q", got)
	}
	j := newFakeJumpServer(t, w)
	j.apply(released)
	if a := j.assets["theirs"]; IsOurs(a) || a.Comment != "a database; do not touch" || a.LabelCount(inventory.LabelAsset)+a.LabelCount(inventory.LabelGone) > 0 {
		t.Errorf("released: %+v", a)
	}
}

// TestAdoptWritesTheWitness: a person's comment stays, the lines of proof follow, each once, and with them the
// asset is ours.
func TestAdoptWritesTheWitness(t *testing.T) {
	t.Parallel()
	const lines = "instance_id: i-1\naccount_id: " + owner + "\nregion: " + beijing
	lacks := hostOf(instanceInProd("i-1", "web", "10.0.0.1"), adoptedAs("h"), withExtraLabel("team", "a"))
	before := hostOf(instanceInProd("i-1", "web", "10.0.0.1"), adoptedAs("h"), withComment("rack 7"))
	for name, c := range map[string]struct {
		asset  inventory.Asset
		lang   language.Lang
		before string
		want   string
	}{
		"made by hand":                     {handmadeHost("h", "web", "10.0.0.1"), "", "", "由 jms-sync 认领，凭下面几行确认是哪台实例\n" + lines},
		"with a person's words":            {handmadeHost("h", "web", "10.0.0.1"), language.English, "rack 7\nask Li \n", "rack 7\nask Li\nadopted by jms-sync, which knows the instance by these lines\n" + lines},
		"adopted by an earlier version":    {before, language.English, "rack 7", "rack 7\nadopted by jms-sync, which knows the instance by these lines\n" + lines},
		"the Python tool's":                {handmadeHost("h", "old", "10.9.9.9"), "", "同步\ninstance_id: i-1\nregion: " + beijing, "同步\ninstance_id: i-1\nregion: " + beijing + "\naccount_id: " + owner},
		"adopted, some lines are there":    {lacks, "", "instance_id: i-1", "instance_id: i-1\naccount_id: " + owner + "\nregion: " + beijing},
		"all is there":                     {handmadeHost("h", "old", "10.9.9.9"), "", lines, lines},
		"the id that we made proves it":    {hostOf(instanceInProd("i-1", "web", "10.0.0.1"), withoutLabel(inventory.LabelOwner)), "", "mine", "mine"},
		"as long as JumpServer keeps them": {handmadeHost("h", "web", "10.0.0.1"), language.English, strings.Repeat("汉", 4800), strings.Repeat("汉", 4800) + "\nadopted by jms-sync, which knows the instance by these lines\n" + lines},
	} {
		w := newWorld()
		w.rules.Lang = c.lang
		w.addInstances(instanceInProd("i-1", "web", "10.0.0.1"))
		c.asset.Comment = c.before
		w.addAssets(c.asset)
		j := newFakeJumpServer(t, w)
		j.apply(Adopt(w.input(), w.rules, true).ApproveLabelWrites())
		got := j.assets[c.asset.ID]
		if got.Comment != c.want || !IsOursFor(got, inventory.Alibaba, beijing, "i-1") {
			t.Errorf("%s: ours %v, %q", name, IsOurs(got), got.Comment)
		}
		if again := Adopt(j.world(w).input(), w.rules, true).ApproveLabelWrites(); len(again.Updates()) > 0 {
			t.Errorf("%s: twice %+v", name, again.Updates())
		}
		w = j.world(w)
		w.listings[0].Instances = nil
		for n := range 20 {
			w.addInstances(instanceInProd("i-x"+string(rune('a'+n)), "", ""))
		}
		if gone := w.approve().Removals(); len(gone) != 1 {
			t.Errorf("%s: its instance is released: %+v", name, gone)
		}
	}
}

// TestSwitchedOffByAPerson: without our labels of a deactivation an asset stays off, whatever else is on it.
func TestSwitchedOffByAPerson(t *testing.T) {
	t.Parallel()
	i1 := instanceInProd("i-1", "web", "10.0.0.1")
	for name, a := range map[string]inventory.Asset{
		"made":                      hostOf(i1, switchedOff),
		"made, with a promise only": hostOf(i1, switchedOff, dueAfter(time.Hour)),
		"made, missing once":        hostOf(i1, switchedOff, missingFor(time.Hour)),
		"made, by an event's label": hostOf(i1, switchedOff, withExtraLabel(inventory.LabelEvent, "closed")),
		"adopted":                   hostOf(i1, adoptedAs("own"), switchedOff),
		"adopted, with a promise":   hostOf(i1, adoptedAs("own"), switchedOff, dueAfter(time.Hour)),
		"closed by us after it":     hostOf(i1, deactivatedFor(time.Hour), dueAfter(time.Hour), withExtraLabel(inventory.LabelOff, "person")),
		"marks copied to a clone":   hostOf(i1, adoptedAs("own"), deactivatedFor(time.Hour), dueAfter(time.Hour), func(a *inventory.Asset) { a.ID = "clone" }),
		"marks written on it":       forged(i1, at("10.0.0.1"), deactivatedFor(time.Hour), dueAfter(time.Hour)),
	} {
		for _, partial := range []bool{false, true} {
			w := newWorld()
			w.rules.Partial = partial
			w.addInstances(i1)
			w.addAssets(a)
			for _, c := range allWrites(w.approve()) {
				if c.Patch != nil && c.Patch.Active != nil {
					t.Errorf("%s: %+v", name, c)
				}
			}
		}
	}
}

// countCreates counts the assets to be created for instances that exactly one listing has.
func (w *world) countCreates(a Approved) int {
	n := 0
	for _, c := range a.Creates() {
		if w.isListedOnce(c.InstanceID) {
			n++
		}
	}
	return n
}
