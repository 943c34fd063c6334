package plan

import (
	"cmp"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/sorting"
)

// Input is what was read: JumpServer first, then the clouds.
type Input struct {
	Current  inventory.JumpServerAssets
	Listings []inventory.Listing
	// AllRegions says that each account with a listing was asked for all its regions; otherwise only for Regions.
	// Without either nothing is known of the regions that no listing names.
	AllRegions bool
	Regions    []string
}

// Plan is what Build found, before the guard has decided and before names are final. The zero value plans nothing.
type Plan struct {
	now               time.Time
	desired           []desiredAsset // of listed instances, as far as their assets may be written to
	assetBuilder      *assetBuilder  // for the assets to be created
	candidates        []Change       // removals that need a proof and the guard's approval
	notes             []Change       // Skip, Keep, and holds that are no candidates
	labelWrites       []Change       // writes for later runs, see addLabelWrite
	ownerStats        map[ownerScope]*scopeStats
	accountStats      map[inventory.Scope]*scopeStats // by the account that labels name
	fleet             fleetStats
	fixedNames        nameSet // held by assets that the plan must not rename
	releasingNames    []inventory.Asset
	retired           bool            // made by Retire or RetireAdopted
	unprovable        map[string]bool // candidates of Retire for whose instances no cloud can be asked, as there is no key
	operatorAction    bool            // made by Adopt or Disown
	reopens           bool            // made by Reopen
	lostMarks         lostMarks
	nodePaths         map[string]string // see NodePaths
	neverWrittenCount int               // assets that are never written to, and need no write
	unread            unreadAssets      // see Unread
}

// ownerScope is a scope by the id of the cloud account, so that renaming an account in the configuration changes
// nothing.
type ownerScope struct {
	cloud         inventory.Cloud
	owner, region string
}

// newOwnerScope returns the scope of an owner, whose spelling does not count.
func newOwnerScope(cloud inventory.Cloud, owner, region string) ownerScope {
	return ownerScope{cloud, strings.ToLower(owner), region}
}

func (m ownership) ownerScope() ownerScope { return newOwnerScope(m.cloud, m.owner, m.region) }

// accountScope returns the scope of the account that the labels name.
func (m ownership) accountScope() inventory.Scope {
	return inventory.Scope{Cloud: m.cloud, Account: m.account, Region: m.region}
}

type builder struct {
	instances         []listedInstance // of the complete listings
	rules             Rules
	input             Input
	plan              Plan
	assetOrder        []int             // indices of Current.Assets, by asset id
	assetIndex        map[string]int    // asset id → index in Current.Assets
	ours              []bool            // by index in Current.Assets
	ownerships        []ownership       // likewise: what each asset says of itself, ours or not
	canonicalAccounts map[string]string // account name of a label → as the configuration writes it, see canonicalAccount
	deleteForbidden   bool              // mode is delete, and the access key's user may not: see neverDeletedCode
	// By index in Current.Assets: whether a listing holds the asset's instance, and whether a desired asset or
	// a candidate decides its name.
	listed, nameDecided []bool
	mentionedBy         map[string]string           // instance id → name of an asset that is not ours and whose comment names it
	labelledAssets      map[string][]int            // instance id → assets that are not ours and whose labels name it
	assetByInstance     map[instanceKey]int         // built by ourAssetOf
	foreignByAddress    map[string]string           // built by foreignAssetAt
	plannedRegions      map[instanceKey]string      // regions in which instances get new assets
	listedScopes        map[instanceKey]listedPlace // built by listingScope
	listedIDs           map[string]bool             // built by isListedAnywhere
	lost                []lostAsset                 // found by findLostMarks
	nodes               *nodeIndex                  // built by diffNodes
}

// Build compares the clouds' listings with JumpServer's assets by the rules of the package's doc. Removals are
// candidates until Approve has seen their proof.
//
// The plan points into the assets and instances of the input, because copies of a big fleet would be most of a
// run's memory: nobody may change them while the plan, or what was approved of it, is in use.
func Build(in Input, rules Rules) Plan {
	b := newBuilder(in, rules)
	b.plan.desired = make([]desiredAsset, 0, len(b.instances))
	for _, e := range b.instances {
		b.planInstance(e)
	}
	b.instances = nil
	b.planAbsentAssets()
	b.skipCopies()
	b.findLostMarks()
	b.skipLostMarks()
	b.collectFixedNames()
	b.plan.sortChanges()
	return b.plan
}

// newBuilder sorts and indexes the input.
func newBuilder(in Input, rules Rules) *builder {
	in.Listings = sorting.Sorted(in.Listings,
		func(x, y inventory.Listing) int { return x.Scope.Compare(y.Scope) })
	count := len(in.Current.Assets)
	forbidden := in.Current.DeleteDenied && rules.Mode == ModeDelete
	if forbidden {
		rules.Mode = ModeDeactivate // the access key's user may not delete
	}
	b := &builder{
		deleteForbidden: forbidden, rules: rules, input: in,
		assetOrder: make([]int, count), assetIndex: make(map[string]int, count),
		ours: make([]bool, count), ownerships: make([]ownership, count), canonicalAccounts: map[string]string{},
		listed: make([]bool, count), nameDecided: make([]bool, count),
		mentionedBy: map[string]string{}, labelledAssets: map[string][]int{}, plannedRegions: map[instanceKey]string{},
	}
	b.plan = Plan{
		now:          rules.Now,
		assetBuilder: newAssetBuilder(rules, in.Current),
		ownerStats:   map[ownerScope]*scopeStats{}, accountStats: map[inventory.Scope]*scopeStats{}, fixedNames: nameSet{},
		fleet: fleetStats{losses: map[inventory.Scope]*scopeLosses{}},
	}
	b.indexAssets()
	b.recogniseAssets()
	b.instances = b.indexListings()
	return b
}

func (b *builder) indexAssets() {
	for n := range b.assetOrder {
		b.assetOrder[n] = n
	}
	sorting.By(b.assetOrder, func(x, y int) int {
		return strings.Compare(b.input.Current.Assets[x].ID, b.input.Current.Assets[y].ID)
	})
	for _, n := range b.assetOrder {
		a := &b.input.Current.Assets[n]
		b.assetIndex[a.ID] = n
		m, ours := parseOwnership(*a)
		m.account = b.canonicalAccount(m.account)
		b.ownerships[n] = m
		if ours {
			b.addOurs(n)
		}
	}
}

// ourAssetOf returns the asset of ours that an instance has, under whatever id and region: one whose id proves it
// before adopted ones, and of several the first by id. The index is built when first needed: a run that finds an
// asset by its id for every instance never needs it.
func (b *builder) ourAssetOf(k instanceKey) (n int, known bool) {
	if b.assetByInstance == nil {
		b.assetByInstance = map[instanceKey]int{}
		for _, n := range b.assetOrder {
			if !b.ours[n] {
				continue
			}
			m := b.ownerships[n]
			key := m.instanceKey()
			if _, twice := b.assetByInstance[key]; !twice || m.matchesAssetID(b.input.Current.Assets[n].ID) {
				b.assetByInstance[key] = n
			}
		}
	}
	n, known = b.assetByInstance[k]
	return n, known
}

// findOurAsset returns the id of the asset that an instance has or will have, and its index if it exists: the asset
// with the id made of the instance, or else an adopted one.
func (b *builder) findOurAsset(i *inventory.Instance) (id string, n int, exists bool) {
	id = inventory.AssetID(i.Cloud, i.Region, i.ID)
	n, exists = b.assetIndex[id]
	if exists && b.ours[n] {
		return b.input.Current.Assets[n].ID, n, true // an equal string, which the asset keeps in memory anyway
	}
	if own, known := b.ourAssetOf(newInstanceKey(i)); known && b.ownerships[own].region == i.Region {
		return b.input.Current.Assets[own].ID, own, true
	}
	return id, n, exists
}

// assetRegion returns the region of the asset that an instance has, or gets by this plan.
func (b *builder) assetRegion(k instanceKey) (string, bool) {
	if n, known := b.ourAssetOf(k); known {
		return b.ownerships[n].region, true
	}
	region, known := b.plannedRegions[k]
	return region, known
}

// listedPlace is the scope whose listing holds an instance, and whether it is closed there.
type listedPlace struct {
	inventory.Scope
	closed bool
}

// listingScope returns the scope whose listing holds an instance, if any. The index is built when first needed: a
// run in which no instance is absent never needs it.
func (b *builder) listingScope(k instanceKey) (listedPlace, bool) {
	if b.listedScopes == nil {
		b.listedScopes = map[instanceKey]listedPlace{}
		for _, l := range b.input.Listings {
			if !l.IsComplete() {
				continue
			}
			for n := range l.Instances {
				i := &l.Instances[n]
				b.listedScopes[newInstanceKey(i)] = listedPlace{l.Scope, i.Existence == inventory.Closed}
			}
		}
	}
	place, known := b.listedScopes[k]
	return place, known
}

// countAsset counts an asset of ours among those of which the guard computes a share.
func (b *builder) countAsset(a *inventory.Asset, m ownership) {
	scope := m.accountScope()
	for _, s := range []*scopeStats{b.ownerStatsOf(m.ownerScope()), b.accountStatsOf(scope)} {
		switch {
		case a.LabelCount(inventory.LabelGone) == 0:
			s.assets++
		case a.LabelCount(inventory.LabelEvent) > 0:
			s.closedByEvent++
		}
	}
	b.plan.fleet.countAsset(*a, scope, b.rules.Now)
}

func (b *builder) ownerStatsOf(p ownerScope) *scopeStats {
	if b.plan.ownerStats[p] == nil {
		b.plan.ownerStats[p] = &scopeStats{}
	}
	return b.plan.ownerStats[p]
}

func (b *builder) accountStatsOf(s inventory.Scope) *scopeStats {
	if b.plan.accountStats[s] == nil {
		b.plan.accountStats[s] = &scopeStats{}
	}
	return b.plan.accountStats[s]
}

// listedInstance is an instance of a complete listing and the id that its asset has or will have.
type listedInstance struct {
	assetID  string
	instance *inventory.Instance
}

// indexListings returns each instance of the complete listings once, and records which assets have one. If two
// accounts list the same instance, the one that its asset names is used, else the first.
func (b *builder) indexListings() []listedInstance {
	count := 0
	for _, l := range b.input.Listings {
		if l.IsComplete() {
			count += len(l.Instances)
		}
	}
	entries, at := make([]listedInstance, 0, count), make(map[string]int, count)
	for _, l := range b.input.Listings {
		p := newOwnerScope(l.Cloud, l.Owner, l.Region)
		if !l.IsComplete() {
			continue
		}
		for _, s := range []*scopeStats{b.ownerStatsOf(p), b.accountStatsOf(l.Scope)} {
			s.listed += countOpen(l.Instances)
		}
		for k := range l.Instances {
			i := &l.Instances[k]
			id, n, exists := b.findOurAsset(i)
			if exists {
				b.listed[n] = true
			}
			first, twice := at[id]
			switch {
			case !twice:
				at[id] = len(entries)
				entries = append(entries, listedInstance{id, i})
			case b.prefersAccount(id, i, entries[first].instance):
				entries[first].instance = i
			}
		}
	}
	sorting.By(entries, func(x, y listedInstance) int {
		byScope := x.instance.Scope.Compare(y.instance.Scope)
		if byScope != 0 {
			return byScope
		}
		return strings.Compare(x.instance.ID, y.instance.ID)
	})
	return entries
}

// prefersAccount reports whether an asset names the account of i, and not that of the first listing.
func (b *builder) prefersAccount(asset string, i, first *inventory.Instance) bool {
	n, exists := b.assetIndex[asset]
	if !exists || !b.ours[n] {
		return false
	}
	account := b.ownerships[n].account
	return account == i.Account && account != first.Account
}

// planInstance decides what becomes of one listed instance.
func (b *builder) planInstance(e listedInstance) {
	i := e.instance
	n, exists := b.assetIndex[e.assetID]
	if exists && b.ours[n] {
		b.planListed(e, n)
		return
	}
	o := b.rules.outcomeOf(i)
	region, moved := b.assetRegion(newInstanceKey(i))
	claims, claimed := b.assetByLabel(i)
	ruled, due, isRuledOut := b.ruledSkip(i, &o)
	line := Change{
		Scope: i.Scope, InstanceID: i.ID, AssetID: e.assetID,
		Name: b.rules.wantedName(*i, &o), Address: wantedAddress(*i, &o), Platform: b.rules.wantedPlatform(*i, &o),
		Unlisted: exists && i.Existence == inventory.Closed && staysOpenUnmarked(b.input.Current.Assets[n]),
	}
	skip := func(why reason.Reason) { b.addSkip(line, why) }
	switch {
	case exists:
		skip(reason.New(reason.MarksTakenOff, b.input.Current.Assets[n].Name))
	case moved:
		skip(reason.New(reason.OtherRegion, region))
	case b.mentionedBy[i.ID] != "":
		skip(reason.New(reason.NamedInComment, b.mentionedBy[i.ID]))
	case claimed:
		skip(reason.New(reason.NamedByLabel, claims.Name))
	case i.Existence != inventory.Present:
		skip(reason.New(reason.NotMade, i.Status))
	case isRuledOut:
		line.Due = due
		skip(ruled)
	case i.AddressesPartial:
		skip(reason.New(reason.AddressesUnknown))
	case !b.rules.isWhitelisted(i.Addresses()...):
		skip(reason.New(reason.NotWhitelisted))
	case !hasStorableLabels(*i):
		skip(reason.New(reason.NotMarkable))
	case !b.rules.fitsDatabase(*i):
		skip(reason.New(reason.NotHoldable, i.Account))
	case wantedAddress(*i, &o) == "":
		skip(noAddressReason(*i))
	default:
		b.plannedRegions[newInstanceKey(i)] = i.Region
		b.plan.desired = append(b.plan.desired, desiredAsset{
			listedInstance: e, desiredName: b.rules.wantedName(*i, &o), foreignAtAddress: b.foreignAssetAt(wantedAddress(*i, &o)),
		})
	}
}

func (b *builder) addSkip(c Change, why reason.Reason) {
	c.Action, c.Reason = Skip, why
	b.plan.notes = append(b.plan.notes, c)
}

// collectFixedNames collects the names that are not available: all but those of desired assets, of candidates (the
// guard decides) and of ours that are deactivated and may be renamed.
func (b *builder) collectFixedNames() {
	for _, n := range b.assetOrder {
		a := &b.input.Current.Assets[n]
		if b.nameDecided[b.assetIndex[a.ID]] {
			continue
		}
		if b.ours[n] && b.rules.releasesName(*a) && !a.Active && a.LabelCount(inventory.LabelGone) > 0 {
			b.plan.releasingNames = append(b.plan.releasingNames, *a)
			continue
		}
		b.plan.fixedNames.add(a.Name)
	}
}

func (p *Plan) sortChanges() {
	sorting.By(p.candidates, Compare)
	sorting.By(p.notes, Compare)
	sorting.By(p.releasingNames, func(x, y inventory.Asset) int { return strings.Compare(x.ID, y.ID) })
}

// Compare orders changes by scope, instance and asset, as plans and results list them.
func Compare(x, y Change) int {
	return cmp.Or(x.Scope.Compare(y.Scope), strings.Compare(x.InstanceID, y.InstanceID), strings.Compare(x.AssetID, y.AssetID))
}
