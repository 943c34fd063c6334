package main

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// slice is one part of a proposal, as a timer's payload can say it: all regions of some accounts,
// or some regions of the accounts of one owner.
type slice struct {
	accounts, regions []string // sorted; no regions = all
	instances         int
}

// proposal is how an estate is split.
type proposal struct {
	slices    []slice
	instances int
	tooLarge  []string // regions that are larger than a part shall be
	newLater  []string // accounts of all regions that are split by region: new ones are in no part
	undecided []string // accounts without account_id, for which removals in other parts wait
}

// ownedEstate is what the configured accounts of one owner list. They stay together: an asset is only
// removed by a run that asked everyone who may see its instance.
type ownedEstate struct {
	accounts  []string
	regions   map[string]int // instances
	instances int
	allOf     []string // accounts of which no regions are configured
}

// propose splits what was listed, which must be complete, into parts of at most size instances.
// The same estate always gives the same parts.
func propose(listings []inventory.Listing, accounts []config.Cloud, size int) proposal {
	estates := estatesOf(listings, accounts)
	var p proposal
	var whole []box
	for _, e := range estates {
		p.instances += e.instances
		if e.instances <= size {
			whole = append(whole, box{e.accounts, e.instances})
		}
	}
	if p.instances <= size {
		return p
	}
	for _, b := range pack(whole, size) {
		p.slices = append(p.slices, slice{accounts: b.names, instances: b.size})
	}
	for _, e := range estates {
		if e.instances <= size {
			continue
		}
		var boxes []box
		for _, region := range slices.Sorted(maps.Keys(e.regions)) {
			boxes = append(boxes, box{[]string{region}, e.regions[region]})
			if e.regions[region] > size {
				p.tooLarge = append(p.tooLarge, strings.Join(e.accounts, ",")+"/"+region)
			}
		}
		parts := pack(boxes, size)
		for _, b := range parts {
			part := slice{accounts: e.accounts, regions: b.names, instances: b.size}
			if len(parts) == 1 {
				part.regions = nil // it cannot be split, so that new regions can be in it
			}
			p.slices = append(p.slices, part)
		}
		if len(parts) > 1 {
			p.newLater = append(p.newLater, e.allOf...)
		}
	}
	slices.SortFunc(p.slices, func(x, y slice) int {
		return cmp.Or(cmp.Compare(y.instances, x.instances), slices.Compare(x.accounts, y.accounts), slices.Compare(x.regions, y.regions))
	})
	slices.Sort(p.newLater)
	p.undecided = undecided(p.slices, listings, accounts)
	return p
}

// estatesOf groups listings by the cloud's account, whose id the clouds gave; sorted.
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
			if regionsOf(accounts, l.Account) == nil {
				e.allOf = append(e.allOf, l.Account)
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

// regionsOf gives the configured regions of an account; nil = all.
func regionsOf(accounts []config.Cloud, name string) []string {
	for _, a := range accounts {
		if a.Enabled && a.Name == name && len(a.Regions) > 0 {
			return a.Regions
		}
	}
	return nil
}

// undecided gives the accounts without account_id that may be the owner of what another part
// holds: there nothing is removed, for they were not asked (core/plan, OthersNotAsked).
func undecided(parts []slice, listings []inventory.Listing, accounts []config.Cloud) []string {
	var names []string
	for _, a := range accounts {
		if !a.Enabled || a.AccountID != "" {
			continue
		}
		blocks := slices.ContainsFunc(listings, func(l inventory.Listing) bool {
			if l.Cloud != a.Cloud || len(a.Regions) > 0 && !slices.Contains(a.Regions, l.Region) {
				return false
			}
			at := slices.IndexFunc(parts, func(s slice) bool { return s.holds(l.Scope) })
			return at >= 0 && !slices.Contains(parts[at].accounts, a.Name)
		})
		if blocks {
			names = append(names, a.Name)
		}
	}
	slices.Sort(names)
	return names
}

// holds tells whether a part lists a scope.
func (s slice) holds(at inventory.Scope) bool {
	return slices.Contains(s.accounts, at.Account) && (len(s.regions) == 0 || slices.Contains(s.regions, at.Region))
}

// box is something to be packed whole, or several of them packed together.
type box struct {
	names []string
	size  int
}

// pack puts boxes together so that none is larger than size, unless it was alone: the largest first,
// each to the first with which it fits. Empty ones go with the others as well.
func pack(boxes []box, size int) []box {
	slices.SortStableFunc(boxes, func(x, y box) int {
		return cmp.Or(cmp.Compare(y.size, x.size), slices.Compare(x.names, y.names))
	})
	var packed []box
	for _, b := range boxes {
		at := slices.IndexFunc(packed, func(have box) bool { return have.size+b.size <= size })
		if at < 0 && b.size == 0 && len(packed) > 0 {
			at = len(packed) - 1 // nothing to it, though that one is too large already
		}
		if at < 0 {
			packed = append(packed, box{slices.Clone(b.names), b.size})
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
