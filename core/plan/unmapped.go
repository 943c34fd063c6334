package plan

import "github.com/jms-sync/jms-sync/core/inventory"

// Unmapped returns how an instance's new asset would be without mapping rules: name (not made unique), address, platform,
// node and zone.
func (r Rules) Unmapped(i inventory.Instance) inventory.NewAsset {
	r.Mapping = nil
	return inventory.NewAsset{
		ID: inventory.AssetID(i.Cloud, i.Region, i.ID), Name: r.desiredName(i), Address: i.PrimaryAddress(), Platform: r.platformOf(i),
		NodePaths: []string{r.NodePath(i.Account)}, Zone: r.Accounts[i.Account].Zone,
	}
}
