package engine

import (
	"context"
	"errors"
	"time"

	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
)

// enqueueShared keeps a report of events in the store, where the invocations of all processes find it,
// and tells what is to be told now. It gives false where the store does not have the report.
func (e Engine) enqueueShared(ctx context.Context, rep report.Report) bool {
	if e.ReportQueue == nil {
		return false
	}
	data, err := report.Marshal(rep, state.MaxShardReport)
	if err != nil {
		e.Log.Warn("a report cannot be shared with other processes", "error", err)
		return false
	}
	ctx, cancel := detachedContext(ctx)
	defer cancel()
	batch, err := e.ReportQueue.Put(ctx, data, e.Now())
	switch {
	case errors.Is(err, state.ErrNoReportQueue):
		e.Log.Info("events share cards only within this process", "reason", err)
	case err != nil:
		e.Log.Warn("reports of events are not shared between processes as they should be", "error", err)
	}
	e.sendClaimed(ctx, batch)
	return batch.Queued
}

// flushDue tells reports of events whose window is over.
func (e Engine) flushDue(ctx context.Context) {
	if len(e.Notifiers) == 0 {
		return
	}
	if e.Outbox != nil {
		e.sendQueued(ctx, e.Outbox.claimDue(e.Now()))
	}
	if e.ReportQueue != nil {
		e.flushShared(ctx, e.ReportQueue.ClaimDue)
	}
}

// claimFunc is Due or All of a window.
type claimFunc func(ctx context.Context, now time.Time) (state.ReportBatch, error)

// flushShared tells what the shared window gives.
func (e Engine) flushShared(ctx context.Context, what claimFunc) {
	ctx, cancel := detachedContext(ctx)
	defer cancel()
	batch, err := what(ctx, e.Now())
	if err != nil && !errors.Is(err, state.ErrNoReportQueue) {
		e.Log.Warn("kept reports of events could not be read; a later run tells them", "error", err)
	}
	e.sendClaimed(ctx, batch)
}

// sendClaimed tells reports of the shared window in one card, or leaves them to others.
func (e Engine) sendClaimed(ctx context.Context, batch state.ReportBatch) {
	if len(batch.Reports) == 0 {
		return
	}
	var reports []report.Report
	for _, data := range batch.Reports {
		r, err := report.Unmarshal(data)
		if err != nil {
			e.Log.Error("a kept report is not told", "error", err)
			continue
		}
		reports = append(reports, r)
	}
	end := batch.Ack
	if len(reports) > 0 && e.sendReport(ctx, report.Merge(reports)) != nil {
		end = batch.Nack
	}
	if err := end(ctx); err != nil {
		e.Log.Warn("reports of events may be told twice", "error", err)
	}
}
