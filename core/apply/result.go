package apply

import (
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
)

// ItemState is what became of one approved change.
type ItemState string

// The states of an item.
const (
	Done       ItemState = "done"
	Failed     ItemState = "failed"      // Item.Err says why
	Kept       ItemState = "kept"        // a removal that was not made; Item.Reason says why
	Held       ItemState = "held"        // a removal that a person has paused while the run was at work; Item.Reason says why
	Unknown    ItemState = "unknown"     // no answer came, and the time was too short to see whether it was made; Item.Err has the details
	NotReached ItemState = "not_reached" // the time or JumpServer's room was used up before its turn; Item.Reason says why
)

// Item is one approved change and what became of it.
type Item struct {
	Change plan.Change
	State  ItemState
	Reason plan.Reason
	Err    error
	// MaybeWritten: an earlier write of it had no answer and was not seen to be carried out. Whatever State says, it may still be.
	MaybeWritten bool
}

// Node is a node for new assets of which people should know: it is new, or it does not stand where the
// configuration says. In a dry run a new one has no id.
type Node struct {
	Account        inventory.Scope // whose assets go there, without a region
	ConfiguredPath string          // the path
	inventory.Node
	Reason plan.Reason
}

// Result holds every approved change, in the order of the plan.
type Result struct {
	Items []Item
	// Nodes are sorted by path.
	Nodes []Node
	// Problems concern the run and not one item: the number of assets nears its limit, time ran out.
	Problems []error
	// Paused is what a person has paused while the run was at work, if any removal is held by it.
	Paused plan.Pause
}
