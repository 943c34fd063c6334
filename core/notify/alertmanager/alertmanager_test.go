package alertmanager_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/notify/alertmanager"
	"github.com/jms-sync/jms-sync/core/notify/alertmanager/alertmanagertest"
	"github.com/jms-sync/jms-sync/core/notify/notifytest"
	"github.com/jms-sync/jms-sync/core/notify/post"
	"github.com/jms-sync/jms-sync/core/secret"
)

const testPassword = "basic-password-1"

func start(t *testing.T, o alertmanagertest.Options) (*alertmanagertest.Manager, string) {
	t.Helper()
	o.ReportUnexpected = t.Errorf
	m := alertmanagertest.New(o)
	server := httptest.NewServer(m)
	t.Cleanup(server.Close)
	return m, server.URL
}

func open(t *testing.T, s alertmanager.Settings, o post.Options) *alertmanager.Manager {
	t.Helper()
	o.Sleep = notifytest.NoSleep
	m, err := alertmanager.New(s, o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestContract(t *testing.T) {
	t.Parallel()
	var request http.Request
	request.Header = http.Header{}
	request.SetBasicAuth("jms", testPassword)
	basic := request.Header.Get("Authorization")
	notifytest.RunContract(t, func(t *testing.T) notifytest.Channel {
		m, address := start(t, alertmanagertest.Options{Authorization: basic})
		return notifytest.Channel{
			Notifier:  open(t, alertmanager.Settings{URL: secret.New(address + "/"), Username: "jms", Password: secret.New(testPassword)}, post.Options{}),
			RejectAll: func() { m.AnswerAll(http.StatusBadRequest) }, ThrottleAll: func() { m.AnswerAll(http.StatusTooManyRequests) },
			BreakConnections: func() { m.AnswerAll(0) },
			CallCount:        m.Calls, LargestBody: m.Largest, MaxBodyBytes: alertmanager.MaxBodyBytes,
			Secrets: []string{testPassword, strings.TrimPrefix(basic, "Basic ")},
			AcceptedTexts: func() (texts []string) {
				for _, a := range m.Taken() {
					texts = append(texts, a.Annotations["description"])
				}
				return texts
			},
			MentionCount: func() (n int) {
				for _, a := range m.Taken() {
					if a.Labels["mention"] != "" {
						n++
					}
				}
				return n
			},
		}
	})
}

// TestAlertsBeginAndEnd: each condition is an alert of its own, which ends when it is said to end, or when nobody speaks of it.
func TestAlertsBeginAndEnd(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	m, address := start(t, alertmanagertest.Options{Authorization: "Bearer t", Now: clock})
	to := open(t, alertmanager.Settings{URL: secret.New(address + "/api/v2/alerts"), Token: secret.New("t"), Source: "https://jms.example.com/x"}, post.Options{Now: clock})
	denied := notify.Alert{
		Key: "scope_failed/aws/one", Name: "scope_failed", Severity: notify.SeverityError, Labels: map[string]string{"account": "one"}, Summary: "no right",
		StartsAt: now.Add(-time.Hour), EndsAt: now.Add(time.Hour),
	}
	drift := notify.Alert{Key: "drift/aws/one", Name: "drift", Severity: notify.SeverityWarning, StartsAt: now, EndsAt: now.Add(time.Hour)}
	send := func(alerts ...notify.Alert) {
		t.Helper()
		if err := to.Send(t.Context(), notify.Message{Title: "T", LinkURL: "https://l/", Alerts: alerts}); err != nil {
			t.Fatal(err)
		}
	}
	send(denied, drift)
	active := m.Active()
	got := active["jms_sync_scope_failed"]
	if len(active) != 2 || got.Labels["severity"] != "critical" || got.Labels["account"] != "one" || got.Labels["instance"] != "jms.example.com" ||
		got.Annotations["summary"] != "no right" || got.GeneratorURL != "https://l/" || !got.StartsAt.Equal(denied.StartsAt) {
		t.Errorf("%+v", active)
	}
	denied.EndsAt = now
	send(denied, drift)
	if active := m.Active(); len(active) != 1 || active["jms_sync_drift"].Labels["severity"] != "warning" {
		t.Errorf("%+v", active)
	}
	now = now.Add(2 * time.Hour)
	if active := m.Active(); len(active) != 0 {
		t.Errorf("%+v", active)
	}
	drift.StartsAt, drift.EndsAt = now, now.Add(-time.Minute) // by two clocks
	send(drift, notify.Alert{Key: "no_complete_run", Name: "no_complete_run", EndsAt: now})
}

// TestManyAlerts: as many requests as they need, none over the limit, none lost.
func TestManyAlerts(t *testing.T) {
	t.Parallel()
	for _, number := range []int{1, 10, 1000, 5000} {
		m, address := start(t, alertmanagertest.Options{})
		var message notify.Message
		for n := range number {
			message.Alerts = append(message.Alerts, notify.Alert{
				Key: fmt.Sprintf("drift/aws/%d/%s", n, strings.Repeat("长", 200)), Name: "drift", Summary: strings.Repeat("名", 2000), EndsAt: time.Now().Add(time.Hour),
				Labels: map[string]string{"region": fmt.Sprint(n)},
			})
		}
		if err := open(t, alertmanager.Settings{URL: secret.New(address)}, post.Options{}).Send(t.Context(), message); err != nil {
			t.Fatal(err)
		}
		if len(m.Taken()) != number || m.Largest() > alertmanager.MaxBodyBytes {
			t.Errorf("%d of %d alerts, %d bytes", len(m.Taken()), number, m.Largest())
		}
	}
}

func TestRefusedSettings(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "alertmanager:9093", "ftp://x/", "http:///x", "http://a/?x=1"} {
		_, err := alertmanager.New(alertmanager.Settings{URL: secret.New(address)}, post.Options{})
		if notifytest.KindOf(err) != notify.InvalidConfig {
			t.Errorf("%q: %v", address, err)
		}
	}
}
