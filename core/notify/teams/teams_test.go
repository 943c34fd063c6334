package teams_test

import (
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/notify/notifytest"
	"github.com/jms-sync/jms-sync/core/notify/post"
	"github.com/jms-sync/jms-sync/core/notify/posttest"
	"github.com/jms-sync/jms-sync/core/notify/teams"
	"github.com/jms-sync/jms-sync/core/notify/teams/teamstest"
	"github.com/jms-sync/jms-sync/core/secret"
)

const testSignature = "teams-workflow-signature"

func start(t *testing.T) (teamstest.Workflow, teams.Settings) {
	t.Helper()
	flow := teamstest.New(teamstest.Options{Signature: testSignature, ReportUnexpected: t.Errorf})
	server := httptest.NewServer(flow)
	t.Cleanup(server.Close)
	return flow, teams.Settings{Webhook: secret.New(server.URL + teamstest.HookPath + "?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sig=" + testSignature)}
}

func open(t *testing.T, s teams.Settings) *teams.Workflow {
	t.Helper()
	w, err := teams.New(s, post.Options{Sleep: notifytest.NoSleep})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestContract(t *testing.T) {
	t.Parallel()
	notifytest.RunContract(t, func(t *testing.T) notifytest.Channel {
		flow, settings := start(t)
		settings.Mention = []string{"anna@example.com"}
		queue := func(a posttest.Answer) func() { return func() { flow.QueueFaults(posttest.Repeat(9, a)...) } }
		return notifytest.Channel{
			Notifier:  open(t, settings),
			RejectAll: queue(teamstest.Refusal(404, "WorkflowNotFound", "no workflow")), ThrottleAll: queue(teamstest.Within(429)),
			BreakConnections: queue(posttest.Answer{Drop: true}),
			CallCount:        flow.Calls, MaxBodyBytes: teams.MaxBodyBytes, Secrets: []string{testSignature, "sig="}, ShowsWordsOnly: true,
			AcceptedTexts: func() (texts []string) {
				for _, m := range flow.Messages() {
					texts = append(texts, m.Text)
				}
				return texts
			},
			MentionCount: func() (n int) {
				for _, m := range flow.Messages() {
					n += min(len(m.Mentions), 1)
				}
				return n
			},
			LargestBody: func() int { return flow.Messages()[0].Bytes },
		}
	})
}

// TestCard: what a card has of a message.
func TestCard(t *testing.T) {
	t.Parallel()
	flow, settings := start(t)
	settings.Mention = []string{"anna@example.com", "Bo <bo@example.com>"}
	w := open(t, settings)
	for _, c := range []struct {
		severity notify.Severity
		topic    notify.Topic
		style    string
	}{{"", "", "accent"}, {"", notify.TopicRecovery, "good"}, {notify.SeverityWarning, "", "warning"}, {notify.SeverityError, notify.TopicAlarm, "attention"}} {
		m := notifytest.HostileMessage("web_01")
		m.Mention, m.Severity, m.Topic, m.PageText, m.PageURL = true, c.severity, c.topic, "Report", "https://bucket.example.com/p.html?a=1&b=(2)"
		if err := w.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		all := flow.Messages()
		got := all[len(all)-1]
		const want = "Failures\n• acc: web_01\nResult\nTotal\n1\nweb＿01\n2\nHosts\nName · Address · Platform\n• web_01 · 10.0.0.1 · Linux\nweb_01\n"
		if got.Title != m.Title || got.Summary != m.Title || got.Style != c.style || !slices.Equal(got.Buttons, []string{"View " + m.LinkURL, "Report " + m.PageURL}) {
			t.Errorf("%+v", got)
		}
		if got.Text != want || !slices.Equal(got.Mentions, []string{"anna@example.com", "bo@example.com"}) || got.Bold != 5 {
			t.Errorf("%+v", got)
		}
	}
}

// TestHostileNames: no text from a cloud mentions, links or formats; people read the name as it is.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	for _, name := range notifytest.HostileNames() {
		flow, settings := start(t)
		settings.Mention = []string{"anna@example.com"}
		message := notifytest.HostileMessage(name)
		if err := open(t, settings).Send(t.Context(), message); err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		m := flow.Messages()[0]
		if len(m.Mentions) != 0 || len(m.Links) != 0 || m.Formatted != 0 || m.Bold != 5 || strings.Count(m.Text, "\n") != 11 {
			t.Errorf("%q: %+v", name, m)
		}
		_, shown, _ := strings.Cut(message.Title, "failed: ")
		if utf8.ValidString(name) && !strings.ContainsAny(name, "\x00\u2028") && !strings.Contains(m.Text, "• acc: "+shown+"\n") {
			t.Errorf("%q is not shown: %q", shown, m.Text)
		}
	}
}

// TestAnswers: each answer has the right consequence, and tells no signature.
func TestAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer posttest.Answer
		kind   notify.Kind
		calls  int
		says   string
	}{
		"connector":     {posttest.Answer{Body: "1"}, "", 1, ""},
		"200":           {posttest.Answer{}, "", 1, ""},
		"a step":        {posttest.Answer{Body: `{"posted":true}`}, "", 1, ""},
		"429 within":    {teamstest.Within(429), notify.RateLimited, 1, "429"},
		"413 within":    {teamstest.Within(413), notify.InvalidConfig, 1, "413"},
		"502 within":    {teamstest.Within(502), notify.Temporary, 2, "502"},
		"error in 202":  {teamstest.Refusal(202, "BadRequest", "no "+testSignature), notify.InvalidConfig, 1, "BadRequest: no ******"},
		"signature":     {teamstest.Refusal(401, "DirectApiAuthorizationRequired", "x"), notify.InvalidConfig, 1, "DirectApiAuthorizationRequired"},
		"off":           {teamstest.Refusal(400, "WorkflowTriggerIsNotEnabled", "x"), notify.InvalidConfig, 1, "WorkflowTriggerIsNotEnabled"},
		"413":           {teamstest.Refusal(413, "RequestEntityTooLarge", "x"), notify.InvalidConfig, 1, "413"},
		"413, no words": {posttest.Answer{Status: 413}, notify.InvalidConfig, 1, "413"},
		"a portal":      {posttest.Answer{Body: "<html>" + testSignature}, notify.Unknown, 1, "not a workflow's"},
		"a page":        {posttest.Answer{Status: 403, Body: "<html>" + testSignature}, notify.InvalidConfig, 1, "403"},
		"429":           {posttest.Answer{Status: 429}, notify.RateLimited, 1, "429"},
		"502":           {posttest.Answer{Status: 502}, notify.Temporary, 3, "502"},
	} {
		flow, settings := start(t)
		flow.QueueFaults(posttest.Repeat(9, c.answer)...)
		err := open(t, settings).Send(t.Context(), notifytest.SampleMessage())
		if notifytest.KindOf(err) != c.kind || flow.Calls() != c.calls {
			t.Errorf("%s: kind %q, %d calls: %v", name, notifytest.KindOf(err), flow.Calls(), err)
		}
		if err != nil && (!strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), testSignature)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRefusedSettings(t *testing.T) {
	t.Parallel()
	good := secret.New("https://x.logic.azure.com" + teamstest.HookPath + "?sig=" + testSignature)
	for name, s := range map[string]teams.Settings{
		"nothing": {}, "no URL": {Webhook: secret.New(testSignature)},
		"a mention": {Webhook: good, Mention: []string{"anna"}}, "empty": {Webhook: good, Mention: []string{""}}, "hostile": {Webhook: good, Mention: []string{`"<at>"@example.com`}},
		"many": {Webhook: good, Mention: slices.Repeat([]string{"a@example.com"}, teams.MaxMentions+1)},
	} {
		_, err := teams.New(s, post.Options{})
		if notifytest.KindOf(err) != notify.InvalidConfig || strings.Contains(err.Error(), testSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	m := notifytest.SampleMessage()
	m.LinkURL = "https://" + strings.Repeat("x", teams.MaxBodyBytes)
	if err := open(t, teams.Settings{Webhook: good}).Send(t.Context(), m); notifytest.KindOf(err) != notify.InvalidConfig {
		t.Errorf("no room: %v", err)
	}
}

// TestLongPageLink: a link to the page that leaves no room for a text is left out, and the text is not.
func TestLongPageLink(t *testing.T) {
	t.Parallel()
	robot, settings := start(t)
	m := notifytest.HostileMessage("web_01")
	m.PageText, m.PageURL = "Report", "https://bucket.example.com/"+strings.Repeat("x", teams.MaxBodyBytes)
	if err := open(t, settings).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if text := robot.Messages()[0].Text; !strings.Contains(text, "acc") || strings.Contains(text, "Report") {
		t.Errorf("%q", text)
	}
}
