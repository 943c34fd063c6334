package plan

import (
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/reason"
)

// TestGuardExpected: expected removals pass the thresholds and nothing else, and none passes if more are due than
// are left.
func TestGuardExpected(t *testing.T) {
	t.Parallel()
	expect := func(w *world, region string, left int) {
		w.limits.Expected = map[inventory.Scope]ExpectedRemovals{scopeOf(prod, region): {UpTo: 40, Left: left, Until: now().Add(time.Hour)}}
	}
	unproved := func(w *world) {
		w.proof = func(Change) (Proof, bool) { return Proof{}, false }
	}
	runGuardRows(t, []guardRow{
		{"a share", func(w *world) { w.fleet("a", 20, 8); expect(w, "a", 8) }, map[string]int{"deactivate instance_gone": 8}},
		{"one more than is left", func(w *world) { w.fleet("a", 20, 8); expect(w, "a", 7) }, map[string]int{"hold guard_expected": 8}},
		{"few, but more than is left", func(w *world) { w.fleet("a", 20, 2); expect(w, "a", 1) }, map[string]int{"hold guard_expected": 2}},
		{"none left", func(w *world) { w.fleet("a", 20, 1); expect(w, "a", 0) }, map[string]int{"hold guard_expected": 1}},
		{"more than a run may", func(w *world) { w.fleet("a", 300, 55); expect(w, "a", 55) }, map[string]int{"deactivate instance_gone": 55}},
		{"it does not count for the others", func(w *world) { w.fleet("a", 300, 55); w.fleet("b", 300, 10); expect(w, "a", 55) }, map[string]int{"deactivate instance_gone": 65}},
		{"nor where it is exceeded, as that scope is held", func(w *world) { w.fleet("a", 300, 45); w.fleet("b", 300, 10); expect(w, "a", 40) },
			map[string]int{"hold guard_expected": 45, "deactivate instance_gone": 10}},
		{"nor does it cover them", func(w *world) { w.fleet("a", 20, 8); w.fleet("b", 20, 8); expect(w, "a", 8) },
			map[string]int{"deactivate instance_gone": 8, "hold guard_share": 8}},
		{"an empty scope wants two proofs", func(w *world) { w.fleet("a", 20, 20); expect(w, "a", 20) }, map[string]int{"hold guard_missing": 20}},
		{"the second proof", func(w *world) {
			w.fleet("a", 20, 20, func(a *inventory.Asset) {
				a.Labels = append(a.Labels, inventory.Label{Name: inventory.LabelMissing, Value: inventory.FormatLabelTime(now().Add(-time.Hour))})
			})
			expect(w, "a", 20)
		}, map[string]int{"deactivate instance_gone": 20}},
		{"without proof", func(w *world) { w.fleet("a", 20, 8); expect(w, "a", 8); unproved(w) }, map[string]int{"hold guard_not_asked": 8}},
		{"one is there", func(w *world) { w.fleet("a", 20, 8); expect(w, "a", 8); w.setProof("i-a-00", Proof{}) },
			map[string]int{"skip still_there": 1, "hold guard_contradicts": 7}},
		{"the clock is off", func(w *world) {
			w.fleet("a", 20, 8)
			expect(w, "a", 8)
			w.limits.Clock = ClockSkewReason("x", time.Hour)
		}, map[string]int{"hold clock_ahead": 8}},
		{"paused", func(w *world) { w.fleet("a", 20, 8); expect(w, "a", 8); w.limits.Pause = paused(false) }, map[string]int{"hold guard_paused": 8}},
		{"a person is asked", func(w *world) { w.fleet("a", 20, 8); expect(w, "a", 8); w.limits.Approval = ApproveRemovals }, map[string]int{"hold guard_asks": 8}},
		{"the parts' budget", func(w *world) {
			w.fleet("a", 20, 8)
			expect(w, "a", 8)
			w.limits.Hold = reason.New(reason.GuardParts, 50, 8, 50)
		}, map[string]int{"deactivate instance_gone": 8}},
		{"that is not known", func(w *world) {
			w.fleet("a", 20, 8)
			expect(w, "a", 8)
			w.limits.Hold = reason.New(reason.GuardBudget, "x")
		}, map[string]int{"hold guard_budget": 8}},
		{"at the end of the grace", func(w *world) { w.fleet("a", 300, 55, deactivatedFor(8*24*time.Hour)); expect(w, "a", 55) }, map[string]int{"hold guard_run_deletes": 55}},
		{"approved besides", func(w *world) {
			w.fleet("a", 20, 8)
			expect(w, "a", 2)
			w.limits.Approved = map[string]bool{}
			for _, a := range w.assets {
				w.limits.Approved[a.ID] = true
			}
		}, map[string]int{"deactivate instance_gone": 8}},
	})
}

// TestExpectedCounts: CountRemovals and CountLosses.
func TestExpectedCounts(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.listings, w.limits = nil, defaultLimits()
	w.fleet("a", 20, 8)
	w.fleet("b", 20, 2)
	p := w.plan()
	at := scopeOf(prod, "a")
	for left, want := range map[int]int{8: 8, 7: 0} {
		w.limits.Expected = map[inventory.Scope]ExpectedRemovals{at: {UpTo: 9, Left: left}}
		if losses, _ := p.CountRemovals(w.limits, w.proofs(p)); losses != 2 {
			t.Errorf("%d left: %d count", left, losses)
		}
		if got := w.approve().CountLosses(at); got != want {
			t.Errorf("%d left: %d losses", left, got)
		}
	}
	if got := ExpectationReason(at, ExpectedRemovals{UpTo: 9, Left: 7, Until: now()}, "anna@ops", "").Text(language.English); !strings.Contains(got, "up to 9 removals, 7 of them are left") {
		t.Error(got)
	}
	if !IsApprovable(reason.GuardExpected) {
		t.Error("a person cannot approve what is more than was announced")
	}
}
