package plan

import (
	"maps"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// own notes that an asset is ours.
func (b *builder) own(n int) {
	b.ours[n] = true
	b.count(&b.in.Bastion.Assets[n], b.marks[n])
}

// account returns a label's account name as the configuration writes it: JumpServer's database may have
// kept another spelling.
func (b *builder) account(name string) string {
	if _, exact := b.rules.Accounts[name]; exact || name == "" {
		return name
	}
	if known, met := b.spelled[name]; met {
		return known
	}
	b.spelled[name] = name
	for _, configured := range slices.Sorted(maps.Keys(b.rules.Accounts)) { // no two enabled ones have one spelling
		if inventory.SameFolded(configured, name) {
			b.spelled[name] = configured
		}
	}
	return b.spelled[name]
}

// recogniseAll looks for an asset's listed instance where its comment was changed, and then notes
// which instances the others name. Nothing may be decided before: what is recognised is ours, and
// names nobody else's instance.
func (b *builder) recogniseAll() {
	changed := false
	for n := range b.marks {
		changed = changed || !b.ours[n] && b.marks[n].cloud != ""
	}
	for _, l := range b.in.Listings {
		if !changed || !l.Complete() {
			continue
		}
		for k := range l.Instances {
			i := &l.Instances[k]
			if n, exists := b.byID[inventory.AssetID(i.Cloud, i.Region, i.ID)]; exists {
				b.recognise(n, i)
			}
		}
	}
	for _, n := range b.order {
		if b.ours[n] {
			continue
		}
		a := &b.in.Bastion.Assets[n]
		for _, id := range mentioned(a.Comment) {
			b.named[id] = a.Name
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
		a = &b.in.Bastion.Assets[n]
		if slices.ContainsFunc(i.Addresses(), func(address string) bool { return strings.EqualFold(address, a.Address) }) {
			return a, true
		}
	}
	return nil, false
}

// recognise takes an asset whose comment was changed for the one of a listed instance: its id is made of
// just that instance, and its labels name the same place.
func (b *builder) recognise(n int, i *inventory.Instance) {
	m := &b.marks[n]
	if b.ours[n] || m.cloud != i.Cloud || m.region != i.Region || b.in.Bastion.Assets[n].Count(inventory.LabelInstance) > 0 {
		return
	}
	m.instance = i.ID
	b.own(n)
}

// beside returns the name of a host at an address that is not ours, "" where there is none: made by hand, or
// a gateway. It changes nothing but the words, because an address proves nothing. The index is made when it
// is first asked for: a run that makes nothing never asks.
func (b *builder) beside(address string) string {
	if b.at == nil {
		b.at = map[string]string{}
		for _, n := range b.order {
			if a := &b.in.Bastion.Assets[n]; a.Host && !b.ours[n] && b.at[strings.ToLower(a.Address)] == "" {
				b.at[strings.ToLower(a.Address)] = a.Name
			}
		}
	}
	return b.at[strings.ToLower(address)]
}
