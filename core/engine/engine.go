// Package engine runs one pass of the synchronisation: list → plan → guard → apply → report →
// notify. It knows its stages only by what it needs of them, keeps nothing between runs, and may
// run several times at once.
package engine

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/delivery"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
)

// Engine holds what a run needs. It is not changed by running.
type Engine struct {
	Clouds          Clouds
	Bastion         Bastion
	Rules           plan.Rules // Now is set by each run
	Limits          plan.Limits
	ApplyOptions    apply.Options
	Cards           delivery.Cards
	Incremental     *Incremental     // nil = every run takes the full path
	ShardGroup      *ShardGroup      // of requests that are a part; nil = each part is on its own
	RemovalTracking *RemovalTracking // nil = there is no store
	HeldStore       *state.HeldStore // what guards held and people approved, of full runs; nil = there is no store
	Nodes           *state.NodeIDs   // which nodes configured paths mean; nil = there is no store
	OwnerStore      *state.Store     // which remembers whose accounts are; nil = only marks of assets tell
	Pauses          Pauses           // nil = there is no store
	Announced       *state.Store     // which remembers what people announced; nil = there is none
	// Recorded: full runs are put into the history, so that their cards can name them.
	Recorded bool
	// Reserve is kept free before the context's deadline for report and notification.
	Reserve time.Duration
	Now     func() time.Time
	// SkewClock is this machine's clock, with which the clouds' Dates are compared: where one is more than
	// cloud.MaxSkew away nothing is removed. nil = nothing is compared, for worlds whose clouds live in another
	// time than Now.
	SkewClock func() time.Time
	Log       *slog.Logger
	OnStage   func(name string) // told as each stage begins; may be nil
}

// Request narrows a run; the zero value means everything.
type Request struct {
	Accounts, Regions []string
	DryRun            bool
	Shard             inventory.Shard
	// WantReview makes RunResult.Review, in a dry run.
	WantReview bool
	// ReviewedLines, where it is not nil, are the changes that a person reviewed: nothing else is written, and
	// removals among them count as approved, unless they are held.
	ReviewedLines []plan.ReviewLine
}

// RunResult is what a run gives: the report, every line of the plan (changes and non-changes), and
// what stopped the run before it did its work.
type RunResult struct {
	Report    report.Report
	PlanLines iter.Seq[plan.Change]
	Review    []plan.ReviewLine // what would be done, and what a person may let pass besides; nil if not asked for
	// RemovalCount is how many removals there are if a person agrees to all that may be approved; of Retire.
	RemovalCount int
	Err          error
}

// Run makes one pass. It always ends in a report and, as NotifyOn says, a notification; that one
// failed is logged and stands among the report's errors, and changes nothing else.
func (e Engine) Run(ctx context.Context, req Request) RunResult {
	started := e.Now()
	work, cancel := e.WorkContext(ctx)
	defer cancel()
	p, err := e.runStages(work, req, e.Paused(work))
	p.applied.Problems = append(p.applied.Problems, e.clockErrors(work)...)
	items := slices.Concat(p.applied.Items, p.removals.UnreportedItems())
	in := report.Input{
		Started: started, Duration: e.Now().Sub(started), DryRun: req.DryRun,
		Environment: e.Cards.Options.Environment, Language: e.Cards.Options.Lang,
		Listings: p.listings, Notes: p.notes, Unchanged: p.unchanged,
		Items: items, Nodes: p.applied.Nodes, Problems: p.applied.Problems, Stopped: err, HeldSets: p.heldSets,
		Recorded: e.Recorded, Approved: p.approved,
		Expected: expectedIn(p.announced),
	}
	e.Cards = p.halt.tells(ctx, e, &in)
	rep := report.Build(in)
	e.LogOutcome(rep, err)
	told, lost := e.deliverReport(ctx, req, rep)
	p.removals.closeReported(ctx, p.applied.Items, told)
	if told {
		p.halt.told(ctx, e, rep)
	}
	rep = rep.WithNotifyError(lost)
	return RunResult{Report: rep, PlanLines: p.planLines(), Review: p.review, Err: err}
}

// runStages is the order of the stages. JumpServer is read before the clouds, so that an asset which
// appears meanwhile is never taken for a leftover.
func (e Engine) runStages(ctx context.Context, req Request, paused Halt) (passResult, error) {
	p := passResult{changes: noChanges, removals: e.NewRemovalTracker(req.DryRun), halt: paused}
	narrow := cloud.Filter{Accounts: req.Accounts, Regions: req.Regions}
	if unknown := e.Clouds.UnknownAccounts(narrow); len(unknown) > 0 {
		return p, errUnknownAccounts(unknown)
	}
	view, done := e.tryIncremental(ctx, narrow, req, &p)
	if done {
		e.reserveLimits(ctx, req, 0) // gives up what this part wanted before
		return p, nil
	}
	e.EnterStage("jumpserver")
	bastion, err := e.Bastion.Read(ctx)
	if err != nil {
		e.markDirtyAfterFailure(ctx, view, req, p)
		return passResult{changes: noChanges, halt: paused}, err
	}
	e.EnterStage("clouds")
	p.listings = e.Clouds.List(ctx, narrow)
	if len(p.listings) == 0 {
		return p, errNothingSelected(req)
	}
	known := e.loadOwners(ctx, p.listings)
	p.listings = e.failForeignListings(p.listings, known, bastion.Assets)
	if view == nil && e.usesState(req) {
		view = e.loadSnapshot(ctx, scopesOf(p.listings))
	}
	p.removals.FindUnreported(ctx, bastion.Assets, nil)
	e.EnterStage("plan")
	rules := e.RulesFor(ctx, e.Bastion, p.listings)
	wishes := plan.Build(plan.Input{Current: bastion, Listings: p.listings}, rules)
	p.announced = e.announcements(ctx, p.listings)
	granted := e.findApproved(ctx, req, wishes)
	approved := e.approvePlan(ctx, req, wishes, granted, &p)
	p.approved = granted.hashes()
	p.recordPlan(approved)
	e.EnterStage("apply")
	e.markDirty(ctx, view, approved.TouchedScopes())
	p.removals.RecordIntents(ctx, approved)
	p.applied = apply.Run(ctx, e.writableBastion(req, paused), approved, e.WriteOptions())
	p.halt.Update(p.applied)
	p.applied.Problems = append(p.applied.Problems, assetLimitWarning(len(bastion.Assets), p.applied)...)
	p.applied.Problems = append(p.applied.Problems, deleteRightWarning(bastion, rules)...)
	p.applied.Problems = append(p.applied.Problems, unproved(p.notes)...)
	e.consumeApprovals(ctx, req, granted, wishes, p)
	e.saveScopes(ctx, view, p.listings, p, e.Now())
	if !req.DryRun {
		e.saveNewNodes(ctx, p.listings)
		e.saveNewOwners(ctx, p.listings, known)
	}
	return p, nil
}

// passResult is what the stages of one run gave.
type passResult struct {
	expectedScopes []inventory.Scope // what was known of the scopes before they were listed
	listings       []inventory.Listing
	changes        iter.Seq[plan.Change] // approved
	notes          []plan.Change         // lines that change nothing
	unchanged      int                   // instances whose assets are as they want them, read or known
	applied        apply.Result
	removals       *RemovalTracker
	halt           Halt
	announced      []state.Expectation     // for the scopes of the run
	heldSets       []report.HeldSetSummary // for which a person may give approval
	review         []plan.ReviewLine
	approved       map[string]string // of assets whose removal people approved: the set's hash
}

// recordPlan takes what an approved plan says.
func (p *passResult) recordPlan(a plan.Approved) {
	p.changes, p.notes = a.Changes(), a.Notes()
	p.unchanged = a.Unchanged()
}

// planLines gives every line of the plan, changes first.
func (p passResult) planLines() iter.Seq[plan.Change] {
	return func(yield func(plan.Change) bool) {
		for c := range p.changes {
			if !yield(c) {
				return
			}
		}
		for _, n := range p.applied.Nodes {
			if !yield(nodeLine(n)) {
				return
			}
		}
		for _, c := range p.notes {
			if !yield(c) {
				return
			}
		}
	}
}

func noChanges(func(plan.Change) bool) {}

// writableBastion gives the bastion, or for a dry run, and where all writes are paused, one that cannot write.
func (e Engine) writableBastion(req Request, paused Halt) apply.Bastion {
	if req.DryRun || paused.All {
		return apply.DryRun{Reader: e.Bastion}
	}
	return e.Bastion
}

// WorkContext returns the context of a run's work. It ends before ctx, so that report and notification go out, and the
// clouds' clocks are compared with this machine's in it.
func (e Engine) WorkContext(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx = e.withClockCheck(ctx)
	deadline, bounded := ctx.Deadline()
	if !bounded {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-e.Reserve))
}

// LogOutcome logs how the run ended. What stopped it is in no other line of the log.
func (e Engine) LogOutcome(rep report.Report, stopped error) {
	if stopped != nil {
		e.Log.Error("run stopped", "error", stopped)
	}
	e.Log.Info("run finished", "outcome", string(rep.Outcome), "dry_run", rep.DryRun, "total", rep.Total,
		"created", rep.Created, "updated", rep.Updated, "deactivated", rep.Deactivated, "deleted", rep.Deleted,
		"held", rep.Held, "failed", rep.Failures, "seconds", rep.Duration)
}

// EnterStage says which stage of a run begins.
func (e Engine) EnterStage(name string) {
	e.Log.Debug("stage", "name", name)
	if e.OnStage != nil {
		e.OnStage(name)
	}
}

func errUnknownAccounts(names []string) error {
	return &inventory.Error{
		Kind:    inventory.NotFound,
		Message: "no such account in the configuration: " + strings.Join(names, ", "),
	}
}

func errNothingSelected(req Request) error {
	return &inventory.Error{
		Kind:    inventory.NotFound,
		Message: "no configured account and region is asked for",
		Err:     errors.New(selectionText(req)),
	}
}
