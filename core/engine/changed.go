package engine

import (
	"context"
	"time"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/state"
)

// maxChangedInstances is how many instances may be new or changed for their assets to be read one by one:
// each new one costs a search, and ten pages of a list cost as much as twenty of them.
const maxChangedInstances = 20

// ChangeSet is a small set of changes: a few instances are new or changed, and none is gone.
type ChangeSet struct {
	Changed []ChangedScope
	Halt    Halt
	// BeforeWrite is called with the scopes in which something is about to be written.
	BeforeWrite func(ctx context.Context, scopes []inventory.Scope)
}

// ChangedScope names the instances that are new in a listing, or not as they were applied.
type ChangedScope struct {
	inventory.Scope
	Owner       string
	InstanceIDs []string
}

// ChangeResult is what became of a small set of changes.
type ChangeResult struct {
	Notes         []plan.Change
	Applied       apply.Result
	Unchanged     int
	BastionErrors []error // of JumpServer, before a scope was compared
}

// SyncChanges applies a small set of changes without reading all of JumpServer. It reports false, having written
// nothing, when a full sync is needed. It removes nothing.
type SyncChanges func(ctx context.Context, e Engine, set ChangeSet) (ChangeResult, bool)

// syncChanged applies the changes of differing listings, if they are few and none is a loss, and saves what became of
// the scopes. It reports false, having written nothing, when a full sync is needed.
func (e Engine) syncChanged(ctx context.Context, p *pass, differing []inventory.Listing) bool {
	changed, number := e.findChanged(ctx, p.snapshot, differing)
	if number == 0 || number > maxChangedInstances {
		return false
	}
	done, synced := e.Incremental.SyncChanges(ctx, e, ChangeSet{Changed: changed, Halt: p.halt, BeforeWrite: func(ctx context.Context, scopes []inventory.Scope) {
		e.logStateError(p.snapshot.MarkDirty(ctx, scopes...))
	}})
	if !synced {
		return false
	}
	p.absorb(done, number)
	if len(done.BastionErrors) > 0 {
		e.markDirty(ctx, p.snapshot, scopesOf(differing))
		return true
	}
	e.saveScopes(ctx, differing, p, time.Time{})
	return true
}

// findChanged returns the instances of each listing that are new in it or not as they were applied, and their number; 0
// where that is not known or an instance is gone.
func (e Engine) findChanged(ctx context.Context, snapshot *state.Snapshot, differing []inventory.Listing) (all []ChangedScope, number int) {
	for _, l := range differing {
		digests, ok, err := e.Incremental.Store.LoadDigests(ctx, l.Scope, snapshot.ScopeState(l.Scope).AppliedFingerprint)
		if err != nil {
			e.Log.Warn("state is not known", "error", err)
		}
		if !ok {
			return nil, 0
		}
		at, gone := digests.Diff(l, e.Incremental.Salt)
		if gone > 0 || len(at) == 0 {
			return nil, 0
		}
		number += len(at)
		if number > maxChangedInstances {
			return nil, number
		}
		changed := ChangedScope{Scope: l.Scope, Owner: l.Owner}
		for _, n := range at {
			changed.InstanceIDs = append(changed.InstanceIDs, l.Instances[n].ID)
		}
		all = append(all, changed)
	}
	return all, number
}

// absorb takes what became of the few; all other instances are as they were applied.
func (p *pass) absorb(done ChangeResult, number int) {
	p.notes, p.applied = done.Notes, done.Applied
	p.applied.Problems = append(p.applied.Problems, done.BastionErrors...)
	p.unchanged = countInstances(p.listings) - number + done.Unchanged
	p.changes = func(yield func(plan.Change) bool) {
		for _, i := range done.Applied.Items {
			if !yield(i.Change) {
				return
			}
		}
	}
}
