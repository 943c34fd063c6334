package plan

import (
	"cmp"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/sorting"
)

// Adopt plans to take over assets that are not ours for running instances that have no asset of ours.
// It finds an asset by the instance's id in its comment, or else, if byAddress is set, by zone and address
// together. These must then be unique among the assets and among the instances, and both must have the same name,
// because an address alone may be another machine's.
//
// An adopted asset gets our labels, jms-asset with its own id, and in its comment the lines that prove ownership
// (see proofComment); nothing else changes. Assets adopted earlier whose comment lacks some of these lines get
// them. What is uncertain is never guessed: it is a Skip that says why. Instances for which nothing was found are
// in no line: the next run creates their assets.
func Adopt(in Input, rules Rules, byAddress bool) Plan {
	rules.Partial = false
	b := newBuilder(in, rules)
	f := newAdoptionFinder(b)
	f.allowByAddress = byAddress
	for _, e := range b.instances {
		n, exists := b.assetIndex[e.assetID]
		switch {
		case (!exists || !b.ours[n]) && e.instance.Existence != inventory.Present: // it is going, and adopts nothing
		case !exists, !b.ours[n]:
			f.findAsset(e)
		default:
			f.completeProof(e, n)
		}
	}
	f.resolveProposals()
	b.findLostMarks()
	b.restoreLostMarks()
	b.plan.sortChanges()
	sorting.By(b.plan.labelWrites, Compare)
	b.plan.operatorAction = true
	return b.plan
}

// Disown plans to take our labels off all assets that are ours or are called ours by labels alone (see
// OursByLabelsAlone), of all accounts and regions or of one. It deletes nothing, and no later run creates such an
// asset anew: it keeps our id, or the instance's id in its comment. An asset that has neither, as an earlier
// version adopted it by its address, keeps the label jms-instance, which counts as long as the asset has an address
// of the instance.
func Disown(in Input, account, region string) Plan {
	b := newBuilder(Input{Current: in.Current}, Rules{})
	for _, n := range b.assetOrder {
		a, m := &b.input.Current.Assets[n], b.ownerships[n]
		_, labelsAlone := OursByLabelsAlone(*a)
		if !b.ours[n] && !labelsAlone || account != "" && m.account != account || region != "" && m.region != region {
			continue
		}
		c := absentChange(a, m)
		c.Action, c.Reason, c.Fields = Update, reason.New(reason.Released), []string{"labels"}
		c.Patch = &inventory.Patch{ID: a.ID, Labels: disownedLabels(*a, m)}
		b.plan.labelWrites = append(b.plan.labelWrites, c)
	}
	sorting.By(b.plan.labelWrites, Compare)
	b.plan.operatorAction = true
	return b.plan
}

// ApproveLabelWrites approves the plans of Adopt and Disown, which only set and remove labels and add lines to
// comments. Of any other plan it approves nothing.
func (p Plan) ApproveLabelWrites() Approved {
	if !p.operatorAction {
		return Approved{}
	}
	return Approved{notes: slices.Clone(p.notes), updates: slices.Clone(p.labelWrites)}
}

// disownedLabels returns the labels that stay on a disowned asset, and the one that says that it was released.
func disownedLabels(a inventory.Asset, m ownership) []inventory.Label {
	known := m.matchesAssetID(a.ID) || m.commentNamesInstance(a)
	out := []inventory.Label{}
	for _, l := range a.Labels {
		stays := l.Is(inventory.LabelInstance) && !known
		if stays || !isManagedLabel(l) {
			out = append(out, l)
		}
	}
	return append(out, inventory.Label{Name: inventory.LabelReleased, Value: releasedBy})
}

// releasedBy is the value of inventory.LabelReleased, the same for all assets: one row of JumpServer's label page.
const releasedBy = "person"

// isManagedLabel reports whether we set and remove labels of this name. jms-keep is people's.
func isManagedLabel(l inventory.Label) bool {
	marks := ownershipLabels(inventory.Instance{})
	return isDeactivationLabel(l) || slices.ContainsFunc(marks, func(m inventory.Label) bool { return l.Is(m.Name) }) ||
		hasAnyName(l, inventory.LabelProject, inventory.LabelAsset, inventory.LabelMissing, inventory.LabelProtected, inventory.LabelReleased,
			inventory.LabelRuleOff, inventory.LabelKept)
}

// endpoint is where an asset or instance is reached.
type endpoint struct{ zone, address string }

// adoptionFinder finds the assets that instances may adopt.
type adoptionFinder struct {
	builder             *builder
	allowByAddress      bool
	assetsByInstance    map[string][]int      // instance id → assets, not ours, whose comment names it
	assetsByEndpoint    map[endpoint][]int    // all hosts, ours or not
	instancesByEndpoint map[endpoint][]string // ids of the assets of the instances that are reached there
	incompleteListing   *inventory.Listing    // one that may lack an instance or an address, so that nothing is known to be unique
	proposals           map[int][]Change      // by asset: the changes of the instances that would adopt it
}

func newAdoptionFinder(b *builder) *adoptionFinder {
	f := &adoptionFinder{
		builder: b, assetsByInstance: map[string][]int{}, assetsByEndpoint: map[endpoint][]int{},
		instancesByEndpoint: map[endpoint][]string{}, proposals: map[int][]Change{},
	}
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

func endpointOf(a inventory.Asset) endpoint { return endpoint{a.Zone, addressKey(a.Address)} }

// endpointsOf returns all endpoints of an instance, in the zone of its account.
func (f *adoptionFinder) endpointsOf(i *inventory.Instance) []endpoint {
	var out []endpoint
	for _, address := range i.Addresses() {
		s := endpoint{f.builder.rules.Accounts[i.Account].Zone, addressKey(address)}
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// findAsset looks for an asset that an instance without an asset of ours may adopt.
func (f *adoptionFinder) findAsset(e listedInstance) {
	if _, elsewhere := f.builder.ourAssetOf(newInstanceKey(e.instance)); elsewhere {
		return // it has one, in another region
	}
	n, exists := f.builder.assetIndex[e.assetID]
	byID := f.assetsByInstance[e.instance.ID]
	switch {
	case exists: // an asset with our id and without our labels
		f.proposeAdoption(e, n, reason.New(reason.AdoptedByID))
	case len(byID) > 1:
		f.skipUncertain(e, byID, reason.Ambiguous)
	case len(byID) == 1:
		f.proposeAdoption(e, byID[0], reason.New(reason.AdoptedByName))
	case !f.findByAddress(e) && len(f.builder.labelledAssets[e.instance.ID]) > 0:
		f.skipUncertain(e, f.builder.labelledAssets[e.instance.ID], reason.OnlyByLabel)
	}
}

// findByAddress looks for an asset at one of an instance's endpoints, and reports whether it decided on one. A
// label that names the instance counts for nothing, because anybody who may set labels can write it.
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
		f.skipUncertain(e, assets, reason.Ambiguous)
	case f.builder.ours[assets[0]]: // another instance's, which had the address before
		return false
	case slices.ContainsFunc(mentionedInstances(f.builder.input.Current.Assets[assets[0]]), func(id string) bool { return id != e.instance.ID }):
		f.skipUncertain(e, assets, reason.NamesAnother)
	case f.incompleteListing != nil:
		f.skipUncertain(e, assets, reason.AmbiguousUnread)
	case f.hasOtherType(e, assets[0]):
		f.skipUncertain(e, assets, reason.OtherType)
	case !f.hasSameName(e, assets[0]):
		f.skipUncertain(e, assets, reason.OtherName)
	case !f.allowByAddress:
		f.skipUncertain(e, assets, reason.OnlyByAddress)
	default:
		f.proposeAdoption(e, assets[0], reason.New(reason.AdoptedByAddress))
	}
	return true
}

// hasSameName reports whether an asset has the instance's name in the cloud, or one that a database may call equal.
func (f *adoptionFinder) hasSameName(e listedInstance, n int) bool {
	name := f.builder.input.Current.Assets[n].Name
	return slices.ContainsFunc([]string{e.instance.Name, e.instance.HostName}, func(called string) bool {
		return called != "" && inventory.MayBeEqual(called, name)
	})
}

// hasOtherType reports whether the asset's platform contradicts the operating system that the cloud reports.
func (f *adoptionFinder) hasOtherType(e listedInstance, n int) bool {
	d := drift{}
	f.builder.diffPlatform(&d, *e.instance, &f.builder.input.Current.Assets[n])
	return len(d.fields) > 0
}

// proposeAdoption records that an instance would adopt an asset, or why it must not.
func (f *adoptionFinder) proposeAdoption(e listedInstance, n int, why reason.Reason) {
	a := &f.builder.input.Current.Assets[n]
	c := emptyUpdate(e, a)
	c.AssetID, c.CloudName, c.Fields, c.Reason = a.ID, cloudName(*e.instance), []string{"labels"}, why
	c.Patch = &inventory.Patch{ID: a.ID, Labels: f.builder.adoptedLabels(*a, *e.instance)}
	text, fits := f.builder.rules.proofComment(*a, *e.instance)
	if text != a.Comment {
		c.Patch.Comment, c.Fields = &text, append(c.Fields, "comment")
	}
	protected, isNeverWritten := f.builder.rules.neverWritten(*a)
	switch {
	case !a.Host:
		return
	case isNeverWritten:
		c.Reason, c.Action = protected, Skip
	case !hasStorableLabels(*e.instance):
		c.Reason, c.Action = reason.New(reason.NotMarkable), Skip
	case !fits:
		c.Reason, c.Action = reason.New(reason.CommentFull), Skip
	case !f.builder.rules.isWhitelisted(append(e.instance.Addresses(), a.Address)...):
		c.Reason, c.Action = reason.New(reason.NotWhitelisted), Skip
	}
	f.proposals[n] = append(f.proposals[n], c)
}

// completeProof plans to add the lines of proof that the comment of an asset adopted by an earlier version lacks.
func (f *adoptionFinder) completeProof(e listedInstance, n int) {
	a := &f.builder.input.Current.Assets[n]
	text, _ := f.builder.rules.proofComment(*a, *e.instance)
	if f.builder.ownerships[n].matchesAssetID(a.ID) || text == a.Comment {
		return
	}
	f.proposeAdoption(e, n, reason.New(reason.ProofCompleted))
	c := &f.proposals[n][len(f.proposals[n])-1]
	c.Fields, c.Patch.Labels = []string{"comment"}, slices.Clone(a.Labels) // unchanged: apply compares them with the asset before it writes
}

// skipUncertain reports the assets that may be an instance's.
func (f *adoptionFinder) skipUncertain(e listedInstance, assets []int, code reason.Code) {
	names := make([]string, 0, len(assets))
	for _, n := range assets {
		names = append(names, f.builder.input.Current.Assets[n].Name)
	}
	slices.Sort(names)
	c := emptyUpdate(e, &f.builder.input.Current.Assets[assets[0]])
	c.Patch, c.Before, c.AssetID, c.CloudName = nil, nil, f.builder.input.Current.Assets[assets[0]].ID, cloudName(*e.instance)
	why := reason.New(code, strings.Join(names, ", "))
	if code == reason.AmbiguousUnread {
		why = reason.New(code, f.incompleteListing.Account, f.incompleteListing.Region)
	}
	f.builder.addSkip(c, why)
}

// cloudName returns an instance's name in its cloud, "" if it has none.
func cloudName(i inventory.Instance) string { return cmp.Or(i.Name, i.HostName) }

// resolveProposals accepts the proposals whose asset has no other.
func (f *adoptionFinder) resolveProposals() {
	for _, n := range f.builder.assetOrder {
		for _, c := range f.proposals[n] {
			if len(f.proposals[n]) > 1 && c.Action != Skip {
				var ids []string
				for _, other := range f.proposals[n] {
					ids = append(ids, other.InstanceID)
				}
				c.Action, c.Reason = Skip, reason.New(reason.AmbiguousInstances, strings.Join(ids, ", "))
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

// adoptedLabels returns the labels of an asset after its adoption: people's unchanged, ours for this instance. One
// with our id that was not released has lost them, and gets back just these.
func (b *builder) adoptedLabels(a inventory.Asset, i inventory.Instance) []inventory.Label {
	if !isReleased(a) && a.ID == inventory.AssetID(i.Cloud, i.Region, i.ID) {
		return b.restoredLabels(a, i)
	}
	out := slices.DeleteFunc(slices.Clone(a.Labels), isManagedLabel)
	out = append(out, ownershipLabels(i)...)
	out = append(out, inventory.Label{Name: inventory.LabelAsset, Value: a.ID})
	if containsAny(b.rules.Protected, i.Addresses()...) {
		out = append(out, protectedLabel())
	}
	return out
}
