package plan

import (
	"maps"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// addOurs notes that an asset is ours.
func (b *builder) addOurs(n int) {
	b.ours[n] = true
	b.countAsset(&b.input.Current.Assets[n], b.ownerships[n])
}

// canonicalAccount returns a label's account name as the configuration writes it: JumpServer's database may have
// kept another spelling.
func (b *builder) canonicalAccount(name string) string {
	if _, exact := b.rules.Accounts[name]; exact || name == "" {
		return name
	}
	if known, met := b.canonicalAccounts[name]; met {
		return known
	}
	b.canonicalAccounts[name] = name
	for _, configured := range slices.Sorted(maps.Keys(b.rules.Accounts)) { // no two enabled ones have one spelling
		if inventory.MayBeEqual(configured, name) {
			b.canonicalAccounts[name] = configured
		}
	}
	return b.canonicalAccounts[name]
}

// recogniseAssets looks for an asset's listed instance where its comment was changed, and then notes
// which instances the others name. Nothing may be decided before: what is recognised is ours, and
// names nobody else's instance.
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
		for _, id := range claimed(*a) {
			b.claimed[id] = append(b.claimed[id], n)
		}
	}
}

// claims returns the asset, not ours, that a label alone says to be an instance's, where it has an address of the
// instance: one that an earlier version adopted by it. Elsewhere the label counts for nothing, or who may set labels
// could keep an instance from getting its asset.
func (b *builder) claims(i *inventory.Instance) (a *inventory.Asset, exist bool) {
	for _, n := range b.claimed[i.ID] {
		a = &b.input.Current.Assets[n]
		if slices.ContainsFunc(i.Addresses(), func(address string) bool { return strings.EqualFold(address, a.Address) }) {
			return a, true
		}
	}
	return nil, false
}

// recogniseAsset takes an asset whose comment was changed for the one of a listed instance: its id is made of
// just that instance, and its labels name the same place.
func (b *builder) recogniseAsset(n int, i *inventory.Instance) {
	m := &b.ownerships[n]
	if b.ours[n] || m.cloud != i.Cloud || m.region != i.Region || b.input.Current.Assets[n].LabelCount(inventory.LabelInstance) > 0 {
		return
	}
	m.instanceID = i.ID
	b.addOurs(n)
}

// foreignAssetAt returns the name of a host at an address that is not ours, "" where there is none: made by hand, or
// a gateway. It changes nothing but the words, because an address proves nothing. The index is made when it
// is first asked for: a run that makes nothing never asks.
func (b *builder) foreignAssetAt(address string) string {
	if b.foreignByAddress == nil {
		b.foreignByAddress = map[string]string{}
		for _, n := range b.assetOrder {
			if a := &b.input.Current.Assets[n]; a.Host && !b.ours[n] && b.foreignByAddress[strings.ToLower(a.Address)] == "" {
				b.foreignByAddress[strings.ToLower(a.Address)] = a.Name
			}
		}
	}
	return b.foreignByAddress[strings.ToLower(address)]
}
