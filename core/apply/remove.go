package apply

import (
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
)

// removals takes access away, last of all. Right before each batch is written its assets are
// read again, those to be deleted once more by the request before the one that deletes: one that a
// person changed since the plan is kept.
//
// What a person has paused meanwhile is asked before the deactivations, and before the deletions.
func (r *run) removals(changes []plan.Change) {
	r.all(r.unpaused(only(changes, plan.Deactivate)), r.patching(true))
	r.all(r.unpaused(only(changes, plan.Delete)), job{
		right: "delete", guarded: true,
		batch: func() int { return r.to.RemoveBatch(r.ctx) },
		send:  func(changes []plan.Change, a asks) []error { return r.delete(changes, a.asset) },
		made:  func(_ plan.Change, _ inventory.Asset, there bool) bool { return !there },
	})
}

// unpaused returns the removals, or none where a person has paused them since the plan was made: then they are held.
func (r *run) unpaused(removals []plan.Change) []plan.Change {
	_, dry := r.to.(DryRun)
	if len(removals) == 0 || dry || r.o.Paused == nil || r.ctx.Err() != nil {
		return removals
	}
	p := r.o.Paused(r.ctx)
	if !p.Stands() {
		return removals
	}
	r.result.Paused = p
	for _, c := range removals {
		r.add(Item{Change: c, State: Held, Reason: p.Holds()})
	}
	return nil
}

func (r *run) delete(todo []plan.Change, still func(inventory.Asset) bool) []error {
	ids := make([]string, 0, len(todo))
	for _, c := range todo {
		ids = append(ids, c.AssetID)
	}
	return r.to.Remove(r.ctx, ids, still)
}

func only(changes []plan.Change, action plan.Action) []plan.Change {
	var out []plan.Change
	for _, c := range changes {
		if c.Action == action {
			out = append(out, c)
		}
	}
	return out
}
