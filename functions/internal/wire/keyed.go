package wire

import (
	"log/slog"

	"github.com/jms-sync/jms-sync/core/cloud"
	cloudlist "github.com/jms-sync/jms-sync/core/cloud/all"
	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// AccountOpener returns a function that opens the keys which the configuration has of an account, also of one that is
// switched off, for scopes that it is not asked for; and the clouds in which there is one.
func AccountOpener(cfg config.Config, log *slog.Logger, kept ProcessCache, account string) func([]inventory.Scope) (engine.Clouds, []inventory.Cloud) {
	return func(scopes []inventory.Scope) (engine.Clouds, []inventory.Cloud) {
		asked := cfg
		asked.Clouds = nil
		var keyed []inventory.Cloud
		for _, c := range cfg.Clouds {
			if c.Name != account || c.AccessKeyID.IsEmpty() || c.AccessKeySecret.IsEmpty() {
				continue
			}
			c.Enabled, c.Cloud = true, cloudlist.Clouds().Parse(c.Type) // accounts that are switched off are not checked
			c.Regions = scopeRegions(scopes, c.Cloud)
			if len(c.Regions) > 0 {
				asked.Clouds, keyed = append(asked.Clouds, c), append(keyed, c.Cloud)
			}
		}
		return cloud.Open(cloudAccounts(asked, Role{}, kept.Assumed), cloudlist.Providers()).WithLogger(log), keyed
	}
}

func scopeRegions(scopes []inventory.Scope, of inventory.Cloud) []string {
	var regions []string
	for _, s := range scopes {
		if s.Cloud == of {
			regions = append(regions, s.Region)
		}
	}
	return regions
}
