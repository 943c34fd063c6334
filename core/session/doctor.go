package session

import (
	"cmp"
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	cloudlist "github.com/jms-sync/jms-sync/core/cloud/all"
	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/doctor"
	"github.com/jms-sync/jms-sync/core/httpx"
	"github.com/jms-sync/jms-sync/core/inventory"
	channels "github.com/jms-sync/jms-sync/core/notify/all"
	"github.com/jms-sync/jms-sync/core/notify/post"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/secret"
	"github.com/jms-sync/jms-sync/core/storage"
	stores "github.com/jms-sync/jms-sync/core/storage/all"
)

// Examination is what doctor checks.
type Examination struct {
	Config   config.Config
	Source   string // file or reference of the configuration; "" = what Environ names
	Role     Role
	Environ  []string
	SendTest bool // post one message
	Log      *slog.Logger
}

// DoctorChecks returns the checks of an installation. No call is made before they run.
func DoctorChecks(x Examination) ([]doctor.Check, error) {
	if x.Log == nil {
		x.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	client, err := NewClient(x.Config, x.Log)
	if err != nil {
		return nil, err
	}
	checks := []doctor.Check{doctor.ConfigurationCheck(doctorSource(x)), doctor.JumpServerCheck(client, doctorJumpServer(x.Config))}
	open := cloudAccounts(x.Config, x.Role, cloud.NewRoleCache())
	for _, c := range x.Config.Clouds {
		if !c.Enabled {
			checks = append(checks, doctor.CloudCheck(doctor.Account{Cloud: cmp.Or(c.Cloud, inventory.Cloud(c.Type)), Name: c.Name, Disabled: true}))
			continue
		}
		checks = append(checks, doctor.CloudCheck(doctorAccount(open[0], c)))
		open = open[1:]
	}
	if x.Config.Notification.DingTalk.Enabled || len(x.Config.Notification.Channels) == 0 {
		checks = append(checks, doctor.RobotCheck(doctorRobot(x)))
	}
	for _, c := range x.Config.Notification.Channels {
		checks = append(checks, doctor.ChannelCheck(doctorChannel(x, c)))
	}
	return append(checks, doctor.StateCheck(doctorStore(x))), nil
}

func doctorJumpServer(cfg config.Config) doctor.JumpServerSettings {
	s := doctor.JumpServerSettings{
		URL: cfg.JumpServer.URL, VerifiesTLS: cfg.JumpServer.VerifySSL,
		Proxied: isProxied(cfg.JumpServer.Proxy, cfg.JumpServer.URL), HasOtherProxy: hasOtherProxy(cfg),
		DeletesAssets: cfg.Sync.Removal.Mode == config.ModeDelete && !cfg.Sync.NoDelete, DeletesAdopted: cfg.Sync.Removal.Adopted == config.ModeDelete,
		AccountZones: map[string]string{}, LookupHost: net.DefaultResolver.LookupHost, Now: time.Now,
		Rules: doctor.RuleNeeds{Needs: needsOf(cfg), HasRules: cfg.Mapping != nil},
	}
	now := time.Now()
	for _, c := range cfg.Clouds {
		if !c.Enabled {
			continue
		}
		if c.DomainID != "" {
			s.Accounts, s.AccountZones[c.Name] = append(s.Accounts, c.Name), c.DomainID
		}
		p := cfg.PlatformsOf(c)
		s.Platforms = append(s.Platforms,
			doctor.Platform{System: doctor.Linux, Name: p.Linux, Account: c.Name},
			doctor.Platform{System: doctor.Windows, Name: p.Windows, Account: c.Name},
			doctor.Platform{System: doctor.Other, Name: p.Other, Account: c.Name})
		s.AccountLabels = append(s.AccountLabels, doctorLabels(c, now))
	}
	return s
}

// doctorLabels returns the labels that an account's assets may get. Values that only the cloud knows are left out.
func doctorLabels(c config.Cloud, now time.Time) doctor.AccountLabels {
	m := doctor.AccountLabels{Account: c.Name}
	i := inventory.Instance{Scope: inventory.Scope{Cloud: c.Cloud, Account: c.Name}, Owner: c.AccountID}
	for _, p := range cloudlist.Providers() {
		if p.Cloud == c.Cloud {
			i.ID = p.NonexistentID
		}
	}
	if len(c.Regions) == 0 {
		m.Labels = plan.WrittenLabels(i, now)
	}
	for _, region := range ScopeRegions(c) {
		i.Region = region
		m.Labels = append(m.Labels, plan.WrittenLabels(i, now)...)
	}
	return m
}

// isProxied reports whether requests to target go through the proxy, which then resolves the name.
func isProxied(proxy secret.Value, target string) bool {
	proxyFor, err := httpx.NewProxyFunc(proxy.Reveal())
	address, urlErr := url.Parse(target)
	if err != nil || urlErr != nil {
		return false
	}
	proxyURL, err := proxyFor(&http.Request{URL: address})
	return err == nil && proxyURL != nil
}

// hasOtherProxy reports whether a proxy is configured, but none for JumpServer. Before jumpserver.proxy existed, the
// proxy of clouds and cards served JumpServer too.
func hasOtherProxy(cfg config.Config) bool {
	return !cfg.Proxy.IsEmpty() && cfg.JumpServer.Proxy.IsEmpty()
}

func doctorAccount(a cloud.Account, c config.Cloud) doctor.Account {
	out := doctor.Account{Cloud: a.Cloud, Name: a.Name, ID: a.AccountID, Regions: c.Regions, ExcludeRegions: a.ExcludeRegions, UsesRole: a.AccessKeyID.IsEmpty() && a.Identity == "", CompareClock: compareClock}
	for _, p := range cloudlist.Providers() {
		if p.Cloud == a.Cloud {
			out.Lister, out.Err = p.Open(a)
			out.AbsentID, out.RequiredRights, out.Visibility = p.NonexistentID, p.Permissions, p.Visibility
			out.SkipsMainKind = !inventory.HasKind(a.Regions, a.Kinds, "")
			out.Kinds = doctorKinds(a, c, p)
		}
	}
	return out
}

// doctorKinds returns what doctor checks of the kinds beside the main one.
func doctorKinds(a cloud.Account, c config.Cloud, p cloud.Provider) []doctor.Kind {
	var all []doctor.Kind
	for _, kind := range p.Kinds {
		k := doctor.Kind{
			Name: kind.Name, Title: kind.Title, IsAsked: inventory.HasKind(a.Regions, a.Kinds, kind.Name), Regions: c.Regions, ExcludeRegions: c.ExcludeRegions,
			AbsentID: kind.NonexistentID, RequiredRights: kind.Permissions,
			Setting: kindsSetting(c, p.MainKind, kind.Name),
		}
		lister, err := kind.Open(a)
		k.Lister, k.Err = lister, err
		if counter, counts := lister.(cloud.Counter); counts {
			k.Count = func(ctx context.Context) (region string, n int, err error) {
				region = kind.CountedRegion
				if len(c.Regions) > 0 {
					region = c.Regions[0]
				}
				n, err = counter.Count(ctx, region)
				return region, n, err
			}
		}
		all = append(all, k)
	}
	return all
}

// kindsSetting returns the setting kinds that names one more kind.
func kindsSetting(c config.Cloud, main, more string) string {
	named := slices.Clone(c.Kinds)
	if len(named) == 0 {
		named = []string{main}
	}
	return "[" + strings.Join(append(named, more), ", ") + "]"
}

// compareClock implements doctor.Account.CompareClock.
func compareClock(ctx context.Context) (context.Context, func() (time.Duration, bool)) {
	clock := cloud.NewClock(time.Now)
	return clock.WithClock(ctx), func() (time.Duration, bool) {
		skew := clock.Worst()
		return skew.Ahead, skew.IsTooLarge()
	}
}

func doctorRobot(x Examination) doctor.Robot {
	d := x.Config.Notification.DingTalk
	if !d.Enabled {
		return doctor.Robot{Disabled: true}
	}
	r := doctor.ParseWebhook(d.Webhook.Reveal(), d.Secret.Reveal())
	r.Proxied, r.SendTest, r.Samples = isProxied(x.Config.Proxy, d.Webhook.Reveal()), x.SendTest, report.NewStyleSamples(time.Now(), ReportOptions(x.Config))
	r.LookupHost = net.DefaultResolver.LookupHost
	// A test message mentions nobody.
	r.Sender, r.Err = channels.New(channels.Settings{Type: "dingtalk", Webhook: d.Webhook, Secret: d.Secret}, post.Options{Proxy: x.Config.Proxy.Reveal()})
	return r
}

func doctorStore(x Examination) doctor.Store {
	source := x.Role.CredentialSource(x.Environ)
	text := strings.TrimSpace(source.Env(config.EnvState))
	if text == "" {
		return doctor.Store{}
	}
	s := doctor.Store{ProbeName: strings.ToLower(rand.Text())}
	var ref storage.Ref
	ref, s.Err = storage.ParseRef(text)
	if s.Err != nil {
		return s
	}
	s.Name = ref.String()
	credentials, err := source.CredentialsFor(ref)
	if err != nil {
		s.Err = err
		return s
	}
	s.Bucket, s.Prefix, s.Err = stores.OpenPrefix(ref, credentials, stores.Options{})
	return s
}

// doctorFile returns the file that holds the configuration, if secrets stand in it.
func doctorFile(cfg config.Config, name string) doctor.Source {
	name = strings.TrimPrefix(name, storage.SchemeFile+"://")
	info, err := os.Stat(name)
	if err != nil || runtime.GOOS == "windows" { // whose modes say nothing of other users
		return doctor.Source{}
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return doctor.Source{}
	}
	for _, hidden := range cfg.Secrets() {
		if !hidden.IsEmpty() && strings.Contains(string(text), hidden.Reveal()) {
			return doctor.Source{File: name, Mode: info.Mode()}
		}
	}
	return doctor.Source{}
}

// doctorSource returns the object that holds the configuration; the zero value where it is a file.
func doctorSource(x Examination) doctor.Source {
	source := x.Role.CredentialSource(x.Environ)
	ref, err := storage.ParseRef(cmp.Or(x.Source, source.Env(config.EnvConfig)))
	if err != nil || ref.Scheme == storage.SchemeFile {
		return doctorFile(x.Config, cmp.Or(x.Source, source.Env(config.EnvConfig), config.DefaultFile))
	}
	s := doctor.Source{Name: ref.String()}
	credentials, err := source.CredentialsFor(ref)
	if err != nil {
		s.Err = err
		return s
	}
	s.Bucket, s.Key, s.Err = stores.Open(ref, credentials, stores.Options{})
	return s
}
