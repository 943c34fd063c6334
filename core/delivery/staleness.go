package delivery

import (
	"context"
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/sorting"
	"github.com/jms-sync/jms-sync/core/state"
)

// staleAfterIntervals is after how many of the timer's without a complete run an alarm is raised.
const staleAfterIntervals = 3

// Freshness is when the scopes were last part of a complete run.
type Freshness struct {
	Scopes []report.ScopeAge // that are configured, newest time of each, sorted by scope
	// Stalled says that a slice of the timer's runs has stopped: of all its scopes none was in a complete
	// run for three intervals. A scope that fails while others of its slice do not is reported by each run.
	Stalled bool
	MaxAge  time.Duration
}

// StaleScopes returns the scopes that were in no complete run for too long.
func (f Freshness) StaleScopes(now time.Time) []report.ScopeAge {
	var old []report.ScopeAge
	for _, s := range f.Scopes {
		if now.Sub(s.CompletedAt) > f.MaxAge {
			old = append(old, s)
		}
	}
	return old
}

// NewFreshness judges what is known of complete runs. It is pure. Rules without accounts are those of who does not know the
// configuration: then every scope counts, and the runs have stopped where no scope is fresh.
func NewFreshness(heartbeats []state.Heartbeat, rules plan.Rules, interval time.Duration, now time.Time) Freshness {
	f := Freshness{MaxAge: staleAfterIntervals * interval}
	newest := map[inventory.Scope]time.Time{}
	for _, p := range heartbeats {
		for _, s := range p.Scopes {
			if isConfigured(rules, s.Scope()) && s.At.After(newest[s.Scope()]) {
				newest[s.Scope()] = s.At
			}
		}
	}
	for scope, at := range newest {
		f.Scopes = append(f.Scopes, report.ScopeAge{Scope: scope, CompletedAt: at})
	}
	sorting.By(f.Scopes, func(x, y report.ScopeAge) int { return x.Scope.Compare(y.Scope) })
	if rules.Accounts == nil {
		f.Stalled = len(newest) > 0 && len(f.StaleScopes(now)) == len(newest)
		return f
	}
	for _, p := range heartbeats {
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

// isConfigured reports whether the configuration still asks for a scope.
func isConfigured(rules plan.Rules, s inventory.Scope) bool {
	if rules.Accounts == nil {
		return true // nobody knows
	}
	a, is := rules.Accounts[s.Account]
	return is && a.Enabled && a.CoversRegion(s.Region)
}

// CheckStaleness reports whether complete runs are made, and sends the alarm where it is due and was not sent yet. It is
// for what does not depend on the timer that makes them: events, or a second, slower timer. An alarm that
// could not be sent is due again.
func (c Cards) CheckStaleness(ctx context.Context, store *state.Store, rules plan.Rules) (Freshness, error) {
	ctx, cancel := DetachedContext(ctx)
	defer cancel()
	heartbeats, err := store.ListHeartbeats(ctx)
	now := c.Now()
	f := NewFreshness(heartbeats, rules, c.TimerInterval, now)
	if err != nil || !f.Stalled || !c.HasChannel() {
		return f, err // what cannot be read may be the newest
	}
	known, err := store.LoadConditions(ctx)
	if err != nil || f.isToldByRuns(known, now) {
		return f, err
	}
	mine, err := store.RaiseAlarm(ctx, now)
	if !mine || err != nil {
		return f, err
	}
	c.Log.Error("no complete run was made", "scopes", len(f.StaleScopes(now)), "for", f.MaxAge)
	alarm := func(o report.Options) notify.Message {
		return report.NewStaleAlarm(f.StaleScopes(now), f.MaxAge, now, o)
	}
	if c.SendMessage(ctx, alarm) != nil {
		return f, store.ClearAlarm(ctx)
	}
	return f, nil
}

// RecordHeartbeat notes the scopes that a run which was not stopped read as a whole, and says that an alarm is over.
func (c Cards) RecordHeartbeat(ctx context.Context, store *state.Store, shardKey string, rules plan.Rules, rep report.Report) error {
	var scopes []inventory.Scope
	for _, s := range rep.Scopes {
		if s.Complete {
			scopes = append(scopes, inventory.Scope{Cloud: s.Cloud, Account: s.Account, Region: s.Region})
		}
	}
	if len(scopes) == 0 {
		return nil
	}
	if err := store.RecordHeartbeat(ctx, shardKey, scopes, c.Now()); err != nil {
		return err
	}
	if err := c.registerInstallation(ctx, store); err != nil {
		return err
	}
	alarm, told, err := store.LoadAlarm(ctx)
	if !told || err != nil {
		return err
	}
	heartbeats, err := store.ListHeartbeats(ctx)
	if err != nil || NewFreshness(heartbeats, rules, c.TimerInterval, c.Now()).Stalled {
		return err
	}
	known, err := store.LoadConditions(ctx)
	if err != nil {
		return err
	}
	recovery := func(o report.Options) notify.Message { return report.NewRecovery(alarm.Since, c.Now(), o) }
	if !isEndTold(known, alarm.Since) && c.SendMessage(ctx, recovery) != nil {
		return nil // the next run sends it
	}
	return store.ClearAlarm(ctx)
}

// isToldByRuns reports whether runs are made that fail, and told people why: of all, or of every scope that is late. A
// failure that only one slice can have, as a misspelt account, says nothing of the others.
func (f Freshness) isToldByRuns(known []state.Condition, now time.Time) bool {
	told := func(is func(state.Condition) bool) bool {
		return slices.ContainsFunc(known, func(k state.Condition) bool {
			return k.Notices > 0 && k.EndedAt.IsZero() && now.Sub(k.SeenAt) <= f.MaxAge && is(k)
		})
	}
	if told(func(k state.Condition) bool { return k.Kind == string(report.RunFailed) && k.Slice == "" }) {
		return true
	}
	for _, s := range f.StaleScopes(now) {
		if !told(func(k state.Condition) bool {
			return k.Kind == string(report.ScopeFailed) && k.Cloud == s.Cloud && k.Account == s.Account && (k.Region == "" || k.Region == s.Region)
		}) {
			return false
		}
	}
	return true
}

// isEndTold reports whether people were told, after an alarm, that runs or scopes which had failed work again.
func isEndTold(known []state.Condition, alarm time.Time) bool {
	return slices.ContainsFunc(known, func(k state.Condition) bool {
		return k.EndedAt.After(alarm) && (k.Kind == string(report.RunFailed) || k.Kind == string(report.ScopeFailed))
	})
}

// registerInstallation notes whose state it is, and says once, by a message of its own, where the store holds that of another
// JumpServer too: it may be this one by another name, and then what was held, approved and learnt is the other's.
func (c Cards) registerInstallation(ctx context.Context, store *state.Store) error {
	fresh, err := store.RegisterInstallation(ctx, c.Now())
	if !fresh || err != nil {
		return err
	}
	names, err := store.ListOtherServers(ctx, c.Now())
	if len(names) == 0 {
		return err
	}
	c.Log.Warn("the state store is shared with another JumpServer, or with this one by another name (then set jumpserver.id)",
		"server", store.Server(), "others", names)
	if c.HasChannel() {
		note := func(o report.Options) notify.Message { return report.NewSharedStoreNote(store.Server(), names, o) }
		_ = c.SendMessage(ctx, note) // logged; status shows it too
	}
	return err
}
