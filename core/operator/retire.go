package operator

import (
	"context"
	"slices"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
)

// Retire ends the orphans of an account or region, or adopted assets that were deactivated long ago: see plan.Retire
// and plan.RetireAdopted. What the configuration still asks for is refused, as is a wrong number in ConfirmedRemovals. Where there
// is a key the cloud is asked by it, as a full run would ask; a key of another cloud account than the remembered one proves
// nothing. What was written is reported like a run.
func Retire(ctx context.Context, e engine.Engine, o Action) Result {
	started := e.Now()
	work, cancel := e.WorkContext(ctx)
	defer cancel()
	r := newActionRun(work, e, o)
	removals, err := r.retire(work)
	out := r.result(started, err)
	out.RemovalCount = removals
	return notifyWritten(ctx, e, o, out)
}

// notifyWritten notifies people of what an action wrote.
func notifyWritten(ctx context.Context, e engine.Engine, o Action, out Result) Result {
	if !o.Write || out.Err != nil || !e.Cards.HasChannel() {
		return out
	}
	cards := e.Cards
	if out.Report.HasChanges() {
		cards = cards.Always()
	}
	if cards.Wants(out.Report) {
		_, err := cards.Deliver(ctx, out.Report)
		out.Report = out.Report.WithNotifyError(err)
	}
	return out
}

// retire returns how many removals there are if a person agrees to them all.
func (r *actionRun) retire(ctx context.Context) (int, error) {
	o := r.action
	rules := r.Rules
	rules.Now = r.Now()
	what := plan.Retirement{Account: o.Account, Region: o.Region, Cloud: o.Cloud, RegionUnnamed: true} // the listings show it
	if !o.RetireAdopted && !rules.CanRetire(what) {
		return 0, &reason.RunError{Kind: inventory.Invalid, Reason: reason.New(reason.NoOrphan, o.Account)}
	}
	r.EnterStage("jumpserver")
	bastion, err := r.Bastion.Read(ctx)
	if err == nil {
		err = r.checkAccount(bastion.Assets)
	}
	if err != nil {
		return 0, err
	}
	r.EnterStage("clouds")
	r.listings = r.Clouds.List(ctx, cloud.Filter{})
	what.RegionUnnamed = rules.IsRegionUnnamed(what, r.listings)
	if !o.RetireAdopted && !rules.CanRetire(what) {
		return 0, &reason.RunError{Kind: inventory.Invalid, Reason: reason.New(reason.NoOrphan, o.Account)}
	}
	asking := r.Engine
	scopes := what.Scopes(bastion, rules)
	if !o.RetireAdopted && o.OpenClouds != nil && len(scopes) > 0 {
		asking.Clouds, what.CloudsWithKey = o.OpenClouds(scopes)
		r.listings = slices.Concat(r.listings, asking.Clouds.List(ctx, cloud.Filter{}))
	}
	r.listings = r.FailForeignListings(ctx, r.listings, bastion.Assets)
	r.EnterStage("plan")
	in := plan.Input{Current: bastion, Listings: r.listings, AllRegions: true}
	desired := plan.RetireAdopted(in, rules, o.Account, o.Region)
	if !o.RetireAdopted {
		desired = plan.Retire(in, rules, what)
	}
	proofs := asking.ProveAbsences(ctx, desired.ProvableCandidates(), desired.OwnerWitness)
	all := desired.ApproveRetirement(r.Limits, proofs, true)
	removals := len(all.Removals())
	if why, off := engine.ClockSkewReason(ctx); off && removals > 0 {
		return removals, &reason.RunError{Kind: inventory.ClockOff, Reason: why}
	}
	if o.ConfirmedRemovals != 0 && o.ConfirmedRemovals != removals {
		refused := desired.ApproveRetirement(r.Limits, proofs, false)
		r.notes, r.unchanged = refused.Notes(), refused.Unchanged()
		return removals, &reason.RunError{Kind: inventory.Invalid, Reason: reason.New(reason.WrongNumber, removals, o.ConfirmedRemovals)}
	}
	limits := r.Limits
	limits.Pause = r.halt.EffectivePause(!o.Write)
	r.applyApproved(ctx, desired.ApproveRetirement(limits, proofs, o.ConfirmedRemovals != 0))
	return removals, nil
}
