package delivery

import (
	"context"
	"errors"
	"time"

	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
)

// enqueueShared keeps a report of events in the store, where the invocations of all processes find it,
// and sends what is to be sent now. It reports whether the store has the report.
func (c Cards) enqueueShared(ctx context.Context, rep report.Report) bool {
	if c.Queue == nil {
		return false
	}
	data, err := report.Marshal(rep, state.MaxShardReport)
	if err != nil {
		c.Log.Warn("a report cannot be shared with other processes", "error", err)
		return false
	}
	ctx, cancel := DetachedContext(ctx)
	defer cancel()
	batch, err := c.Queue.Put(ctx, data, c.Now())
	switch {
	case errors.Is(err, state.ErrNoQueue):
		c.Log.Info("events share cards only within this process", "reason", err)
	case err != nil:
		c.Log.Warn("reports of events are not shared between processes as they should be", "error", err)
	}
	c.sendClaimed(ctx, batch)
	return batch.Queued
}

// claimFunc is ClaimDue or ClaimAll of a queue.
type claimFunc func(ctx context.Context, now time.Time) (state.Batch, error)

// flushShared sends what is due in the shared queue.
func (c Cards) flushShared(ctx context.Context, claim claimFunc) {
	ctx, cancel := DetachedContext(ctx)
	defer cancel()
	batch, err := claim(ctx, c.Now())
	if err != nil && !errors.Is(err, state.ErrNoQueue) {
		c.Log.Warn("kept reports of events could not be read; a later run tells them", "error", err)
	}
	c.sendClaimed(ctx, batch)
}

// sendClaimed sends reports of the shared queue in one card, or leaves them to others.
func (c Cards) sendClaimed(ctx context.Context, batch state.Batch) {
	if len(batch.Reports) == 0 {
		return
	}
	var reports []report.Report
	for _, data := range batch.Reports {
		r, err := report.Unmarshal(data)
		if err != nil {
			c.Log.Error("a kept report is not told", "error", err)
			continue
		}
		reports = append(reports, r)
	}
	end := batch.Ack
	if len(reports) > 0 && c.sendEvents(ctx, report.Merge(reports)) != nil {
		end = batch.Nack
	}
	if err := end(ctx); err != nil {
		c.Log.Warn("reports of events may be told twice", "error", err)
	}
}
