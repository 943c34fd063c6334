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
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
)

// Clouds lists the configured accounts, and answers for single instances.
type Clouds interface {
	EventClouds
	// List gives one listing per account and region asked for, sorted, complete or failed.
	List(ctx context.Context, narrow cloud.Narrow) []inventory.Listing
	// Scopes gives the scopes that List will give; known is false where a cloud does not
	// tell its regions, and then they are those of the others.
	Scopes(ctx context.Context, narrow cloud.Narrow) (scopes []inventory.Scope, known bool)
	// Confirm asks anew whose account a scope is read with, and fails where it is another's.
	Confirm(ctx context.Context, scope inventory.Scope, owner string) error
	// Unknown gives those of the account names asked for that are not configured.
	Unknown(narrow cloud.Narrow) []string
}

// Bastion is JumpServer.
type Bastion interface {
	EventBastion
	apply.Reader
	// Read proves the organisation and gives everything in it, complete, or an error.
	Read(ctx context.Context) (inventory.Bastion, error)
}

// Engine holds what a run needs. It is not changed by running.
type Engine struct {
	Clouds    Clouds
	Bastion   Bastion
	Rules     plan.Rules // Now is set by each run
	Limits    plan.Limits
	Writing   apply.Options
	Wording   report.Options
	Notifiers []notify.Notifier
	NotifyOn  NotifyOn
	Outbox    *Outbox       // of events' reports, in this process; nil = none are kept
	Window    *state.Window // of events' reports, for all processes; nil = there is no store
	Increment *Increment    // nil = every run takes the full path
	Sharing   *Sharing      // of requests that are a part; nil = each part is on its own
	Intents   *Intents      // nil = there is no store
	Held      *state.Held   // what guards held and people approved, of full runs; nil = there is no store
	Nodes     *state.Nodes  // which nodes configured paths mean; nil = there is no store
	Owners    *state.Store  // which remembers whose accounts are; nil = only marks of assets tell
	// Recorded: full runs are put into the history, so that their cards can name them.
	Recorded bool
	// Interval is that of the timer of full runs: see Look.
	Interval time.Duration
	// Reserve is kept free before the context's deadline for report and notification.
	Reserve time.Duration
	Now     func() time.Time
	// Clock is this machine's clock, with which the clouds' Dates are compared: where one is more than
	// cloud.MaxSkew away nothing is removed. nil = nothing is compared, for worlds whose clouds live in another
	// time than Now.
	Clock func() time.Time
	Log   *slog.Logger
	Stage func(name string) // told as each stage begins; may be nil
}

// Request narrows a run; the zero value means everything.
type Request struct {
	Accounts, Regions []string
	DryRun            bool
	Part              Part
	// Review makes Outcome.Review, in a dry run.
	Review bool
	// Only, where it is not nil, are the changes that a person reviewed: nothing else is written, and
	// removals among them count as approved, unless they are held.
	Only []plan.Line
}

// Outcome is what a run gives: the report, every line of the plan (changes and non-changes), and
// what stopped the run before it did its work.
type Outcome struct {
	Report report.Report
	Lines  iter.Seq[plan.Change]
	Review []plan.Line // what would be done, and what a person may let pass besides; nil if not asked for
	// Removals is how many removals there are if a person agrees to all that may be approved; of Retire.
	Removals int
	Err      error
}

// Run makes one pass. It always ends in a report and, as NotifyOn says, a notification; that one
// failed is logged and stands among the report's errors, and changes nothing else.
func (e Engine) Run(ctx context.Context, req Request) Outcome {
	started := e.Now()
	work, cancel := e.budget(ctx)
	defer cancel()
	work = e.compared(work)
	p, err := e.pass(work, req)
	p.result.Problems = append(p.result.Problems, e.clocks(work)...)
	items := slices.Concat(p.result.Items, p.debt.untold())
	rep := report.Build(report.Input{
		Started: started, Duration: e.Now().Sub(started), DryRun: req.DryRun,
		Environment: e.Wording.Environment, Language: e.Wording.Lang,
		Listings: p.listings, Notes: p.notes, Unchanged: p.unchanged,
		Items: items, Nodes: p.result.Nodes, Problems: p.result.Problems, Stopped: err, HeldSets: p.held,
		Recorded: e.Recorded, Approved: p.approved,
	})
	e.tell(rep, err)
	told, lost := e.announce(ctx, req, rep)
	p.debt.settle(ctx, p.result.Items, told)
	rep = rep.Untold(lost)
	return Outcome{Report: rep, Lines: p.lines(), Review: p.review, Err: err}
}

// pass is the order of the stages. JumpServer is read before the clouds, so that an asset which
// appears meanwhile is never taken for a leftover.
func (e Engine) pass(ctx context.Context, req Request) (pass, error) {
	p := pass{changes: noChanges, debt: e.debt(req.DryRun)}
	narrow := cloud.Narrow{Accounts: req.Accounts, Regions: req.Regions}
	if unknown := e.Clouds.Unknown(narrow); len(unknown) > 0 {
		return p, errUnknown(unknown)
	}
	view, done := e.increment(ctx, narrow, req, &p)
	if done {
		e.limits(ctx, req, 0) // gives up what this part wanted before
		return p, nil
	}
	e.stage("jumpserver")
	bastion, err := e.Bastion.Read(ctx)
	if err != nil {
		e.failed(ctx, view, req, p)
		return pass{changes: noChanges}, err
	}
	e.stage("clouds")
	p.listings = e.Clouds.List(ctx, narrow)
	if len(p.listings) == 0 {
		return p, errNothingAsked(req)
	}
	known := e.recall(ctx, p.listings)
	p.listings = e.vouched(p.listings, known, bastion.Assets)
	if view == nil && e.remembers(req) {
		view = e.load(ctx, scopesOf(p.listings))
	}
	p.debt.look(ctx, bastion.Assets, nil)
	e.stage("plan")
	rules := e.Rules
	rules.Now, rules.Narrow = e.Now(), shortNames(ctx, e, e.Bastion, p.listings)
	wishes := plan.Build(plan.Input{Bastion: bastion, Listings: p.listings}, rules)
	granted := e.granted(ctx, req, wishes)
	approved := e.approve(ctx, req, wishes, granted, &p)
	p.approved = granted.hashes()
	p.plans(approved)
	e.stage("apply")
	e.begin(ctx, view, p.changes)
	p.debt.intend(ctx, approved)
	p.result = apply.Run(ctx, e.writer(req), approved, e.writing())
	p.result.Problems = append(p.result.Problems, nearLimit(len(bastion.Assets), p.result)...)
	p.result.Problems = append(p.result.Problems, onlyDeactivates(bastion, rules)...)
	p.result.Problems = append(p.result.Problems, unproved(p.notes)...)
	e.used(ctx, req, granted, wishes, p)
	e.remember(ctx, view, p.listings, p, e.Now())
	if !req.DryRun {
		e.learnNodes(ctx, p.listings)
		e.learnOwners(ctx, p.listings, known)
	}
	return p, nil
}

// pass is what the stages of one run gave.
type pass struct {
	ahead     []inventory.Scope // what was known of the scopes before they were listed
	listings  []inventory.Listing
	changes   iter.Seq[plan.Change] // approved
	notes     []plan.Change         // lines that change nothing
	unchanged int                   // instances whose assets are as they want them, read or known
	result    apply.Result
	debt      *debt
	held      []report.HeldSet // for which a person may give approval
	review    []plan.Line
	approved  map[string]string // of assets whose removal people approved: the set's hash
}

// plans takes what an approved plan says.
func (p *pass) plans(a plan.Approved) {
	p.changes, p.notes = a.Changes(), a.Notes()
	p.unchanged = a.Unchanged()
}

// lines gives every line of the plan, changes first.
func (p pass) lines() iter.Seq[plan.Change] {
	return func(yield func(plan.Change) bool) {
		for c := range p.changes {
			if !yield(c) {
				return
			}
		}
		for _, n := range p.result.Nodes {
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

// writer gives the bastion, or for a dry run one that cannot write.
func (e Engine) writer(req Request) apply.Bastion {
	if req.DryRun {
		return apply.DryRun{Reader: e.Bastion}
	}
	return e.Bastion
}

// budget ends the work before the context's deadline, so that report and notification go out.
func (e Engine) budget(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, bounded := ctx.Deadline()
	if !bounded {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-e.Reserve))
}

func (e Engine) stage(name string) {
	e.Log.Debug("stage", "name", name)
	if e.Stage != nil {
		e.Stage(name)
	}
}

func errUnknown(names []string) error {
	return &inventory.Error{
		Kind:    inventory.NotFound,
		Message: "no such account in the configuration: " + strings.Join(names, ", "),
	}
}

func errNothingAsked(req Request) error {
	return &inventory.Error{
		Kind:    inventory.NotFound,
		Message: "no configured account and region is asked for",
		Err:     errors.New(describe(req)),
	}
}
