package engine

import (
	"github.com/jms-sync/jms-sync/core/inventory"
)

// unusedKindError is the failure of a scope whose kind of instances the key may not list, while no asset is of that
// kind: nobody depends on it, so that it is noted and raises no alarm.
type unusedKindError struct{ err error }

// Error returns the failure, and why it is no alarm.
func (u *unusedKindError) Error() string {
	return u.err.Error() + " (no asset is of this kind yet: grant the right, or take the kind out of kinds)"
}

// Unwrap returns the failure.
func (u *unusedKindError) Unwrap() error { return u.err }

// IsUnusedKind reports that nobody need be notified of the failure.
func (u *unusedKindError) IsUnusedKind() bool { return true }

// noteUnusedKinds marks the failed listings that nobody need be notified of: a right is missing for another kind than
// the main one, and no asset is of that kind.
func noteUnusedKinds(listings []inventory.Listing, assets []inventory.Asset) []inventory.Listing {
	used := map[[2]string]bool{}
	for _, a := range assets {
		cloud, _ := a.Label(inventory.LabelCloud)
		region, _ := a.Label(inventory.LabelRegion)
		used[[2]string{cloud, inventory.KindOfRegion(region)}] = true
	}
	for n := range listings {
		l := &listings[n]
		kind := inventory.KindOfRegion(l.Region)
		if kind != "" && inventory.KindOf(l.Err) == inventory.Denied && !used[[2]string{string(l.Cloud), kind}] {
			l.Err = &unusedKindError{l.Err}
		}
	}
	return listings
}
