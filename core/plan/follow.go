package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// existing compares an asset of ours with its instance. What people own is never compared.
func (b *builder) existing(e entry, n int) {
	i, a := *e.of, &b.in.Bastion.Assets[n]
	c := update(e, a)
	c.Name, c.Address = b.rules.wanted(i), address(i)
	if seen := i.Addresses(); !b.rules.listed(seen...) && (len(seen) > 0 && !i.AddressesPartial || !b.rules.listed(a.Address)) {
		c.Name, c.Address, c.Patch, c.Before = a.Name, a.Address, nil, nil
		b.skip(c, because(NotWhitelisted))
		return
	}
	d := drift{}
	b.relocate(&c, &d, i, a)
	b.relabel(&c, i, a)
	b.reactivate(&c, *a)
	if why, spared := b.rules.untouchable(*a); spared {
		if len(c.Fields) > 0 || !isName(c.Name, i.ID, a.Name) {
			c.Name, c.Address, c.Patch, c.Before, c.Fields = a.Name, a.Address, nil, nil, nil
			b.skip(c, why)
		} else {
			b.plan.untouched++
		}
		return
	}
	wanted := b.rename(&c, &d, i, a)
	b.otherPlatform(&d, i, a)
	b.decided[n] = true
	w := wish{entry: e, wanted: wanted, before: a}
	if len(c.Fields) > 0 || c.Reason.Code != "" {
		w.change = &c
	}
	b.plan.wishes = append(b.plan.wishes, w)
	b.tell(d, e, a)
	b.tellShortened(e, a)
}

// tellShortened adds the line of a name that JumpServer's database cannot hold.
func (b *builder) tellShortened(e entry, a *inventory.Asset) {
	name, shortened := b.rules.shortened(*e.of)
	if !shortened || b.rules.Partial || !b.rules.Manage.name(*a) {
		return
	}
	c := update(e, a)
	c.Action, c.Reason, c.Fields = Drift, because(NameShortened, name), []string{"name"}
	c.Patch, c.Before = nil, nil
	b.plan.notes = append(b.plan.notes, c)
}

// tell adds the line of what differs and stays. Events, which are about something else, tell nothing of it,
// but for an address that was not followed: that is what they may be about.
func (b *builder) tell(d drift, e entry, a *inventory.Asset) {
	if b.rules.Partial {
		if d.partial {
			c := update(e, a)
			c.Patch, c.Before = nil, nil
			b.skip(c, because(AddressesUnknown))
		}
		return
	}
	say := func(why Reason, fields []string) {
		c := update(e, a)
		c.Action, c.Reason, c.Fields, c.Patch, c.Before = Drift, why, fields, nil, nil
		b.plan.notes = append(b.plan.notes, c)
	}
	if d.partial {
		say(because(AddressesUnknown), []string{"address"})
	}
	if len(d.fields) > 0 {
		say(because(Differs, strings.Join(d.words, ", ")), d.fields)
	}
}

// drift is what differs where people, and not we, have the say.
type drift struct {
	fields, words []string
	partial       bool // the address may differ too: the cloud did not show all of them
}

func (d *drift) add(field, have, cloud string) {
	d.fields = append(d.fields, field)
	d.words = append(d.words, fmt.Sprintf("%s %s ≠ %s", field, have, cloud))
}

// rename tells which name the asset wants: "" for the one that it has, where the name is not ours to change.
func (b *builder) rename(c *Change, d *drift, i inventory.Instance, a *inventory.Asset) string {
	if b.rules.Manage.name(*a) {
		if b.rules.Partial && isName(c.Name, i.ID, a.Name) {
			c.Name = a.Name
		}
		return c.Name
	}
	if !isName(c.Name, i.ID, a.Name) {
		d.add("name", a.Name, c.Name)
	}
	c.Name = a.Name
	b.plan.fixed.add(a.Name)
	return ""
}

// relocate lets the address and the zone follow as far as we manage them. The address of an adopted asset
// that is any of its instance's was a person's choice.
func (b *builder) relocate(c *Change, d *drift, i inventory.Instance, a *inventory.Asset) {
	switch {
	case c.Address == "" || c.Address == a.Address:
		c.Address = a.Address
	case i.AddressesPartial: // the first of those that are known may not be the first
		c.Address, d.partial = a.Address, true
	case b.rules.Manage.Address == OnCreate, adopted(*a) && slices.Contains(i.Addresses(), a.Address):
		d.add("address", a.Address, c.Address)
		c.Address = a.Address
	default:
		c.Patch.Address, c.Fields = new(c.Address), append(c.Fields, "address")
	}
	zone := b.rules.Accounts[i.Account].Zone
	if zone == "" || a.Zone == zone || !b.in.Bastion.Platforms[a.Platform].Zones {
		return
	}
	if b.rules.Manage.zone(*a) {
		c.Patch.Zone, c.Fields = new(zone), append(c.Fields, "zone")
		return
	}
	d.add("zone", a.Zone, zone)
}

// otherPlatform tells of a platform of another type than a new asset of the instance would have. It is never
// changed.
func (b *builder) otherPlatform(d *drift, i inventory.Instance, a *inventory.Asset) {
	if system(i) == systemOther {
		return
	}
	wanted := b.rules.platform(i)
	have, should := b.in.Bastion.Platforms[a.Platform].Type, b.in.Bastion.Platforms[wanted].Type
	if have != "" && should != "" && have != should {
		d.add("platform", a.Platform, wanted)
	}
}

// protected tells whether any address of the instance is protected. What the label remembers
// holds on while the cloud shows no public address, which is taken away by a stop, and before a release,
// or does not show all of its addresses.
func (b *builder) protected(i inventory.Instance, a inventory.Asset) bool {
	hidden := len(i.PublicIPs) == 0 || i.AddressesPartial
	remembered := a.Count(inventory.LabelProtected) > 0 && len(b.rules.Protected) > 0 && hidden
	return remembered || within(b.rules.Protected, i.Addresses()...)
}

// relabel lets our labels follow the cloud.
func (b *builder) relabel(c *Change, i inventory.Instance, a *inventory.Asset) {
	if m := b.marks[b.byID[a.ID]]; b.rules.Partial && strings.EqualFold(m.owner, i.Owner) {
		i.Account = m.account // which of the owner's accounts speaks for it is for full runs to say
	}
	if !markable(i) || !b.rules.holdable(i) {
		return
	}
	c.Patch.Labels = followLabels(*a, i, b.protected(i, *a))
	if c.Patch.Labels != nil {
		c.Fields = append(c.Fields, "labels")
	}
}

// reactivate undoes a deactivation of ours. What a person switched off stays off, and so does what the marks
// do not show to be our doing.
func (b *builder) reactivate(c *Change, a inventory.Asset) {
	if a.Count(inventory.LabelGone) == 0 || a.Active {
		return
	}
	switch {
	case switchedOffByPerson(a):
		c.Reason = because(ReturnedOff)
	case !b.switchedOff(a):
		c.Reason = because(ReturnedUnproved)
	default:
		c.Reason = because(Returned)
		c.Patch.Active, c.Fields = new(true), append(c.Fields, "is_active")
	}
}

// switchedOffByPerson reports whether the marks of an inactive asset with jms-gone say that a person switched it off:
// before we did, or after a person had switched it on again.
func switchedOffByPerson(a inventory.Asset) bool {
	return a.Count(inventory.LabelOff)+a.Count(inventory.LabelReopened) > 0
}

// switchedOff reports whether the marks of a deactivated asset say that we did it. Those of an adopted one, on
// which anybody who sets labels may have written them, must be whole: a time that can be read, and the promise beside it.
func (b *builder) switchedOff(a inventory.Asset) bool {
	_, _, readable := goneSince(a, b.rules.Now)
	return !adopted(a) || readable && a.Count(inventory.LabelDue) == 1
}
