package plan

import (
	"cmp"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// Preview returns how an instance's new asset would be, as far as that is known without JumpServer: name (not made
// unique), address ("" = the instance has none that is wanted), platform, nodes, and zone as it is configured.
func (r Rules) Preview(i inventory.Instance) inventory.NewAsset {
	o := r.outcomeOf(&i)
	return inventory.NewAsset{
		ID: inventory.AssetID(i.Cloud, i.Region, i.ID), Name: r.wantedName(i, &o), Address: wantedAddress(i, &o), Platform: r.wantedPlatform(i, &o),
		NodePaths: r.wantedPaths(i.Account, &o), Zone: cmp.Or(o.Zone, r.Accounts[i.Account].Zone),
	}
}
