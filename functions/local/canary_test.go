package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/notify/dingtalk/dingtalktest"
	"github.com/jms-sync/jms-sync/core/notify/email/emailtest"
	"github.com/jms-sync/jms-sync/core/notify/feishu/feishutest"
	"github.com/jms-sync/jms-sync/core/notify/slack/slacktest"
	"github.com/jms-sync/jms-sync/core/notify/teams/teamstest"
	"github.com/jms-sync/jms-sync/core/notify/webhook/webhooktest"
	"github.com/jms-sync/jms-sync/core/notify/wecom/wecomtest"
	"github.com/jms-sync/jms-sync/core/secret"
	"github.com/jms-sync/jms-sync/core/storage/storagetest"
)

// secretCanaries returns a value for every secret setting, by its path. TestEverySecretHasACanary fails for a new
// setting without one.
func secretCanaries() map[string]string {
	return map[string]string{
		"proxy":                            "CANARY-of-the-proxy",
		"jumpserver.proxy":                 "CANARY-of-jumpservers-proxy",
		"jumpserver.access_key_id":         "cacacaca-0001-4222-8333-444455556666",
		"jumpserver.access_key_secret":     "CANARY-of-jumpserver",
		"clouds[].access_key_id":           "LTAI5tCANARYkey000001",
		"clouds[].access_key_secret":       "CANARY-of-the-cloud",
		"notification.dingtalk.webhook":    "CANARY-of-the-webhook",
		"notification.dingtalk.secret":     "SECCANARYofTheRobot",
		"notification.channels[].webhook":  "CANARY-of-the-second-webhook",
		"notification.channels[].url":      "CANARY-of-the-hooks-url",
		"notification.channels[].secret":   "CANARY-of-the-hmac",
		"notification.channels[].token":    "CANARY-of-the-bearer",
		"notification.channels[].password": "CANARY-of-the-mail",
		"console.cookie_key":               "CANARY-of-the-cookies-0123456789abcdef",
		"console.login.client_secret":      "CANARY-of-the-application",
		"metrics.pushgateway":              "CANARY-of-the-pushgateway",
		"metrics.remote_write":             "CANARY-of-the-remote-write",
		"metrics.remote_write_token":       "CANARY-of-the-remote-token",
		"$ALIBABA_CLOUD_ACCESS_KEY_ID":     storagetest.GoodID,
		"$ALIBABA_CLOUD_ACCESS_KEY_SECRET": storagetest.GoodSecret,
	}
}

func TestEverySecretHasACanary(t *testing.T) {
	t.Parallel()
	have := secretCanaries()
	for _, path := range secretPaths(reflect.TypeFor[config.Config](), "") {
		if have[path] == "" {
			t.Errorf("the secret setting %s has no canary", path)
		}
	}
}

// secretPaths returns the paths of the settings that hold secrets.
func secretPaths(of reflect.Type, path string) (found []string) {
	for i := range of.NumField() {
		field := of.Field(i)
		name := strings.TrimPrefix(path+"."+field.Tag.Get("yaml"), ".")
		kind := field.Type
		switch {
		case kind == reflect.TypeFor[secret.Value]():
			found = append(found, name)
		case kind.Kind() == reflect.Struct:
			found = append(found, secretPaths(kind, name)...)
		case kind.Kind() == reflect.Slice && kind.Elem().Kind() == reflect.Struct && kind.Elem().PkgPath() == of.PkgPath():
			found = append(found, secretPaths(kind.Elem(), name+"[]")...)
		}
	}
	return found
}

// canaryDesk is a desk with a canary in every secret. All of its traffic goes through one proxy, which can turn hostile.
type canaryDesk struct {
	*desk
	mood    atomic.Value // of the proxy: what it does to each request; "" = forwards it
	state   string
	lock    sync.Mutex
	derived map[string]bool // of secrets, in requests that were seen
}

// echoRequest returns all that a hostile or careless server could repeat.
func echoRequest(r *http.Request) string {
	body, _ := io.ReadAll(r.Body)
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s", r.Method, r.URL, body)
	for name, values := range r.Header {
		fmt.Fprintf(&b, " %s: %s", name, strings.Join(values, ","))
	}
	return b.String()
}

func (m *canaryDesk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	mood, _ := m.mood.Load().(string)
	if mood == "" {
		m.forward(w, r)
		return
	}
	said := echoRequest(r)
	m.noteDerived(said)
	switch mood {
	case "400", "401", "403", "500":
		var status int
		_, _ = fmt.Sscan(mood, &status)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"detail":%[1]q,"Message":%[1]q,"Code":"Odd","errmsg":%[1]q,"errcode":7,"RequestId":%[1]q}`, said)
	case "page":
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<html>"+said)
	case "half":
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"results":[{"name":%q`, said)
	case "redirect":
		http.Redirect(w, r, "http://elsewhere.example/?"+url.QueryEscape(said), http.StatusTemporaryRedirect)
	case "reset":
		panic(http.ErrAbortHandler)
	}
}

// noteDerived records what was derived from secrets in one request: signatures, and the proxy's password in its HTTP
// form.
func (m *canaryDesk) noteDerived(said string) {
	made := regexp.MustCompile(`signature="([^"]+)"|X-Jms-Sync-Signature: (sha256=[0-9a-f]+)|\b[Ss]ign(?:ature)?=([^&\s]+)|"sign":"([^"]+)"|(?:Proxy-)?Authorization: Basic (\S+)`)
	m.lock.Lock()
	defer m.lock.Unlock()
	for _, found := range made.FindAllStringSubmatch(said, -1) {
		text := strings.Join(found[1:], "")
		if strings.Contains(text, "*") { // a card that speaks of a request: no signature holds an asterisk
			continue
		}
		m.derived[text] = true
		if plain, err := url.QueryUnescape(text); err == nil {
			m.derived[plain] = true
		}
	}
}

func (m *canaryDesk) forward(w http.ResponseWriter, r *http.Request) {
	r.RequestURI = ""
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer resp.Body.Close()
	for name, values := range resp.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(resp.StatusCode)
	_, _ = io.Copy(w, resp.Body)
}

func newCanaryDesk(t *testing.T) *canaryDesk {
	c := secretCanaries()
	m := &canaryDesk{desk: newDesk(t), derived: map[string]bool{}}
	m.JMS.AddKey(jumpservertest.Key{ID: c["jumpserver.access_key_id"], Secret: c["jumpserver.access_key_secret"]})
	m.Account = m.ECS.AddAccount(alibabatest.Key{
		AccountID: "1234567890123456", AccessKeyID: c["clouds[].access_key_id"], AccessKeySecret: c["clouds[].access_key_secret"],
	})
	m.Robot = dingtalktest.New(dingtalktest.Options{
		Token: c["notification.dingtalk.webhook"], Secret: c["notification.dingtalk.secret"], ReportUnexpected: t.Errorf,
	})
	m.Webhook = m.Serve(m.Robot) + dingtalktest.WebhookPath + "?access_token=" + c["notification.dingtalk.webhook"]
	m.state = filepath.Join(m.dir, "state")
	t.Setenv("JMS_SYNC_STATE", m.state)
	t.Setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", c["$ALIBABA_CLOUD_ACCESS_KEY_ID"])
	t.Setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", c["$ALIBABA_CLOUD_ACCESS_KEY_SECRET"])
	m.fillInstances(6, "cn-beijing")
	return m
}

func (m *canaryDesk) settings() string {
	c := secretCanaries()
	door := m.Serve(m)
	proxy := strings.Replace(door, "://", "://user:"+c["proxy"]+"@", 1)
	inner := strings.Replace(door, "://", "://user:"+c["jumpserver.proxy"]+"@", 1)
	return m.saveFile("config.yaml", fmt.Sprintf(`
proxy: %q
jumpserver: {url: %q, proxy: %q, access_key_id: %s, access_key_secret: %s}
clouds:
  - {type: 阿里云, name: aliyun-prod, access_key_id: %s, access_key_secret: %s, regions: [cn-beijing], endpoint: %q}
notification:
  on: always
  window: 0s
  dingtalk: {enabled: true, webhook: %q, secret: %s}
  channels: %s
metrics: %s
console: {enabled: true, url: "https://console.example.com", login: {issuer: "https://login.example.com", client_id: jms, client_secret: %s}, approvers: [anna@example.com], cookie_key: %s}
log: {level: DEBUG, detailed: true, file: %q}
`, proxy, m.JumpServerURL, inner, c["jumpserver.access_key_id"], c["jumpserver.access_key_secret"], c["clouds[].access_key_id"], c["clouds[].access_key_secret"],
		m.CloudURL, m.Webhook, c["notification.dingtalk.secret"], m.channels(), m.metrics(), c["console.login.client_secret"], c["console.cookie_key"], m.readLog()))
}

// channels starts the other side of more channels, and returns their settings: what they are sent goes through the proxy too,
// but for mail.
func (m *canaryDesk) channels() string {
	m.Helper()
	c := secretCanaries()
	const list = "notification.channels[]."
	robot := dingtalktest.New(dingtalktest.Options{Token: c[list+"webhook"], ReportUnexpected: m.Errorf})
	hook := webhooktest.New(webhooktest.Options{Secret: c[list+"secret"], Token: c[list+"token"], ReportUnexpected: m.Errorf})
	server, err := emailtest.Start(emailtest.Options{Clear: true, Username: "jms", Password: c[list+"password"], ReportUnexpected: m.Errorf})
	if err != nil {
		m.Fatal(err)
	}
	m.Cleanup(server.Close)
	hidden := c[list+"webhook"]
	wecom := wecomtest.New(wecomtest.Options{Key: hidden, ReportUnexpected: m.Errorf})
	feishu := feishutest.New(feishutest.Options{Token: hidden, Secret: c[list+"secret"], ReportUnexpected: m.Errorf})
	slack := slacktest.New(slacktest.Options{Token: "T0/B0/" + hidden, ReportUnexpected: m.Errorf})
	teams := teamstest.New(teamstest.Options{Signature: hidden, ReportUnexpected: m.Errorf})
	return fmt.Sprintf(`[
    {type: wecom, webhook: %q, mention_all: true},
    {type: feishu, webhook: %q, secret: %s},
    {type: slack, webhook: %q},
    {type: teams, webhook: %q},
    {type: dingtalk, name: second, webhook: %q},
    {type: webhook, url: %q, secret: %s, token: %s},
    {type: email, server: %q, tls: none, username: jms, password: %s, from: a@example.com, to: b@example.com}]`,
		m.Serve(wecom)+wecomtest.WebhookPath+"?key="+hidden, m.Serve(feishu)+feishutest.HookPath+hidden, c[list+"secret"],
		m.Serve(slack)+slacktest.HookPath+"T0/B0/"+hidden, m.Serve(teams)+teamstest.HookPath+"?sig="+hidden,
		m.Serve(robot)+dingtalktest.WebhookPath+"?access_token="+hidden,
		m.Serve(hook)+"/?key="+c[list+"url"], c[list+"secret"], c[list+"token"], server.Address, c[list+"password"])
}

// metrics starts what takes metrics, and returns their settings: what is pushed goes through the proxy too.
func (m *canaryDesk) metrics() string {
	m.Helper()
	c := secretCanaries()
	taker := m.Serve(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	with := func(name string) string { return strings.Replace(taker, "://", "://push:"+c[name]+"@", 1) }
	return fmt.Sprintf("{file: %q, log: true, pushgateway: %q, remote_write: %q, remote_write_token: %s}",
		filepath.Join(m.dir, "jms-sync.prom"), with("metrics.pushgateway"), with("metrics.remote_write")+"/write?key="+c["metrics.remote_write"], c["metrics.remote_write_token"])
}

// TestCanaries: whatever a command meets, no secret appears in its output, log, results, cards, state or assets, in any
// form.
func TestCanaries(t *testing.T) {
	m := newCanaryDesk(t)
	file := m.settings()
	event := m.saveFile("event.json", newStateEvent(alibabatest.SampleInstance(3).ID, "Running"))
	commands := [][]string{{"-r", "1"}, {"plan"}, {"event", event, "--timeout", "2s"}, {"doctor", "--send-test"}}
	for _, mood := range []string{"", "400", "401", "403", "500", "page", "half", "redirect", "reset", ""} {
		m.mood.Store(mood)
		if mood == "" {
			for n := range commands {
				m.runCommand(file, n, commands[n], mood)
			}
			continue
		}
		var group sync.WaitGroup
		for n, command := range commands {
			group.Go(func() {
				m.runCommand(file, n, command, mood)
			})
		}
		group.Wait()
	}
	m.searchEverywhere()
	if len(m.derived) < 10 {
		t.Errorf("only %d signatures were seen to be searched for", len(m.derived))
	}
}

// runCommand runs one command line and searches its output. Where all is well, it may take its time.
func (m *canaryDesk) runCommand(file string, n int, command []string, mood string) {
	patience := time.Minute
	if mood != "" {
		patience = time.Second
	}
	ctx, cancel := context.WithTimeout(m.Context(), patience)
	defer cancel()
	var out, errs bytes.Buffer
	args := append([]string{"-c", file, "-o", filepath.Join(m.dir, fmt.Sprint("results-", n)), "--log-file", filepath.Join(m.dir, fmt.Sprint("log-", n))}, command...)
	code := runCommandLine(ctx, args, strings.NewReader(""), &out, &errs)
	text := out.String() + errs.String()
	m.searchText(fmt.Sprintf("%q with the proxy's %q", command, mood), text)
	if (mood == "") != (code == exitDone) {
		m.Errorf("%q with %q: exit code %d\n%s", command, mood, code, text)
	}
	if text == "" {
		m.Errorf("%q with %q says nothing", command, mood)
	}
}

// TestCanariesOfStores: the same where the object store that holds the configuration repeats the key.
func TestCanariesOfStores(t *testing.T) {
	m := newCanaryDesk(t)
	store := storagetest.NewServer(t, storagetest.OSS)
	t.Setenv("JMS_SYNC_STATE", store.Ref("state"))
	for _, fault := range []storagetest.Fault{storagetest.Denied, storagetest.BadKey, storagetest.BadSecret, storagetest.Expired, storagetest.WebPage} {
		store.InjectFault(fault, "", 0, 0)
		for _, args := range [][]string{{"-c", store.Ref("conf.yaml"), "doctor"}, {"-c", m.settings(), "doctor"}, {"-c", m.settings(), "-r", "1"}} {
			var out bytes.Buffer
			runCommandLine(t.Context(), args, strings.NewReader(""), &out, &out)
			m.searchText(string(fault), out.String())
		}
	}
	m.searchEverywhere()
}

// searchEverywhere searches what remains: files (log, results, state), cards and assets.
func (m *canaryDesk) searchEverywhere() {
	m.Helper()
	files := 0
	err := filepath.WalkDir(m.dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Base(file) == "config.yaml" {
			return err
		}
		text, err := os.ReadFile(file)
		m.searchText(file, string(text))
		files++
		return err
	})
	if err != nil || files < 2 {
		m.Errorf("%d files searched: %v", files, err)
	}
	for _, card := range m.Robot.Messages() {
		m.searchText("a card", fmt.Sprintf("%+v", card))
	}
	for _, host := range m.Hosts() {
		m.searchText("an asset", fmt.Sprintf("%+v", host))
	}
}

// searchText searches for every canary in every form.
func (m *canaryDesk) searchText(where, text string) {
	m.Helper()
	for path, canary := range secretCanaries() {
		for _, form := range []string{
			canary, url.QueryEscape(canary), base64.StdEncoding.EncodeToString([]byte(canary)), hex.EncodeToString([]byte(canary)),
		} {
			if at := strings.Index(text, form); at >= 0 {
				m.Errorf("%s: %s is told: …%s…", where, path, text[max(0, at-120):min(len(text), at+len(form)+40)])
			}
		}
	}
	m.lock.Lock()
	defer m.lock.Unlock()
	for made := range m.derived {
		if at := strings.Index(text, made); at >= 0 {
			m.Errorf("%s: a signature is told: …%s…", where, text[max(0, at-120):min(len(text), at+80)])
		}
	}
}
