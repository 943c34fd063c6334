package engine

import (
	"context"
	"slices"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/delivery"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
)

// Retire ends the orphans of an account or region, or adopted assets that were deactivated long ago: see plan.Retire
// and plan.RetireAdopted. What the configuration still asks for is refused, as is a wrong number in ConfirmedRemovals. Where there
// is a key the cloud is asked by it, as a full run would ask; a key of another cloud account than the remembered one proves
// nothing. What was written is reported like a run.
func (e Engine) Retire(ctx context.Context, o OperatorAction) RunResult {
	started := e.Now()
	ctx = e.withClockCheck(ctx)
	p := &pass{req: Request{DryRun: !o.Write}, changes: noChanges, halt: e.Paused(ctx)}
	removals, err := e.runRetirement(ctx, o, p)
	out := e.operatorResult(started, p, err)
	out.RemovalCount = removals
	return e.notifyWritten(ctx, o, out)
}

// notifyWritten notifies people of what an operator action wrote.
func (e Engine) notifyWritten(ctx context.Context, o OperatorAction, out RunResult) RunResult {
	if !o.Write || out.Err != nil || !e.Cards.HasChannel() {
		return out
	}
	cards := e.Cards
	if out.Report.HasChanges() {
		cards.NotifyOn = delivery.NotifyAlways
	}
	if cards.Wants(out.Report) {
		out.Report = out.Report.WithNotifyError(cards.Deliver(ctx, out.Report))
	}
	return out
}

// runRetirement returns how many removals there are if a person agrees to them all.
func (e Engine) runRetirement(ctx context.Context, o OperatorAction, p *pass) (int, error) {
	rules := e.Rules
	rules.Now = e.Now()
	what := plan.Retirement{Account: o.Account, Region: o.Region}
	if !o.RetireAdopted && !rules.CanRetire(what) {
		return 0, &reason.RunError{Kind: inventory.Invalid, Reason: reason.New(reason.NoOrphan, o.Account)}
	}
	e.EnterStage("jumpserver")
	bastion, err := e.Bastion.Read(ctx)
	if err != nil {
		return 0, err
	}
	e.EnterStage("clouds")
	p.listings = e.Clouds.List(ctx, cloud.Filter{})
	asking := e
	scopes := what.Scopes(bastion, rules)
	if !o.RetireAdopted && o.OpenClouds != nil && len(scopes) > 0 {
		asking.Clouds, what.CloudsWithKey = o.OpenClouds(scopes)
		p.listings = slices.Concat(p.listings, asking.Clouds.List(ctx, cloud.Filter{}))
	}
	p.listings = e.failForeignListings(p.listings, e.loadOwners(ctx, p.listings), bastion.Assets)
	e.EnterStage("plan")
	in := plan.Input{Current: bastion, Listings: p.listings}
	desired := plan.RetireAdopted(in, rules, o.Account, o.Region)
	if !o.RetireAdopted {
		desired = plan.Retire(in, rules, what)
	}
	proofs := asking.proveAbsences(ctx, desired.ProvableCandidates(), desired.OwnerWitness)
	all := desired.ApproveRetirement(e.Limits, proofs, true)
	removals := len(all.Removals())
	if why, off := ClockSkewReason(ctx); off && removals > 0 {
		return removals, &reason.RunError{Kind: inventory.ClockOff, Reason: why}
	}
	if o.ConfirmedRemovals != 0 && o.ConfirmedRemovals != removals {
		p.recordPlan(desired.ApproveRetirement(e.Limits, proofs, false))
		p.changes = noChanges
		return removals, &reason.RunError{Kind: inventory.Invalid, Reason: reason.New(reason.WrongNumber, removals, o.ConfirmedRemovals)}
	}
	limits := e.Limits
	limits.Pause = p.halt.planPause(!o.Write)
	e.applyOperatorAction(ctx, o, desired.ApproveRetirement(limits, proofs, o.ConfirmedRemovals != 0), p)
	return removals, nil
}
