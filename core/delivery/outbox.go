package delivery

import (
	"context"
	"sync"
	"time"

	"github.com/jms-sync/jms-sync/core/report"
)

// Outbox keeps the reports of events so that a storm of them does not become a storm of
// messages: DingTalk mutes a robot for ten minutes after 20 messages in one. The first report is
// sent at once; those of the window after it are kept, and sent in one card by whoever comes
// first after the window. It is shared by the invocations of one process, and used where no store
// shares them between all (Cards.Queue). Nothing is lost: what could not be sent is kept again.
type Outbox struct {
	window time.Duration

	mu        sync.Mutex
	windowEnd time.Time // reports are kept until then
	queued    []queuedReport
}

// queuedReport is a report, and what its run still has to report until it is sent.
type queuedReport struct {
	report.Report
	debt Debt
}

// NewOutbox returns an outbox with a window; 0 sends every report at once.
func NewOutbox(window time.Duration) *Outbox { return &Outbox{window: window} }

// put adds a report and returns those to be sent now, or none.
func (o *Outbox) put(q queuedReport, now time.Time) []queuedReport {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.queued = append(o.queued, q)
	if now.Before(o.windowEnd) {
		return nil
	}
	o.windowEnd = now.Add(o.window)
	return o.drain()
}

// claimDue returns what is kept although its window is over, without adding anything.
func (o *Outbox) claimDue(now time.Time) []queuedReport {
	o.mu.Lock()
	defer o.mu.Unlock()
	if now.Before(o.windowEnd) {
		return nil
	}
	return o.drain()
}

// claimAll returns everything that is kept.
func (o *Outbox) claimAll() []queuedReport {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.drain()
}

func (o *Outbox) drain() []queuedReport {
	kept := o.queued
	o.queued = nil
	return kept
}

// nack keeps reports again that could not be sent, before those that came meanwhile.
func (o *Outbox) nack(all []queuedReport) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.queued = append(all, o.queued...)
}

// enqueue sends a report of events, now or with those of its window.
func (c Cards) enqueue(ctx context.Context, q queuedReport) {
	switch {
	case !c.HasChannel():
	case c.enqueueShared(ctx, q.Report):
		q.debt.Close(ctx, true)
	case c.Outbox == nil:
		q.debt.Close(ctx, c.sendEvents(ctx, q.Report) == nil)
	default:
		q.debt.Extend(ctx) // before others can take it
		c.sendQueued(ctx, c.Outbox.put(q, c.Now()))
	}
}

// sendQueued sends reports in one card, and keeps them again if that fails.
func (c Cards) sendQueued(ctx context.Context, all []queuedReport) {
	if len(all) == 0 {
		return
	}
	reports := make([]report.Report, 0, len(all))
	for _, q := range all {
		reports = append(reports, q.Report)
	}
	if c.sendEvents(ctx, report.Merge(reports)) != nil {
		for _, q := range all {
			q.debt.Extend(ctx)
		}
		c.Outbox.nack(all)
		return
	}
	for _, q := range all {
		q.debt.Close(ctx, true)
	}
}
