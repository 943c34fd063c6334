package plan

import (
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// Action is what happens to one instance or asset. The words are those of the results document.
type Action string

// The actions. Keep and Node are never written anywhere but in the printed plan.
const (
	Create     Action = "create"
	Update     Action = "update"
	Deactivate Action = "deactivate"
	Delete     Action = "delete"
	Hold       Action = "hold"   // a removal that the guard holds
	Skip       Action = "skip"   // left alone for a reason that people should know
	Orphan     Action = "orphan" // left alone, and nobody looks after it: its account or region is not configured
	Drift      Action = "drift"  // left as people have it, though the cloud says otherwise
	Keep       Action = "keep"   // left alone because its scope was not read or not asked for
	Node       Action = "node"   // where new assets go: made anew, or not where the configuration says
)

// isRemoval tells whether an asset is lost by it.
func (a Action) isRemoval() bool { return a == Deactivate || a == Delete }

// Change is one line of the plan: what, to which asset, and why. Names, addresses and
// platforms are those that JumpServer will show afterwards.
type Change struct {
	Action     Action
	Reason     Reason
	Scope      inventory.Scope
	InstanceID string
	AssetID    string
	Name       string
	Address    string
	Platform   string
	CloudName  string   // of Adopt: what the cloud calls the instance; "" = nothing
	Fields     []string // changed fields of an update: name, address, zone, labels, is_active

	// Due is when an asset that waits (InGrace) would be removed; zero for all else.
	Due time.Time

	// Interim marks a step towards another change of the same asset (a parked name in a swap).
	Interim bool
	// reviewed marks a change that a person has approved with this very name; tried counts the other
	// names that were tried, see Otherwise.
	reviewed   bool
	triedNames uint8

	Patch *inventory.Patch // with Update and Deactivate
	// Before is the asset as the plan saw it, with Update, Deactivate, Delete and Hold.
	Before *inventory.Asset

	// With Create and Update of a listed instance's asset: what New and Otherwise are made of.
	instance     *inventory.Instance
	assetBuilder *assetBuilder
}

// NewAsset gives the asset that a Create makes; nil for all other actions. It is made anew at each
// call: a first sync creates every host, and all their labels and comments at once would be
// most of its memory.
func (c Change) NewAsset() *inventory.NewAsset {
	if c.Action != Create || c.assetBuilder == nil {
		return nil
	}
	return c.assetBuilder.newAsset(c)
}
