package state

import (
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// Scope is what is remembered of one scope. The zero value is "nothing known".
type Scope struct {
	// Listing is the Fingerprint, without a salt, of its last complete listing; "" = none yet.
	Listing string
	// Applied is the Fingerprint, with the salt, of what was last applied as a whole.
	Applied string
	// AppliedAt is when that was, FullAt when it was last compared with all of JumpServer's assets.
	AppliedAt, FullAt time.Time
	// Assets is how many assets of ours the scope had then; for people. It is no population for
	// the guard, which reads that of JumpServer.
	Assets int
	// Open says that something was held, skipped, due, failed or not reached, or that a run began and
	// its end is not known.
	Open bool
	// Held is how many removals the last run that compared the scope with all of JumpServer held.
	Held int
	// Due is the next moment at which something in this scope becomes due that only had to wait, as
	// the end of a grace; zero = nothing waits. It keeps no scope open: see DueBy.
	Due time.Time
}

// Unchanged tells whether a listing with this fingerprint (with the salt) has been applied as a
// whole, with nothing left open: JumpServer need not be asked, unless something is DueBy now, or
// FullDue. It never holds of a failed listing.
func (s Scope) Unchanged(fingerprint string) bool {
	return fingerprint != "" && s.Applied == fingerprint && !s.Open
}

// FullDue tells whether a full reconcile is due: the last one is every or longer ago, is not
// known, or lies in the future as only a wrong clock can have written it.
func (s Scope) FullDue(now time.Time, every time.Duration) bool {
	return every <= 0 || s.FullAt.IsZero() || now.Sub(s.FullAt) >= every || s.FullAt.After(now.Add(MaxSkew))
}

// DueBy tells whether the moment of what waits in this scope has come. A Due that a wrong clock wrote
// too late waits no longer than the next full reconcile.
func (s Scope) DueBy(now time.Time) bool { return !s.Due.IsZero() && !now.Before(s.Due) }

// scopeBody is a Scope as it is written.
type scopeBody struct {
	Cloud     inventory.Cloud `json:"cloud"`
	Account   string          `json:"account"`
	Region    string          `json:"region"`
	Listing   string          `json:"listing"`
	Applied   string          `json:"applied"`
	AppliedAt time.Time       `json:"applied_at,omitzero"`
	FullAt    time.Time       `json:"full_at,omitzero"`
	Assets    int             `json:"assets"`
	Held      int             `json:"held,omitempty"`
	Open      bool            `json:"open"`
	Nonce     string          `json:"nonce"` // no two writes have the same bytes, and so the same ETag
	Due       time.Time       `json:"due,omitzero"`
}

// schemas: schema 1 did not know what is due when, and so is nothing known.
func (scopeBody) schemas() (oldest, newest int) { return 2, 2 }

func (s Scope) body(at inventory.Scope, nonce string) scopeBody {
	return scopeBody{
		Cloud: at.Cloud, Account: at.Account, Region: at.Region,
		Listing: s.Listing, Applied: s.Applied, AppliedAt: s.AppliedAt.UTC(), FullAt: s.FullAt.UTC(),
		Assets: s.Assets, Held: s.Held, Open: s.Open, Nonce: nonce, Due: s.Due.UTC(),
	}
}

// scope gives what a body says, if it is that of this scope and can be true.
func (b scopeBody) scope(at inventory.Scope) (s Scope, why string) {
	switch {
	case at != inventory.Scope{Cloud: b.Cloud, Account: b.Account, Region: b.Region}:
		return s, "is that of another scope"
	case !isFingerprint(b.Listing), !isFingerprint(b.Applied), b.Assets < 0, b.Held < 0:
		return s, "has values that cannot be"
	}
	return Scope{
		Listing: b.Listing, Applied: b.Applied, AppliedAt: b.AppliedAt, FullAt: b.FullAt,
		Assets: b.Assets, Held: b.Held, Open: b.Open, Due: b.Due,
	}, ""
}
