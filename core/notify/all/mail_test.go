package all_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/notify/all"
	"github.com/jms-sync/jms-sync/core/notify/email"
	"github.com/jms-sync/jms-sync/core/notify/email/emailtest"
	"github.com/jms-sync/jms-sync/core/notify/notifytest"
	"github.com/jms-sync/jms-sync/core/notify/post"
	"github.com/jms-sync/jms-sync/core/report"
)

// mailed sends messages by mail, and returns them as they arrived.
func mailed(t *testing.T, messages ...notify.Message) []emailtest.Mail {
	t.Helper()
	server, err := emailtest.Start(emailtest.Options{Clear: true, ReportUnexpected: t.Errorf})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	n, err := all.New(all.Settings{Type: "email", Server: server.Address, TLS: "none", From: "jms@example.com", To: []string{"ops@example.com"}}, post.Options{Sleep: notifytest.NoSleep})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range messages {
		if err := n.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(server.Mails()); got != len(messages) {
		t.Fatalf("%d mails of %d messages", got, len(messages))
	}
	return server.Mails()
}

// TestMailLimits: mail of any number of changes and with the longest names arrives whole.
func TestMailLimits(t *testing.T) {
	t.Parallel()
	for _, changes := range []int{0, 1, 10, 1000, 50_000} {
		for _, lang := range []language.Lang{language.Chinese, language.English} {
			m := report.NewMessage(bigReport(changes, lang), report.Options{Lang: lang, AssetURL: "https://jms.example.com/ui/", Environment: strings.Repeat("环", 32)})
			got := mailed(t, m)[0]
			if got.Bytes > email.MaxBodyBytes || got.Subject != m.Title || !strings.Contains(got.Text, "aliyun-prod") || !strings.HasSuffix(got.HTML, "</div>") {
				t.Errorf("%d changes, %s: %d bytes, %q", changes, lang, got.Bytes, got.Subject)
			}
		}
	}
}

// TestGoldenMails: what mail says of a run, of an alarm and of a test, in both languages.
func TestGoldenMails(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	for _, lang := range []language.Lang{language.Chinese, language.English} {
		o := report.Options{Lang: lang, AssetURL: "https://jms.example.com/ui/", Environment: "PRODUCTION"}
		stale := []report.ScopeAge{{Scope: inventory.Scope{Cloud: inventory.AWS, Account: "one", Region: "eu-west-1"}, CompletedAt: at}}
		var text strings.Builder
		for _, m := range mailed(t, report.NewMessage(bigReport(1, lang), o), report.NewStaleAlarm(stale, time.Hour, at, o), report.NewTestMessage("email", at, o)) {
			fmt.Fprintf(&text, "==== %s\nImportance: %s\n\n%s\n%s\n", m.Subject, m.Header.Get("Importance"), m.Text, strings.ReplaceAll(m.HTML, "><", ">\n<"))
		}
		compareGolden(t, "email-"+string(lang), text.String())
	}
}
