package plan

import (
	"slices"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// ruledFleet adds a scope of some assets, of which a rule switches off some now and has done so with some before.
func (w *world) ruledFleet(region string, count, now, before int, edits ...func(*inventory.Asset)) {
	w.fleet(region, count, 0)
	l := &w.listings[len(w.listings)-1]
	assets := w.assets[len(w.assets)-count:]
	for n := range now + before {
		inStatus("stopped")(&l.Instances[n])
		if n < now {
			continue
		}
		for _, edit := range edits {
			edit(&assets[n])
		}
	}
}

// ruledOffFor is what a run left that deactivated an asset by a rule a while before the world's time.
func ruledOffFor(before time.Duration) func(*inventory.Asset) {
	return func(a *inventory.Asset) {
		a.Active, a.Labels = false, append(slices.Clip(a.Labels), ruleOffLabel(now().Add(-before)))
	}
}

// TestRuleOffAndTheFleet: what rules deactivated within a day, in any scope, counts in the share of the fleet with what rules and
// clouds take away now, unless a person approved it. In the limit of a run it counts for an hour, as its label knows no more.
// Invariants: 9, 18.
func TestRuleOffAndTheFleet(t *testing.T) {
	t.Parallel()
	const day = 26 * time.Hour
	scattered := func(before int, edits ...func(*inventory.Asset)) func(*world) {
		return func(w *world) {
			w.setRules(t, stoppedIsOff())
			for n := range 8 {
				w.ruledFleet(regionOf(n), 10, 1, before, edits...)
			}
		}
	}
	beside := func(edits ...func(*inventory.Asset)) func(*world) {
		return func(w *world) {
			w.setRules(t, stoppedIsOff())
			w.ruledFleet("a", 400, 0, 45, edits...)
			w.fleet("b", 400, 6)
		}
	}
	runGuardRows(t, []guardRow{
		{"eight scopes within all limits", scattered(1, ruledOffFor(3*time.Hour)), map[string]int{"deactivate ruled_off": 8}},
		{"bit by bit more than the share", scattered(2, ruledOffFor(3*time.Hour)), map[string]int{"hold guard_fleet": 8}},
		{"a day later", scattered(2, ruledOffFor(day)), map[string]int{"deactivate ruled_off": 8}},
		{"a person approved the former", scattered(2, ruledOffFor(3*time.Hour), approvedEdit), map[string]int{"deactivate ruled_off": 8}},
		{"a person switched the former on again", scattered(2, ruledOffFor(3*time.Hour), func(a *inventory.Asset) { a.Active = true }),
			map[string]int{"deactivate ruled_off": 8, "drift ruled_off_by_hand": 16}},
		{"a narrowed run knows the others by their labels", func(w *world) {
			scattered(2, ruledOffFor(3*time.Hour))(w)
			w.listings = w.listings[:1]
		}, map[string]int{"hold guard_fleet": 1, "keep scope_not_asked": 70}},
		{"the rule has ended", func(w *world) {
			scattered(2, ruledOffFor(3*time.Hour))(w)
			for n := range w.listings {
				for k := range 2 {
					inStatus("running")(&w.listings[n].Instances[1+k])
				}
			}
		}, map[string]int{"deactivate ruled_off": 8}},
		{"beside releases: the limit of a run", beside(ruledOffFor(5 * time.Minute)), map[string]int{"hold guard_run_lately": 6}},
		{"two hours later", beside(ruledOffFor(2 * time.Hour)), map[string]int{"deactivate instance_gone": 6}},
		{"approved", beside(ruledOffFor(5*time.Minute), approvedEdit), map[string]int{"deactivate instance_gone": 6}},
	})
}
