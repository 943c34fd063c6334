package plan

import (
	"iter"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/sorting"
)

// Limits are the guard's thresholds, and what people have decided.
type Limits struct {
	// A scope that loses more than Percent of its assets and more than Min of them holds all its removals.
	Percent, Min int
	// Fleet bounds what all scopes lose together within a day, see guard.holdFleet.
	Fleet Share
	// PerRun bounds what one run removes of what all other rules let pass, see guard.holdRun. Parts is the number of
	// parts that make a run side by side and cannot count together, so that each has its share of PerRun; 0 = 1.
	PerRun, Parts int
	// Moves bounds how many assets of a scope mapping rules move in one run, see Plan.crowdedScopes.
	Moves Share
	// AllowEmpty lets a scope whose listing is empty lose its assets.
	AllowEmpty bool
	// Approved are ids of assets whose removal a person has approved, so that no threshold holds it. It still needs its
	// proof. It counts in the share of its scope, and not towards Fleet and PerRun.
	Approved map[string]bool `json:"-"`
	// Approval says what waits for a person, whatever the thresholds say.
	Approval ApprovalPolicy
	// Reviewed, if not nil, are the changes that a person has reviewed: no other is made. Removals must be in
	// Approved too.
	Reviewed []ReviewLine `json:"-"`
	// Hold, if it has a code, holds every new loss that all else lets pass, and HoldDeletes every delete at the end
	// of a grace: why the run that this plan is a part of must remove no more.
	Hold, HoldDeletes reason.Reason
	// Clock, if it has a code, says why the plan's time cannot be believed. It holds every removal, whatever
	// was approved or proved, and prevents all writes from which a later run counts time.
	Clock reason.Reason
	// Expected is what people have announced, by scope.
	Expected map[inventory.Scope]ExpectedRemovals `json:"-"`
	// Pause is what a person has paused: removals, whatever was approved or proved, or all writes.
	Pause Pause `json:"-"`
}

// Proof is the cloud's answer when asked for a candidate's instance by its id.
type Proof struct {
	Absent bool // every call succeeded, the right to see it was verified, and it was not there
	// Weak, with Absent, says why only one kind of call shows the absence; nil = two kinds agree. A weak proof
	// removes nothing before an earlier run found the same.
	Weak error
	// Closed, if not "", is the status by which the cloud says that it has closed the instance (inventory.Closed): the
	// asset may be deactivated, and not deleted.
	Closed string
	Err    error // why there is no answer; nil with Absent false and Closed "": the instance is there
}

// AllowsRemoval reports whether the asset may go as far as the cloud's answer decides it.
func (p Proof) AllowsRemoval() bool { return p.Err == nil && (p.Absent || p.Closed != "") }

// Proofs holds the answers by asset id. A candidate without one is held.
type Proofs map[string]Proof

// Approved is a plan that may be applied. Only Approve and its variants fill one; the zero value does nothing.
type Approved struct {
	renames   [][]Change
	creates   []Change
	updates   []Change
	removals  []Change
	notes     []Change
	heldMoves []Change // updates whose moves are held, whole
	unchanged int
}

// Renames returns the updates that rename, in steps: a name is free before a later step, or a new asset, takes it.
// They come before Creates.
func (a Approved) Renames() [][]Change { return a.renames }

// Creates returns the new assets, sorted.
func (a Approved) Creates() []Change { return a.creates }

// Updates returns all other updates, sorted.
func (a Approved) Updates() []Change { return a.updates }

// Removals returns the deactivations and deletions that passed the guard, sorted. They come last.
func (a Approved) Removals() []Change { return a.removals }

// Changes returns all of them, in this order.
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
	sorting.By(scopes, inventory.Scope.Compare)
	return slices.Compact(scopes)
}

// Notes returns the lines that change nothing, as Hold, Skip and Keep, sorted.
func (a Approved) Notes() []Change { return a.notes }

// Unchanged returns the number of assets that are as their instances want them.
func (a Approved) Unchanged() int { return a.unchanged }

// OwnerWitness returns the id of an instance that is listed in a scope and whose asset has the same owner, "" if
// there is none. A key that sees this instance is a key of that owner.
func (p Plan) OwnerWitness(scope inventory.Scope) string {
	for _, d := range p.desired {
		if d.before == nil || d.instance.Scope != scope {
			continue
		}
		if m, ours := parseOwnership(*d.before); ours && strings.EqualFold(m.owner, d.instance.Owner) {
			return d.instance.ID
		}
	}
	return ""
}

// Candidates returns the removals that need a Proof each before Approve lets them pass. Deactivations by rules need none.
func (p Plan) Candidates() []Change {
	return slices.DeleteFunc(slices.Clone(p.candidates), Change.IsRuleOff)
}

// CountRemovals returns how many removals count towards Limits.PerRun: what all other rules let pass and nobody has
// approved or announced; losses are assets that were not deactivated before, deletes those at the end of a grace.
func (p Plan) CountRemovals(limits Limits, proofs Proofs) (losses, deletes int) {
	if p.retired {
		return 0, 0
	}
	g := newGuard(p, limits, proofs)
	verdicts := g.decideEach()
	g.holdEmptied(verdicts)
	g.holdFleet(verdicts)
	return len(g.passing(verdicts, isNewLoss)), len(g.passing(verdicts, isGraceDelete))
}

// Approve is the guard: it checks the removals against the thresholds and their proofs, and makes the names final.
// Creates and updates pass, unless Limits.Approval, Reviewed or Pause holds them. Plans of Retire and RetireAdopted
// need ApproveRetirement.
func (p Plan) Approve(limits Limits, proofs Proofs) Approved {
	if p.retired {
		return Approved{}
	}
	return p.approve(limits, proofs)
}

func (p Plan) approve(limits Limits, proofs Proofs) Approved {
	p = p.turnClosed(proofs)
	g := newGuard(p, limits, proofs)
	out := Approved{notes: slices.Clone(p.notes), unchanged: p.neverWrittenCount}
	if limits.Clock.Code == "" {
		out.updates = slices.Clone(p.labelWrites)
	}
	for n, v := range g.decideAll() {
		c := p.candidates[n]
		if v.action == c.Action {
			out.removals = append(out.removals, c)
			continue
		}
		if mark, remembers := g.absenceLabelWrite(c, v.why); remembers {
			out.updates = append(out.updates, mark)
		}
		c.Action, c.Reason, c.Patch, c.Fields = v.action, v.why, nil, nil
		c.Unlisted = c.Unlisted && v.why.Code != reason.StillThere
		out.notes = append(out.notes, c)
	}
	p.assignNames(&out, limits)
	out.holdUnreviewed(limits)
	g.labelApproved(out.removals)
	sorting.By(out.notes, Compare)
	return out.HoldPaused(limits.Pause)
}

// ownerScopeOf returns the scope that the labels of a change's asset name.
func ownerScopeOf(c Change) ownerScope {
	if c.Before == nil {
		return ownerScope{}
	}
	m, _ := parseOwnership(*c.Before)
	return m.ownerScope()
}

// instanceIDOf returns the id of the instance that an asset of ours belongs to.
func instanceIDOf(a inventory.Asset) string {
	m, _ := parseOwnership(a)
	return m.instanceID
}
