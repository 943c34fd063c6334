package apply

import (
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
)

// ItemState is what became of one approved change.
type ItemState string

// The states of an item.
const (
	Done       ItemState = "done"
	Failed     ItemState = "failed"      // see Item.Err
	Kept       ItemState = "kept"        // a removal that was not made, see Item.Reason
	Held       ItemState = "held"        // a removal that a person has paused during the run, see Item.Reason
	Unknown    ItemState = "unknown"     // no answer came, and the time was too short to see whether it was made; see Item.Err
	NotReached ItemState = "not_reached" // the time or JumpServer's limit of assets was used up before its turn, see Item.Reason
)

// Item is one approved change and what became of it.
type Item struct {
	Change plan.Change
	State  ItemState
	Reason reason.Reason
	Err    error
	// MaybeWritten says that an earlier write had no answer and was not seen to be carried out. Whatever State
	// says, it may still be.
	MaybeWritten bool
}

// Node is a node for new assets that people should know of: it is new, or it is not where the configuration says.
// In a dry run a new one has no id.
type Node struct {
	Account        inventory.Scope // whose assets go there; without a region
	ConfiguredPath string
	inventory.Node
	Reason reason.Reason
}

// Result has every approved change, in the order of the plan.
type Result struct {
	Items []Item
	// Nodes are sorted by path.
	Nodes []Node
	// Problems concern the run and not one item: the number of assets nears its limit, the time ran out.
	Problems []error
	// Paused is what a person has paused during the run, if it holds any removal.
	Paused plan.Pause
}
