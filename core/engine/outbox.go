package engine

import (
	"context"
	"sync"
	"time"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/report"
)

// Outbox keeps the reports of events so that a storm of them does not become a storm of
// messages: DingTalk mutes a robot for ten minutes after 20 messages in one. The first report is
// told at once; those of the window after it are kept, and told in one card by whoever comes
// first after the window. It is shared by the invocations of one process, and used where no store
// shares them between all (Engine.ReportQueue). Nothing is lost: what could not be sent is kept again.
type Outbox struct {
	window time.Duration

	mu        sync.Mutex
	windowEnd time.Time // reports are kept until then
	queued    []queuedReport
}

// queuedReport is a report, and what its run owes until it was told.
type queuedReport struct {
	report.Report
	removals *removalTracker
	items    []apply.Item
}

// NewOutbox makes an outbox with a window; 0 tells every report at once.
func NewOutbox(window time.Duration) *Outbox { return &Outbox{window: window} }

// put adds a report and gives those to be told now, or none.
func (o *Outbox) put(p queuedReport, now time.Time) []queuedReport {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.queued = append(o.queued, p)
	if now.Before(o.windowEnd) {
		return nil
	}
	o.windowEnd = now.Add(o.window)
	return o.drain()
}

// claimDue gives what is kept although its window is over, without adding anything.
func (o *Outbox) claimDue(now time.Time) []queuedReport {
	o.mu.Lock()
	defer o.mu.Unlock()
	if now.Before(o.windowEnd) {
		return nil
	}
	return o.drain()
}

// claimAll gives everything that is kept.
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

// nack keeps reports again that could not be told, before those that came meanwhile.
func (o *Outbox) nack(parcels []queuedReport) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.queued = append(parcels, o.queued...)
}

// enqueueReport tells a report of events, now or with those of its window.
func (e Engine) enqueueReport(ctx context.Context, p queuedReport) {
	switch {
	case len(e.Notifiers) == 0:
	case e.enqueueShared(ctx, p.Report):
		p.removals.closeReported(ctx, p.items, true)
	case e.Outbox == nil:
		p.removals.closeReported(ctx, p.items, e.sendReport(ctx, p.Report) == nil)
	default:
		p.removals.extendIntents(ctx) // before others can take it
		e.sendQueued(ctx, e.Outbox.put(p, e.Now()))
	}
}

// sendQueued tells reports in one card, and keeps them again if that fails.
func (e Engine) sendQueued(ctx context.Context, parcels []queuedReport) {
	if len(parcels) == 0 {
		return
	}
	reports := make([]report.Report, 0, len(parcels))
	for _, p := range parcels {
		reports = append(reports, p.Report)
	}
	if e.sendReport(ctx, report.Merge(reports)) != nil {
		for _, p := range parcels {
			p.removals.extendIntents(ctx)
		}
		e.Outbox.nack(parcels)
		return
	}
	for _, p := range parcels {
		p.removals.closeReported(ctx, p.items, true)
	}
}

// Flush tells what is kept: before the process is stopped, and with every full run.
func (e Engine) Flush(ctx context.Context) {
	if len(e.Notifiers) == 0 {
		return
	}
	if e.Outbox != nil {
		e.sendQueued(ctx, e.Outbox.claimAll())
	}
	if e.ReportQueue != nil {
		e.flushShared(ctx, e.ReportQueue.ClaimAll)
	}
}

// sendReport gives one card to all channels. What went wrong is logged, and returned for those who
// can try again.
func (e Engine) sendReport(ctx context.Context, rep report.Report) error {
	e.enterStage("notify")
	ctx, cancel := detachedContext(ctx)
	defer cancel()
	m := report.NewMessage(rep, e.ReportOptions)
	err := notify.SendAll(ctx, e.Notifiers, notify.Message{
		Title: m.Title, Markdown: m.Markdown, LinkText: m.LinkText, LinkURL: m.LinkURL,
	})
	if err != nil {
		e.Log.Error("notification failed", "error", err)
	}
	return err
}
