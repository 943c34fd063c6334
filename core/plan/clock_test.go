package plan

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/reason"
)

// TestGuardClock: while the clock is wrong nothing is removed, whatever is approved, reviewed or allowed, and no
// time is written; all else continues.
func TestGuardClock(t *testing.T) {
	t.Parallel()
	off := func(w *world) { w.limits.Clock = ClockSkewReason("ecs.example", 8*24*time.Hour) }
	approved := func(w *world) {
		w.limits.Approved = map[string]bool{}
		for _, a := range w.assets {
			w.limits.Approved[a.ID] = true
		}
	}
	runGuardRows(t, []guardRow{
		{"a removal", func(w *world) { w.fleet("a", 20, 1); off(w) }, map[string]int{"hold clock_ahead": 1}},
		{"a deletion", func(w *world) { w.fleet("a", 20, 1, deactivatedFor(8*24*time.Hour)); off(w) }, map[string]int{"hold clock_ahead": 1}},
		{"approved", func(w *world) { w.fleet("a", 20, 8); off(w); approved(w) }, map[string]int{"hold clock_ahead": 8}},
		{"allowed to be empty", func(w *world) { w.fleet("a", 5, 5); off(w); w.limits.AllowEmpty = true }, map[string]int{"hold clock_ahead": 5}},
		{"there after all", func(w *world) { w.fleet("a", 20, 1); off(w); w.setProof("i-a-00", Proof{}) }, map[string]int{"skip still_there": 1}},
	})
}

// dueInThirtyDays sets a jms-due that is later than the present grace.
func dueInThirtyDays(a *inventory.Asset) {
	a.Labels = append(a.Labels, inventory.Label{Name: inventory.LabelDue, Value: inventory.FormatLabelTime(now().Add(30 * 24 * time.Hour))})
}

// TestGuardClockWritesNoTime: neither jms-missing nor a new jms-due is written.
func TestGuardClockWritesNoTime(t *testing.T) {
	t.Parallel()
	for name, setup := range map[string]func(w *world){
		"a first look": func(w *world) { w.fleet("a", 2, 2) },
		"a weak proof": func(w *world) {
			w.fleet("a", 20, 1)
			w.proof = func(Change) (Proof, bool) { return Proof{Absent: true, Weak: errors.New("denied")}, true }
		},
		"a notice": func(w *world) { w.fleet("a", 20, 1, deactivatedFor(8*24*time.Hour), dueInThirtyDays) },
	} {
		for _, off := range []bool{false, true} {
			w := newWorld()
			w.listings, w.limits = nil, defaultLimits()
			setup(w)
			if off {
				w.limits.Clock = ClockSkewReason("ecs.example", -time.Hour)
			}
			remembered := 0
			for c := range w.approve().Changes() {
				if c.Reason.Code == reason.Remembers {
					remembered++
				}
			}
			if (remembered == 0) != off {
				t.Errorf("%s, the clock off: %v: %d writes", name, off, remembered)
			}
		}
	}
}

func TestClockWords(t *testing.T) {
	t.Parallel()
	for want, r := range map[string]reason.Reason{
		"ecs.example this machine is 192h0m0s ahead": ClockSkewReason("ecs.example", 8*24*time.Hour-time.Second),
		"ecs.example this machine is 6m0s behind":    ClockSkewReason("ecs.example", -6*time.Minute),
		"is 20m0s ahead, set it right":               ClockRefusalReason(20 * time.Minute),
		"is 20m0s behind, set it right":              ClockRefusalReason(-20 * time.Minute),
		"check this machine's clock":                 ClockRefusalReason(time.Second),
	} {
		if got := r.Text(language.English); !strings.Contains(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
		if IsApprovable(r.Code) {
			t.Errorf("%s can be approved", r.Code)
		}
	}
}
