package engine

import (
	"context"

	"github.com/jms-sync/jms-sync/core/plan"
)

// Reactivate switches on again what we deactivated, as OperatorAction.Reopening says: see plan.Reopen. No cloud is asked. What
// was written is reported like a run.
func (e Engine) Reactivate(ctx context.Context, o OperatorAction) RunResult {
	return e.notifyWritten(ctx, o, e.runOperatorAction(ctx, o, false, func(in plan.Input, rules plan.Rules) plan.Approved {
		return plan.Reopen(in, rules, o.Reopening).ApproveReopening()
	}))
}
