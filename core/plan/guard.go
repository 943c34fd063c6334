package plan

import (
	"iter"
	"slices"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// Limits are the guard's thresholds.
type Limits struct {
	// Percent and Min: a scope that loses more than Percent of its assets and more than Min of
	// them holds all its removals.
	Percent, Min int
	// PerRun: more removals than this over all scopes, deletes at the end of a grace included,
	// hold every removal of the run.
	PerRun int
	// AllowEmpty lets a scope whose listing is empty lose its assets.
	AllowEmpty bool
	// Hold, where it has a code, holds every removal that all else lets pass: why the run, of which
	// this plan is a part, must not remove more.
	Hold Reason
}

// Proof is the answer to asking the cloud for one candidate's instance by its id.
type Proof struct {
	Absent bool  // no call failed, the right to see it was probed, and it was not there
	Err    error // why there is no answer; nil with Absent false: the instance is there
}

// Proofs holds the answers by asset id. A candidate without one is held.
type Proofs map[string]Proof

// Approved is a plan that may be applied. Only Approve fills one; the zero value does nothing.
type Approved struct {
	moves     [][]Change
	creates   []Change
	updates   []Change
	removals  []Change
	notes     []Change
	unchanged int
}

// Moves are updates that rename, in steps: a name is free before a later step, or a new asset,
// takes it. They come before Creates.
func (a Approved) Moves() [][]Change { return a.moves }

// Creates are the new assets, sorted.
func (a Approved) Creates() []Change { return a.creates }

// Updates are all other updates, sorted.
func (a Approved) Updates() []Change { return a.updates }

// Removals are the deactivations and deletions that passed the guard, sorted. They come last.
func (a Approved) Removals() []Change { return a.removals }

// Changes gives all of them, in this order.
func (a Approved) Changes() iter.Seq[Change] {
	return func(yield func(Change) bool) {
		for _, some := range slices.Concat(a.moves, [][]Change{a.creates, a.updates, a.removals}) {
			for _, c := range some {
				if !yield(c) {
					return
				}
			}
		}
	}
}

// Notes are the lines that change nothing: Hold, Skip and Keep, sorted.
func (a Approved) Notes() []Change { return a.notes }

// Unchanged counts the assets that are as their instances want them.
func (a Approved) Unchanged() int { return a.unchanged }

// Candidates are the removals that need a Proof each before Approve lets them pass.
func (p Plan) Candidates() []Change { return slices.Clone(p.candidates) }

// Approve is the guard. It counts what the plan would remove, weighs the proofs, and settles
// the names. Creates and updates always pass.
func (p Plan) Approve(limits Limits, proofs Proofs) Approved {
	g := guard{plan: p, limits: limits, proofs: proofs, contradicted: map[place]string{}}
	g.findContradictions()
	out := Approved{notes: slices.Clone(p.notes), updates: slices.Clone(p.marks), unchanged: p.untouched}
	for _, c := range p.candidates {
		switch action, why := g.decide(c); action {
		case c.Action:
			out.removals = append(out.removals, c)
		default:
			c.Action, c.Reason, c.Patch, c.Fields = action, why, nil, nil
			out.notes = append(out.notes, c)
		}
	}
	p.settleNames(&out)
	slices.SortFunc(out.notes, Compare)
	return out
}

type guard struct {
	plan   Plan
	limits Limits
	proofs Proofs
	// contradicted places had a candidate that is there when asked by id: name of one of them.
	contradicted map[place]string
}

func (g *guard) findContradictions() {
	for _, c := range g.plan.candidates {
		if proof, asked := g.proofs[c.AssetID]; asked && !proof.Absent && proof.Err == nil {
			g.contradicted[placeOf(c)] = c.InstanceID
		}
	}
}

// decide gives the action that a candidate really gets, and why it is not its own.
func (g *guard) decide(c Change) (Action, Reason) {
	at := placeOf(c)
	proof, asked := g.proofs[c.AssetID]
	all := len(g.plan.candidates)
	if asked && !proof.Absent && proof.Err == nil {
		return Skip, because(StillThere)
	}
	if all > g.limits.PerRun {
		return Hold, because(GuardRun, all, g.limits.PerRun)
	}
	for _, p := range []*population{g.plan.scopes[c.Scope], g.plan.places[at]} {
		if why, trips := g.trips(p); trips {
			return Hold, why
		}
	}
	switch {
	case g.contradicted[at] != "":
		return Hold, because(GuardContradicts, g.contradicted[at])
	case !asked:
		return Hold, because(GuardNotAsked)
	case proof.Err != nil:
		return Hold, because(GuardUnproven, proof.Err.Error())
	case g.limits.Hold.Code != "":
		return Hold, g.limits.Hold
	}
	return c.Action, Reason{}
}

// trips tells whether a scope, or a place that several accounts share, is empty or loses too much.
func (g *guard) trips(p *population) (Reason, bool) {
	switch {
	case p == nil:
		return Reason{}, false
	case p.listed == 0 && p.assets+p.closed > 0 && !g.limits.AllowEmpty:
		return because(GuardEmpty, p.assets+p.closed), true
	case g.tooMany(p.lost, p.assets):
		return because(GuardShare, p.lost, p.assets, g.limits.Percent), true
	case g.tooMany(p.due, p.assets+p.closed):
		return because(GuardShare, p.due, p.assets+p.closed, g.limits.Percent), true
	}
	return Reason{}, false
}

func (g *guard) tooMany(lost, of int) bool {
	return lost > g.limits.Min && lost*100 > g.limits.Percent*of
}

// placeOf gives the place of a removal by the labels of its asset.
func placeOf(c Change) place {
	if c.Before == nil {
		return place{}
	}
	m, _ := readMark(*c.Before)
	return place{m.cloud, m.owner, m.region}
}

// instanceOf gives the instance id by which an asset of ours is told from its namesakes.
func instanceOf(a inventory.Asset) string {
	m, _ := readMark(a)
	return m.instance
}
