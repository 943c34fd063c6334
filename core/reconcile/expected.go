package reconcile

import (
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/state"
)

// countProved counts the proved removals against what people have announced. What cannot be counted is not proved.
func (r *eventRun) countProved(candidates []plan.Change, proofs plan.Proofs) {
	losses := map[inventory.Scope]int{}
	for _, c := range candidates {
		if proofs[c.AssetID].AllowsRemoval() {
			losses[c.Scope]++
		}
	}
	for at, n := range losses {
		err := r.countExpected(at, n)
		for _, c := range candidates {
			if c.Scope == at && err != nil && proofs[c.AssetID].AllowsRemoval() {
				proofs[c.AssetID] = plan.Proof{Err: err}
			}
		}
	}
}

// countExpected counts removals by events against what was announced for their scope, before they are made: they may be more
// than are left, as events are under their own rules. With an error they must not be made.
func (r *eventRun) countExpected(at inventory.Scope, losses int) error {
	e := r.Engine
	if e.Memory.Announced == nil || losses == 0 {
		return nil
	}
	const tries = 5
	var err error
	for range tries {
		var x state.Expectation
		x, err = e.Memory.Announced.LoadExpectation(r.ctx, at)
		if inventory.KindOf(err) == inventory.Incomplete {
			return nil // what is damaged lifts no threshold, so that nothing need be counted
		}
		if err != nil || !x.IsActive(e.Now()) || x.Remaining == 0 {
			return err
		}
		_, err = e.Memory.Announced.Spend(r.ctx, x, min(losses, x.Remaining))
		if inventory.KindOf(err) != inventory.Conflict {
			return err
		}
	}
	return err
}
