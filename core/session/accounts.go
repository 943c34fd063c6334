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

// Role is the temporary credentials that a function platform passes to an invocation. They serve accounts of the
// platform's own cloud that have no key.
type Role struct {
	Cloud           inventory.Cloud
	AccessKeyID     secret.Value
	AccessKeySecret secret.Value
	SecurityToken   secret.Value
}

// CredentialSource returns the credentials for a store: the role's where the store is in the role's cloud, otherwise
// those of the environment.
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

// cloudAccounts returns the enabled accounts. One without a key gets the role's credentials if the role is of the same
// cloud.
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
			ExternalID: c.ExternalID, Identity: c.Identity,
			Regions: ScopeRegions(c), ExcludeRegions: c.ExcludeRegions, Kinds: Clouds().Find(c.Cloud).ScopeKinds(c.Kinds),
			Endpoint: c.Endpoint, Endpoints: c.Endpoints,
			Proxy: cfg.Proxy.Reveal(), ConnectTimeout: cfg.Timeout.Connect, RequestTimeout: cfg.Timeout.Request,
			Want: cfg.Mapping.Want(),
		}
		if a.AccessKeyID.IsEmpty() && a.Identity == "" && role.Cloud == c.Cloud {
			a.AccessKeyID, a.AccessKeySecret, a.SecurityToken = role.AccessKeyID, role.AccessKeySecret, role.SecurityToken
		}
		out = append(out, a)
	}
	return out
}

// Clouds returns what people and the configuration need to know of the clouds that are built in.
func Clouds() inventory.CloudTable { return cloudlist.Clouds() }

// ScopeRegions returns the regions of an account's scopes, see inventory.RegionOfKind; none if it asks for all.
func ScopeRegions(c config.Cloud) []string {
	return Clouds().Find(c.Cloud).ScopeRegions(c.Regions, c.Kinds)
}

// OpenLister opens the lister of one configured account, even where it is switched off.
func OpenLister(cfg config.Config, account config.Cloud) (cloud.Lister, error) {
	return openAccount(cfg, account, func(*cloud.Account) {})
}

// OpenSurveyor is OpenLister for those who look at all that an account shows of its instances.
func OpenSurveyor(cfg config.Config, account config.Cloud) (cloud.Lister, error) {
	return openAccount(cfg, account, func(a *cloud.Account) { a.Want = inventory.WantAll() })
}

func openAccount(cfg config.Config, account config.Cloud, change func(*cloud.Account)) (cloud.Lister, error) {
	account.Enabled = true
	cfg.Clouds = []config.Cloud{account}
	for _, p := range cloudlist.Providers() {
		if p.Cloud == account.Cloud {
			a := cloudAccounts(cfg, Role{}, cloud.NewRoleCache())[0]
			change(&a)
			return p.Open(a)
		}
	}
	return nil, &inventory.Error{Kind: inventory.Unsupported, Message: "cloud " + account.Type + " is not supported"}
}

// accountOpener returns a function that opens an account for some scopes with its configured keys, even where it is
// switched off. The function also returns the clouds for which there is a key.
func (s *Session) accountOpener(account string) func([]inventory.Scope) (engine.Clouds, []inventory.Cloud) {
	return func(scopes []inventory.Scope) (engine.Clouds, []inventory.Cloud) {
		narrowed := s.cfg
		narrowed.Clouds = nil
		var keyed []inventory.Cloud
		for _, c := range s.cfg.Clouds {
			if c.Name != account || c.AccessKeyID.IsEmpty() || c.AccessKeySecret.IsEmpty() {
				continue
			}
			c.Enabled, c.Cloud = true, Clouds().Parse(c.Type) // accounts that are switched off are not checked
			c.Kinds, c.Regions, c.ExcludeRegions = nil, scopeRegions(scopes, c.Cloud), nil
			if len(c.Regions) > 0 {
				narrowed.Clouds, keyed = append(narrowed.Clouds, c), append(keyed, c.Cloud)
			}
		}
		return cloud.Open(cloudAccounts(narrowed, Role{}, s.cache.roles), cloudlist.Providers()).WithLogger(s.log), keyed
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
