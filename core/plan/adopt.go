package plan

import (
	"cmp"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// Adopt finds assets that are not ours for instances that run and have none of ours: by the instance's id in their
// comment, or else, if byAddress is set, by zone and address together, where these are unique among the assets and among
// the instances, and both have one name: an address alone may be another machine's. It plans to mark them as ours in
// place: our labels, jms-asset with the asset's own id, and in the comment the lines that prove it (see witness); nothing
// else of them changes. Adopted assets whose comment lacks some of these lines get them. Whatever is not certain is a Skip that says why, and is never guessed. Instances for which nothing
// was found are in no line: the next run makes their assets.
func Adopt(in Input, rules Rules, byAddress bool) Plan {
	rules.Partial = false
	b := newBuilder(in, rules)
	f := newAdoptionFinder(b)
	f.allowByAddress = byAddress
	for _, e := range b.instances {
		n, exists := b.assetIndex[e.assetID]
		switch {
		case !exists, !b.ours[n]:
			f.findAsset(e)
		default:
			f.complete(e, n)
		}
	}
	f.resolveProposals()
	b.plan.sortChanges()
	slices.SortFunc(b.plan.labelWrites, Compare)
	b.plan.operatorAction = true
	return b.plan
}

// Disown plans to take our marks off what is ours, or has our marks (see Unwitnessed), of all accounts and regions
// or of one. It deletes nothing, and a later run makes nothing anew: an asset keeps our id, or the instance's id in its
// comment; where it has neither, as one that an earlier version adopted by its address, the label jms-instance stays and
// says it, for as long as the asset has an address of the instance.
func Disown(in Input, account, region string) Plan {
	b := newBuilder(Input{Current: in.Current}, Rules{})
	for _, n := range b.assetOrder {
		a, m := &b.input.Current.Assets[n], b.ownerships[n]
		_, unwitnessed := Unwitnessed(*a)
		if !b.ours[n] && !unwitnessed || account != "" && m.account != account || region != "" && m.region != region {
			continue
		}
		c := absentChange(a, m)
		c.Action, c.Reason, c.Fields = Update, newReason(Released), []string{"labels"}
		c.Patch = &inventory.Patch{ID: a.ID, Labels: disownedLabels(*a, m)}
		b.plan.labelWrites = append(b.plan.labelWrites, c)
	}
	slices.SortFunc(b.plan.labelWrites, Compare)
	b.plan.operatorAction = true
	return b.plan
}

// ApproveLabelWrites lets the writes of Adopt and Release pass: they only set and take labels, and Adopt adds lines to
// comments. Of any other plan it approves nothing.
func (p Plan) ApproveLabelWrites() Approved {
	if !p.operatorAction {
		return Approved{}
	}
	return Approved{notes: slices.Clone(p.notes), updates: slices.Clone(p.labelWrites)}
}

// disownedLabels gives the labels of a released asset: never nil, so that a patch takes all off.
func disownedLabels(a inventory.Asset, m ownership) []inventory.Label {
	known := m.matchesAssetID(a.ID) || m.witnessed(a)
	out := []inventory.Label{}
	for _, l := range a.Labels {
		if stays := l.Is(inventory.LabelInstance) && !known; stays || !isManagedLabel(l) {
			out = append(out, l)
		}
	}
	return out
}

// isManagedLabel tells whether we set and take labels of this name. jms-keep is people's.
func isManagedLabel(l inventory.Label) bool {
	marks := ownershipLabels(inventory.Instance{})
	return isDeactivationLabel(l) || slices.ContainsFunc(marks, func(m inventory.Label) bool { return l.Is(m.Name) }) ||
		hasAnyName(l, inventory.LabelProject, inventory.LabelAsset, inventory.LabelMissing, inventory.LabelProtected)
}

// endpoint is where an asset or instance is reached.
type endpoint struct{ zone, address string }

// adoptionFinder looks for the assets that instances may adopt.
type adoptionFinder struct {
	builder             *builder
	allowByAddress      bool
	assetsByInstance    map[string][]int      // instance id → assets, not ours, whose comment names it
	assetsByEndpoint    map[endpoint][]int    // assets of any kind
	instancesByEndpoint map[endpoint][]string // ids of the assets of the instances that are reached there
	incompleteListing   *inventory.Listing    // one that may hold an instance anywhere, as it failed or addresses are not known
	proposals           map[int][]Change      // by asset: who would adopt it
}

func newAdoptionFinder(b *builder) *adoptionFinder {
	f := &adoptionFinder{builder: b, assetsByInstance: map[string][]int{}, assetsByEndpoint: map[endpoint][]int{}, instancesByEndpoint: map[endpoint][]string{}, proposals: map[int][]Change{}}
	for _, n := range b.assetOrder {
		a := b.input.Current.Assets[n]
		if !a.Host {
			continue
		}
		f.assetsByEndpoint[endpointOf(a)] = append(f.assetsByEndpoint[endpointOf(a)], n)
		if b.ours[n] {
			continue
		}
		ids := instancesInComment(a.Comment)
		slices.Sort(ids)
		for _, id := range slices.Compact(ids) {
			f.assetsByInstance[id] = append(f.assetsByInstance[id], n)
		}
	}
	for _, e := range b.instances {
		for _, s := range f.endpointsOf(e.instance) {
			f.instancesByEndpoint[s] = append(f.instancesByEndpoint[s], e.assetID)
		}
	}
	for n, l := range b.input.Listings {
		if !l.IsComplete() || slices.ContainsFunc(l.Instances, func(i inventory.Instance) bool { return i.AddressesPartial }) {
			f.incompleteListing = &b.input.Listings[n]
		}
	}
	return f
}

func endpointOf(a inventory.Asset) endpoint { return endpoint{a.Zone, strings.ToLower(a.Address)} }

// endpointsOf are all places at which an instance may be reached, in the zone of its account.
func (f *adoptionFinder) endpointsOf(i *inventory.Instance) []endpoint {
	var out []endpoint
	for _, address := range i.Addresses() {
		s := endpoint{f.builder.rules.Accounts[i.Account].Zone, strings.ToLower(address)}
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// findAsset looks for the asset of one instance that has none of ours.
func (f *adoptionFinder) findAsset(e listedInstance) {
	if _, elsewhere := f.builder.ourAssetOf(instanceKey{e.instance.Cloud, e.instance.ID}); elsewhere {
		return // under another region
	}
	n, exists := f.builder.assetIndex[e.assetID]
	switch byID := f.assetsByInstance[e.instance.ID]; {
	case exists: // our id, without our marks
		f.proposeAdoption(e, n, newReason(AdoptedByID))
	case len(byID) > 1:
		f.skipUncertain(e, byID, Ambiguous)
	case len(byID) == 1:
		f.proposeAdoption(e, byID[0], newReason(AdoptedByName))
	case !f.findByAddress(e) && len(f.builder.claimed[e.instance.ID]) > 0:
		f.skipUncertain(e, f.builder.claimed[e.instance.ID], OnlyByLabel)
	}
}

// findByAddress looks for the asset that is reached where an instance is, and reports whether there is one. A label
// that names the instance, which whoever sets labels can write, proves no more than none.
func (f *adoptionFinder) findByAddress(e listedInstance) bool {
	var assets []int
	runs := 0
	for _, s := range f.endpointsOf(e.instance) {
		assets = append(assets, f.assetsByEndpoint[s]...)
		if len(f.assetsByEndpoint[s]) > 0 {
			runs = max(runs, len(f.instancesByEndpoint[s]))
		}
	}
	slices.Sort(assets)
	assets = slices.Compact(assets)
	switch {
	case len(assets) == 0:
		return false
	case len(assets) > 1, runs > 1:
		f.skipUncertain(e, assets, Ambiguous)
	case f.builder.ours[assets[0]]: // of another instance, which has had the address before
		return false
	case slices.ContainsFunc(mentionedInstances(f.builder.input.Current.Assets[assets[0]]), func(id string) bool { return id != e.instance.ID }):
		f.skipUncertain(e, assets, NamesAnother)
	case f.incompleteListing != nil:
		f.skipUncertain(e, assets, AmbiguousUnread)
	case f.hasOtherType(e, assets[0]):
		f.skipUncertain(e, assets, OtherType)
	case !f.hasSameName(e, assets[0]):
		f.skipUncertain(e, assets, OtherName)
	case !f.allowByAddress:
		f.skipUncertain(e, assets, OnlyByAddress)
	default:
		f.proposeAdoption(e, assets[0], newReason(AdoptedByAddress))
	}
	return true
}

// hasSameName reports whether an asset is called as the instance is in the cloud. A name that a database may call
// equal is.
func (f *adoptionFinder) hasSameName(e listedInstance, n int) bool {
	name := f.builder.input.Current.Assets[n].Name
	return slices.ContainsFunc([]string{e.instance.Name, e.instance.HostName}, func(called string) bool {
		return called != "" && inventory.MayBeEqual(called, name)
	})
}

// hasOtherType tells whether the asset's platform contradicts what the cloud says of the system.
func (f *adoptionFinder) hasOtherType(e listedInstance, n int) bool {
	d := drift{}
	f.builder.diffPlatform(&d, *e.instance, &f.builder.input.Current.Assets[n])
	return len(d.fields) > 0
}

// proposeAdoption notes that an instance would adopt an asset, unless either must be left alone.
func (f *adoptionFinder) proposeAdoption(e listedInstance, n int, why Reason) {
	a := &f.builder.input.Current.Assets[n]
	c := emptyUpdate(e, a)
	c.AssetID, c.CloudName, c.Fields, c.Reason = a.ID, cloudName(*e.instance), []string{"labels"}, why
	c.Patch = &inventory.Patch{ID: a.ID, Labels: f.builder.adoptedLabels(*a, *e.instance)}
	text, fits := f.builder.rules.witness(*a, *e.instance)
	if text != a.Comment {
		c.Patch.Comment, c.Fields = &text, append(c.Fields, "comment")
	}
	spared, untouchable := f.builder.rules.neverWritten(*a)
	switch {
	case !a.Host:
		return
	case untouchable:
		c.Reason, c.Action = spared, Skip
	case !hasStorableLabels(*e.instance):
		c.Reason, c.Action = newReason(NotMarkable), Skip
	case !fits:
		c.Reason, c.Action = newReason(CommentFull), Skip
	case !f.builder.rules.isWhitelisted(append(e.instance.Addresses(), a.Address)...):
		c.Reason, c.Action = newReason(NotWhitelisted), Skip
	}
	f.proposals[n] = append(f.proposals[n], c)
}

// complete notes that the comment of an adopted asset lacks lines that prove whose it is, as an earlier version left it.
func (f *adoptionFinder) complete(e listedInstance, n int) {
	a := &f.builder.input.Current.Assets[n]
	if text, _ := f.builder.rules.witness(*a, *e.instance); f.builder.ownerships[n].matchesAssetID(a.ID) || text == a.Comment {
		return
	}
	f.proposeAdoption(e, n, newReason(ProofCompleted))
	c := &f.proposals[n][len(f.proposals[n])-1]
	c.Fields, c.Patch.Labels = []string{"comment"}, slices.Clone(a.Labels) // as they are: the write is for the asset that was read
}

// skipUncertain tells of assets that may be an instance's.
func (f *adoptionFinder) skipUncertain(e listedInstance, assets []int, code Code) {
	names := make([]string, 0, len(assets))
	for _, n := range assets {
		names = append(names, f.builder.input.Current.Assets[n].Name)
	}
	slices.Sort(names)
	c := emptyUpdate(e, &f.builder.input.Current.Assets[assets[0]])
	c.Patch, c.Before, c.AssetID, c.CloudName = nil, nil, f.builder.input.Current.Assets[assets[0]].ID, cloudName(*e.instance)
	why := newReason(code, strings.Join(names, ", "))
	if code == AmbiguousUnread {
		why = newReason(code, f.incompleteListing.Account, f.incompleteListing.Region)
	}
	f.builder.addSkip(c, why)
}

// cloudName returns what an instance is called in its cloud, "" if it has no name.
func cloudName(i inventory.Instance) string { return cmp.Or(i.Name, i.HostName) }

// resolveProposals takes the proposals that are one for their asset.
func (f *adoptionFinder) resolveProposals() {
	for _, n := range f.builder.assetOrder {
		for _, c := range f.proposals[n] {
			if len(f.proposals[n]) > 1 && c.Action != Skip {
				var ids []string
				for _, other := range f.proposals[n] {
					ids = append(ids, other.InstanceID)
				}
				c.Action, c.Reason = Skip, newReason(AmbiguousInstances, strings.Join(ids, ", "))
			}
			if c.Action == Skip {
				c.Patch, c.Before, c.Fields = nil, nil, nil
				f.builder.plan.notes = append(f.builder.plan.notes, c)
				continue
			}
			f.builder.plan.labelWrites = append(f.builder.plan.labelWrites, c)
		}
	}
}

// adoptedLabels gives the labels of an asset once it is that of the instance: people's as they are, ours new.
func (b *builder) adoptedLabels(a inventory.Asset, i inventory.Instance) []inventory.Label {
	out := slices.DeleteFunc(slices.Clone(a.Labels), isManagedLabel)
	out = append(out, ownershipLabels(i)...)
	out = append(out, inventory.Label{Name: inventory.LabelAsset, Value: a.ID})
	if containsAny(b.rules.Protected, i.Addresses()...) {
		out = append(out, protectedLabel())
	}
	return out
}
