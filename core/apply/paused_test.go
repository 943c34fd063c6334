package apply_test

import (
	"context"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
)

// TestPausedBeforeRemovals: a run checks right before the deactivations, and again before the deletions, what a
// person has paused since the plan was made; held removals are reported, and the others were made. A dry run does
// not check.
func TestPausedBeforeRemovals(t *testing.T) {
	t.Parallel()
	p := plan.NewPause(false, "anna@ops", time.Now(), time.Time{}, "")
	for name, c := range map[string]struct {
		after, asked int // the pause begins after this many checks
		dry          bool
		want         map[string]int
	}{
		"before":                    {0, 2, false, map[string]int{"create done": 1, "deactivate held": 1, "delete held": 1}},
		"between the two":           {1, 2, false, map[string]int{"create done": 1, "deactivate done": 1, "delete held": 1}},
		"never":                     {2, 2, false, map[string]int{"create done": 1, "deactivate done": 1, "delete done": 1}},
		"a run that writes nothing": {0, 0, true, map[string]int{"create done": 1, "deactivate done": 1, "delete done": 1}},
	} {
		w := newWorld()
		w.bastion.addNode("/DEFAULT/x")
		w.instances = append(w.instances, instance("i-new", "new", "10.0.0.9"))
		w.addAsset(instance("i-3", "gone", "10.0.0.3"), nil)
		w.addAsset(instance("i-4", "long gone", "10.0.0.4"), func(a *inventory.Asset) {
			a.Active = false
			a.Labels = append(a.Labels, inventory.Label{Name: inventory.LabelGone, Value: inventory.FormatLabelTime(time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC))})
		})
		asked := 0
		o := options()
		o.Paused = func(context.Context) plan.Pause {
			asked++
			if asked > c.after {
				return p
			}
			return plan.Pause{}
		}
		var to apply.Bastion = w.bastion
		if c.dry {
			to = apply.DryRun{Reader: w.bastion}
		}
		r := apply.Run(t.Context(), to, w.approve(), o)
		want(t, r, c.want)
		if asked != c.asked || r.Paused.Stands() != (c.after < 2 && !c.dry) {
			t.Errorf("%s: asked %d times, %+v", name, asked, r.Paused)
		}
	}
}
