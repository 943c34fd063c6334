package wire

import (
	"cmp"
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	cloudlist "github.com/jms-sync/jms-sync/core/cloud/all"
	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/doctor"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/notify/dingtalk"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/proxy"
	"github.com/jms-sync/jms-sync/core/secret"
	"github.com/jms-sync/jms-sync/core/storage"
	stores "github.com/jms-sync/jms-sync/core/storage/all"
)

// Examination says what doctor examines.
type Examination struct {
	Config   config.Config
	Source   string // what the configuration was read from, as Load takes it
	Role     Role
	Environ  []string
	SendTest bool // post one message
	Log      *slog.Logger
}

// Doctor gives the checks of an installation. Nothing is asked before they run.
func Doctor(x Examination) ([]doctor.Check, error) {
	if x.Log == nil {
		x.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	client, err := Client(x.Config, x.Log)
	if err != nil {
		return nil, err
	}
	checks := []doctor.Check{doctor.Configuration(source(x)), doctor.JumpServer(client, server(x.Config))}
	open := accounts(x.Config, x.Role, cloud.NewAssumed())
	for _, c := range x.Config.Clouds {
		if !c.Enabled {
			checks = append(checks, doctor.Cloud(doctor.Account{Cloud: cmp.Or(c.Cloud, inventory.Cloud(c.Type)), Name: c.Name, Disabled: true}))
			continue
		}
		checks = append(checks, doctor.Cloud(examined(open[0])))
		open = open[1:]
	}
	return append(checks, doctor.Channel(robot(x)), doctor.State(stateStore(x))), nil
}

func server(cfg config.Config) doctor.Server {
	s := doctor.Server{
		URL: cfg.JumpServer.URL, Verify: cfg.JumpServer.VerifySSL,
		Proxied: proxied(cfg.JumpServer.Proxy, cfg.JumpServer.URL), OtherProxy: otherProxy(cfg),
		Deletes: cfg.Sync.Removal.Mode == config.ModeDelete && !cfg.Sync.NoDelete, DeletesAdopted: cfg.Sync.Removal.Adopted == config.ModeDelete,
		ZoneOf: map[string]string{}, Lookup: net.DefaultResolver.LookupHost, Now: time.Now,
	}
	now := time.Now()
	for _, c := range cfg.Clouds {
		if !c.Enabled {
			continue
		}
		if c.DomainID != "" {
			s.Accounts, s.ZoneOf[c.Name] = append(s.Accounts, c.Name), c.DomainID
		}
		p := cfg.PlatformsOf(c)
		s.Platforms = append(s.Platforms,
			doctor.Platform{System: doctor.Linux, Name: p.Linux, Account: c.Name},
			doctor.Platform{System: doctor.Windows, Name: p.Windows, Account: c.Name},
			doctor.Platform{System: doctor.Other, Name: p.Other, Account: c.Name})
		s.Marks = append(s.Marks, marks(c, now))
	}
	return s
}

// marks are the labels that an account's assets may get. What the cloud tells, and the configuration does not, is left out.
func marks(c config.Cloud, now time.Time) doctor.Marks {
	m := doctor.Marks{Account: c.Name}
	i := inventory.Instance{Scope: inventory.Scope{Cloud: c.Cloud, Account: c.Name}, Owner: c.AccountID}
	for _, p := range cloudlist.Providers() {
		if p.Cloud == c.Cloud {
			i.ID = p.Absent
		}
	}
	if len(c.Regions) == 0 {
		m.Labels = plan.WrittenLabels(i, now)
	}
	for _, region := range c.Regions {
		i.Region = region
		m.Labels = append(m.Labels, plan.WrittenLabels(i, now)...)
	}
	return m
}

// proxied reports whether requests to an address go by a proxy, which then looks its name up.
func proxied(by secret.Value, target string) bool {
	choice, err := proxy.By(by.Reveal())
	at, bad := url.Parse(target)
	if err != nil || bad != nil {
		return false
	}
	to, err := choice(&http.Request{URL: at})
	return err == nil && to != nil
}

// otherProxy reports whether a proxy is configured, but none for JumpServer: before it had a setting of its
// own, that of clouds and cards was used.
func otherProxy(cfg config.Config) bool { return !cfg.Proxy.Empty() && cfg.JumpServer.Proxy.Empty() }

func examined(a cloud.Account) doctor.Account {
	out := doctor.Account{Cloud: a.Cloud, Name: a.Name, ID: a.AccountID, Regions: a.Regions, Keyless: a.AccessKeyID.Empty(), Clock: compared}
	for _, p := range cloudlist.Providers() {
		if p.Cloud == a.Cloud {
			out.Lister, out.Err = p.Open(a)
			out.Absent, out.Rights = p.Absent, p.Permissions()
		}
	}
	return out
}

// compared is doctor.Account.Clock.
func compared(ctx context.Context) (context.Context, func() (time.Duration, bool)) {
	clock := cloud.NewClock(time.Now)
	return clock.In(ctx), func() (time.Duration, bool) { skew := clock.Worst(); return skew.By, skew.Off() }
}

func robot(x Examination) doctor.Robot {
	d := x.Config.Notification.DingTalk
	if !d.Enabled {
		return doctor.Robot{Off: true}
	}
	r := doctor.RobotAt(d.Webhook.Reveal(), d.Secret.Reveal())
	r.Proxied, r.Test, r.Link = proxied(x.Config.Proxy, d.Webhook.Reveal()), x.SendTest, x.Config.JumpServer.URL+assetPage
	r.Lookup = net.DefaultResolver.LookupHost
	// Nobody is mentioned by a test.
	r.Sender, r.Err = dingtalk.New(dingtalk.Settings{Webhook: d.Webhook, Secret: d.Secret}, dingtalk.Options{Proxy: x.Config.Proxy.Reveal()})
	return r
}

func stateStore(x Examination) doctor.Store {
	who := identity(x.Role, x.Environ)
	text := strings.TrimSpace(who.Env(config.VarState))
	if text == "" {
		return doctor.Store{}
	}
	s := doctor.Store{Probe: strings.ToLower(rand.Text())}
	var ref storage.Ref
	if ref, s.Err = storage.Parse(text); s.Err != nil {
		return s
	}
	s.Name = ref.String()
	credentials, err := who.For(ref)
	if err != nil {
		s.Err = err
		return s
	}
	s.Bucket, s.Prefix, s.Err = stores.OpenPrefix(ref, credentials, stores.Options{})
	return s
}

// source is what is examined of an object that holds the configuration; of a file, nothing.
func source(x Examination) doctor.Source {
	who := identity(x.Role, x.Environ)
	ref, err := storage.Parse(cmp.Or(x.Source, who.Env(config.VarConfig)))
	if err != nil || ref.Scheme == storage.File {
		return doctor.Source{} // it was read
	}
	s := doctor.Source{Name: ref.String()}
	credentials, err := who.For(ref)
	if err != nil {
		s.Err = err
		return s
	}
	s.Bucket, s.Key, s.Err = stores.Open(ref, credentials, stores.Options{})
	return s
}

// Lister opens one account of a configuration, as a run would.
func Lister(cfg config.Config, account config.Cloud) (cloud.Lister, error) {
	account.Enabled = true
	cfg.Clouds = []config.Cloud{account}
	for _, p := range cloudlist.Providers() {
		if p.Cloud == account.Cloud {
			return p.Open(accounts(cfg, Role{}, cloud.NewAssumed())[0])
		}
	}
	return nil, &inventory.Error{Kind: inventory.Unsupported, Message: "cloud " + account.Type + " is not supported"}
}
