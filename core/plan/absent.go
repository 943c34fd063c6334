package plan

import (
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// absent looks at every asset of ours whose instance no listing holds.
func (b *builder) absent() {
	for n, m := range b.left() {
		a := &b.in.Bastion.Assets[n]
		c := leftover(a, m)
		if where, elsewhere := b.where(instanceKey{m.cloud, m.instance}); elsewhere {
			b.elsewhere(c, where)
			continue
		}
		b.leaked(*a, m)
		why, proved := b.readScope(m)
		doubt, contradict := contradicts(*a, m)
		switch {
		case contradict:
			b.skip(c, doubt)
		case proved:
			b.judge(c, *a)
		case orphaned(why.Code):
			b.orphan(c, *a, why)
		case slices.Contains([]Code{OtherOwner, OthersNotAsked, ProjectNotAsked, ProjectUnknown}, why.Code):
			b.skip(c, why) // no scope's error would say it
		default:
			b.keep(c, why)
		}
	}
}

// left returns the assets of ours, by index, to which no listed instance belongs, and their marks.
func (b *builder) left() iter.Seq2[int, mark] {
	return func(yield func(int, mark) bool) {
		for _, n := range b.order {
			if !b.ours[n] || b.listed[n] {
				continue
			}
			if !yield(n, b.marks[n]) {
				return
			}
		}
	}
}

// leftover is a line about an asset whose instance is in no listing.
func leftover(a *inventory.Asset, m mark) Change {
	return Change{
		Scope: inventory.Scope{Cloud: m.cloud, Account: m.account, Region: m.region}, InstanceID: m.instance,
		AssetID: a.ID, Name: a.Name, Address: a.Address, Platform: a.Platform, Before: a,
	}
}

// copies tells of hosts that carry our labels and are not ours: clones, which say that they are the asset
// that they were made of, those whose comment was changed so that nothing proves whose they are, and those on which
// labels alone say it.
func (b *builder) copies() {
	if b.rules.Partial {
		return
	}
	for _, n := range b.order {
		a := &b.in.Bastion.Assets[n]
		if b.ours[n] || b.marks[n].cloud == "" {
			continue
		}
		c := leftover(a, b.marks[n])
		c.Before = nil
		instance, unwitnessed := Unwitnessed(*a)
		switch {
		case unwitnessed:
			b.skip(c, because(LabelsAlone, instance))
		case Unproved(*a):
			b.skip(c, because(OursUnproved))
		default:
			b.skip(c, because(IsCopy))
		}
	}
}

// unwitnessed tells of the assets of an account that labels alone say to be ours.
func (b *builder) unwitnessed(account, region string) {
	for _, n := range b.order {
		a, m := &b.in.Bastion.Assets[n], b.marks[n]
		instance, is := Unwitnessed(*a)
		if !is || account != "" && m.account != account || region != "" && m.region != region {
			continue
		}
		c := leftover(a, m)
		c.Before = nil
		b.skip(c, because(LabelsAlone, instance))
	}
}

// elsewhere keeps an asset whose instance another listing holds.
func (b *builder) elsewhere(c Change, where inventory.Scope) {
	m := b.marks[b.byID[c.AssetID]]
	n, _ := b.owned(instanceKey{m.cloud, m.instance})
	own := &b.in.Bastion.Assets[n]
	if b.listed[n] && own.ID != c.AssetID && b.marks[n].region == m.region {
		b.skip(c, because(Doubled, own.Name))
		return
	}
	b.keep(c, because(SeenElsewhere, where.String())) // said by the skip of its instance
	if c.Before.Count(inventory.LabelMissing) > 0 && !b.rules.Partial {
		b.note(c, *c.Before, relabelled(*c.Before, inventory.LabelMissing, ""))
	}
}

// readScope tells whether the asset's own scope, that of the account which its label names, was
// read as a whole with a key of the right owner, and nobody else who may see the instance is
// unread: no other account of this owner failed here, or was left out of a narrowed run.
func (b *builder) readScope(m mark) (Reason, bool) {
	if why, orphan := b.configured(m); orphan {
		return why, false
	}
	if why, unread := b.unreadHere(m); unread {
		return why, false
	}
	if name := b.failed(m); name != "" {
		return because(ScopeFailed, name, m.region), false
	}
	if name := b.unasked(m); name != "" {
		return because(OthersNotAsked, name), false
	}
	return Reason{}, true
}

// projectAsked reports whether a listing read the very part of the account that an asset was made from. What lies
// elsewhere it says nothing of: the configured project was another one then.
func projectAsked(l inventory.Listing, m mark) (Reason, bool) {
	switch {
	case len(l.Projects) == 0 && m.project == "":
		return Reason{}, true
	case m.project == "":
		return because(ProjectUnknown), false
	case !slices.ContainsFunc(l.Projects, func(p string) bool { return strings.EqualFold(p, m.project) }):
		return because(ProjectNotAsked, m.project), false
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
		if strings.EqualFold(l.Owner, m.owner) || l.Owner == "" && b.rules.Accounts[l.Account].mayList(m.cloud, m.owner, m.region) {
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
	spared, spares := b.spared(a)
	switch {
	case spares:
		b.skip(c, spared)
	case !readable:
		b.skip(c, because(GoneUnreadable))
	case gone && a.Active:
		b.rememberReopened(c, a)
		b.skip(c, because(SwitchedOn))
	case gone && a.Count(inventory.LabelReopened) > 0:
		b.skip(c, because(SwitchedOffAgain))
	case gone:
		b.deactivated(c, a, since)
	case b.rules.modeOf(a) == ModeDelete && b.rules.Grace == 0 && !b.rules.Partial:
		b.candidate(c, Delete, because(GoneAtOnce))
	default:
		c.Patch = &inventory.Patch{ID: a.ID, Active: new(false), Labels: goneLabels(a, b.rules)}
		c.Fields = []string{"is_active", "labels"}
		why := because(InstanceGone)
		switch {
		case b.rules.Partial:
			why = because(InstanceReleased)
		case b.plan.unprovable[a.ID]:
			why = because(Retired)
		}
		b.candidate(c, Deactivate, why)
	}
}

// spared returns why an asset is never removed, whatever became of its instance, and reports whether that is so.
func (b *builder) spared(a inventory.Asset) (Reason, bool) {
	why, untouchable := b.rules.untouchable(a)
	reason, keep := kept(a)
	switch {
	case untouchable:
		return why, true
	case keep:
		return because(KeptByLabel, reason), true
	case within(b.rules.Protected, a.Address), a.Count(inventory.LabelProtected) > 0:
		return because(IsProtected), true
	case !b.rules.listed(a.Address):
		return because(NotWhitelisted), true
	case b.rules.NoDelete:
		return because(NoDelete), true
	}
	return Reason{}, false
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
