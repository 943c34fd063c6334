package azure

import (
	"cmp"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// factSources says where the answers of Resource Manager have the facts.
func factSources() inventory.FactSources {
	return inventory.FactSources{
		inventory.FactStatus: "`provisioningState`", inventory.FactZone: "`zones`", inventory.FactSubnet: "`group/network/subnet`", inventory.FactGroups: "`group/name`",
		inventory.FactResourceGroup: "`resourceGroups`", inventory.FactImage: "`imageReference`", inventory.FactCharge: "`regular`, `spot`, `low`",
		inventory.FactCreatedAt: "`timeCreated`", inventory.FactElastic: "`Static`",
	}
}

// factRow has those fields of a machine's document that only mapping rules read.
type factRow struct {
	Tags  cloud.Shown[map[string]string] `json:"tags"`
	Zones cloud.Shown[[]string]          `json:"zones"` // of a machine at most one, "1"
}

// factProperties has those among its properties. timeCreated is shown since compute 2021-11-01.
type factProperties struct {
	Priority cloud.LenientText `json:"priority"` // Regular, Spot, Low; many documents have none, which means Regular
	Created  cloud.LenientText `json:"timeCreated"`
}

// nicFacts are what rules ask for of an interface.
type nicFacts struct {
	subnet, group string
	unread        inventory.Fact
}

// chargeRegular is the priority of a machine whose document has none.
const chargeRegular = "regular"

// facts returns what is wanted of a machine without what its interfaces show; see networkIndex.fillFacts.
func (d *machineDoc) facts(want inventory.Want) *inventory.Facts {
	if want.IsEmpty() {
		return nil
	}
	p := &d.Properties
	f := inventory.Facts{
		Status: strings.ToLower(p.State), ResourceGroup: strings.ToLower(segmentAfter(d.ID, "resourceGroups")), Image: p.Storage.Image.text(),
		Charge:    cmp.Or(strings.ToLower(string(p.Priority)), chargeRegular),
		CreatedAt: cloud.ParseTime(p.Created),
	}
	zones := cloud.ReadInto(d.Zones, want, inventory.FactZone, &f.Unread)
	if len(zones) > 0 {
		f.Zone = zones[0]
	}
	if want.WantsTags() {
		f.Tags, f.TagsUnread = d.readTags()
	}
	return want.Keep(f)
}

func (r *factRow) readTags() (tags []inventory.Tag, unread bool) {
	read, unread := r.Tags.Read()
	for key, value := range read {
		tags = append(tags, inventory.Tag{Key: key, Value: value})
	}
	return tags, unread
}

// text returns the id of a custom image, or "publisher:offer:sku:version" of one of the market.
func (i *imageDoc) text() string {
	if id := cmp.Or(i.ID, i.Shared, i.Community); id != "" {
		return id
	}
	if i.Offer == "" {
		return ""
	}
	return strings.Join([]string{string(i.Publisher), i.Offer, i.SKU, string(i.Version)}, ":")
}

// facts returns what is wanted of an interface: subnets as "group/network/subnet", and security groups as "group/name", in
// lower case.
func (p *nicProperties) facts(want inventory.Want) nicFacts {
	var f nicFacts
	f.group = resourceName(cloud.ReadInto(p.Group, want, inventory.FactGroups, &f.unread).ID, "networkSecurityGroups")
	if !want.Has(inventory.FactSubnet) {
		return f
	}
	for _, config := range p.Configs {
		id := config.Properties.Subnet.ID
		if network := networkName(id); network != "" && (f.subnet == "" || config.Properties.Primary) {
			f.subnet = network + "/" + strings.ToLower(segmentAfter(id, "subnets"))
		}
	}
	return f
}

// isElastic reports whether a public address stays with the account when its machine goes: one of its own, and not one of
// a scale set's machine.
func (p *addressProperties) isElastic(id string) bool {
	return strings.EqualFold(string(p.Allocation), "Static") && !strings.Contains(id, "/virtualmachinescalesets/")
}

// fillFacts completes the facts of a row, whose addresses are filled in, by its interfaces, the primary one first. Where
// some of these are not known, what they show is unread.
func (n networkIndex) fillFacts(row *inventory.Instance, nics []nic, elastic []string) {
	if row.Facts == nil {
		return
	}
	var all inventory.Facts
	if row.AddressesPartial {
		all.Unread = inventory.FactSubnet | inventory.FactGroups | inventory.FactElastic
	}
	var groups []string
	for _, one := range nics {
		all.Subnet = cmp.Or(all.Subnet, one.facts.subnet)
		groups = append(groups, one.facts.group)
		all.Unread |= one.facts.unread
	}
	all.Groups = cloud.UniqueTexts(groups)
	for all.Elastic < len(row.PublicIPs) && slices.Contains(elastic, row.PublicIPs[all.Elastic]) {
		all.Elastic++
	}
	kept := n.want.Keep(all)
	f := row.Facts
	f.Subnet, f.Groups, f.Elastic, f.Unread = kept.Subnet, kept.Groups, kept.Elastic, f.Unread|kept.Unread
}
