package wecomtest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/notify/wecom/wecomtest"
)

// TestRefusals: the emulator refuses, and reports, what WeCom refuses.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path, body, answer string
		reported           bool
	}{
		"good":         {wecomtest.WebhookPath + "?key=k", `{"msgtype":"markdown","markdown":{"content":"x"}}`, `200 {"errcode":0`, false},
		"a wrong key":  {wecomtest.WebhookPath + "?key=x", `{"msgtype":"markdown","markdown":{"content":"x"}}`, `200 {"errcode":93000`, false},
		"no key":       {wecomtest.WebhookPath, `{"msgtype":"markdown","markdown":{"content":"x"}}`, `200 {"errcode":93000`, false},
		"too long":     {wecomtest.WebhookPath + "?key=k", `{"msgtype":"markdown","markdown":{"content":"` + strings.Repeat("名", 1366) + `"}}`, `200 {"errcode":40058,"errmsg":"markdown.content exceed max length 4096`, true},
		"a long text":  {wecomtest.WebhookPath + "?key=k", `{"msgtype":"text","text":{"content":"` + strings.Repeat("x", 2049) + `"}}`, `200 {"errcode":40058`, true},
		"another type": {wecomtest.WebhookPath + "?key=k", `{"msgtype":"markdown_v2","markdown_v2":{"content":"x"}}`, `200 {"errcode":40008`, true},
		"empty":        {wecomtest.WebhookPath + "?key=k", `{"msgtype":"markdown","markdown":{"content":""}}`, `200 {"errcode":40008`, true},
		"no JSON":      {wecomtest.WebhookPath + "?key=k", `x`, `200 {"errcode":40008`, true},
	} {
		reported := ""
		robot := wecomtest.New(wecomtest.Options{Key: "k", ReportUnexpected: func(format string, args ...any) {
			reported += fmt.Sprintf(format, args...)
		}})
		r := httptest.NewRequest(http.MethodPost, c.path, strings.NewReader(c.body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		robot.ServeHTTP(w, r)
		if got := fmt.Sprint(w.Code, " ", w.Body.String()); !strings.HasPrefix(got, c.answer) || (reported != "") != c.reported || (len(robot.Messages()) == 1) != (name == "good") {
			t.Errorf("%s: %s, reported %q, accepted %v", name, got, reported, robot.Messages())
		}
	}
}
