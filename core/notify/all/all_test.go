package all_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/notify/alertmanager/alertmanagertest"
	"github.com/jms-sync/jms-sync/core/notify/all"
	"github.com/jms-sync/jms-sync/core/notify/dingtalk/dingtalktest"
	"github.com/jms-sync/jms-sync/core/notify/feishu/feishutest"
	"github.com/jms-sync/jms-sync/core/notify/notifytest"
	"github.com/jms-sync/jms-sync/core/notify/post"
	"github.com/jms-sync/jms-sync/core/notify/slack/slacktest"
	"github.com/jms-sync/jms-sync/core/notify/teams/teamstest"
	"github.com/jms-sync/jms-sync/core/notify/webhook/webhooktest"
	"github.com/jms-sync/jms-sync/core/notify/wecom/wecomtest"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/secret"
)

var update = flag.Bool("update", false, "write the golden files")

// emulators returns the other side of each type that is asked by HTTP, and the settings that lead to it. What no correct client
// sends fails the test.
func emulators(t *testing.T, address string) map[string]struct {
	handler  http.Handler
	settings all.Settings
} {
	t.Helper()
	hook := func(path string) secret.Value { return secret.New(address + path) }
	return map[string]struct {
		handler  http.Handler
		settings all.Settings
	}{
		"dingtalk": {
			dingtalktest.New(dingtalktest.Options{Token: "t", Secret: "s", ReportUnexpected: t.Errorf}),
			all.Settings{Webhook: hook(dingtalktest.WebhookPath + "?access_token=t"), Secret: secret.New("s"), Mention: []string{"13800000000"}},
		},
		"wecom": {
			wecomtest.New(wecomtest.Options{Key: "k", ReportUnexpected: t.Errorf}), all.Settings{Webhook: hook(wecomtest.WebhookPath + "?key=k"), Mention: []string{"zhangsan"}},
		},
		"feishu": {
			feishutest.New(feishutest.Options{Token: "t", Secret: "s", ReportUnexpected: t.Errorf}),
			all.Settings{Webhook: hook(feishutest.HookPath + "t"), Secret: secret.New("s"), Mention: []string{"ou_1"}},
		},
		"slack": {
			slacktest.New(slacktest.Options{Token: "T0/B0/t", ReportUnexpected: t.Errorf}), all.Settings{Webhook: hook(slacktest.HookPath + "T0/B0/t"), Mention: []string{"U012AB3CD"}},
		},
		"teams": {
			teamstest.New(teamstest.Options{Signature: "s", ReportUnexpected: t.Errorf}), all.Settings{Webhook: hook(teamstest.HookPath + "?sig=s"), Mention: []string{"anna@example.com"}},
		},
		"webhook": {
			webhooktest.New(webhooktest.Options{Secret: "s", ReportUnexpected: t.Errorf}), all.Settings{URL: hook("/"), Secret: secret.New("s"), Source: "https://jms.example.com"},
		},
		"alertmanager": {
			alertmanagertest.New(alertmanagertest.Options{ReportUnexpected: t.Errorf}), all.Settings{URL: hook(""), Source: "https://jms.example.com"},
		},
	}
}

// httpTypes are the types of emulators; mail has a protocol and tests of its own.
func httpTypes(t *testing.T) []string {
	t.Helper()
	types := slices.DeleteFunc(all.Types(), func(name string) bool { return name == "email" })
	for _, name := range types {
		if emulators(t, "http://x")[name].handler == nil {
			t.Fatalf("%s has no emulator in this test", name)
		}
	}
	return types
}

// send sends a message by a channel to its emulator, and returns the bodies of the requests.
func send(t *testing.T, name string, m notify.Message) (bodies [][]byte, err error) {
	t.Helper()
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		bodies = append(bodies, body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		handler.ServeHTTP(w, r)
	}))
	defer server.Close()
	e := emulators(t, server.URL)[name]
	handler, e.settings.Type = e.handler, name
	n, err := all.New(e.settings, post.Options{Sleep: notifytest.NoSleep})
	if err != nil {
		t.Fatal(err)
	}
	err = n.Send(t.Context(), m)
	return bodies, err
}

// bigReport is a report with so many changes of each kind, and names of 200 characters.
func bigReport(changes int, lang language.Lang) report.Report {
	in := report.Input{Started: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC), Duration: 12 * time.Second, Environment: "PRODUCTION", Language: lang}
	in.Listings = []inventory.Listing{
		{Scope: inventory.Scope{Cloud: inventory.Alibaba, Account: "aliyun-prod", Region: "cn-beijing"}},
		{Scope: inventory.Scope{Cloud: inventory.Alibaba, Account: "aliyun-prod", Region: "cn-hangzhou"}, Err: &inventory.Error{Kind: inventory.Denied, Message: "no right <b>"}},
	}
	for n := range changes {
		c := plan.Change{Scope: in.Listings[0].Scope, InstanceID: fmt.Sprintf("i-%d", n), AssetID: fmt.Sprintf("a-%d", n), Address: "10.0.0.1", Platform: "Linux"}
		c.Name = strings.Repeat([]string{"名", "x", "\"", "𠮷", "|"}[n%5], 200-5) + fmt.Sprint(n)
		c.Action, c.Reason = []plan.Action{plan.Create, plan.Update, plan.Deactivate, plan.Delete}[n%4], reason.New(reason.NewInstance)
		in.Items = append(in.Items, apply.Item{Change: c, State: apply.Done})
		c.Action, c.Reason = plan.Hold, reason.New(reason.GuardShare, n, 9, 20)
		in.Notes = append(in.Notes, c)
	}
	return report.Build(in)
}

// TestLimits: a card of any size arrives by every channel, at its first try, and not empty.
func TestLimits(t *testing.T) {
	t.Parallel()
	for _, changes := range []int{0, 1, 10, 1000, 50_000} {
		for _, lang := range []language.Lang{language.Chinese, language.English} {
			r := bigReport(changes, lang)
			m := report.NewMessage(r, report.Options{Lang: lang, AssetURL: "https://jms.example.com/ui/", Environment: strings.Repeat("环", 32)})
			m.Data = report.Data(r, 200_000)
			if len(m.Data) == 0 || len(m.Data) > 200_000 {
				t.Errorf("%d changes: a document of %d bytes", changes, len(m.Data))
			}
			for _, name := range httpTypes(t) {
				bodies, err := send(t, name, m)
				saysCut := name == "wecom" && changes >= 10 // it takes 4096 bytes, and the card has more
				if saysCut && !bytes.Contains(bodies[0], []byte(lang.Text(" 行", " more lines"))) {
					t.Errorf("%s, %d changes: nobody is told what is left out: %s", name, changes, bodies[0])
				}
				if err != nil || len(bodies) != 1 || !bytes.Contains(bodies[0], []byte("aliyun-prod")) {
					t.Errorf("%s, %d changes, %s: %d requests: %v", name, changes, lang, len(bodies), err)
				}
			}
		}
	}
}

// TestGoldenMessages: what each channel sends of a run, of an alarm and of a test, in both languages.
func TestGoldenMessages(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	for _, lang := range []language.Lang{language.Chinese, language.English} {
		o := report.Options{Lang: lang, AssetURL: "https://jms.example.com/ui/", Environment: "PRODUCTION"}
		r := bigReport(1, lang)
		run := report.NewMessage(r, o)
		run.Data = report.Data(r, 200_000)
		for _, c := range r.Conditions() {
			run.Alerts = append(run.Alerts, report.NewAlert(c, at.Add(-time.Hour), at.Add(time.Hour)))
		}
		alarm := report.NewStaleAlarm([]report.ScopeAge{{Scope: inventory.Scope{Cloud: inventory.AWS, Account: "one", Region: "eu-west-1"}, CompletedAt: at}}, time.Hour, at, o)
		for _, name := range httpTypes(t) {
			var text bytes.Buffer
			for _, m := range []notify.Message{run, alarm, report.NewTestMessage(name, at, o)} {
				bodies, err := send(t, name, m)
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
				for _, body := range bodies {
					if err := json.Indent(&text, body, "", "  "); err != nil {
						t.Error(err)
					}
					text.WriteString("\n")
				}
			}
			compareGolden(t, name+"-"+string(lang), withoutClock(text.String()))
		}
	}
}

// withoutClock takes out the times of a message that is an alert itself, which are those of its sending.
func withoutClock(text string) string {
	lines := strings.Split(text, "\n")
	for n, line := range lines {
		for _, key := range []string{`"startsAt": "`, `"endsAt": "`, `"timestamp": "`, `"sign": "`} {
			if strings.Contains(line, key) && !strings.Contains(line, key+"2026-0") {
				lines[n] = line[:strings.Index(line, key)+len(key)] + `…"`
			}
		}
	}
	return strings.Join(lines, "\n")
}

func compareGolden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || got != string(want) {
		t.Errorf("%s differs (%v); got:\n%s", file, err, got)
	}
}
