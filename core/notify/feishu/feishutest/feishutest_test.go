package feishutest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/notify/feishu/feishutest"
)

// TestRefusals: the emulator refuses, and reports, what Feishu refuses.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path, body, answer string
		reported           bool
	}{
		"good":                        {feishutest.HookPath + "t", `{"msg_type":"interactive","card":{"config":{"wide_screen_mode":true},"header":{"title":{"tag":"plain_text","content":"T"},"template":"red"},"elements":[{"tag":"markdown","content":"x"}]}}`, `200 {"code":0`, false},
		"a wrong token":               {feishutest.HookPath + "x", `{"msg_type":"interactive","card":{"config":{"wide_screen_mode":true},"header":{"title":{"tag":"plain_text","content":"T"},"template":"red"},"elements":[{"tag":"markdown","content":"x"}]}}`, `400 {"code":19001`, false},
		"an element":                  {feishutest.HookPath + "t", `{"msg_type":"interactive","card":{"config":{"wide_screen_mode":true},"header":{"title":{"tag":"plain_text","content":"T"},"template":"red"},"elements":[{"tag":"table","content":"x"}]}}`, `400 {"code":9499`, true},
		"an empty text":               {feishutest.HookPath + "t", `{"msg_type":"interactive","card":{"config":{"wide_screen_mode":true},"header":{"title":{"tag":"plain_text","content":"T"},"template":"red"},"elements":[{"tag":"markdown","content":""}]}}`, `400 {"code":9499`, true},
		"a field in Markdown":         {feishutest.HookPath + "t", `{"msg_type":"interactive","card":{"config":{"wide_screen_mode":true},"header":{"title":{"tag":"plain_text","content":"T"},"template":"red"},"elements":[{"tag":"div","fields":[{"is_short":true,"text":{"tag":"lark_md","content":"x"}}]}]}}`, `400 {"code":9499`, true},
		"a button without an address": {feishutest.HookPath + "t", `{"msg_type":"interactive","card":{"config":{"wide_screen_mode":true},"header":{"title":{"tag":"plain_text","content":"T"},"template":"red"},"elements":[{"tag":"action","actions":[{"tag":"button","text":{"tag":"plain_text","content":"x"}}]}]}}`, `400 {"code":9499`, true},
		"too long":                    {feishutest.HookPath + "t", `{"msg_type":"interactive","card":{"config":{"wide_screen_mode":true},"header":{"title":{"tag":"plain_text","content":"T"},"template":"red"},"elements":[{"tag":"markdown","content":"` + strings.Repeat("x", 20<<10) + `"}]}}`, `400 {"code":9499`, true},
		"a text":                      {feishutest.HookPath + "t", `{"msg_type":"text","content":{"text":"x"}}`, `400 {"code":9499`, true},
	} {
		reported := ""
		robot := feishutest.New(feishutest.Options{Token: "t", ReportUnexpected: func(format string, args ...any) {
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
