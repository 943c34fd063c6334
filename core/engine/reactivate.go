package engine

import (
	"context"

	"github.com/jms-sync/jms-sync/core/plan"
)

// Reactivate switches on again what we deactivated, as Errand.Reopening says: see plan.Reopen. No cloud is asked. What
// was written is told as that of a run.
func (e Engine) Reactivate(ctx context.Context, o Errand) Outcome {
	return e.told(ctx, o, e.errand(ctx, o, false, func(in plan.Input, rules plan.Rules) plan.Approved {
		return plan.Reopen(in, rules, o.Reopening).ApproveReopening()
	}))
}
