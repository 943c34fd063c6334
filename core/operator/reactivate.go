package operator

import (
	"context"

	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/plan"
)

// Reactivate switches on again what we deactivated, as Action.Reopening says: see plan.Reopen. No cloud is asked. What
// was written is reported like a run.
func Reactivate(ctx context.Context, e engine.Engine, o Action) Result {
	return notifyWritten(ctx, e, o, runAction(ctx, e, o, false, func(in plan.Input, rules plan.Rules) plan.Approved {
		return plan.Reopen(in, rules, o.Reopening).ApproveReopening()
	}))
}
