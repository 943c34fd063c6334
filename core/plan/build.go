package plan

import (
	"slices"
	"strings"

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
	wishes     []wish   // assets of listed instances that may be touched, with what they want
	candidates []Change // removals that need proof and the guard's approval
	notes      []Change // Skip and Keep
	places     map[place]*population
	scopes     map[inventory.Scope]*population // by the account that labels name
	fixed      map[string]bool                 // names held by assets that the plan must not rename
	yielding   []inventory.Asset
}

// place is a scope as assets remember it: the account by its own id, so that renaming an
// account in the configuration moves nothing.
type place struct {
	cloud         inventory.Cloud
	owner, region string
}

// population counts a place for the guard.
type population struct {
	assets int // ours there that were not deactivated before
	lost   int // of those, candidates for removal
	closed int // ours there that events deactivated: no guard has seen that yet
	due    int // of those, candidates for deletion
	listed int // instances that its complete listings hold
}

// wish is one asset as its instance wants it. The name is decided after the guard.
type wish struct {
	change Change
	claim  claim
}

type builder struct {
	rules   Rules
	in      Input
	plan    Plan
	byID    map[string]int                  // asset id → index in Bastion.Assets
	marks   map[string]mark                 // ours, by asset id
	homes   map[instanceKey]string          // instance → region of its asset
	named   map[string]string               // instance id in a comment → name of the asset that is not ours
	present map[instanceKey]inventory.Scope // instances of any listing
	listed  map[string]bool                 // ids that the assets of listed instances have
}

type instanceKey struct {
	cloud inventory.Cloud
	id    string
}

// Build compares the clouds' listings with JumpServer's assets by the rules of the package's
// doc. Removals are candidates until Approve has seen their proof.
func Build(in Input, rules Rules) Plan {
	in.Bastion.Assets = slices.SortedFunc(slices.Values(in.Bastion.Assets),
		func(x, y inventory.Asset) int { return strings.Compare(x.ID, y.ID) })
	in.Listings = slices.SortedFunc(slices.Values(in.Listings),
		func(x, y inventory.Listing) int { return x.Scope.Compare(y.Scope) })
	b := &builder{
		rules: rules, in: in, listed: map[string]bool{},
		byID: map[string]int{}, marks: map[string]mark{}, homes: map[instanceKey]string{},
		named: map[string]string{}, present: map[instanceKey]inventory.Scope{},
	}
	b.plan = Plan{places: map[place]*population{}, scopes: map[inventory.Scope]*population{}, fixed: map[string]bool{}}
	b.indexAssets()
	instances := b.indexListings()
	for _, i := range instances {
		b.instance(i)
	}
	b.absent()
	b.holdNames()
	b.plan.sort()
	return b.plan
}

func (b *builder) indexAssets() {
	for n, a := range b.in.Bastion.Assets {
		b.byID[a.ID] = n
		if m, ours := readMark(a); ours {
			b.marks[a.ID] = m
			b.homes[instanceKey{m.cloud, m.instance}] = m.region
			b.count(a, m)
			continue
		}
		for _, id := range mentioned(a.Comment) {
			b.named[id] = a.Name
		}
	}
}

// count adds an asset of ours to the populations that the guard weighs losses against.
func (b *builder) count(a inventory.Asset, m mark) {
	scope := inventory.Scope{Cloud: m.cloud, Account: m.account, Region: m.region}
	for _, p := range []*population{b.population(place{m.cloud, m.owner, m.region}), b.scope(scope)} {
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

// indexListings notes what is present and gives each instance of the complete listings once.
// Where two accounts list one instance, the one that its asset names is taken, else the first.
func (b *builder) indexListings() []inventory.Instance {
	byAsset := map[string]inventory.Instance{}
	for _, l := range b.in.Listings {
		p := place{l.Cloud, l.Owner, l.Region}
		if !l.Complete() {
			continue
		}
		b.population(p).listed += len(l.Instances)
		b.scope(l.Scope).listed += len(l.Instances)
		for _, i := range l.Instances {
			b.present[instanceKey{i.Cloud, i.ID}] = l.Scope
			id := inventory.AssetID(i.Cloud, i.Region, i.ID)
			b.listed[id] = true
			if first, twice := byAsset[id]; twice && !b.prefer(id, i, first) {
				continue
			}
			byAsset[id] = i
		}
	}
	instances := make([]inventory.Instance, 0, len(byAsset))
	for _, i := range byAsset {
		instances = append(instances, i)
	}
	slices.SortFunc(instances, func(x, y inventory.Instance) int {
		if c := x.Scope.Compare(y.Scope); c != 0 {
			return c
		}
		return strings.Compare(x.ID, y.ID)
	})
	return instances
}

// prefer tells whether the asset names i's account and not that of the listing that came first.
func (b *builder) prefer(asset string, i, first inventory.Instance) bool {
	m, ours := b.marks[asset]
	return ours && m.account == i.Account && m.account != first.Account
}

// instance decides what becomes of one listed instance.
func (b *builder) instance(i inventory.Instance) {
	id := inventory.AssetID(i.Cloud, i.Region, i.ID)
	c := Change{
		Scope: i.Scope, InstanceID: i.ID, AssetID: id,
		Name: b.rules.wanted(i), Address: address(i), Platform: platform(i),
	}
	n, exists := b.byID[id]
	_, ours := b.marks[id]
	if exists && ours {
		b.existing(c, i, &b.in.Bastion.Assets[n])
		return
	}
	home, moved := b.homes[instanceKey{i.Cloud, i.ID}]
	switch {
	case exists:
		b.skip(c, because(MarksTakenOff, b.in.Bastion.Assets[n].Name))
	case moved:
		b.skip(c, because(OtherRegion, home))
	case b.named[i.ID] != "":
		b.skip(c, because(NamedInComment, b.named[i.ID]))
	case !b.rules.listed(i.Addresses()...):
		b.skip(c, because(NotWhitelisted))
	case !markable(i):
		b.skip(c, because(NotMarkable))
	case c.Address == "":
		b.skip(c, because(NoAddress))
	default:
		b.create(c, i)
	}
}

func (b *builder) create(c Change, i inventory.Instance) {
	c.Action, c.Reason = Create, because(NewInstance)
	zone := b.rules.Accounts[i.Account].Zone
	if p, known := b.in.Bastion.Platforms[c.Platform]; known && !p.Zones {
		zone = ""
	}
	c.New = &inventory.NewAsset{
		ID: c.AssetID, Address: c.Address, Platform: c.Platform, Node: b.rules.node(i.Account),
		Zone: zone, Labels: b.newLabels(i), Comment: b.rules.comment(i),
	}
	b.homes[instanceKey{i.Cloud, i.ID}] = i.Region
	b.wish(c, claim{wanted: c.Name, active: true})
}

// newLabels are the labels of a new asset.
func (b *builder) newLabels(i inventory.Instance) []inventory.Label {
	labels := labelsOf(i)
	if within(b.rules.Protected, i.Addresses()...) {
		labels = append(labels, protectedLabel())
	}
	return labels
}

// existing compares an asset of ours with its instance. What people own is never compared.
func (b *builder) existing(c Change, i inventory.Instance, a *inventory.Asset) {
	c.Platform = a.Platform
	if seen := i.Addresses(); !b.rules.listed(seen...) && (len(seen) > 0 || !b.rules.listed(a.Address)) {
		c.Name, c.Address = a.Name, a.Address
		b.skip(c, because(NotWhitelisted))
		return
	}
	c.Action, c.Before = Update, a
	c.Patch = &inventory.Patch{ID: a.ID}
	b.relocate(&c, i, a)
	b.relabel(&c, i, a)
	b.reactivate(&c, *a)
	if b.rules.Partial && a.Name == suffixed(c.Name, i.ID, func(string) bool { return false }) {
		c.Name = a.Name
	}
	b.wish(c, claim{wanted: c.Name, current: a.Name, active: a.Active})
}

// relocate lets the address follow the cloud, and sets the zone where there is none.
func (b *builder) relocate(c *Change, i inventory.Instance, a *inventory.Asset) {
	if c.Address != "" && c.Address != a.Address {
		c.Patch.Address, c.Fields = new(c.Address), append(c.Fields, "address")
	} else {
		c.Address = a.Address
	}
	zone := b.rules.Accounts[i.Account].Zone
	if zone != "" && a.Zone == "" && b.in.Bastion.Platforms[a.Platform].Zones {
		c.Patch.Zone, c.Fields = new(zone), append(c.Fields, "zone")
	}
}

// protected tells whether any address of the instance is protected. What the label remembers
// holds on while the cloud shows no public address: one is taken away by a stop, and before a release.
func (b *builder) protected(i inventory.Instance, a inventory.Asset) bool {
	remembered := a.Count(inventory.LabelProtected) > 0 && len(b.rules.Protected) > 0 && len(i.PublicIPs) == 0
	return remembered || within(b.rules.Protected, i.Addresses()...)
}

// relabel lets our labels follow the cloud.
func (b *builder) relabel(c *Change, i inventory.Instance, a *inventory.Asset) {
	if m := b.marks[a.ID]; b.rules.Partial && m.owner == i.Owner {
		i.Account = m.account // which of the owner's accounts speaks for it is for full runs to say
	}
	if !markable(i) {
		return
	}
	c.Patch.Labels = followLabels(*a, i, b.protected(i, *a))
	if c.Patch.Labels != nil {
		c.Fields = append(c.Fields, "labels")
	}
}

// reactivate undoes a deactivation of ours. What a person switched off stays off.
func (b *builder) reactivate(c *Change, a inventory.Asset) {
	if a.Count(inventory.LabelGone) == 0 || a.Active {
		return
	}
	if a.Count(inventory.LabelOff) > 0 {
		c.Reason = because(ReturnedOff)
		return
	}
	c.Reason = because(Returned)
	c.Patch.Active, c.Fields = new(true), append(c.Fields, "is_active")
}

func (b *builder) wish(c Change, k claim) {
	k.asset, k.instance = c.AssetID, c.InstanceID
	b.plan.wishes = append(b.plan.wishes, wish{change: c, claim: k})
}

func (b *builder) skip(c Change, why Reason) {
	c.Action, c.Reason = Skip, why
	b.plan.notes = append(b.plan.notes, c)
}

// holdNames notes which names cannot be given away: all but those of assets with a wish, of
// candidates (decided by the guard) and of ours that are deactivated.
func (b *builder) holdNames() {
	free := map[string]bool{}
	for _, w := range b.plan.wishes {
		free[w.change.AssetID] = true
	}
	for _, c := range b.plan.candidates {
		free[c.AssetID] = true
	}
	for _, a := range b.in.Bastion.Assets {
		if free[a.ID] {
			continue
		}
		if _, ours := b.marks[a.ID]; ours && !a.Active && a.Count(inventory.LabelGone) > 0 {
			b.plan.yielding = append(b.plan.yielding, a)
			continue
		}
		b.plan.fixed[a.Name] = true
	}
}

func (p *Plan) sort() {
	slices.SortFunc(p.candidates, Compare)
	slices.SortFunc(p.notes, Compare)
	slices.SortFunc(p.yielding, func(x, y inventory.Asset) int { return strings.Compare(x.ID, y.ID) })
}

// Compare orders changes by scope, instance and asset, as plans and results list them.
func Compare(x, y Change) int {
	if c := x.Scope.Compare(y.Scope); c != 0 {
		return c
	}
	return slices.Compare([]string{x.InstanceID, x.AssetID}, []string{y.InstanceID, y.AssetID})
}
