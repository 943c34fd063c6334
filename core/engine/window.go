package engine

import (
	"context"
	"errors"
	"time"

	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
)

// share keeps a report of events in the store, where the invocations of all processes find it,
// and tells what is to be told now. It gives false where the store does not have the report.
func (e Engine) share(ctx context.Context, rep report.Report) bool {
	if e.Window == nil {
		return false
	}
	data, err := report.Keep(rep, state.MaxReport)
	if err != nil {
		e.Log.Warn("a report cannot be shared with other processes", "error", err)
		return false
	}
	ctx, cancel := lastWords(ctx)
	defer cancel()
	batch, err := e.Window.Offer(ctx, data, e.Now())
	switch {
	case errors.Is(err, state.ErrNoWindow):
		e.Log.Info("events share cards only within this process", "reason", err)
	case err != nil:
		e.Log.Warn("reports of events are not shared between processes as they should be", "error", err)
	}
	e.deliverBatch(ctx, batch)
	return batch.Kept
}

// overdue tells reports of events whose window is over.
func (e Engine) overdue(ctx context.Context) {
	if len(e.Notifiers) == 0 {
		return
	}
	if e.Outbox != nil {
		e.deliver(ctx, e.Outbox.due(e.Now()))
	}
	if e.Window != nil {
		e.take(ctx, e.Window.Due)
	}
}

// taking is Due or All of a window.
type taking func(ctx context.Context, now time.Time) (state.Batch, error)

// take tells what the shared window gives.
func (e Engine) take(ctx context.Context, what taking) {
	ctx, cancel := lastWords(ctx)
	defer cancel()
	batch, err := what(ctx, e.Now())
	if err != nil && !errors.Is(err, state.ErrNoWindow) {
		e.Log.Warn("kept reports of events could not be read; a later run tells them", "error", err)
	}
	e.deliverBatch(ctx, batch)
}

// deliverBatch tells reports of the shared window in one card, or leaves them to others.
func (e Engine) deliverBatch(ctx context.Context, batch state.Batch) {
	if len(batch.Reports) == 0 {
		return
	}
	var reports []report.Report
	for _, data := range batch.Reports {
		r, err := report.Restore(data)
		if err != nil {
			e.Log.Error("a kept report is not told", "error", err)
			continue
		}
		reports = append(reports, r)
	}
	end := batch.Told
	if len(reports) > 0 && e.send(ctx, report.Merge(reports)) != nil {
		end = batch.Back
	}
	if err := end(ctx); err != nil {
		e.Log.Warn("reports of events may be told twice", "error", err)
	}
}
