package state

import (
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// ScopeState is what is remembered of one scope. The zero value means that nothing is known.
type ScopeState struct {
	// ListingFingerprint is the Fingerprint, without a salt, of the last complete listing; "" = none yet.
	ListingFingerprint string
	// AppliedFingerprint is the Fingerprint, with the salt, of the listing that was last applied as a whole.
	AppliedFingerprint string
	// AppliedAt is when that was; FullAt is when the scope was last compared with all assets of JumpServer.
	AppliedAt, FullAt time.Time
	// AssetCount is how many of our assets the scope had then, for people to read. The guard does not use it:
	// it counts the assets of JumpServer.
	AssetCount int
	// Labelled is how many hosts of JumpServer carried the labels of the scope's owner and region, active or not, when
	// it was last applied, if LabelledKnown.
	Labelled      int
	LabelledKnown bool
	// Dirty says that something was held, skipped, due, failed or not reached, or that a run began and
	// its end is unknown.
	Dirty bool
	// HeldRemovals is how many removals the last full reconcile of the scope held.
	HeldRemovals int
	// NextDue is the next moment at which something in this scope becomes due that only had to wait, such as
	// the end of a grace; zero = nothing waits. It does not make the scope dirty: see IsDue.
	NextDue time.Time
}

// IsUnchanged reports whether a listing with this fingerprint (with the salt) was applied as a
// whole and left nothing dirty: JumpServer need not be asked, unless the scope IsDue or
// IsFullDue. It is false for a failed listing.
func (s ScopeState) IsUnchanged(fingerprint string) bool {
	return fingerprint != "" && s.AppliedFingerprint == fingerprint && !s.Dirty
}

// IsFullDue reports whether a full reconcile is due: the last one is every or longer ago, is
// unknown, or lies further in the future than a correct clock can have written.
func (s ScopeState) IsFullDue(now time.Time, every time.Duration) bool {
	return every <= 0 || s.FullAt.IsZero() || now.Sub(s.FullAt) >= every || s.FullAt.After(now.Add(MaxSkew))
}

// IsDue reports whether something that waited in this scope is due. A NextDue that a wrong clock wrote
// too late waits no longer than the next full reconcile.
func (s ScopeState) IsDue(now time.Time) bool { return !s.NextDue.IsZero() && !now.Before(s.NextDue) }

// scopeBody is a ScopeState as it is saved.
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
	Nonce              string          `json:"nonce"` // no two writes have the same bytes, and so never the same ETag
	NextDue            time.Time       `json:"due,omitzero"`
	Labelled           *int            `json:"labelled,omitempty"`
}

// schemaRange: schema 1 does not say what is due when, so it is not read; 2 does not say how many hosts are labelled.
func (scopeBody) schemaRange() (oldest, newest int) { return 2, 3 }

func (s ScopeState) newBody(at inventory.Scope, nonce string) scopeBody {
	var labelled *int
	if s.LabelledKnown {
		labelled = &s.Labelled
	}
	return scopeBody{
		Cloud: at.Cloud, Account: at.Account, Region: at.Region,
		ListingFingerprint: s.ListingFingerprint, AppliedFingerprint: s.AppliedFingerprint, AppliedAt: s.AppliedAt.UTC(), FullAt: s.FullAt.UTC(),
		AssetCount: s.AssetCount, HeldRemovals: s.HeldRemovals, Dirty: s.Dirty, Nonce: nonce, NextDue: s.NextDue.UTC(), Labelled: labelled,
	}
}

// decodeScopeState returns the state in a body, or why it cannot be that of this scope.
func (b scopeBody) decodeScopeState(at inventory.Scope) (s ScopeState, why string) {
	switch {
	case at != inventory.Scope{Cloud: b.Cloud, Account: b.Account, Region: b.Region}:
		return s, "is that of another scope"
	case !isFingerprint(b.ListingFingerprint), !isFingerprint(b.AppliedFingerprint), b.AssetCount < 0, b.HeldRemovals < 0:
		return s, "has values that cannot be"
	}
	s = ScopeState{
		ListingFingerprint: b.ListingFingerprint, AppliedFingerprint: b.AppliedFingerprint, AppliedAt: b.AppliedAt, FullAt: b.FullAt,
		AssetCount: b.AssetCount, HeldRemovals: b.HeldRemovals, Dirty: b.Dirty, NextDue: b.NextDue,
	}
	if b.Labelled != nil {
		s.Labelled, s.LabelledKnown = *b.Labelled, true
	}
	return s, ""
}
