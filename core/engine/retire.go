package engine

import (
	"context"
	"slices"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
)

// Retire ends the orphans of an account or region, or adopted assets that were deactivated long ago: see plan.Retire
// and plan.RetireAdopted. What the configuration still asks for is refused, as is a wrong number in Yes. Where there
// is a key the cloud is asked by it, as a full run would ask; a key of another cloud account than the remembered one proves
// nothing. What was written is told as that of a run.
func (e Engine) Retire(ctx context.Context, o Errand) Outcome {
	started := e.Now()
	p := pass{changes: noChanges}
	ctx = e.compared(ctx)
	removals, err := e.retire(ctx, o, &p)
	out := e.done(o, started, p, err)
	out.Removals = removals
	return e.told(ctx, o, out)
}

// told tells people what an errand wrote.
func (e Engine) told(ctx context.Context, o Errand, out Outcome) Outcome {
	if o.Write && out.Err == nil && (out.Report.Changed() || e.wanted(out.Report)) && len(e.Notifiers) > 0 {
		e.Flush(ctx)
		out.Report = out.Report.Untold(e.send(ctx, out.Report))
	}
	return out
}

// retire returns how many removals there are if a person agrees to them all.
func (e Engine) retire(ctx context.Context, o Errand, p *pass) (int, error) {
	rules := e.Rules
	rules.Now = e.Now()
	what := plan.Retirement{Account: o.Account, Region: o.Region}
	if !o.Adopted && !rules.Orphans(what) {
		return 0, &plan.Trouble{Kind: inventory.Invalid, Reason: plan.Because(plan.NoOrphan, o.Account)}
	}
	e.stage("jumpserver")
	bastion, err := e.Bastion.Read(ctx)
	if err != nil {
		return 0, err
	}
	e.stage("clouds")
	p.listings = e.Clouds.List(ctx, cloud.Narrow{})
	asking := e
	if scopes := what.Scopes(bastion, rules); !o.Adopted && o.Keyed != nil && len(scopes) > 0 {
		asking.Clouds, what.Keyed = o.Keyed(scopes)
		p.listings = slices.Concat(p.listings, asking.Clouds.List(ctx, cloud.Narrow{}))
	}
	p.listings = e.vouched(p.listings, e.recall(ctx, p.listings), bastion.Assets)
	e.stage("plan")
	in := plan.Input{Bastion: bastion, Listings: p.listings}
	wishes := plan.RetireAdopted(in, rules, o.Account, o.Region)
	if !o.Adopted {
		wishes = plan.Retire(in, rules, what)
	}
	proofs := asking.prove(ctx, wishes.Provable(), wishes.Witness)
	all := wishes.ApproveRetirement(e.Limits, proofs, true)
	removals := len(all.Removals())
	if why, off := clockOff(ctx); off && removals > 0 {
		return removals, &plan.Trouble{Kind: inventory.ClockOff, Reason: why}
	}
	if o.Yes != 0 && o.Yes != removals {
		p.plans(wishes.ApproveRetirement(e.Limits, proofs, false))
		p.changes = noChanges
		return removals, &plan.Trouble{Kind: inventory.Invalid, Reason: plan.Because(plan.WrongNumber, removals, o.Yes)}
	}
	e.carryOut(ctx, o, wishes.ApproveRetirement(e.Limits, proofs, o.Yes != 0), p)
	return removals, nil
}
