package plan

import (
	"cmp"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// WantedAsset returns the asset that an instance would get if it had none, by the rules and the account's settings. Its
// name is not made unique.
func (p Plan) WantedAsset(i *inventory.Instance) inventory.NewAsset {
	r := p.assetBuilder
	o := r.rules.outcomeOf(i)
	d := desiredAsset{listedInstance: listedInstance{inventory.AssetID(i.Cloud, i.Region, i.ID), i}}
	return *r.newAsset(r.createChange(d, r.rules.wantedName(*i, &o)))
}

// PolicyOf returns when a field of one of our assets is written, and the setting that says so. A field that nothing ever
// writes to an existing asset has no setting.
func (r Rules) PolicyOf(field string, a inventory.Asset) (policy FieldPolicy, setting string) {
	if _, isNeverWritten := r.neverWritten(a); isNeverWritten {
		return WriteNever, ""
	}
	const settings = "sync.manage."
	switch field {
	case FieldName:
		if isAdopted(a) {
			return cmp.Or(r.Manage.AdoptedName, WriteOnCreate), settings + "adopted_name"
		}
		return cmp.Or(r.Manage.Name, WriteAlways), settings + field
	case FieldAddress:
		return cmp.Or(r.Manage.Address, WriteAlways), settings + field
	case FieldZone:
		return cmp.Or(r.Manage.Zone, WriteIfMissing), settings + field
	case FieldNode:
		return r.policy(r.Manage.Node, true), settings + field
	case FieldPlatform:
		return r.policy(r.Manage.Platform, true), settings + field
	case FieldPort:
		return r.policy(r.Manage.Port, true), settings + field
	case FieldLabels:
		return r.policy(r.Manage.Labels, true), settings + field
	case FieldAccounts:
		return r.policy(r.Manage.Accounts, true), settings + field
	}
	return "", ""
}

// WriteNever is what PolicyOf returns for assets that are never written to, see the package's doc. No field has it.
const WriteNever FieldPolicy = "never"

// IsAdopted reports whether an asset that is ours was adopted rather than made by us.
func IsAdopted(a inventory.Asset) bool { return isAdopted(a) }
