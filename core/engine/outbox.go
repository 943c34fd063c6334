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
// shares them between all (Engine.Window). Nothing is lost: what could not be sent is kept again.
type Outbox struct {
	window time.Duration

	mu    sync.Mutex
	until time.Time // reports are kept until then
	kept  []parcel
}

// parcel is a report, and what its run owes until it was told.
type parcel struct {
	report.Report
	debt  *debt
	items []apply.Item
}

// NewOutbox makes an outbox with a window; 0 tells every report at once.
func NewOutbox(window time.Duration) *Outbox { return &Outbox{window: window} }

// offer adds a report and gives those to be told now, or none.
func (o *Outbox) offer(p parcel, now time.Time) []parcel {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.kept = append(o.kept, p)
	if now.Before(o.until) {
		return nil
	}
	o.until = now.Add(o.window)
	return o.take()
}

// due gives what is kept although its window is over, without adding anything.
func (o *Outbox) due(now time.Time) []parcel {
	o.mu.Lock()
	defer o.mu.Unlock()
	if now.Before(o.until) {
		return nil
	}
	return o.take()
}

// all gives everything that is kept.
func (o *Outbox) all() []parcel {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.take()
}

func (o *Outbox) take() []parcel {
	kept := o.kept
	o.kept = nil
	return kept
}

// back keeps reports again that could not be told, before those that came meanwhile.
func (o *Outbox) back(parcels []parcel) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.kept = append(parcels, o.kept...)
}

// post tells a report of events, now or with those of its window.
func (e Engine) post(ctx context.Context, p parcel) {
	switch {
	case len(e.Notifiers) == 0:
	case e.share(ctx, p.Report):
		p.debt.settle(ctx, p.items, true)
	case e.Outbox == nil:
		p.debt.settle(ctx, p.items, e.send(ctx, p.Report) == nil)
	default:
		p.debt.wait(ctx) // before others can take it
		e.deliver(ctx, e.Outbox.offer(p, e.Now()))
	}
}

// deliver tells reports in one card, and keeps them again if that fails.
func (e Engine) deliver(ctx context.Context, parcels []parcel) {
	if len(parcels) == 0 {
		return
	}
	reports := make([]report.Report, 0, len(parcels))
	for _, p := range parcels {
		reports = append(reports, p.Report)
	}
	if e.send(ctx, report.Merge(reports)) != nil {
		for _, p := range parcels {
			p.debt.wait(ctx)
		}
		e.Outbox.back(parcels)
		return
	}
	for _, p := range parcels {
		p.debt.settle(ctx, p.items, true)
	}
}

// Flush tells what is kept: before the process is stopped, and with every full run.
func (e Engine) Flush(ctx context.Context) {
	if len(e.Notifiers) == 0 {
		return
	}
	if e.Outbox != nil {
		e.deliver(ctx, e.Outbox.all())
	}
	if e.Window != nil {
		e.take(ctx, e.Window.All)
	}
}

// send gives one card to all channels. What went wrong is logged, and returned for those who
// can try again.
func (e Engine) send(ctx context.Context, rep report.Report) error {
	e.stage("notify")
	ctx, cancel := lastWords(ctx)
	defer cancel()
	m := report.NewMessage(rep, e.Wording)
	err := notify.Send(ctx, e.Notifiers, notify.Message{
		Title: m.Title, Markdown: m.Markdown, LinkText: m.LinkText, LinkURL: m.LinkURL,
	})
	if err != nil {
		e.Log.Error("notification failed", "error", err)
	}
	return err
}
