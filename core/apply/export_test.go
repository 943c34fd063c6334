package apply

import (
	"context"

	"github.com/jms-sync/jms-sync/core/plan"
)

// UpdateAll makes updates as Run does, of whatever plan.
func UpdateAll(ctx context.Context, to Bastion, changes []plan.Change, o Options) Result {
	r := newRunner(ctx, to, o)
	r.total = len(changes)
	r.updateAll(changes)
	r.result.Nodes = r.nodes.notableNodes()
	return r.result
}
