package plan

import (
	"cmp"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/mapping"
	"github.com/jms-sync/jms-sync/core/reason"
)

// diffRuledPlatform plans the platform that the rules want of an existing asset: never one of another type, never a
// gateway's, and none by which the asset would lose its zone.
func (b *builder) diffRuledPlatform(c *Change, d *drift, a *inventory.Asset, o *mapping.Outcome) {
	wanted := o.Platform
	have, should := b.input.Current.Platforms[a.Platform], b.input.Current.Platforms[wanted]
	writes := b.rules.policy(b.rules.Manage.Platform, true) == WriteAlways
	if wanted == a.Platform || o.Unread.Has(mapping.FieldPlatform) || have.Type == "" || b.rules.Partial {
		return
	}
	if should.Type == "" {
		if writes {
			d.notes = append(d.notes, fieldNote{FieldPlatform, reason.New(reason.RuleKeepsPlatform, b.rules.setterOf(o, mapping.FieldPlatform), wanted)})
		}
		return
	}
	may := have.Type == should.Type && !isGatewayPlatform(wanted) && (a.Zone == "" || should.SupportsZones)
	if !writes || !may {
		d.add(FieldPlatform, a.Platform, wanted)
		return
	}
	c.Platform, c.Patch.Platform = wanted, &wanted
	c.Fields, c.moves = append(c.Fields, FieldPlatform), c.moves|movePlatform
}

// diffZone plans the zone of an existing asset: the account's, or the one that the rules want.
func (b *builder) diffZone(c *Change, d *drift, i *inventory.Instance, a *inventory.Asset, o *mapping.Outcome) {
	zone, ruled := b.rules.Accounts[i.Account].Zone, o.Zone != ""
	if o.Unread.Has(mapping.FieldZone) || ruled && isGatewayPlatform(a.Platform) {
		return
	}
	if ruled {
		id, known := findZone(b.input.Current.Zones, b.input.Current.ZonesDenied, o.Zone)
		if !known {
			d.notes = append(d.notes, fieldNote{FieldZone, reason.New(reason.RuleKeepsZone, b.rules.setterOf(o, mapping.FieldZone), o.Zone)})
			return
		}
		zone = id
	}
	if zone == "" || a.Zone == zone || ruled && b.rules.Partial {
		return
	}
	supports := b.input.Current.Platforms[c.Platform].SupportsZones
	switch {
	case !supports && !ruled:
	case supports && b.rules.managed(o).managesZone(*a):
		c.Patch.Zone, c.Fields = new(zone), append(c.Fields, "zone")
		if b.rules.Mapping != nil {
			c.moves |= moveZone
		}
	default:
		d.add("zone", b.zoneName(a.Zone), b.zoneName(zone))
	}
}

// zoneName returns what people call a zone, as far as zones were read: its name, and its id otherwise.
func (b *builder) zoneName(id string) string {
	n := slices.IndexFunc(b.input.Current.Zones, func(z inventory.Zone) bool { return z.ID == id })
	if n < 0 {
		return id
	}
	return b.input.Current.Zones[n].Name
}

// diffProtocols plans the ports that the rules want of an existing asset, where its protocols were read.
func (b *builder) diffProtocols(c *Change, d *drift, a *inventory.Asset, o *mapping.Outcome) {
	if a.Protocols == nil || o.Unread.Has(mapping.FieldPort) || o.Port == 0 && len(o.Protocols) == 0 {
		return
	}
	wanted, ok := b.wantedProtocols(a, o, c.Platform)
	if ok && hasSameProtocols(wanted, a.Protocols) {
		return
	}
	policy := b.rules.policy(b.rules.Manage.Port, true)
	writes := policy == WriteAlways || policy == WriteIfMissing && len(a.Protocols) == 0
	if !ok && writes {
		d.notes = append(d.notes, fieldNote{FieldPort, reason.New(reason.RuleKeepsPort, b.rules.setterOf(o, mapping.FieldPort), c.Platform)})
	}
	if ok && writes {
		c.Patch.Protocols, c.Fields, c.moves = wanted, append(c.Fields, FieldPort), c.moves|movePort
		return
	}
	if ok {
		d.add(FieldPort, ProtocolText(a.Protocols), ProtocolText(wanted))
	}
}

// wantedProtocols returns the protocols of an existing asset with the ports that the rules want. Where they set just a
// port, all protocols that the asset has stay.
func (b *builder) wantedProtocols(a *inventory.Asset, o *mapping.Outcome, platform string) (wanted []inventory.Protocol, ok bool) {
	p := b.input.Current.Platforms[platform]
	if len(o.Protocols) > 0 || len(a.Protocols) == 0 {
		return ruledProtocols(o, p)
	}
	if len(p.Protocols) == 0 {
		return nil, false
	}
	wanted = a.Protocols
	if primary := p.Protocols[0]; indexOfProtocol(wanted, primary.Name) < 0 {
		wanted = append([]inventory.Protocol{primary}, wanted...)
	}
	return withPort(wanted, p.Protocols[0].Name, o.Port), true
}

// hasSameProtocols reports whether two lists have the same protocols with the same ports, in any order.
func hasSameProtocols(x, y []inventory.Protocol) bool {
	return len(x) == len(y) && !slices.ContainsFunc(x, func(p inventory.Protocol) bool {
		n := indexOfProtocol(y, p.Name)
		return n < 0 || y[n].Port != p.Port
	})
}

// diffAccounts plans the accounts of templates that an existing asset lacks. One that it has is never touched.
func (b *builder) diffAccounts(c *Change, d *drift, a *inventory.Asset, o *mapping.Outcome) {
	policy := b.rules.policy(b.rules.Manage.Accounts, true)
	if len(o.Accounts) == 0 || policy == WriteOnCreate || policy == WriteIfMissing && len(a.Accounts) > 0 ||
		b.rules.Partial || b.input.Current.AccountsUnread || o.Unread.Has(mapping.FieldAccounts) {
		return
	}
	p, protocols := b.input.Current.Platforms[c.Platform], a.Protocols
	if len(protocols) == 0 {
		protocols = p.Protocols
	}
	var missing omissions
	for _, id := range b.plan.assetBuilder.templatesOf(o, p, protocols, &missing) {
		switch {
		case b.hasAccountOf(a, id):
		case b.mayHaveAccountOf(a, id):
			missing = append(missing, reason.New(reason.WithoutTemplateSight, id))
		default:
			c.Patch.Accounts = append(c.Patch.Accounts, id)
		}
	}
	if len(c.Patch.Accounts) > 0 {
		c.Fields, c.moves = append(c.Fields, FieldAccounts), c.moves|moveAccounts
	}
	if len(missing) > 0 {
		d.add(FieldAccounts, usernamesOf(a), strings.Join(o.Accounts, listComma))
	}
}

// usernamesOf returns the usernames of an asset's accounts, "–" if it has none.
func usernamesOf(a *inventory.Asset) string {
	names := make([]string, 0, len(a.Accounts))
	for _, have := range a.Accounts {
		names = append(names, have.Username)
	}
	return cmp.Or(strings.Join(names, listComma), "–")
}

// mayHaveAccountOf reports whether one of an asset's accounts may be that of a template which the access key may not see: one
// without a template, as it was made by hand or its secret has changed since. JumpServer would pass it over in every run.
func (b *builder) mayHaveAccountOf(a *inventory.Asset, template string) bool {
	_, known := b.plan.assetBuilder.findTemplate(template)
	return !known && slices.ContainsFunc(a.Accounts, func(have inventory.Account) bool { return have.TemplateID == "" })
}

// hasAccountOf reports whether an asset has an account made of a template, or one that JumpServer would take for it.
func (b *builder) hasAccountOf(a *inventory.Asset, template string) bool {
	t, known := b.plan.assetBuilder.findTemplate(template)
	return slices.ContainsFunc(a.Accounts, func(have inventory.Account) bool {
		return strings.EqualFold(have.TemplateID, template) ||
			known && inventory.MayBeEqual(have.Username, t.Username) && have.SecretType == t.SecretType
	})
}
