package wecom_test

import (
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/notify/notifytest"
	"github.com/jms-sync/jms-sync/core/notify/post"
	"github.com/jms-sync/jms-sync/core/notify/posttest"
	"github.com/jms-sync/jms-sync/core/notify/wecom"
	"github.com/jms-sync/jms-sync/core/notify/wecom/wecomtest"
	"github.com/jms-sync/jms-sync/core/secret"
)

const testKey = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"

func start(t *testing.T) (wecomtest.Robot, wecom.Settings) {
	t.Helper()
	robot := wecomtest.New(wecomtest.Options{Key: testKey, ReportUnexpected: t.Errorf})
	server := httptest.NewServer(robot)
	t.Cleanup(server.Close)
	return robot, wecom.Settings{Webhook: secret.New(server.URL + wecomtest.WebhookPath + "?key=" + testKey)}
}

func open(t *testing.T, s wecom.Settings) *wecom.Robot {
	t.Helper()
	r, err := wecom.New(s, post.Options{Sleep: notifytest.NoSleep})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestContract(t *testing.T) {
	t.Parallel()
	notifytest.RunContract(t, func(t *testing.T) notifytest.Channel {
		robot, settings := start(t)
		settings.Mention = []string{"zhangsan"}
		queue := func(a posttest.Answer) func() { return func() { robot.QueueFaults(posttest.Repeat(9, a)...) } }
		return notifytest.Channel{
			Notifier:  open(t, settings),
			RejectAll: queue(wecomtest.Refusal(93000, "invalid webhook url")), ThrottleAll: queue(wecomtest.Refusal(45009, "api freq out of limit")),
			BreakConnections: queue(posttest.Answer{Drop: true}),
			CallCount:        robot.Calls, MaxBodyBytes: wecom.MaxContentBytes, Secrets: []string{testKey}, ShowsWordsOnly: true,
			AcceptedTexts: func() (texts []string) {
				for _, m := range robot.Messages() {
					texts = append(texts, m.Content)
				}
				return texts
			},
			MentionCount: func() (n int) {
				for _, m := range robot.Messages() {
					n += min(len(m.Mentions), 1)
				}
				return n
			},
			LargestBody: func() int { return len(robot.Messages()[0].Content) },
		}
	})
}

// TestCard: what a card looks like, and that everybody is mentioned by a text.
func TestCard(t *testing.T) {
	t.Parallel()
	robot, settings := start(t)
	settings.Mention, settings.MentionAll = []string{"zhangsan", "li_si@corp.cn"}, true
	m := notifytest.HostileMessage("web_01")
	m.Mention, m.Severity, m.LinkURL = true, notify.SeverityError, "https://jms.example.com/ui/(x)"
	m.PageText, m.PageURL = "Report", "https://bucket.example.com/p.html?a=1&b=(2)"
	if err := open(t, settings).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	const want = "<font color=\"warning\">●</font> **［PROD］ 1 failed: web_01**\n\n**Failures**\n• **acc**: web_01\n\n**Result**\n>Total: 1\n>web_01: 2\n\n**Hosts**\n" +
		"<font color=\"comment\">Name · Address · Platform</font>\n• web_01 · 10.0.0.1 · Linux\n\nweb_01\n\n[View](https://jms.example.com/ui/%28x%29) · [Report](https://bucket.example.com/p.html?a=1&b=%282%29)\n\n<@zhangsan> <@li_si@corp.cn>"
	got := robot.Messages()
	if len(got) != 2 || got[0].Content != want {
		t.Fatalf("got %+v", got)
	}
	if got[1].Type != "text" || !slices.Equal(got[1].Mentions, []string{"@all"}) || got[1].Content != m.Title {
		t.Errorf("%+v", got[1])
	}
}

// TestHostileNames: no text from a cloud mentions, links, colours or parts lines.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	for _, name := range notifytest.HostileNames() {
		robot, settings := start(t)
		if err := open(t, settings).Send(t.Context(), notifytest.HostileMessage(name)); err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		m := robot.Messages()[0]
		if len(m.Mentions) != 0 || !slices.Equal(m.Links, []string{"https://jms.example.com/"}) || m.Fonts != 2 || strings.Count(m.Content, "\n") != 15 {
			t.Errorf("%q: %+v", name, m)
		}
		if strings.ContainsAny(m.Content, "`~\\|") || strings.Count(m.Content, "**") != 10 || strings.Contains(m.Content, "_x") {
			t.Errorf("%q is formatted: %s", name, m.Content)
		}
	}
}

// TestAnswers: every answer but errcode 0 is an error, with the right consequence, and tells no key.
func TestAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer posttest.Answer
		kind   notify.Kind
		calls  int
		says   string
	}{
		"key":          {wecomtest.Refusal(93000, "invalid webhook url"), notify.InvalidConfig, 1, "93000"},
		"echo":         {wecomtest.Refusal(93000, "invalid "+testKey), notify.InvalidConfig, 1, "invalid ******"},
		"too long":     {wecomtest.Refusal(40058, "markdown.content exceed max length 4096"), notify.InvalidConfig, 1, "4096"},
		"too fast":     {wecomtest.Refusal(45009, "api freq out of limit"), notify.RateLimited, 1, "45009"},
		"too many":     {wecomtest.Refusal(45033, "api concurrent out of limit"), notify.RateLimited, 1, "45033"},
		"busy":         {wecomtest.Refusal(-1, "system busy"), notify.Temporary, 2, "-1"},
		"no errcode":   {posttest.Answer{Body: `{"errmsg":"ok"}`}, notify.Unknown, 1, "not WeCom's"},
		"null errcode": {posttest.Answer{Body: `{"errcode":null}`}, notify.Unknown, 1, "not WeCom's"},
		"empty":        {posttest.Answer{}, notify.Unknown, 1, "not WeCom's"},
		"a page":       {posttest.Answer{Body: "<html>" + testKey}, notify.Unknown, 1, "not WeCom's"},
		"201":          {posttest.Answer{Status: 201, Body: `{"errcode":0}`}, notify.InvalidConfig, 1, "201"},
		"404":          {posttest.Answer{Status: 404, Body: `{"errcode":0}`}, notify.InvalidConfig, 1, "404"},
		"429":          {posttest.Answer{Status: 429, Header: map[string]string{"Retry-After": "7"}}, notify.RateLimited, 1, "429"},
		"502":          {posttest.Answer{Status: 502}, notify.Temporary, 3, "502"},
	} {
		robot, settings := start(t)
		robot.QueueFaults(posttest.Repeat(9, c.answer)...)
		err := open(t, settings).Send(t.Context(), notifytest.SampleMessage())
		if notifytest.KindOf(err) != c.kind || robot.Calls() != c.calls || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), testKey) {
			t.Errorf("%s: kind %q, %d calls: %v", name, notifytest.KindOf(err), robot.Calls(), err)
		}
	}
}

// TestRate: the 21st message in a minute is refused, and the error says to wait.
func TestRate(t *testing.T) {
	t.Parallel()
	now := time.Now()
	robot := wecomtest.New(wecomtest.Options{Now: func() time.Time { return now }, ReportUnexpected: t.Errorf})
	server := httptest.NewServer(robot)
	t.Cleanup(server.Close)
	r := open(t, wecom.Settings{Webhook: secret.New(server.URL + wecomtest.WebhookPath + "?key=k")})
	for n := range 21 {
		err := r.Send(t.Context(), notifytest.SampleMessage())
		if (err == nil) != (n < 20) {
			t.Errorf("message %d: %v", n+1, err)
		}
	}
	now = now.Add(time.Minute)
	if err := r.Send(t.Context(), notifytest.SampleMessage()); err != nil {
		t.Error(err)
	}
}

func TestRefusedSettings(t *testing.T) {
	t.Parallel()
	good := "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=" + testKey
	for name, s := range map[string]wecom.Settings{
		"nothing": {}, "no key": {Webhook: secret.New("https://x/send")}, "no URL": {Webhook: secret.New("send?key=" + testKey)},
		"a mention": {Webhook: secret.New(good), Mention: []string{"x> <@y"}}, "empty": {Webhook: secret.New(good), Mention: []string{""}},
		"many": {Webhook: secret.New(good), Mention: slices.Repeat([]string{"x"}, wecom.MaxMentions+1)},
	} {
		_, err := wecom.New(s, post.Options{})
		if notifytest.KindOf(err) != notify.InvalidConfig || strings.Contains(err.Error(), testKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	r, err := wecom.New(wecom.Settings{Webhook: secret.New(good)}, post.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m := notifytest.SampleMessage()
	m.LinkURL = "https://" + strings.Repeat("x", wecom.MaxContentBytes)
	if err := r.Send(t.Context(), m); notifytest.KindOf(err) != notify.InvalidConfig {
		t.Errorf("no room: %v", err)
	}
}

// TestLongPageLink: a link to the page that leaves no room for a text is left out, and the text is not.
func TestLongPageLink(t *testing.T) {
	t.Parallel()
	robot, settings := start(t)
	m := notifytest.HostileMessage("web_01")
	m.PageText, m.PageURL = "Report", "https://bucket.example.com/"+strings.Repeat("x", wecom.MaxContentBytes)
	if err := open(t, settings).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if text := robot.Messages()[0].Content; !strings.Contains(text, "acc") || strings.Contains(text, "Report") {
		t.Errorf("%q", text)
	}
}
