package slacktest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/notify/slack/slacktest"
)

// TestRefusals: the emulator refuses, and reports, what Slack refuses.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path, body, answer string
		reported           bool
	}{
		"good":              {slacktest.HookPath + "T/B/t", `{"text":"x","blocks":[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"x"}]}]}]}`, "200 ok", false},
		"a wrong token":     {slacktest.HookPath + "T/B/x", `{"text":"x","blocks":[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"x"}]}]}]}`, "404 no_service", false},
		"no blocks":         {slacktest.HookPath + "T/B/t", `{"text":"x","blocks":[]}`, "400 invalid_blocks", true},
		"many blocks":       {slacktest.HookPath + "T/B/t", `{"text":"x","blocks":[` + strings.Repeat(`{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"x"}]}]},`, 50) + `{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"x"}]}]}]}`, "400 invalid_blocks", true},
		"too long":          {slacktest.HookPath + "T/B/t", `{"text":"x","blocks":[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"` + strings.Repeat("x", 13200) + `"}]}]}]}`, "400 invalid_blocks", true},
		"an empty text":     {slacktest.HookPath + "T/B/t", `{"text":"x","blocks":[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":""}]}]}]}`, "400 invalid_blocks", true},
		"a long header":     {slacktest.HookPath + "T/B/t", `{"text":"x","blocks":[{"type":"header","text":{"type":"plain_text","text":"` + strings.Repeat("x", 151) + `","emoji":false}}]}`, "400 invalid_blocks", true},
		"a field in markup": {slacktest.HookPath + "T/B/t", `{"text":"x","blocks":[{"type":"section","fields":[{"type":"mrkdwn","text":"x"}]}]}`, "400 invalid_blocks", true},
		"a part":            {slacktest.HookPath + "T/B/t", `{"text":"x","blocks":[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"broadcast","range":"everyone"}]}]}]}`, "400 invalid_blocks", true},
	} {
		reported := ""
		robot := slacktest.New(slacktest.Options{Token: "T/B/t", ReportUnexpected: func(format string, args ...any) {
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
