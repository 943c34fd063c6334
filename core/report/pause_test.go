package report_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/report"
)

// pausedRun returns a run during a pause: of all writes, or one of removals that began during the run.
func pausedRun(lang language.Lang, all bool) report.Input {
	p := plan.NewPause(all, "anna@ops", startTime().Add(-time.Hour), startTime().Add(time.Hour), "upgrade <b>")
	in := report.Input{
		Started: startTime(), Language: lang, Pause: p,
		Listings: []inventory.Listing{completeListing("aliyun-prod", "cn-beijing", 20)},
	}
	if all {
		in.Notes = append(in.Notes, newChange(plan.Hold, 1, p.HoldReason()), newChange(plan.Hold, 2, p.HoldReason()))
		return in
	}
	in.Items = append(in.Items, doneItem(newChange(plan.Create, 1, reason.New(reason.NewInstance))),
		apply.Item{Change: newChange(plan.Deactivate, 2, reason.New(reason.InstanceGone)), State: apply.Held, Reason: p.HoldReason()})
	return in
}

// TestPausedMessage: the card begins with what is paused, by whom, until when and why.
func TestPausedMessage(t *testing.T) {
	t.Parallel()
	zh, en := report.Build(pausedRun(language.Chinese, true)), report.Build(pausedRun(language.English, false))
	compareGolden(t, "message-zh-paused", messageText(report.NewMessage(zh, messageOptions(language.Chinese, "table"))))
	compareGolden(t, "message-en-paused", messageText(report.NewMessage(en, messageOptions(language.English, "list"))))
	compareGolden(t, "summary-en-paused", report.Summary(en, language.English))
	if en.Outcome != report.Held || en.Held != 1 || en.Created != 1 || en.Skipped != 0 {
		t.Errorf("%+v", en)
	}
}

// TestPauseOver: a pause that ended is reported, unless another is in force.
func TestPauseOver(t *testing.T) {
	t.Parallel()
	in := pausedRun(language.English, true)
	in.PauseEnded = plan.PauseEndedReason(false, "bob@ops", startTime().Add(-time.Hour), startTime(), "")
	if r := report.Build(in); r.Pause == nil || !r.Pause.Stands {
		t.Errorf("%+v", r.Pause)
	}
	in.Pause = plan.Pause{}
	r := report.Build(in)
	if r.Pause == nil || r.Pause.Stands || !strings.Contains(report.NewMessage(r, report.Options{Lang: language.English}).Markdown, "bob") {
		t.Errorf("%+v", r.Pause)
	}
	if none := report.Build(report.Input{Started: startTime()}); none.Pause != nil {
		t.Errorf("%+v", none.Pause)
	}
}

// TestPauseIsKeptAndMerged: a card for several reports shows the strongest pause.
func TestPauseIsKeptAndMerged(t *testing.T) {
	t.Parallel()
	none, all, removals := report.Build(report.Input{Started: startTime()}), report.Build(pausedRun("zh", true)), report.Build(pausedRun("zh", false))
	for _, row := range [][]report.Report{{none, all, removals}, {removals, all, none}, {all, none}} {
		data, err := report.Marshal(report.Merge(row), 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		back, err := report.Unmarshal(data)
		if err != nil || back.Pause == nil || *back.Pause != *all.Pause {
			t.Errorf("%v, %+v", err, back.Pause)
		}
	}
}

// TestExpectedIsTold: what people have announced is among the warnings, and changes no outcome.
func TestExpectedIsTold(t *testing.T) {
	t.Parallel()
	until := startTime().Add(time.Hour)
	in := report.Input{
		Started: startTime(), Language: language.English, Listings: []inventory.Listing{completeListing("aliyun-prod", "cn-beijing", 20)},
		Expected: []reason.Reason{plan.ExpectationReason(newInventoryScope("aliyun-prod", "cn-beijing"), plan.ExpectedRemovals{UpTo: 9, Left: 7, Until: until}, "anna@ops", "|old|")},
	}
	r := report.Merge([]report.Report{report.Build(report.Input{Started: startTime()}), report.Build(in)})
	text := report.NewMessage(r, report.Options{Lang: language.English}).Markdown
	if r.Outcome != report.OK || !strings.Contains(text, "### Warnings") || !strings.Contains(text, "up to 9 removals, 7 of them are left") || strings.Contains(text, "|old|") {
		t.Errorf("%s: %s", r.Outcome, text)
	}
	if got := report.Summary(r, language.English); strings.Count(got, "up to 9 removals") != 1 {
		t.Error(got)
	}
}
