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

// intervals is after how many of the timer's without a complete run an alarm is raised.
const intervals = 3

// Freshness is when the scopes were last part of a complete run.
type Freshness struct {
	Scopes []report.ScopeAge // that are configured, newest time of each, sorted by scope
	// Late tells that a slice of the timer's runs has stopped: of all its scopes none was in a complete
	// run for three intervals. A scope that fails while others of its slice do not is told by each run.
	Late  bool
	Limit time.Duration
}

// Stale gives the scopes that were in no complete run for too long.
func (f Freshness) Stale(now time.Time) []report.ScopeAge {
	var old []report.ScopeAge
	for _, s := range f.Scopes {
		if now.Sub(s.At) > f.Limit {
			old = append(old, s)
		}
	}
	return old
}

// Fresh judges what is known of complete runs. It is pure.
func Fresh(pulses []state.Pulse, rules plan.Rules, interval time.Duration, now time.Time) Freshness {
	f := Freshness{Limit: intervals * interval}
	newest := map[inventory.Scope]time.Time{}
	for _, p := range pulses {
		for _, s := range p.Scopes {
			if looked(rules, s.Scope()) && s.At.After(newest[s.Scope()]) {
				newest[s.Scope()] = s.At
			}
		}
	}
	for scope, at := range newest {
		f.Scopes = append(f.Scopes, report.ScopeAge{Scope: scope, At: at})
	}
	slices.SortFunc(f.Scopes, func(x, y report.ScopeAge) int { return x.Scope.Compare(y.Scope) })
	for _, p := range pulses {
		known, live := false, false
		for _, s := range p.Scopes {
			if at, is := newest[s.Scope()]; is {
				known, live = true, live || now.Sub(at) <= f.Limit
			}
		}
		f.Late = f.Late || known && !live
	}
	return f
}

// looked tells whether the configuration still asks for a scope.
func looked(rules plan.Rules, s inventory.Scope) bool {
	a, is := rules.Accounts[s.Account]
	return is && a.Enabled && (len(a.Regions) == 0 || slices.Contains(a.Regions, s.Region))
}

// Look tells whether complete runs are made, and raises the alarm where it is due and was not told yet. It is
// for what does not depend on the timer that makes them: events, or a second, slower timer. An alarm that
// could not be sent is not told.
func (e Engine) Look(ctx context.Context, store *state.Store) (Freshness, error) {
	ctx, cancel := lastWords(ctx)
	defer cancel()
	pulses, err := store.Pulses(ctx)
	now := e.Now()
	f := Fresh(pulses, e.Rules, e.Interval, now)
	if err != nil || !f.Late || len(e.Notifiers) == 0 {
		return f, err // what cannot be read may be the newest
	}
	mine, err := store.Raise(ctx, now)
	if !mine || err != nil {
		return f, err
	}
	e.Log.Error("no complete run was made", "scopes", len(f.Stale(now)), "for", f.Limit)
	if e.say(ctx, report.Alarm(f.Stale(now), f.Limit, now, e.Wording)) != nil {
		return f, store.EndAlarm(ctx)
	}
	return f, nil
}

// Beat notes the scopes of a run that was complete, and tells that an alarm is over.
func (e Engine) Beat(ctx context.Context, store *state.Store, slice string, out Outcome) error {
	var scopes []inventory.Scope
	for _, s := range out.Report.Scopes {
		if s.Complete {
			scopes = append(scopes, inventory.Scope{Cloud: s.Cloud, Account: s.Account, Region: s.Region})
		}
	}
	if out.Err != nil || len(scopes) == 0 {
		return nil
	}
	if err := store.Beat(ctx, slice, scopes, e.Now()); err != nil {
		return err
	}
	if err := e.join(ctx, store); err != nil {
		return err
	}
	alarm, told, err := store.Alarm(ctx)
	if !told || err != nil {
		return err
	}
	pulses, err := store.Pulses(ctx)
	if err != nil || Fresh(pulses, e.Rules, e.Interval, e.Now()).Late {
		return err
	}
	if e.say(ctx, report.AllClear(alarm.Since, e.Now(), e.Wording)) != nil {
		return nil // the next run tells it
	}
	return store.EndAlarm(ctx)
}

// join notes whose state it is, and tells once, by a message of its own, where the store holds that of another
// JumpServer too: it may be this one by another name, and then what was held, approved and learnt is the other's.
func (e Engine) join(ctx context.Context, store *state.Store) error {
	fresh, err := store.Join(ctx, e.Now())
	if !fresh || err != nil {
		return err
	}
	names, err := store.OtherServers(ctx, e.Now())
	if len(names) == 0 {
		return err
	}
	e.Log.Warn("the state store is shared with another JumpServer, or with this one by another name (then set jumpserver.id)",
		"server", store.Server(), "others", names)
	if len(e.Notifiers) > 0 {
		_ = e.say(ctx, report.Shared(store.Server(), names, e.Wording)) // logged; status tells it too
	}
	return err
}

// say sends a message that is no report.
func (e Engine) say(ctx context.Context, m report.Message) error {
	err := notify.Send(ctx, e.Notifiers, notify.Message{
		Title: m.Title, Markdown: m.Markdown, LinkText: m.LinkText, LinkURL: m.LinkURL,
	})
	if err != nil {
		e.Log.Error("notification failed", "error", err)
	}
	return err
}
