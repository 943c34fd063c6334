package feishu_test

import (
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/notify/feishu"
	"github.com/jms-sync/jms-sync/core/notify/feishu/feishutest"
	"github.com/jms-sync/jms-sync/core/notify/notifytest"
	"github.com/jms-sync/jms-sync/core/notify/post"
	"github.com/jms-sync/jms-sync/core/notify/posttest"
	"github.com/jms-sync/jms-sync/core/secret"
)

const (
	testToken  = "f19e6a3c-hook-token"
	testSecret = "zs0T-signing-secret"
)

func start(t *testing.T, o feishutest.Options) (feishutest.Bot, feishu.Settings) {
	t.Helper()
	o.Token, o.Secret, o.ReportUnexpected = testToken, testSecret, t.Errorf
	bot := feishutest.New(o)
	server := httptest.NewServer(bot)
	t.Cleanup(server.Close)
	return bot, feishu.Settings{Webhook: secret.New(server.URL + feishutest.HookPath + testToken), Secret: secret.New(testSecret)}
}

func open(t *testing.T, s feishu.Settings, o post.Options) *feishu.Bot {
	t.Helper()
	o.Sleep = notifytest.NoSleep
	b, err := feishu.New(s, o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestContract(t *testing.T) {
	t.Parallel()
	notifytest.RunContract(t, func(t *testing.T) notifytest.Channel {
		bot, settings := start(t, feishutest.Options{})
		settings.Mention = []string{"ou_18eac85d35a26f989317ad4f02e8bbbb"}
		queue := func(a posttest.Answer) func() { return func() { bot.QueueFaults(posttest.Repeat(9, a)...) } }
		return notifytest.Channel{
			Notifier:  open(t, settings, post.Options{}),
			RejectAll: queue(posttest.Answer{Body: feishutest.NoKeyword}), ThrottleAll: queue(posttest.Answer{Body: feishutest.TooFast}),
			BreakConnections: queue(posttest.Answer{Drop: true}),
			CallCount:        bot.Calls, MaxBodyBytes: feishu.MaxBodyBytes, Secrets: []string{testToken, testSecret, "sign="}, ShowsWordsOnly: true,
			AcceptedTexts: func() (texts []string) {
				for _, m := range bot.Messages() {
					texts = append(texts, m.Text)
				}
				return texts
			},
			MentionCount: func() (n int) {
				for _, m := range bot.Messages() {
					n += min(len(m.Mentions), 1)
				}
				return n
			},
			LargestBody: func() int { return bot.Messages()[0].Bytes },
		}
	})
}

// TestCard: what a card has of a message.
func TestCard(t *testing.T) {
	t.Parallel()
	bot, settings := start(t, feishutest.Options{})
	settings.Mention, settings.MentionAll = []string{"ou_1", "b6xxx"}, true
	b := open(t, settings, post.Options{})
	for _, c := range []struct {
		severity notify.Severity
		topic    notify.Topic
		colour   string
	}{{"", "", "blue"}, {"", notify.TopicRecovery, "green"}, {notify.SeverityWarning, "", "orange"}, {notify.SeverityError, notify.TopicAlarm, "red"}} {
		m := notifytest.HostileMessage("web_01")
		m.Mention, m.Severity, m.Topic, m.PageText, m.PageURL = true, c.severity, c.topic, "Report", "https://bucket.example.com/p.html?a=1&b=(2)"
		if err := b.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		all := bot.Messages()
		got := all[len(all)-1]
		if got.Title != m.Title || got.Colour != c.colour || !slices.Equal(got.Buttons, []string{"View " + m.LinkURL, "Report " + m.PageURL}) {
			t.Errorf("%+v", got)
		}
		if !slices.Equal(got.Fields, []string{"Total\n1", "web_01\n2"}) || !slices.Equal(got.Mentions, []string{"ou_1", "b6xxx", "all"}) {
			t.Errorf("%+v", got)
		}
		const want = "Failures\n• acc: web_01\nResult\nTotal\n1\nweb_01\n2\nHosts\n*Name · Address · Platform*\n• web_01 · 10.0.0.1 · Linux\nweb_01\n"
		if text, _, _ := strings.Cut(got.Text, "<at"); text != want {
			t.Errorf("text %q", got.Text)
		}
	}
}

// TestHostileNames: no text from a cloud mentions, links, colours or formats; people read the name as it is.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	for _, name := range notifytest.HostileNames() {
		bot, settings := start(t, feishutest.Options{})
		message := notifytest.HostileMessage(name)
		if err := open(t, settings, post.Options{}).Send(t.Context(), message); err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		m := bot.Messages()[0]
		if len(m.Mentions) != 0 || len(m.Links) != 0 || m.Formatted != 10 || strings.Count(m.Text, "\n") != 11 {
			t.Errorf("%q: %+v", name, m)
		}
		_, shown, _ := strings.Cut(message.Title, "failed: ")
		if utf8.ValidString(name) && !strings.ContainsAny(name, "\x00\u2028") && !strings.Contains(m.Text, "• acc: "+shown+"\n") {
			t.Errorf("%q is not shown: %q", shown, m.Text)
		}
	}
}

// TestSignature is a vector of the documentation's algorithm, and the same for as long as a second.
func TestSignature(t *testing.T) {
	t.Parallel()
	if got := feishu.Sign("1700000000", "abc"); got != "VIS10b0EBvzzSdFnuk4tznEmK5wHaruvf/WnViv2yR4=" {
		t.Error(got)
	}
	now := time.Now()
	bot, settings := start(t, feishutest.Options{Now: func() time.Time { return now }})
	for late, fine := range map[time.Duration]bool{59 * time.Minute: true, 61 * time.Minute: false, -61 * time.Minute: false} {
		err := open(t, settings, post.Options{Now: func() time.Time { return now.Add(late) }}).Send(t.Context(), notifytest.SampleMessage())
		if (err == nil) != fine || err != nil && !strings.Contains(err.Error(), "19021") {
			t.Errorf("%s: %v", late, err)
		}
	}
	settings.Secret = secret.New("another")
	if err := open(t, settings, post.Options{}).Send(t.Context(), notifytest.SampleMessage()); notifytest.KindOf(err) != notify.InvalidConfig {
		t.Error(err)
	}
	if n := len(bot.Messages()); n != 1 {
		t.Errorf("%d messages", n)
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
		"old bot":     {posttest.Answer{Body: feishutest.OldOK}, "", 1, ""},
		"only code":   {posttest.Answer{Body: `{"code":0}`}, "", 1, ""},
		"they differ": {posttest.Answer{Body: `{"code":19024,"StatusCode":0,"msg":"Key Words Not Found"}`}, notify.InvalidConfig, 1, "19024"},
		"old refusal": {posttest.Answer{Body: `{"StatusCode":9499,"StatusMessage":"Bad Request"}`}, notify.InvalidConfig, 1, "Bad Request"},
		"sign":        {posttest.Answer{Body: feishutest.BadSign}, notify.InvalidConfig, 1, "19021"},
		"keyword":     {posttest.Answer{Body: feishutest.NoKeyword}, notify.InvalidConfig, 1, "19024"},
		"ip":          {posttest.Answer{Body: feishutest.BadIP}, notify.InvalidConfig, 1, "19022"},
		"token":       {posttest.Answer{Status: 400, Body: feishutest.BadToken}, notify.InvalidConfig, 1, "19001"},
		"form":        {posttest.Answer{Status: 400, Body: feishutest.BadRequest}, notify.InvalidConfig, 1, "9499: Bad Request"},
		"too many":    {posttest.Answer{Status: 400, Body: feishutest.TooManyOnce}, notify.RateLimited, 1, "9499: too many"},
		"too fast":    {posttest.Answer{Body: feishutest.TooFast}, notify.RateLimited, 1, "11232"},
		"echo":        {posttest.Answer{Body: `{"code":1,"msg":"` + testToken + " " + testSecret + `"}`}, notify.InvalidConfig, 1, "****** ******"},
		"no code":     {posttest.Answer{Body: `{"msg":"success"}`}, notify.Unknown, 1, "not Feishu's"},
		"null code":   {posttest.Answer{Body: `{"code":null}`}, notify.Unknown, 1, "not Feishu's"},
		"empty":       {posttest.Answer{}, notify.Unknown, 1, "not Feishu's"},
		"a page":      {posttest.Answer{Status: 403, Body: "<html>" + testToken}, notify.InvalidConfig, 1, "HTTP 403"},
		"404 ok":      {posttest.Answer{Status: 404, Body: feishutest.OK}, notify.InvalidConfig, 1, "HTTP 404"},
		"429":         {posttest.Answer{Status: 429}, notify.RateLimited, 1, "429"},
		"502":         {posttest.Answer{Status: 502}, notify.Temporary, 3, "502"},
	} {
		bot, settings := start(t, feishutest.Options{})
		bot.QueueFaults(posttest.Repeat(9, c.answer)...)
		err := open(t, settings, post.Options{}).Send(t.Context(), notifytest.SampleMessage())
		if notifytest.KindOf(err) != c.kind || bot.Calls() != c.calls {
			t.Errorf("%s: kind %q, %d calls: %v", name, notifytest.KindOf(err), bot.Calls(), err)
		}
		if err != nil && (!strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), testToken) || strings.Contains(err.Error(), testSecret)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRefusedSettings(t *testing.T) {
	t.Parallel()
	good := secret.New("https://open.feishu.cn" + feishutest.HookPath + testToken)
	for name, s := range map[string]feishu.Settings{
		"nothing": {}, "no URL": {Webhook: secret.New(testToken)},
		"a mention": {Webhook: good, Mention: []string{"x></at><at id=all"}}, "empty": {Webhook: good, Mention: []string{""}},
		"many": {Webhook: good, Mention: slices.Repeat([]string{"x"}, feishu.MaxMentions+1)},
	} {
		_, err := feishu.New(s, post.Options{})
		if notifytest.KindOf(err) != notify.InvalidConfig || strings.Contains(err.Error(), testToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	m := notifytest.SampleMessage()
	m.LinkURL = "https://" + strings.Repeat("x", feishu.MaxBodyBytes)
	if err := open(t, feishu.Settings{Webhook: good}, post.Options{}).Send(t.Context(), m); notifytest.KindOf(err) != notify.InvalidConfig {
		t.Errorf("no room: %v", err)
	}
}

// TestLongPageLink: a link to the page that leaves no room for a text is left out, and the text is not.
func TestLongPageLink(t *testing.T) {
	t.Parallel()
	robot, settings := start(t, feishutest.Options{})
	m := notifytest.HostileMessage("web_01")
	m.PageText, m.PageURL = "Report", "https://bucket.example.com/"+strings.Repeat("x", feishu.MaxBodyBytes)
	if err := open(t, settings, post.Options{}).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if text := robot.Messages()[0].Text; !strings.Contains(text, "acc") || strings.Contains(text, "Report") {
		t.Errorf("%q", text)
	}
}
