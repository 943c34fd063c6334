// Package apply carries out an approved plan. It is the only package that writes assets, and it
// takes nothing but plan.Approved, which only the guard can fill.
//
// Promise: once the context has ended, no further write begins. What was not reached is said in
// the result, and the next run goes on from there.
package apply

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
)

// Bastion is what apply needs of JumpServer. All methods may be called by several goroutines. An error of kind
// Unanswered says that a write may have been carried out, or still be for as long as its RetryAfter.
type Bastion interface {
	// EnsureNode returns the node that a configured path means, and makes it where there is none: the node with
	// the id that is known of the path ("" = none) while it exists, else that at the path.
	EnsureNode(ctx context.Context, path, known string) (inventory.Node, error)
	// MissingPlatforms returns those of the platforms' names that JumpServer does not have.
	MissingPlatforms(ctx context.Context, platforms []string) ([]string, error)
	// Create makes one host under the node NodeID; inventory.ErrNodeGone says that there is none. existed tells that an asset with this id is in this organisation
	// already; it is left as it is.
	Create(ctx context.Context, a inventory.NewAsset) (existed bool, err error)
	// Update writes patches; the errors stand at the places of their patches, nil = done. Before each request but
	// the first, still says which of its rows (places of patches) are to be written even now; the entries of others
	// are nil. nil instead of still: all are.
	Update(ctx context.Context, patches []inventory.Patch, still func(rows []int) []int) []error
	// UpdateBatchSize tells how many patches one request should have now, at least 1; labels: they set labels.
	UpdateBatchSize(ctx context.Context, labels bool) int
	// Remove deletes exactly these hosts; the errors stand at the places of their ids. Right before the request
	// that deletes, the hosts are read once more, and still says whether one is to be deleted even as it is now;
	// the entries of others are nil. nil instead of still: all are.
	Remove(ctx context.Context, ids []string, still func(now inventory.Asset) bool) []error
	// RemoveBatchSize tells how many ids one removal should have now, at least 1.
	RemoveBatchSize(ctx context.Context) int
	// AssetsByID reads just these hosts; those that do not exist are missing from the answer.
	AssetsByID(ctx context.Context, ids []string) ([]inventory.Asset, error)
}

// NodeStore remembers from run to run which node a configured path means.
type NodeStore interface {
	// Load returns the id that is remembered for a path; "" = none. With an error it is not known whether
	// there is one.
	Load(ctx context.Context, path string) (id string, err error)
	// Save remembers an id in place of the one that Known returned.
	Save(ctx context.Context, path, id string) error
}

// Options say how fast to write, and who is told.
type Options struct {
	Writers int // parallel creates at most; at least 1
	Now     func() time.Time
	// Sleep waits; nil = in real time. Its error is that the context has ended.
	Sleep    func(ctx context.Context, d time.Duration) error
	Log      *slog.Logger
	Progress func(done, total int) // may be nil; called by one goroutine at a time
	Nodes    NodeStore             // nil = nodes are found by their paths
	// TrustStoredNodes: remembered ids of nodes are used without asking for the node. That saves a call, and not
	// told is where the node stands; a host under a node that is gone is refused.
	TrustStoredNodes bool
	// Paused is asked once more right before removals begin: what a person has paused meanwhile stops a run that
	// is at work. nil, or in a dry run: nothing is.
	Paused func(ctx context.Context) plan.Pause
}

// Run writes moves, creates, updates and removals, in this order, and says what became of each.
func Run(ctx context.Context, to Bastion, what plan.Approved, o Options) Result {
	if o.Sleep == nil {
		o.Sleep = sleepContext
	}
	r := &runner{ctx: ctx, target: to, options: o, newNames: map[string]string{}, stoppedJobs: map[string]error{}}
	for _, step := range what.Renames() {
		r.total += len(step)
	}
	r.total += len(what.Creates()) + len(what.Updates()) + len(what.Removals())
	r.result.Items = slices.Grow(r.result.Items, r.total)
	for _, step := range what.Renames() {
		r.updateAll(step)
	}
	r.createAll(what.Creates())
	r.updateAll(what.Updates())
	r.removeAll(what.Removals())
	r.addRunErrors()
	return r.result
}

// runner is one call of Run. Its methods are called one after another.
type runner struct {
	ctx              context.Context
	target           Bastion
	options          Options
	result           Result
	total            int
	newNames         map[string]string // the names that this run gave, by asset
	stoppedJobs      map[string]error  // why nothing more is written, by kind of job
	unansweredWeight int               // weighs what went without an answer since the last success, see judge
	stopErr          error             // why nothing more is sent at all
}

func (r *runner) addItems(items ...Item) {
	for _, i := range items {
		r.result.Items = append(r.result.Items, i)
		r.logItem(i)
	}
	if r.options.Progress != nil {
		r.options.Progress(len(r.result.Items), r.total)
	}
}

// logItem logs one item with its full address, as the operator looks for it.
func (r *runner) logItem(i Item) {
	if i.State == Done && !r.options.Log.Enabled(r.ctx, slog.LevelInfo) {
		return // there may be a hundred thousand of them
	}
	attrs := []any{
		"op", string(i.Change.Action), "state", string(i.State), "cloud", string(i.Change.Scope.Cloud),
		"account", i.Change.Scope.Account, "region", i.Change.Scope.Region,
		"instance", i.Change.InstanceID, "asset", i.Change.AssetID, "name", i.Change.Name,
	}
	switch i.State {
	case Failed:
		r.options.Log.Error("change failed", append(attrs, "error", i.Err)...)
	case Unknown:
		r.options.Log.Error("it is not known whether the change was made", append(attrs, "error", i.Err)...)
	case Done:
		made := "change made"
		if _, dry := r.target.(DryRun); dry {
			made = "change would be made"
		}
		r.options.Log.Info(made, append(attrs, "reason", i.Change.Reason.Text(plan.English))...)
	default:
		r.options.Log.Warn("change not made", append(attrs, "reason", i.Reason.Text(plan.English))...)
	}
}

// itemOf makes an item of an error: what ended with the time is not a failure of the item.
func (r *runner) itemOf(c plan.Change, err error) Item {
	switch kind := inventory.KindOf(err); {
	case err == nil:
		return Item{Change: c, State: Done}
	case kind == inventory.Deadline, kind == inventory.Throttled, r.ctx.Err() != nil && inventory.IsTransient(err):
		return Item{Change: c, State: NotReached, Reason: plan.NewReason(r.endCode(plan.TimeUp, plan.Interrupted))}
	case kind == inventory.Limit:
		return Item{Change: c, State: NotReached, Reason: plan.NewReason(plan.RoomUsedUp)}
	case kind == inventory.Unanswered:
		return Item{Change: c, State: Unknown, Reason: plan.NewReason(plan.NotAnswered), Err: err}
	}
	return Item{Change: c, State: Failed, Err: err}
}

// addRunErrors adds what concerns the run as a whole: how far it came, and that the room is used up.
func (r *runner) addRunErrors() {
	done, late, full, unknown := 0, 0, 0, 0
	for _, i := range r.result.Items {
		switch {
		case i.State == Unknown:
			unknown++
		case i.State != NotReached:
			done++
		case i.Reason.Code == plan.RoomUsedUp:
			full++
		default:
			late++
		}
	}
	if late > 0 {
		r.addProblem(inventory.Deadline, plan.NewReason(r.endCode(plan.RanOutOfTime, plan.WasInterrupted), done+full+unknown, r.total, late))
	}
	if unknown > 0 {
		r.addProblem(inventory.Unanswered, plan.NewReason(plan.RanUnanswered, unknown))
	}
	if full > 0 {
		r.addProblem(inventory.Limit, plan.NewReason(plan.RanOutOfRoom, full))
	}
}

// endCode returns the words for an end by the clock, or for one that somebody asked for: a signal, a new deployment.
func (r *runner) endCode(byTime, byOrder plan.Code) plan.Code {
	if errors.Is(r.ctx.Err(), context.Canceled) {
		return byOrder
	}
	return byTime
}

func (r *runner) addProblem(kind inventory.Kind, why plan.Reason) {
	r.result.Problems = append(r.result.Problems, &plan.RunError{Kind: kind, Reason: why})
}
