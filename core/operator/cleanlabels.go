package operator

import (
	"context"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
)

// LabelPage is JumpServer's label page, where each label that was ever used has a row.
type LabelPage interface {
	// Read proves the organisation and returns everything in it, complete, or an error.
	Read(ctx context.Context) (inventory.JumpServerAssets, error)
	// LabelRows lists the rows of a name, complete, or an error.
	LabelRows(ctx context.Context, name string) ([]inventory.LabelRow, error)
	// LabelHolders lists what has a label, and what had it when it was deleted: complete, or an error.
	LabelHolders(ctx context.Context, row inventory.LabelRow) ([]inventory.LabelHolder, error)
	// DeleteLabelRow deletes a row, unless something has it by now or it was edited (kind Conflict), or it is gone
	// (kind NotFound).
	DeleteLabelRow(ctx context.Context, row inventory.LabelRow) error
}

// LabelCleanup says how far the tidying of the label page goes.
type LabelCleanup struct {
	Write      bool                      // else nothing is deleted
	OnListed   func([]CleanedLabel)      // called with all rows before anything is deleted; may be nil
	OnProgress func(done int, total int) // of the removals; may be nil; called by one goroutine at a time
}

// LabelState is what became of a row.
type LabelState string

// The states of rows.
const (
	LabelKept       LabelState = "keep"
	LabelUnused     LabelState = "unused" // it would be removed
	LabelRemoved    LabelState = "remove"
	LabelFailed     LabelState = "fail"
	LabelNotReached LabelState = "skip" // the removals ended before its turn
)

// CleanedLabel is a row, what became of it, and why.
type CleanedLabel struct {
	plan.LabelVerdict
	State LabelState
	Err   error // of LabelFailed
}

// LabelCleanupResult is what became of the label page.
type LabelCleanupResult struct {
	Rows []CleanedLabel // all of the labels that are tidied, by name and value
	// Err is what stopped it. Where the rows are missing nothing was deleted.
	Err error
}

const (
	// labelConcurrency is how many rows are asked for, or removed, at a time.
	labelConcurrency = 4
	// maxFailuresInARow is after how many failures in a row the removals end.
	maxFailuresInARow = 3
)

// CleanLabels finds the rows of the label page that are ours alone and that nothing has any more, and with Write
// removes them. Nothing is deleted unless everything could be read: rows, assets and holders; nor while removals are
// paused.
func CleanLabels(ctx context.Context, e engine.Engine, page LabelPage, o LabelCleanup) LabelCleanupResult {
	e.EnterStage("jumpserver")
	rows, err := classifyLabels(ctx, page, e.Now)
	if err != nil {
		return LabelCleanupResult{Err: err}
	}
	if o.OnListed != nil {
		o.OnListed(slices.Clone(rows))
	}
	if !o.Write {
		return LabelCleanupResult{Rows: rows}
	}
	pause := e.Paused(ctx)
	if pause.Stands() {
		return LabelCleanupResult{Rows: rows, Err: &reason.RunError{Kind: inventory.Conflict, Reason: pause.HoldReason()}}
	}
	e.EnterStage("apply")
	return LabelCleanupResult{Rows: rows, Err: deleteUnusedLabels(ctx, page, rows, o.OnProgress)}
}

// classifyLabels reads the rows, then the assets, then the holders of what no asset has: each is newer than what it is to
// prove.
func classifyLabels(ctx context.Context, page LabelPage, now func() time.Time) ([]CleanedLabel, error) {
	var listed []inventory.LabelRow
	for _, name := range plan.PrunableLabels() {
		some, err := page.LabelRows(ctx, name)
		if err != nil {
			return nil, err
		}
		listed = append(listed, some...)
	}
	bastion, err := page.Read(ctx)
	if err != nil {
		return nil, err
	}
	use := plan.NewLabelUsage(bastion, now())
	rows := make([]CleanedLabel, len(listed))
	g, asking := errgroup.WithContext(ctx)
	g.SetLimit(labelConcurrency)
	for n, row := range listed {
		rows[n] = newCleanedLabel(use.Classify(row))
		if !rows[n].Unused || row.LinkCount == 0 {
			continue
		}
		g.Go(func() error {
			holders, err := page.LabelHolders(asking, row)
			if err != nil {
				return err
			}
			rows[n] = newCleanedLabel(use.CheckHolders(rows[n].LabelVerdict, holders))
			return nil
		})
	}
	return rows, g.Wait()
}

func newCleanedLabel(line plan.LabelVerdict) CleanedLabel {
	if line.Unused {
		return CleanedLabel{LabelVerdict: line, State: LabelUnused}
	}
	return CleanedLabel{LabelVerdict: line, State: LabelKept}
}

// deleteUnusedLabels removes the unused rows and notes what became of each. It begins no further removal after the first
// error that all others would meet too, or a few failures in a row; what is under way is finished.
func deleteUnusedLabels(ctx context.Context, page LabelPage, rows []CleanedLabel, progress func(int, int)) error {
	var unused []*CleanedLabel
	for n := range rows {
		if rows[n].State == LabelUnused {
			rows[n].State = LabelNotReached
			unused = append(unused, &rows[n])
		}
	}
	r := labelDeletion{total: len(unused), progress: progress}
	var g errgroup.Group
	g.SetLimit(labelConcurrency)
	for _, row := range unused {
		g.Go(func() error {
			if ctx.Err() == nil && r.canContinue() {
				r.recordResult(row, page.DeleteLabelRow(ctx, row.LabelRow))
			}
			return nil
		})
	}
	_ = g.Wait() // none returns an error: see recordResult
	if r.stopped == nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return r.stopped
}

// labelDeletion is how far the removals have come.
type labelDeletion struct {
	total    int
	progress func(int, int)

	mu       sync.Mutex
	done     int
	failures int   // in a row
	stopped  error // why no further one begins
}

func (r *labelDeletion) canContinue() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stopped == nil
}

// recordResult notes what came of a row's removal.
func (r *labelDeletion) recordResult(row *CleanedLabel, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.done++; r.progress != nil {
		r.progress(r.done, r.total)
	}
	switch inventory.KindOf(err) {
	case "":
		row.State, r.failures = LabelRemoved, 0
		return
	case inventory.Conflict, inventory.NotFound:
		row.State, row.Unused, row.Reason, r.failures = LabelKept, false, reason.New(reason.LabelMeanwhile), 0
		return
	}
	row.State, row.Err = LabelFailed, err
	if r.failures++; r.stopped == nil && (r.failures >= maxFailuresInARow || isFatal(err)) {
		r.stopped = err
	}
}

// isFatal reports whether every further removal would meet the same error.
func isFatal(err error) bool {
	switch inventory.KindOf(err) {
	case inventory.Denied, inventory.BadCredentials, inventory.Organisation, inventory.Deadline, inventory.Throttled:
		return true
	}
	return false
}
