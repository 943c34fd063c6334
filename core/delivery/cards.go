// Package delivery sends cards to people. It decides which reports become a card, merges those of a storm of events,
// and those of the shards of one run, into one card, and keeps what could not be sent for a later card.
package delivery

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/language"
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
	Channels []Channel      // none = nobody is notified
	Options  report.Options // how cards are worded, where a channel does not say otherwise
	// Conditions remembers what people were notified of that lasts. nil = nothing is remembered: every run notifies of all that
	// failed or is held.
	Conditions ConditionMemory
	Outbox     *Outbox            // of events' reports, in this process; nil = none are kept
	Queue      *state.ReportQueue // of events' reports, for all processes; nil = there is no store
	Backlog    *Backlog           // what single channels still have to tell; nil = what one does not accept is lost to it
	Pages      PageKeeper         // nil = none are kept
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
func (c Cards) HasChannel() bool { return len(c.Channels) > 0 }

// OtherLanguage returns the language of a channel that has another one than the rest; "" = all have the same.
func (c Cards) OtherLanguage() language.Lang {
	for _, channel := range c.Channels {
		if channel.Lang != "" && channel.Lang != c.Options.Lang {
			return channel.Lang
		}
	}
	return ""
}

// Always returns cards of which every channel is told of every run that concerns its accounts.
func (c Cards) Always() Cards {
	c.Channels = slices.Clone(c.Channels)
	for n := range c.Channels {
		c.Channels[n].On = NotifyAlways
	}
	return c
}

// Wants reports whether anybody is notified of a full run: with its news, where it is known what people were notified of
// before.
func (c Cards) Wants(rep report.Report) bool {
	return slices.ContainsFunc(c.Channels, func(channel Channel) bool { return channel.wants(channel.selectNews(rep)) })
}

// WantsByItself reports whether anybody is notified of a full run whatever they were notified of before.
func (c Cards) WantsByItself(rep report.Report) bool {
	return slices.ContainsFunc(c.Channels, func(channel Channel) bool { return !channel.Tracks && channel.wantsByItself(rep) })
}

// WantsRemovals reports whether somebody is notified of every removal.
func (c Cards) WantsRemovals() bool {
	return slices.ContainsFunc(c.Channels, func(channel Channel) bool {
		return !channel.Tracks && channel.On != NotifyOnFailure && len(channel.Accounts) == 0 && !channel.Severity.IsAtLeast(notify.SeverityWarning)
	})
}

// Deliver sends what is kept, and then the report of a full run to those who are notified of it. delivered says that somebody
// accepted its card, or that nobody is notified of it. The error names each channel that did not accept its own, now or what
// it was not told before.
func (c Cards) Deliver(ctx context.Context, rep report.Report) (delivered bool, err error) {
	untold := c.flush(ctx)
	if !c.HasChannel() {
		c.withPage(ctx, rep)
		return true, nil
	}
	s := c.sendWanted(ctx, rep)
	return s.isDone(), errors.Join(untold, s.err)
}

// DeliverEvents sends the report of events, now or with those of its window, if people are notified of it.
func (c Cards) DeliverEvents(ctx context.Context, rep report.Report, debt Debt) {
	if c.wantsEvents(rep) {
		c.enqueue(ctx, queuedReport{rep, debt})
		return
	}
	debt.Close(ctx, true)
	c.flushDue(ctx)
}

// wantsEvents reports whether anybody is notified of events.
func (c Cards) wantsEvents(rep report.Report) bool {
	return slices.ContainsFunc(c.Channels, func(channel Channel) bool { return channel.wantsEvents(rep) })
}

// Flush sends all that is kept: before the process is stopped, and with every full run.
func (c Cards) Flush(ctx context.Context) { _ = c.flush(ctx) } // it is logged

// flush sends what Flush does. The error names the channels that did not accept what they still have to be told.
func (c Cards) flush(ctx context.Context) error {
	if !c.HasChannel() {
		return nil
	}
	untold := c.flushBacklog(ctx)
	if c.Outbox != nil {
		c.sendQueued(ctx, c.Outbox.claimAll())
	}
	if c.Queue != nil {
		c.flushShared(ctx, c.Queue.ClaimAll)
	}
	return untold
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

// sendEvents sends the report of events in one card. The error is that of a card that nobody accepted.
func (c Cards) sendEvents(ctx context.Context, rep report.Report) error {
	s := c.send(ctx, rep, Channel.wantsEvents)
	if s.isDone() {
		return nil
	}
	return s.err
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
