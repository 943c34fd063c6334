package inventory

import "errors"

// ErrNodeGone is the cause if JumpServer refuses a host because its node does not exist.
var ErrNodeGone = errors.New("the node does not exist")

// Node is the node of JumpServer's tree that a configured path means.
type Node struct {
	ID           string // "" = there is none yet
	Path         string // where it is, with the root node's own name; "" = not asked
	Created      bool   // it did not exist before: no access rule names it
	StoredIDGone bool   // the stored id of this path no longer exists
}
