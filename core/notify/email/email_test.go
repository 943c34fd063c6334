package email_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/notify/email"
	"github.com/jms-sync/jms-sync/core/notify/email/emailtest"
	"github.com/jms-sync/jms-sync/core/notify/notifytest"
	"github.com/jms-sync/jms-sync/core/secret"
)

const testPassword = "mail-password-1"

func start(t *testing.T, o emailtest.Options) (*emailtest.Server, email.Settings) {
	t.Helper()
	o.ReportUnexpected = t.Errorf
	s, err := emailtest.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, email.Settings{
		Server: s.Address, Username: o.Username, Password: secret.New(o.Password), From: "JMS 同步 <jms@example.com>",
		To: []string{"ops@example.com", "值班 <duty@example.com>"},
	}
}

func open(t *testing.T, server *emailtest.Server, s email.Settings) *email.Mailer {
	t.Helper()
	m, err := email.New(s, email.Options{Roots: server.Roots, Sleep: notifytest.NoSleep, Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestContract(t *testing.T) {
	t.Parallel()
	notifytest.RunContract(t, func(t *testing.T) notifytest.Channel {
		server, settings := start(t, emailtest.Options{Username: "jms", Password: testPassword})
		return notifytest.Channel{
			Notifier:         open(t, server, settings),
			RejectAll:        func() { server.Answer("MAIL", "550 5.7.1 not from you, with "+testPassword) },
			ThrottleAll:      func() { server.Answer("MAIL", "421 4.7.28 rate limit exceeded") },
			BreakConnections: func() { server.Answer("CONNECT", "") },
			CallCount:        server.Calls, MaxBodyBytes: email.MaxBodyBytes, Secrets: []string{testPassword},
			AcceptedTexts: func() (texts []string) {
				for _, m := range server.Mails() {
					texts = append(texts, m.Text)
				}
				return texts
			},
			MentionCount: func() (n int) {
				for _, m := range server.Mails() {
					if m.Header.Get("Importance") == "high" {
						n++
					}
				}
				return n
			},
			LargestBody: func() int { return server.Mails()[0].Bytes },
		}
	})
}

// TestWaysToConnect: each way to encrypt and to log in arrives, and no password in clear.
func TestWaysToConnect(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		server emailtest.Options
		mode   string
	}{
		"starttls":   {emailtest.Options{Username: "jms", Password: testPassword}, email.StartTLS},
		"implicit":   {emailtest.Options{Username: "jms", Password: testPassword, Implicit: true}, email.Implicit},
		"only LOGIN": {emailtest.Options{Username: "jms", Password: testPassword, OnlyLogin: true}, email.StartTLS},
		"a relay":    {emailtest.Options{}, email.StartTLS},
		"in clear":   {emailtest.Options{Clear: true}, email.NoTLS},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, settings := start(t, c.server)
			settings.TLS = c.mode
			if err := open(t, server, settings).Send(t.Context(), notifytest.SampleMessage()); err != nil {
				t.Fatal(err)
			}
			m := server.Mails()[0]
			if m.Sender != "jms@example.com" || strings.Join(m.Receivers, " ") != "ops@example.com duty@example.com" || m.Subject != notifytest.SampleMessage().Title {
				t.Errorf("%+v", m)
			}
		})
	}
}

// TestNoTLSNoMail: a server without STARTTLS, and one whose certificate nobody trusts, get neither mail nor password.
func TestNoTLSNoMail(t *testing.T) {
	t.Parallel()
	server, settings := start(t, emailtest.Options{Clear: true})
	if err := open(t, server, settings).Send(t.Context(), notifytest.SampleMessage()); notifytest.KindOf(err) != notify.InvalidConfig || server.Calls() != 1 {
		t.Errorf("%d calls: %v", server.Calls(), err)
	}
	server, settings = start(t, emailtest.Options{Username: "jms", Password: testPassword})
	untrusting, err := email.New(settings, email.Options{Sleep: notifytest.NoSleep})
	if err != nil {
		t.Fatal(err)
	}
	if err := untrusting.Send(t.Context(), notifytest.SampleMessage()); notifytest.KindOf(err) != notify.InvalidConfig || len(server.Mails()) > 0 {
		t.Errorf("%d mails: %v", len(server.Mails()), err)
	}
}

// TestRefusedReceivers: one address that a server refuses keeps the mail from nobody else, who is told of it; all of them are an
// error.
func TestRefusedReceivers(t *testing.T) {
	t.Parallel()
	server, settings := start(t, emailtest.Options{})
	server.Answer("duty@example.com", "550 5.1.1 no such user")
	to := open(t, server, settings)
	if err := to.Send(t.Context(), notifytest.SampleMessage()); err != nil {
		t.Fatal(err)
	}
	m := server.Mails()[0]
	if len(m.Receivers) != 1 || !strings.Contains(m.Text, "duty@example.com: 550 5.1.1 no such user") || !strings.Contains(m.HTML, "no such user") {
		t.Errorf("%q\n%s", m.Receivers, m.Text)
	}
	server.Answer("ops@example.com", "550 5.1.1 no such user")
	if err := to.Send(t.Context(), notifytest.SampleMessage()); notifytest.KindOf(err) != notify.InvalidConfig || !strings.Contains(fmt.Sprint(err), "550") {
		t.Error(err)
	}
}

// TestKinds: what an answer of the server means.
func TestKinds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		command, answer string
		kind            notify.Kind
		calls           int
	}{
		{"MAIL", "451 4.3.0 try again", notify.Temporary, 3},
		{"DATA", "452 4.5.3 too many", notify.RateLimited, 1},
		{".", "554 5.7.1 spam", notify.InvalidConfig, 1},
		{".", "", notify.Temporary, 3},
		{"AUTH", "535 5.7.8 no", notify.InvalidConfig, 1},
		{"CONNECT", "554 5.7.1 blocked", notify.InvalidConfig, 1},
	} {
		server, settings := start(t, emailtest.Options{Username: "jms", Password: testPassword})
		server.Answer(c.command, c.answer)
		err := open(t, server, settings).Send(t.Context(), notifytest.SampleMessage())
		if notifytest.KindOf(err) != c.kind || server.Calls() != c.calls {
			t.Errorf("%s %q: %d calls: %v", c.command, c.answer, server.Calls(), err)
		}
	}
}

// TestPage: the HTML part says what the text says, and holds nothing of the names in it as markup.
func TestPage(t *testing.T) {
	t.Parallel()
	server, settings := start(t, emailtest.Options{})
	m := notifytest.SampleMessage()
	m.Severity, m.ID = notify.SeverityError, "one"
	m.Markdown = "**PROD**\n\n### Failures\n\n- **a / b**: <script>\n\n### Result\n\n| Metric | Value |\n| --- | --- |\n| Total & more | 2 |\n\n*2 in all*"
	m.PageText, m.PageURL = "Report", "https://bucket.example.com/p.html?a=1&b=2"
	to := open(t, server, settings)
	for range 2 {
		if err := to.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	got := server.Mails()[0]
	for _, want := range []string{
		"<p><b>PROD</b></p>", "<h3>Failures</h3><ul><li><b>a / b</b>: &lt;script&gt;</li></ul>", `<th align="left">Metric</th>`,
		`<td align="left">Total &amp; more</td><td align="left">2</td>`, "<p><i>2 in all</i></p>", "#d03050", `<a href="` + m.LinkURL + `">` + m.LinkText + "</a>",
		`<a href="https://bucket.example.com/p.html?a=1&amp;b=2">Report</a>`,
	} {
		if !strings.Contains(got.HTML, want) {
			t.Errorf("%s is not in\n%s", want, got.HTML)
		}
	}
	if !strings.Contains(got.Text, m.LinkURL) || !strings.Contains(got.Text, "Report: "+m.PageURL) || got.Header.Get("Auto-Submitted") != "auto-generated" {
		t.Errorf("%s\n%v", got.Text, got.Header)
	}
	if id := got.Header.Get("Message-Id"); id != server.Mails()[1].Header.Get("Message-Id") || !strings.HasSuffix(id, "@example.com>") {
		t.Errorf("a mail that is sent again has another id than %s", id)
	}
}

func TestRefusedSettings(t *testing.T) {
	t.Parallel()
	good := email.Settings{Server: "smtp.example.com:587", From: "a@example.com", To: []string{"b@example.com"}}
	for name, change := range map[string]func(*email.Settings){
		"no port": func(s *email.Settings) { s.Server = "smtp.example.com" },
		"tls":     func(s *email.Settings) { s.TLS = "ssl" },
		"clear":   func(s *email.Settings) { s.TLS, s.Username = email.NoTLS, "jms" },
		"from":    func(s *email.Settings) { s.From = "ops" },
		"to":      func(s *email.Settings) { s.To = []string{"ops\r\nBcc: x@example.com"} },
		"nobody":  func(s *email.Settings) { s.To = nil },
	} {
		s := good
		change(&s)
		_, err := email.New(s, email.Options{})
		if notifytest.KindOf(err) != notify.InvalidConfig {
			t.Errorf("%s: %v", name, err)
		}
	}
}
