// Package operator carries out what a person orders besides runs: it adopts, disowns, retires and reactivates assets, and
// tidies JumpServer's label page. The rules, proofs, limits and pauses are those of a run; nothing is done without an order.
package operator

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
)

// Action is a person's single order: how far it goes, and what it is about. Only Retire, which removes, and
// Reactivate notify people; who gives another order reads what became of it.
type Action struct {
	Account, Region string          // of Retire and Disown; "" = all
	Cloud           inventory.Cloud // of Retire; "" = all
	Write           bool            // else nothing is written

	RetireAdopted bool // of Retire: plan.RetireAdopted
	// Recorded, of Retire, says that its result is put into the history, so that people can name it.
	Recorded bool
	// ConfirmedRemovals, of Retire, is how many removals a person has agreed to: it must be the right number. 0 = none.
	ConfirmedRemovals int
	// OpenClouds, of Retire, opens the account's keys for these scopes, wherever the configuration has them, and returns
	// the clouds in which there is one; may be nil.
	OpenClouds     func(scopes []inventory.Scope) (engine.Clouds, []inventory.Cloud)
	MatchByAddress bool           // of Adopt: also by zone, address and name
	Reopening      plan.Reopening // of Reactivate
	// BeforeWrite is called with the scopes in which something is about to be written; may be nil.
	BeforeWrite func(ctx context.Context, scopes []inventory.Scope)
}

// Result is what became of an action.
type Result struct {
	engine.RunResult
	// RemovalCount is how many removals there are if a person agrees to all that may be approved; of Retire.
	RemovalCount int
}

// Adopt labels assets that are not ours as those of running instances; see plan.Adopt.
func Adopt(ctx context.Context, e engine.Engine, o Action) Result {
	return runAction(ctx, e, o, true, func(in plan.Input, rules plan.Rules) plan.Approved {
		return plan.Adopt(in, rules, o.MatchByAddress).ApproveLabelWrites()
	})
}

// Disown removes our labels; see plan.Disown. It queries no cloud.
func Disown(ctx context.Context, e engine.Engine, o Action) Result {
	return runAction(ctx, e, o, false, func(in plan.Input, _ plan.Rules) plan.Approved {
		return plan.Disown(in, o.Account, o.Region).ApproveLabelWrites()
	})
}

// runAction reads, plans, writes and reports. JumpServer is read before the clouds, as in a run.
func runAction(ctx context.Context, e engine.Engine, o Action, clouds bool, buildPlan func(plan.Input, plan.Rules) plan.Approved) Result {
	started := e.Now()
	work, cancel := e.WorkContext(ctx)
	defer cancel()
	r := newActionRun(work, e, o)
	err := r.planAndApply(work, clouds, buildPlan)
	return r.result(started, err)
}

// actionRun is one action: what it has read, and what became of it.
type actionRun struct {
	engine.Engine
	action    Action
	halt      engine.Halt
	listings  []inventory.Listing
	changes   iter.Seq[plan.Change] // approved
	notes     []plan.Change         // lines that change nothing
	unchanged int
	applied   apply.Result
}

func newActionRun(ctx context.Context, e engine.Engine, o Action) *actionRun {
	return &actionRun{Engine: e, action: o, halt: e.Paused(ctx), changes: slices.Values[[]plan.Change](nil)}
}

// result reports what became of the action.
func (r *actionRun) result(started time.Time, err error) Result {
	options := r.Cards.Options
	in := report.Input{
		Started: started, Duration: r.Now().Sub(started), DryRun: !r.action.Write,
		Environment: options.Environment, Language: options.Lang, OtherLanguage: r.Cards.OtherLanguage(),
		Listings: r.listings, Notes: r.notes, Unchanged: r.unchanged,
		Items: r.applied.Items, Nodes: r.applied.Nodes, Problems: append(r.applied.Problems, r.StoreErrors()...), Stopped: err, Pause: r.halt.Pause,
		Recorded: r.action.Recorded && r.action.Write,
	}
	rep := report.Build(in)
	r.LogOutcome(rep, in)
	return Result{RunResult: engine.RunResult{Report: rep, PlanLines: engine.PlanLines(r.changes, r.applied.Nodes, r.notes), Err: err}}
}

func (r *actionRun) planAndApply(ctx context.Context, clouds bool, buildPlan func(plan.Input, plan.Rules) plan.Approved) error {
	rules := r.Rules
	rules.Now = r.Now()
	r.EnterStage("jumpserver")
	bastion, err := r.Bastion.Read(ctx)
	if err == nil {
		err = r.checkAccount(bastion.Assets)
	}
	if err != nil {
		return err
	}
	if clouds {
		r.EnterStage("clouds")
		r.listings = r.Clouds.List(ctx, cloud.Filter{})
		r.listings = r.FailForeignListings(ctx, r.listings, bastion.Assets)
	}
	r.EnterStage("plan")
	approved := buildPlan(plan.Input{Current: bastion, Listings: r.listings, AllRegions: clouds}, rules)
	r.applyApproved(ctx, approved.HoldPaused(r.halt.EffectivePause(!r.action.Write)))
	return nil
}

// applyApproved writes what the action may write.
func (r *actionRun) applyApproved(ctx context.Context, approved plan.Approved) {
	r.changes, r.notes, r.unchanged = approved.Changes(), approved.Notes(), approved.Unchanged()
	r.EnterStage("apply")
	scopes := approved.TouchedScopes()
	if r.action.Write && r.action.BeforeWrite != nil && len(scopes) > 0 {
		r.action.BeforeWrite(ctx, scopes)
	}
	r.applied = r.Apply(ctx, approved, !r.action.Write, &r.halt)
}
