package main

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/session"
)

// shard is one part of a proposal, as a timer's payload can express it: all regions of some accounts, or some regions of
// the accounts of one owner.
type shard struct {
	accounts, regions []string // sorted; no regions = all
	instances         int
}

// proposal is how an estate is split.
type proposal struct {
	shards               []shard
	instances            int
	tooLarge             []string // regions larger than a part may be
	newRegionsUnassigned []string // accounts split by region that name no regions: new regions are in no part
	undecided            []string // accounts without account_id, which block removals in other parts
}

// ownedEstate is what the configured accounts of one owner list. They stay together: an asset is only removed by a run
// that queried everyone who may see its instance.
type ownedEstate struct {
	accounts          []string
	regions           map[string]int // instances
	instances         int
	allRegionAccounts []string // accounts without configured regions
}

// propose splits complete listings into parts of at most size instances. The same estate always leads to the same parts.
func propose(listings []inventory.Listing, accounts []config.Cloud, size int) proposal {
	estates := estatesOf(listings, accounts)
	var p proposal
	var whole []packItem
	for _, e := range estates {
		p.instances += e.instances
		if e.instances <= size {
			whole = append(whole, packItem{e.accounts, e.instances})
		}
	}
	if p.instances <= size {
		return p
	}
	for _, b := range packItems(whole, size) {
		p.shards = append(p.shards, shard{accounts: b.names, instances: b.size})
	}
	for _, e := range estates {
		if e.instances <= size {
			continue
		}
		var boxes []packItem
		for _, region := range slices.Sorted(maps.Keys(e.regions)) {
			boxes = append(boxes, packItem{[]string{region}, e.regions[region]})
			if e.regions[region] > size {
				p.tooLarge = append(p.tooLarge, strings.Join(e.accounts, ",")+"/"+region)
			}
		}
		parts := packItems(boxes, size)
		for _, b := range parts {
			part := shard{accounts: e.accounts, regions: b.names, instances: b.size}
			if len(parts) == 1 {
				part.regions = nil // it is not split, so it may include new regions
			}
			p.shards = append(p.shards, part)
		}
		if len(parts) > 1 {
			p.newRegionsUnassigned = append(p.newRegionsUnassigned, e.allRegionAccounts...)
		}
	}
	slices.SortFunc(p.shards, func(x, y shard) int {
		return cmp.Or(cmp.Compare(y.instances, x.instances), slices.Compare(x.accounts, y.accounts), slices.Compare(x.regions, y.regions))
	})
	slices.Sort(p.newRegionsUnassigned)
	p.undecided = undecidedAccounts(p.shards, listings, accounts)
	return p
}

// estatesOf groups listings by their owner, the cloud's own account id; sorted.
func estatesOf(listings []inventory.Listing, accounts []config.Cloud) []*ownedEstate {
	byOwner := map[[2]string]*ownedEstate{}
	for _, l := range listings {
		key := [2]string{string(l.Cloud), l.Owner}
		e := byOwner[key]
		if e == nil {
			e = &ownedEstate{regions: map[string]int{}}
			byOwner[key] = e
		}
		if !slices.Contains(e.accounts, l.Account) {
			e.accounts = append(e.accounts, l.Account)
			if configuredRegions(accounts, l.Account) == nil {
				e.allRegionAccounts = append(e.allRegionAccounts, l.Account)
			}
		}
		e.regions[l.Region] += len(l.Instances)
		e.instances += len(l.Instances)
	}
	all := slices.Collect(maps.Values(byOwner))
	for _, e := range all {
		slices.Sort(e.accounts)
	}
	slices.SortFunc(all, func(x, y *ownedEstate) int { return slices.Compare(x.accounts, y.accounts) })
	return all
}

// configuredRegions returns the configured regions of an account; nil = all.
func configuredRegions(accounts []config.Cloud, name string) []string {
	for _, a := range accounts {
		if a.Enabled && a.Name == name && len(a.Regions) > 0 {
			return session.ScopeRegions(a)
		}
	}
	return nil
}

// undecidedAccounts returns the accounts without account_id that may own what another part holds. Nothing is removed
// there, because they are not queried (core/plan, OthersNotAsked).
func undecidedAccounts(parts []shard, listings []inventory.Listing, accounts []config.Cloud) []string {
	var names []string
	for _, a := range accounts {
		if !a.Enabled || a.AccountID != "" {
			continue
		}
		blocks := slices.ContainsFunc(listings, func(l inventory.Listing) bool {
			if l.Cloud != a.Cloud || !asksFor(a, l.Region) {
				return false
			}
			at := slices.IndexFunc(parts, func(s shard) bool { return s.contains(l.Scope) })
			return at >= 0 && !slices.Contains(parts[at].accounts, a.Name)
		})
		if blocks {
			names = append(names, a.Name)
		}
	}
	slices.Sort(names)
	return names
}

// asksFor reports whether an account's runs list a scope's region.
func asksFor(a config.Cloud, region string) bool {
	return inventory.IsAskedFor(session.ScopeRegions(a), session.Clouds().Find(a.Cloud).ScopeKinds(a.Kinds), region)
}

// contains reports whether the part lists a scope.
func (s shard) contains(at inventory.Scope) bool {
	return slices.Contains(s.accounts, at.Account) && (len(s.regions) == 0 || slices.Contains(s.regions, at.Region))
}

// packItem is something that is packed whole, or several of them packed together.
type packItem struct {
	names []string
	size  int
}

// packItems packs boxes together so that no pack is larger than size, unless a single box is: the largest first, each
// into the first pack where it fits. Empty boxes join other packs too.
func packItems(boxes []packItem, size int) []packItem {
	slices.SortStableFunc(boxes, func(x, y packItem) int {
		return cmp.Or(cmp.Compare(y.size, x.size), slices.Compare(x.names, y.names))
	})
	var packed []packItem
	for _, b := range boxes {
		at := slices.IndexFunc(packed, func(have packItem) bool { return have.size+b.size <= size })
		if at < 0 && b.size == 0 && len(packed) > 0 {
			at = len(packed) - 1 // adds nothing, even to a pack that is too large already
		}
		if at < 0 {
			packed = append(packed, packItem{slices.Clone(b.names), b.size})
			continue
		}
		packed[at].names = append(packed[at].names, b.names...)
		packed[at].size += b.size
	}
	for _, b := range packed {
		slices.Sort(b.names)
	}
	return packed
}
