package engine

import (
	"context"
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
)

// staleAfterIntervals is after how many of the timer's without a complete run an alarm is raised.
const staleAfterIntervals = 3

// Freshness is when the scopes were last part of a complete run.
type Freshness struct {
	Scopes []report.ScopeAge // that are configured, newest time of each, sorted by scope
	// Stalled tells that a slice of the timer's runs has stopped: of all its scopes none was in a complete
	// run for three intervals. A scope that fails while others of its slice do not is told by each run.
	Stalled bool
	MaxAge  time.Duration
}

// StaleScopes gives the scopes that were in no complete run for too long.
func (f Freshness) StaleScopes(now time.Time) []report.ScopeAge {
	var old []report.ScopeAge
	for _, s := range f.Scopes {
		if now.Sub(s.CompletedAt) > f.MaxAge {
			old = append(old, s)
		}
	}
	return old
}

// NewFreshness judges what is known of complete runs. It is pure.
func NewFreshness(pulses []state.Heartbeat, rules plan.Rules, interval time.Duration, now time.Time) Freshness {
	f := Freshness{MaxAge: staleAfterIntervals * interval}
	newest := map[inventory.Scope]time.Time{}
	for _, p := range pulses {
		for _, s := range p.Scopes {
			if isConfigured(rules, s.Scope()) && s.At.After(newest[s.Scope()]) {
				newest[s.Scope()] = s.At
			}
		}
	}
	for scope, at := range newest {
		f.Scopes = append(f.Scopes, report.ScopeAge{Scope: scope, CompletedAt: at})
	}
	slices.SortFunc(f.Scopes, func(x, y report.ScopeAge) int { return x.Scope.Compare(y.Scope) })
	for _, p := range pulses {
		known, live := false, false
		for _, s := range p.Scopes {
			if at, is := newest[s.Scope()]; is {
				known, live = true, live || now.Sub(at) <= f.MaxAge
			}
		}
		f.Stalled = f.Stalled || known && !live
	}
	return f
}

// isConfigured tells whether the configuration still asks for a scope.
func isConfigured(rules plan.Rules, s inventory.Scope) bool {
	a, is := rules.Accounts[s.Account]
	return is && a.Enabled && (len(a.Regions) == 0 || slices.Contains(a.Regions, s.Region))
}

// CheckStaleness tells whether complete runs are made, and raises the alarm where it is due and was not told yet. It is
// for what does not depend on the timer that makes them: events, or a second, slower timer. An alarm that
// could not be sent is not told.
func (e Engine) CheckStaleness(ctx context.Context, store *state.Store) (Freshness, error) {
	ctx, cancel := detachedContext(ctx)
	defer cancel()
	pulses, err := store.ListHeartbeats(ctx)
	now := e.Now()
	f := NewFreshness(pulses, e.Rules, e.TimerInterval, now)
	if err != nil || !f.Stalled || len(e.Notifiers) == 0 {
		return f, err // what cannot be read may be the newest
	}
	mine, err := store.RaiseAlarm(ctx, now)
	if !mine || err != nil {
		return f, err
	}
	e.Log.Error("no complete run was made", "scopes", len(f.StaleScopes(now)), "for", f.MaxAge)
	if e.sendMessage(ctx, report.NewStaleAlarm(f.StaleScopes(now), f.MaxAge, now, e.ReportOptions)) != nil {
		return f, store.ClearAlarm(ctx)
	}
	return f, nil
}

// RecordHeartbeat notes the scopes of a run that was complete, and tells that an alarm is over.
func (e Engine) RecordHeartbeat(ctx context.Context, store *state.Store, slice string, out RunResult) error {
	var scopes []inventory.Scope
	for _, s := range out.Report.Scopes {
		if s.Complete {
			scopes = append(scopes, inventory.Scope{Cloud: s.Cloud, Account: s.Account, Region: s.Region})
		}
	}
	if out.Err != nil || len(scopes) == 0 {
		return nil
	}
	if err := store.RecordHeartbeat(ctx, slice, scopes, e.Now()); err != nil {
		return err
	}
	if err := e.registerInstallation(ctx, store); err != nil {
		return err
	}
	alarm, told, err := store.LoadAlarm(ctx)
	if !told || err != nil {
		return err
	}
	pulses, err := store.ListHeartbeats(ctx)
	if err != nil || NewFreshness(pulses, e.Rules, e.TimerInterval, e.Now()).Stalled {
		return err
	}
	if e.sendMessage(ctx, report.NewRecovery(alarm.Since, e.Now(), e.ReportOptions)) != nil {
		return nil // the next run tells it
	}
	return store.ClearAlarm(ctx)
}

// registerInstallation notes whose state it is, and tells once, by a message of its own, where the store holds that of another
// JumpServer too: it may be this one by another name, and then what was held, approved and learnt is the other's.
func (e Engine) registerInstallation(ctx context.Context, store *state.Store) error {
	fresh, err := store.RegisterInstallation(ctx, e.Now())
	if !fresh || err != nil {
		return err
	}
	names, err := store.ListOtherServers(ctx, e.Now())
	if len(names) == 0 {
		return err
	}
	e.Log.Warn("the state store is shared with another JumpServer, or with this one by another name (then set jumpserver.id)",
		"server", store.Server(), "others", names)
	if len(e.Notifiers) > 0 {
		_ = e.sendMessage(ctx, report.NewSharedStoreNote(store.Server(), names, e.ReportOptions)) // logged; status tells it too
	}
	return err
}

// sendMessage sends a message that is no report.
func (e Engine) sendMessage(ctx context.Context, m report.Message) error {
	err := notify.SendAll(ctx, e.Notifiers, notify.Message{
		Title: m.Title, Markdown: m.Markdown, LinkText: m.LinkText, LinkURL: m.LinkURL,
	})
	if err != nil {
		e.Log.Error("notification failed", "error", err)
	}
	return err
}
