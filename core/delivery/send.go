package delivery

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/report"
)

// sending is what became of a card.
type sending struct {
	wanted   int // channels that are told
	accepted int // of these, that accepted it, or for which it waits
	err      error
}

// isDone reports whether nobody has to send the card again: no channel is told, or one of them was. What others did not
// accept is kept for them alone.
func (s sending) isDone() bool { return s.wanted == 0 || s.accepted > 0 }

// maxDataBytes bounds the results document that goes with a card.
const maxDataBytes = 200_000

// send sends a report to the channels that are told of it, to all at once. What went wrong is logged. A channel that does not
// accept the card gets it later, if others did accept theirs; otherwise the caller decides.
func (c Cards) send(ctx context.Context, rep report.Report, wants func(Channel, report.Report) bool) sending {
	type card struct {
		channel Channel
		rep     report.Report
		waits   bool
		err     error
	}
	var cards []card
	for _, channel := range c.Channels {
		own := channel.selectNews(rep)
		if wants(channel, own) {
			cards = append(cards, card{channel: channel, rep: own})
		}
	}
	if len(cards) == 0 {
		return sending{}
	}
	c.Log.Debug("stage", "name", "notify")
	if c.OnSend != nil {
		c.OnSend()
	}
	ctx, cancel := DetachedContext(ctx)
	defer cancel()
	var all sync.WaitGroup
	for n := range cards {
		all.Go(func() {
			k := &cards[n]
			k.waits = k.channel.mustWait(k.rep, c.Now()) && c.Backlog.keep(ctx, k.channel.Name(), k.rep, c.Now())
			if !k.waits {
				k.err = k.channel.Send(ctx, c.word(k.channel, k.rep))
			}
		})
	}
	all.Wait()
	s := sending{wanted: len(cards)}
	var errs []error
	for _, k := range cards {
		if k.err == nil {
			s.accepted++
			continue
		}
		errs = append(errs, fmt.Errorf("%s: %w", k.channel.Name(), k.err))
	}
	s.err = errors.Join(errs...)
	if s.err != nil {
		c.Log.Error("notification failed", "error", s.err)
	}
	for _, k := range cards {
		if k.err != nil && s.accepted > 0 && !c.Backlog.keep(ctx, k.channel.Name(), k.rep, c.Now()) {
			c.Log.Error("a card is lost", "channel", k.channel.Name())
		}
	}
	return s
}

// word returns the message of a report for a channel.
func (c Cards) word(channel Channel, rep report.Report) notify.Message {
	o := channel.options(c.Options)
	rep = rep.In(o.Lang)
	m := report.NewMessage(rep, o)
	if channel.WantsData {
		m.Data = report.Data(rep, maxDataBytes)
	}
	return m
}

// SendMessage sends a message that is about no run to all channels at any time, worded for each, and logs what went wrong.
// The error is that of all channels: one that accepted it is enough, as nobody is told the same twice.
func (c Cards) SendMessage(ctx context.Context, word func(report.Options) notify.Message) error {
	s := c.sendWorded(ctx, func(channel Channel) (notify.Message, bool) {
		m := word(channel.options(c.Options))
		return m, channel.isTold(m)
	})
	if s.isDone() {
		return nil
	}
	return s.err
}

// sendWorded sends each channel a message of its own, to all at once, and logs what went wrong.
func (c Cards) sendWorded(ctx context.Context, word func(Channel) (m notify.Message, told bool)) sending {
	var s sending
	errs := make([]error, len(c.Channels))
	var all sync.WaitGroup
	for n, channel := range c.Channels {
		m, told := word(channel)
		if !told {
			continue
		}
		s.wanted++
		all.Go(func() {
			err := channel.Send(ctx, m)
			if err != nil {
				errs[n] = fmt.Errorf("%s: %w", channel.Name(), err)
			}
		})
	}
	all.Wait()
	s.accepted = s.wanted
	for _, err := range errs {
		if err != nil {
			s.accepted--
		}
	}
	s.err = errors.Join(errs...)
	if s.err != nil {
		c.Log.Error("notification failed", "error", s.err)
	}
	return s
}

// isTold reports whether a channel is told what is about no run. Who hears of failures hears that they are over.
func (c Channel) isTold(m notify.Message) bool {
	if c.Tracks {
		return len(m.Alerts) > 0
	}
	return m.Topic == notify.TopicRecovery || m.Severity.IsAtLeast(c.Severity)
}
