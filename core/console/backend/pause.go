package backend

import (
	"context"
	"time"

	"github.com/jms-sync/jms-sync/core/console"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/state"
)

// pauseOf returns what a person has paused; nil = nothing.
func pauseOf(p state.Pause, unread error, now time.Time) *console.Pause {
	switch {
	case unread != nil:
		text := plan.UnreadablePause(unread.Error()).Why
		return &console.Pause{Kind: "unreadable", Active: true, Reason: unread.Error(), Text: inBoth(text.Text)}
	case !p.Exists():
		return nil
	}
	shown := &console.Pause{Kind: "all", Active: p.IsActive(now), By: p.By, Since: &p.Since, Reason: p.Reason}
	if p.Removals {
		shown.Kind = "removals"
	}
	if !p.Until.IsZero() {
		shown.Until = &p.Until
	}
	text := plan.NewPause(!p.Removals, p.By, p.Since, p.Until, p.Reason).Why
	if !shown.Active {
		text = plan.PauseEndedReason(!p.Removals, p.By, p.Since, p.Until, p.Reason)
	}
	shown.Text = inBoth(text.Text)
	return shown
}

// Pause implements console.Backend.
func (b *Backend) Pause(ctx context.Context) (console.PauseState, error) {
	s, err := b.openStore(ctx)
	if err != nil {
		return console.PauseState{}, err
	}
	defer s.Close()
	p, err := s.Store().LoadPause(ctx)
	return console.PauseState{Pause: pauseOf(p, err, s.Now())}, nil
}

// SetPause implements console.Backend.
func (b *Backend) SetPause(ctx context.Context, by console.Person, o console.PauseOrder) (console.PauseState, error) {
	s, err := b.openStore(ctx)
	if err != nil {
		return console.PauseState{}, err
	}
	defer s.Close()
	p := state.Pause{Removals: o.Removals, Since: s.Now(), By: by.ID, Reason: o.Reason}
	if o.Until != nil {
		p.Until = o.Until.Truncate(time.Second)
	}
	if err := s.Store().SavePause(ctx, p); err != nil {
		return console.PauseState{}, storeFailure(err)
	}
	return console.PauseState{Pause: pauseOf(p, nil, s.Now())}, nil
}

// Resume implements console.Backend.
func (b *Backend) Resume(ctx context.Context, _ console.Person) (console.PauseState, error) {
	s, err := b.openStore(ctx)
	if err != nil {
		return console.PauseState{}, err
	}
	defer s.Close()
	if err := s.Store().Resume(ctx); err != nil {
		return console.PauseState{}, storeFailure(err)
	}
	return console.PauseState{}, nil
}
