package inventory

import "errors"

// ErrNodeGone is the cause where JumpServer refuses a host because its node does not exist.
var ErrNodeGone = errors.New("the node does not exist")

// Node is the node of JumpServer's tree that a configured path means.
type Node struct {
	ID           string // "" = there is none yet
	Path         string // where it stands, with the root node's own name; "" = that was not asked
	Created      bool   // it did not exist before: no access rule names it
	StoredIDGone bool   // the id that was known of this path no longer exists
}
