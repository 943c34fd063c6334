package plan

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// Input is what was read: JumpServer first, then the clouds.
type Input struct {
	Bastion  inventory.Bastion
	Listings []inventory.Listing
}

// Plan is what Build found: wishes and candidates, before the guard and before final names.
// The zero value plans nothing.
type Plan struct {
	now        time.Time
	wishes     []wish   // assets of listed instances that may be touched, with what they want
	recipe     *recipe  // of the assets to be made
	candidates []Change // removals that need proof and the guard's approval
	notes      []Change // Skip, Keep, and holds that are no candidates
	marks      []Change // writes by which a later run remembers something, see note
	places     map[place]*population
	scopes     map[inventory.Scope]*population // by the account that labels name
	fixed      names                           // held by assets that the plan must not rename
	yielding   []inventory.Asset
	retired    bool            // made by Retire or RetireAdopted
	unprovable map[string]bool // assets for whose instances nobody can be asked: candidates of Retire without a key
	errand     bool            // made by Adopt or Release
	reopens    bool            // made by Reopen
	untouched  int             // assets that are never written to, and are as their instances want them
}

// place is a scope as assets remember it: the account by its own id, so that renaming an
// account in the configuration moves nothing.
type place struct {
	cloud         inventory.Cloud
	owner, region string
}

// placeAt returns a place; the owner's spelling does not count.
func placeAt(cloud inventory.Cloud, owner, region string) place {
	return place{cloud, strings.ToLower(owner), region}
}

func (m mark) place() place { return placeAt(m.cloud, m.owner, m.region) }

type builder struct {
	entries   []entry // of the complete listings
	rules     Rules
	in        Input
	plan      Plan
	order     []int             // indices of Bastion.Assets, by asset id
	byID      map[string]int    // asset id → index in Bastion.Assets
	ours      []bool            // by index in Bastion.Assets
	marks     []mark            // likewise: what the asset says of itself, ours or not
	spelled   map[string]string // account name of a label → as the configuration writes it, see account
	forbidden bool              // the rules would delete, and the access key's user may not: see stays
	// listed and decided say of an asset, by index, that a listing holds its instance, and that
	// a wish or a candidate decides its name.
	listed, decided []bool
	named           map[string]string               // instance id → name of an asset that is not ours and whose comment names it
	claimed         map[string][]int                // instance id → assets that are not ours and whose labels name it
	owners          map[instanceKey]int             // see owned
	at              map[string]string               // see beside
	homes           map[instanceKey]string          // regions in which instances get assets
	present         map[instanceKey]inventory.Scope // see where
}

type instanceKey struct {
	cloud inventory.Cloud
	id    string
}

// Build compares the clouds' listings with JumpServer's assets by the rules of the package's
// doc. Removals are candidates until Approve has seen their proof. The plan points into the
// assets and instances, because copies of a big fleet would be most of a run's memory: nobody
// may change them while the plan, or what was approved of it, is in use.
func Build(in Input, rules Rules) Plan {
	b := newBuilder(in, rules)
	b.plan.wishes = make([]wish, 0, len(b.entries))
	for _, e := range b.entries {
		b.instance(e)
	}
	b.entries = nil
	b.absent()
	b.copies()
	b.holdNames()
	b.plan.sort()
	return b.plan
}

// newBuilder sorts and indexes what was read.
func newBuilder(in Input, rules Rules) *builder {
	in.Listings = slices.SortedFunc(slices.Values(in.Listings),
		func(x, y inventory.Listing) int { return x.Scope.Compare(y.Scope) })
	count := len(in.Bastion.Assets)
	forbidden := in.Bastion.Undeletable && rules.Mode == ModeDelete
	if forbidden {
		rules.Mode = ModeDeactivate // no further than the access key's user may
	}
	b := &builder{
		forbidden: forbidden, rules: rules, in: in, order: make([]int, count), byID: make(map[string]int, count),
		ours: make([]bool, count), marks: make([]mark, count), spelled: map[string]string{}, listed: make([]bool, count), decided: make([]bool, count), named: map[string]string{}, claimed: map[string][]int{},
		homes: map[instanceKey]string{},
	}
	b.plan = Plan{
		now:    rules.Now,
		recipe: &recipe{rules: rules, platforms: in.Bastion.Platforms},
		places: map[place]*population{}, scopes: map[inventory.Scope]*population{}, fixed: names{},
	}
	b.indexAssets()
	b.recogniseAll()
	b.entries = b.indexListings()
	return b
}

func (b *builder) indexAssets() {
	for n := range b.order {
		b.order[n] = n
	}
	slices.SortFunc(b.order, func(x, y int) int {
		return strings.Compare(b.in.Bastion.Assets[x].ID, b.in.Bastion.Assets[y].ID)
	})
	for _, n := range b.order {
		a := &b.in.Bastion.Assets[n]
		b.byID[a.ID] = n
		m, ours := readMark(*a)
		m.account = b.account(m.account)
		b.marks[n] = m
		if ours {
			b.own(n)
		}
	}
}

// owned gives the asset of ours that an instance has, under whatever id and region: the one whose id is
// made of its labels before adopted ones, of these the first by id. The index is made when it is first asked for:
// a run that finds an asset by its id for every instance never asks.
func (b *builder) owned(k instanceKey) (n int, known bool) {
	if b.owners == nil {
		b.owners = map[instanceKey]int{}
		for _, n := range b.order {
			if !b.ours[n] {
				continue
			}
			m := b.marks[n]
			key := instanceKey{m.cloud, m.instance}
			if _, twice := b.owners[key]; !twice || m.made(b.in.Bastion.Assets[n].ID) {
				b.owners[key] = n
			}
		}
	}
	n, known = b.owners[k]
	return n, known
}

// assetOf gives the id of the asset that an instance has or will have, and its index if it is there: that
// under the id made of the instance, or else an adopted one.
func (b *builder) assetOf(i *inventory.Instance) (id string, n int, exists bool) {
	id = inventory.AssetID(i.Cloud, i.Region, i.ID)
	n, exists = b.byID[id]
	if exists && b.ours[n] {
		return b.in.Bastion.Assets[n].ID, n, true // equal, and held anyway
	}
	if own, known := b.owned(instanceKey{i.Cloud, i.ID}); known && b.marks[own].region == i.Region {
		return b.in.Bastion.Assets[own].ID, own, true
	}
	return id, n, exists
}

// home gives the region of the asset that an instance has, or gets by this plan.
func (b *builder) home(k instanceKey) (string, bool) {
	if n, known := b.owned(k); known {
		return b.marks[n].region, true
	}
	region, known := b.homes[k]
	return region, known
}

// where gives the scope whose listing holds an instance, if any does. The index is made when
// it is first asked for: a run in which no instance is absent never asks.
func (b *builder) where(k instanceKey) (inventory.Scope, bool) {
	if b.present == nil {
		b.present = map[instanceKey]inventory.Scope{}
		for _, l := range b.in.Listings {
			if !l.Complete() {
				continue
			}
			for n := range l.Instances {
				b.present[instanceKey{l.Instances[n].Cloud, l.Instances[n].ID}] = l.Scope
			}
		}
	}
	scope, known := b.present[k]
	return scope, known
}

// count adds an asset of ours to the populations that the guard weighs losses against.
func (b *builder) count(a *inventory.Asset, m mark) {
	scope := inventory.Scope{Cloud: m.cloud, Account: m.account, Region: m.region}
	for _, p := range []*population{b.population(m.place()), b.scope(scope)} {
		switch {
		case a.Count(inventory.LabelGone) == 0:
			p.assets++
		case a.Count(inventory.LabelEvent) > 0:
			p.closed++
		}
	}
}

func (b *builder) population(p place) *population {
	if b.plan.places[p] == nil {
		b.plan.places[p] = &population{}
	}
	return b.plan.places[p]
}

func (b *builder) scope(s inventory.Scope) *population {
	if b.plan.scopes[s] == nil {
		b.plan.scopes[s] = &population{}
	}
	return b.plan.scopes[s]
}

// entry is a listed instance and the id that its asset has or will have.
type entry struct {
	asset string
	of    *inventory.Instance
}

// indexListings notes what is listed and gives each instance of the complete listings once.
// Where two accounts list one instance, the one that its asset names is taken, else the first.
func (b *builder) indexListings() []entry {
	count := 0
	for _, l := range b.in.Listings {
		if l.Complete() {
			count += len(l.Instances)
		}
	}
	entries, at := make([]entry, 0, count), make(map[string]int, count)
	for _, l := range b.in.Listings {
		p := placeAt(l.Cloud, l.Owner, l.Region)
		if !l.Complete() {
			continue
		}
		b.population(p).listed += len(l.Instances)
		b.scope(l.Scope).listed += len(l.Instances)
		for k := range l.Instances {
			i := &l.Instances[k]
			id, n, exists := b.assetOf(i)
			if exists {
				b.listed[n] = true
			}
			first, twice := at[id]
			switch {
			case !twice:
				at[id] = len(entries)
				entries = append(entries, entry{id, i})
			case b.prefer(id, i, entries[first].of):
				entries[first].of = i
			}
		}
	}
	slices.SortFunc(entries, func(x, y entry) int {
		if c := x.of.Scope.Compare(y.of.Scope); c != 0 {
			return c
		}
		return strings.Compare(x.of.ID, y.of.ID)
	})
	return entries
}

// prefer tells whether the asset names i's account and not that of the listing that came first.
func (b *builder) prefer(asset string, i, first *inventory.Instance) bool {
	n, exists := b.byID[asset]
	if !exists || !b.ours[n] {
		return false
	}
	account := b.marks[n].account
	return account == i.Account && account != first.Account
}

// instance decides what becomes of one listed instance.
func (b *builder) instance(e entry) {
	i := e.of
	n, exists := b.byID[e.asset]
	if exists && b.ours[n] {
		b.existing(e, n)
		return
	}
	home, moved := b.home(instanceKey{i.Cloud, i.ID})
	claims, claimed := b.claims(i)
	skip := func(why Reason) {
		b.skip(Change{
			Scope: i.Scope, InstanceID: i.ID, AssetID: e.asset,
			Name: b.rules.wanted(*i), Address: address(*i), Platform: b.rules.platform(*i),
		}, why)
	}
	switch {
	case exists:
		skip(because(MarksTakenOff, b.in.Bastion.Assets[n].Name))
	case moved:
		skip(because(OtherRegion, home))
	case b.named[i.ID] != "":
		skip(because(NamedInComment, b.named[i.ID]))
	case claimed:
		skip(because(NamedByLabel, claims.Name))
	case i.AddressesPartial:
		skip(because(AddressesUnknown))
	case !b.rules.listed(i.Addresses()...):
		skip(because(NotWhitelisted))
	case !markable(*i):
		skip(because(NotMarkable))
	case !b.rules.holdable(*i):
		skip(because(NotHoldable, i.Account))
	case address(*i) == "":
		skip(because(NoAddress))
	default:
		b.homes[instanceKey{i.Cloud, i.ID}] = i.Region
		b.plan.wishes = append(b.plan.wishes, wish{entry: e, wanted: b.rules.wanted(*i), beside: b.beside(address(*i))})
	}
}

func (b *builder) skip(c Change, why Reason) {
	c.Action, c.Reason = Skip, why
	b.plan.notes = append(b.plan.notes, c)
}

// holdNames notes which names cannot be given away: all but those of assets with a wish, of
// candidates (decided by the guard) and of ours that are deactivated and may be written to.
func (b *builder) holdNames() {
	for _, n := range b.order {
		a := &b.in.Bastion.Assets[n]
		if b.decided[b.byID[a.ID]] {
			continue
		}
		if b.ours[n] && b.rules.yields(*a) && !a.Active && a.Count(inventory.LabelGone) > 0 {
			b.plan.yielding = append(b.plan.yielding, *a)
			continue
		}
		b.plan.fixed.add(a.Name)
	}
}

func (p *Plan) sort() {
	slices.SortFunc(p.candidates, Compare)
	slices.SortFunc(p.notes, Compare)
	slices.SortFunc(p.yielding, func(x, y inventory.Asset) int { return strings.Compare(x.ID, y.ID) })
}

// Compare orders changes by scope, instance and asset, as plans and results list them.
func Compare(x, y Change) int {
	return cmp.Or(x.Scope.Compare(y.Scope), strings.Compare(x.InstanceID, y.InstanceID), strings.Compare(x.AssetID, y.AssetID))
}
