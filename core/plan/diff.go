package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/mapping"
	"github.com/jms-sync/jms-sync/core/reason"
)

// diffAsset compares an asset of ours with its instance. What people own is never compared.
func (b *builder) diffAsset(e listedInstance, n int) {
	i, a := *e.instance, &b.input.Current.Assets[n]
	o := b.rules.outcomeOf(e.instance)
	c := emptyUpdate(e, a)
	seen := i.Addresses()
	if !b.rules.isWhitelisted(seen...) && (len(seen) > 0 && !i.AddressesPartial && !hidesIPv4(i, *a) || !b.rules.isWhitelisted(a.Address)) {
		c.Patch, c.Before = nil, nil
		b.addSkip(c, reason.New(reason.NotWhitelisted))
		return
	}
	if o.Skip != "" {
		b.leaveAsItIs(e, a, &o)
		return
	}
	b.countUnread(*a, &o)
	leaveWhatMayBeSkipped(&o)
	b.countRuledOff(*a, b.ownerships[n], &o)
	c.Name = b.rules.wantedName(i, &o)
	d := drift{}
	if o.Platform != "" {
		b.diffRuledPlatform(&c, &d, a, &o)
	}
	b.diffAddress(&c, &d, i, a, &o)
	b.diffZone(&c, &d, &i, a, &o)
	b.diffLabels(&c, &d, i, a, &o)
	b.reactivate(&c, *a, &o)
	if why, isNeverWritten := b.rules.neverWritten(*a); isNeverWritten {
		if len(c.Fields) > 0 || !isDesiredName(c.Name, i.ID, a.Name) {
			c = emptyUpdate(e, a)
			c.Patch, c.Before = nil, nil
			b.addSkip(c, why)
		} else {
			b.plan.neverWrittenCount++
		}
		return
	}
	wanted := b.diffName(&c, &d, i, a, &o)
	if o.Platform == "" {
		b.diffPlatform(&d, i, a)
	}
	if b.rules.Mapping != nil {
		b.diffRuled(&c, &d, &i, n, &o)
	}
	b.nameDecided[n] = true
	desired := desiredAsset{listedInstance: e, desiredName: wanted, before: a}
	if len(c.Fields) > 0 || c.Reason.Code != "" {
		desired.change = &c
	}
	b.plan.desired = append(b.plan.desired, desired)
	b.noteDrift(d, e, a)
	b.noteUnstorableName(e, a, &o)
}

// diffRuled plans what only mapping rules set on existing assets.
func (b *builder) diffRuled(c *Change, d *drift, i *inventory.Instance, n int, o *mapping.Outcome) {
	a := &b.input.Current.Assets[n]
	if !b.rules.Partial { // events move no asset, and do not read what this is compared with
		b.diffNodes(c, d, i, a, o)
		b.diffProtocols(c, d, a, o)
		b.diffAccounts(c, d, a, o)
	}
	b.planRuleOff(*c, d, i, n, o)
}

// noteUnstorableName reports a name that JumpServer's database cannot hold.
func (b *builder) noteUnstorableName(e listedInstance, a *inventory.Asset, o *mapping.Outcome) {
	name, shortened := b.rules.unstorableName(*e.instance, o)
	if !shortened || b.rules.Partial || !b.rules.managed(o).managesName(*a) || o.Unread.Has(mapping.FieldName) {
		return
	}
	c := emptyUpdate(e, a)
	c.Action, c.Reason, c.Fields = Drift, reason.New(reason.NameShortened, name), []string{"name"}
	c.Patch, c.Before = nil, nil
	b.plan.notes = append(b.plan.notes, c)
}

// noteDrift reports what differs and stays. Events do not report it, except for an address that could not be
// followed: the event may be about that.
func (b *builder) noteDrift(d drift, e listedInstance, a *inventory.Asset) {
	if b.rules.Partial {
		if d.keepsAddress.Code != "" {
			c := emptyUpdate(e, a)
			c.Patch, c.Before = nil, nil
			b.addSkip(c, d.keepsAddress)
		}
		return
	}
	say := func(why reason.Reason, fields []string) {
		c := emptyUpdate(e, a)
		c.Action, c.Reason, c.Fields, c.Patch, c.Before = Drift, why, fields, nil, nil
		b.plan.notes = append(b.plan.notes, c)
	}
	if d.keepsAddress.Code != "" {
		say(d.keepsAddress, []string{"address"})
	}
	for _, n := range d.notes {
		say(n.why, []string{n.field})
	}
	if len(d.fields) > 0 {
		say(reason.New(reason.Differs, strings.Join(d.texts, ", ")), slices.Compact(d.fields))
	}
}

// drift is what differs where people, and not we, decide.
type drift struct {
	fields, texts []string
	keepsAddress  reason.Reason // why the address stays, which may differ too: the cloud did not show all of them
	notes         []fieldNote
}

// fieldNote says why a field stays as it is although a rule wants it otherwise.
type fieldNote struct {
	field string
	why   reason.Reason
}

func (d *drift) add(field, have, cloud string) {
	d.fields = append(d.fields, field)
	d.texts = append(d.texts, fmt.Sprintf("%s %s ≠ %s", field, have, cloud))
}

// diffName returns the name that the asset should get: "" for the present one, if the name is not ours to change.
func (b *builder) diffName(c *Change, d *drift, i inventory.Instance, a *inventory.Asset, o *mapping.Outcome) string {
	unread := o.Unread.Has(mapping.FieldName)
	if b.rules.managed(o).managesName(*a) && !unread {
		if b.rules.Partial && isDesiredName(c.Name, i.ID, a.Name) {
			c.Name = a.Name
		}
		return c.Name
	}
	if !unread && !isDesiredName(c.Name, i.ID, a.Name) {
		d.add("name", a.Name, c.Name)
	}
	c.Name = a.Name
	b.plan.fixedNames.add(a.Name)
	return ""
}

// diffAddress adds the change of the address as far as we manage it. An adopted asset's address that is any of its
// instance's stays, as a person chose it.
func (b *builder) diffAddress(c *Change, d *drift, i inventory.Instance, a *inventory.Asset, o *mapping.Outcome) {
	c.Address = wantedAddress(i, o)
	chosen := o.Address != "" && hasAddress(i, a.Address) // by a rule among addresses that are all the instance's
	switch {
	case o.AddressMissing != "" && !o.Unread.Has(mapping.FieldAddress):
		c.Address, d.keepsAddress = a.Address, reason.New(reason.RuleKeepsIP, b.rules.setterOf(o, mapping.FieldAddress), o.AddressMissing)
	case c.Address == "" || addressKey(c.Address) == addressKey(a.Address), o.Unread.Has(mapping.FieldAddress), chosen && b.rules.Partial:
		c.Address = a.Address
	case i.AddressesPartial: // an address that is not known yet may come before the first known one
		c.Address, d.keepsAddress = a.Address, reason.New(reason.AddressesUnknown)
	case hidesIPv4(i, *a):
		c.Address, d.keepsAddress = a.Address, reason.New(reason.IPv4NotShown)
	case b.rules.managed(o).Address == WriteOnCreate, isAdopted(*a) && hasAddress(i, a.Address):
		d.add("address", a.Address, c.Address)
		c.Address = a.Address
	default:
		c.Patch.Address, c.Fields = new(c.Address), append(c.Fields, "address")
		if b.rules.Mapping != nil && hasAddress(i, a.Address) { // by a rule, or because one chooses no more
			c.moves |= moveAddress
		}
	}
}

// diffPlatform reports a platform of another type than a new asset of the instance would get. A platform is never
// changed.
func (b *builder) diffPlatform(d *drift, i inventory.Instance, a *inventory.Asset) {
	if i.System() == inventory.OtherSystem {
		return
	}
	wanted := b.rules.platformOf(i)
	have, should := b.input.Current.Platforms[a.Platform].Type, b.input.Current.Platforms[wanted].Type
	if have != "" && should != "" && have != should {
		d.add("platform", a.Platform, wanted)
	}
}

// hasProtectedAddress reports whether any address of the instance is protected. The label jms-protected stays valid
// while the cloud shows no public address (a stop takes it away, and so does a release before the instance is gone)
// or not all addresses.
func (b *builder) hasProtectedAddress(i inventory.Instance, a inventory.Asset) bool {
	hidden := len(i.PublicIPs) == 0 || i.AddressesPartial
	remembered := a.LabelCount(inventory.LabelProtected) > 0 && len(b.rules.Protected) > 0 && hidden
	return remembered || containsAny(b.rules.Protected, i.Addresses()...)
}

// diffLabels adds the change of labels to what the cloud and the rules say.
func (b *builder) diffLabels(c *Change, d *drift, i inventory.Instance, a *inventory.Asset, o *mapping.Outcome) {
	m := b.ownerships[b.assetIndex[a.ID]]
	if b.rules.Partial && strings.EqualFold(m.owner, i.Owner) {
		i.Account = m.account // only full runs decide which of the owner's accounts the asset belongs to
	}
	if !hasStorableLabels(i) || !b.rules.fitsDatabase(i) {
		return
	}
	labels := desiredLabels(*a, i, b.hasProtectedAddress(i, *a))
	if labels == nil {
		labels = a.Labels
	}
	labels = b.withRuledLabels(b.withRuleMarks(labels, *a, o), d, o)
	if !slices.Equal(labels, a.Labels) {
		c.Patch.Labels, c.Fields = labels, append(c.Fields, "labels")
	}
}

// switchedOffByPerson reports whether the labels of an inactive asset with jms-gone say that a person switched it
// off: before we did, or after a person had switched it on again.
func switchedOffByPerson(a inventory.Asset) bool {
	return a.LabelCount(inventory.LabelOff)+a.LabelCount(inventory.LabelReopened) > 0
}

// wasDeactivatedByUs reports whether the labels of a deactivated asset prove that we did it. On an adopted asset
// anybody who may set labels can have written them, so they must be complete: a readable time, and jms-due beside
// it.
func (b *builder) wasDeactivatedByUs(a inventory.Asset) bool {
	_, _, readable := parseDeactivatedAt(a, b.rules.Now)
	return !isAdopted(a) || readable && a.LabelCount(inventory.LabelDue) == 1
}
