package session

import (
	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// PreviewAsset returns how an instance's new asset would be by a configuration, as far as that is known without
// JumpServer, see plan.Rules.Preview.
func PreviewAsset(cfg config.Config, i inventory.Instance) inventory.NewAsset {
	return planRules(cfg).Preview(i)
}
