package plan

import (
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/reason"
)

// Action is what happens to one instance or asset. Its values are those of the results document.
type Action string

// The actions. Keep and Node appear in the printed plan only.
const (
	Create     Action = "create"
	Update     Action = "update"
	Deactivate Action = "deactivate"
	Delete     Action = "delete"
	Hold       Action = "hold"   // a removal that the guard holds
	Skip       Action = "skip"   // left alone for a reason that people should know
	Orphan     Action = "orphan" // left alone, and no run looks after it: its account or region is not configured
	Drift      Action = "drift"  // left as people have it, though the cloud differs
	Keep       Action = "keep"   // left alone because its scope was not read or not asked for
	Node       Action = "node"   // where new assets go: a node that is new, or not where the configuration says
)

// Text returns what an action is called where a reason speaks of it.
func (a Action) Text(lang language.Lang) string {
	switch a {
	case Create:
		return lang.Text("新增", "create")
	case Update:
		return lang.Text("更新", "update")
	case Deactivate:
		return lang.Text("停用", "deactivate")
	case Delete:
		return lang.Text("删除", "delete")
	}
	if a.IsMove() {
		return lang.Text("移动", "move")
	}
	return string(a)
}

// isRemoval reports whether the asset is deactivated or deleted.
func (a Action) isRemoval() bool { return a == Deactivate || a == Delete }

// Change is one line of the plan: what happens, to which asset, and why. Name, Address and Platform are those that
// JumpServer will show afterwards.
type Change struct {
	Action     Action
	Reason     reason.Reason
	Scope      inventory.Scope
	InstanceID string
	AssetID    string
	Name       string
	Address    string
	Platform   string
	CloudName  string   // with Adopt: the instance's name in the cloud; "" = none
	Fields     []string // changed fields of an update: name, address, platform, node, zone, port, accounts, labels, is_active, comment

	// Due is when an asset in its grace (InGrace) would be removed; otherwise zero.
	Due time.Time

	// Unlisted marks an asset that is active although no listing has its instance: it stays open unless this
	// change removes it. What a failed or unasked scope may still hold is not meant: that scope says so.
	Unlisted bool
	// Interim marks a step towards another change of the same asset (the temporary name of a swap).
	Interim bool
	// heldUpdate marks a Hold of an update until a person lets it be made: it says nothing of a removal.
	heldUpdate bool
	// heldPatch is what a Hold of an update would have set.
	heldPatch *inventory.Patch
	// reviewed marks a change that a person has approved with this very name. triedNames counts the other names
	// that were tried, see WithNextName.
	reviewed   bool
	triedNames uint8
	// ruledOff marks the deactivation of a listed instance's asset by a mapping rule.
	ruledOff bool
	moves    moves

	// closedStatus is the status of an instance that the cloud has closed, while the plan decides on its asset.
	closedStatus string

	Patch *inventory.Patch // with Update and Deactivate
	// Before is the asset as the plan saw it, with Update, Deactivate, Delete and Hold.
	Before *inventory.Asset

	// With Create and Update of a listed instance's asset: what NewAsset and WithNextName need.
	instance     *inventory.Instance
	assetBuilder *assetBuilder
}

// NewAsset returns the asset that a Create makes; nil for all other actions. It is built at each call: a first sync
// creates every host, and all their labels and comments at once would be most of its memory.
func (c Change) NewAsset() *inventory.NewAsset {
	if c.Action != Create || c.assetBuilder == nil {
		return nil
	}
	return c.assetBuilder.newAsset(c)
}
