package plan

import (
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reason"
)

// emptiedTogether is the time within which scopes become empty so that it counts as one loss.
const emptiedTogether = time.Hour

// Share is exceeded by a loss of more than Percent and of more than Min assets. The zero value allows none.
type Share struct{ Percent, Min int }

func (s Share) isExceeded(lost, of int) bool { return lost > s.Min && lost*100 > s.Percent*of }

// fleetStats counts all assets of ours in the organisation, and what they lately lost with nobody's approval: by labels
// alone, so that it needs no store, and runs that are narrowed to different scopes see each other.
type fleetStats struct {
	assets int // not deactivated before
	recent int // deactivated within the last day, with instances that are not back
	byRuns int // of these, deactivated within noticePeriod, and not by events
	// Of assets, those that rules deactivated within the last day, and of these within the last hour: their labels say no more.
	ruledOff, ruledOffLately int
	losses                   map[inventory.Scope]*scopeLosses
}

// scopeLosses is what labels tell of the losses of one scope.
type scopeLosses struct {
	closedAt  []time.Time // when its recent ones were deactivated
	missing   int         // active assets with jms-missing
	missingAt time.Time   // the last of those times
	ruledOff  int         // assets that rules deactivated
}

func (f *fleetStats) lossesOf(scope inventory.Scope) *scopeLosses {
	if f.losses[scope] == nil {
		f.losses[scope] = &scopeLosses{}
	}
	return f.losses[scope]
}

// countAsset counts an asset of ours.
func (f *fleetStats) countAsset(a inventory.Asset, scope inventory.Scope, now time.Time) {
	if a.LabelCount(inventory.LabelGone) > 0 {
		return
	}
	f.assets++
	f.countRuledOff(a, scope, now, 1)
	if since, known := parseMissingSince(a, now); known {
		l := f.lossesOf(scope)
		l.missing++
		l.missingAt = laterOf(l.missingAt, since)
	}
}

// countRuledOff counts an asset that a rule deactivated within the last day with nobody's approval, or with -1 takes it out of the
// count, as no rule wants it any more.
func (f *fleetStats) countRuledOff(a inventory.Asset, scope inventory.Scope, now time.Time, n int) {
	at, is := parseRuledOffAt(a)
	if !is || a.LabelCount(inventory.LabelApproved) > 0 || now.Sub(at) >= recentLossWindow+time.Hour {
		return
	}
	f.ruledOff += n
	f.lossesOf(scope).ruledOff += n
	if now.Sub(at) < noticePeriod+time.Hour {
		f.ruledOffLately += n
	}
}

// countRecent counts an asset that was deactivated within the last day.
func (f *fleetStats) countRecent(a inventory.Asset, scope inventory.Scope, now time.Time) {
	since, _, _ := parseDeactivatedAt(a, now)
	if a.LabelCount(inventory.LabelApproved) > 0 {
		return
	}
	f.recent++
	if a.LabelCount(inventory.LabelEvent) == 0 && now.Sub(since) < noticePeriod {
		f.byRuns++
	}
	l := f.lossesOf(scope)
	l.closedAt = append(l.closedAt, since)
}

// lossAt returns when a scope lost its last assets, and how many within emptiedTogether before; none if it lost none.
func (l *scopeLosses) lossAt() (at time.Time, count int) {
	at = l.missingAt
	for _, closed := range l.closedAt {
		at = laterOf(at, closed)
	}
	for _, closed := range l.closedAt {
		if at.Sub(closed) < emptiedTogether {
			count++
		}
	}
	return at, count + l.missing
}

func laterOf(x, y time.Time) time.Time {
	if y.After(x) {
		return y
	}
	return x
}

// holdFleet holds the losses that all rules so far let pass if these, together with what was lost within a day, exceed
// Limits.Fleet. Losses of one scope alone are that scope's affair.
func (g *guard) holdFleet(verdicts []verdict) {
	passing := g.passing(verdicts, isNewLoss)
	scopes := map[inventory.Scope]bool{}
	for _, n := range passing {
		scopes[g.plan.candidates[n].Scope] = true
	}
	for scope, l := range g.plan.fleet.losses {
		if len(l.closedAt)+l.ruledOff > 0 {
			scopes[scope] = true
		}
	}
	recent := g.plan.fleet.recent + g.plan.fleet.ruledOff
	lost, of := len(passing)+recent, g.plan.fleet.assets+g.plan.fleet.recent
	if len(scopes) > 1 && g.limits.Fleet.isExceeded(lost, of) {
		hold(verdicts, passing, reason.New(reason.GuardFleet, len(scopes), lost, of, recent, g.limits.Fleet.Percent))
	}
}

// emptiedScope is a small scope that has become empty.
type emptiedScope struct {
	at         time.Time // of the first proof, or of the last deactivation
	assets     int       // that it lost then
	candidates []int     // those that nobody has approved, which wait for their second proof or for nothing
}

// holdEmptied holds the candidates of small scopes that became empty within emptiedTogether of others, if these had more
// assets together than one small scope may have: an outage of all regions is no release in each. A scope that is held for
// being empty does not count, so that it holds nothing elsewhere.
func (g *guard) holdEmptied(verdicts []verdict) {
	if g.limits.AllowEmpty {
		return
	}
	scopes := g.emptiedScopes(verdicts)
	for _, s := range scopes {
		count, assets := 0, 0
		for _, other := range scopes {
			if other.at.Sub(s.at).Abs() < emptiedTogether {
				count++
				assets += other.assets
			}
		}
		if count > 1 && assets > smallScope {
			hold(verdicts, s.candidates, reason.New(reason.GuardEmptied, count, assets))
		}
	}
}

// emptiedScopes returns the small scopes that have become empty: those with candidates by their listings, and all others,
// which this run may not have listed, by their labels.
func (g *guard) emptiedScopes(verdicts []verdict) map[inventory.Scope]*emptiedScope {
	out, decided := map[inventory.Scope]*emptiedScope{}, map[inventory.Scope]bool{}
	for n, c := range g.plan.candidates {
		if !isNewLoss(c) || c.ruledOff {
			continue
		}
		decided[c.Scope] = true
		waits := verdicts[n].action == c.Action || verdicts[n].why.Code == reason.GuardMissing
		emptied := slices.ContainsFunc(g.statsOf(c), func(s *scopeStats) bool { return s.isEmptied() })
		if !waits || !emptied || g.isLifted(c) || g.plan.unprovable[c.AssetID] {
			continue
		}
		if out[c.Scope] == nil {
			out[c.Scope] = &emptiedScope{}
		}
		since, _ := g.confirmationTimes(c)
		s := out[c.Scope]
		s.at, s.assets, s.candidates = laterOf(s.at, since), s.assets+1, append(s.candidates, n)
	}
	for scope, l := range g.plan.fleet.losses {
		at, count := l.lossAt()
		stats := g.plan.accountStats[scope]
		if count > 0 && !decided[scope] && stats.listed == 0 && stats.assets == l.missing {
			out[scope] = &emptiedScope{at: at, assets: count}
		}
	}
	return out
}

// labelApproved adds jms-approved to the deactivations that people approved or announced.
func (g *guard) labelApproved(removals []Change) {
	for n, c := range removals {
		if c.Patch == nil || !g.isLifted(c) {
			continue
		}
		patch := *c.Patch
		patch.Labels = append(slices.Clone(patch.Labels), approvedLabel())
		removals[n].Patch = &patch
	}
}

// approvedLabel has the same value on all assets: one row of JumpServer's label page.
func approvedLabel() inventory.Label {
	return inventory.Label{Name: inventory.LabelApproved, Value: "person"}
}
