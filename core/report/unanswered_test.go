package report_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/report"
)

// unansweredInput returns a run with one removal made and another unknown.
func unansweredInput(lang language.Lang) report.Input {
	gone := reason.New(reason.InstanceGone)
	return report.Input{
		Started: startTime(), Language: lang, Listings: []inventory.Listing{completeListing("prod", "cn-beijing", 5)},
		Items: []apply.Item{
			{Change: newChange(plan.Deactivate, 1, gone), State: apply.Done},
			{Change: newChange(plan.Deactivate, 2, gone), State: apply.Unknown, Reason: reason.New(reason.NotAnswered)},
		},
		Problems: []error{&reason.RunError{Kind: inventory.Unanswered, Reason: reason.New(reason.RanUnanswered, 1)}},
	}
}

// TestUnknown: an unknown outcome is counted by itself, named on the card, and neither a failure nor a success.
func TestUnknown(t *testing.T) {
	t.Parallel()
	for lang, words := range map[language.Lang][]string{
		language.Chinese: {"### 同步未完成，下次继续", "1 项变更：JumpServer 没有及时应答，可能已经执行", "停用结果未知：JumpServer 没有及时应答", "| 结果未知 | 1 |", "| 停用资产 | 1 |", "web-2"},
		language.English: {"### Not finished, goes on next time", "1 changes: JumpServer did not answer in time; they may have been made", "deactivate: outcome unknown", "| Unknown | 1 |", "| Deactivated | 1 |", "web-2"},
	} {
		r := report.Build(unansweredInput(lang))
		if r.Outcome != report.Partial || r.Unknown != 1 || r.Deactivated != 1 || r.Failures+r.Skipped != 0 || !r.HasNewProblem() {
			t.Errorf("%s, %d unknown, %d failed, %d skipped", r.Outcome, r.Unknown, r.Failures, r.Skipped)
		}
		card := report.NewMessage(r, report.Options{Lang: lang}).Markdown
		for _, w := range words {
			if !strings.Contains(card, w) {
				t.Errorf("the card does not say %q:\n%s", w, card)
			}
		}
		if text := report.Summary(r, lang); !strings.Contains(text, words[1]) {
			t.Errorf("the summary: %s", text)
		}
		var document bytes.Buffer
		if err := r.JSON(&document); err != nil || !strings.Contains(document.String(), `"unknown": 1`) || !strings.Contains(document.String(), `"action": "unknown"`) {
			t.Errorf("%v: %s", err, document.String())
		}
		kept, err := report.Marshal(report.Merge([]report.Report{r, r}), 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := report.Unmarshal(kept); err != nil || again.Unknown != 2 || len(again.Changes) != 4 {
			t.Errorf("two in one card, restored: %v, %+v", err, again)
		}
	}
	var without bytes.Buffer
	in := unansweredInput(language.Chinese)
	in.Items = in.Items[:1]
	if err := report.Build(in).JSON(&without); err != nil || strings.Contains(without.String(), `"unknown"`) {
		t.Errorf("%v: %s", err, without.String())
	}
}
