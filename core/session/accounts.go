package session

import (
	"os"
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud"
	cloudlist "github.com/jms-sync/jms-sync/core/cloud/all"
	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
	"github.com/jms-sync/jms-sync/core/storage"
)

// Role is the temporary credentials that a function platform gives to an invocation. They serve
// accounts of the platform's own cloud that have no key.
type Role struct {
	Cloud           inventory.Cloud
	AccessKeyID     secret.Value
	AccessKeySecret secret.Value
	SecurityToken   secret.Value
}

// CredentialSource says with whose credentials a store is asked: the role's where the store is of its cloud, else
// those of an environment.
func (r Role) CredentialSource(environ []string) storage.CredentialSource {
	lookup := func(name string) string {
		for _, pair := range environ {
			if key, value, _ := strings.Cut(pair, "="); key == name {
				return value
			}
		}
		return ""
	}
	home := lookup("HOME")
	if home == "" {
		home = lookup("USERPROFILE") // Windows
	}
	return storage.CredentialSource{
		Role:      storage.Credentials{ID: r.AccessKeyID, Secret: r.AccessKeySecret, Token: r.SecurityToken},
		RoleCloud: r.Cloud, Env: lookup, ReadFile: os.ReadFile, Home: home,
	}
}

// cloudAccounts returns the enabled accounts. One without a key takes the role's credentials, if the
// role is of the same cloud.
func cloudAccounts(cfg config.Config, role Role, assumed *cloud.RoleCache) []cloud.Account {
	var out []cloud.Account
	for _, c := range cfg.Clouds {
		if !c.Enabled {
			continue
		}
		a := cloud.Account{
			Cloud: c.Cloud, Name: c.Name, AccessKeyID: c.AccessKeyID, AccessKeySecret: c.AccessKeySecret,
			AccountID: c.AccountID, ProjectID: c.ProjectID, TenantID: c.TenantID,
			AssumeRoleARN: c.AssumeRoleARN, RoleCache: assumed,
			Regions: c.Regions, Endpoint: c.Endpoint,
			Proxy: cfg.Proxy.Reveal(), ConnectTimeout: cfg.Timeout.Connect, RequestTimeout: cfg.Timeout.Request,
		}
		if a.AccessKeyID.IsEmpty() && role.Cloud == c.Cloud {
			a.AccessKeyID, a.AccessKeySecret, a.SecurityToken = role.AccessKeyID, role.AccessKeySecret, role.SecurityToken
		}
		out = append(out, a)
	}
	return out
}

// Clouds returns what people and the configuration need to know of the clouds that are built in.
func Clouds() inventory.CloudTable { return cloudlist.Clouds() }

// OpenLister opens one account of a configuration, as a run would.
func OpenLister(cfg config.Config, account config.Cloud) (cloud.Lister, error) {
	account.Enabled = true
	cfg.Clouds = []config.Cloud{account}
	for _, p := range cloudlist.Providers() {
		if p.Cloud == account.Cloud {
			return p.Open(cloudAccounts(cfg, Role{}, cloud.NewRoleCache())[0])
		}
	}
	return nil, &inventory.Error{Kind: inventory.Unsupported, Message: "cloud " + account.Type + " is not supported"}
}

// accountOpener returns a function that opens the keys which the configuration has of an account, also of one that is
// switched off, for scopes that it is not asked for; and the clouds in which there is one.
func (s *Session) accountOpener(account string) func([]inventory.Scope) (engine.Clouds, []inventory.Cloud) {
	return func(scopes []inventory.Scope) (engine.Clouds, []inventory.Cloud) {
		asked := s.cfg
		asked.Clouds = nil
		var keyed []inventory.Cloud
		for _, c := range s.cfg.Clouds {
			if c.Name != account || c.AccessKeyID.IsEmpty() || c.AccessKeySecret.IsEmpty() {
				continue
			}
			c.Enabled, c.Cloud = true, Clouds().Parse(c.Type) // accounts that are switched off are not checked
			c.Regions = scopeRegions(scopes, c.Cloud)
			if len(c.Regions) > 0 {
				asked.Clouds, keyed = append(asked.Clouds, c), append(keyed, c.Cloud)
			}
		}
		return cloud.Open(cloudAccounts(asked, Role{}, s.cache.roles), cloudlist.Providers()).WithLogger(s.log), keyed
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
