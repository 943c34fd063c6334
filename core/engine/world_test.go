package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/notify/dingtalk/dingtalktest"
)

// What must never be seen in a log, a report or a card.
const (
	cloudSecret = "cloud-secret-never-shown"
	robotToken  = "robot-token-never-shown"
	robotSecret = "SEC-robot-never-shown"
)

// world is the three emulators on loopback, and what a scenario made of them.
type world struct {
	t          *testing.T
	jumpserver *jumpservertest.Server
	cloud      *alibabatest.Server
	robot      *dingtalktest.Robot
	urls       struct{ jumpserver, cloud, robot string }

	accounts               []account
	settings               map[string]any // of the configuration, as a user would write them
	client                 *jumpserver.Client
	requestTimeout         time.Duration
	logText                *logBuffer
	runClock, bastionClock *clock           // of the engine; of JumpServer and its client, which sleeps in it
	skewClock              func() time.Time // see engine.Engine.SkewClock
	robotClock             *clock           // of DingTalk, which takes 20 messages a minute
	hostsBefore            []jumpservertest.Host
	seenMessages           int                                 // that were looked at
	zones                  map[string]string                   // ids by name
	onCloud                atomic.Pointer[func(*http.Request)] // called before each request is answered, one after another
	hooking                sync.Mutex
	editing                sync.Mutex // of edits in the middle of a run
}

// account is one cloud account with a copy of its instances, so that they can be edited.
type account struct {
	accountSpec
	cloud     *alibabatest.Account
	instances map[string]alibabatest.Instance // by region and id
}

// accountSpec is an account as a scenario names it.
type accountSpec struct {
	Name    string   `json:"name"`
	Type    string   `json:"type"`
	Owner   string   `json:"owner"`
	Regions []string `json:"regions"`
	Zone    string   `json:"zone"`       // name of a zone that the world made
	Account string   `json:"account_id"` // as configured

	Platforms    map[string]any `json:"platforms"`
	Unconfigured bool           `json:"off"` // taken out of the configuration
}

// clock runs with the real one, and can be put ahead.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// sleep lets the time pass in an instant: several who sleep at once wake at their own times.
func (c *clock) sleep(ctx context.Context, d time.Duration) error {
	until := c.now().Add(d)
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

// newWorld starts the emulators and closes them with the test.
func newWorld(t *testing.T, s scenario, version jumpservertest.Version) *world {
	t.Helper()
	w := &world{
		t: t, settings: s.Settings, logText: &logBuffer{}, runClock: &clock{}, bastionClock: &clock{}, robotClock: &clock{}, zones: map[string]string{},
	}
	o := s.JumpServer
	w.jumpserver = jumpservertest.New(jumpservertest.Options{
		Version: version, Database: o.Database, Deadlocks: o.Deadlocks, RootNode: o.RootNode, Limit: o.Limit, PageCap: o.PageCap, MaxRequests: o.Throttle,
		Latency: time.Duration(o.LatencyMS) * time.Millisecond, Platforms: o.Platforms, NoZones: o.NoZones,
		Now: w.bastionClock.now, TB: t,
	})
	w.cloud = alibabatest.New(alibabatest.Options{Reporter: t})
	w.robot = dingtalktest.New(dingtalktest.Options{Token: robotToken, Secret: robotSecret, Now: w.robotClock.now, ReportUnexpected: t.Errorf})
	listens := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if hook := w.onCloud.Load(); hook != nil {
			w.hooking.Lock() // regions are asked at the same time
			(*hook)(r)
			w.hooking.Unlock()
		}
		w.cloud.ServeHTTP(rw, r)
	})
	for _, side := range []struct {
		handler http.Handler
		url     *string
	}{{w.jumpserver, &w.urls.jumpserver}, {listens, &w.urls.cloud}, {w.robot, &w.urls.robot}} {
		server := httptest.NewServer(side.handler)
		*side.url = server.URL
		t.Cleanup(server.Close)
	}
	t.Cleanup(w.cloud.Close) // runs first: lets hanging requests go
	specs := s.Accounts
	if specs == nil {
		specs = []accountSpec{{Name: "aliyun-prod"}}
	}
	for _, spec := range specs {
		w.addAccount(spec)
	}
	return w
}

func (w *world) addAccount(spec accountSpec) {
	if spec.Type == "" {
		spec.Type = "阿里云"
	}
	if spec.Owner == "" {
		spec.Owner = "1690700000000030"
	}
	if spec.Regions == nil {
		spec.Regions = []string{"cn-beijing", "cn-shanghai"}
	}
	a := account{accountSpec: spec, instances: map[string]alibabatest.Instance{}}
	a.cloud = w.cloud.AddAccount(alibabatest.Key{AccountID: spec.Owner, AccessKeyID: accessKeyOf(spec.Name), AccessKeySecret: cloudSecret})
	w.accounts = append(w.accounts, a)
}

// accessKeyOf is the access key id of an account. It must not be seen anywhere, either.
func accessKeyOf(name string) string { return "LTAI-never-shown-" + name }

// account finds an account by name; "" is the first one.
func (w *world) account(name string) *account {
	for n := range w.accounts {
		if name == "" || w.accounts[n].Name == name {
			return &w.accounts[n]
		}
	}
	w.t.Fatalf("the scenario has no account %q", name)
	return nil
}

// loadConfig writes the configuration as a user would, and reads it back by the real loader.
func (w *world) loadConfig() config.Config {
	w.t.Helper()
	var clouds []any
	for _, a := range w.accounts {
		entry := map[string]any{
			"type": a.Type, "name": a.Name, "access_key_id": accessKeyOf(a.Name), "access_key_secret": cloudSecret,
			"regions": a.Regions, "endpoint": w.urls.cloud, "account_id": a.Account,
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
		"notification": map[string]any{"dingtalk": map[string]any{
			"enabled": true, "secret": robotSecret, "webhook": w.urls.robot + dingtalktest.WebhookPath + "?access_token=" + robotToken,
		}},
	}
	mergeSettings(document, w.settings)
	text, err := json.Marshal(document) // JSON is YAML
	if err != nil {
		w.t.Fatal(err)
	}
	cfg, err := config.Load(w.t.Context(), config.Source{
		File: "config.yaml", ReadFile: func(string) ([]byte, error) { return text, nil },
		Clouds: inventory.CloudTable{{Cloud: inventory.Alibaba, Spellings: []string{"阿里云", "aliyun"}}, {Cloud: inventory.Huawei, Spellings: []string{"华为云"}}},
	})
	if err != nil {
		w.t.Fatalf("the scenario's configuration: %v", err)
	}
	return cfg
}

// mergeSettings puts more into a document, group by group. It keeps no group of more itself, because
// scenarios are shared between tests.
func mergeSettings(into, more map[string]any) {
	for key, value := range more {
		group, isGroup := value.(map[string]any)
		if !isGroup {
			into[key] = value
			continue
		}
		if _, wasGroup := into[key].(map[string]any); !wasGroup {
			into[key] = map[string]any{}
		}
		mergeSettings(into[key].(map[string]any), group)
	}
}

// changeSettings changes settings for the runs that follow.
func (w *world) changeSettings(more map[string]any) {
	settings := map[string]any{}
	mergeSettings(settings, w.settings)
	mergeSettings(settings, more)
	w.settings = settings
	w.client = nil // as a new process would
}

func (w *world) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(w.logText, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// assetOf gives the asset id of "i-…" (looked for in all regions that ever had it), or of the
// host of this name.
func (w *world) assetOf(what string) string {
	for _, a := range w.accounts {
		for key, i := range a.instances {
			if region, _, _ := strings.Cut(key, " "); i.ID == what {
				return inventory.AssetID(inventory.Alibaba, region, what)
			}
		}
	}
	for _, h := range w.jumpserver.Hosts(jumpservertest.DefaultOrg) {
		if h.Name == what {
			return h.ID
		}
	}
	return ""
}

func (w *world) findHost(id string) (jumpservertest.Host, bool) {
	for _, h := range w.jumpserver.Hosts(jumpservertest.DefaultOrg) {
		if h.ID == id {
			return h, true
		}
	}
	return jumpservertest.Host{}, false
}

// zoneID gives the id of a gateway zone, and makes it when it is first named; "" is none.
func (w *world) zoneID(name string) string {
	if name == "" {
		return ""
	}
	if w.zones[name] == "" {
		w.zones[name] = w.jumpserver.SeedZone(jumpservertest.DefaultOrg, name)
	}
	return w.zones[name]
}

// close checks what holds at the end of every scenario.
func (w *world) close() {
	w.t.Helper()
	for _, odd := range [][]string{w.jumpserver.Unexpected(), w.cloud.Unexpected(), w.robot.Unexpected()} {
		if len(odd) > 0 {
			w.t.Errorf("unexpected requests: %s", strings.Join(odd, "; "))
		}
	}
	w.expectNoSecret("the log", w.logText.String())
	if w.client != nil {
		w.client.Close()
	}
}

func (w *world) expectNoSecret(where, text string) {
	w.t.Helper()
	for _, private := range []string{cloudSecret, robotToken, robotSecret, "never-shown", jumpservertest.KeySecret, jumpservertest.KeyID} {
		if at := strings.Index(text, private); at >= 0 {
			w.t.Errorf("%s shows a secret: …%s…", where, text[max(0, at-80):min(len(text), at+40)])
		}
	}
}
