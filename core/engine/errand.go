package engine

import (
	"context"
	"time"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
)

// Errand says how far a person's single order goes, and what it is about. Errands notify nobody, because who gave
// the order reads what became of it; but Retire, which removes, and Reactivate do.
type Errand struct {
	Account, Region string // Retire and Release; "" = all
	Write           bool   // else nothing is written
	// Of Retire. Adopted: plan.RetireAdopted. Yes, where it is not 0, is how many removals a person has agreed to: it
	// must be the right number. Keyed opens the account's keys for these scopes, wherever the configuration has
	// them, and returns the clouds in which there is one; may be nil.
	Adopted bool
	Yes     int
	// Of Adopt: also by zone, address and name.
	ByAddress bool
	Keyed     func(scopes []inventory.Scope) (Clouds, []inventory.Cloud)
	Reopening plan.Reopening // of Reactivate
	// Begin is told of the scopes in which something is about to be written; may be nil.
	Begin func(ctx context.Context, scopes []inventory.Scope)
}

// Adopt marks assets that are not ours as those of instances that run: see plan.Adopt.
func (e Engine) Adopt(ctx context.Context, o Errand) Outcome {
	return e.errand(ctx, o, true, func(in plan.Input, rules plan.Rules) plan.Approved {
		return plan.Adopt(in, rules, o.ByAddress).ApproveMarks()
	})
}

// Release takes our marks off: see plan.Release. No cloud is asked.
func (e Engine) Release(ctx context.Context, o Errand) Outcome {
	return e.errand(ctx, o, false, func(in plan.Input, _ plan.Rules) plan.Approved {
		return plan.Release(in, o.Account, o.Region).ApproveMarks()
	})
}

// errand reads, plans, writes and reports. JumpServer is read before the clouds, as in a run.
func (e Engine) errand(ctx context.Context, o Errand, clouds bool, make func(plan.Input, plan.Rules) plan.Approved) Outcome {
	started := e.Now()
	p := pass{changes: noChanges}
	err := e.order(ctx, o, clouds, make, &p)
	return e.done(o, started, p, err)
}

// done reports what became of an errand.
func (e Engine) done(o Errand, started time.Time, p pass, err error) Outcome {
	in := report.Input{
		Started: started, DryRun: !o.Write, Environment: e.Wording.Environment, Language: e.Wording.Lang,
	}
	in.Listings, in.Notes, in.Unchanged = p.listings, p.notes, p.unchanged
	in.Items, in.Problems, in.Stopped = p.result.Items, p.result.Problems, err
	in.Duration = e.Now().Sub(in.Started)
	rep := report.Build(in)
	e.tell(rep, err)
	return Outcome{Report: rep, Lines: p.lines(), Err: err}
}

func (e Engine) order(ctx context.Context, o Errand, clouds bool, make func(plan.Input, plan.Rules) plan.Approved, p *pass) error {
	rules := e.Rules
	rules.Now = e.Now()
	e.stage("jumpserver")
	bastion, err := e.Bastion.Read(ctx)
	if err != nil {
		return err
	}
	if clouds {
		e.stage("clouds")
		p.listings = e.Clouds.List(ctx, cloud.Narrow{})
		p.listings = e.vouched(p.listings, e.recall(ctx, p.listings), bastion.Assets)
	}
	e.stage("plan")
	e.carryOut(ctx, o, make(plan.Input{Bastion: bastion, Listings: p.listings}, rules), p)
	return nil
}

// carryOut writes what an errand may write.
func (e Engine) carryOut(ctx context.Context, o Errand, approved plan.Approved, p *pass) {
	p.plans(approved)
	e.stage("apply")
	if scopes := touched(p.changes); o.Write && o.Begin != nil && len(scopes) > 0 {
		o.Begin(ctx, scopes)
	}
	p.result = apply.Run(ctx, e.writer(Request{DryRun: !o.Write}), approved, e.writing())
}
