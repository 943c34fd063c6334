package session

import (
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/console/link"
	"github.com/jms-sync/jms-sync/core/delivery"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/notify"
	channels "github.com/jms-sync/jms-sync/core/notify/all"
	"github.com/jms-sync/jms-sync/core/notify/post"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
)

// NewClient returns the JumpServer client of a configuration.
func NewClient(cfg config.Config, log *slog.Logger) (*jumpserver.Client, error) {
	return newClient(cfg, needsOf(cfg), log)
}

func newClient(cfg config.Config, needs inventory.Needs, log *slog.Logger) (*jumpserver.Client, error) {
	return jumpserver.New(jumpserver.Options{
		URL: cfg.JumpServer.URL, KeyID: cfg.JumpServer.AccessKeyID, Secret: cfg.JumpServer.AccessKeySecret,
		OrgID: cfg.JumpServer.OrgID, VerifySSL: cfg.JumpServer.VerifySSL, CA: cfg.JumpServer.CA,
		Proxy: cfg.JumpServer.Proxy.Reveal(), OtherProxy: hasOtherProxy(cfg),
		ConnectTimeout: cfg.Timeout.Connect, RequestTimeout: cfg.Timeout.Request,
		BatchSize: cfg.Sync.BatchSize, Log: log, Needs: needs,
	})
}

// needsOf returns what a sync of this configuration reads of JumpServer.
func needsOf(cfg config.Config) inventory.Needs { return planRules(cfg).Needs() }

func planRules(cfg config.Config) plan.Rules {
	known := make(map[string]plan.Account, len(cfg.Clouds))
	for _, c := range cfg.Clouds {
		if _, twice := known[c.Name]; c.Enabled || !twice {
			known[c.Name] = plan.Account{
				Type: c.Type, Zone: c.DomainID, Platforms: plan.Platforms(cfg.PlatformsOf(c)), Enabled: c.Enabled, Cloud: c.Cloud,
				Regions: ScopeRegions(c), ExcludeRegions: c.ExcludeRegions, Kinds: Clouds().Find(c.Cloud).ScopeKinds(c.Kinds), Owner: c.AccountID,
			}
		}
	}
	m := cfg.Sync.Manage
	return plan.Rules{
		Accounts: known, Mapping: cfg.Mapping, Whitelist: cfg.Sync.Whitelist, Protected: cfg.Sync.ProtectedIPs,
		Manage: plan.FieldPolicies{
			Name: plan.FieldPolicy(m.Name), Address: plan.FieldPolicy(m.Address), Zone: plan.FieldPolicy(m.Zone), AdoptedName: plan.FieldPolicy(m.AdoptedName),
			Node: plan.FieldPolicy(m.Node), Platform: plan.FieldPolicy(m.Platform), Port: plan.FieldPolicy(m.Port),
			Labels: plan.FieldPolicy(m.Labels), Accounts: plan.FieldPolicy(m.Accounts),
		},
		ProtectedNames: cfg.Sync.ProtectedNames, OwnHosts: jumpServerHosts(cfg),
		NoDelete: cfg.Sync.NoDelete, HostNames: cfg.Sync.NameFrom == config.NameFromHostname,
		Mode: plan.Mode(cfg.Sync.Removal.Mode), Grace: cfg.Sync.Removal.Grace, DeleteAdopted: cfg.Sync.Removal.Adopted == config.ModeDelete, Lang: language.Lang(cfg.Language),
	}
}

// jumpServerHosts returns the host of JumpServer's URL, by which JumpServer's own asset is recognised.
func jumpServerHosts(cfg config.Config) []string {
	at, err := url.Parse(cfg.JumpServer.URL)
	if err != nil || at.Hostname() == "" {
		return nil // refused by the configuration's check
	}
	return []string{at.Hostname()}
}

func planLimits(cfg config.Config) plan.Limits {
	g := cfg.Sync.Guard
	return plan.Limits{
		Percent: g.Percent, Min: g.Min, Fleet: plan.Share{Percent: g.Fleet.Percent, Min: g.Fleet.Min}, PerRun: g.PerRun,
		Moves:      plan.Share{Percent: g.Moves.Percent, Min: g.Moves.Min},
		AllowEmpty: g.Empty == config.EmptyAllow, Approval: plan.ApprovalPolicy(cfg.Sync.Approval),
	}
}

// assetPagePath is the page of assets in JumpServer's web interface.
const assetPagePath = "/ui/#/console/assets/assets"

// ReportOptions returns how reports and cards of a configuration are worded.
func ReportOptions(cfg config.Config) report.Options {
	o := report.Options{
		Lang: language.Lang(cfg.Language), Location: cfg.Location(), Style: cfg.Notification.DingTalk.Style,
		AssetURL: cfg.JumpServer.URL + assetPagePath, Environment: cfg.Environment.Type,
		AskAll: cfg.Sync.Approval == config.ApprovalAll,
	}
	if !cfg.Console.Enabled {
		return o
	}
	o.ConsoleURL = cfg.Console.URL
	if cfg.Console.Approval.Link {
		o.ApprovalLink = func(hash string) string { return link.New([]byte(cfg.Console.CookieKey.Reveal()), hash, time.Now()) }
	}
	return o
}

// NewChannels returns the channels that a configuration uses.
func NewChannels(cfg config.Config) ([]delivery.Channel, error) {
	var all []delivery.Channel
	for _, c := range enabledChannels(cfg) {
		n, err := channels.New(channelSettings(cfg, c), post.Options{Proxy: cfg.Proxy.Reveal()})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Name, err)
		}
		from, to, _ := config.ParseHours(c.Quiet)
		all = append(all, delivery.Channel{
			Notifier: n, On: delivery.NotifyOn(c.On), Accounts: c.Accounts, Severity: notify.Severity(c.Severity),
			Quiet: delivery.Quiet{From: from, To: to, Location: cfg.Location()}, Lang: language.Lang(c.Language), Style: c.Style,
			Tracks: channels.Tracks(c.Type), WantsData: channels.WantsData(c.Type),
		})
	}
	return all, nil
}

// enabledChannels returns the channels that are used in the environment of the configuration; notification.dingtalk is the
// first of them.
func enabledChannels(cfg config.Config) []config.Channel {
	var all []config.Channel
	d := cfg.Notification.DingTalk
	if d.Enabled {
		c := config.DefaultChannel()
		c.Type, c.Name, c.On = "dingtalk", "dingtalk", cfg.Notification.On
		c.Webhook, c.Secret, c.Mention, c.MentionAll, c.Style = d.Webhook, d.Secret, d.AtMobiles, d.AtAll, d.Style
		all = append(all, c)
	}
	for _, c := range cfg.Notification.Channels {
		if c.Enabled && isUsedIn(c, cfg) {
			all = append(all, c)
		}
	}
	return all
}

// isUsedIn reports whether a channel is for the environment of a configuration.
func isUsedIn(c config.Channel, cfg config.Config) bool {
	return len(c.Environments) == 0 || plan.MatchesAny(c.Environments, cfg.Environment.Type)
}

func channelSettings(cfg config.Config, c config.Channel) channels.Settings {
	return channels.Settings{
		Type: c.Type, Name: c.Name, Webhook: c.Webhook, URL: c.URL, Secret: c.Secret, Token: c.Token, Password: c.Password,
		Username: c.Username, Server: c.Server, TLS: c.TLS, From: c.From, To: c.To, Mention: c.Mention, MentionAll: c.MentionAll,
		Source: cfg.JumpServer.URL,
	}
}
