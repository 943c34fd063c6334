package plan

import (
	"slices"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reason"
)

// orphanReason reports whether no run will ever ask for an asset's instance, and why: its account is not configured,
// disabled or one of another cloud, or its region is not configured or no longer named by the cloud.
func (b *builder) orphanReason(m ownership) (reason.Reason, bool) {
	account, there := b.rules.Accounts[m.account]
	asked := func() bool {
		return slices.ContainsFunc(b.input.Listings, func(l inventory.Listing) bool { return l.Account == m.account })
	}
	switch {
	case !there:
		return reason.New(reason.NotConfigured, m.account), true
	case account.Cloud != "" && account.Cloud != m.cloud:
		return reason.New(reason.OfOtherCloud, m.account, m.cloud, account.Cloud), true
	case !account.Enabled && !asked():
		return reason.New(reason.SwitchedOffAccount, m.account), true
	case !account.CoversRegion(m.region):
		return reason.New(reason.RegionNotConfigured, m.account, m.region), true
	case len(account.Regions) == 0 && b.isRegionUnnamed(m):
		return reason.New(reason.RegionNotNamed, m.account, m.region), true
	}
	return reason.Reason{}, false
}

// isRegionUnnamed reports whether the cloud was asked for all regions of an account, and an asset's region was none
// of them. A run that asks for other regions alone, and an account whose regions could not be listed, say nothing.
func (b *builder) isRegionUnnamed(m ownership) bool {
	return (b.input.AllRegions || slices.Contains(b.input.Regions, m.region)) &&
		namesOtherRegions(b.input.Listings, inventory.Scope{Cloud: m.cloud, Account: m.account, Region: m.region})
}

// namesOtherRegions reports whether the cloud has named regions for a scope's account, and the scope's region is none
// of them.
func namesOtherRegions(listings []inventory.Listing, s inventory.Scope) bool {
	others := false
	for _, l := range listings {
		if l.Cloud != s.Cloud || l.Account != s.Account {
			continue
		}
		if l.Region == s.Region || l.Region == inventory.AnyRegion {
			return false
		}
		others = true
	}
	return others
}

func orphanCodes() []reason.Code {
	return []reason.Code{reason.NotConfigured, reason.OfOtherCloud, reason.SwitchedOffAccount, reason.RegionNotConfigured, reason.RegionNotNamed}
}

// isOrphanCode reports whether orphanReason returns this code.
func isOrphanCode(code reason.Code) bool {
	return slices.Contains(orphanCodes(), code)
}

// addOrphan reports an asset that no run looks after. It is not removed: if nobody asks for its instance any more,
// nothing is known about it. One that is deactivated already only waits.
func (b *builder) addOrphan(c Change, a inventory.Asset, why reason.Reason) {
	since, gone, readable := parseDeactivatedAt(a, b.rules.Now)
	keep, kept := keepReason(a)
	switch {
	case kept:
		b.addSkip(c, reason.New(reason.KeptByLabel, keep))
	case gone && readable && !a.Active && b.rules.removalMode(a) != ModeDelete:
		b.addKeep(c, reason.New(b.neverDeletedCode(a), formatTime(since)))
	case gone && readable && !a.Active && b.rules.Now.Before(since.Add(b.rules.Grace)):
		b.addKeep(c, reason.New(reason.InGrace, formatTime(since), formatTime(since.Add(b.rules.Grace))))
	default:
		c.Action, c.Reason = Orphan, why
		b.plan.notes = append(b.plan.notes, c)
	}
}
