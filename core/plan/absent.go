package plan

import (
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// planAbsentAssets looks at every asset of ours whose instance no listing holds.
func (b *builder) planAbsentAssets() {
	for n, m := range b.absentAssets() {
		a := &b.input.Current.Assets[n]
		c := absentChange(a, m)
		if where, elsewhere := b.listingScope(instanceKey{m.cloud, m.instanceID}); elsewhere {
			b.keepMovedScope(c, where)
			continue
		}
		b.countRecentLoss(*a, m)
		why, proved := b.isScopeFullyRead(m)
		doubt, contradict := ownershipConflict(*a, m)
		switch {
		case contradict:
			b.addSkip(c, doubt)
		case proved:
			b.classifyAbsent(c, *a)
		case isOrphanCode(why.Code):
			b.addOrphan(c, *a, why)
		case slices.Contains([]Code{OtherOwner, OthersNotAsked, ProjectNotAsked, ProjectUnknown}, why.Code):
			b.addSkip(c, why) // no scope's error would say it
		default:
			b.addKeep(c, why)
		}
	}
}

// absentAssets returns the assets of ours, by index, to which no listed instance belongs, and their marks.
func (b *builder) absentAssets() iter.Seq2[int, ownership] {
	return func(yield func(int, ownership) bool) {
		for _, n := range b.assetOrder {
			if !b.ours[n] || b.listed[n] {
				continue
			}
			if !yield(n, b.ownerships[n]) {
				return
			}
		}
	}
}

// absentChange is a line about an asset whose instance is in no listing.
func absentChange(a *inventory.Asset, m ownership) Change {
	return Change{
		Scope: inventory.Scope{Cloud: m.cloud, Account: m.account, Region: m.region}, InstanceID: m.instanceID,
		AssetID: a.ID, Name: a.Name, Address: a.Address, Platform: a.Platform, Before: a,
	}
}

// skipCopies tells of hosts that carry our labels and are not ours: clones, which say that they are the asset
// that they were made of, those whose comment was changed so that nothing proves whose they are, and those on which
// labels alone say it.
func (b *builder) skipCopies() {
	if b.rules.Partial {
		return
	}
	for _, n := range b.assetOrder {
		a := &b.input.Current.Assets[n]
		if b.ours[n] || b.ownerships[n].cloud == "" {
			continue
		}
		c := absentChange(a, b.ownerships[n])
		c.Before = nil
		instance, unwitnessed := Unwitnessed(*a)
		switch {
		case unwitnessed:
			b.addSkip(c, newReason(LabelsAlone, instance))
		case IsUnproved(*a):
			b.addSkip(c, newReason(OursUnproved))
		default:
			b.addSkip(c, newReason(IsCopy))
		}
	}
}

// unwitnessed tells of the assets of an account that labels alone say to be ours.
func (b *builder) unwitnessed(account, region string) {
	for _, n := range b.assetOrder {
		a, m := &b.input.Current.Assets[n], b.ownerships[n]
		instance, is := Unwitnessed(*a)
		if !is || account != "" && m.account != account || region != "" && m.region != region {
			continue
		}
		c := absentChange(a, m)
		c.Before = nil
		b.addSkip(c, newReason(LabelsAlone, instance))
	}
}

// keepMovedScope keeps an asset whose instance another listing holds.
func (b *builder) keepMovedScope(c Change, where inventory.Scope) {
	m := b.ownerships[b.assetIndex[c.AssetID]]
	n, _ := b.ourAssetOf(instanceKey{m.cloud, m.instanceID})
	own := &b.input.Current.Assets[n]
	if b.listed[n] && own.ID != c.AssetID && b.ownerships[n].region == m.region {
		b.addSkip(c, newReason(Doubled, own.Name))
		return
	}
	b.addKeep(c, newReason(SeenElsewhere, where.String())) // said by the skip of its instance
	if c.Before.LabelCount(inventory.LabelMissing) > 0 && !b.rules.Partial {
		b.addLabelWrite(c, *c.Before, replaceLabel(*c.Before, inventory.LabelMissing, ""))
	}
}

// isScopeFullyRead tells whether the asset's own scope, that of the account which its label names, was
// read as a whole with a key of the right owner, and nobody else who may see the instance is
// unread: no other account of this owner failed here, or was left out of a narrowed run.
func (b *builder) isScopeFullyRead(m ownership) (Reason, bool) {
	if why, orphan := b.orphanReason(m); orphan {
		return why, false
	}
	if why, unread := b.unreadScopeReason(m); unread {
		return why, false
	}
	if name := b.failedAccount(m); name != "" {
		return newReason(ScopeFailed, name, m.region), false
	}
	if name := b.unqueriedAccount(m); name != "" {
		return newReason(OthersNotAsked, name), false
	}
	return Reason{}, true
}

// coversProject reports whether a listing read the very part of the account that an asset was made from. What lies
// elsewhere it says nothing of: the configured project was another one then.
func coversProject(l inventory.Listing, m ownership) (Reason, bool) {
	switch {
	case len(l.Projects) == 0 && m.project == "":
		return Reason{}, true
	case m.project == "":
		return newReason(ProjectUnknown), false
	case !slices.ContainsFunc(l.Projects, func(p string) bool { return strings.EqualFold(p, m.project) }):
		return newReason(ProjectNotAsked, m.project), false
	}
	return Reason{}, true
}

// failedAccount names an account of the asset's owner, or one that may be, whose listing of the asset's
// region failed: it may be the only one that still sees the instance.
func (b *builder) failedAccount(m ownership) string {
	for _, l := range b.input.Listings {
		if l.IsComplete() || l.Cloud != m.cloud || l.Region != m.region && l.Region != anyRegion {
			continue
		}
		if strings.EqualFold(l.Owner, m.owner) || l.Owner == "" && b.rules.Accounts[l.Account].canList(m.cloud, m.owner, m.region) {
			return l.Account
		}
	}
	return ""
}

// anyRegion is the region of a listing whose account failed before its regions were known.
const anyRegion = "*"

// unqueriedAccount names an account that a full run would ask for the asset's region and this run did not,
// if it may be of the same owner. Events ask every account of the owner, and no other.
func (b *builder) unqueriedAccount(m ownership) string {
	if b.rules.Partial {
		return ""
	}
	for _, name := range slices.Sorted(maps.Keys(b.rules.Accounts)) {
		// An account that was asked at all was asked for all its regions, or for those to which
		// the run is narrowed, which the asset's is one of.
		asked := slices.ContainsFunc(b.input.Listings, func(l inventory.Listing) bool { return l.Account == name })
		if !asked && b.rules.Accounts[name].canList(m.cloud, m.owner, m.region) {
			return name
		}
	}
	return ""
}

// classifyAbsent applies the rules of the package's doc to an asset whose instance is absent.
func (b *builder) classifyAbsent(c Change, a inventory.Asset) {
	since, gone, readable := parseDeactivatedAt(a, b.rules.Now)
	spared, spares := b.protectedReason(a)
	switch {
	case spares:
		b.addSkip(c, spared)
	case !readable:
		b.addSkip(c, newReason(GoneUnreadable))
	case gone && a.Active:
		b.rememberReopened(c, a)
		b.addSkip(c, newReason(SwitchedOn))
	case gone && a.LabelCount(inventory.LabelReopened) > 0:
		b.addSkip(c, newReason(SwitchedOffAgain))
	case gone:
		b.planDeactivated(c, a, since)
	case b.rules.removalMode(a) == ModeDelete && b.rules.Grace == 0 && !b.rules.Partial:
		b.addCandidate(c, Delete, newReason(GoneAtOnce))
	default:
		c.Patch = &inventory.Patch{ID: a.ID, Active: new(false), Labels: deactivationLabels(a, b.rules)}
		c.Fields = []string{"is_active", "labels"}
		why := newReason(InstanceGone)
		switch {
		case b.rules.Partial:
			why = newReason(InstanceReleased)
		case b.plan.unprovable[a.ID]:
			why = newReason(Retired)
		}
		b.addCandidate(c, Deactivate, why)
	}
}

// protectedReason returns why an asset is never removed, whatever became of its instance, and reports whether that is so.
func (b *builder) protectedReason(a inventory.Asset) (Reason, bool) {
	why, untouchable := b.rules.neverWritten(a)
	reason, keep := keepReason(a)
	switch {
	case untouchable:
		return why, true
	case keep:
		return newReason(KeptByLabel, reason), true
	case containsAny(b.rules.Protected, a.Address), a.LabelCount(inventory.LabelProtected) > 0:
		return newReason(IsProtected), true
	case !b.rules.isWhitelisted(a.Address):
		return newReason(NotWhitelisted), true
	case b.rules.NoDelete:
		return newReason(NoDelete), true
	}
	return Reason{}, false
}

func (b *builder) addCandidate(c Change, action Action, why Reason) {
	c.Action, c.Reason = action, why
	for _, p := range []*scopeStats{b.ownerStatsOf(ownerScopeOf(c)), b.accountStatsOf(c.Scope)} {
		switch {
		case c.Before.LabelCount(inventory.LabelGone) == 0:
			p.lost++
		case c.Before.LabelCount(inventory.LabelEvent) > 0:
			p.closedDeletes++
		}
	}
	b.nameDecided[b.assetIndex[c.AssetID]] = true
	b.plan.candidates = append(b.plan.candidates, c)
}

func (b *builder) addKeep(c Change, why Reason) {
	c.Action, c.Reason = Keep, why
	b.plan.notes = append(b.plan.notes, c)
}
