package reconcile

import (
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
)

// foreignEventReason returns why an owner's event is not about these scopes, where an account of theirs is remembered to be
// another's.
func (r *eventRun) foreignEventReason(scopes []inventory.Scope, owner string) (why reason.Reason, is bool) {
	e := r.Engine
	for _, at := range scopes {
		if e.Memory.Owners == nil || e.Rules.Accounts[at.Account].Owner != "" {
			continue
		}
		o, err := e.Memory.Owners.LoadOwner(r.ctx, at.Cloud, at.Account)
		if err != nil {
			e.Log.Warn("it is not remembered whose an account is", "account", at.Account, "error", err)
		}
		why, is = plan.OwnerEvidence{Remembered: o.Owner, Accepted: o.Accepted}.DoubtReason(at.Account, owner, e.Rules)
		if is {
			return why, true
		}
	}
	return reason.Reason{}, false
}
