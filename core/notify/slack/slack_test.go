package slack_test

import (
	"errors"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/notify/notifytest"
	"github.com/jms-sync/jms-sync/core/notify/post"
	"github.com/jms-sync/jms-sync/core/notify/posttest"
	"github.com/jms-sync/jms-sync/core/notify/slack"
	"github.com/jms-sync/jms-sync/core/notify/slack/slacktest"
	"github.com/jms-sync/jms-sync/core/secret"
)

const testToken = "T0AAAAAAA/B0AAAAAAA/slack-hook-token"

func start(t *testing.T) (slacktest.Hook, slack.Settings) {
	t.Helper()
	hook := slacktest.New(slacktest.Options{Token: testToken, ReportUnexpected: t.Errorf})
	server := httptest.NewServer(hook)
	t.Cleanup(server.Close)
	return hook, slack.Settings{Webhook: secret.New(server.URL + slacktest.HookPath + testToken)}
}

func open(t *testing.T, s slack.Settings) *slack.Hook {
	t.Helper()
	h, err := slack.New(s, post.Options{Sleep: notifytest.NoSleep})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestContract(t *testing.T) {
	t.Parallel()
	notifytest.RunContract(t, func(t *testing.T) notifytest.Channel {
		hook, settings := start(t)
		settings.Mention = []string{"U012AB3CD"}
		queue := func(a posttest.Answer) func() { return func() { hook.QueueFaults(posttest.Repeat(9, a)...) } }
		return notifytest.Channel{
			Notifier:  open(t, settings),
			RejectAll: queue(slacktest.Refusal(403, "action_prohibited")), ThrottleAll: queue(slacktest.TooFast("30")),
			BreakConnections: queue(posttest.Answer{Drop: true}),
			CallCount:        hook.Calls, MaxBodyBytes: slack.MaxBodyChars, Secrets: []string{testToken, "slack-hook-token"}, ShowsWordsOnly: true,
			AcceptedTexts: func() (texts []string) {
				for _, m := range hook.Messages() {
					texts = append(texts, m.Text)
				}
				return texts
			},
			MentionCount: func() (n int) {
				for _, m := range hook.Messages() {
					n += min(len(m.Mentions), 1)
				}
				return n
			},
			LargestBody: func() int { return hook.Messages()[0].Chars },
		}
	})
}

// TestCard: what a message has of all that it tells.
func TestCard(t *testing.T) {
	t.Parallel()
	hook, settings := start(t)
	settings.Mention, settings.MentionAll = []string{"U012AB3CD", "SAZ94GDB8"}, true
	h := open(t, settings)
	for _, c := range []struct {
		severity notify.Severity
		topic    notify.Topic
		dot      string
	}{{"", "", "🔵"}, {"", notify.TopicRecovery, "🟢"}, {notify.SeverityWarning, "", "🟠"}, {notify.SeverityError, notify.TopicAlarm, "🔴"}} {
		m := notifytest.HostileMessage("web_01")
		m.Mention, m.Severity, m.Topic, m.PageText, m.PageURL = true, c.severity, c.topic, "Report", "https://bucket.example.com/p.html?a=1&b=(2)"
		if err := h.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		all := hook.Messages()
		got := all[len(all)-1]
		const want = "  \nFailures\n• acc: web_01\nResult\nTotal\n1\nweb_01\n2\nHosts\nName · Address · Platform\n• web_01 · 10.0.0.1 · Linux\nweb_01\n · \n"
		if got.Header != c.dot+" "+m.Title || got.Notification != strings.ReplaceAll(got.Header, "_", "＿") || got.Text != want {
			t.Errorf("%+v", got)
		}
		if !slices.Equal(got.Mentions, []string{"U012AB3CD", "SAZ94GDB8", "channel"}) || !slices.Equal(got.Links, []string{m.LinkURL, m.PageURL}) || got.Bold != 4 {
			t.Errorf("%+v", got)
		}
		if !slices.Equal(got.Fields, []string{"Total\n1", "web_01\n2"}) {
			t.Errorf("%q", got.Fields)
		}
	}
}

// TestHostileNames: no text from a cloud mentions, links or formats; people read the name as it is.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	for _, name := range notifytest.HostileNames() {
		hook, settings := start(t)
		message := notifytest.HostileMessage(name)
		if err := open(t, settings).Send(t.Context(), message); err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		m := hook.Messages()[0]
		if len(m.Mentions) != 0 || !slices.Equal(m.Links, []string{message.LinkURL}) || m.Bold != 4 || strings.Count(m.Text, "\n") != 12 {
			t.Errorf("%q: %+v", name, m)
		}
		_, shown, _ := strings.Cut(message.Title, "failed: ")
		if utf8.ValidString(name) && !strings.ContainsAny(name, "\x00\u2028") && !strings.Contains(m.Text, "• acc: "+shown+"\n") {
			t.Errorf("%q is not shown: %q", shown, m.Text)
		}
	}
}

// TestManyBlocks: a message of many sections has no more blocks than Slack takes, and says what is left out.
func TestManyBlocks(t *testing.T) {
	t.Parallel()
	hook, settings := start(t)
	m := notifytest.SampleMessage()
	m.CutFormat = "… %d more lines"
	m.Markdown = strings.Repeat("- x\n\ny\n\n", 100)
	m.Title = strings.Repeat("名", 400)
	if err := open(t, settings).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	got := hook.Messages()[0]
	if strings.Count(got.Text, "• x") != 24 || !strings.Contains(got.Text, "y\n… 152 more lines\n") || !strings.HasSuffix(got.Header, "名…") {
		t.Errorf("%q", got.Text)
	}
}

// TestAnswers: each answer has the right consequence, and tells no token.
func TestAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer posttest.Answer
		kind   notify.Kind
		calls  int
		says   string
	}{
		"payload":  {slacktest.Refusal(400, "invalid_payload"), notify.InvalidConfig, 1, "invalid_payload"},
		"service":  {slacktest.Refusal(404, "no_service"), notify.InvalidConfig, 1, "no_service"},
		"archived": {slacktest.Refusal(410, "channel_is_archived"), notify.InvalidConfig, 1, "channel_is_archived"},
		"within":   {slacktest.Refusal(200, "invalid_token"), notify.InvalidConfig, 1, "invalid_token"},
		"busy":     {slacktest.Refusal(400, "rollup_error"), notify.Temporary, 2, "rollup_error"},
		"500":      {slacktest.Refusal(500, "rollup_error"), notify.Temporary, 3, "500"},
		"empty":    {posttest.Answer{}, notify.Unknown, 1, "not Slack's"},
		"a page":   {posttest.Answer{Body: "<html>ok"}, notify.Unknown, 1, "not Slack's"},
		"a portal": {posttest.Answer{Status: 403, Body: "<html>" + testToken}, notify.InvalidConfig, 1, "HTTP 403"},
		"json":     {posttest.Answer{Body: `{"ok":true}`}, notify.Unknown, 1, "not Slack's"},
		"201":      {posttest.Answer{Status: 201, Body: "ok"}, notify.InvalidConfig, 1, "201"},
	} {
		hook, settings := start(t)
		hook.QueueFaults(posttest.Repeat(9, c.answer)...)
		err := open(t, settings).Send(t.Context(), notifytest.SampleMessage())
		if notifytest.KindOf(err) != c.kind || hook.Calls() != c.calls || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "hook-token") {
			t.Errorf("%s: kind %q, %d calls: %v", name, notifytest.KindOf(err), hook.Calls(), err)
		}
	}
	hook, settings := start(t)
	hook.QueueFaults(slacktest.TooFast("17"))
	var fault *notify.Error
	if err := open(t, settings).Send(t.Context(), notifytest.SampleMessage()); !errors.As(err, &fault) || fault.RetryAfter != 17*time.Second {
		t.Errorf("%v", err)
	}
}

func TestRefusedSettings(t *testing.T) {
	t.Parallel()
	good := secret.New("https://hooks.slack.com" + slacktest.HookPath + testToken)
	for name, s := range map[string]slack.Settings{
		"nothing": {}, "no URL": {Webhook: secret.New(testToken)},
		"a mention": {Webhook: good, Mention: []string{"@channel"}}, "empty": {Webhook: good, Mention: []string{""}}, "half": {Webhook: good, Mention: []string{"U"}},
		"many": {Webhook: good, Mention: slices.Repeat([]string{"U1"}, slack.MaxMentions+1)},
	} {
		_, err := slack.New(s, post.Options{})
		if notifytest.KindOf(err) != notify.InvalidConfig || strings.Contains(err.Error(), testToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	m := notifytest.SampleMessage()
	m.LinkURL = "https://" + strings.Repeat("x", slack.MaxBodyChars)
	if err := open(t, slack.Settings{Webhook: good}).Send(t.Context(), m); notifytest.KindOf(err) != notify.InvalidConfig {
		t.Errorf("no room: %v", err)
	}
}

// TestLongPageLink: a link to the page that leaves no room for a text is left out, and the text is not.
func TestLongPageLink(t *testing.T) {
	t.Parallel()
	robot, settings := start(t)
	m := notifytest.HostileMessage("web_01")
	m.PageText, m.PageURL = "Report", "https://bucket.example.com/"+strings.Repeat("x", slack.MaxBodyChars)
	if err := open(t, settings).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if text := robot.Messages()[0].Text; !strings.Contains(text, "acc") || strings.Contains(text, "Report") {
		t.Errorf("%q", text)
	}
}
