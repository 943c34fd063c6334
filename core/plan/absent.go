package plan

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// absent looks at every asset of ours whose instance no listing holds.
func (b *builder) absent() {
	for _, n := range b.order {
		a := &b.in.Bastion.Assets[n]
		if !b.ours[n] || b.listed[b.byID[a.ID]] {
			continue
		}
		m, _ := labelMark(*a)
		c := Change{
			Scope: inventory.Scope{Cloud: m.cloud, Account: m.account, Region: m.region}, InstanceID: m.instance,
			AssetID: a.ID, Name: a.Name, Address: a.Address, Platform: a.Platform, Before: a,
		}
		if where, elsewhere := b.where(instanceKey{m.cloud, m.instance}); elsewhere {
			b.keep(c, because(SeenElsewhere, where.String())) // said by the skip of its instance
			continue
		}
		why, proved := b.readScope(m)
		switch {
		case proved:
			b.judge(c, *a)
		case why.Code == OtherOwner, why.Code == NotConfigured, why.Code == OthersNotAsked:
			b.skip(c, why) // no scope's error would say it
		default:
			b.keep(c, why)
		}
	}
}

// readScope tells whether the asset's own scope, that of the account which its label names, was
// read as a whole with a key of the right owner, and nobody else who may see the instance is
// unread: no other account of this owner failed here, or was left out of a narrowed run.
func (b *builder) readScope(m mark) (Reason, bool) {
	if _, configured := b.rules.Accounts[m.account]; !configured {
		return because(NotConfigured, m.account), false
	}
	own := slices.IndexFunc(b.in.Listings, func(l inventory.Listing) bool {
		return l.Cloud == m.cloud && l.Account == m.account && (l.Region == m.region || l.Region == everyRegion)
	})
	if own < 0 {
		return because(ScopeNotAsked, m.account, m.region), false
	}
	if l := b.in.Listings[own]; !l.Complete() {
		return because(ScopeFailed, m.account, m.region), false
	} else if l.Owner != m.owner {
		return because(OtherOwner, m.owner, l.Owner), false
	}
	if name := b.failed(m); name != "" {
		return because(ScopeFailed, name, m.region), false
	}
	if name := b.unasked(m); name != "" {
		return because(OthersNotAsked, name), false
	}
	return Reason{}, true
}

// failed names an account of the asset's owner, or one that may be, whose listing of the asset's
// region failed: it may be the only one that still sees the instance.
func (b *builder) failed(m mark) string {
	for _, l := range b.in.Listings {
		if l.Complete() || l.Cloud != m.cloud || l.Region != m.region && l.Region != everyRegion {
			continue
		}
		if l.Owner == m.owner || l.Owner == "" && b.rules.Accounts[l.Account].mayList(m.cloud, m.owner, m.region) {
			return l.Account
		}
	}
	return ""
}

// everyRegion is the region of a listing whose account failed before its regions were known.
const everyRegion = "*"

// unasked names an account that a full run would ask for the asset's region and this run did not,
// if it may be of the same owner. Events ask every account of the owner, and no other.
func (b *builder) unasked(m mark) string {
	if b.rules.Partial {
		return ""
	}
	for _, name := range slices.Sorted(maps.Keys(b.rules.Accounts)) {
		// An account that was asked at all was asked for all its regions, or for those to which
		// the run is narrowed, which the asset's is one of.
		asked := slices.ContainsFunc(b.in.Listings, func(l inventory.Listing) bool { return l.Account == name })
		if !asked && b.rules.Accounts[name].mayList(m.cloud, m.owner, m.region) {
			return name
		}
	}
	return ""
}

// judge applies the rules of the package's doc to an asset whose instance is absent.
func (b *builder) judge(c Change, a inventory.Asset) {
	since, gone, readable := goneSince(a, b.rules.Now)
	switch {
	case strings.HasPrefix(a.Platform, "Gateway"):
		b.skip(c, because(IsGateway))
	case within(b.rules.Protected, a.Address), a.Count(inventory.LabelProtected) > 0:
		b.skip(c, because(IsProtected))
	case !b.rules.listed(a.Address):
		b.skip(c, because(NotWhitelisted))
	case b.rules.NoDelete:
		b.skip(c, because(NoDelete))
	case !readable:
		b.skip(c, because(GoneUnreadable))
	case gone && a.Active:
		b.skip(c, because(SwitchedOn))
	case gone:
		b.deactivated(c, since)
	case b.mode() == ModeDelete && b.rules.Grace == 0:
		b.candidate(c, Delete, because(GoneAtOnce))
	default:
		c.Patch = &inventory.Patch{ID: a.ID, Active: new(false), Labels: goneLabels(a, b.rules.Now, b.rules.Partial)}
		c.Fields = []string{"is_active", "labels"}
		why := because(InstanceGone)
		if b.rules.Partial {
			why = because(InstanceReleased)
		}
		b.candidate(c, Deactivate, why)
	}
}

// mode is how far removals go: no further than the access key's user may.
func (b *builder) mode() Mode {
	if b.in.Bastion.Undeletable {
		return ModeDeactivate
	}
	return b.rules.Mode
}

// deactivated decides on an asset that an earlier run deactivated: deleted once the grace is over.
func (b *builder) deactivated(c Change, since time.Time) {
	stamp := since.UTC().Format(time.RFC3339)
	due := since.Add(b.rules.Grace)
	switch {
	case b.rules.Mode != ModeDelete:
		b.keep(c, because(StaysDeactivated, stamp))
	case b.mode() != ModeDelete:
		b.keep(c, because(NoRightToDelete, stamp))
	case b.rules.Now.Before(due):
		c.Due = due
		b.keep(c, because(InGrace, stamp, due.UTC().Format(time.RFC3339)))
	default:
		b.candidate(c, Delete, because(GraceOver, stamp))
	}
}

func (b *builder) candidate(c Change, action Action, why Reason) {
	c.Action, c.Reason = action, why
	for _, p := range []*population{b.population(placeOf(c)), b.scope(c.Scope)} {
		switch {
		case c.Before.Count(inventory.LabelGone) == 0:
			p.lost++
		case c.Before.Count(inventory.LabelEvent) > 0:
			p.due++
		}
	}
	b.decided[b.byID[c.AssetID]] = true
	b.plan.candidates = append(b.plan.candidates, c)
}

func (b *builder) keep(c Change, why Reason) {
	c.Action, c.Reason = Keep, why
	b.plan.notes = append(b.plan.notes, c)
}
