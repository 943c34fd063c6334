package apply

import "github.com/jms-sync/jms-sync/core/plan"

// State is what became of one approved change.
type State string

// The states of an item.
const (
	Done       State = "done"
	Failed     State = "failed"      // Item.Err says why
	Kept       State = "kept"        // a removal that was not made; Item.Reason says why
	NotReached State = "not_reached" // the time or JumpServer's room was used up before its turn; Item.Reason says why
)

// Item is one approved change and what became of it.
type Item struct {
	Change plan.Change
	State  State
	Reason plan.Reason
	Err    error
}

// Result holds every approved change, in the order of the plan.
type Result struct {
	Items []Item
	// Problems concern the run and not one item: the number of assets nears its limit, time ran out.
	Problems []error
}
