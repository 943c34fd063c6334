package dingtalk_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/notify/dingtalk"
	"github.com/jms-sync/jms-sync/core/notify/dingtalk/dingtalktest"
	"github.com/jms-sync/jms-sync/core/notify/notifytest"
	"github.com/jms-sync/jms-sync/core/notify/post"
	"github.com/jms-sync/jms-sync/core/secret"
)

const (
	testToken = "0123456789abcdef-token"
	testKey   = "SECabcdef-key"
)

// startRobot starts an emulator that fails the test on any request that a correct client does not make.
func startRobot(t testing.TB) (*dingtalktest.Robot, dingtalk.Settings) {
	t.Helper()
	robot := dingtalktest.New(dingtalktest.Options{Token: testToken, Secret: testKey, ReportUnexpected: t.Errorf})
	server := httptest.NewServer(robot)
	t.Cleanup(server.Close)
	return robot, dingtalk.Settings{
		Webhook: secret.New(server.URL + dingtalktest.WebhookPath + "?access_token=" + testToken), Secret: secret.New(testKey),
	}
}

func newRobot(t testing.TB, s dingtalk.Settings, o post.Options) *dingtalk.Robot {
	t.Helper()
	if o.Sleep == nil {
		o.Sleep = notifytest.NoSleep
	}
	r, err := dingtalk.New(s, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestPageLink: the link to the page stands at the end, however long the text is.
func TestPageLink(t *testing.T) {
	t.Parallel()
	robot, settings := startRobot(t)
	m := notifytest.SampleMessage()
	m.PageURL, m.PageText = "https://bucket.example.com/p.html?sign=a&b", "Report"
	for _, text := range []string{"short", strings.Repeat("long line\n", 5000)} {
		m.Markdown = text
		if err := newRobot(t, settings, post.Options{}).Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	for _, got := range robot.Messages() {
		if !strings.HasSuffix(got.Text, "\n\n[Report](https://bucket.example.com/p.html?sign=a&b)") {
			t.Errorf("the card ends with %q", got.Text[max(0, len(got.Text)-80):])
		}
	}
}

func TestContract(t *testing.T) {
	t.Parallel()
	notifytest.RunContract(t, func(t *testing.T) notifytest.Channel {
		robot, settings := startRobot(t)
		settings.AtMobiles = []string{"13800000000"}
		return notifytest.Channel{
			Notifier:         newRobot(t, settings, post.Options{}),
			RejectAll:        func() { robot.QueueFaults(dingtalktest.AnswerFaults(9, "keywords")...) },
			ThrottleAll:      func() { robot.QueueFaults(dingtalktest.AnswerFaults(9, "gateway-throttle")...) },
			BreakConnections: func() { robot.QueueFaults(dingtalktest.DropFaults(9)...) },
			CallCount:        robot.Calls, MaxBodyBytes: dingtalktest.MaxBodyBytes, Secrets: []string{testToken, testKey, "sign="},
			AcceptedTexts: func() (texts []string) {
				for _, m := range robot.Messages() {
					texts = append(texts, m.Text)
				}
				return texts
			},
			MentionCount: func() (n int) {
				for _, m := range robot.Messages() {
					if len(m.AtMobiles) > 0 || strings.Contains(m.Text, "@") {
						n++
					}
				}
				return n
			},
			LargestBody: func() int { return robot.Messages()[0].Bytes },
		}
	})
}

// The body is DingTalk's documented sample of a card, with the mentions.
func TestBody(t *testing.T) {
	t.Parallel()
	var body string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var card map[string]any
		if err := json.NewDecoder(r.Body).Decode(&card); err != nil {
			t.Error(err)
		}
		text, _ := json.Marshal(card)
		body = string(text)
		_, _ = w.Write([]byte(dingtalktest.RecordedAnswer("ok")))
	}))
	t.Cleanup(server.Close)
	r := newRobot(t, dingtalk.Settings{
		Webhook: secret.New(server.URL + "?access_token=x"), AtMobiles: []string{"13800000000", "13900000000"}, AtAll: true,
	}, post.Options{})
	if err := r.Send(t.Context(), notify.Message{Title: "T", Markdown: "M", LinkText: "L", LinkURL: "https://u/", Mention: true}); err != nil {
		t.Fatal(err)
	}
	want := `{"actionCard":{"btnOrientation":"0","singleTitle":"L","singleURL":"https://u/",` +
		`"text":"M\n\n@13800000000\n@13900000000","title":"T"},` +
		`"at":{"atMobiles":["13800000000","13900000000"],"isAtAll":true},"msgtype":"actionCard"}`
	if body != want {
		t.Errorf("got %s\nwant %s", body, want)
	}
}

// The vector of the documentation: the signature is in the address, escaped.
func TestSignature(t *testing.T) {
	t.Parallel()
	var query string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query = r.URL.RawQuery
		_, _ = w.Write([]byte(dingtalktest.RecordedAnswer("ok")))
	}))
	t.Cleanup(server.Close)
	r := newRobot(t, dingtalk.Settings{Webhook: secret.New(server.URL + "?access_token=a"), Secret: secret.New("SECabc")},
		post.Options{Now: func() time.Time { return time.UnixMilli(1700000000000) }})
	if err := r.Send(t.Context(), notifytest.SampleMessage()); err != nil {
		t.Fatal(err)
	}
	const want = "access_token=a&sign=jcUpW0QmtKduN03n4JqQ0PBosVjqnM8gU7fIIvsDmCM%3D&timestamp=1700000000000"
	if query != want {
		t.Errorf("query %s, want %s", query, want)
	}
}

// Every answer other than errcode 0 is an error, with the right consequence.
func TestAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault dingtalktest.Fault
		kind  notify.Kind
		calls int
		says  string
	}{
		"keywords":     {dingtalktest.AnswerFaults(1, "keywords")[0], notify.InvalidConfig, 1, "keywords not in content"},
		"signature":    {dingtalktest.AnswerFaults(1, "sign")[0], notify.InvalidConfig, 1, "sign not match"},
		"timestamp":    {dingtalktest.AnswerFaults(1, "timestamp")[0], notify.InvalidConfig, 1, "invalid timestamp"},
		"address":      {dingtalktest.AnswerFaults(1, "ip")[0], notify.InvalidConfig, 1, "not in whitelist"},
		"token":        {dingtalktest.AnswerFaults(1, "token")[0], notify.InvalidConfig, 1, "300005"},
		"too fast":     {dingtalktest.AnswerFaults(1, "toofast")[0], notify.RateLimited, 1, "130101"},
		"too fast too": {dingtalktest.Fault{Body: `{"errcode":410100,"errmsg":"x"}`}, notify.RateLimited, 1, "410100"},
		"gateway":      {dingtalktest.AnswerFaults(1, "gateway-throttle")[0], notify.RateLimited, 1, "1111"},
		"no errcode":   {dingtalktest.Fault{Body: `{"errmsg":"ok"}`}, notify.Unknown, 1, "no errcode"},
		"null errcode": {dingtalktest.Fault{Body: `{"errcode":null}`}, notify.Unknown, 1, "no errcode"},
		"empty":        {dingtalktest.Fault{}, notify.Unknown, 1, "not DingTalk's"},
		"a page":       {dingtalktest.Fault{Body: "<html>" + testToken + "</html>"}, notify.Unknown, 1, "not DingTalk's"},
		"endless":      {dingtalktest.Fault{Body: strings.Repeat(" ", 64<<10) + dingtalktest.RecordedAnswer("ok")}, notify.Unknown, 1, "not DingTalk's"},
		"echo":         {dingtalktest.Fault{Body: `{"errcode":1,"errmsg":"bad ` + testToken + ` ` + testKey + `"}`}, notify.InvalidConfig, 1, "bad ****** ******"},
		"long":         {dingtalktest.Fault{Body: `{"errcode":1,"errmsg":"` + strings.Repeat("名", 5000) + `"}`}, notify.InvalidConfig, 1, "名…"},
		"429":          {dingtalktest.Fault{Status: 429}, notify.RateLimited, 1, "429"},
		"404":          {dingtalktest.Fault{Status: 404, Body: dingtalktest.RecordedAnswer("ok")}, notify.InvalidConfig, 1, "404"},
		"201":          {dingtalktest.Fault{Status: 201, Body: dingtalktest.RecordedAnswer("ok")}, notify.InvalidConfig, 1, "201"},
		"redirect":     {dingtalktest.Fault{Status: 302, Location: "https://evil.example/"}, notify.InvalidConfig, 1, "redirect"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			robot, settings := startRobot(t)
			robot.QueueFaults(c.fault)
			err := newRobot(t, settings, post.Options{}).Send(t.Context(), notifytest.SampleMessage())
			if notifytest.KindOf(err) != c.kind || robot.Calls() != c.calls || !strings.Contains(err.Error(), c.says) {
				t.Errorf("kind %q, %d calls: %v", notifytest.KindOf(err), robot.Calls(), err)
			}
			if text := err.Error(); len(text) > 300 || strings.Contains(text, testToken) || strings.Contains(text, testKey) {
				t.Errorf("an error that is too long or tells a secret: %s", text)
			}
		})
	}
}

// A transient error is tried again, so often and not oftener.
func TestRetries(t *testing.T) {
	t.Parallel()
	down := dingtalktest.Fault{Status: 502}
	for name, c := range map[string]struct {
		faults []dingtalktest.Fault
		calls  int
		fine   bool
	}{
		"two drops":   {dingtalktest.DropFaults(2), 3, true},
		"three drops": {dingtalktest.DropFaults(3), 3, false},
		"two 502":     {[]dingtalktest.Fault{down, down}, 3, true},
		"busy once":   {[]dingtalktest.Fault{dingtalktest.BusyFault()}, 2, true},
		"busy twice":  {[]dingtalktest.Fault{dingtalktest.BusyFault(), dingtalktest.BusyFault()}, 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			robot, settings := startRobot(t)
			robot.QueueFaults(c.faults...)
			err := newRobot(t, settings, post.Options{}).Send(t.Context(), notifytest.SampleMessage())
			if (err == nil) != c.fine || robot.Calls() != c.calls || err != nil && notifytest.KindOf(err) != notify.Temporary {
				t.Errorf("%d calls: %v", robot.Calls(), err)
			}
		})
	}
}

// A server that never answers costs the caller's time and no more, and the time-out of one request
// is not the caller's.
func TestDeadline(t *testing.T) {
	t.Parallel()
	robot, settings := startRobot(t)
	stuck := make(chan struct{})
	t.Cleanup(func() { close(stuck) })
	robot.QueueFaults(dingtalktest.Fault{Blocked: stuck})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := newRobot(t, settings, post.Options{Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}).
		Send(ctx, notifytest.SampleMessage())
	if !errors.Is(err, context.DeadlineExceeded) || notifytest.KindOf(err) != notify.Temporary {
		t.Error(err)
	}
}

// Nobody listens: the error names neither token nor signature, though Go's own would.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	r := newRobot(t, dingtalk.Settings{Webhook: secret.New(server.URL + "/robot/send?access_token=" + testToken), Secret: secret.New(testKey)},
		post.Options{Timeout: time.Second})
	err := r.Send(t.Context(), notifytest.SampleMessage())
	if notifytest.KindOf(err) != notify.Temporary || strings.Contains(err.Error(), "access_token") || !strings.Contains(err.Error(), "refused") {
		t.Error(err)
	}
}

func TestProxy(t *testing.T) {
	t.Parallel()
	asked := ""
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.Host
		_, _ = w.Write([]byte(dingtalktest.RecordedAnswer("ok")))
	}))
	t.Cleanup(proxy.Close)
	r := newRobot(t, dingtalk.Settings{Webhook: secret.New("http://robot.invalid/robot/send?access_token=x")}, post.Options{Proxy: proxy.URL})
	if err := r.Send(t.Context(), notifytest.SampleMessage()); err != nil || asked != "robot.invalid" {
		t.Errorf("asked for %q: %v", asked, err)
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	good := "https://oapi.dingtalk.com/robot/send?access_token=" + testToken
	for name, c := range map[string]struct {
		webhook, proxy string
		mobiles        []string
		says           string
	}{
		"no webhook":       {"", "", nil, "http(s) URL"},
		"another scheme":   {"ftp://x/?access_token=" + testToken, "", nil, "http(s) URL"},
		"unreadable":       {"https://x/%zz?access_token=" + testToken, "", nil, "http(s) URL"},
		"no token":         {"https://oapi.dingtalk.com/robot/send", "", nil, "access_token"},
		"a placeholder":    {good, "", []string{"13800000000", "138xxxxxxxx"}, "number 2"},
		"too many mobiles": {good, "", make([]string, dingtalk.MaxMobiles+1), "more than 100"},
		"a bad proxy":      {good, "http://user:" + testToken + "@%zz", nil, "proxy"},
	} {
		_, err := dingtalk.New(dingtalk.Settings{Webhook: secret.New(c.webhook), AtMobiles: c.mobiles}, post.Options{Proxy: c.proxy})
		if notifytest.KindOf(err) != notify.InvalidConfig || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), testToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	robot, settings := startRobot(t)
	for _, m := range []notify.Message{{}, {Title: "T", Markdown: "M", LinkText: "L"}, {
		Title: strings.Repeat("T", dingtalk.MaxBodyBytes), Markdown: "M", LinkText: "L", LinkURL: "u",
	}} {
		if err := newRobot(t, settings, post.Options{}).Send(t.Context(), m); notifytest.KindOf(err) != notify.InvalidConfig || robot.Calls() != 0 {
			t.Errorf("%d calls: %v", robot.Calls(), err)
		}
	}
}

// Whatever the text, the body stays below the limit, is UTF-8, and keeps the mentions.
func FuzzBody(f *testing.F) {
	f.Add("### 同步", 30000)
	f.Add("\x00\xff\u2028\"\\<", 1)
	f.Add("| a |\n", 18000)
	bodies := make(chan []byte, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := make([]byte, 0, dingtalk.MaxBodyBytes)
		for part := make([]byte, 4096); ; {
			n, err := r.Body.Read(part)
			body = append(body, part[:n]...)
			if err != nil {
				break
			}
		}
		bodies <- body
		_, _ = w.Write([]byte(dingtalktest.RecordedAnswer("ok")))
	}))
	f.Cleanup(server.Close)
	robot := newRobot(f, dingtalk.Settings{
		Webhook: secret.New(server.URL + "?" + url.Values{"access_token": {testToken}}.Encode()), AtMobiles: []string{"13800000000"},
	}, post.Options{})
	f.Fuzz(func(t *testing.T, text string, times int) {
		m := notifytest.SampleMessage()
		m.Mention = true
		m.Markdown = strings.Repeat(text+"x", min(max(times, 1), 30000)/(len(text)+1)+1)
		if err := robot.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		body := <-bodies
		var card struct {
			Card struct{ Text string } `json:"actionCard"`
		}
		if err := json.Unmarshal(body, &card); err != nil || len(body) > dingtalk.MaxBodyBytes {
			t.Fatalf("%d bytes: %v", len(body), err)
		}
		if !strings.HasSuffix(card.Card.Text, "\n\n@13800000000") {
			t.Error("the mention was cut off")
		}
		whole := strings.ToValidUTF8(m.Markdown, "\uFFFD")
		shown := strings.TrimSuffix(card.Card.Text, "\n\n@13800000000")
		if shown != whole && !strings.HasPrefix(whole, strings.TrimSuffix(shown, "\n\n…")) {
			t.Error("the text is not a beginning of what was to be sent")
		}
	})
}
