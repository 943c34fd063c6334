// Package enginetest is the worlds of tests of engine, reconcile and delivery: real clients of clouds, JumpServer and DingTalk, and
// their emulators, in memory.
package enginetest

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/httpx/httpxtest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/notify/dingtalk/dingtalktest"
)

// What must never be seen in a log, a report or a card.
const (
	CloudSecret = "cloud-secret-never-shown"
	robotToken  = "robot-token-never-shown"
	robotSecret = "SEC-robot-never-shown"
)

// Setup is what a world begins with.
type Setup struct {
	JumpServer struct {
		Database  jumpservertest.Database `json:"-"` // one of Databases
		Deadlocks int                     `json:"deadlocks"`
		RootNode  string                  `json:"root_node"`
		Limit     int                     `json:"limit"`
		PageCap   int                     `json:"page_cap"`
		Throttle  int                     `json:"throttle"`
		LatencyMS int                     `json:"latency_ms"`
		Platforms map[string]int          `json:"platforms"`
		NoZones   []string                `json:"no_zones"`
		Zones     []string                `json:"zones"`         // names
		Templates []AccountTemplate       `json:"templates"`     // of accounts
		Own       map[string]string       `json:"own_platforms"` // name → type
	} `json:"jumpserver"`
	Accounts []AccountSpec  `json:"accounts"` // none = aliyun-prod with cn-beijing and cn-shanghai
	Settings map[string]any `json:"settings"` // of the configuration
}

// World is the three emulators, in memory, and what a scenario made of them.
type World struct {
	T          *testing.T
	JumpServer *jumpservertest.Server
	Cloud      *alibabatest.Server
	Robot      *dingtalktest.Robot
	urls       struct{ jumpserver, cloud, robot string }

	network map[string]http.RoundTripper // by URL

	Accounts               []Account
	settings               map[string]any // of the configuration, as a user would write them
	Client                 *jumpserver.Client
	RequestTimeout         time.Duration
	CloudRetries           *cloud.RetryPolicy // of the cloud's client; nil = waits that take no time
	LogText                *logBuffer
	RunClock, BastionClock *Clock           // of the engine; of JumpServer and its client, which sleeps in it
	SkewClock              func() time.Time // see engine.Engine.SkewClock
	RobotClock             *Clock           // of DingTalk, which takes 20 messages a minute
	HostsBefore            []jumpservertest.Host
	SeenMessages           int                                 // that were looked at
	zones                  map[string]string                   // ids by name
	OnCloud                atomic.Pointer[func(*http.Request)] // called before each request is answered, one after another
	hooking                sync.Mutex
	editing                sync.Mutex // of edits in the middle of a run
}

// Account is one cloud account with a copy of its instances, so that they can be edited.
type Account struct {
	AccountSpec
	Cloud     *alibabatest.Account
	instances map[string]alibabatest.Instance // by region and id
}

// AccountSpec is an account as a scenario names it.
type AccountSpec struct {
	Name    string   `json:"name"`
	Type    string   `json:"type"`
	Owner   string   `json:"owner"`
	Regions []string `json:"regions"`
	Kinds   []string `json:"kinds"`
	Zone    string   `json:"zone"`       // name of a zone that the world made
	Account string   `json:"account_id"` // as configured

	Platforms    map[string]any `json:"platforms"`
	Unconfigured bool           `json:"off"` // taken out of the configuration
}

// Clock runs with the real one, and can be put ahead.
type Clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

// Now returns the clock's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

// Advance puts the clock ahead.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// Sleep lets the time pass in an instant: several who sleep at once wake at their own times.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	until := c.Now().Add(d)
	c.mu.Lock()
	c.ahead = max(c.ahead, time.Until(until))
	c.mu.Unlock()
	select {
	case <-time.After(time.Millisecond): // lets others go on
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// SleepSeconds sleeps whole seconds, so that no jitter decides who comes first.
func SleepSeconds(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d.Truncate(time.Second) + time.Second):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// logBuffer keeps the log of a world.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (j *logBuffer) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *logBuffer) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// NewWorld starts the emulators and closes them with the test.
func NewWorld(t *testing.T, s Setup, version jumpservertest.Version) *World {
	t.Helper()
	w := &World{
		T: t, settings: s.Settings, LogText: &logBuffer{}, RunClock: &Clock{}, BastionClock: &Clock{}, RobotClock: &Clock{}, zones: map[string]string{},
	}
	o := s.JumpServer
	w.JumpServer = jumpservertest.New(jumpservertest.Options{
		Version: version, Database: o.Database, Deadlocks: o.Deadlocks, RootNode: o.RootNode, Limit: o.Limit, PageCap: o.PageCap, MaxRequests: o.Throttle,
		Latency: time.Duration(o.LatencyMS) * time.Millisecond, Platforms: o.Platforms, NoZones: o.NoZones,
		Now: w.BastionClock.Now, TB: t,
	})
	w.Cloud = alibabatest.New(alibabatest.Options{Reporter: t})
	w.Robot = dingtalktest.New(dingtalktest.Options{Token: robotToken, Secret: robotSecret, Now: w.RobotClock.Now, ReportUnexpected: t.Errorf})
	listens := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if hook := w.OnCloud.Load(); hook != nil {
			w.hooking.Lock() // regions are asked at the same time
			(*hook)(r)
			w.hooking.Unlock()
		}
		w.Cloud.ServeHTTP(rw, r)
	})
	w.urls.jumpserver, w.urls.cloud, w.urls.robot = "http://127.0.0.1:1", "http://127.0.0.1:2", "http://127.0.0.1:3"
	w.network = map[string]http.RoundTripper{
		w.urls.jumpserver: httpxtest.Transport{Handler: w.JumpServer}, w.urls.cloud: httpxtest.Transport{Handler: listens},
		w.urls.robot: httpxtest.Transport{Handler: w.Robot},
	}
	t.Cleanup(w.Cloud.Close) // runs first: lets hanging requests go
	specs := s.Accounts
	if specs == nil {
		specs = []AccountSpec{{Name: "aliyun-prod"}}
	}
	for _, spec := range specs {
		w.AddAccount(spec)
	}
	w.seedRuleNames(s)
	return w
}

// AddAccount adds a cloud account; what its spec leaves out is that of the first one.
func (w *World) AddAccount(spec AccountSpec) {
	if spec.Type == "" {
		spec.Type = "阿里云"
	}
	if spec.Owner == "" {
		spec.Owner = "1690700000000030"
	}
	if spec.Regions == nil {
		spec.Regions = []string{"cn-beijing", "cn-shanghai"}
	}
	a := Account{AccountSpec: spec, instances: map[string]alibabatest.Instance{}}
	a.Cloud = w.Cloud.AddAccount(alibabatest.Key{AccountID: spec.Owner, AccessKeyID: AccessKeyOf(spec.Name), AccessKeySecret: CloudSecret})
	w.Accounts = append(w.Accounts, a)
}

// AccessKeyOf is the access key id of an account. It must not be seen anywhere, either.
func AccessKeyOf(name string) string { return "LTAI-never-shown-" + name }

// Account finds an account by name; "" is the first one.
func (w *World) Account(name string) *Account {
	for n := range w.Accounts {
		if name == "" || w.Accounts[n].Name == name {
			return &w.Accounts[n]
		}
	}
	w.T.Fatalf("the scenario has no account %q", name)
	return nil
}

// LoadConfig writes the configuration as a user would, and reads it back by the real loader.
func (w *World) LoadConfig() config.Config {
	w.T.Helper()
	var clouds []any
	for _, a := range w.Accounts {
		entry := map[string]any{
			"type": a.Type, "name": a.Name, "access_key_id": AccessKeyOf(a.Name), "access_key_secret": CloudSecret,
			"regions": a.Regions, "kinds": a.Kinds, "endpoint": w.urls.cloud, "account_id": a.Account,
		}
		if a.Platforms != nil {
			entry["platforms"] = a.Platforms
		}
		if a.Zone != "" {
			entry["domain_id"] = w.zoneID(a.Zone)
		}
		if !a.Unconfigured {
			clouds = append(clouds, entry)
		}
	}
	document := map[string]any{
		"jumpserver": map[string]any{
			"url": w.urls.jumpserver, "access_key_id": jumpservertest.KeyID, "access_key_secret": jumpservertest.KeySecret,
		},
		"clouds": clouds,
		"notification": map[string]any{"on": "always", "dingtalk": map[string]any{
			"enabled": true, "secret": robotSecret, "webhook": w.urls.robot + dingtalktest.WebhookPath + "?access_token=" + robotToken,
		}},
	}
	MergeSettings(document, w.settings)
	text, err := json.Marshal(document) // JSON is YAML
	if err != nil {
		w.T.Fatal(err)
	}
	cfg, err := config.Load(w.T.Context(), config.Source{
		File: "config.yaml", ReadFile: func(string) ([]byte, error) { return text, nil },
		Clouds: cloudTable(),
	})
	if err != nil {
		w.T.Fatalf("the scenario's configuration: %v", err)
	}
	return cfg
}

// MergeSettings puts more into a document, group by group. It keeps no group of more itself, because
// scenarios are shared between tests.
func MergeSettings(into, more map[string]any) {
	for key, value := range more {
		group, isGroup := value.(map[string]any)
		if !isGroup {
			into[key] = value
			continue
		}
		if _, wasGroup := into[key].(map[string]any); !wasGroup {
			into[key] = map[string]any{}
		}
		MergeSettings(into[key].(map[string]any), group)
	}
}

// ChangeSettings changes settings for the runs that follow.
func (w *World) ChangeSettings(more map[string]any) {
	settings := map[string]any{}
	MergeSettings(settings, w.settings)
	MergeSettings(settings, more)
	w.settings = settings
	w.Client = nil // as a new process would
}

func (w *World) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(w.LogText, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// AssetOf returns the asset id of "i-…" (looked for in all regions that ever had it), or of the
// host of this name.
func (w *World) AssetOf(what string) string {
	for _, a := range w.Accounts {
		for key, i := range a.instances {
			if region, _, _ := strings.Cut(key, " "); i.ID == what {
				return inventory.AssetID(inventory.Alibaba, region, what)
			}
		}
	}
	for _, h := range w.JumpServer.Hosts(jumpservertest.DefaultOrg) {
		if h.Name == what {
			return h.ID
		}
	}
	return ""
}

// FindHost returns the host with an id.
func (w *World) FindHost(id string) (jumpservertest.Host, bool) {
	for _, h := range w.JumpServer.Hosts(jumpservertest.DefaultOrg) {
		if h.ID == id {
			return h, true
		}
	}
	return jumpservertest.Host{}, false
}

// zoneID returns the id of a gateway zone, and makes it when it is first named; "" is none.
func (w *World) zoneID(name string) string {
	if name == "" {
		return ""
	}
	if w.zones[name] == "" {
		w.zones[name] = w.JumpServer.SeedZone(jumpservertest.DefaultOrg, name)
	}
	return w.zones[name]
}

// Close checks what holds at the end of every scenario.
func (w *World) Close() {
	w.T.Helper()
	for _, odd := range [][]string{w.JumpServer.Unexpected(), w.Cloud.Unexpected(), w.Robot.Unexpected()} {
		if len(odd) > 0 {
			w.T.Errorf("unexpected requests: %s", strings.Join(odd, "; "))
		}
	}
	w.expectNoSecret("the log", w.LogText.String())
	if w.Client != nil {
		w.Client.Close()
	}
}

func (w *World) expectNoSecret(where, text string) {
	w.T.Helper()
	for _, private := range []string{CloudSecret, robotToken, robotSecret, "never-shown", jumpservertest.KeySecret, jumpservertest.KeyID} {
		if at := strings.Index(text, private); at >= 0 {
			w.T.Errorf("%s shows a secret: …%s…", where, text[max(0, at-80):min(len(text), at+40)])
		}
	}
}

// LastLines returns the end of a log.
func LastLines(text string, lines int) string {
	all := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
