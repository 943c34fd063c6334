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

// OperatorAction is a person's single order: how far it goes, and what it is about. Only Retire, which removes, and
// Reactivate notify people; who gives another order reads what became of it.
type OperatorAction struct {
	Account, Region string // of Retire and Disown; "" = all
	Write           bool   // else nothing is written

	RetireAdopted bool // of Retire: plan.RetireAdopted
	// ConfirmedRemovals, of Retire, is how many removals a person has agreed to: it must be the right number. 0 = none.
	ConfirmedRemovals int
	// OpenClouds, of Retire, opens the account's keys for these scopes, wherever the configuration has them, and returns
	// the clouds in which there is one; may be nil.
	OpenClouds     func(scopes []inventory.Scope) (Clouds, []inventory.Cloud)
	MatchByAddress bool           // of Adopt: also by zone, address and name
	Reopening      plan.Reopening // of Reactivate
	// BeforeWrite is called with the scopes in which something is about to be written; may be nil.
	BeforeWrite func(ctx context.Context, scopes []inventory.Scope)
}

// Adopt labels assets that are not ours as those of running instances; see plan.Adopt.
func (e Engine) Adopt(ctx context.Context, o OperatorAction) RunResult {
	return e.runOperatorAction(ctx, o, true, func(in plan.Input, rules plan.Rules) plan.Approved {
		return plan.Adopt(in, rules, o.MatchByAddress).ApproveLabelWrites()
	})
}

// Disown removes our labels; see plan.Disown. It queries no cloud.
func (e Engine) Disown(ctx context.Context, o OperatorAction) RunResult {
	return e.runOperatorAction(ctx, o, false, func(in plan.Input, _ plan.Rules) plan.Approved {
		return plan.Disown(in, o.Account, o.Region).ApproveLabelWrites()
	})
}

// runOperatorAction reads, plans, writes and reports. JumpServer is read before the clouds, as in a run.
func (e Engine) runOperatorAction(ctx context.Context, o OperatorAction, clouds bool, buildPlan func(plan.Input, plan.Rules) plan.Approved) RunResult {
	started := e.Now()
	p := &pass{req: Request{DryRun: !o.Write}, changes: noChanges, halt: e.Paused(ctx)}
	err := e.planOperatorAction(ctx, o, clouds, buildPlan, p)
	return e.operatorResult(started, p, err)
}

// operatorResult reports what became of an operator action.
func (e Engine) operatorResult(started time.Time, p *pass, err error) RunResult {
	in := e.reportInput(p, started, err)
	in.Pause = p.halt.Pause
	rep := report.Build(in)
	e.LogOutcome(rep, err)
	return RunResult{Report: rep, PlanLines: p.planLines(), Err: err}
}

func (e Engine) planOperatorAction(ctx context.Context, o OperatorAction, clouds bool, buildPlan func(plan.Input, plan.Rules) plan.Approved, p *pass) error {
	rules := e.Rules
	rules.Now = e.Now()
	e.EnterStage("jumpserver")
	bastion, err := e.Bastion.Read(ctx)
	if err != nil {
		return err
	}
	if clouds {
		e.EnterStage("clouds")
		p.listings = e.Clouds.List(ctx, cloud.Filter{})
		p.listings = e.failForeignListings(p.listings, e.loadOwners(ctx, p.listings), bastion.Assets)
	}
	e.EnterStage("plan")
	approved := buildPlan(plan.Input{Current: bastion, Listings: p.listings}, rules)
	e.applyOperatorAction(ctx, o, approved.HoldPaused(p.halt.planPause(!o.Write)), p)
	return nil
}

// applyOperatorAction writes what an operator action may write.
func (e Engine) applyOperatorAction(ctx context.Context, o OperatorAction, approved plan.Approved, p *pass) {
	p.recordPlan(approved)
	e.EnterStage("apply")
	scopes := approved.TouchedScopes()
	if o.Write && o.BeforeWrite != nil && len(scopes) > 0 {
		o.BeforeWrite(ctx, scopes)
	}
	p.applied = apply.Run(ctx, e.writableBastion(p.req, p.halt), approved, e.WriteOptions())
	p.halt.Update(p.applied)
}
