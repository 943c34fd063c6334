package session

import (
	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// UnmappedAsset returns how an instance's new asset would be without mapping rules, by the settings of its account.
func UnmappedAsset(cfg config.Config, i inventory.Instance) inventory.NewAsset {
	return planRules(cfg).Unmapped(i)
}
