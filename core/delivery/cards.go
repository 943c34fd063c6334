// Package delivery sends cards to people. It decides which reports become a card, merges those of a storm of events,
// and those of the shards of one run, into one card, and keeps what could not be sent for a later card.
package delivery

import (
	"context"
	"log/slog"
	"time"

	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
)

// NotifyOn says which runs people are notified of.
type NotifyOn string

// The choices.
const (
	NotifyAlways    NotifyOn = "always"
	NotifyOnChange  NotifyOn = "change"  // something was written, or a condition began, lasts or ended
	NotifyOnFailure NotifyOn = "failure" // the same of failures and holds only, or a node was made by which nobody has access yet
)

// Cards sends reports and other messages to all channels. It is not changed by sending.
type Cards struct {
	Notifiers []notify.Notifier // none = nobody is notified
	NotifyOn  NotifyOn
	Options   report.Options // how cards are worded
	// Conditions remembers what people were notified of that lasts. nil = nothing is remembered: every run notifies of all that
	// failed or is held.
	Conditions ConditionMemory
	Outbox     *Outbox            // of events' reports, in this process; nil = none are kept
	Queue      *state.ReportQueue // of events' reports, for all processes; nil = there is no store
	// TimerInterval is that of the timer of full runs: see CheckStaleness.
	TimerInterval time.Duration
	Now           func() time.Time
	Log           *slog.Logger
	OnSend        func() // called before a report is sent; may be nil
}

// Debt is what a run still has to report to people.
type Debt interface {
	// Close ends it. reported says that a card with it was accepted, or will be sent by some process.
	Close(ctx context.Context, reported bool)
	// Extend leaves it to this process, which has the report and will try again.
	Extend(ctx context.Context)
}

// HasChannel reports whether anybody can be notified.
func (c Cards) HasChannel() bool { return len(c.Notifiers) > 0 }

// Wants reports whether people are notified of a full run: with its news, where it is known what they were notified of
// before.
func (c Cards) Wants(rep report.Report) bool {
	if rep.KnowsNews() {
		return rep.HasNews() || c.WantsByItself(rep)
	}
	return rep.HasNewProblem() || c.WantsByItself(rep)
}

// WantsByItself reports whether people are notified of a full run whatever they were notified of before.
func (c Cards) WantsByItself(rep report.Report) bool {
	switch c.NotifyOn {
	case NotifyOnChange:
		return rep.HasWrites() || rep.HasNewNode()
	case NotifyOnFailure:
		return rep.HasNewNode()
	default:
		return true
	}
}

// WantsRemovals reports whether people are notified of every removal.
func (c Cards) WantsRemovals() bool { return c.HasChannel() && c.NotifyOn != NotifyOnFailure }

// Deliver sends what is kept, and then the report of a full run if people are notified of it. The error is that of a card
// which nobody sends again.
func (c Cards) Deliver(ctx context.Context, rep report.Report) error {
	c.Flush(ctx)
	if !c.HasChannel() {
		return nil
	}
	_, err := c.sendWanted(ctx, rep)
	return err
}

// DeliverEvents sends the report of events, now or with those of its window, if people are notified of it.
func (c Cards) DeliverEvents(ctx context.Context, rep report.Report, debt Debt) {
	if rep.NeedsAttention() || rep.HasNewNode() || rep.HasChanges() && c.NotifyOn != NotifyOnFailure {
		c.enqueue(ctx, queuedReport{rep, debt})
		return
	}
	debt.Close(ctx, true)
	c.flushDue(ctx)
}

// Flush sends all that is kept: before the process is stopped, and with every full run.
func (c Cards) Flush(ctx context.Context) {
	if !c.HasChannel() {
		return
	}
	if c.Outbox != nil {
		c.sendQueued(ctx, c.Outbox.claimAll())
	}
	if c.Queue != nil {
		c.flushShared(ctx, c.Queue.ClaimAll)
	}
}

// flushDue sends reports of events whose window is over.
func (c Cards) flushDue(ctx context.Context) {
	if !c.HasChannel() {
		return
	}
	if c.Outbox != nil {
		c.sendQueued(ctx, c.Outbox.claimDue(c.Now()))
	}
	if c.Queue != nil {
		c.flushShared(ctx, c.Queue.ClaimDue)
	}
}

// sendReport sends one card to all channels. What went wrong is logged, and returned for those who can try again.
func (c Cards) sendReport(ctx context.Context, rep report.Report) error {
	c.Log.Debug("stage", "name", "notify")
	if c.OnSend != nil {
		c.OnSend()
	}
	ctx, cancel := DetachedContext(ctx)
	defer cancel()
	return c.sendMessage(ctx, report.NewMessage(rep, c.Options))
}

// sendMessage sends a message to all channels, and logs what went wrong.
func (c Cards) sendMessage(ctx context.Context, m notify.Message) error {
	err := notify.SendAll(ctx, c.Notifiers, m)
	if err != nil {
		c.Log.Error("notification failed", "error", err)
	}
	return err
}

// notifyTimeout bounds the notification where the run itself has no deadline.
const notifyTimeout = 30 * time.Second

// DetachedContext returns a context for the last words of a run: it outlives the run's cancellation, but never its
// deadline.
func DetachedContext(ctx context.Context) (context.Context, context.CancelFunc) {
	end := time.Now().Add(notifyTimeout)
	if deadline, bounded := ctx.Deadline(); bounded && deadline.Before(end) {
		end = deadline
	}
	return context.WithDeadline(context.WithoutCancel(ctx), end)
}
