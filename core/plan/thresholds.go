package plan

import (
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reason"
)

const (
	// recentLossWindow is how long after its deactivation an asset counts as lost in the guard's share, so that
	// a loss in many small steps is seen as the large one that it is.
	recentLossWindow = 24 * time.Hour
	// smallScope is the number of assets up to which a scope may become empty without approval.
	smallScope = 3
)

// scopeStats counts the assets of a scope for the guard.
type scopeStats struct {
	assets        int // ours, not deactivated before
	lost          int // of assets, candidates for removal
	recent        int // ours, deactivated within the last day, with instances that are not back
	closedByEvent int // ours, deactivated by events, which no guard has counted yet
	recentByEvent int // both recent and closedByEvent
	ruledOff      int // of assets, deactivated by rules within the last day, with instances that are listed
	closedDeletes int // of closedByEvent, candidates for deletion
	listed        int // instances in its complete listings
}

// dayBefore returns how many assets the scope had a day ago, and before events deactivated some.
func (s *scopeStats) dayBefore() int { return s.assets + s.closedByEvent + s.recent - s.recentByEvent }

// isEmptied reports whether the scope's listing is empty while it still has assets that no guard let go.
func (s *scopeStats) isEmptied() bool { return s.listed == 0 && s.assets+s.closedByEvent > 0 }

// countRecentLoss counts an asset that was deactivated within the last day and whose instance is in no listing.
func (b *builder) countRecentLoss(a inventory.Asset, m ownership) {
	if !isRecentLoss(a, b.rules.Now) {
		return
	}
	scope := m.accountScope()
	for _, s := range []*scopeStats{b.ownerStatsOf(m.ownerScope()), b.accountStatsOf(scope)} {
		s.recent++
		if a.LabelCount(inventory.LabelEvent) > 0 {
			s.recentByEvent++
		}
	}
	b.plan.fleet.countRecent(a, scope, b.rules.Now)
}

// isRecentLoss reports whether we deactivated an asset less than a day ago and it is still inactive.
func isRecentLoss(a inventory.Asset, now time.Time) bool {
	since, gone, readable := parseDeactivatedAt(a, now)
	return gone && readable && !a.Active && now.Sub(since) < recentLossWindow
}

// guard decides on the candidates of one plan: on each by itself, and then on all that this lets pass.
type guard struct {
	plan   Plan
	limits Limits
	proofs Proofs
	// stillPresent has, for each scope with a candidate that the cloud still showed when asked by id, one such
	// instance.
	stillPresent map[ownerScope]string
}

func newGuard(p Plan, limits Limits, proofs Proofs) *guard {
	g := &guard{plan: p, limits: limits, proofs: proofs, stillPresent: map[ownerScope]string{}}
	for _, c := range p.candidates {
		if g.isPresent(c) && !c.isClosed() && !c.ruledOff { // that listing was not short
			g.stillPresent[ownerScopeOf(c)] = c.InstanceID
		}
	}
	return g
}

// isPresent reports whether the cloud showed the instance when asked by id.
func (g *guard) isPresent(c Change) bool {
	proof, asked := g.proofs[c.AssetID]
	return asked && !proof.Absent && proof.Err == nil && (proof.Closed == "" || g.plan.retired)
}

// decide returns what happens to a candidate, and why if it is not its own action, as far as that depends on no other
// candidate's approval. No approval replaces a proof.
func (g *guard) decide(c Change) (Action, reason.Reason) {
	if g.isPresent(c) && !c.ruledOff {
		return Skip, reason.New(reason.StillThere)
	}
	if g.limits.Clock.Code != "" {
		return Hold, g.limits.Clock
	}
	approved := g.limits.Approved[c.AssetID]
	if why, exceeds := g.exceedsExpected(c); exceeds && !approved {
		return Hold, why
	}
	if why, trips := g.checkThresholds(c); trips && !g.isLifted(c) {
		return Hold, why
	}
	if why, lacks := g.lacksProof(c); lacks {
		return Hold, why
	}
	if why, waits := g.hasWeakProof(c); waits {
		return Hold, why
	}
	if why, waits := g.awaitsConfirmation(c); waits && !approved {
		return Hold, why
	}
	if why, many := g.plan.LostMarks(g.limits); many && !approved {
		return Hold, why
	}
	if why, asks := g.limits.needsApproval(c); asks && !approved {
		return Hold, why
	}
	return c.Action, reason.Reason{}
}

// isLifted reports whether people have approved or announced a removal, so that no threshold holds it.
func (g *guard) isLifted(c Change) bool { return g.limits.Approved[c.AssetID] || g.isExpected(c) }

// checkThresholds reports whether too much would be lost at once by the account's scope, or the owner's scope that
// several accounts share, and why.
func (g *guard) checkThresholds(c Change) (reason.Reason, bool) {
	for _, s := range g.statsOf(c) {
		if why, trips := g.exceedsThreshold(s); trips {
			if why.Code == reason.GuardEmpty && g.plan.unprovable[c.AssetID] {
				why = reason.New(reason.GuardUnasked, s.dayBefore())
			}
			return why, true
		}
	}
	return reason.Reason{}, false
}

// statsOf returns the counts of the scopes that a candidate belongs to.
func (g *guard) statsOf(c Change) []*scopeStats {
	var out []*scopeStats
	for _, s := range []*scopeStats{g.plan.accountStats[c.Scope], g.plan.ownerStats[ownerScopeOf(c)]} {
		if s != nil {
			out = append(out, s)
		}
	}
	return out
}

func (g *guard) exceedsThreshold(s *scopeStats) (reason.Reason, bool) {
	switch {
	case s.isEmptied() && s.dayBefore() > smallScope && !g.limits.AllowEmpty:
		return reason.New(reason.GuardEmpty, s.dayBefore()), true
	case g.limits.tooMany(s.lost, s.assets):
		return reason.New(reason.GuardShare, s.lost, s.assets, g.limits.Percent), true
	case g.limits.losesTooMuchInADay(*s):
		return reason.New(reason.GuardLeak, s.lossesOfDay(), s.assets+s.recent, s.recent+s.ruledOff, g.limits.Percent), true
	case g.limits.tooMany(s.closedDeletes, s.assets+s.closedByEvent):
		return reason.New(reason.GuardShare, s.closedDeletes, s.assets+s.closedByEvent, g.limits.Percent), true
	}
	return reason.Reason{}, false
}

func (l Limits) tooMany(lost, of int) bool { return Share{l.Percent, l.Min}.isExceeded(lost, of) }

// losesTooMuchInADay reports whether a scope would lose too much within a day.
func (l Limits) losesTooMuchInADay(s scopeStats) bool {
	return s.lost > 0 && l.tooMany(s.lossesOfDay(), s.assets+s.recent)
}

// lacksProof returns why it is not proved that the instance is gone, and reports whether that is so.
func (g *guard) lacksProof(c Change) (reason.Reason, bool) {
	proof, asked := g.proofs[c.AssetID]
	at := ownerScopeOf(c)
	switch {
	case g.plan.unprovable[c.AssetID], c.ruledOff:
		return reason.Reason{}, false
	case g.stillPresent[at] != "" && !c.isClosed():
		return reason.New(reason.GuardContradicts, g.stillPresent[at]), true
	case !asked:
		return reason.New(reason.GuardNotAsked), true
	case proof.Err != nil:
		return reason.New(reason.GuardUnproven, proof.Err.Error()), true
	}
	return reason.Reason{}, false
}

// hasWeakProof reports whether only one kind of call shows the absence, and no run at least noticePeriod ago found
// the same. Half a proof is missing, so neither a limit nor an approval replaces it.
func (g *guard) hasWeakProof(c Change) (reason.Reason, bool) {
	why := g.proofs[c.AssetID].Weak
	if why == nil {
		return reason.Reason{}, false
	}
	since, until := g.confirmationTimes(c)
	return reason.New(reason.GuardWeak, why.Error(), formatTime(since), formatTime(until)), g.plan.now.Before(until)
}

// awaitsConfirmation reports whether a small scope has become empty, and no run at least noticePeriod ago proved
// the same absence.
func (g *guard) awaitsConfirmation(c Change) (reason.Reason, bool) {
	if g.limits.AllowEmpty || g.plan.unprovable[c.AssetID] || c.ruledOff {
		return reason.Reason{}, false
	}
	for _, s := range g.statsOf(c) {
		if !s.isEmptied() {
			continue
		}
		since, until := g.confirmationTimes(c)
		if g.plan.now.Before(until) {
			return reason.New(reason.GuardMissing, s.dayBefore(), formatTime(since), formatTime(until)), true
		}
	}
	return reason.Reason{}, false
}

// confirmationTimes returns when the absence was first proved, which may be now, and from when a second proof
// confirms it.
func (g *guard) confirmationTimes(c Change) (since, until time.Time) {
	since, known := parseMissingSince(*c.Before, g.plan.now)
	if !known {
		since = inventory.RoundUpToMinute(g.plan.now)
	}
	return since, since.Add(noticePeriod)
}

// parseMissingSince returns the time in jms-missing, which is rounded up to the minute. A value that is unreadable
// or further ahead is not known.
func parseMissingSince(a inventory.Asset, now time.Time) (at time.Time, known bool) {
	value, single := a.Label(inventory.LabelMissing)
	at, err := inventory.ParseLabelTime(value)
	return at, single && err == nil && at.Before(now.Add(time.Minute))
}

// absenceLabelWrite returns the write of jms-missing for a later run, if one is needed: the instance was absent for
// the first time, or was seen after all. A weak proof is recorded whatever holds its candidate: otherwise a person
// who approves that would wait once more.
func (g *guard) absenceLabelWrite(c Change, why reason.Reason) (Change, bool) {
	a := *c.Before
	_, known := parseMissingSince(a, g.plan.now)
	if g.limits.Clock.Code != "" {
		return Change{}, false
	}
	first := why.Code == reason.GuardMissing || why.Code == reason.GuardEmptied || g.proofs[c.AssetID].Weak != nil && g.stillPresent[ownerScopeOf(c)] == ""
	switch {
	case first && !known:
		return labelWrite(c, a, replaceLabel(a, inventory.LabelMissing, inventory.FormatLabelTime(g.plan.now))), true
	case why.Code == reason.StillThere && a.LabelCount(inventory.LabelMissing) > 0:
		return labelWrite(c, a, replaceLabel(a, inventory.LabelMissing, "")), true
	}
	return Change{}, false
}
