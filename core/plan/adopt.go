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
	f := newFinder(b)
	f.byAddresses = byAddress
	for _, e := range b.entries {
		n, exists := b.byID[e.asset]
		switch {
		case !exists, !b.ours[n]:
			f.find(e)
		default:
			f.complete(e, n)
		}
	}
	f.settle()
	b.plan.sort()
	slices.SortFunc(b.plan.marks, Compare)
	b.plan.errand = true
	return b.plan
}

// Release plans to take our marks off what is ours, or has our marks (see Unwitnessed), of all accounts and regions
// or of one. It deletes nothing, and a later run makes nothing anew: an asset keeps our id, or the instance's id in its
// comment; where it has neither, as one that an earlier version adopted by its address, the label jms-instance stays and
// says it, for as long as the asset has an address of the instance.
func Release(in Input, account, region string) Plan {
	b := newBuilder(Input{Bastion: in.Bastion}, Rules{})
	for _, n := range b.order {
		a, m := &b.in.Bastion.Assets[n], b.marks[n]
		_, unwitnessed := Unwitnessed(*a)
		if !b.ours[n] && !unwitnessed || account != "" && m.account != account || region != "" && m.region != region {
			continue
		}
		c := leftover(a, m)
		c.Action, c.Reason, c.Fields = Update, because(Released), []string{"labels"}
		c.Patch = &inventory.Patch{ID: a.ID, Labels: unmarked(*a, m)}
		b.plan.marks = append(b.plan.marks, c)
	}
	slices.SortFunc(b.plan.marks, Compare)
	b.plan.errand = true
	return b.plan
}

// ApproveMarks lets the writes of Adopt and Release pass: they only set and take labels, and Adopt adds lines to
// comments. Of any other plan it approves nothing.
func (p Plan) ApproveMarks() Approved {
	if !p.errand {
		return Approved{}
	}
	return Approved{notes: slices.Clone(p.notes), updates: slices.Clone(p.marks)}
}

// unmarked gives the labels of a released asset: never nil, so that a patch takes all off.
func unmarked(a inventory.Asset, m mark) []inventory.Label {
	known := m.made(a.ID) || m.witnessed(a)
	out := []inventory.Label{}
	for _, l := range a.Labels {
		if stays := l.Is(inventory.LabelInstance) && !known; stays || !ofOurs(l) {
			out = append(out, l)
		}
	}
	return out
}

// ofOurs tells whether we set and take labels of this name. jms-keep is people's.
func ofOurs(l inventory.Label) bool {
	marks := labelsOf(inventory.Instance{})
	return ofDeactivation(l) || slices.ContainsFunc(marks, func(m inventory.Label) bool { return l.Is(m.Name) }) ||
		isAny(l, inventory.LabelProject, inventory.LabelAsset, inventory.LabelMissing, inventory.LabelProtected)
}

// spot is where an asset or instance is reached.
type spot struct{ zone, address string }

// finder looks for the assets that instances may adopt.
type finder struct {
	b           *builder
	byAddresses bool
	naming      map[string][]int   // instance id → assets, not ours, whose comment names it
	at          map[spot][]int     // assets of any kind
	runs        map[spot][]string  // ids of the assets of the instances that are reached there
	failed      *inventory.Listing // one that may hold an instance anywhere, as it failed or addresses are not known
	found       map[int][]Change   // by asset: who would adopt it
}

func newFinder(b *builder) *finder {
	f := &finder{b: b, naming: map[string][]int{}, at: map[spot][]int{}, runs: map[spot][]string{}, found: map[int][]Change{}}
	for _, n := range b.order {
		a := b.in.Bastion.Assets[n]
		if !a.Host {
			continue
		}
		f.at[spotOf(a)] = append(f.at[spotOf(a)], n)
		if b.ours[n] {
			continue
		}
		ids := mentioned(a.Comment)
		slices.Sort(ids)
		for _, id := range slices.Compact(ids) {
			f.naming[id] = append(f.naming[id], n)
		}
	}
	for _, e := range b.entries {
		for _, s := range f.spots(e.of) {
			f.runs[s] = append(f.runs[s], e.asset)
		}
	}
	for n, l := range b.in.Listings {
		if !l.Complete() || slices.ContainsFunc(l.Instances, func(i inventory.Instance) bool { return i.AddressesPartial }) {
			f.failed = &b.in.Listings[n]
		}
	}
	return f
}

func spotOf(a inventory.Asset) spot { return spot{a.Zone, strings.ToLower(a.Address)} }

// spots are all places at which an instance may be reached, in the zone of its account.
func (f *finder) spots(i *inventory.Instance) []spot {
	var out []spot
	for _, address := range i.Addresses() {
		s := spot{f.b.rules.Accounts[i.Account].Zone, strings.ToLower(address)}
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// find looks for the asset of one instance that has none of ours.
func (f *finder) find(e entry) {
	if _, elsewhere := f.b.owned(instanceKey{e.of.Cloud, e.of.ID}); elsewhere {
		return // under another region
	}
	n, exists := f.b.byID[e.asset]
	switch byID := f.naming[e.of.ID]; {
	case exists: // our id, without our marks
		f.propose(e, n, because(AdoptedByID))
	case len(byID) > 1:
		f.doubt(e, byID, Ambiguous)
	case len(byID) == 1:
		f.propose(e, byID[0], because(AdoptedByName))
	case !f.byAddress(e) && len(f.b.claimed[e.of.ID]) > 0:
		f.doubt(e, f.b.claimed[e.of.ID], OnlyByLabel)
	}
}

// byAddress looks for the asset that is reached where an instance is, and reports whether there is one. A label
// that names the instance, which whoever sets labels can write, proves no more than none.
func (f *finder) byAddress(e entry) bool {
	var assets []int
	runs := 0
	for _, s := range f.spots(e.of) {
		assets = append(assets, f.at[s]...)
		if len(f.at[s]) > 0 {
			runs = max(runs, len(f.runs[s]))
		}
	}
	slices.Sort(assets)
	assets = slices.Compact(assets)
	switch {
	case len(assets) == 0:
		return false
	case len(assets) > 1, runs > 1:
		f.doubt(e, assets, Ambiguous)
	case f.b.ours[assets[0]]: // of another instance, which has had the address before
		return false
	case slices.ContainsFunc(named(f.b.in.Bastion.Assets[assets[0]]), func(id string) bool { return id != e.of.ID }):
		f.doubt(e, assets, NamesAnother)
	case f.failed != nil:
		f.doubt(e, assets, AmbiguousUnread)
	case f.otherType(e, assets[0]):
		f.doubt(e, assets, OtherType)
	case !f.sameName(e, assets[0]):
		f.doubt(e, assets, OtherName)
	case !f.byAddresses:
		f.doubt(e, assets, OnlyByAddress)
	default:
		f.propose(e, assets[0], because(AdoptedByAddress))
	}
	return true
}

// sameName reports whether an asset is called as the instance is in the cloud. A name that a database may call
// equal is.
func (f *finder) sameName(e entry, n int) bool {
	name := f.b.in.Bastion.Assets[n].Name
	return slices.ContainsFunc([]string{e.of.Name, e.of.HostName}, func(called string) bool {
		return called != "" && inventory.SameFolded(called, name)
	})
}

// otherType tells whether the asset's platform contradicts what the cloud says of the system.
func (f *finder) otherType(e entry, n int) bool {
	d := drift{}
	f.b.otherPlatform(&d, *e.of, &f.b.in.Bastion.Assets[n])
	return len(d.fields) > 0
}

// propose notes that an instance would adopt an asset, unless either must be left alone.
func (f *finder) propose(e entry, n int, why Reason) {
	a := &f.b.in.Bastion.Assets[n]
	c := update(e, a)
	c.AssetID, c.CloudName, c.Fields, c.Reason = a.ID, cloudName(*e.of), []string{"labels"}, why
	c.Patch = &inventory.Patch{ID: a.ID, Labels: f.b.adoptedLabels(*a, *e.of)}
	text, fits := f.b.rules.witness(*a, *e.of)
	if text != a.Comment {
		c.Patch.Comment, c.Fields = &text, append(c.Fields, "comment")
	}
	spared, untouchable := f.b.rules.untouchable(*a)
	switch {
	case !a.Host:
		return
	case untouchable:
		c.Reason, c.Action = spared, Skip
	case !markable(*e.of):
		c.Reason, c.Action = because(NotMarkable), Skip
	case !fits:
		c.Reason, c.Action = because(CommentFull), Skip
	case !f.b.rules.listed(append(e.of.Addresses(), a.Address)...):
		c.Reason, c.Action = because(NotWhitelisted), Skip
	}
	f.found[n] = append(f.found[n], c)
}

// complete notes that the comment of an adopted asset lacks lines that prove whose it is, as an earlier version left it.
func (f *finder) complete(e entry, n int) {
	a := &f.b.in.Bastion.Assets[n]
	if text, _ := f.b.rules.witness(*a, *e.of); f.b.marks[n].made(a.ID) || text == a.Comment {
		return
	}
	f.propose(e, n, because(ProofCompleted))
	c := &f.found[n][len(f.found[n])-1]
	c.Fields, c.Patch.Labels = []string{"comment"}, slices.Clone(a.Labels) // as they are: the write is for the asset that was read
}

// doubt tells of assets that may be an instance's.
func (f *finder) doubt(e entry, assets []int, code Code) {
	names := make([]string, 0, len(assets))
	for _, n := range assets {
		names = append(names, f.b.in.Bastion.Assets[n].Name)
	}
	slices.Sort(names)
	c := update(e, &f.b.in.Bastion.Assets[assets[0]])
	c.Patch, c.Before, c.AssetID, c.CloudName = nil, nil, f.b.in.Bastion.Assets[assets[0]].ID, cloudName(*e.of)
	why := because(code, strings.Join(names, ", "))
	if code == AmbiguousUnread {
		why = because(code, f.failed.Account, f.failed.Region)
	}
	f.b.skip(c, why)
}

// cloudName returns what an instance is called in its cloud, "" if it has no name.
func cloudName(i inventory.Instance) string { return cmp.Or(i.Name, i.HostName) }

// settle takes the proposals that are one for their asset.
func (f *finder) settle() {
	for _, n := range f.b.order {
		for _, c := range f.found[n] {
			if len(f.found[n]) > 1 && c.Action != Skip {
				var ids []string
				for _, other := range f.found[n] {
					ids = append(ids, other.InstanceID)
				}
				c.Action, c.Reason = Skip, because(AmbiguousInstances, strings.Join(ids, ", "))
			}
			if c.Action == Skip {
				c.Patch, c.Before, c.Fields = nil, nil, nil
				f.b.plan.notes = append(f.b.plan.notes, c)
				continue
			}
			f.b.plan.marks = append(f.b.plan.marks, c)
		}
	}
}

// adoptedLabels gives the labels of an asset once it is that of the instance: people's as they are, ours new.
func (b *builder) adoptedLabels(a inventory.Asset, i inventory.Instance) []inventory.Label {
	out := slices.DeleteFunc(slices.Clone(a.Labels), ofOurs)
	out = append(out, labelsOf(i)...)
	out = append(out, inventory.Label{Name: inventory.LabelAsset, Value: a.ID})
	if within(b.rules.Protected, i.Addresses()...) {
		out = append(out, protectedLabel())
	}
	return out
}
