package plan

import (
	"maps"
	"slices"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// addOurs records that an asset is ours.
func (b *builder) addOurs(n int) {
	b.ours[n] = true
	b.countAsset(&b.input.Current.Assets[n], b.ownerships[n])
}

// canonicalAccount returns a label's account name as the configuration writes it, because JumpServer's database may
// keep another spelling.
func (b *builder) canonicalAccount(name string) string {
	if _, exact := b.rules.Accounts[name]; exact || name == "" {
		return name
	}
	if known, met := b.canonicalAccounts[name]; met {
		return known
	}
	b.canonicalAccounts[name] = name
	for _, configured := range slices.Sorted(maps.Keys(b.rules.Accounts)) { // no two enabled accounts have equal spellings
		if inventory.MayBeEqual(configured, name) {
			b.canonicalAccounts[name] = configured
		}
	}
	return b.canonicalAccounts[name]
}

// recogniseAssets finds the listed instances of assets whose comment was changed, and then indexes which instances
// the remaining assets name. It must run before any decision: a recognised asset is ours and no longer names
// another's instance.
func (b *builder) recogniseAssets() {
	changed := false
	for n := range b.ownerships {
		changed = changed || !b.ours[n] && b.ownerships[n].cloud != ""
	}
	for _, l := range b.input.Listings {
		if !changed || !l.IsComplete() {
			continue
		}
		for k := range l.Instances {
			i := &l.Instances[k]
			if n, exists := b.assetIndex[inventory.AssetID(i.Cloud, i.Region, i.ID)]; exists {
				b.recogniseAsset(n, i)
			}
		}
	}
	for _, n := range b.assetOrder {
		if b.ours[n] {
			continue
		}
		a := &b.input.Current.Assets[n]
		for _, id := range instancesInComment(a.Comment) {
			b.mentionedBy[id] = a.Name
		}
		for _, id := range instancesInLabels(*a) {
			b.labelledAssets[id] = append(b.labelledAssets[id], n)
		}
	}
}

// assetByLabel returns an asset that is not ours, whose label names the instance and which has one of its
// addresses: an earlier version adopted it by the address. The label alone counts for nothing; otherwise anybody
// who may set labels could keep an instance from getting its asset.
func (b *builder) assetByLabel(i *inventory.Instance) (a *inventory.Asset, exist bool) {
	for _, n := range b.labelledAssets[i.ID] {
		a = &b.input.Current.Assets[n]
		if hasAddress(*i, a.Address) {
			return a, true
		}
	}
	return nil, false
}

// recogniseAsset makes an asset whose comment was changed ours: its id is made of this listed instance, and its
// labels name the same cloud and region.
func (b *builder) recogniseAsset(n int, i *inventory.Instance) {
	m := &b.ownerships[n]
	if b.ours[n] || m.cloud != i.Cloud || m.region != i.Region || b.input.Current.Assets[n].LabelCount(inventory.LabelInstance) > 0 {
		return
	}
	m.instanceID = i.ID
	b.addOurs(n)
}

// foreignAssetAt returns the name of a host that is not ours and has this address, "" if there is none: one made by
// hand, or a gateway. It changes only the text of a reason, because an address proves nothing. The index is built
// when first needed: a run that creates nothing never needs it.
func (b *builder) foreignAssetAt(address string) string {
	if b.foreignByAddress == nil {
		b.foreignByAddress = map[string]string{}
		for _, n := range b.assetOrder {
			a := &b.input.Current.Assets[n]
			key := addressKey(a.Address)
			if a.Host && !b.ours[n] && b.foreignByAddress[key] == "" {
				b.foreignByAddress[key] = a.Name
			}
		}
	}
	return b.foreignByAddress[addressKey(address)]
}
