package plan

import (
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reason"
)

// lostAsset is an asset that was ours and has lost some or all of the labels that say so: JumpServer's label page
// deletes a label from all assets in one click. What it claims comes from its comment, its id and the labels left.
type lostAsset struct {
	index int // in Current.Assets
	ownership
	byID bool // its id is inventory.AssetID of what it claims
}

// isReleased reports whether `jms-sync release` took our labels off, all of them: that is no loss.
func isReleased(a inventory.Asset) bool {
	return a.LabelCount(inventory.LabelReleased) > 0 && !hasOwnershipLabel(a)
}

// findLostMarks finds the assets that have lost our labels. Assets of other tools, which name an instance and no
// owner, and those that were released are none.
func (b *builder) findLostMarks() {
	for _, n := range b.assetOrder {
		a := &b.input.Current.Assets[n]
		if !a.Host || b.ours[n] || b.ownerships[n].cloud != "" || isReleased(*a) {
			continue
		}
		lost := lostAsset{index: n, ownership: claimedOwnership(*a)}
		lost.byID = b.completeByID(&lost, *a)
		named := lost.instanceID != ""
		if b.listed[n] || lost.byID || named && (lost.owner != "" || hasOwnershipLabel(*a)) || mayBeAssetID(a.ID) && hasOwnershipLabel(*a) {
			b.lost = append(b.lost, lost)
		}
	}
	b.plan.lostMarks = countLost(b)
}

// claimedOwnership returns what an asset without all of our labels still says of itself. The comment counts first,
// because labels are what was lost.
func claimedOwnership(a inventory.Asset) ownership {
	first := func(key, label string) string {
		values := commentValues(a.Comment, key)
		if len(values) > 0 {
			return values[0]
		}
		value, _ := a.Label(label)
		return value
	}
	label := func(name string) string {
		value, _ := a.Label(name)
		return value
	}
	return ownership{
		cloud: inventory.Cloud(strings.ToLower(label(inventory.LabelCloud))), account: label(inventory.LabelAccount),
		owner:   first(inventory.KeyOwner, inventory.LabelOwner),
		project: first(inventory.KeyProject, inventory.LabelProject), instanceID: first(inventory.KeyInstance, inventory.LabelInstance),
		region: strings.ToLower(first(inventory.KeyRegion, inventory.LabelRegion)),
	}
}

// completeByID reports whether an asset's id is made of the instance that it claims, in one of the clouds and
// regions of the run, and completes what it claims.
func (b *builder) completeByID(lost *lostAsset, a inventory.Asset) bool {
	if !mayBeAssetID(a.ID) || lost.instanceID == "" {
		return false
	}
	if lost.matchesAssetID(a.ID) {
		return true
	}
	for at := range b.plan.ownerStats {
		if a.ID == inventory.AssetID(at.cloud, at.region, lost.instanceID) {
			lost.cloud, lost.region = at.cloud, at.region
			return true
		}
	}
	return false
}

// mayBeAssetID reports whether an id has the version of those that inventory.AssetID makes. JumpServer's own have
// another.
func mayBeAssetID(id string) bool {
	const versionAt = 14
	return len(id) == 36 && id[versionAt] == '5'
}

// hasOwnershipLabel reports whether one of the labels that make an asset ours is left.
func hasOwnershipLabel(a inventory.Asset) bool {
	return slices.ContainsFunc(a.Labels, func(l inventory.Label) bool {
		return hasAnyName(l, inventory.LabelCloud, inventory.LabelAccount, inventory.LabelOwner, inventory.LabelRegion, inventory.LabelAsset)
	})
}

// skipLostMarks reports the active assets that have lost our labels and whose instance is in no listing: nothing
// can be proved of them, and they stay open.
func (b *builder) skipLostMarks() {
	if b.rules.Partial {
		return
	}
	for _, lost := range b.lost {
		a := &b.input.Current.Assets[lost.index]
		if !a.Active || b.listed[lost.index] || b.isListedAnywhere(lost.instanceID) || !b.isRead(lost.ownership) {
			continue
		}
		c := absentChange(a, lost.ownership)
		c.Before, c.Unlisted = nil, true
		why := reason.New(reason.MarksLost)
		if purpose, kept := keepReason(*a); kept {
			why = reason.New(reason.KeptByLabel, purpose)
		}
		b.addSkip(c, why)
	}
}

// isListedAnywhere reports whether a complete listing holds an instance of this id that is not closed, whatever its cloud.
func (b *builder) isListedAnywhere(id string) bool {
	if b.listedIDs == nil {
		b.listedIDs = map[string]bool{}
		for _, l := range b.input.Listings {
			for n := range l.Instances {
				id := l.Instances[n].ID
				b.listedIDs[id] = b.listedIDs[id] || l.Instances[n].Existence != inventory.Closed
			}
		}
	}
	return b.listedIDs[id]
}

// isRead reports whether all scopes were read in which an instance may be of which not everything is known.
func (b *builder) isRead(m ownership) bool {
	read := false
	for _, l := range b.input.Listings {
		mayBe := (m.cloud == "" || l.Cloud == m.cloud) && (m.region == "" || l.Region == m.region || l.Region == inventory.AnyRegion) &&
			(m.owner == "" || l.Owner == "" || strings.EqualFold(l.Owner, m.owner))
		if mayBe && !l.IsComplete() {
			return false
		}
		read = read || mayBe
	}
	return read || b.hasReadEverything()
}

// hasReadEverything reports whether every enabled account was asked for all its regions, and none failed.
func (b *builder) hasReadEverything() bool {
	if !b.input.AllRegions {
		return false
	}
	asked := map[string]bool{}
	for _, l := range b.input.Listings {
		if !l.IsComplete() {
			return false
		}
		asked[l.Account] = true
	}
	for name, account := range b.rules.Accounts {
		if account.Enabled && !asked[name] {
			return false
		}
	}
	return true
}

// lostMarks counts the assets that have lost our labels.
type lostMarks struct {
	lost, marked int // marked: those with our labels, and the lost
	names        []string
}

func countLost(b *builder) lostMarks {
	out := lostMarks{lost: len(b.lost), marked: len(b.lost)}
	for _, is := range b.ours {
		if is {
			out.marked++
		}
	}
	for _, lost := range b.lost {
		out.names = append(out.names, b.input.Current.Assets[lost.index].Name)
	}
	slices.Sort(out.names)
	out.names = out.names[:min(len(out.names), mostLostNames)]
	return out
}

// mostLostNames is how many of the assets that have lost our labels are named.
const mostLostNames = 3

// LostMarks returns why so many assets have lost our labels that nothing is removed, and reports whether it is so:
// more than the guard lets one scope lose. One or a few are a person's doing, and reported one by one.
func (p Plan) LostMarks(limits Limits) (why reason.Reason, many bool) {
	lost := p.lostMarks
	return reason.New(reason.GuardMarksLost, lost.lost, lost.marked, strings.Join(lost.names, ", ")), limits.tooMany(lost.lost, lost.marked)
}

// restoreLostMarks plans to put our labels back on assets whose id proves their instance, and whose instance is in no
// listing although its scope was read: the next run decides on them by the rules.
func (b *builder) restoreLostMarks() {
	for _, lost := range b.lost {
		a := &b.input.Current.Assets[lost.index]
		n := b.listingOf(lost.ownership)
		m := lost.ownership
		if n < 0 || b.listed[lost.index] || b.isListedAnywhere(m.instanceID) || !lost.byID || !m.commentNamesInstance(*a) {
			continue
		}
		m.account = b.input.Listings[n].Account
		c := absentChange(a, m)
		protected, isNeverWritten := b.rules.neverWritten(*a)
		if isNeverWritten {
			c.Before = nil
			b.addSkip(c, protected)
			continue
		}
		i := inventory.Instance{Scope: c.Scope, Owner: b.input.Listings[n].Owner, ID: m.instanceID, Project: m.project}
		if !hasStorableLabels(i) {
			continue
		}
		c.Action, c.Reason, c.Fields = Update, reason.New(reason.MarksRestored), []string{"labels"}
		c.Patch = &inventory.Patch{ID: a.ID, Labels: b.restoredLabels(*a, i)}
		b.plan.labelWrites = append(b.plan.labelWrites, c)
	}
}

// listingOf returns the index of a complete listing of the owner and region that an asset claims, that of the account
// which its label names before others; -1 if there is none.
func (b *builder) listingOf(m ownership) int {
	found := -1
	for n, l := range b.input.Listings {
		if !l.IsComplete() || l.Cloud != m.cloud || l.Region != m.region || !strings.EqualFold(l.Owner, m.owner) {
			continue
		}
		if l.Account == b.canonicalAccount(m.account) {
			return n
		}
		if found < 0 {
			found = n
		}
	}
	return found
}

// restoredLabels returns the labels of an asset with our id that had lost some of them: those of its ownership anew,
// and all others as they are.
func (b *builder) restoredLabels(a inventory.Asset, i inventory.Instance) []inventory.Label {
	marks := sharedLabels(i)
	if a.LabelCount(inventory.LabelInstance) > 0 || !(ownership{instanceID: i.ID}).commentNamesInstance(a) {
		marks = ownershipLabels(i)
	}
	out := slices.DeleteFunc(slices.Clone(a.Labels), func(l inventory.Label) bool {
		return hasAnyName(l, inventory.LabelCloud, inventory.LabelAccount, inventory.LabelOwner, inventory.LabelRegion, inventory.LabelProject,
			inventory.LabelInstance, inventory.LabelReleased)
	})
	out = append(out, marks...)
	if containsAny(b.rules.Protected, i.Addresses()...) && a.LabelCount(inventory.LabelProtected) == 0 {
		out = append(out, protectedLabel())
	}
	return out
}
