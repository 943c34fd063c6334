package plan

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// runsAt makes a run at each of these times after now, each on what the one before left, and returns their outcomes.
// narrow, if not nil, says which regions a run lists.
func (w *world) runsAt(t *testing.T, narrow func(run int, region string) bool, at ...time.Duration) []map[string]int {
	t.Helper()
	j := newFakeJumpServer(t, w)
	var out []map[string]int
	for n, after := range at {
		run := j.world(w)
		run.rules.Now = now().Add(after)
		if narrow != nil {
			run.listings = nil
			for _, l := range w.listings {
				if narrow(n, l.Region) {
					run.listings = append(run.listings, l)
				}
			}
		}
		a := run.approve()
		checkTexts(t, a)
		j.apply(a)
		got := outcomes(a)
		for _, quiet := range []string{"keep in_grace", "keep scope_not_asked"} {
			delete(got, quiet)
		}
		out = append(out, got)
	}
	return out
}

func wantRuns(t *testing.T, got []map[string]int, want ...map[string]int) {
	t.Helper()
	for n := range want {
		if !maps.Equal(got[n], want[n]) {
			t.Errorf("run %d: got %v, want %v", n+1, got[n], want[n])
		}
	}
}

// approvedEdit is the label of a deactivation that a person approved.
func approvedEdit(a *inventory.Asset) { a.Labels = append(a.Labels, approvedLabel()) }

func regionOf(n int) string { return fmt.Sprintf("r%02d", n) }

// TestFleet: the share of all assets, with what the last day lost by nobody's approval.
// Invariants: 9.
func TestFleet(t *testing.T) {
	t.Parallel()
	// scattered adds scopes of some assets each, of which some were closed before and some are lost now.
	scattered := func(w *world, scopes, assets, before, lost int, edits ...func(*inventory.Asset)) {
		for n := range scopes {
			first := len(w.assets)
			w.fleet(regionOf(n), assets, before+lost)
			for k := range before {
				deactivatedFor(3 * time.Hour)(&w.assets[first+k])
				for _, edit := range edits {
					edit(&w.assets[first+k])
				}
			}
		}
	}
	runGuardRows(t, []guardRow{
		{"sixteen small scopes each lose their minimum", func(w *world) { scattered(w, 16, 8, 0, 3) }, map[string]int{"hold guard_fleet": 48}},
		{"or lose it bit by bit", func(w *world) { scattered(w, 16, 8, 2, 1) }, map[string]int{"keep in_grace": 32, "hold guard_fleet": 16}},
		{"by events too", func(w *world) { scattered(w, 16, 8, 2, 1, withExtraLabel(inventory.LabelEvent, "closed")) },
			map[string]int{"keep in_grace": 32, "hold guard_fleet": 16}},
		{"a person approved the former", func(w *world) { scattered(w, 16, 8, 2, 1, approvedEdit) },
			map[string]int{"keep in_grace": 32, "deactivate instance_gone": 16}},
		{"one scope alone", func(w *world) { w.limits.Percent = 100; w.fleet("a", 50, 40) }, map[string]int{"deactivate instance_gone": 40}},
		{"a second one that lost something in the day", func(w *world) {
			w.limits.Percent = 100
			w.fleet("a", 50, 40)
			w.fleet("b", 20, 1, deactivatedFor(23*time.Hour))
		}, map[string]int{"keep in_grace": 1, "hold guard_fleet": 40}},
		{"exactly the share", func(w *world) { scattered(w, 8, 10, 0, 2) }, map[string]int{"deactivate instance_gone": 16}},
		{"one more", func(w *world) { scattered(w, 7, 10, 0, 2); w.fleet("z", 10, 3) }, map[string]int{"hold guard_fleet": 17}},
		{"up to min, whatever the share", func(w *world) { scattered(w, 5, 4, 0, 2) }, map[string]int{"deactivate instance_gone": 10}},
		{"one more than min", func(w *world) { scattered(w, 4, 4, 0, 2); w.fleet("z", 4, 3) }, map[string]int{"hold guard_fleet": 11}},
		{"approved now", func(w *world) {
			scattered(w, 16, 8, 0, 3)
			w.limits.Approved = map[string]bool{}
			for _, a := range w.assets {
				w.limits.Approved[a.ID] = true
			}
		}, map[string]int{"deactivate instance_gone": 48}},
		{"some announced: these do not count", func(w *world) {
			scattered(w, 6, 10, 0, 3)
			w.limits.Expected = map[inventory.Scope]ExpectedRemovals{}
			for n := range 3 {
				w.limits.Expected[scopeOf(prod, regionOf(n))] = ExpectedRemovals{UpTo: 3, Left: 3, Until: now().Add(time.Hour)}
			}
		}, map[string]int{"deactivate instance_gone": 18}},
		{"what a scope holds does not count", func(w *world) { scattered(w, 3, 10, 0, 3); w.fleet("z", 20, 15) },
			map[string]int{"deactivate instance_gone": 9, "hold guard_share": 15}},
		{"deletes do not count", func(w *world) {
			w.fleet("a", 20, 20, deactivatedFor(8*24*time.Hour))
			w.fleet("b", 20, 20, deactivatedFor(8*24*time.Hour))
		}, map[string]int{"delete grace_over": 40}},
		{"a narrowed run counts the whole organisation", func(w *world) {
			scattered(w, 16, 8, 2, 1)
			w.listings = w.listings[:1]
		}, map[string]int{"keep in_grace": 2, "hold guard_fleet": 1, "keep scope_not_asked": 120}},
	})
	t.Run("narrowed runs see each other", func(t *testing.T) {
		t.Parallel()
		w := newWorld()
		w.listings, w.limits = nil, defaultLimits()
		scattered(w, 6, 8, 0, 2) // 12 of 48
		got := w.runsAt(t, func(run int, region string) bool { return region == regionOf(run) },
			0, time.Hour, 2*time.Hour, 3*time.Hour, 4*time.Hour, 5*time.Hour)
		two := map[string]int{"deactivate instance_gone": 2}
		wantRuns(t, got, two, two, two, two, two, map[string]int{"hold guard_fleet": 2})
	})
}

// TestNormalDays: with the defaults nothing is held on a day as most are; and no disaster passes, however it is spread.
func TestNormalDays(t *testing.T) {
	t.Parallel()
	for _, day := range []struct {
		name            string
		scopes, assets  int
		lost            func(run, scope int) int // by run and scope: how many assets it loses
		every           time.Duration
		runs, mostHeld  int
		mostDeactivated int
	}{
		{name: "a few releases over several scopes", scopes: 5, assets: 40, every: 4 * time.Hour, runs: 6, mostDeactivated: 12,
			lost: func(run, scope int) int { return b2i(scope == run%5) * 2 }},
		{name: "autoscaling of 10 % a day", scopes: 4, assets: 100, every: time.Hour, runs: 24, mostDeactivated: 40,
			lost: func(run, scope int) int { return b2i(run < 10) }},
		{name: "small offices: one of six goes in each", scopes: 10, assets: 6, every: 2 * time.Hour, runs: 12, mostDeactivated: 10,
			lost: func(run, scope int) int { return b2i(run == scope) }},
		{name: "two of a few tiny regions are closed down", scopes: 12, assets: 1, every: 2 * time.Hour, runs: 3, mostDeactivated: 2, mostHeld: 2,
			lost: func(run, scope int) int { return b2i(run == 0 && scope < 2) }}, // held ten minutes for the second proof
		{name: "disaster: every region loses three of eight", scopes: 16, assets: 8, every: 10 * time.Minute, runs: 12, mostHeld: 48,
			lost: func(run, _ int) int { return b2i(run == 0) * 3 }},
		{name: "disaster: one by one, region after region", scopes: 16, assets: 8, every: 10 * time.Minute, runs: 20, mostHeld: 48, mostDeactivated: 27,
			lost: func(run, scope int) int { return b2i(run == scope) * 3 }},
		{name: "disaster: everything is gone", scopes: 16, assets: 3, every: 10 * time.Minute, runs: 20, mostHeld: 48,
			lost: func(run, _ int) int { return b2i(run == 0) * 3 }},
		{name: "disaster: everything is gone, in half an hour", scopes: 16, assets: 3, every: 2 * time.Minute, runs: 60, mostHeld: 48,
			lost: func(run, scope int) int { return b2i(run == scope) * 3 }},
	} {
		t.Run(day.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.listings, w.limits = nil, defaultLimits()
			for n := range day.scopes {
				w.fleet(regionOf(n), day.assets, 0)
			}
			j := newFakeJumpServer(t, w)
			held, closed := 0, 0
			for run := range day.runs {
				for n := range w.listings {
					rows := w.listings[n].Instances
					w.listings[n].Instances = rows[min(day.lost(run, n), len(rows)):]
				}
				at := j.world(w)
				at.rules.Now = now().Add(time.Duration(run) * day.every)
				a := at.approve()
				j.apply(a)
				closed += len(a.Removals())
				holding := 0
				for _, n := range a.Notes() {
					holding += b2i(n.Action == Hold)
				}
				held = max(held, holding)
			}
			if held > day.mostHeld || closed > day.mostDeactivated || day.mostHeld == 0 && closed < day.mostDeactivated {
				t.Errorf("held %d at once, closed %d; want at most %d and %d", held, closed, day.mostHeld, day.mostDeactivated)
			}
		})
	}
}

func b2i(is bool) int {
	if is {
		return 1
	}
	return 0
}

// TestEmptiedTogether: small scopes that become empty within an hour are one loss, which waits for a person however long.
// Invariants: 9.
func TestEmptiedTogether(t *testing.T) {
	t.Parallel()
	sixteen := func() *world {
		w := newWorld()
		w.listings, w.limits = nil, defaultLimits()
		for n := range 16 {
			w.fleet(regionOf(n), 3, 3)
		}
		return w
	}
	all, gone := map[string]int{"hold guard_emptied": 48}, map[string]int{"deactivate instance_gone": 48}
	t.Run("all at once, whenever it is asked again", func(t *testing.T) {
		t.Parallel()
		wantRuns(t, sixteen().runsAt(t, nil, 0, 11*time.Minute, 2*time.Hour, 50*time.Hour), all, all, all, all)
	})
	t.Run("a person approves", func(t *testing.T) {
		t.Parallel()
		w := sixteen()
		w.limits.Approved = map[string]bool{}
		for _, a := range w.assets {
			w.limits.Approved[a.ID] = true
		}
		wantRuns(t, w.runsAt(t, nil, 0), gone)
	})
	t.Run("a person announced it", func(t *testing.T) {
		t.Parallel()
		w := sixteen()
		w.limits.Expected = map[inventory.Scope]ExpectedRemovals{}
		for n := range 16 {
			w.limits.Expected[scopeOf(prod, regionOf(n))] = ExpectedRemovals{UpTo: 3, Left: 3, Until: now().Add(time.Hour)}
		}
		wantRuns(t, w.runsAt(t, nil, 0, 11*time.Minute), map[string]int{"hold guard_missing": 48}, gone)
	})
	t.Run("runs of one region each", func(t *testing.T) {
		t.Parallel()
		at := make([]time.Duration, 48)
		for n := range at {
			at[n] = time.Duration(n) * time.Minute // each region every 16 minutes
		}
		w := sixteen()
		closed := 0
		for _, got := range w.runsAt(t, func(run int, region string) bool { return region == regionOf(run%16) }, at...) {
			closed += got["deactivate instance_gone"]
		}
		if closed > 0 {
			t.Errorf("%d are closed", closed)
		}
	})
	t.Run("allowed to be empty, and yet a share of the fleet", func(t *testing.T) {
		t.Parallel()
		w := sixteen()
		w.limits.AllowEmpty = true
		wantRuns(t, w.runsAt(t, nil, 0, time.Hour), map[string]int{"hold guard_fleet": 48}, map[string]int{"hold guard_fleet": 48})
	})
	hourAgo := missingFor(time.Hour)
	runGuardRows(t, []guardRow{
		{"two, as small together as one", func(w *world) { w.fleet("a", 2, 2, hourAgo); w.fleet("b", 1, 1, hourAgo) },
			map[string]int{"deactivate instance_gone": 3}},
		{"two, more than one small scope has", func(w *world) { w.fleet("a", 2, 2, hourAgo); w.fleet("b", 2, 2, hourAgo) },
			map[string]int{"hold guard_emptied": 4}},
		{"an hour apart", func(w *world) {
			w.fleet("a", 3, 3, missingFor(71*time.Minute))
			w.fleet("b", 3, 3, missingFor(11*time.Minute))
		},
			map[string]int{"deactivate instance_gone": 6}},
		{"not quite an hour apart", func(w *world) {
			w.fleet("a", 3, 3, missingFor(70*time.Minute))
			w.fleet("b", 3, 3, missingFor(11*time.Minute))
		},
			map[string]int{"hold guard_emptied": 6}},
		{"another was closed within the hour", func(w *world) {
			w.fleet("a", 3, 3, deactivatedFor(30*time.Minute))
			w.fleet("b", 3, 3, missingFor(11*time.Minute))
		},
			map[string]int{"keep in_grace": 3, "hold guard_emptied": 3}},
		{"another was closed by a person's approval", func(w *world) {
			w.fleet("a", 3, 3, bothEdits(approvedEdit, deactivatedFor(30*time.Minute)))
			w.fleet("b", 3, 3, missingFor(11*time.Minute))
		}, map[string]int{"keep in_grace": 3, "deactivate instance_gone": 3}},
		{"another lost some, and has others", func(w *world) {
			w.fleet("a", 30, 3, deactivatedFor(30*time.Minute))
			w.fleet("b", 3, 3, missingFor(11*time.Minute))
		},
			map[string]int{"keep in_grace": 3, "deactivate instance_gone": 3}},
		{"a large one is held for itself", func(w *world) { w.fleet("a", 51, 51); w.fleet("b", 1, 1, hourAgo) },
			map[string]int{"hold guard_empty": 51, "deactivate instance_gone": 1}},
	})
}

// TestApprovedDeactivationsAreLabelled: what people approved or announced is told apart afterwards, by one shared value;
// the label goes when the instance returns, and the plan itself does not change.
func TestApprovedDeactivationsAreLabelled(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.listings, w.limits = nil, defaultLimits()
	w.fleet("a", 20, 2)
	w.fleet("b", 20, 2)
	w.limits.Approved = map[string]bool{w.assets[0].ID: true}
	w.limits.Expected = map[inventory.Scope]ExpectedRemovals{scopeOf(prod, "b"): {UpTo: 2, Left: 2, Until: now().Add(time.Hour)}}
	p := w.plan()
	for range 2 {
		labelled := map[string]int{}
		for _, c := range p.Approve(w.limits, w.proofs(p)).Removals() {
			labelled[c.Scope.Region] += inventory.Asset{Labels: c.Patch.Labels}.LabelCount(inventory.LabelApproved)
		}
		if want := map[string]int{"a": 1, "b": 2}; !maps.Equal(labelled, want) {
			t.Errorf("labelled %v, want %v", labelled, want)
		}
	}
	a := hostOf(instanceInProd("i-1", "web", "10.0.0.1"), deactivatedFor(time.Hour), approvedEdit)
	back := newWorld()
	back.addAssets(a)
	back.addInstances(instanceInProd("i-1", "web", "10.0.0.1"))
	for _, c := range back.approve().Updates() {
		if (inventory.Asset{Labels: c.Patch.Labels}).LabelCount(inventory.LabelApproved) > 0 {
			t.Error("an active asset keeps the label of its deactivation")
		}
	}
}
