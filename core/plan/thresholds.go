package plan

import (
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

const (
	// recentLoss is how long an asset counts as lost for the guard's share after it was deactivated, so that
	// a loss in many small steps is seen as the large one that it is.
	recentLoss = 24 * time.Hour
	// smallScope is how many assets a scope has at most that may become empty without approval.
	smallScope = 3
)

// scopeStats counts a place for the guard.
type scopeStats struct {
	assets        int // ours there that were not deactivated before
	lost          int // of those, candidates for removal
	recent        int // ours there that were deactivated within the last day, and whose instances are not back
	closedByEvent int // ours there that events deactivated: no guard has seen that yet
	recentByEvent int // those that are both recent and closed
	closedDeletes int // of those that are closed, candidates for deletion
	listed        int // instances that its complete listings hold
}

// dayBefore is how many assets the place had a day ago, and those that events closed before.
func (p *scopeStats) dayBefore() int { return p.assets + p.closedByEvent + p.recent - p.recentByEvent }

// isEmptied tells whether the place's listing is empty, while assets are left that no guard let go.
func (p *scopeStats) isEmptied() bool { return p.listed == 0 && p.assets+p.closedByEvent > 0 }

// countRecentLoss counts an asset that was deactivated before, and whose instance is in no listing.
func (b *builder) countRecentLoss(a inventory.Asset, m ownership) {
	if !lately(a, b.rules.Now) {
		return
	}
	scope := inventory.Scope{Cloud: m.cloud, Account: m.account, Region: m.region}
	for _, p := range []*scopeStats{b.ownerStatsOf(m.ownerScope()), b.accountStatsOf(scope)} {
		p.recent++
		if a.LabelCount(inventory.LabelEvent) > 0 {
			p.recentByEvent++
		}
	}
}

// lately reports whether an asset was deactivated by us less than a day ago, and still is.
func lately(a inventory.Asset, now time.Time) bool {
	since, gone, readable := parseDeactivatedAt(a, now)
	return gone && readable && !a.Active && now.Sub(since) < recentLoss
}

// guard weighs the candidates of one plan.
type guard struct {
	plan   Plan
	limits Limits
	proofs Proofs
	// stillPresent places had a candidate that is there when asked by id: name of one of them.
	stillPresent map[ownerScope]string
	unapproved   int // candidates that nobody has approved or announced
}

func newGuard(p Plan, limits Limits, proofs Proofs) *guard {
	g := &guard{plan: p, limits: limits, proofs: proofs, stillPresent: map[ownerScope]string{}}
	for _, c := range p.candidates {
		if !limits.Approved[c.AssetID] && !g.announced(c) {
			g.unapproved++
		}
		if g.isPresent(c) {
			g.stillPresent[ownerScopeOf(c)] = c.InstanceID
		}
	}
	return g
}

// isPresent tells whether the cloud, asked by id, has shown the instance.
func (g *guard) isPresent(c Change) bool {
	proof, asked := g.proofs[c.AssetID]
	return asked && !proof.Absent && proof.Err == nil
}

// decide gives the action that a candidate really gets, and why it is not its own. No approval
// stands for a proof.
func (g *guard) decide(c Change) (Action, Reason) {
	if g.isPresent(c) {
		return Skip, newReason(StillThere)
	}
	if why := g.limits.Clock; why.Code != "" {
		return Hold, why
	}
	approved := g.limits.Approved[c.AssetID]
	if why, exceeds := g.exceeds(c); exceeds && !approved {
		return Hold, why
	}
	lifted := approved || g.announced(c)
	if why, trips := g.checkThresholds(c); trips && !lifted {
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
	if why := g.limits.Hold; why.Code != "" && !(lifted && IsApprovable(why.Code)) {
		return Hold, why
	}
	if why, asks := g.limits.needsApproval(c); asks && !approved {
		return Hold, why
	}
	if g.limits.Pause.Stands() { // last, so that a person sees meanwhile what else holds it
		return Hold, g.limits.Pause.Holds()
	}
	return c.Action, Reason{}
}

// checkThresholds tells whether too much would be lost at once: by the run, by the account's scope, or by the
// place that several accounts share.
func (g *guard) checkThresholds(c Change) (Reason, bool) {
	if g.unapproved > g.limits.PerRun {
		return newReason(GuardRun, g.unapproved, g.limits.PerRun), true
	}
	for _, p := range g.statsOf(c) {
		if why, trips := g.exceedsThreshold(p); trips {
			if why.Code == GuardEmpty && g.plan.unprovable[c.AssetID] {
				why = newReason(GuardUnasked, p.dayBefore())
			}
			return why, true
		}
	}
	return Reason{}, false
}

// statsOf gives the populations that a candidate belongs to.
func (g *guard) statsOf(c Change) []*scopeStats {
	var out []*scopeStats
	for _, p := range []*scopeStats{g.plan.accountStats[c.Scope], g.plan.ownerStats[ownerScopeOf(c)]} {
		if p != nil {
			out = append(out, p)
		}
	}
	return out
}

func (g *guard) exceedsThreshold(p *scopeStats) (Reason, bool) {
	switch {
	case p.isEmptied() && p.dayBefore() > smallScope && !g.limits.AllowEmpty:
		return newReason(GuardEmpty, p.dayBefore()), true
	case g.limits.tooMany(p.lost, p.assets):
		return newReason(GuardShare, p.lost, p.assets, g.limits.Percent), true
	case g.limits.leaks(*p):
		return newReason(GuardLeak, p.lost+p.recent, p.assets+p.recent, p.recent, g.limits.Percent), true
	case g.limits.tooMany(p.closedDeletes, p.assets+p.closedByEvent):
		return newReason(GuardShare, p.closedDeletes, p.assets+p.closedByEvent, g.limits.Percent), true
	}
	return Reason{}, false
}

func (l Limits) tooMany(lost, of int) bool {
	return lost > l.Min && lost*100 > l.Percent*of
}

// leaks reports whether a place would lose too much within a day.
func (l Limits) leaks(p scopeStats) bool {
	return p.lost > 0 && l.tooMany(p.lost+p.recent, p.assets+p.recent)
}

// lacksProof tells why asking by id has not shown that the instance is gone.
func (g *guard) lacksProof(c Change) (Reason, bool) {
	proof, asked := g.proofs[c.AssetID]
	at := ownerScopeOf(c)
	switch {
	case g.plan.unprovable[c.AssetID]:
		return Reason{}, false
	case g.stillPresent[at] != "":
		return newReason(GuardContradicts, g.stillPresent[at]), true
	case !asked:
		return newReason(GuardNotAsked), true
	case proof.Err != nil:
		return newReason(GuardUnproven, proof.Err.Error()), true
	}
	return Reason{}, false
}

// hasWeakProof reports whether one kind of call alone shows the absence, and no earlier run has found the same
// at least notice ago. It lacks half of a proof, so that neither a limit nor an approval stands for it.
func (g *guard) hasWeakProof(c Change) (Reason, bool) {
	why := g.proofs[c.AssetID].Weak
	if why == nil {
		return Reason{}, false
	}
	since, until := g.confirmationTimes(c)
	return newReason(GuardWeak, why.Error(), formatTime(since), formatTime(until)), g.plan.now.Before(until)
}

// awaitsConfirmation tells whether a small scope has become empty, and no earlier run has proved the same
// absence at least notice ago.
func (g *guard) awaitsConfirmation(c Change) (Reason, bool) {
	if g.limits.AllowEmpty || g.plan.unprovable[c.AssetID] {
		return Reason{}, false
	}
	for _, p := range g.statsOf(c) {
		if !p.isEmptied() {
			continue
		}
		if since, until := g.confirmationTimes(c); g.plan.now.Before(until) {
			return newReason(GuardMissing, p.dayBefore(), formatTime(since), formatTime(until)), true
		}
	}
	return Reason{}, false
}

// confirmationTimes returns when the absence was proved first, which may be now, and from when on a second
// proof confirms it.
func (g *guard) confirmationTimes(c Change) (since, until time.Time) {
	since, known := parseMissingSince(*c.Before, g.plan.now)
	if !known {
		since = inventory.RoundUpToMinute(g.plan.now)
	}
	return since, since.Add(noticePeriod)
}

// parseMissingSince reads jms-missing, whose time is rounded up to the minute. What cannot be read, or lies
// further ahead, is not known.
func parseMissingSince(a inventory.Asset, now time.Time) (at time.Time, known bool) {
	value, single := a.Label(inventory.LabelMissing)
	at, err := inventory.ParseLabelTime(value)
	return at, single && err == nil && at.Before(now.Add(time.Minute))
}

// absenceLabelWrite gives the write of labels by which a later run knows of this one's proof: that the instance
// was absent, or that it was seen after all. A weak proof is remembered whatever holds its candidate:
// otherwise who approves that would wait once more.
func (g *guard) absenceLabelWrite(c Change, why Reason) (Change, bool) {
	a := *c.Before
	_, known := parseMissingSince(a, g.plan.now)
	if g.limits.Clock.Code != "" {
		return Change{}, false
	}
	first := why.Code == GuardMissing || g.proofs[c.AssetID].Weak != nil && g.stillPresent[ownerScopeOf(c)] == ""
	switch {
	case first && !known:
		return labelWrite(c, a, replaceLabel(a, inventory.LabelMissing, inventory.FormatLabelTime(g.plan.now))), true
	case why.Code == StillThere && a.LabelCount(inventory.LabelMissing) > 0:
		return labelWrite(c, a, replaceLabel(a, inventory.LabelMissing, "")), true
	}
	return Change{}, false
}
