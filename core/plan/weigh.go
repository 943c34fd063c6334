package plan

import (
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

const (
	// leak is how long an asset counts as lost for the guard's share after it was deactivated, so that
	// a loss in many small steps is seen as the large one that it is.
	leak = 24 * time.Hour
	// small is how many assets a scope has at most that may become empty without approval.
	small = 3
)

// population counts a place for the guard.
type population struct {
	assets int // ours there that were not deactivated before
	lost   int // of those, candidates for removal
	recent int // ours there that were deactivated within the last day, and whose instances are not back
	closed int // ours there that events deactivated: no guard has seen that yet
	fresh  int // those that are both recent and closed
	due    int // of those that are closed, candidates for deletion
	listed int // instances that its complete listings hold
}

// had is how many assets the place had a day ago, and those that events closed before.
func (p *population) had() int { return p.assets + p.closed + p.recent - p.fresh }

// emptied tells whether the place's listing is empty, while assets are left that no guard let go.
func (p *population) emptied() bool { return p.listed == 0 && p.assets+p.closed > 0 }

// leaked counts an asset that was deactivated before, and whose instance is in no listing.
func (b *builder) leaked(a inventory.Asset, m mark) {
	if !lately(a, b.rules.Now) {
		return
	}
	scope := inventory.Scope{Cloud: m.cloud, Account: m.account, Region: m.region}
	for _, p := range []*population{b.population(m.place()), b.scope(scope)} {
		p.recent++
		if a.Count(inventory.LabelEvent) > 0 {
			p.fresh++
		}
	}
}

// lately reports whether an asset was deactivated by us less than a day ago, and still is.
func lately(a inventory.Asset, now time.Time) bool {
	since, gone, readable := goneSince(a, now)
	return gone && readable && !a.Active && now.Sub(since) < leak
}

// guard weighs the candidates of one plan.
type guard struct {
	plan   Plan
	limits Limits
	proofs Proofs
	// contradicted places had a candidate that is there when asked by id: name of one of them.
	contradicted map[place]string
	all          int // candidates that nobody has approved or announced
}

func newGuard(p Plan, limits Limits, proofs Proofs) *guard {
	g := &guard{plan: p, limits: limits, proofs: proofs, contradicted: map[place]string{}}
	for _, c := range p.candidates {
		if !limits.Approved[c.AssetID] && !g.announced(c) {
			g.all++
		}
		if g.there(c) {
			g.contradicted[placeOf(c)] = c.InstanceID
		}
	}
	return g
}

// there tells whether the cloud, asked by id, has shown the instance.
func (g *guard) there(c Change) bool {
	proof, asked := g.proofs[c.AssetID]
	return asked && !proof.Absent && proof.Err == nil
}

// decide gives the action that a candidate really gets, and why it is not its own. No approval
// stands for a proof.
func (g *guard) decide(c Change) (Action, Reason) {
	if g.there(c) {
		return Skip, because(StillThere)
	}
	if why := g.limits.Clock; why.Code != "" {
		return Hold, why
	}
	approved := g.limits.Approved[c.AssetID]
	if why, exceeds := g.exceeds(c); exceeds && !approved {
		return Hold, why
	}
	lifted := approved || g.announced(c)
	if why, trips := g.weigh(c); trips && !lifted {
		return Hold, why
	}
	if why, lacks := g.unproved(c); lacks {
		return Hold, why
	}
	if why, waits := g.alone(c); waits {
		return Hold, why
	}
	if why, waits := g.unconfirmed(c); waits && !approved {
		return Hold, why
	}
	if why := g.limits.Hold; why.Code != "" && !(lifted && Approvable(why.Code)) {
		return Hold, why
	}
	if why, asks := g.limits.asks(c); asks && !approved {
		return Hold, why
	}
	if g.limits.Pause.Stands() { // last, so that a person sees meanwhile what else holds it
		return Hold, g.limits.Pause.Holds()
	}
	return c.Action, Reason{}
}

// weigh tells whether too much would be lost at once: by the run, by the account's scope, or by the
// place that several accounts share.
func (g *guard) weigh(c Change) (Reason, bool) {
	if g.all > g.limits.PerRun {
		return because(GuardRun, g.all, g.limits.PerRun), true
	}
	for _, p := range g.around(c) {
		if why, trips := g.trips(p); trips {
			if why.Code == GuardEmpty && g.plan.unprovable[c.AssetID] {
				why = because(GuardUnasked, p.had())
			}
			return why, true
		}
	}
	return Reason{}, false
}

// around gives the populations that a candidate belongs to.
func (g *guard) around(c Change) []*population {
	var out []*population
	for _, p := range []*population{g.plan.scopes[c.Scope], g.plan.places[placeOf(c)]} {
		if p != nil {
			out = append(out, p)
		}
	}
	return out
}

func (g *guard) trips(p *population) (Reason, bool) {
	switch {
	case p.emptied() && p.had() > small && !g.limits.AllowEmpty:
		return because(GuardEmpty, p.had()), true
	case g.limits.tooMany(p.lost, p.assets):
		return because(GuardShare, p.lost, p.assets, g.limits.Percent), true
	case g.limits.leaks(*p):
		return because(GuardLeak, p.lost+p.recent, p.assets+p.recent, p.recent, g.limits.Percent), true
	case g.limits.tooMany(p.due, p.assets+p.closed):
		return because(GuardShare, p.due, p.assets+p.closed, g.limits.Percent), true
	}
	return Reason{}, false
}

func (l Limits) tooMany(lost, of int) bool {
	return lost > l.Min && lost*100 > l.Percent*of
}

// leaks reports whether a place would lose too much within a day.
func (l Limits) leaks(p population) bool {
	return p.lost > 0 && l.tooMany(p.lost+p.recent, p.assets+p.recent)
}

// unproved tells why asking by id has not shown that the instance is gone.
func (g *guard) unproved(c Change) (Reason, bool) {
	proof, asked := g.proofs[c.AssetID]
	at := placeOf(c)
	switch {
	case g.plan.unprovable[c.AssetID]:
		return Reason{}, false
	case g.contradicted[at] != "":
		return because(GuardContradicts, g.contradicted[at]), true
	case !asked:
		return because(GuardNotAsked), true
	case proof.Err != nil:
		return because(GuardUnproven, proof.Err.Error()), true
	}
	return Reason{}, false
}

// alone reports whether one kind of call alone shows the absence, and no earlier run has found the same
// at least notice ago. It lacks half of a proof, so that neither a limit nor an approval stands for it.
func (g *guard) alone(c Change) (Reason, bool) {
	why := g.proofs[c.AssetID].Weak
	if why == nil {
		return Reason{}, false
	}
	since, until := g.confirmed(c)
	return because(GuardWeak, why.Error(), stamp(since), stamp(until)), g.plan.now.Before(until)
}

// unconfirmed tells whether a small scope has become empty, and no earlier run has proved the same
// absence at least notice ago.
func (g *guard) unconfirmed(c Change) (Reason, bool) {
	if g.limits.AllowEmpty || g.plan.unprovable[c.AssetID] {
		return Reason{}, false
	}
	for _, p := range g.around(c) {
		if !p.emptied() {
			continue
		}
		if since, until := g.confirmed(c); g.plan.now.Before(until) {
			return because(GuardMissing, p.had(), stamp(since), stamp(until)), true
		}
	}
	return Reason{}, false
}

// confirmed returns when the absence was proved first, which may be now, and from when on a second
// proof confirms it.
func (g *guard) confirmed(c Change) (since, until time.Time) {
	since, known := missingSince(*c.Before, g.plan.now)
	if !known {
		since = inventory.WholeMinute(g.plan.now)
	}
	return since, since.Add(notice)
}

// missingSince reads jms-missing, whose time is rounded up to the minute. What cannot be read, or lies
// further ahead, is not known.
func missingSince(a inventory.Asset, now time.Time) (at time.Time, known bool) {
	value, single := a.Label(inventory.LabelMissing)
	at, err := inventory.ParseLabelTime(value)
	return at, single && err == nil && at.Before(now.Add(time.Minute))
}

// remember gives the write of labels by which a later run knows of this one's proof: that the instance
// was absent, or that it was seen after all. A weak proof is remembered whatever holds its candidate:
// otherwise who approves that would wait once more.
func (g *guard) remember(c Change, why Reason) (Change, bool) {
	a := *c.Before
	_, known := missingSince(a, g.plan.now)
	if g.limits.Clock.Code != "" {
		return Change{}, false
	}
	first := why.Code == GuardMissing || g.proofs[c.AssetID].Weak != nil && g.contradicted[placeOf(c)] == ""
	switch {
	case first && !known:
		return marking(c, a, relabelled(a, inventory.LabelMissing, inventory.LabelTime(g.plan.now))), true
	case why.Code == StillThere && a.Count(inventory.LabelMissing) > 0:
		return marking(c, a, relabelled(a, inventory.LabelMissing, "")), true
	}
	return Change{}, false
}
