package apply

import (
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
)

// removals takes access away, last of all. Right before each batch is written its assets are
// read again, those to be deleted once more by the request before the one that deletes: one that a
// person changed since the plan is kept.
func (r *run) removals(changes []plan.Change) {
	r.all(only(changes, plan.Deactivate), r.patching(true))
	r.all(only(changes, plan.Delete), job{
		right: "delete", guarded: true,
		batch: func() int { return r.to.RemoveBatch(r.ctx) },
		send:  func(changes []plan.Change, a asks) []error { return r.delete(changes, a.asset) },
		made:  func(_ plan.Change, _ inventory.Asset, there bool) bool { return !there },
	})
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
