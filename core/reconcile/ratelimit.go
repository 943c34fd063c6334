package reconcile

import (
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/sorting"
	"github.com/jms-sync/jms-sync/core/state"
)

// removalLimits is what limits the removals of one batch of events.
type removalLimits struct {
	// last is what state knows of the scopes: what the last full run held, a guard or a person has still to decide,
	// and no event does it one by one.
	last map[inventory.Scope]state.ScopeState
	// storm is how many assets of the account were deactivated within eventRemovalWindow, this payload's included.
	storm int
	// deactivated is how many assets JumpServer showed that were deactivated within a day; whole: it showed all of them.
	deactivated int
	whole       bool
	losses      *plan.LossCounter
	err         error // why it is not known what was deactivated
}

// loadRemovalLimits reads what limits removals: one call of JumpServer, and one for each number that plan.LossCounter
// asks for.
func (r *eventRun) loadRemovalLimits(g *ownerBatch, candidates []plan.Change) *removalLimits {
	now := r.Engine.Now()
	gone, whole, err := r.Bastion.ListDeactivated(r.ctx, now.Add(-day))
	w := &removalLimits{last: r.loadHeldCounts(candidates), deactivated: len(gone), whole: whole, err: err}
	for _, a := range gone {
		owner, _ := a.Label(inventory.LabelOwner)
		value, _ := a.Label(inventory.LabelGone)
		at, err := inventory.ParseLabelTime(value)
		if strings.EqualFold(owner, g.owner) && err == nil && !at.Before(now.Add(-eventRemovalWindow)) {
			w.storm++
		}
	}
	w.losses = plan.NewLossCounter(r.Engine.Limits, gone, now, func(labels []inventory.Label) (int, error) {
		return r.Bastion.CountActive(r.ctx, labels)
	})
	return w
}

// hold returns why a removal whose instance is proved absent waits for the next full run, and counts it as made
// otherwise.
func (w *removalLimits) hold(c plan.Change) (reason.Reason, bool) {
	last := w.last[c.Scope]
	switch {
	case last.HeldRemovals > 0:
		return reason.New(reason.GuardHolds, last.HeldRemovals), true
	case w.storm >= maxEventRemovals:
		return reason.New(reason.GuardStorm, w.storm), true
	}
	if why, holds := w.holdByShare(c, !last.FullAt.IsZero()); holds {
		return why, true
	}
	w.storm++
	return reason.Reason{}, false
}

// holdByShare checks a removal against what all scopes have lost within a day, and its own, unless a state says what the
// last full run held there. Of more than a page of losses the page alone counts for all scopes.
func (w *removalLimits) holdByShare(c plan.Change, scopeDecided bool) (reason.Reason, bool) {
	if !w.whole && !scopeDecided {
		return reason.New(reason.EventCrowd, w.deactivated), true
	}
	why, holds, err := w.losses.Hold(*c.Before, scopeDecided)
	if err != nil {
		return reason.New(reason.EventUncounted, err.Error()), true
	}
	return why, holds
}

// loadHeldCounts returns what state knows of the scopes of candidates; nothing without a store.
func (r *eventRun) loadHeldCounts(candidates []plan.Change) map[inventory.Scope]state.ScopeState {
	out := map[inventory.Scope]state.ScopeState{}
	if r.Engine.Memory.Owners == nil {
		return out
	}
	var scopes []inventory.Scope
	for _, c := range candidates {
		scopes = append(scopes, c.Scope)
	}
	sorting.By(scopes, inventory.Scope.Compare)
	scopes = slices.Compact(scopes)
	view := r.Engine.Memory.Owners.LoadSnapshot(r.ctx, scopes)
	for _, at := range scopes {
		out[at] = view.ScopeState(at)
	}
	return out
}
