package backend

import (
	"cmp"
	"context"
	"time"

	"github.com/jms-sync/jms-sync/core/console"
	"github.com/jms-sync/jms-sync/core/delivery"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/sorting"
	"github.com/jms-sync/jms-sync/core/state"
)

// recentRuns is how many runs are looked at for the newest listing of each scope: each part of a split sync is one.
const recentRuns = 12

// recentAge is how old these may be.
const recentAge = 7 * 24 * time.Hour

// view collects what an overview shows.
type view struct {
	console.Overview
	scopes map[inventory.Scope]*console.Scope
	now    time.Time
}

// Overview implements console.Backend.
func (b *Backend) Overview(ctx context.Context) (console.Overview, error) {
	s, err := b.openStore(ctx)
	if err != nil {
		return console.Overview{}, err
	}
	defer s.Close()
	now := s.Now()
	v := view{now: now, scopes: map[inventory.Scope]*console.Scope{}}
	v.Overview = console.Overview{
		Now: now.UTC(), Scopes: []console.Scope{}, Quarantines: []console.Quarantine{}, Open: []console.OpenGroup{}, Lasting: []console.Lasting{},
		Expected: []console.Expected{}, OtherServers: []string{}, Problems: []console.Text{},
	}
	fresh, err := s.Freshness(ctx)
	if err != nil {
		return console.Overview{}, storeFailure(err) // nothing else could be read either
	}
	v.addFreshness(fresh)
	store := s.Store()
	runs, err := store.ListRuns(ctx, now.Add(-recentAge), recentRuns)
	v.addRuns(runs, err)
	held, err := store.HeldStore().List(ctx, now)
	v.addHeld(held, err)
	open, err := store.ListOpen(ctx)
	v.addOpen(open, err)
	v.addRest(ctx, store)
	for _, scope := range v.scopes {
		v.Scopes = append(v.Scopes, *scope)
	}
	sorting.By(v.Scopes, func(x, y console.Scope) int {
		return cmp.Or(cmp.Compare(x.Account, y.Account), cmp.Compare(x.Region, y.Region), cmp.Compare(x.Cloud, y.Cloud))
	})
	return v.Overview, nil
}

func (v *view) note(what language.Text, err error) {
	if err != nil {
		v.Problems = append(v.Problems, problemText(what, err))
	}
}

func (v *view) scope(at inventory.Scope) *console.Scope {
	if v.scopes[at] == nil {
		v.scopes[at] = &console.Scope{Cloud: string(at.Cloud), Account: at.Account, Region: at.Region}
	}
	return v.scopes[at]
}

func (v *view) addFreshness(f delivery.Freshness) {
	v.Stalled, v.MaxAge = f.Stalled, int(f.MaxAge/time.Second)
	for _, a := range f.Scopes {
		s := v.scope(a.Scope)
		at := a.CompletedAt.UTC()
		s.LastComplete, s.Stale = &at, v.now.Sub(at) > f.MaxAge
	}
}

// addRuns takes each scope from the newest run that listed it.
func (v *view) addRuns(records []state.RunRecord, unread error) {
	runs, problems := parseDocuments(records, unread)
	v.Problems = append(v.Problems, problems...)
	for n, r := range runs {
		if n == 0 {
			row := rowOf(r.Report)
			v.LastRun = &row
			v.Counts.Drifted, v.Counts.Orphans = r.Drifted, r.Orphans
		}
		drifted := countScopes(r.Changes)
		for _, listed := range r.Scopes {
			at := inventory.Scope{Cloud: listed.Cloud, Account: listed.Account, Region: listed.Region}
			s := v.scope(at)
			if s.Listed {
				continue
			}
			s.Listed, s.Complete, s.Instances, s.Drifted = true, listed.Complete, listed.Instances, drifted[at]
			if !listed.Complete {
				s.Kind, s.Message = string(listed.Error.Kind), listed.Error.Message
			}
			v.Counts.Instances += listed.Instances
		}
	}
	if len(runs) > 0 {
		r := runs[0]
		v.Counts.Assets = r.Created + r.Updated + r.Unchanged
	}
}

// countScopes counts the assets that differ where people decide.
func countScopes(changes []report.Change) map[inventory.Scope]int {
	found := map[inventory.Scope]int{}
	for _, c := range changes {
		if c.Action == plan.Drift {
			found[inventory.Scope{Cloud: c.Cloud, Account: c.Account, Region: c.Region}]++
		}
	}
	return found
}

func (v *view) addHeld(sets []state.HeldSet, err error) {
	v.note(language.New("有的暂缓的移除读不了", "some held removals cannot be read"), err)
	v.Counts.HeldSets = len(sets)
	counted := map[string]bool{} // an asset may be in the sets of several runs
	for _, set := range sets {
		for _, r := range set.Removals {
			if counted[r.Asset] {
				continue
			}
			counted[r.Asset] = true
			v.scope(inventory.Scope{Cloud: r.Cloud, Account: r.Account, Region: r.Region}).Held++
		}
	}
	v.Counts.HeldAssets = len(counted)
}

func (v *view) addOpen(lists []state.OpenList, err error) {
	v.note(language.New("有的仍开放的资产读不了", "some of what stays open cannot be read"), err)
	groups := map[string]int{}
	for _, l := range lists {
		v.Counts.Open += l.Total
		for _, a := range l.Assets {
			key := a.Code + "\n" + a.Reason
			at, known := groups[key]
			if !known {
				at = len(v.Open)
				groups[key] = at
				v.Open = append(v.Open, console.OpenGroup{Code: a.Code, Reason: a.Reason, Assets: []console.OpenAsset{}, At: l.At})
			}
			v.Open[at].Assets = append(v.Open[at].Assets, console.OpenAsset{
				ID: a.ID, Name: a.Name, Address: a.Address, Cloud: string(a.Cloud), Account: a.Account, Region: a.Region, Instance: a.InstanceID,
			})
			v.scope(inventory.Scope{Cloud: a.Cloud, Account: a.Account, Region: a.Region}).Open++
		}
	}
}

// addRest reads what is small.
func (v *view) addRest(ctx context.Context, store *state.Store) {
	pause, err := store.LoadPause(ctx)
	v.Pause = pauseOf(pause, err, v.now)
	alarm, raised, err := store.LoadAlarm(ctx)
	v.note(language.New("告警读不了", "the alarm cannot be read"), err)
	if raised {
		v.AlarmedAt = &alarm.Since
	}
	quarantines, err := store.ListQuarantines(ctx)
	v.note(language.New("隔离的账号读不了", "accounts in quarantine cannot be read"), err)
	for _, q := range quarantines {
		v.Quarantines = append(v.Quarantines, console.Quarantine{Account: q.Account, Since: q.Since, Until: q.Until, Tries: q.Tries, Message: q.Message})
	}
	lasting, err := store.LoadConditions(ctx)
	v.note(language.New("持续中的情况读不了", "what lasts cannot be read"), err)
	for _, c := range lasting {
		if c.EndedAt.IsZero() && c.GoneSince.IsZero() {
			v.Lasting = append(v.Lasting, lastingOf(c))
		}
	}
	expected, err := store.ListExpectations(ctx)
	v.note(language.New("宣布的下线读不了", "what is announced cannot be read"), err)
	for _, e := range expected {
		if e.IsActive(v.now) {
			v.Expected = append(v.Expected, console.Expected{Account: e.Account, Region: e.Region, Until: e.Until, UpTo: e.UpTo, Left: e.Remaining, By: e.By, Reason: e.Reason})
		}
	}
	others, err := store.ListOtherServers(ctx, v.now)
	v.note(language.New("其他 JumpServer 读不了", "other JumpServers cannot be read"), err)
	v.OtherServers = append(v.OtherServers, others...)
}

func lastingOf(c state.Condition) console.Lasting {
	l := console.Lasting{
		Kind:    inBoth(func(lang language.Lang) string { return report.ConditionName(report.ConditionKind(c.Kind), lang) }),
		Account: c.Account, Region: c.Region, Text: c.Text, Since: c.Since,
	}
	if !c.NotifiedAt.IsZero() {
		l.NotifiedAt = &c.NotifiedAt
	}
	return l
}
