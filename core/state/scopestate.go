package state

import (
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// ScopeState is what is remembered of one scope. The zero value is "nothing known".
type ScopeState struct {
	// ListingFingerprint is the Fingerprint, without a salt, of its last complete listing; "" = none yet.
	ListingFingerprint string
	// AppliedFingerprint is the Fingerprint, with the salt, of what was last applied as a whole.
	AppliedFingerprint string
	// AppliedAt is when that was, FullAt when it was last compared with all of JumpServer's assets.
	AppliedAt, FullAt time.Time
	// AssetCount is how many assets of ours the scope had then; for people. It is no population for
	// the guard, which reads that of JumpServer.
	AssetCount int
	// Dirty says that something was held, skipped, due, failed or not reached, or that a run began and
	// its end is not known.
	Dirty bool
	// HeldRemovals is how many removals the last run that compared the scope with all of JumpServer held.
	HeldRemovals int
	// NextDue is the next moment at which something in this scope becomes due that only had to wait, as
	// the end of a grace; zero = nothing waits. It keeps no scope open: see DueBy.
	NextDue time.Time
}

// IsUnchanged tells whether a listing with this fingerprint (with the salt) has been applied as a
// whole, with nothing left open: JumpServer need not be asked, unless something is DueBy now, or
// FullDue. It never holds of a failed listing.
func (s ScopeState) IsUnchanged(fingerprint string) bool {
	return fingerprint != "" && s.AppliedFingerprint == fingerprint && !s.Dirty
}

// IsFullDue tells whether a full reconcile is due: the last one is every or longer ago, is not
// known, or lies in the future as only a wrong clock can have written it.
func (s ScopeState) IsFullDue(now time.Time, every time.Duration) bool {
	return every <= 0 || s.FullAt.IsZero() || now.Sub(s.FullAt) >= every || s.FullAt.After(now.Add(MaxSkew))
}

// IsDue tells whether the moment of what waits in this scope has come. A Due that a wrong clock wrote
// too late waits no longer than the next full reconcile.
func (s ScopeState) IsDue(now time.Time) bool { return !s.NextDue.IsZero() && !now.Before(s.NextDue) }

// scopeBody is a Scope as it is written.
type scopeBody struct {
	Cloud              inventory.Cloud `json:"cloud"`
	Account            string          `json:"account"`
	Region             string          `json:"region"`
	ListingFingerprint string          `json:"listing"`
	AppliedFingerprint string          `json:"applied"`
	AppliedAt          time.Time       `json:"applied_at,omitzero"`
	FullAt             time.Time       `json:"full_at,omitzero"`
	AssetCount         int             `json:"assets"`
	HeldRemovals       int             `json:"held,omitempty"`
	Dirty              bool            `json:"open"`
	Nonce              string          `json:"nonce"` // no two writes have the same bytes, and so the same ETag
	NextDue            time.Time       `json:"due,omitzero"`
}

// schemaRange: schema 1 did not know what is due when, and so is nothing known.
func (scopeBody) schemaRange() (oldest, newest int) { return 2, 2 }

func (s ScopeState) newBody(at inventory.Scope, nonce string) scopeBody {
	return scopeBody{
		Cloud: at.Cloud, Account: at.Account, Region: at.Region,
		ListingFingerprint: s.ListingFingerprint, AppliedFingerprint: s.AppliedFingerprint, AppliedAt: s.AppliedAt.UTC(), FullAt: s.FullAt.UTC(),
		AssetCount: s.AssetCount, HeldRemovals: s.HeldRemovals, Dirty: s.Dirty, Nonce: nonce, NextDue: s.NextDue.UTC(),
	}
}

// decodeScopeState gives what a body says, if it is that of this scope and can be true.
func (b scopeBody) decodeScopeState(at inventory.Scope) (s ScopeState, why string) {
	switch {
	case at != inventory.Scope{Cloud: b.Cloud, Account: b.Account, Region: b.Region}:
		return s, "is that of another scope"
	case !isFingerprint(b.ListingFingerprint), !isFingerprint(b.AppliedFingerprint), b.AssetCount < 0, b.HeldRemovals < 0:
		return s, "has values that cannot be"
	}
	return ScopeState{
		ListingFingerprint: b.ListingFingerprint, AppliedFingerprint: b.AppliedFingerprint, AppliedAt: b.AppliedAt, FullAt: b.FullAt,
		AssetCount: b.AssetCount, HeldRemovals: b.HeldRemovals, Dirty: b.Dirty, NextDue: b.NextDue,
	}, ""
}
