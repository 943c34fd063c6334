package plan

import (
	"slices"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reason"
)

// inBin makes an instance one that the cloud keeps in its recycle bin, and going one that is being released.
func inBin(i *inventory.Instance) { i.Existence, i.Status = inventory.Closed, "soft_deleted" }
func going(i *inventory.Instance) { i.Existence, i.Status = inventory.NotMade, "shutting-down" }

// closedSince makes an asset one that was closed with its instance, that long ago.
func closedSince(before time.Duration, value string) func(*inventory.Asset) {
	return func(a *inventory.Asset) {
		setGone(a, before)
		a.Labels = replaceLabel(*a, inventory.LabelClosed, value)
		a.Labels = replaceLabel(*a, inventory.LabelDue, inventory.DueNever)
	}
}

func stamp(before time.Duration) string { return inventory.FormatLabelTime(now().Add(-before)) }

// TestClosedInstance: what becomes of the asset of an instance that its owner gave up and the cloud keeps.
func TestClosedInstance(t *testing.T) {
	t.Parallel()
	i1 := instanceInProd("i-1", "web", "10.0.0.1")
	kept := instanceInProd("i-1", "web", "10.0.0.1", inBin)
	other := instanceInProd("i-2", "db", "10.0.0.2")
	present := func(w *world) {
		w.addInstances(other)
		w.addAssets(hostOf(other))
	}
	marks := func(t *testing.T, a Approved) {
		c := a.Removals()[0]
		closed, _ := inventory.Asset{Labels: c.Patch.Labels}.Label(inventory.LabelClosed)
		due, _ := inventory.Asset{Labels: c.Patch.Labels}.Label(inventory.LabelDue)
		if c.Action != Deactivate || *c.Patch.Active || closed != inventory.ClosedNow || due != inventory.DueNever || !c.Unlisted {
			t.Errorf("%+v", c)
		}
	}
	noProof := func(w *world) {
		w.proof = func(Change) (Proof, bool) { return Proof{Closed: "soft_deleted"}, true }
	}
	runPlanRows(t, []planRow{
		{"no asset is made", func(w *world) { w.addInstances(kept) }, []string{"skip i-1 not_made"}, nil},
		{"its asset is deactivated", func(w *world) { present(w); w.addInstances(kept); w.addAssets(hostOf(i1)); noProof(w) },
			[]string{"deactivate i-1 instance_closed", "unchanged 1"}, marks},
		{"not deleted, without a grace", func(w *world) {
			present(w)
			w.addInstances(kept)
			w.addAssets(hostOf(i1))
			w.rules.Grace = 0
			noProof(w)
		},
			[]string{"deactivate i-1 instance_closed", "unchanged 1"}, marks},
		{"never deleted while it lasts", func(w *world) {
			present(w)
			w.addInstances(kept)
			w.addAssets(hostOf(i1, closedSince(300*day, inventory.ClosedNow)))
		}, []string{"keep i-1 stays_closed", "unchanged 1"}, nil},
		{"deactivated before it was seen as closed", func(w *world) {
			present(w)
			w.addInstances(kept)
			w.addAssets(hostOf(i1, deactivatedFor(300*day)))
		}, []string{"update i-1 remembers labels", "keep i-1 stays_closed", "unchanged 1"}, nil},
		{"closed again after it was absent", func(w *world) {
			present(w)
			w.addInstances(kept)
			w.addAssets(hostOf(i1, closedSince(300*day, stamp(day))))
		}, []string{"update i-1 remembers labels", "keep i-1 stays_closed", "unchanged 1"}, nil},
		{"back", func(w *world) {
			w.addInstances(i1)
			w.addAssets(hostOf(i1, closedSince(day, inventory.ClosedNow)))
		}, []string{"update i-1 returned labels active=true"}, func(t *testing.T, a Approved) {
			if slices.ContainsFunc(a.Updates()[0].Patch.Labels, isDeactivationLabel) {
				t.Errorf("%v", a.Updates()[0].Patch.Labels)
			}
		}},
		{"absent at last: the grace begins", func(w *world) { w.addAssets(hostOf(i1, closedSince(300*day, inventory.ClosedNow))) },
			[]string{"update i-1 remembers labels", "keep i-1 in_grace"}, func(t *testing.T, a Approved) {
				marked := inventory.Asset{Labels: a.Updates()[0].Patch.Labels}
				closed, _ := marked.Label(inventory.LabelClosed)
				due, _ := marked.Label(inventory.LabelDue)
				if closed != stamp(0) || due != stamp(-7*day) || !a.Notes()[0].Due.Equal(now().Add(7*day)) {
					t.Errorf("%v, due %s", marked.Labels, a.Notes()[0].Due)
				}
			}},
		{"absent, in the grace", func(w *world) { w.addAssets(hostOf(i1, closedSince(300*day, stamp(6*day)), withDue(day))) },
			[]string{"keep i-1 in_grace"}, nil},
		{"absent, the grace is over", func(w *world) { w.addAssets(hostOf(i1, closedSince(300*day, stamp(8*day)), withDue(-day))) },
			[]string{"delete i-1 grace_over"}, nil},
		{"absent, and no run deletes", func(w *world) {
			w.rules.Mode = ModeDeactivate
			w.addAssets(hostOf(i1, closedSince(300*day, inventory.ClosedNow)))
		}, []string{"update i-1 remembers labels", "keep i-1 stays_deactivated"}, nil},
		{"absent, its label spoiled", func(w *world) { w.addAssets(hostOf(i1, closedSince(300*day, "?"))) },
			[]string{"update i-1 remembers labels", "keep i-1 in_grace"}, nil},
		{"switched on by a person", func(w *world) {
			present(w)
			w.addInstances(kept)
			w.addAssets(hostOf(i1, closedSince(day, inventory.ClosedNow), func(a *inventory.Asset) { a.Active = true }))
		}, []string{"update i-1 remembers labels", "skip i-1 switched_on", "unchanged 1"}, nil},
		{"kept by a person", func(w *world) {
			present(w)
			w.addInstances(kept)
			w.addAssets(hostOf(i1, withExtraLabel(inventory.LabelKeep, "db")))
		},
			[]string{"skip i-1 kept_by_label", "unchanged 1"}, nil},
		{"protected by another address", func(w *world) {
			present(w)
			w.rules.Protected = parsePrefixes("47.0.0.9")
			public := kept
			public.PublicIPs = []string{"47.0.0.9"}
			w.addInstances(public)
			w.addAssets(hostOf(i1))
		}, []string{"skip i-1 is_protected", "unchanged 1"}, nil},
		{"a key of another owner", func(w *world) {
			w.listings[0].Owner = otherOwner
			foreign := kept
			foreign.Owner = otherOwner
			w.listings[0].Instances = append(w.listings[0].Instances, foreign)
			w.addAssets(hostOf(i1))
		}, []string{"skip i-1 other_owner"}, nil},
		{"the answer by id shows it as present", func(w *world) {
			present(w)
			w.addInstances(kept)
			w.addAssets(hostOf(i1))
			w.proof = func(Change) (Proof, bool) { return Proof{}, true }
		}, []string{"skip i-1 still_there", "unchanged 1"}, nil},
		{"the cloud was not asked again", func(w *world) {
			present(w)
			w.addInstances(kept)
			w.addAssets(hostOf(i1))
			w.proof = func(Change) (Proof, bool) { return Proof{}, false }
		}, []string{"hold i-1 guard_not_asked", "unchanged 1"}, nil},
	})
}

// withDue sets jms-due.
func withDue(after time.Duration) func(*inventory.Asset) {
	return func(a *inventory.Asset) {
		a.Labels = replaceLabel(*a, inventory.LabelDue, inventory.FormatLabelTime(now().Add(after)))
	}
}

// TestClosedByID: the list does not show an instance, and the answer by its id shows it as closed. It neither counts as
// there, which would hold its scope, nor is it deleted.
func TestClosedByID(t *testing.T) {
	t.Parallel()
	i1, i2 := instanceInProd("i-1", "web", "10.0.0.1"), instanceInProd("i-2", "db", "10.0.0.2")
	closed := func(w *world) {
		w.proof = func(c Change) (Proof, bool) {
			if c.InstanceID == "i-1" {
				return Proof{Closed: "soft_deleted"}, true
			}
			return Proof{Absent: true}, true
		}
	}
	runPlanRows(t, []planRow{
		{"active", func(w *world) { closed(w); w.addAssets(hostOf(i1), hostOf(i2)) },
			[]string{"deactivate i-1 instance_closed", "deactivate i-2 instance_gone"}, nil},
		{"active, without a grace", func(w *world) { closed(w); w.rules.Grace = 0; w.addAssets(hostOf(i1), hostOf(i2)) },
			[]string{"deactivate i-1 instance_closed", "delete i-2 gone_at_once"}, nil},
		{"its grace is over", func(w *world) { closed(w); w.addAssets(hostOf(i1, deactivatedFor(30*day)), hostOf(i2)) },
			[]string{"update i-1 remembers labels", "deactivate i-2 instance_gone", "keep i-1 stays_closed"}, nil},
	})
}

// TestClosedPassesTheGuard: closed instances are lost for every threshold, and a scope that holds nothing else is empty.
func TestClosedPassesTheGuard(t *testing.T) {
	t.Parallel()
	fill := func(w *world, closed, present int) {
		for n := range closed + present {
			i := instanceInProd(string(rune('a'+n)), "web-"+string(rune('a'+n)), "10.0.0."+string(rune('1'+n)))
			w.addAssets(hostOf(i))
			if n < closed {
				inBin(&i)
			}
			w.addInstances(i)
		}
		w.proof = func(Change) (Proof, bool) { return Proof{Closed: "soft_deleted"}, true }
	}
	for name, c := range map[string]struct {
		setup func(w *world)
		want  reason.Code
	}{
		"share":   {func(w *world) { fill(w, 3, 3); w.limits = Limits{Percent: 20, Min: 1, PerRun: 100} }, reason.GuardShare},
		"run":     {func(w *world) { fill(w, 3, 3); w.limits = Limits{Percent: 100, Min: 100, PerRun: 2} }, reason.GuardRun},
		"empty":   {func(w *world) { fill(w, 5, 0); w.limits = Limits{Percent: 100, Min: 100, PerRun: 100} }, reason.GuardEmpty},
		"missing": {func(w *world) { fill(w, 2, 0); w.limits = Limits{Percent: 100, Min: 100, PerRun: 100} }, reason.GuardMissing},
		"asks": {func(w *world) {
			fill(w, 1, 3)
			w.limits = Limits{Percent: 100, Min: 100, PerRun: 100, Approval: ApproveRemovals}
		}, reason.GuardAsks},
		"leak": {func(w *world) {
			fill(w, 1, 3)
			for n := range 5 {
				i := instanceInProd("old-"+string(rune('a'+n)), "old-"+string(rune('a'+n)), "10.0.1."+string(rune('1'+n)), inBin)
				w.addInstances(i)
				w.addAssets(hostOf(i, closedSince(time.Hour, inventory.ClosedNow)))
			}
			w.limits = Limits{Percent: 50, Min: 2, PerRun: 100}
		}, reason.GuardLeak},
	} {
		w := newWorld()
		c.setup(w)
		a := w.approve()
		held := slices.ContainsFunc(a.Notes(), func(n Change) bool { return n.Action == Hold && n.Reason.Code == c.want && n.Unlisted })
		if len(a.Removals()) > 0 || !held {
			t.Errorf("%s: %v", name, renderLines(a))
		}
		if wrong := Unaccounted(w.assets, w.listings, slices.Values(slices.Concat(a.Removals(), a.Notes()))); len(wrong) > 0 {
			t.Errorf("%s: %q", name, wrong)
		}
	}
}

// TestGoingInstance: an instance that is being released gets no asset, and its asset is neither removed nor activated.
func TestGoingInstance(t *testing.T) {
	t.Parallel()
	i1, leaving := instanceInProd("i-1", "web", "10.0.0.1"), instanceInProd("i-1", "web", "10.0.0.1", going)
	runPlanRows(t, []planRow{
		{"no asset", func(w *world) { w.addInstances(leaving) }, []string{"skip i-1 not_made"}, nil},
		{"active", func(w *world) { w.addInstances(leaving); w.addAssets(hostOf(i1)) }, []string{"unchanged 1"}, nil},
		{"deactivated", func(w *world) { w.addInstances(leaving); w.addAssets(hostOf(i1, deactivatedFor(300*day))) },
			[]string{"keep i-1 stays_closed"}, nil},
	})
}

// TestClosedWithoutOurLabels: an asset that has lost our labels is told as open while its instance is closed, whether its id
// or its comment says whose it is; a released one is the person's.
func TestClosedWithoutOurLabels(t *testing.T) {
	t.Parallel()
	i1, kept := instanceInProd("i-1", "web", "10.0.0.1"), instanceInProd("i-1", "web", "10.0.0.1", inBin)
	noted := func(open bool) func(t *testing.T, a Approved) {
		return func(t *testing.T, a Approved) {
			if got := slices.ContainsFunc(a.Notes(), func(c Change) bool { return c.Unlisted }); got != open {
				t.Errorf("told as open: %t, %+v", got, a.Notes())
			}
		}
	}
	comment := func(a *inventory.Asset) { a.Comment = "instance_id: i-1\naccount_id: " + owner }
	runPlanRows(t, []planRow{
		{"by its id", func(w *world) {
			w.addInstances(kept)
			w.addAssets(hostOf(i1, withoutLabel(inventory.LabelOwner), comment))
		}, []string{"skip i-1 marks_taken_off"}, noted(true)},
		{"adopted", func(w *world) {
			w.addInstances(kept)
			w.addAssets(hostOf(i1, adoptedAs("own"), withoutLabel(inventory.LabelOwner), comment))
		}, []string{"skip i-1 named_in_comment", "skip i-1 marks_lost"}, noted(true)},
		{"released", func(w *world) {
			w.addInstances(kept)
			w.addAssets(hostOf(i1, withoutLabels, withExtraLabel(inventory.LabelReleased, releasedBy), comment))
		}, []string{"skip i-1 marks_taken_off"}, noted(false)},
	})
}

// closedIsNotDeleted: no asset is deleted, nor made or activated, while the cloud shows its instance as closed, in a
// listing or when asked by its id.
func closedIsNotDeleted(t *testing.T, w *world) {
	w.rules.Now = now()
	closed := map[string]bool{}
	for _, l := range w.listings {
		for _, i := range l.Instances {
			closed[i.ID] = closed[i.ID] || l.IsComplete() && i.Existence == inventory.Closed
		}
	}
	before := w.byID()
	for _, c := range allWrites(w.approve()) {
		proof, asked := w.proof(c)
		isClosed := closed[c.InstanceID] || asked && proof.Closed != "" && c.Action.isRemoval()
		activates := c.Patch != nil && c.Patch.Active != nil && *c.Patch.Active && !before[c.AssetID].Active
		if isClosed && (c.Action == Delete || c.Action == Create || activates) {
			t.Errorf("%s of %s", c.Action, c.InstanceID)
		}
	}
}
