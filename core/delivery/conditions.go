package delivery

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
)

// ConditionMemory remembers what lasts, and when people were notified of it. *state.Store is one of all processes.
type ConditionMemory interface {
	// UpdateConditions makes a change to what all others left.
	UpdateConditions(ctx context.Context, change state.ConditionChange) error
}

// ProcessMemory is the ConditionMemory of one process. It is safe for concurrent use.
type ProcessMemory struct {
	mu    sync.Mutex
	known []state.Condition
}

// UpdateConditions implements ConditionMemory.
func (m *ProcessMemory) UpdateConditions(_ context.Context, change state.ConditionChange) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	next, changed := change(m.known)
	if changed {
		m.known = next
	}
	return nil
}

// StoredMemory is the ConditionMemory of all processes, in a store. While the store does not answer, the process remembers
// what it knew last.
type StoredMemory struct {
	Store   ConditionMemory
	Process *ProcessMemory // nil = the process makes one run, and remembers nothing
	Log     *slog.Logger
}

// memoryTimeout is how long a store may take: the card must still go out.
const memoryTimeout = 5 * time.Second

// UpdateConditions implements ConditionMemory.
func (m StoredMemory) UpdateConditions(ctx context.Context, change state.ConditionChange) error {
	ctx, cancel := context.WithTimeout(ctx, memoryTimeout)
	defer cancel()
	var left []state.Condition
	err := m.Store.UpdateConditions(ctx, func(known []state.Condition) ([]state.Condition, bool) {
		next, changed := change(known)
		left = known
		if changed {
			left = next
		}
		return next, changed
	})
	switch {
	case m.Process == nil:
		return err
	case err != nil:
		m.Log.Warn("the store does not say what people were told; the process remembers it", "error", err)
		return m.Process.UpdateConditions(ctx, change)
	}
	return m.Process.UpdateConditions(ctx, func([]state.Condition) ([]state.Condition, bool) { return left, true })
}

// notifiedCard is a card that is about to be sent, or none, and what becomes of what it says.
type notifiedCard struct {
	report.Report
	claim  string
	cards  Cards
	counts bool              // it says something that lasts
	known  []state.Condition // what was remembered before
}

// withNews returns a report with what people are to be notified of its conditions. Nobody else notifies of these until
// settle is called.
func (c Cards) withNews(ctx context.Context, rep report.Report) notifiedCard {
	card := notifiedCard{Report: rep, claim: rand.Text(), cards: c}
	if c.Conditions == nil || rep.DryRun {
		return card
	}
	var news report.News
	err := c.Conditions.UpdateConditions(ctx, func(known []state.Condition) ([]state.Condition, bool) {
		j := judge{rep: rep, wants: c.wantsCondition, now: c.Now(), claim: card.claim, interval: c.TimerInterval}
		card.known = slices.Clone(known)
		next, changed := j.judge(known)
		news = j.news
		return next, changed
	})
	if err != nil {
		c.Log.Warn("it is not known what people were told; they may be told again", "error", err)
		return card
	}
	card.Report, card.counts = rep.WithNews(news), len(news.Due)+len(news.Ended) > 0
	return card
}

// wantsCondition reports whether anybody is notified of a condition, or keeps track of it.
func (c Cards) wantsCondition(k report.Condition) bool {
	return slices.ContainsFunc(c.Channels, func(channel Channel) bool { return channel.wantsCondition(k) })
}

// settle notes whether the card was accepted: otherwise nothing of it was said.
func (n notifiedCard) settle(ctx context.Context, accepted bool) {
	if !n.counts {
		return
	}
	now, conditions := n.cards.Now(), n.Conditions()
	err := n.cards.Conditions.UpdateConditions(ctx, func(known []state.Condition) ([]state.Condition, bool) {
		return settleClaims(known, conditions, n.claim, accepted, now)
	})
	if err != nil {
		n.cards.Log.Warn("what lasts may be told again", "error", err)
	}
}

// sendWanted sends the report of a full run to those who are notified of it, and what lasts to those who keep track of that.
func (c Cards) sendWanted(ctx context.Context, rep report.Report) sending {
	ctx, cancel := DetachedContext(ctx)
	defer cancel()
	card := c.withNews(ctx, rep)
	card.Report = c.withPage(ctx, card.Report)
	lost := c.sendAlerts(ctx, card.Report, card.known)
	s := c.send(ctx, card.Report, Channel.wants)
	if s.wanted > 0 {
		card.settle(ctx, s.isDone())
	}
	s.err = errors.Join(s.err, lost)
	return s
}
