package teamstest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/notify/teams/teamstest"
)

// TestRefusals: the emulator refuses, and reports, what a workflow refuses.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path, body, answer string
		reported           bool
	}{
		"good":                         {teamstest.HookPath + "?sig=s", `{"type":"message","summary":"x","attachments":[{"contentType":"application/vnd.microsoft.card.adaptive","contentUrl":null,"content":{"type":"AdaptiveCard","version":"1.4","msteams":{"width":"Full"},"body":[{"type":"Container","items":[{"type":"RichTextBlock","inlines":[{"type":"TextRun","text":"T"}]}]}]}}]}`, "202 ", false},
		"a wrong signature":            {teamstest.HookPath + "?sig=x", `{"type":"message","summary":"x","attachments":[{"contentType":"application/vnd.microsoft.card.adaptive","contentUrl":null,"content":{"type":"AdaptiveCard","version":"1.4","msteams":{"width":"Full"},"body":[{"type":"Container","items":[{"type":"RichTextBlock","inlines":[{"type":"TextRun","text":"T"}]}]}]}}]}`, `401 {"error":{"code":"DirectApiAuthorizationRequired"`, false},
		"too long":                     {teamstest.HookPath + "?sig=s", strings.Repeat(" ", 28<<10+1), "413 ", true},
		"a table":                      {teamstest.HookPath + "?sig=s", `{"type":"message","summary":"x","attachments":[{"contentType":"application/vnd.microsoft.card.adaptive","contentUrl":null,"content":{"type":"AdaptiveCard","version":"1.4","msteams":{"width":"Full"},"body":[{"type":"Container","items":[{"type":"RichTextBlock","inlines":[{"type":"TextRun","text":"T"}]}]},{"type":"Table"}]}}]}`, "400 ", true},
		"an empty run":                 {teamstest.HookPath + "?sig=s", `{"type":"message","summary":"x","attachments":[{"contentType":"application/vnd.microsoft.card.adaptive","contentUrl":null,"content":{"type":"AdaptiveCard","version":"1.4","msteams":{"width":"Full"},"body":[{"type":"Container","items":[{"type":"RichTextBlock","inlines":[{"type":"TextRun","text":"T"}]}]},{"type":"RichTextBlock","inlines":[{"type":"TextRun","text":""}]}]}}]}`, "400 ", true},
		"a mention that no text shows": {teamstest.HookPath + "?sig=s", `{"type":"message","summary":"x","attachments":[{"contentType":"application/vnd.microsoft.card.adaptive","contentUrl":null,"content":{"type":"AdaptiveCard","version":"1.4","msteams":{"width":"Full","entities":[{"type":"mention","text":"<at>a</at>","mentioned":{"id":"a","name":"a"}}]},"body":[{"type":"Container","items":[{"type":"RichTextBlock","inlines":[{"type":"TextRun","text":"T"}]}]}]}}]}`, "400 ", true},
		"an old card":                  {teamstest.HookPath + "?sig=s", `{"@type":"MessageCard","text":"x"}`, "400 ", true},
	} {
		reported := ""
		robot := teamstest.New(teamstest.Options{Signature: "s", ReportUnexpected: func(format string, args ...any) {
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
