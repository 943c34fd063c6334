package apply

import (
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
)

// removeAll deactivates and deletes, last of all. Right before each batch is written its assets are read again,
// those to be deleted once more by the request before the one that deletes: one that a person changed since the
// plan is kept.
//
// Before the deactivations, and before the deletions, it asks what a person has paused meanwhile.
func (r *runner) removeAll(changes []plan.Change) {
	r.runJob(r.holdIfPaused(withAction(changes, plan.Deactivate)), r.patchJob(true))
	r.runJob(r.holdIfPaused(withAction(changes, plan.Delete)), writeJob{
		permission: "delete", rereads: true,
		batchSize:    func() int { return r.target.RemoveBatchSize(r.ctx) },
		send:         func(changes []plan.Change, a writeChecks) []error { return r.deleteAssets(changes, a.isStillDue) },
		isCarriedOut: func(_ plan.Change, _ inventory.Asset, there bool) bool { return !there },
	})
}

// holdIfPaused returns the removals, or none if a person has paused them since the plan was made: then they are held.
func (r *runner) holdIfPaused(removals []plan.Change) []plan.Change {
	_, dry := r.target.(DryRun)
	if len(removals) == 0 || dry || r.options.Paused == nil || r.ctx.Err() != nil {
		return removals
	}
	p := r.options.Paused(r.ctx)
	if !p.Stands() {
		return removals
	}
	r.result.Paused = p
	for _, c := range removals {
		r.addItems(Item{Change: c, State: Held, Reason: p.HoldReason()})
	}
	return nil
}

func (r *runner) deleteAssets(todo []plan.Change, still func(inventory.Asset) bool) []error {
	ids := make([]string, 0, len(todo))
	for _, c := range todo {
		ids = append(ids, c.AssetID)
	}
	return r.target.Remove(r.ctx, ids, still)
}

func withAction(changes []plan.Change, action plan.Action) []plan.Change {
	var out []plan.Change
	for _, c := range changes {
		if c.Action == action {
			out = append(out, c)
		}
	}
	return out
}
