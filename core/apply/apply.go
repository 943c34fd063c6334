// Package apply promises that once the context has ended, no further write begins. What was not reached is in the
// result, and the next run continues from there.
//
// It carries out an approved plan. It is the only package that writes assets, and it takes nothing but
// plan.Approved, which only the guard can fill.
package apply

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
)

// Bastion is what apply needs of JumpServer. All methods are safe for concurrent use. An error of kind Unanswered
// means that a write may have been carried out, or may still be for as long as its RetryAfter.
type Bastion interface {
	// EnsureNode returns the node that a configured path means, and creates it if there is none: the node with
	// the known id of the path ("" = none) while it exists, else the one at the path.
	EnsureNode(ctx context.Context, path, known string) (inventory.Node, error)
	// MissingPlatforms returns the names among platforms that JumpServer does not have.
	MissingPlatforms(ctx context.Context, platforms []string) ([]string, error)
	// Create creates one host under the nodes NodeIDs; inventory.ErrNodeGone means that one of them does not exist,
	// inventory.ErrTemplateGone and ErrAccountsClash that its Accounts are refused: it was not made.
	// existed reports that this organisation already has an asset with this id, which is left as it is.
	Create(ctx context.Context, a inventory.NewAsset) (existed bool, err error)
	// Update writes patches. The errors have the indices of their patches; nil = done. Before each request but
	// the first, still returns which of its rows (indices of patches) must still be written; the entries of the
	// others are nil. Without still all are written.
	Update(ctx context.Context, patches []inventory.Patch, still func(rows []int) []int) []error
	// UpdateBatchSize returns how many patches one request should have now, at least 1; labels: they set labels.
	UpdateBatchSize(ctx context.Context, labels bool) int
	// Remove deletes exactly these hosts. The errors have the indices of their ids. Right before the request
	// that deletes, the hosts are read once more, and still reports whether one must be deleted as it is now;
	// the entries of the others are nil. Without still all are deleted.
	Remove(ctx context.Context, ids []string, still func(now inventory.Asset) bool) []error
	// RemoveBatchSize returns how many ids one removal should have now, at least 1.
	RemoveBatchSize(ctx context.Context) int
	// AttachAccounts makes accounts of templates on hosts that exist, and never touches an account that is there. The errors
	// have the indices of the accounts; nil = the host has the account, or one of that username and secret type.
	// inventory.ErrTemplateGone means that there is no such template.
	AttachAccounts(ctx context.Context, accounts []inventory.NewAccount) []error
	// ListTemplates returns the account templates; denied = the access key's user may not see them. If one of the names or
	// ids is not among those that are known, they are read again.
	ListTemplates(ctx context.Context, wanted ...string) (templates []inventory.AccountTemplate, denied bool, err error)
	// AssetsByID returns these hosts; those that do not exist are missing from the result.
	AssetsByID(ctx context.Context, ids []string) ([]inventory.Asset, error)
}

// NodeStore remembers from run to run which node a configured path means.
type NodeStore interface {
	// Load returns the stored id of a path; "" = none. After an error it is unknown whether there is one.
	Load(ctx context.Context, path string) (id string, err error)
	// Save stores an id in place of the one that Load returned.
	Save(ctx context.Context, path, id string) error
}

// Options say how fast to write, and what else a run uses.
type Options struct {
	Writers int // maximum of parallel creates; at least 1
	Now     func() time.Time
	// Sleep waits; nil = in real time. Its error is that of the context.
	Sleep    func(ctx context.Context, d time.Duration) error
	Log      *slog.Logger
	Progress func(done, total int) // may be nil; never called concurrently
	Nodes    NodeStore             // nil = nodes are found by their paths
	// TrustStoredNodes uses stored ids of nodes without asking for the node. That saves a call, but does not
	// report a node that was moved; a host under a node that is gone is refused.
	TrustStoredNodes bool
	// Paused is called right before removals begin: a pause that a person has set meanwhile stops them. nil,
	// and in a dry run: not called.
	Paused func(ctx context.Context) plan.Pause
}

// Run writes renames, creates, updates and removals, in this order, and returns what became of each.
func Run(ctx context.Context, to Bastion, what plan.Approved, o Options) Result {
	r := newRunner(ctx, to, o)
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
	r.result.Nodes = r.nodes.notableNodes()
	r.addRunErrors()
	return r.result
}

func newRunner(ctx context.Context, to Bastion, o Options) *runner {
	if o.Sleep == nil {
		o.Sleep = sleepContext
	}
	r := &runner{
		ctx: ctx, target: to, options: o, written: map[string][]*inventory.Patch{}, stoppedJobs: map[string]error{}, rest: map[string]*restOfChange{},
	}
	r.nodes = r.newNodeResolver()
	return r
}

// runner is one call of Run. Its methods are not safe for concurrent use.
type runner struct {
	ctx              context.Context
	target           Bastion
	options          Options
	result           Result
	total            int
	nodes            *nodeResolver
	rest             map[string]*restOfChange      // asset id → what is left of a change that takes several requests
	putOff           []plan.Change                 // parts of changes whose turn comes after all patches
	written          map[string][]*inventory.Patch // asset id → what this run wrote
	stoppedJobs      map[string]error              // by permission: why nothing more of these jobs is written
	unansweredWeight int                           // of requests without an answer since the last success, see countUnanswered
	stopErr          error                         // why nothing more is sent at all
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

// logItem logs one item with all its ids, for operators to search.
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
		r.options.Log.Info(made, append(attrs, "reason", i.Change.Reason.Text(language.English))...)
	default:
		r.options.Log.Warn("change not made", append(attrs, "reason", i.Reason.Text(language.English))...)
	}
}

// itemOf returns the item of a change that ended with err. What ended with the context is no failure.
func (r *runner) itemOf(c plan.Change, err error) Item {
	kind := inventory.KindOf(err)
	switch {
	case err == nil:
		return Item{Change: c, State: Done}
	case kind == inventory.Deadline, kind == inventory.Throttled, r.ctx.Err() != nil && inventory.IsTransient(err):
		return Item{Change: c, State: NotReached, Reason: reason.New(r.endCode(reason.TimeUp, reason.Interrupted))}
	case kind == inventory.Limit:
		return Item{Change: c, State: NotReached, Reason: reason.New(reason.RoomUsedUp)}
	case kind == inventory.Unanswered:
		return Item{Change: c, State: Unknown, Reason: reason.New(reason.NotAnswered), Err: err}
	}
	return Item{Change: c, State: Failed, Err: err}
}

// addRunErrors adds the problems of the whole run: changes not reached, without an answer, or beyond JumpServer's
// limit of assets.
func (r *runner) addRunErrors() {
	done, late, full, unknown := 0, 0, 0, 0
	for _, i := range r.result.Items {
		switch {
		case i.State == Unknown:
			unknown++
		case i.State != NotReached:
			done++
		case i.Reason.Code == reason.RoomUsedUp:
			full++
		default:
			late++
		}
	}
	if late > 0 {
		r.addProblem(inventory.Deadline, reason.New(r.endCode(reason.RanOutOfTime, reason.WasInterrupted), done+full+unknown, r.total, late))
	}
	if unknown > 0 {
		r.addProblem(inventory.Unanswered, reason.New(reason.RanUnanswered, unknown))
	}
	if full > 0 {
		r.addProblem(inventory.Limit, reason.New(reason.RanOutOfRoom, full))
	}
}

// endCode returns byOrder if somebody ended the run (a signal, a new deployment), else byTime.
func (r *runner) endCode(byTime, byOrder reason.Code) reason.Code {
	if errors.Is(r.ctx.Err(), context.Canceled) {
		return byOrder
	}
	return byTime
}

func (r *runner) addProblem(kind inventory.Kind, why reason.Reason) {
	r.result.Problems = append(r.result.Problems, &reason.RunError{Kind: kind, Reason: why})
}
