package engine

import (
	"context"
	"maps"
	"slices"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
)

// WriteOptions returns how this engine writes, with what is remembered of nodes, and what stops removals.
func (e Engine) WriteOptions() apply.Options {
	o := e.ApplyOptions
	if e.Memory.Nodes != nil {
		o.Nodes = e.Memory.Nodes
	}
	if e.Memory.Pauses != nil {
		o.Paused = e.pausedNow
	}
	return o
}

// nodeLine is the line of a plan that says where new assets go.
func nodeLine(n apply.Node) plan.Change {
	return plan.Change{Action: plan.Node, Reason: n.Reason, Scope: n.Account, Name: n.ConfiguredPath}
}

// addRememberedNodes adds which nodes configured paths mean, where a plan may put existing assets into nodes: a node that
// people renamed is still the one of its path.
func (e Engine) addRememberedNodes(ctx context.Context, bastion inventory.JumpServerAssets) inventory.JumpServerAssets {
	if bastion.Nodes == nil || e.Memory.Nodes == nil {
		return bastion
	}
	remembered, err := e.Memory.Nodes.LoadAll(ctx)
	if err != nil {
		e.Log.Warn("it is not known which nodes are remembered, and no asset changes its node", "error", err)
		bastion.NodesUnsure = true
	}
	there := make(map[string]bool, len(bastion.Nodes))
	for _, n := range bastion.Nodes {
		there[n.ID] = true
	}
	maps.DeleteFunc(remembered, func(_, id string) bool { return !there[id] })
	bastion.NodesByPath = remembered
	return bastion
}

// saveRuleNodes remembers the nodes that rules put existing assets into, as JumpServer shows them, so that each is known
// when people rename it.
func (e Engine) saveRuleNodes(ctx context.Context, ids map[string]string) {
	if e.Memory.Nodes == nil || len(ids) == 0 || ctx.Err() != nil {
		return
	}
	if err := e.Memory.Nodes.SaveAll(ctx, ids); err != nil {
		e.Log.Warn("not all nodes of rules are remembered", "error", err)
	}
}

// saveNewNodes remembers the nodes of the accounts that have instances, where nothing is remembered yet, so
// that a node is known when people rename it although nothing was made in it since the store exists.
// Only the path says which node it is, never where assets are. Nothing is made.
func (e Engine) saveNewNodes(ctx context.Context, listings []inventory.Listing) {
	if e.Memory.Nodes == nil {
		return
	}
	var paths []string
	for _, l := range listings {
		path := e.Rules.NodePath(l.Account)
		if len(l.Instances) > 0 && !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	}
	if len(paths) == 0 || ctx.Err() != nil {
		return
	}
	unlearnt, err := e.Memory.Nodes.ListUnknown(ctx, paths)
	if err != nil {
		e.Log.Warn("it is not known which nodes are remembered", "error", err)
	}
	for _, path := range unlearnt {
		at, err := e.Bastion.FindNode(ctx, path, "")
		if err == nil && at.ID != "" {
			err = e.Memory.Nodes.Save(ctx, path, at.ID)
		}
		if err != nil {
			e.Log.Warn("the node of an account is not remembered yet", "path", path, "error", err)
		}
		kind := inventory.KindOf(err)
		if kind != "" && kind != inventory.Invalid {
			return // the others would fare no better
		}
	}
}
