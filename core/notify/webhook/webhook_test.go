package webhook_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/notify/notifytest"
	"github.com/jms-sync/jms-sync/core/notify/post"
	"github.com/jms-sync/jms-sync/core/notify/webhook"
	"github.com/jms-sync/jms-sync/core/notify/webhook/webhooktest"
	"github.com/jms-sync/jms-sync/core/secret"
)

const (
	testSecret = "hmac-secret-1"
	testToken  = "bearer-token-2"
	testQuery  = "key=query-token-3"
)

func start(t *testing.T, o webhooktest.Options) (*webhooktest.Receiver, webhook.Settings) {
	t.Helper()
	o.ReportUnexpected = t.Errorf
	r := webhooktest.New(o)
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	return r, webhook.Settings{
		URL: secret.New(server.URL + "/hook?" + testQuery), Secret: secret.New(o.Secret), Token: secret.New(o.Token), Source: "https://jms.example.com",
	}
}

func open(t *testing.T, s webhook.Settings, o post.Options) *webhook.Hook {
	t.Helper()
	if o.Sleep == nil {
		o.Sleep = notifytest.NoSleep
	}
	h, err := webhook.New(s, o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestContract(t *testing.T) {
	t.Parallel()
	notifytest.RunContract(t, func(t *testing.T) notifytest.Channel {
		r, s := start(t, webhooktest.Options{Secret: testSecret, Token: testToken})
		return notifytest.Channel{
			Notifier:  open(t, s, post.Options{}),
			RejectAll: func() { r.AnswerAll(http.StatusForbidden) }, ThrottleAll: func() { r.AnswerAll(http.StatusTooManyRequests) },
			BreakConnections: func() { r.AnswerAll(0) },
			CallCount:        r.Calls, MaxBodyBytes: webhook.MaxBodyBytes, Secrets: []string{testSecret, testToken, "query-token", "sha256="},
			AcceptedTexts: func() (texts []string) {
				for _, e := range r.Events() {
					texts = append(texts, e.Data.Text)
				}
				return texts
			},
			MentionCount: func() (n int) {
				for _, e := range r.Events() {
					if e.Data.Mention {
						n++
					}
				}
				return n
			},
			LargestBody: func() int { return r.Events()[0].Bytes },
		}
	})
}

// TestEvent: what a program gets of a run.
func TestEvent(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 16, 0, 0, 0, time.FixedZone("", 8*60*60))
	r, s := start(t, webhooktest.Options{})
	h := open(t, s, post.Options{Now: func() time.Time { return at }})
	m := notifytest.SampleMessage()
	m.PageText, m.PageURL = "Report", "https://bucket.example.com/p.html"
	m.ID, m.Time, m.Severity, m.Data = "run-1", at, notify.SeverityError, []byte(`{"outcome":"failed"}`)
	for _, m := range []notify.Message{m, {Title: "T", Topic: notify.TopicAlarm}, {Title: "T", Data: []byte("{")}} {
		if err := h.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	got := r.Events()
	if e := got[0]; e.ID != "run-1" || e.Source != "https://jms.example.com" || e.Type != "com.github.jms-sync.report" || e.Time != "2026-03-01T08:00:00Z" ||
		e.ContentType != "application/json" || e.Data.PageText != "Report" || e.Data.PageURL != m.PageURL || e.Data.Severity != "error" || string(e.Data.Report) != `{"outcome":"failed"}` {
		t.Errorf("%+v", e)
	}
	if e := got[1]; e.Type != "com.github.jms-sync.alarm" || e.Time != "2026-03-01T08:00:00Z" || e.Data.Severity != "info" || e.ID == "" || e.ID == got[2].ID {
		t.Errorf("%+v", e)
	}
	if len(got[2].Data.Report) != 0 {
		t.Errorf("%+v", got[2])
	}
}

// TestLargeReport: a results document for which there is no room is left out, the words are not.
func TestLargeReport(t *testing.T) {
	t.Parallel()
	r, s := start(t, webhooktest.Options{Secret: testSecret})
	m := notifytest.SampleMessage()
	m.Data = []byte(`"` + strings.Repeat("x", webhook.MaxBodyBytes) + `"`)
	if err := open(t, s, post.Options{}).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if e := r.Events()[0]; len(e.Data.Report) > 0 || e.Data.Text != m.Markdown {
		t.Errorf("%d bytes, %q", e.Bytes, e.Data.Text)
	}
}

// TestSign is a vector made by openssl: printf '1700000000.{}' | openssl dgst -sha256 -hmac key.
func TestSign(t *testing.T) {
	t.Parallel()
	const want = "sha256=9d713ed406bb7076d4123f0dc2c39d2df5c654ed4b0cd56b52c8b4c940bd63ae"
	if got := webhook.Sign("1700000000", []byte("{}"), "key"); got != want {
		t.Errorf("got %s", got)
	}
}

func TestRefusedSettings(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "hook", "ftp://x/", "http:///x", "http://\x00"} {
		_, err := webhook.New(webhook.Settings{URL: secret.New(address)}, post.Options{})
		if notifytest.KindOf(err) != notify.InvalidConfig {
			t.Errorf("%q: %v", address, err)
		}
	}
}
