package plan

import (
	"iter"
	"slices"
	"strings"

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
	// Approved are ids of assets whose removal a person has approved: no threshold holds it. It needs
	// its proof all the same, and counts for all others.
	Approved map[string]bool `json:"-"`
	// Approval says what waits for a person, whatever the thresholds say.
	Approval ApprovalPolicy
	// Reviewed, where it is not nil, are the changes that a person has reviewed: no other is made. Removals
	// must be in Approved besides.
	Reviewed []ReviewLine `json:"-"`
	// Hold, where it has a code, holds every removal that all else lets pass: why the run, of which
	// this plan is a part, must not remove more.
	Hold Reason
	// Clock, where it has a code, says that the plan's time cannot be believed. It holds every removal, whatever
	// was approved or proved, and keeps all from being written by which a later run counts time.
	Clock Reason
	// Expected is what people have announced, by scope.
	Expected map[inventory.Scope]Expected `json:"-"`
	// Pause is what a person has paused: no removal passes, whatever was approved or proved, or nothing at all.
	Pause Pause `json:"-"`
}

// Proof is the answer to asking the cloud for one candidate's instance by its id.
type Proof struct {
	Absent bool // no call failed, the right to see it was probed, and it was not there
	// Weak, with Absent, says that one kind of call alone shows the absence, and why the second kind
	// shows nothing; nil = two agree. It lets nothing go before an earlier run found the same.
	Weak error
	Err  error // why there is no answer; nil with Absent false: the instance is there
}

// Proofs holds the answers by asset id. A candidate without one is held.
type Proofs map[string]Proof

// Approved is a plan that may be applied. Only Approve fills one; the zero value does nothing.
type Approved struct {
	renames   [][]Change
	creates   []Change
	updates   []Change
	removals  []Change
	notes     []Change
	unchanged int
}

// Renames are updates that rename, in steps: a name is free before a later step, or a new asset,
// takes it. They come before Creates.
func (a Approved) Renames() [][]Change { return a.renames }

// Creates are the new assets, sorted.
func (a Approved) Creates() []Change { return a.creates }

// Updates are all other updates, sorted.
func (a Approved) Updates() []Change { return a.updates }

// Removals are the deactivations and deletions that passed the guard, sorted. They come last.
func (a Approved) Removals() []Change { return a.removals }

// Changes gives all of them, in this order.
func (a Approved) Changes() iter.Seq[Change] {
	return func(yield func(Change) bool) {
		for _, some := range slices.Concat(a.renames, [][]Change{a.creates, a.updates, a.removals}) {
			for _, c := range some {
				if !yield(c) {
					return
				}
			}
		}
	}
}

// TouchedScopes returns the scopes in which changes write, sorted.
func (a Approved) TouchedScopes() []inventory.Scope {
	var scopes []inventory.Scope
	for c := range a.Changes() {
		scopes = append(scopes, c.Scope)
	}
	slices.SortFunc(scopes, inventory.Scope.Compare)
	return slices.Compact(scopes)
}

// Notes are the lines that change nothing: Hold, Skip and Keep, sorted.
func (a Approved) Notes() []Change { return a.notes }

// Unchanged counts the assets that are as their instances want them.
func (a Approved) Unchanged() int { return a.unchanged }

// OwnerWitness returns the id of an instance that is listed in a scope and has an asset of ours of that very owner; "" where
// there is none. Who sees it uses a key of the account whose assets the scope's are.
func (p Plan) OwnerWitness(scope inventory.Scope) string {
	for _, w := range p.desired {
		if w.before == nil || w.instance.Scope != scope {
			continue
		}
		if m, ours := parseOwnership(*w.before); ours && strings.EqualFold(m.owner, w.instance.Owner) {
			return w.instance.ID
		}
	}
	return ""
}

// Candidates are the removals that need a Proof each before Approve lets them pass.
func (p Plan) Candidates() []Change { return slices.Clone(p.candidates) }

// Approve is the guard. It counts what the plan would remove, weighs the proofs, and settles
// the names. Creates and updates pass, unless Ask or Only has a say. A retirement is for ApproveRetirement.
func (p Plan) Approve(limits Limits, proofs Proofs) Approved {
	if p.retired {
		return Approved{}
	}
	return p.approve(limits, proofs)
}

func (p Plan) approve(limits Limits, proofs Proofs) Approved {
	g := newGuard(p, limits, proofs)
	out := Approved{notes: slices.Clone(p.notes), unchanged: p.neverWrittenCount}
	if limits.Clock.Code == "" {
		out.updates = slices.Clone(p.labelWrites)
	}
	for _, c := range p.candidates {
		switch action, why := g.decide(c); action {
		case c.Action:
			out.removals = append(out.removals, c)
		default:
			if mark, remembers := g.absenceLabelWrite(c, why); remembers {
				out.updates = append(out.updates, mark)
			}
			c.Action, c.Reason, c.Patch, c.Fields = action, why, nil, nil
			out.notes = append(out.notes, c)
		}
	}
	p.assignNames(&out)
	out.holdUnreviewed(limits)
	slices.SortFunc(out.notes, Compare)
	return out.Paused(limits.Pause)
}

// ownerScopeOf gives the place of a removal by the labels of its asset.
func ownerScopeOf(c Change) ownerScope {
	if c.Before == nil {
		return ownerScope{}
	}
	m, _ := parseOwnership(*c.Before)
	return m.ownerScope()
}

// instanceIDOf gives the instance id by which an asset of ours is told from its namesakes.
func instanceIDOf(a inventory.Asset) string {
	m, _ := parseOwnership(a)
	return m.instanceID
}
