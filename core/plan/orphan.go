package plan

import (
	"slices"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// orphanReason reports whether no run will ever ask for an asset's instance, and why: its account is not configured
// or disabled, or its region is not configured.
func (b *builder) orphanReason(m ownership) (Reason, bool) {
	account, there := b.rules.Accounts[m.account]
	asked := func() bool {
		return slices.ContainsFunc(b.input.Listings, func(l inventory.Listing) bool { return l.Account == m.account })
	}
	switch {
	case !there:
		return newReason(NotConfigured, m.account), true
	case !account.Enabled && !asked():
		return newReason(SwitchedOffAccount, m.account), true
	case len(account.Regions) > 0 && !slices.Contains(account.Regions, m.region):
		return newReason(RegionNotConfigured, m.account, m.region), true
	}
	return Reason{}, false
}

// isOrphanCode reports whether orphanReason returns this code.
func isOrphanCode(code Code) bool {
	return slices.Contains([]Code{NotConfigured, SwitchedOffAccount, RegionNotConfigured}, code)
}

// addOrphan reports an asset that no run looks after. It is not removed: if nobody asks for its instance any more,
// nothing is known about it. One that is deactivated already only waits.
func (b *builder) addOrphan(c Change, a inventory.Asset, why Reason) {
	since, gone, readable := parseDeactivatedAt(a, b.rules.Now)
	keep, kept := keepReason(a)
	switch {
	case kept:
		b.addSkip(c, newReason(KeptByLabel, keep))
	case gone && readable && !a.Active && b.rules.removalMode(a) != ModeDelete:
		b.addKeep(c, newReason(b.neverDeletedCode(a), formatTime(since)))
	case gone && readable && !a.Active && b.rules.Now.Before(since.Add(b.rules.Grace)):
		b.addKeep(c, newReason(InGrace, formatTime(since), formatTime(since.Add(b.rules.Grace))))
	default:
		c.Action, c.Reason = Orphan, why
		b.plan.notes = append(b.plan.notes, c)
	}
}
