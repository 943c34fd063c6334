// Package wire builds an engine from a configuration: it is the one place that knows every
// adapter. The programs beside it decode a request, run the engine and encode the answer.
package wire

import (
	"log/slog"
	"net/url"
	"time"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/cloud"
	cloudlist "github.com/jms-sync/jms-sync/core/cloud/all"
	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/delivery"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver"
	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/notify/dingtalk"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/secret"
)

// Role is the temporary credentials that a function platform gives to an invocation. They serve
// accounts of the platform's own cloud that have no key.
type Role struct {
	Cloud           inventory.Cloud
	AccessKeyID     secret.Value
	AccessKeySecret secret.Value
	SecurityToken   secret.Value
}

// Clouds returns what people and the configuration need to know of the clouds that are built in.
func Clouds() inventory.CloudTable { return cloudlist.Clouds() }

// Hooks let a program show progress. All may be nil.
type Hooks struct {
	Stage    func(name string)
	Progress func(done, total int)
}

// NewEngine builds the engine of one run. The JumpServer client is given, because it is kept
// between the invocations of a process, as are the credentials of assumed roles.
func NewEngine(cfg config.Config, bastion engine.Bastion, role Role, log *slog.Logger, kept ProcessCache, hooks Hooks) (engine.Engine, error) {
	channels, err := newNotifiers(cfg)
	if err != nil {
		return engine.Engine{}, err
	}
	return engine.Engine{
		Clouds:       cloud.Open(cloudAccounts(cfg, role, kept.Assumed), cloudlist.Providers()).WithLogger(log),
		Bastion:      bastion,
		Rules:        planRules(cfg),
		Limits:       planLimits(cfg),
		ApplyOptions: apply.Options{Writers: cfg.Sync.Writers, Now: time.Now, Log: log, Progress: hooks.Progress},
		Cards:        newCards(cfg, channels, log, hooks),
		Now:          time.Now,
		SkewClock:    time.Now,
		Log:          log,
		OnStage:      hooks.Stage,
	}, nil
}

// newCards builds what gets cards out to people.
func newCards(cfg config.Config, to []notify.Notifier, log *slog.Logger, hooks Hooks) delivery.Cards {
	c := delivery.Cards{
		Notifiers: to, NotifyOn: delivery.NotifyOn(cfg.Notification.On), Options: reportOptions(cfg),
		TimerInterval: cfg.Sync.Interval, Now: time.Now, Log: log,
	}
	if hooks.Stage != nil {
		c.OnSend = func() { hooks.Stage("notify") }
	}
	return c
}

// NewClient builds the JumpServer client of a configuration.
func NewClient(cfg config.Config, log *slog.Logger) (*jumpserver.Client, error) {
	return jumpserver.New(jumpserver.Options{
		URL: cfg.JumpServer.URL, KeyID: cfg.JumpServer.AccessKeyID, Secret: cfg.JumpServer.AccessKeySecret,
		OrgID: cfg.JumpServer.OrgID, VerifySSL: cfg.JumpServer.VerifySSL, CA: cfg.JumpServer.CA,
		Proxy: cfg.JumpServer.Proxy.Reveal(), OtherProxy: hasOtherProxy(cfg),
		ConnectTimeout: cfg.Timeout.Connect, RequestTimeout: cfg.Timeout.Request,
		BatchSize: cfg.Sync.BatchSize, Log: log,
	})
}

// cloudAccounts gives the enabled accounts. One without a key takes the role's credentials, if the
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

func planRules(cfg config.Config) plan.Rules {
	known := make(map[string]plan.Account, len(cfg.Clouds))
	for _, c := range cfg.Clouds {
		if _, twice := known[c.Name]; c.Enabled || !twice {
			known[c.Name] = plan.Account{
				Type: c.Type, Zone: c.DomainID, Platforms: plan.Platforms(cfg.PlatformsOf(c)), Enabled: c.Enabled, Cloud: c.Cloud, Regions: c.Regions, Owner: c.AccountID,
			}
		}
	}
	return plan.Rules{
		Accounts: known, Whitelist: cfg.Sync.Whitelist, Protected: cfg.Sync.ProtectedIPs,
		Manage: plan.FieldPolicies{
			Name: plan.FieldPolicy(cfg.Sync.Manage.Name), Address: plan.FieldPolicy(cfg.Sync.Manage.Address),
			Zone: plan.FieldPolicy(cfg.Sync.Manage.Zone), AdoptedName: plan.FieldPolicy(cfg.Sync.Manage.AdoptedName),
		},
		ProtectedNames: cfg.Sync.ProtectedNames, OwnHosts: jumpServerHosts(cfg),
		NoDelete: cfg.Sync.NoDelete, HostNames: cfg.Sync.NameFrom == config.NameFromHostname,
		Mode: plan.Mode(cfg.Sync.Removal.Mode), Grace: cfg.Sync.Removal.Grace, DeleteAdopted: cfg.Sync.Removal.Adopted == config.ModeDelete, Lang: plan.Lang(cfg.Language),
	}
}

// jumpServerHosts gives the host of JumpServer's URL, by which its own asset is known.
func jumpServerHosts(cfg config.Config) []string {
	at, err := url.Parse(cfg.JumpServer.URL)
	if err != nil || at.Hostname() == "" {
		return nil // refused by the configuration's check
	}
	return []string{at.Hostname()}
}

func planLimits(cfg config.Config) plan.Limits {
	g := cfg.Sync.Guard
	return plan.Limits{Percent: g.Percent, Min: g.Min, PerRun: g.PerRun, AllowEmpty: g.Empty == config.EmptyAllow, Approval: plan.ApprovalPolicy(cfg.Sync.Approval)}
}

// assetPagePath is the list of assets in JumpServer's web interface.
const assetPagePath = "/ui/#/console/assets/assets"

func reportOptions(cfg config.Config) report.Options {
	return report.Options{
		Lang: plan.Lang(cfg.Language), Location: cfg.Location(), Style: cfg.Notification.DingTalk.Style,
		AssetURL: cfg.JumpServer.URL + assetPagePath, Environment: cfg.Environment.Type,
		AskAll: cfg.Sync.Approval == config.ApprovalAll,
	}
}

// newNotifiers gives the channels that are enabled.
func newNotifiers(cfg config.Config) ([]notify.Notifier, error) {
	d := cfg.Notification.DingTalk
	if !d.Enabled {
		return nil, nil
	}
	robot, err := dingtalk.New(
		dingtalk.Settings{Webhook: d.Webhook, Secret: d.Secret, AtMobiles: d.AtMobiles, AtAll: d.AtAll},
		dingtalk.Options{Proxy: cfg.Proxy.Reveal()})
	if err != nil {
		return nil, err
	}
	return []notify.Notifier{robot}, nil
}
