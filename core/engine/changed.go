package engine

import (
	"context"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/state"
)

// maxChangedInstances is how many instances may be new or changed for their assets to be read one by one:
// each new one costs a search, and ten pages of a list cost as much as twenty of them.
const maxChangedInstances = 20

// syncChanged applies the changes of listings in which a few instances are new or changed and none is
// gone, and tells whether it did; if not, nothing was written and the full path is due. It is
// what an event about these instances would do: their assets are read, then the cloud is asked
// for them once more, so that JumpServer is never older than the cloud's answer. It removes
// nothing, ever.
func (e Engine) syncChanged(ctx context.Context, view *state.Snapshot, differing []inventory.Listing, p *passResult) bool {
	groups, number := e.batchChanged(ctx, view, differing)
	if number == 0 || number > maxChangedInstances {
		return false
	}
	e.enterStage("jumpserver")
	r := &eventRun{ctx: ctx, halt: p.halt, EventHandler: EventHandler{
		Engine: e, Clouds: e.Clouds, Bastion: e.Bastion,
		BeforeWrite: func(ctx context.Context, scopes []inventory.Scope) { e.logStateError(view.MarkDirty(ctx, scopes...)) },
	}}
	answers := make([]observation, len(groups))
	for n, g := range groups {
		if err := r.loadAssets(g); err != nil {
			e.Log.Warn("a few assets could not be read; all are read", "scope", g.scopes[0].String(), "error", err)
			return false
		}
		found, answered := r.query(g, r.findUnverified, g.pendingTargets())
		if !answered || len(found.Instances) != len(g.targets) {
			e.Log.Info("the cloud no longer shows what it listed; all assets are read", "scope", g.scopes[0].String(), "error", g.cloudError)
			return false
		}
		answers[n] = observation{present: found.Instances}
	}
	e.enterStage("apply")
	for n, g := range groups {
		r.reconcile(g, answers[n])
	}
	p.absorb(r, number)
	if len(r.bastionErrors) > 0 { // by JumpServer, before a scope was compared
		e.markDirty(ctx, view, scopesOf(differing))
		return true
	}
	e.saveScopes(ctx, view, differing, *p, time.Time{})
	return true
}

// batchChanged gives one group for each listing, of the instances that are new in it or not as they
// were applied, and their number; 0 where that is not known or an instance is gone.
func (e Engine) batchChanged(ctx context.Context, view *state.Snapshot, differing []inventory.Listing) (groups []*ownerBatch, number int) {
	for _, l := range differing {
		rows, ok, err := e.Incremental.Store.LoadDigests(ctx, l.Scope, view.ScopeState(l.Scope).AppliedFingerprint)
		if err != nil {
			e.Log.Warn("state is not known", "error", err)
		}
		if !ok {
			return nil, 0
		}
		at, gone := rows.Diff(l, e.Incremental.Salt)
		if gone > 0 || len(at) == 0 {
			return nil, 0
		}
		if number += len(at); number > maxChangedInstances {
			return nil, number
		}
		g := newOwnerBatch(l.Owner)
		g.scopes = []inventory.Scope{l.Scope}
		for _, n := range at {
			id := l.Instances[n].ID
			g.targets[id] = &target{instanceID: id, assetID: inventory.AssetID(l.Cloud, l.Region, id), reportedPresent: true}
		}
		groups = append(groups, g)
	}
	return groups, number
}

// absorb takes what became of the few; all other instances are as they were applied.
func (p *passResult) absorb(r *eventRun, number int) {
	p.notes, p.applied.Items, p.applied.Nodes = r.notes, r.items, r.nodes
	p.applied.Problems = append(r.problems, r.bastionErrors...)
	p.unchanged = countInstances(p.listings) - number + r.unchanged
	p.changes = func(yield func(plan.Change) bool) {
		for _, i := range r.items {
			if !yield(i.Change) {
				return
			}
		}
	}
}
