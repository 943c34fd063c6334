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
	// Node returns the node that a configured path means, and makes it where there is none: the node with
	// the id that is known of the path ("" = none) while it exists, else that at the path.
	Node(ctx context.Context, path, known string) (inventory.Node, error)
	// Lacking returns those of the platforms' names that JumpServer does not have.
	Lacking(ctx context.Context, platforms []string) ([]string, error)
	// Create makes one host under the node NodeID; inventory.ErrNodeGone says that there is none. existed tells that an asset with this id is in this organisation
	// already; it is left as it is.
	Create(ctx context.Context, a inventory.NewAsset) (existed bool, err error)
	// Update writes patches; the errors stand at the places of their patches, nil = done. Before each request but
	// the first, still says which of its rows (places of patches) are to be written even now; the entries of others
	// are nil. nil instead of still: all are.
	Update(ctx context.Context, patches []inventory.Patch, still func(rows []int) []int) []error
	// UpdateBatch tells how many patches one request should have now, at least 1; labels: they set labels.
	UpdateBatch(ctx context.Context, labels bool) int
	// Remove deletes exactly these hosts; the errors stand at the places of their ids. Right before the request
	// that deletes, the hosts are read once more, and still says whether one is to be deleted even as it is now;
	// the entries of others are nil. nil instead of still: all are.
	Remove(ctx context.Context, ids []string, still func(now inventory.Asset) bool) []error
	// RemoveBatch tells how many ids one removal should have now, at least 1.
	RemoveBatch(ctx context.Context) int
	// Assets reads just these hosts; those that do not exist are missing from the answer.
	Assets(ctx context.Context, ids []string) ([]inventory.Asset, error)
}

// NodeMemory remembers from run to run which node a configured path means.
type NodeMemory interface {
	// Known returns the id that is remembered for a path; "" = none. With an error it is not known whether
	// there is one.
	Known(ctx context.Context, path string) (id string, err error)
	// Keep remembers an id in place of the one that Known returned.
	Keep(ctx context.Context, path, id string) error
}

// Options say how fast to write, and who is told.
type Options struct {
	Writers int // parallel creates at most; at least 1
	Now     func() time.Time
	// Sleep waits; nil = in real time. Its error is that the context has ended.
	Sleep    func(ctx context.Context, d time.Duration) error
	Log      *slog.Logger
	Progress func(done, total int) // may be nil; called by one goroutine at a time
	Nodes    NodeMemory            // nil = nodes are found by their paths
	// TrustNodes: remembered ids of nodes are used without asking for the node. That saves a call, and not
	// told is where the node stands; a host under a node that is gone is refused.
	TrustNodes bool
	// Paused is asked once more right before removals begin: what a person has paused meanwhile stops a run that
	// is at work. nil, or in a dry run: nothing is.
	Paused func(ctx context.Context) plan.Pause
}

// Run writes moves, creates, updates and removals, in this order, and says what became of each.
func Run(ctx context.Context, to Bastion, what plan.Approved, o Options) Result {
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	r := &run{ctx: ctx, to: to, o: o, named: map[string]string{}, barred: map[string]error{}}
	for _, step := range what.Moves() {
		r.total += len(step)
	}
	r.total += len(what.Creates()) + len(what.Updates()) + len(what.Removals())
	r.result.Items = slices.Grow(r.result.Items, r.total)
	for _, step := range what.Moves() {
		r.updates(step)
	}
	r.creates(what.Creates())
	r.updates(what.Updates())
	r.removals(what.Removals())
	r.summarise()
	return r.result
}

// run is one call of Run. Its methods are called one after another.
type run struct {
	ctx    context.Context
	to     Bastion
	o      Options
	result Result
	total  int
	named  map[string]string // the names that this run gave, by asset
	barred map[string]error  // why nothing more is written, by kind of job
	silent int               // weighs what went without an answer since the last success, see judge
	away   error             // why nothing more is sent at all
}

func (r *run) add(items ...Item) {
	for _, i := range items {
		r.result.Items = append(r.result.Items, i)
		r.tell(i)
	}
	if r.o.Progress != nil {
		r.o.Progress(len(r.result.Items), r.total)
	}
}

// tell logs one item with its full address, as the operator looks for it.
func (r *run) tell(i Item) {
	if i.State == Done && !r.o.Log.Enabled(r.ctx, slog.LevelInfo) {
		return // there may be a hundred thousand of them
	}
	attrs := []any{
		"op", string(i.Change.Action), "state", string(i.State), "cloud", string(i.Change.Scope.Cloud),
		"account", i.Change.Scope.Account, "region", i.Change.Scope.Region,
		"instance", i.Change.InstanceID, "asset", i.Change.AssetID, "name", i.Change.Name,
	}
	switch i.State {
	case Failed:
		r.o.Log.Error("change failed", append(attrs, "error", i.Err)...)
	case Unknown:
		r.o.Log.Error("it is not known whether the change was made", append(attrs, "error", i.Err)...)
	case Done:
		made := "change made"
		if _, dry := r.to.(DryRun); dry {
			made = "change would be made"
		}
		r.o.Log.Info(made, append(attrs, "reason", i.Change.Reason.Text(plan.English))...)
	default:
		r.o.Log.Warn("change not made", append(attrs, "reason", i.Reason.Text(plan.English))...)
	}
}

// outcome makes an item of an error: what ended with the time is not a failure of the item.
func (r *run) outcome(c plan.Change, err error) Item {
	switch kind := inventory.KindOf(err); {
	case err == nil:
		return Item{Change: c, State: Done}
	case kind == inventory.Deadline, kind == inventory.Throttled, r.ctx.Err() != nil && inventory.Passing(err):
		return Item{Change: c, State: NotReached, Reason: plan.Because(r.ends(plan.TimeUp, plan.Interrupted))}
	case kind == inventory.Limit:
		return Item{Change: c, State: NotReached, Reason: plan.Because(plan.RoomUsedUp)}
	case kind == inventory.Unanswered:
		return Item{Change: c, State: Unknown, Reason: plan.Because(plan.NotAnswered), Err: err}
	}
	return Item{Change: c, State: Failed, Err: err}
}

// summarise adds what concerns the run as a whole: how far it came, and that the room is used up.
func (r *run) summarise() {
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
		r.trouble(inventory.Deadline, plan.Because(r.ends(plan.RanOutOfTime, plan.WasInterrupted), done+full+unknown, r.total, late))
	}
	if unknown > 0 {
		r.trouble(inventory.Unanswered, plan.Because(plan.RanUnanswered, unknown))
	}
	if full > 0 {
		r.trouble(inventory.Limit, plan.Because(plan.RanOutOfRoom, full))
	}
}

// ends returns the words for an end by the clock, or for one that somebody asked for: a signal, a new deployment.
func (r *run) ends(byTime, byOrder plan.Code) plan.Code {
	if errors.Is(r.ctx.Err(), context.Canceled) {
		return byOrder
	}
	return byTime
}

func (r *run) trouble(kind inventory.Kind, why plan.Reason) {
	r.result.Problems = append(r.result.Problems, &plan.Trouble{Kind: kind, Reason: why})
}
