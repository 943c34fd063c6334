package dingtalktest_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/notify/dingtalk/dingtalktest"
)

const validCard = `{"msgtype":"actionCard","actionCard":{"title":"t","text":"m","singleTitle":"l","singleURL":"u","btnOrientation":"0"}}`

// signedQuery is the documented signature of 1700000000000 with the secret SECabc.
const signedQuery = "&timestamp=1700000000000&sign=jcUpW0QmtKduN03n4JqQ0PBosVjqnM8gU7fIIvsDmCM%3D"

type testRequest struct{ method, target, kind, body string }

func (c testRequest) send(t *testing.T, robot *dingtalktest.Robot) string {
	t.Helper()
	request := httptest.NewRequestWithContext(context.WithoutCancel(t.Context()), c.method, c.target, strings.NewReader(c.body))
	request.Header.Set("Content-Type", c.kind)
	recorder := httptest.NewRecorder()
	robot.ServeHTTP(recorder, request)
	text, err := io.ReadAll(recorder.Result().Body)
	if err != nil || recorder.Code != http.StatusOK {
		t.Fatalf("status %d: %v", recorder.Code, err)
	}
	return string(text)
}

func validRequest() testRequest {
	return testRequest{http.MethodPost, dingtalktest.WebhookPath + "?access_token=tok" + signedQuery, "application/json;charset=utf-8", validCard}
}

func TestStrict(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1700000000000)
	for name, c := range map[string]struct {
		change    func(*testRequest)
		at        time.Time
		want      string
		complains bool
	}{
		"good":              {func(*testRequest) {}, now, `"errcode": 0`, false},
		"an hour later":     {func(*testRequest) {}, now.Add(time.Hour), `"errcode": 0`, false},
		"more than an hour": {func(*testRequest) {}, now.Add(time.Hour + time.Second), "invalid timestamp", false},
		"from the future":   {func(*testRequest) {}, now.Add(-time.Hour - time.Second), "invalid timestamp", false},
		"wrong signature":   {func(c *testRequest) { c.target = strings.Replace(c.target, "sign=j", "sign=k", 1) }, now, "sign not match", false},
		"no signature":      {func(c *testRequest) { c.target = strings.Replace(c.target, signedQuery, "", 1) }, now, "invalid timestamp", false},
		"wrong token":       {func(c *testRequest) { c.target = strings.Replace(c.target, "=tok", "=other", 1) }, now, "token is not exist", false},
		"another parameter": {func(c *testRequest) { c.target += "&x=1" }, now, `"errcode": 0`, true},
		"GET":               {func(c *testRequest) { c.method = http.MethodGet }, now, "404", true},
		"another path":      {func(c *testRequest) { c.target = "/robot" }, now, "404", true},
		"a form":            {func(c *testRequest) { c.kind = "application/x-www-form-urlencoded" }, now, "43004", true},
		"no JSON":           {func(c *testRequest) { c.body = "x" }, now, "40035", true},
		"two values":        {func(c *testRequest) { c.body += validCard }, now, "40035", true},
		"unknown field":     {func(c *testRequest) { c.body = strings.Replace(validCard, "title", "titel", 1) }, now, "40035", true},
		"no text":           {func(c *testRequest) { c.body = strings.Replace(validCard, `"m"`, `""`, 1) }, now, "missing text", true},
		"no orientation":    {func(c *testRequest) { c.body = strings.Replace(validCard, `"0"`, `""`, 1) }, now, "btnOrientation", true},
		"another type":      {func(c *testRequest) { c.body = strings.Replace(validCard, "actionCard", "text", 1) }, now, "40035", true},
		"not UTF-8":         {func(c *testRequest) { c.body = strings.Replace(validCard, `"m"`, "\"\xff\"", 1) }, now, "40035", true},
		"unseen mention":    {func(c *testRequest) { c.body = strings.TrimSuffix(validCard, "}") + `,"at":{"atMobiles":["1"]}}` }, now, "40035", true},
		"20,000 bytes":      {func(c *testRequest) { c.body += strings.Repeat(" ", dingtalktest.MaxBodyBytes-len(validCard)) }, now, `"errcode": 0`, false},
		"20,001 bytes":      {func(c *testRequest) { c.body += strings.Repeat(" ", dingtalktest.MaxBodyBytes-len(validCard)+1) }, now, "too long", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			told := 0
			robot := dingtalktest.New(dingtalktest.Options{
				Token: "tok", Secret: "SECabc", Now: func() time.Time { return c.at },
				ReportUnexpected: func(string, ...any) {
					told++
				},
			})
			request := validRequest()
			c.change(&request)
			if got := request.send(t, robot); !strings.Contains(got, c.want) {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if complained := len(robot.Unexpected()) > 0; complained != c.complains || complained != (told > 0) {
				t.Errorf("complaints: %q, told %d", robot.Unexpected(), told)
			}
			if taken := len(robot.Messages()); (taken == 1) != strings.Contains(c.want, `"errcode": 0`) {
				t.Errorf("%d messages taken", taken)
			}
		})
	}
}

// 20 messages in a minute pass; the 21st blocks the robot for 10 minutes.
func TestTooFast(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1700000000000)
	robot := dingtalktest.New(dingtalktest.Options{Now: func() time.Time { return now }})
	send := func() string { return validRequest().send(t, robot) }
	for range 20 {
		if got := send(); !strings.Contains(got, `"errcode": 0`) {
			t.Fatal(got)
		}
	}
	for _, wait := range []time.Duration{0, time.Minute, 8*time.Minute + 59*time.Second} {
		now = now.Add(wait)
		if got := send(); !strings.Contains(got, "130101") {
			t.Fatalf("after %s more: %s", wait, got)
		}
	}
	now = now.Add(time.Minute)
	if got := send(); !strings.Contains(got, `"errcode": 0`) || len(robot.Messages()) != 21 || robot.Calls() != 24 {
		t.Errorf("%s, %d messages, %d calls", got, len(robot.Messages()), robot.Calls())
	}
}

// A fault replaces one answer, but a wrong request is reported all the same.
func TestFaults(t *testing.T) {
	t.Parallel()
	robot := dingtalktest.New(dingtalktest.Options{})
	robot.QueueFaults(dingtalktest.BusyFault(), dingtalktest.AnswerFaults(1, "ip")[0])
	bad := validRequest()
	bad.body = "x"
	if got := bad.send(t, robot); !strings.Contains(got, "-1") || len(robot.Unexpected()) != 1 {
		t.Errorf("%s %q", got, robot.Unexpected())
	}
	if got := validRequest().send(t, robot); !strings.Contains(got, "whitelist") || len(robot.Messages()) != 0 {
		t.Error(got)
	}
	if got := validRequest().send(t, robot); !strings.Contains(got, `"errcode": 0`) || len(robot.Messages()) != 1 {
		t.Error(got)
	}
}
