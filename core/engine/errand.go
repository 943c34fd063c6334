package engine

import (
	"context"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
)

// Errand says how far a person's single order goes, and what it is about. Errands notify nobody: who gave
// the order reads what became of it.
type Errand struct {
	Account, Region string // Retire and Release; "" = all
	Write           bool   // else nothing is written
	// Begin is told of the scopes in which something is about to be written; may be nil.
	Begin func(ctx context.Context, scopes []inventory.Scope)
}

// Adopt marks assets that are not ours as those of instances that run: see plan.Adopt.
func (e Engine) Adopt(ctx context.Context, o Errand) Outcome {
	return e.errand(ctx, o, true, func(in plan.Input, rules plan.Rules) (plan.Approved, error) {
		return plan.Adopt(in, rules).ApproveMarks(), nil
	})
}

// Release takes our marks off: see plan.Release. No cloud is asked.
func (e Engine) Release(ctx context.Context, o Errand) Outcome {
	return e.errand(ctx, o, false, func(in plan.Input, _ plan.Rules) (plan.Approved, error) {
		return plan.Release(in, o.Account, o.Region).ApproveMarks(), nil
	})
}

// Retire ends the orphans of an account or region: see plan.Retire. What the configuration still asks for is
// refused.
func (e Engine) Retire(ctx context.Context, o Errand) Outcome {
	what := plan.Retirement{Account: o.Account, Region: o.Region}
	return e.errand(ctx, o, true, func(in plan.Input, rules plan.Rules) (plan.Approved, error) {
		if !rules.Orphans(what) {
			return plan.Approved{}, &plan.Trouble{Kind: inventory.Invalid, Reason: plan.Because(plan.NoOrphan, o.Account)}
		}
		return plan.Retire(in, rules, what).ApproveRetirement(), nil
	})
}

// errand reads, plans, writes and reports. JumpServer is read before the clouds, as in a run.
func (e Engine) errand(ctx context.Context, o Errand, clouds bool, make func(plan.Input, plan.Rules) (plan.Approved, error)) Outcome {
	in := report.Input{
		Started: e.Now(), DryRun: !o.Write, Environment: e.Wording.Environment, Language: e.Wording.Lang,
	}
	p := pass{changes: noChanges}
	ctx = e.compared(ctx)
	err := e.order(ctx, o, clouds, make, &p)
	in.Listings, in.Notes, in.Unchanged = p.listings, p.notes, p.unchanged
	in.Items, in.Problems, in.Stopped = p.result.Items, p.result.Problems, err
	in.Duration = e.Now().Sub(in.Started)
	rep := report.Build(in)
	e.tell(rep, err)
	return Outcome{Report: rep, Lines: p.lines(), Err: err}
}

func (e Engine) order(ctx context.Context, o Errand, clouds bool, make func(plan.Input, plan.Rules) (plan.Approved, error), p *pass) error {
	rules := e.Rules
	rules.Now = e.Now()
	if _, err := make(plan.Input{}, rules); err != nil { // refused before anybody is asked
		return err
	}
	e.stage("jumpserver")
	bastion, err := e.Bastion.Read(ctx)
	if err != nil {
		return err
	}
	if clouds {
		e.stage("clouds")
		p.listings = e.Clouds.List(ctx, cloud.Narrow{})
	}
	e.stage("plan")
	approved, err := make(plan.Input{Bastion: bastion, Listings: p.listings}, rules)
	if err != nil {
		return err
	}
	if why, off := clockOff(ctx); off && len(approved.Removals()) > 0 {
		return &plan.Trouble{Kind: inventory.ClockOff, Reason: why}
	}
	p.plans(approved)
	e.stage("apply")
	if scopes := touched(p.changes); o.Write && o.Begin != nil && len(scopes) > 0 {
		o.Begin(ctx, scopes)
	}
	p.result = apply.Run(ctx, e.writer(Request{DryRun: !o.Write}), approved, e.writing())
	return nil
}
