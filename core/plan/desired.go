package plan

import (
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reason"
)

// desiredAsset is an asset as its instance wants it. The name is decided after the guard. Most assets of a run are
// up to date, and a Change is big, so there is one only if something besides the name differs.
type desiredAsset struct {
	listedInstance
	desiredName      string           // the cloud's name, not yet unique; "" = the asset keeps its name
	before           *inventory.Asset // nil = to be created
	foreignAtAddress string           // name of an asset that is not ours at the address of one to be created; "" = none
	change           *Change          // what differs, and why; nil = at most the name, or to be created
}

func (d desiredAsset) nameClaim() nameClaim {
	k := nameClaim{assetID: d.assetID, instanceID: d.instance.ID, desiredName: d.desiredName, active: true}
	if d.before != nil {
		k.currentName, k.active = d.before.Name, d.before.Active
	}
	return k
}

// isUnchanged reports whether the asset, with this final name, is as its instance wants it.
func (d desiredAsset) isUnchanged(name string) bool {
	return d.before != nil && name == d.before.Name && (d.change == nil || len(d.change.Fields) == 0)
}

// changeTo returns the change that gives the asset its final name and all else that its instance wants.
func (d desiredAsset) changeTo(name string, r *assetBuilder) Change {
	if d.before == nil {
		return r.createChange(d, name)
	}
	c := emptyUpdate(d.listedInstance, d.before)
	if d.change != nil {
		c = *d.change
	}
	c.Name = name
	if name != d.before.Name {
		patch := *c.Patch
		patch.Name = &name
		c.Patch, c.instance, c.assetBuilder = &patch, d.instance, r
		c.Fields = append([]string{"name"}, c.Fields...)
	}
	if c.Reason.Code == "" {
		c.Reason = updateReason(c)
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
	rules           Rules
	platforms       map[string]inventory.Platform
	zones           []inventory.Zone
	zonesDenied     bool
	templates       []inventory.AccountTemplate
	templatesDenied bool
}

func newAssetBuilder(rules Rules, current inventory.JumpServerAssets) *assetBuilder {
	return &assetBuilder{rules, current.Platforms, current.Zones, current.ZonesDenied, current.Templates, current.TemplatesDenied}
}

func (r *assetBuilder) createChange(d desiredAsset, name string) Change {
	o := r.rules.outcomeOf(d.instance)
	why := reason.New(reason.NewInstance)
	if d.foreignAtAddress != "" {
		why = reason.New(reason.NewBeside, d.foreignAtAddress)
	}
	if inCloud, shortened := r.rules.unstorableName(*d.instance, &o); shortened {
		why = reason.New(reason.NewShortened, why, inCloud)
	}
	platform := r.rules.wantedPlatform(*d.instance, &o)
	if missing := r.ruledParts(*d.instance, &o, platform).missing; len(missing) > 0 {
		why = reason.New(reason.NewWithout, why, missing)
	}
	return Change{
		Action: Create, Reason: why, Scope: d.instance.Scope, InstanceID: d.instance.ID, AssetID: d.assetID,
		Name: name, Address: wantedAddress(*d.instance, &o), Platform: platform, instance: d.instance, assetBuilder: r,
	}
}

// newAsset returns the asset that a Create makes.
func (r *assetBuilder) newAsset(c Change) *inventory.NewAsset {
	i := *c.instance
	o := r.rules.outcomeOf(c.instance)
	parts := r.ruledParts(i, &o, c.Platform)
	labels := sharedLabels(i)
	if containsAny(r.rules.Protected, i.Addresses()...) {
		labels = append(labels, protectedLabel())
	}
	if o.Keep != "" {
		labels = append(labels, keptLabel())
	}
	return &inventory.NewAsset{
		ID: c.AssetID, Name: c.Name, Address: c.Address, Platform: c.Platform, NodePaths: r.rules.wantedPaths(i.Account, &o),
		NotesNodes: r.rules.notesNodes(&o), Zone: parts.zone, Protocols: parts.protocols, Accounts: parts.accounts,
		Labels: append(labels, r.rules.ruledLabels(&o)...), Comment: r.rules.assetComment(i),
	}
}
