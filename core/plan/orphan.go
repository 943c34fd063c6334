package plan

import (
	"slices"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// configured tells whether no run will ever ask for an asset's instance, as the configuration is, and
// why: its account is not there or switched off, or its region is not among those of the account.
func (b *builder) configured(m mark) (Reason, bool) {
	account, there := b.rules.Accounts[m.account]
	asked := func() bool {
		return slices.ContainsFunc(b.in.Listings, func(l inventory.Listing) bool { return l.Account == m.account })
	}
	switch {
	case !there:
		return because(NotConfigured, m.account), true
	case !account.Enabled && !asked():
		return because(SwitchedOffAccount, m.account), true
	case len(account.Regions) > 0 && !slices.Contains(account.Regions, m.region):
		return because(RegionNotConfigured, m.account, m.region), true
	}
	return Reason{}, false
}

// orphaned tells whether a reason is one of those of configured.
func orphaned(code Code) bool {
	return slices.Contains([]Code{NotConfigured, SwitchedOffAccount, RegionNotConfigured}, code)
}

// orphan reports an asset that no run will look after. It is not removed: that nobody asks for its
// instance any more says nothing of it. One that is deactivated already only has to wait.
func (b *builder) orphan(c Change, a inventory.Asset, why Reason) {
	since, gone, readable := goneSince(a, b.rules.Now)
	keep, kept := kept(a)
	switch {
	case kept:
		b.skip(c, because(KeptByLabel, keep))
	case gone && readable && !a.Active && b.rules.modeOf(a) != ModeDelete:
		b.keep(c, because(b.stays(a), stamp(since)))
	case gone && readable && !a.Active && b.rules.Now.Before(since.Add(b.rules.Grace)):
		b.keep(c, because(InGrace, stamp(since), stamp(since.Add(b.rules.Grace))))
	default:
		c.Action, c.Reason = Orphan, why
		b.plan.notes = append(b.plan.notes, c)
	}
}
