package plan

import "github.com/jms-sync/jms-sync/core/inventory"

// wish is one asset as its instance wants it. The name is decided after the guard. Most assets
// of a run are as they should be, and a Change is big: one is only kept where something besides
// the name differs.
type wish struct {
	entry
	wanted string           // the cloud's name, not yet unique; "" = the one that before has, come what may
	before *inventory.Asset // nil = to be made
	beside string           // the name of an asset that is not ours at the address of one to be made; "" = none
	change *Change          // what differs, and why; nil = nothing but perhaps the name, or to be made
}

func (w wish) claim() claim {
	k := claim{asset: w.asset, instance: w.of.ID, wanted: w.wanted, active: true}
	if w.before != nil {
		k.current, k.active = w.before.Name, w.before.Active
	}
	return k
}

// same tells whether the asset, with this final name, is as its instance wants it.
func (w wish) same(name string) bool {
	return w.before != nil && name == w.before.Name && (w.change == nil || len(w.change.Fields) == 0)
}

// named gives the change that the wish is, with its final name and the words for what changes.
func (w wish) named(name string, r *recipe) Change {
	if w.before == nil {
		return r.create(w, name)
	}
	c := update(w.entry, w.before)
	if w.change != nil {
		c = *w.change
	}
	c.Name = name
	if name != w.before.Name {
		patch := *c.Patch
		patch.Name = &name
		c.Patch, c.from, c.by = &patch, w.of, r
		c.Fields = append([]string{"name"}, c.Fields...)
	}
	if c.Reason.Code == "" {
		c.Reason = because(FollowsCloud, differences(c))
	}
	return c
}

// update is a change of an asset that changes nothing yet.
func update(e entry, a *inventory.Asset) Change {
	return Change{
		Action: Update, Scope: e.of.Scope, InstanceID: e.of.ID, AssetID: e.asset,
		Name: a.Name, Address: a.Address, Platform: a.Platform, Before: a, Patch: &inventory.Patch{ID: a.ID},
	}
}

// recipe makes assets of instances. It is never changed.
type recipe struct {
	rules     Rules
	platforms map[string]inventory.Platform
}

func (r *recipe) create(w wish, name string) Change {
	why := because(NewInstance)
	if w.beside != "" {
		why = because(NewBeside, w.beside)
	}
	if inCloud, shortened := r.rules.shortened(*w.of); shortened {
		why = because(NewShortened, why, inCloud)
	}
	return Change{
		Action: Create, Reason: why, Scope: w.of.Scope, InstanceID: w.of.ID, AssetID: w.asset,
		Name: name, Address: address(*w.of), Platform: r.rules.platform(*w.of), from: w.of, by: r,
	}
}

// asset is what a create makes.
func (r *recipe) asset(c Change) *inventory.NewAsset {
	i := *c.from
	zone := r.rules.Accounts[i.Account].Zone
	if p, known := r.platforms[c.Platform]; known && !p.Zones {
		zone = ""
	}
	labels := sharedLabels(i)
	if within(r.rules.Protected, i.Addresses()...) {
		labels = append(labels, protectedLabel())
	}
	return &inventory.NewAsset{
		ID: c.AssetID, Name: c.Name, Address: c.Address, Platform: c.Platform, Node: r.rules.Node(i.Account),
		Zone: zone, Labels: labels, Comment: r.rules.comment(i),
	}
}
