package plan

import (
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reason"
)

// planAbsentAssets decides on every asset of ours whose instance is not listed as that asset's.
func (b *builder) planAbsentAssets() {
	for n, m := range b.absentAssets() {
		a := &b.input.Current.Assets[n]
		c := absentChange(a, m)
		if where, elsewhere := b.listingScope(m.instanceKey()); elsewhere {
			b.keepMovedScope(c, where)
			continue
		}
		b.countRecentLoss(*a, m)
		why, proved := b.isScopeFullyRead(m)
		c.Unlisted = a.Active && !saysScope(why.Code)
		doubt, contradict := ownershipConflict(*a, m)
		switch {
		case contradict:
			b.addSkip(c, doubt)
		case proved:
			b.classifyAbsent(c, *a)
		case isOrphanCode(why.Code):
			b.addOrphan(c, *a, why)
		case slices.Contains([]reason.Code{reason.OtherOwner, reason.OthersNotAsked, reason.ProjectNotAsked, reason.ProjectUnknown}, why.Code):
			b.addSkip(c, why) // reported, because no error of a scope reports it
		default:
			b.addKeep(c, why)
		}
	}
}

// saysScope reports whether nothing is known of an asset's instance because its scope failed or was not asked for,
// which the scope's own error or the request says.
func saysScope(code reason.Code) bool {
	return code == reason.ScopeFailed || code == reason.ScopeNotAsked
}

// absentAssets returns the assets of ours to which no listed instance belongs, by index, with their ownership.
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

// absentChange returns a change of an asset whose instance is in no listing, without an action yet.
func absentChange(a *inventory.Asset, m ownership) Change {
	return Change{
		Scope: m.accountScope(), InstanceID: m.instanceID,
		AssetID: a.ID, Name: a.Name, Address: a.Address, Platform: a.Platform, Before: a,
	}
}

// skipCopies reports hosts that carry our labels and are not ours: copies, which carry the labels of the asset that
// they were made from; assets whose comment was changed, so that nothing proves whose they are; and assets that
// labels alone call ours.
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
		c.Before, c.Unlisted = nil, !b.listed[n] && b.isOpenCopy(*a, b.ownerships[n]) // one that is listed has a line already
		instance, labelsAlone := OursByLabelsAlone(*a)
		switch {
		case labelsAlone:
			b.addSkip(c, reason.New(reason.LabelsAlone, instance))
		case IsUnproved(*a):
			b.addSkip(c, reason.New(reason.OursUnproved))
		default:
			b.addSkip(c, reason.New(reason.IsCopy))
		}
	}
}

// isOpenCopy reports whether an asset that is not ours and has our labels is active, and its instance is in no
// listing although its scope was read.
func (b *builder) isOpenCopy(a inventory.Asset, m ownership) bool {
	if !a.Active || m.instanceID != "" && b.isListedAnywhere(m.instanceID) {
		return false
	}
	why, _ := b.isScopeFullyRead(m)
	return !saysScope(why.Code)
}

// skipLabelsAlone reports the assets of an account that labels alone call ours; "" stands for all accounts or
// regions.
func (b *builder) skipLabelsAlone(account, region string) {
	for _, n := range b.assetOrder {
		a, m := &b.input.Current.Assets[n], b.ownerships[n]
		instance, is := OursByLabelsAlone(*a)
		if !is || account != "" && m.account != account || region != "" && m.region != region {
			continue
		}
		c := absentChange(a, m)
		c.Before = nil
		b.addSkip(c, reason.New(reason.LabelsAlone, instance))
	}
}

// keepMovedScope keeps an asset whose instance is in the listing of another scope.
func (b *builder) keepMovedScope(c Change, where listedPlace) {
	c.Unlisted = c.Before.Active && where.closed
	m := b.ownerships[b.assetIndex[c.AssetID]]
	n, _ := b.ourAssetOf(m.instanceKey())
	own := &b.input.Current.Assets[n]
	if b.listed[n] && own.ID != c.AssetID && b.ownerships[n].region == m.region {
		b.addSkip(c, reason.New(reason.Doubled, own.Name))
		return
	}
	b.addKeep(c, reason.New(reason.SeenElsewhere, where.String())) // its instance's own skip reports it
	if c.Before.LabelCount(inventory.LabelMissing) > 0 && !b.rules.Partial {
		b.addLabelWrite(c, *c.Before, replaceLabel(*c.Before, inventory.LabelMissing, ""))
	}
}

// isScopeFullyRead reports whether the absence of an asset's instance can be believed: the scope of the account
// that its label names was read as a whole with a key of the right owner, no other account of the owner failed in
// the region, and a narrowed run left none out. Otherwise it returns why not.
func (b *builder) isScopeFullyRead(m ownership) (reason.Reason, bool) {
	if why, orphan := b.orphanReason(m); orphan {
		return why, false
	}
	if why, unread := b.unreadScopeReason(m); unread {
		return why, false
	}
	failed := b.failedAccount(m)
	if failed != "" {
		return reason.New(reason.ScopeFailed, failed, m.region), false
	}
	unqueried := b.unqueriedAccount(m)
	if unqueried != "" {
		return reason.New(reason.OthersNotAsked, unqueried), false
	}
	return reason.Reason{}, true
}

// coversProject reports whether a listing covers the part of the cloud account that an asset was made from. If
// another project was configured then, the listing says nothing about the asset.
func coversProject(l inventory.Listing, m ownership) (reason.Reason, bool) {
	switch {
	case len(l.Projects) == 0 && m.project == "":
		return reason.Reason{}, true
	case m.project == "":
		return reason.New(reason.ProjectUnknown), false
	case !slices.ContainsFunc(l.Projects, func(p string) bool { return strings.EqualFold(p, m.project) }):
		return reason.New(reason.ProjectNotAsked, m.project), false
	}
	return reason.Reason{}, true
}

// failedAccount returns an account that belongs, or may belong, to the asset's owner and whose listing of the
// region failed: it may be the only one that still sees the instance. It returns "" if there is none.
func (b *builder) failedAccount(m ownership) string {
	for _, l := range b.input.Listings {
		if l.IsComplete() || l.Cloud != m.cloud || !inventory.CoversRegion(l.Region, m.region) {
			continue
		}
		if strings.EqualFold(l.Owner, m.owner) || l.Owner == "" && b.rules.Accounts[l.Account].canList(m.cloud, m.owner, m.region) {
			return l.Account
		}
	}
	return ""
}

// unqueriedAccount returns an account that may be of the same owner, and that a full run would ask for the asset's
// region and this run did not; "" if there is none. Events ask all accounts of the owner.
func (b *builder) unqueriedAccount(m ownership) string {
	if b.rules.Partial {
		return ""
	}
	for _, name := range slices.Sorted(maps.Keys(b.rules.Accounts)) {
		// An account that was asked at all was asked for all its regions, or for those to which the run is
		// narrowed, and the asset's region is one of them.
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
	protected, isProtected := b.protectedReason(a)
	switch {
	case isProtected:
		b.addSkip(c, protected)
	case !readable:
		b.addSkip(c, reason.New(reason.GoneUnreadable))
	case gone && a.Active:
		b.rememberReopened(c, a)
		b.addSkip(c, reason.New(reason.SwitchedOn))
	case gone && a.LabelCount(inventory.LabelReopened) > 0:
		b.addSkip(c, reason.New(reason.SwitchedOffAgain))
	case gone && c.closedStatus != "":
		b.keepClosed(c, a)
	case gone:
		b.planDeactivated(c, a, since)
	case c.closedStatus != "":
		closed := closedChange(c, c.closedStatus, b.rules)
		b.addCandidate(closed, closed.Action, closed.Reason)
	case b.rules.removalMode(a) == ModeDelete && b.rules.Grace == 0 && !b.rules.Partial:
		b.addCandidate(c, Delete, reason.New(reason.GoneAtOnce))
	default:
		c.Patch = &inventory.Patch{ID: a.ID, Active: new(false), Labels: deactivationLabels(a, b.rules)}
		c.Fields = []string{"is_active", "labels"}
		why := reason.New(reason.InstanceGone)
		switch {
		case b.rules.Partial:
			why = reason.New(reason.InstanceReleased)
		case b.plan.unprovable[a.ID]:
			why = reason.New(reason.Retired)
		}
		b.addCandidate(c, Deactivate, why)
	}
}

// protectedReason returns why an asset is never removed, whatever became of its instance, and reports whether that
// is so.
func (b *builder) protectedReason(a inventory.Asset) (reason.Reason, bool) {
	why, isNeverWritten := b.rules.neverWritten(a)
	purpose, keep := keepReason(a)
	switch {
	case isNeverWritten:
		return why, true
	case keep:
		return reason.New(reason.KeptByLabel, purpose), true
	case a.LabelCount(inventory.LabelKept) > 0:
		return reason.New(reason.KeptByTag), true
	case containsAny(b.rules.Protected, a.Address), a.LabelCount(inventory.LabelProtected) > 0:
		return reason.New(reason.IsProtected), true
	case !b.rules.isWhitelisted(a.Address):
		return reason.New(reason.NotWhitelisted), true
	case b.rules.NoDelete:
		return reason.New(reason.NoDelete), true
	}
	return reason.Reason{}, false
}

func (b *builder) addCandidate(c Change, action Action, why reason.Reason) {
	c.Action, c.Reason = action, why
	for _, s := range []*scopeStats{b.ownerStatsOf(ownerScopeOf(c)), b.accountStatsOf(c.Scope)} {
		switch {
		case c.Before.LabelCount(inventory.LabelGone) == 0:
			s.lost++
		case c.Before.LabelCount(inventory.LabelEvent) > 0:
			s.closedDeletes++
		}
	}
	b.nameDecided[b.assetIndex[c.AssetID]] = true
	b.plan.candidates = append(b.plan.candidates, c)
}

func (b *builder) addKeep(c Change, why reason.Reason) {
	c.Action, c.Reason = Keep, why
	b.plan.notes = append(b.plan.notes, c)
}
