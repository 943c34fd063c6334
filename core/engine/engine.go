// Package engine makes one run of the synchronisation: list → plan → guard → apply → report → notify. It depends on
// its stages only through small interfaces, keeps nothing between runs, and is safe for concurrent runs.
package engine

import (
	"context"
	"iter"
	"log/slog"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/access"
	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/delivery"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
)

// Engine holds what a run needs. A run does not change it.
type Engine struct {
	Clouds          Clouds
	Bastion         Bastion
	Rules           plan.Rules // Now is set by each run
	Limits          plan.Limits
	ApplyOptions    apply.Options
	Cards           delivery.Cards
	Incremental     *Incremental     // nil = every run takes the full path
	ShardGroup      *ShardGroup      // of requests that are a shard; nil = each shard is on its own
	RemovalTracking *RemovalTracking // nil = there is no store
	Memory          Memory
	Access          access.Reader // who gains and who loses hosts is asked of it; nil = nobody asks
	// Reserve is kept free before the context's deadline for report and notification.
	Reserve time.Duration
	Now     func() time.Time
	// SkewClock is this machine's clock. It is compared with the Date of the clouds' answers: beyond cloud.MaxSkew nothing
	// is removed. nil = no comparison, for tests whose emulated clouds have another time than Now.
	SkewClock func() time.Time
	Log       *slog.Logger
	OnStage   func(name string) // called as each stage begins; may be nil
}

// Memory is what is remembered between runs besides what Incremental saves. What is nil is not remembered.
type Memory struct {
	Held      *state.HeldStore // what guards held and people approved, of full runs
	Nodes     *state.NodeIDs   // which nodes configured paths mean
	Owners    *state.Store     // whose accounts are; else only labels of assets say it
	Pauses    Pauses
	Announced *state.Store // what people announced
	// Problem returns what a run reports of its state store, as far as it was asked; nil error = it answers as it should.
	Problem func() error
}

// RunResult is the report of a run, every line of its plan (changes and non-changes), and what stopped it before it did
// its work.
type RunResult struct {
	Report    report.Report
	PlanLines iter.Seq[plan.Change]
	Names     plan.Names        // of what the lines name by ids
	Review    []plan.ReviewLine // what would be done, and what a person may let pass besides; nil if not asked for
	Basis     *plan.Basis       // nil if not asked for, or where nothing was compared
	Err       error
	// Deliver notifies people of a run whose card was put off, and returns the report with what became of it. nil = nothing
	// was put off.
	Deliver func(ctx context.Context) report.Report
}

// Run makes one run. It always ends in a report and, depending on NotifyOn, a notification. A failed notification is
// logged and listed in the report's errors, and changes nothing else.
func (e Engine) Run(ctx context.Context, req Request) RunResult {
	started := e.Now()
	watch := e.watch(started)
	e.OnStage = watch.enter
	work, cancel := e.WorkContext(watch.calls.WithCalls(ctx))
	defer cancel()
	p := &pass{req: req, changes: noChanges, removals: e.NewRemovalTracker(req.DryRun), halt: e.Paused(work)}
	err := e.runStages(work, p)
	e.compareAccess(work, p)
	p.addProblems(e.clockErrors(work))
	in := e.reportInput(p, started, err)
	in.Stages, in.Peers = watch.stages(e.Now()), watch.peers()
	e.Cards = p.halt.fillReport(ctx, e, &in)
	in.Problems = append(in.Problems, e.StoreErrors()...)
	rep := report.Build(in)
	e.LogOutcome(rep, in)
	out := RunResult{
		Report: rep, PlanLines: PlanLines(p.changes, p.applied.Nodes, p.notes), Names: p.names, Review: p.review, Basis: p.basis, Err: err,
	}
	deliver := func(ctx context.Context) report.Report { return rep.WithNotifyError(e.deliverPass(ctx, p, rep)) }
	if req.PutsOff != nil && req.PutsOff(rep, err) {
		out.Deliver = deliver
		return out
	}
	out.Report = deliver(ctx)
	return out
}

// runStages runs the stages in order. JumpServer is read before the clouds, so that an asset created meanwhile is
// never taken for one whose instance is gone.
func (e Engine) runStages(ctx context.Context, p *pass) error {
	unknown := e.Clouds.UnknownAccounts(p.req.filter())
	if len(unknown) > 0 {
		return errUnknownAccounts(unknown)
	}
	done, err := e.tryIncremental(ctx, p)
	if err != nil {
		e.failByBastion(ctx, p)
		return err
	}
	if done {
		e.reserveRemovals(ctx, p.req, e.Limits, 0, 0) // gives up what this shard wanted before
		return nil
	}
	bastion, err := e.readBastion(ctx, p)
	if err != nil {
		return err
	}
	if err := e.listClouds(ctx, p, bastion.Assets); err != nil {
		return err
	}
	p.labelled, p.nodes = countLabels(bastion.Assets), bastion.Nodes
	p.assets = countOurs(bastion.Assets)
	p.removals.FindUnreported(ctx, bastion.Assets, nil)
	e.EnterStage("plan")
	in := plan.Input{Current: bastion, Listings: p.listings, AllRegions: len(p.req.Regions) == 0, Regions: p.req.Regions}
	rules := e.RulesFor(ctx, e.Bastion, p.listings)
	desired := plan.Build(in, rules)
	p.compared = true
	approved := e.approvePlan(ctx, p, desired)
	approved, err = p.look(in, rules, desired, approved)
	if err != nil {
		return err
	}
	p.holds = desired.ApprovableHolds(approved)
	e.EnterStage("apply")
	e.applyPlan(ctx, p, approved)
	lostMarks := lostMarksError(desired, e.Limits)
	p.holdsForLostMarks = len(lostMarks) > 0
	p.addProblems(assetLimitWarning(len(bastion.Assets), p.applied), deleteRightWarning(bastion, e.Rules), unproved(p.notes), unreadError(desired), lostMarks)
	e.saveOutcome(ctx, p, desired)
	return nil
}

// readBastion reads all of JumpServer.
func (e Engine) readBastion(ctx context.Context, p *pass) (inventory.JumpServerAssets, error) {
	e.EnterStage("jumpserver")
	bastion, err := e.Bastion.Read(ctx)
	if err != nil {
		e.failByBastion(ctx, p)
		return bastion, err
	}
	return e.addRememberedNodes(ctx, bastion), nil
}

// failByBastion ends the work of a run without JumpServer's answer: nothing is compared, and the report has no listings.
func (e Engine) failByBastion(ctx context.Context, p *pass) {
	e.markDirtyAfterFailure(ctx, p)
	p.listings = nil
}

// listClouds lists the scopes of a run, and fails those that were read with the key of another cloud account.
func (e Engine) listClouds(ctx context.Context, p *pass, assets []inventory.Asset) error {
	e.EnterStage("clouds")
	p.listings = e.Clouds.List(ctx, p.req.filter())
	if len(p.listings) == 0 {
		return errNothingSelected(p.req)
	}
	p.owners = e.loadOwners(ctx, p.listings)
	p.listings = noteUnusedKinds(e.failForeignListings(p.listings, p.owners, assets), assets)
	if p.snapshot == nil && e.usesState(p.req) {
		p.snapshot = e.loadSnapshot(ctx, scopesOf(p.listings))
	}
	return nil
}

// applyPlan writes an approved plan. The scopes are marked dirty and the removals recorded before the first write.
func (e Engine) applyPlan(ctx context.Context, p *pass, approved plan.Approved) {
	p.recordPlan(approved)
	e.markDirty(ctx, p.snapshot, approved.TouchedScopes())
	p.removals.RecordIntents(ctx, approved)
	p.applied = e.Apply(ctx, approved, p.req.DryRun, &p.halt)
}

// Apply writes an approved plan: nothing in a dry run, nor while all writes are paused. It updates halt.
func (e Engine) Apply(ctx context.Context, approved plan.Approved, dryRun bool, halt *Halt) apply.Result {
	result := apply.Run(ctx, e.writableBastion(dryRun, *halt), approved, e.WriteOptions())
	halt.Update(result)
	return result
}

// saveOutcome saves the outcome of a run: used approvals, scopes, nodes and owners.
func (e Engine) saveOutcome(ctx context.Context, p *pass, desired plan.Plan) {
	e.consumeApprovals(ctx, p, desired)
	e.saveScopes(ctx, p.listings, p, e.Now())
	if !p.req.DryRun {
		e.saveNewNodes(ctx, p.listings)
		e.saveRuleNodes(ctx, desired.NodePaths())
		e.saveNewOwners(ctx, p.listings, p.owners)
	}
}

// deliverPass sends the report of a run, and closes the removals that it reported. lost is the error of a card that
// nobody will send again.
func (e Engine) deliverPass(ctx context.Context, p *pass, rep report.Report) (lost error) {
	delivered, lost := e.deliverReport(ctx, p.req, rep)
	p.removals.closeReported(ctx, p.applied.Items, delivered)
	if delivered {
		p.halt.recordReported(ctx, e, rep)
	}
	return lost
}

// writableBastion returns the bastion; for a dry run, or while all writes are paused, one that cannot write.
func (e Engine) writableBastion(dryRun bool, paused Halt) apply.Bastion {
	if dryRun || paused.All {
		return apply.DryRun{Reader: e.Bastion}
	}
	return e.Bastion
}

// WorkContext returns the context of a run's work. It ends before ctx, so that report and notification go out, the
// clouds' clocks are compared with this machine's in it, and what clouds throttle gets a share of it.
func (e Engine) WorkContext(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx = e.withClockCheck(ctx)
	deadline, bounded := ctx.Deadline()
	if !bounded {
		return context.WithCancel(ctx)
	}
	work, cancel := context.WithDeadline(ctx, deadline.Add(-e.Reserve))
	return cloud.LimitThrottling(work), cancel
}

// LogOutcome logs how the run ended. The error that stopped it, and its problems, are logged nowhere else.
func (e Engine) LogOutcome(rep report.Report, in report.Input) {
	if in.Stopped != nil {
		e.Log.Error("run stopped", "error", in.Stopped)
	}
	for _, problem := range in.Problems {
		level := slog.LevelError
		if report.IsWarning(problem) {
			level = slog.LevelWarn
		}
		e.Log.Log(context.Background(), level, "the run has a problem", "kind", string(inventory.KindOf(problem)), "error", problem)
	}
	e.Log.Info("run finished", "outcome", string(rep.Outcome), "dry_run", rep.DryRun, "total", rep.Total,
		"created", rep.Created, "updated", rep.Updated, "deactivated", rep.Deactivated, "deleted", rep.Deleted,
		"held", rep.Held, "failed", rep.Failures, "seconds", rep.Duration)
	for _, g := range rep.StaysOpen {
		e.Log.Warn("assets stay open although no listing has their instances",
			"reason", string(g.Code), "action", string(g.Action), "assets", g.Assets, "first", strings.Join(g.Names, ", "))
	}
}

// EnterStage logs and reports which stage of a run begins.
func (e Engine) EnterStage(name string) {
	e.Log.Debug("stage", "name", name)
	if e.OnStage != nil {
		e.OnStage(name)
	}
}
