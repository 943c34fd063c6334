package plan

import "github.com/jms-sync/jms-sync/core/inventory"

// desiredAsset is an asset as its instance wants it. The name is decided after the guard. Most assets of a run are
// up to date, and a Change is big, so there is one only if something besides the name differs.
type desiredAsset struct {
	listedInstance
	desiredName      string           // the cloud's name, not yet unique; "" = the asset keeps its name
	before           *inventory.Asset // nil = to be created
	foreignAtAddress string           // name of an asset that is not ours at the address of one to be created; "" = none
	change           *Change          // what differs, and why; nil = at most the name, or to be created
}

func (w desiredAsset) nameClaim() nameClaim {
	k := nameClaim{assetID: w.assetID, instanceID: w.instance.ID, desiredName: w.desiredName, active: true}
	if w.before != nil {
		k.currentName, k.active = w.before.Name, w.before.Active
	}
	return k
}

// isUnchanged reports whether the asset, with this final name, is as its instance wants it.
func (w desiredAsset) isUnchanged(name string) bool {
	return w.before != nil && name == w.before.Name && (w.change == nil || len(w.change.Fields) == 0)
}

// changeTo returns the change that gives the asset its final name and all else that its instance wants.
func (w desiredAsset) changeTo(name string, r *assetBuilder) Change {
	if w.before == nil {
		return r.createChange(w, name)
	}
	c := emptyUpdate(w.listedInstance, w.before)
	if w.change != nil {
		c = *w.change
	}
	c.Name = name
	if name != w.before.Name {
		patch := *c.Patch
		patch.Name = &name
		c.Patch, c.instance, c.assetBuilder = &patch, w.instance, r
		c.Fields = append([]string{"name"}, c.Fields...)
	}
	if c.Reason.Code == "" {
		c.Reason = newReason(FollowsCloud, describeFields(c))
	}
	return c
}

// emptyUpdate returns an update of an asset that changes nothing yet.
func emptyUpdate(e listedInstance, a *inventory.Asset) Change {
	return Change{
		Action: Update, Scope: e.instance.Scope, InstanceID: e.instance.ID, AssetID: e.assetID,
		Name: a.Name, Address: a.Address, Platform: a.Platform, Before: a, Patch: &inventory.Patch{ID: a.ID},
	}
}

// assetBuilder builds new assets for instances. It is never changed.
type assetBuilder struct {
	rules     Rules
	platforms map[string]inventory.Platform
}

func (r *assetBuilder) createChange(w desiredAsset, name string) Change {
	why := newReason(NewInstance)
	if w.foreignAtAddress != "" {
		why = newReason(NewBeside, w.foreignAtAddress)
	}
	if inCloud, shortened := r.rules.unstorableName(*w.instance); shortened {
		why = newReason(NewShortened, why, inCloud)
	}
	return Change{
		Action: Create, Reason: why, Scope: w.instance.Scope, InstanceID: w.instance.ID, AssetID: w.assetID,
		Name: name, Address: primaryAddress(*w.instance), Platform: r.rules.platformOf(*w.instance), instance: w.instance, assetBuilder: r,
	}
}

// newAsset returns the asset that a Create makes.
func (r *assetBuilder) newAsset(c Change) *inventory.NewAsset {
	i := *c.instance
	zone := r.rules.Accounts[i.Account].Zone
	if p, known := r.platforms[c.Platform]; known && !p.SupportsZones {
		zone = ""
	}
	labels := sharedLabels(i)
	if containsAny(r.rules.Protected, i.Addresses()...) {
		labels = append(labels, protectedLabel())
	}
	return &inventory.NewAsset{
		ID: c.AssetID, Name: c.Name, Address: c.Address, Platform: c.Platform, NodePath: r.rules.NodePath(i.Account),
		Zone: zone, Labels: labels, Comment: r.rules.assetComment(i),
	}
}
