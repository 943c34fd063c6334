package reconcile

import (
	"context"
	"slices"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// SyncChanges applies a small set of changes without reading all of JumpServer; it is an engine.SyncChanges. It does what
// an event about these instances would do: their assets are read, then the cloud is asked for them once more, so that
// JumpServer is never older than the cloud's answer. It removes nothing, ever.
func SyncChanges(ctx context.Context, e engine.Engine, set engine.ChangeSet) (engine.ChangeResult, bool) {
	e.EnterStage("jumpserver")
	r := &eventRun{ctx: ctx, halt: set.Halt, EventHandler: EventHandler{
		Engine: e, Clouds: e.Clouds, Bastion: e.Bastion, BeforeWrite: set.BeforeWrite,
	}}
	batches := make([]*ownerBatch, len(set.Changed))
	answers := make([]observation, len(set.Changed))
	for n, changed := range set.Changed {
		g := newChangedBatch(changed)
		if err := r.loadAssets(g); err != nil {
			e.Log.Warn("a few assets could not be read; all are read", "scope", changed.Scope.String(), "error", err)
			return engine.ChangeResult{}, false
		}
		if g.hasAssets() && mayWriteByRules(e.Rules) {
			e.Log.Info("rules may move an asset that exists, which a full run weighs; all assets are read", "scope", changed.Scope.String())
			return engine.ChangeResult{}, false
		}
		found, answered := r.query(g, r.findUnverified, g.pendingTargets())
		if !answered || len(found.Instances) != len(g.targets) {
			e.Log.Info("the cloud no longer shows what it listed; all assets are read", "scope", changed.Scope.String(), "error", g.cloudError)
			return engine.ChangeResult{}, false
		}
		if slices.ContainsFunc(found.Instances, func(i inventory.Instance) bool { return i.Existence != inventory.Present }) {
			e.Log.Info("an instance is going, which is for the guard to weigh; all assets are read", "scope", changed.Scope.String())
			return engine.ChangeResult{}, false
		}
		batches[n], answers[n] = g, observation{present: found.Instances}
	}
	e.EnterStage("apply")
	for n, g := range batches {
		r.reconcile(g, answers[n])
	}
	return engine.ChangeResult{
		Notes: r.notes, Applied: apply.Result{Items: r.items, Nodes: r.nodes, Problems: r.problems},
		Unchanged: r.unchanged, BastionErrors: r.bastionErrors,
	}, true
}

// hasAssets reports whether any of the batch's instances has an asset.
func (g *ownerBatch) hasAssets() bool {
	for _, s := range g.targets {
		if _, exists := g.assets.byID[s.assetID]; exists {
			return true
		}
	}
	return false
}

// newChangedBatch returns the batch of a scope's changed instances.
func newChangedBatch(changed engine.ChangedScope) *ownerBatch {
	g := newOwnerBatch(changed.Owner)
	g.scopes = []inventory.Scope{changed.Scope}
	for _, id := range changed.InstanceIDs {
		g.targets[id] = &target{instanceID: id, assetID: inventory.AssetID(changed.Cloud, changed.Region, id), reportedPresent: true}
	}
	return g
}
