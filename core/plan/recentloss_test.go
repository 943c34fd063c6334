package plan

import (
	"fmt"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// missingFor sets jms-missing, as an earlier run with a first proof did.
func missingFor(before time.Duration) func(*inventory.Asset) {
	return withExtraLabel(inventory.LabelMissing, formatTime(now().Add(-before)))
}

// bothEdits returns the two edits as one.
func bothEdits(x, y func(*inventory.Asset)) func(*inventory.Asset) {
	return func(a *inventory.Asset) {
		x(a)
		y(a)
	}
}

// TestSlowLeaks: what was deactivated within a day counts as lost already.
func TestSlowLeaks(t *testing.T) {
	t.Parallel()
	event := withExtraLabel(inventory.LabelEvent, "closed")
	// leaking adds 100 hosts, some deactivated before and some lost now.
	leaking := func(w *world, before, now int, edit func(*inventory.Asset)) {
		w.fleet("a", 100, before+now)
		for n := range before {
			edit(&w.assets[n])
		}
	}
	runGuardRows(t, []guardRow{
		{"a second 15 % within the day", func(w *world) { leaking(w, 15, 15, deactivatedFor(time.Hour)) },
			map[string]int{"keep in_grace": 15, "hold guard_leak": 15}},
		{"up to the share", func(w *world) { leaking(w, 15, 5, deactivatedFor(23*time.Hour)) },
			map[string]int{"keep in_grace": 15, "deactivate instance_gone": 5}},
		{"one more", func(w *world) { leaking(w, 15, 6, deactivatedFor(23*time.Hour)) },
			map[string]int{"keep in_grace": 15, "hold guard_leak": 6}},
		{"a day later", func(w *world) { leaking(w, 15, 15, deactivatedFor(24*time.Hour)) },
			map[string]int{"keep in_grace": 15, "deactivate instance_gone": 15}},
		{"closed by events", func(w *world) { leaking(w, 15, 15, bothEdits(event, deactivatedFor(time.Hour))) },
			map[string]int{"keep in_grace": 15, "hold guard_leak": 15}},
		{"switched on again by a person: not lost", func(w *world) {
			leaking(w, 15, 15, bothEdits(deactivatedFor(time.Hour), func(a *inventory.Asset) { a.Active = true }))
		}, map[string]int{"skip switched_on": 15, "deactivate instance_gone": 15}},
		{"their instances are back: not lost", func(w *world) {
			leaking(w, 15, 15, deactivatedFor(time.Hour))
			for n := range 15 {
				w.listings[0].Instances = append(w.listings[0].Instances, instanceInProd(fmt.Sprintf("i-a-%02d", n), "back", "10.0.0.1",
					func(i *inventory.Instance) { i.Region = "a" }))
			}
		}, map[string]int{"deactivate instance_gone": 15}},
		{"deletes at the end of a short grace are not counted again", func(w *world) {
			w.rules.Grace = 10 * time.Minute
			leaking(w, 40, 0, deactivatedFor(time.Hour))
		}, map[string]int{"delete grace_over": 40}},
		{"not more than min", func(w *world) { w.fleet("a", 5, 3); deactivatedFor(time.Hour)(&w.assets[0]) },
			map[string]int{"keep in_grace": 1, "deactivate instance_gone": 2}},
		{"closed by events, and due: the share decides", func(w *world) {
			w.rules.Grace = 10 * time.Minute
			leaking(w, 40, 0, bothEdits(event, deactivatedFor(time.Hour)))
		}, map[string]int{"hold guard_share": 40}},
	})
}

// TestSmallScopesThatBecomeEmpty: at most three assets go, after two proofs ten minutes apart.
func TestSmallScopesThatBecomeEmpty(t *testing.T) {
	t.Parallel()
	event := withExtraLabel(inventory.LabelEvent, "closed")
	runGuardRows(t, []guardRow{
		{"first proof", func(w *world) { w.fleet("a", 3, 3) }, map[string]int{"hold guard_missing": 3}},
		{"too early", func(w *world) { w.fleet("a", 3, 3, missingFor(9*time.Minute)) }, map[string]int{"hold guard_missing": 3}},
		{"second proof", func(w *world) { w.fleet("a", 3, 3, missingFor(noticePeriod)) }, map[string]int{"deactivate instance_gone": 3}},
		{"unreadable", func(w *world) { w.fleet("a", 1, 1, withExtraLabel(inventory.LabelMissing, "monday")) }, map[string]int{"hold guard_missing": 1}},
		{"a time that lies ahead", func(w *world) { w.fleet("a", 1, 1, missingFor(-time.Hour)) }, map[string]int{"hold guard_missing": 1}},
		{"two labels", func(w *world) { w.fleet("a", 1, 1, missingFor(time.Hour), missingFor(2*time.Hour)) }, map[string]int{"hold guard_missing": 1}},
		{"one asset came later", func(w *world) {
			w.fleet("a", 2, 2, missingFor(time.Hour))
			withoutLabel(inventory.LabelMissing)(&w.assets[0])
		},
			map[string]int{"hold guard_missing": 1, "deactivate instance_gone": 1}},
		{"four: approval", func(w *world) { w.fleet("a", 4, 4, missingFor(time.Hour)) }, map[string]int{"hold guard_empty": 4}},
		{"four a day ago: approval", func(w *world) { w.fleet("a", 4, 4, missingFor(time.Hour)); deactivatedFor(time.Hour)(&w.assets[0]) },
			map[string]int{"keep in_grace": 1, "hold guard_empty": 3}},
		{"four long ago", func(w *world) {
			w.fleet("a", 4, 4, missingFor(time.Hour))
			deactivatedFor(48 * time.Hour)(&w.assets[0])
		},
			map[string]int{"keep in_grace": 1, "deactivate instance_gone": 3}},
		{"closed by events, and due", func(w *world) { w.fleet("a", 2, 2, deactivatedFor(8*24*time.Hour), event) }, map[string]int{"hold guard_missing": 2}},
		{"closed by events, due, proved twice", func(w *world) { w.fleet("a", 2, 2, deactivatedFor(8*24*time.Hour), event, missingFor(time.Hour)) },
			map[string]int{"delete grace_over": 2}},
		{"a share that no count of assets excuses", func(w *world) { w.limits.Min = 0; w.fleet("a", 2, 2, missingFor(time.Hour)) },
			map[string]int{"hold guard_share": 2}},
		{"allowed", func(w *world) { w.limits.AllowEmpty = true; w.fleet("a", 3, 3) }, map[string]int{"deactivate instance_gone": 3}},
		{"without proof nothing is remembered", func(w *world) {
			w.fleet("a", 2, 2)
			w.proof = func(Change) (Proof, bool) { return Proof{}, false }
		}, map[string]int{"hold guard_not_asked": 2}},
	})
}

// TestWhatIsRemembered: the labels that the guard writes, and when they are removed.
func TestWhatIsRemembered(t *testing.T) {
	t.Parallel()
	i1 := instanceInProd("i-1", "web", "10.0.0.1")
	labels := func(name, want string) func(*testing.T, Approved) {
		return func(t *testing.T, a Approved) {
			t.Helper()
			for _, c := range append(a.Updates(), a.Removals()...) {
				if got, _ := (inventory.Asset{Labels: c.Patch.Labels}).Label(name); got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
		}
	}
	strict := func(w *world) { w.limits = defaultLimits() }
	runPlanRows(t, []planRow{
		{"the first proof", func(w *world) { strict(w); w.addAssets(hostOf(i1)) },
			[]string{"update i-1 remembers labels", "hold i-1 guard_missing"}, labels(inventory.LabelMissing, "20260301T0800Z")},
		{"written once", func(w *world) { strict(w); w.addAssets(hostOf(i1, missingFor(time.Minute))) }, []string{"hold i-1 guard_missing"}, nil},
		{"gone with the deactivation", func(w *world) { strict(w); w.addAssets(hostOf(i1, missingFor(time.Hour))) },
			[]string{"deactivate i-1 instance_gone"}, labels(inventory.LabelMissing, "")},
		{"listed again", func(w *world) { w.addInstances(i1); w.addAssets(hostOf(i1, missingFor(time.Hour))) },
			[]string{"update i-1 follows_cloud labels"}, labels(inventory.LabelMissing, "")},
		{"there, when asked by id", func(w *world) {
			strict(w)
			w.addAssets(hostOf(i1, missingFor(time.Hour)))
			w.setProof("i-1", Proof{})
		}, []string{"update i-1 remembers labels", "skip i-1 still_there"}, labels(inventory.LabelMissing, "")},
		{"seen elsewhere", func(w *world) {
			w.addAssets(hostOf(i1, missingFor(time.Hour)))
			w.addListing(scopeOf(prod, shanghai), owner, i1)
		}, []string{"update i-1 remembers labels", "keep i-1 seen_elsewhere", "skip i-1 other_region"}, labels(inventory.LabelMissing, "")},
	})
}

// TestApprovedRemovals: an approval passes thresholds, and nothing else; other removals still see the loss.
func TestApprovedRemovals(t *testing.T) {
	t.Parallel()
	approve := func(w *world, numbers ...int) {
		w.limits.Approved = map[string]bool{}
		for _, n := range numbers {
			w.limits.Approved[w.assets[n].ID] = true
		}
	}
	runGuardRows(t, []guardRow{
		{"of the share", func(w *world) { w.fleet("a", 10, 5); approve(w, 0, 1, 2, 3, 4) }, map[string]int{"deactivate instance_gone": 5}},
		{"others wait", func(w *world) { w.fleet("a", 10, 5); approve(w, 0, 1) },
			map[string]int{"deactivate instance_gone": 2, "hold guard_share": 3}},
		{"of an empty scope", func(w *world) { w.fleet("a", 4, 4); approve(w, 0, 1, 2, 3) }, map[string]int{"deactivate instance_gone": 4}},
		{"of a small one", func(w *world) { w.fleet("a", 1, 1); approve(w, 0) }, map[string]int{"deactivate instance_gone": 1}},
		{"of the run", func(w *world) { w.limits.PerRun = 1; w.fleet("a", 30, 3); approve(w, 0, 1) }, map[string]int{"deactivate instance_gone": 3}},
		{"no proof", func(w *world) {
			w.fleet("a", 10, 5)
			approve(w, 0, 1, 2, 3, 4)
			w.proof = func(Change) (Proof, bool) { return Proof{}, false }
		}, map[string]int{"hold guard_not_asked": 5}},
		{"contradicted", func(w *world) { w.fleet("a", 10, 2); approve(w, 0, 1); w.setProof("i-a-01", Proof{}) },
			map[string]int{"hold guard_contradicts": 1, "skip still_there": 1}},
	})
}
