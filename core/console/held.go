package console

import "time"

// Held is the answer of GET /api/held.
type Held struct {
	Sets     []HeldSet `json:"sets"` // the one held last first
	Problems []Text    `json:"problems"`
}

// HeldSet is what one run wanted to remove, or to move by rules, and the guard held.
type HeldSet struct {
	Hash      string    `json:"hash"`
	Moves     bool      `json:"moves"` // rules would move the assets; otherwise they would be removed
	Assets    int       `json:"assets"`
	FirstHeld time.Time `json:"first_held"`
	LastHeld  time.Time `json:"last_held"`
	// ApprovableUntil is when it can no longer be approved, unless a run holds it again. Expired says that this is over.
	ApprovableUntil time.Time   `json:"approvable_until"`
	Expired         bool        `json:"expired"`
	ApprovedUntil   *time.Time  `json:"approved_until"` // null = it is not approved
	Groups          []HeldGroup `json:"groups"`
}

// HeldGroup is the part of a set that is held in one scope for one reason.
type HeldGroup struct {
	Cloud   string   `json:"cloud"`
	Account string   `json:"account"`
	Region  string   `json:"region"`
	Reason  string   `json:"reason"`
	Assets  int      `json:"assets"`
	Names   []string `json:"names"` // the first five
}

// HeldDetail is the answer of GET /api/held/{hash}. The hash may be its first 8 characters or more.
type HeldDetail struct {
	HeldSet
	Removals []HeldRemoval `json:"removals"` // by account, region and name
}

// HeldRemoval is one asset of a set.
type HeldRemoval struct {
	Asset      string `json:"asset"`
	Action     string `json:"action"`
	ActionText Text   `json:"action_text"`
	Cloud      string `json:"cloud"`
	Account    string `json:"account"`
	Region     string `json:"region"`
	Instance   string `json:"instance"`
	Name       string `json:"name"`
	Address    string `json:"address"`
	Node       string `json:"node"`
	Reason     string `json:"reason"`
}

// HeldOrder is the body of POST /api/held/{hash}/approve and /reject: the hash is whole, and Assets is the number that the
// person saw. A reason is required to reject.
type HeldOrder struct {
	Assets int    `json:"assets"`
	Reason string `json:"reason"`
}

// HeldResult is the answer of such an order. The next full run makes what is approved.
type HeldResult struct {
	Hash          string     `json:"hash"`
	Assets        int        `json:"assets"`
	ApprovedUntil *time.Time `json:"approved_until"` // null = rejected
}

// LinkOrder is the body of POST /api/link and /api/link/approve: what stands behind # in the link of a card. The first
// shows the set (as HeldDetail), the second approves it (HeldResult). Neither needs a session.
type LinkOrder struct {
	Link   string `json:"link"`
	Assets int    `json:"assets"` // of approve: the number that the person saw
}
