package enginetest

import (
	"cmp"
	"net/url"
	"time"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/alibaba"
	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/delivery"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/notify/dingtalk"
	"github.com/jms-sync/jms-sync/core/notify/post"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
)

// NewEngine builds an engine from the configuration as functions/internal/wire does, but for the
// clocks: waits between tries pass in an instant.
func (w *World) NewEngine() engine.Engine {
	w.T.Helper()
	cfg := w.LoadConfig()
	if w.Client == nil {
		w.Client = w.newClient(cfg)
	}
	g := cfg.Sync.Guard
	return engine.Engine{
		Clouds:  w.NewFleet(cfg),
		Bastion: w.Client,
		Rules:   rules(cfg),
		Limits: plan.Limits{
			Percent: g.Percent, Min: g.Min, Fleet: plan.Share{Percent: g.Fleet.Percent, Min: g.Fleet.Min}, PerRun: g.PerRun,
			Moves: plan.Share{Percent: g.Moves.Percent, Min: g.Moves.Min}, AllowEmpty: g.Empty == config.EmptyAllow, Approval: plan.ApprovalPolicy(cfg.Sync.Approval),
		},
		ApplyOptions: apply.Options{Writers: cfg.Sync.Writers, Now: time.Now, Sleep: w.BastionClock.Sleep, Log: w.logger()},
		Cards: delivery.Cards{
			Options: report.Options{
				Lang: language.Lang(cfg.Language), Location: cfg.Location(), Style: cfg.Notification.DingTalk.Style,
				AssetURL: cfg.JumpServer.URL + "/ui/", Environment: cfg.Environment.Type,
			},
			Channels: delivery.NewChannels(delivery.NotifyOn(cfg.Notification.On), w.newNotifier(cfg)), Now: w.RunClock.Now, Log: w.logger(),
		},
		Now:       w.RunClock.Now,
		SkewClock: w.SkewClock,
		Log:       w.logger(),
	}
}

// NewFleet opens the configured accounts.
func (w *World) NewFleet(cfg config.Config) cloud.Fleet {
	waits := &Clock{}
	var accounts []cloud.Account
	for _, c := range cfg.Clouds {
		accounts = append(accounts, cloud.Account{
			Cloud: c.Cloud, Name: c.Name, AccessKeyID: c.AccessKeyID, AccessKeySecret: c.AccessKeySecret,
			AccountID: c.AccountID, Regions: scopeRegions(c), Kinds: scopeKinds(c), ExcludeRegions: c.ExcludeRegions, Endpoint: c.Endpoint, Transport: w.network[c.Endpoint],
			Want: cfg.Mapping.Want(), ConnectTimeout: cfg.Timeout.Connect, RequestTimeout: cmp.Or(w.RequestTimeout, cfg.Timeout.Request),
		})
	}
	policy := cmp.Or(w.CloudRetries, &cloud.RetryPolicy{Now: waits.Now, Sleep: waits.Sleep})
	return cloud.Open(accounts, []cloud.Provider{alibaba.Provider(*policy)}).WithLogger(w.logger())
}

func (w *World) newClient(cfg config.Config) *jumpserver.Client {
	w.T.Helper()
	client, err := jumpserver.New(jumpserver.Options{
		URL: cfg.JumpServer.URL, KeyID: cfg.JumpServer.AccessKeyID, Secret: cfg.JumpServer.AccessKeySecret,
		OrgID: cfg.JumpServer.OrgID, VerifySSL: cfg.JumpServer.VerifySSL,
		ConnectTimeout: cfg.Timeout.Connect, RequestTimeout: cmp.Or(w.RequestTimeout, cfg.Timeout.Request),
		BatchSize: cfg.Sync.BatchSize, Needs: rules(cfg).Needs(), Transport: w.network[cfg.JumpServer.URL], Log: w.logger(), Now: w.BastionClock.Now, Sleep: w.BastionClock.Sleep,
	})
	if err != nil {
		w.T.Fatal(err)
	}
	w.T.Cleanup(client.Close)
	return client
}

func (w *World) newNotifier(cfg config.Config) notify.Notifier {
	w.T.Helper()
	d := cfg.Notification.DingTalk
	robot, err := dingtalk.New(
		dingtalk.Settings{Webhook: d.Webhook, Secret: d.Secret, AtMobiles: d.AtMobiles, AtAll: d.AtAll},
		post.Options{Sleep: (&Clock{}).Sleep, Transport: w.network[w.urls.robot]})
	if err != nil {
		w.T.Fatal(err)
	}
	return robot
}

// cloudTable returns the clouds that a world's configuration may name.
func cloudTable() inventory.CloudTable {
	return append(cloud.TableOf([]cloud.Provider{alibaba.Provider(cloud.RetryPolicy{})}),
		inventory.CloudInfo{Cloud: inventory.Huawei, Spellings: []string{"华为云"}})
}

func scopeRegions(c config.Cloud) []string {
	return cloudTable().Find(c.Cloud).ScopeRegions(c.Regions, c.Kinds)
}

func scopeKinds(c config.Cloud) []string { return cloudTable().Find(c.Cloud).ScopeKinds(c.Kinds) }

func rules(cfg config.Config) plan.Rules {
	known := make(map[string]plan.Account, len(cfg.Clouds))
	for _, c := range cfg.Clouds {
		known[c.Name] = plan.Account{
			Type: c.Type, Zone: c.DomainID, Platforms: plan.Platforms(cfg.PlatformsOf(c)), Enabled: c.Enabled, Regions: scopeRegions(c), Kinds: scopeKinds(c), ExcludeRegions: c.ExcludeRegions, Owner: c.AccountID, // without a cloud: scenarios narrow runs
		}
	}
	at, _ := url.Parse(cfg.JumpServer.URL)
	m := cfg.Sync.Manage
	return plan.Rules{
		Accounts: known, Mapping: cfg.Mapping, Whitelist: cfg.Sync.Whitelist, Protected: cfg.Sync.ProtectedIPs,
		Manage: plan.FieldPolicies{
			Name: plan.FieldPolicy(m.Name), Address: plan.FieldPolicy(m.Address), Zone: plan.FieldPolicy(m.Zone), AdoptedName: plan.FieldPolicy(m.AdoptedName),
			Node: plan.FieldPolicy(m.Node), Platform: plan.FieldPolicy(m.Platform), Port: plan.FieldPolicy(m.Port),
			Labels: plan.FieldPolicy(m.Labels), Accounts: plan.FieldPolicy(m.Accounts),
		},
		ProtectedNames: cfg.Sync.ProtectedNames, OwnHosts: []string{at.Hostname()},
		NoDelete: cfg.Sync.NoDelete, HostNames: cfg.Sync.NameFrom == config.NameFromHostname,
		Mode: plan.Mode(cfg.Sync.Removal.Mode), Grace: cfg.Sync.Removal.Grace, DeleteAdopted: cfg.Sync.Removal.Adopted == config.ModeDelete, Lang: language.Lang(cfg.Language),
	}
}
