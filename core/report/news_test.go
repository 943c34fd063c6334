package report_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/report"
)

// newsOf returns news of a run: what has lasted for a day is due again, what people know stands, and two regions and a hold are
// over.
func newsOf(r report.Report) report.News {
	since := startTime().Add(-26 * time.Hour)
	var n report.News
	for _, c := range r.Conditions() {
		notice := report.Notice{Condition: c, Since: since, Again: true}
		switch {
		case c.Kind == report.Drifting:
			notice.Again = false
			n.Due = append(n.Due, notice)
		case c.Kind == report.Holding, c.Region == "cn-shanghai", c.Kind == report.Orphaned:
			n.Due = append(n.Due, notice)
		default:
			n.Standing = append(n.Standing, notice)
		}
	}
	for _, region := range []string{"cn-hangzhou", "cn-chengdu"} {
		n.Ended = append(n.Ended, report.Notice{Condition: report.Condition{Kind: report.ScopeFailed, Account: "aliyun-prod", Region: region, Text: "x"}, Since: since, Again: true})
	}
	n.Ended = append(n.Ended, report.Notice{Condition: report.Condition{Kind: report.Holding, Account: "aliyun-test", Region: "cn-beijing", Text: hostile}, Since: since, Again: true})
	return n
}

// TestNewsMessage: reminders say since when, what people know stands below, and what is over is named.
func TestNewsMessage(t *testing.T) {
	t.Parallel()
	for _, lang := range []language.Lang{language.Chinese, language.English} {
		r := report.Build(fullInput(lang))
		r.Undo = nil
		m := report.NewMessage(r.WithNews(newsOf(r)), messageOptions(lang, "list"))
		compareGolden(t, "message-"+string(lang)+"-news", messageText(m))
		checkHarmless(t, m.Markdown)
		if !m.Mention {
			t.Error("a reminder of a failure mentions nobody")
		}
	}
}

// TestTitles: environment, what came out, and where, in both languages.
func TestTitles(t *testing.T) {
	t.Parallel()
	held := report.Input{Started: startTime(), Environment: "production"}
	for n := range 3 {
		held.Notes = append(held.Notes, newChange(plan.Hold, n, reason.New(reason.GuardShare, 1, 2, 3)))
	}
	changed := report.Input{Started: startTime(), Environment: "uat-2"}
	changed.Items = append(changed.Items, doneItem(newChange(plan.Create, 1, reason.Reason{})), doneItem(deactivation(2, startTime())))
	for _, c := range []struct {
		in     report.Input
		zh, en string
	}{
		{held, "[生产] 3 台移除暂缓 · aliyun-prod", "[PROD] removals on hold: 3 · aliyun-prod"},
		{changed, "[uat-2] 停用 1，新增 1 · aliyun-prod", "[uat-2] deactivated 1, created 1 · aliyun-prod"},
		{report.Input{Started: startTime(), Environment: "TESTING"}, "[测试] 同步完成，无变化", "[TEST] done, no changes"},
		{report.Input{Started: startTime(), Environment: "DEVELOPMENT", Stopped: &inventory.Error{Kind: inventory.BadCredentials}}, "[开发] 同步失败：密钥无效", "[DEV] failed: bad credentials"},
	} {
		for lang, want := range map[language.Lang]string{language.Chinese: c.zh, language.English: c.en} {
			c.in.Language = lang
			m := report.NewMessage(report.Build(c.in), report.Options{Lang: lang})
			first, _, _ := strings.Cut(m.Markdown, "\n")
			line := strings.NewReplacer("[", "**", "] ", " · ").Replace(want) + "**"
			if m.Title != want || first != line {
				t.Errorf("%s: title %q, first line %q, want %q", lang, m.Title, first, want)
			}
		}
	}
}

// TestMentions: only failures and holds that are new to people, or of which they are reminded.
func TestMentions(t *testing.T) {
	t.Parallel()
	in := report.Input{Started: startTime(), Listings: []inventory.Listing{failedListing("a", "r", inventory.Denied, "no")}}
	in.Items = append(in.Items, doneItem(newChange(plan.Create, 1, reason.Reason{})))
	r := report.Build(in)
	if !r.NeedsMention() {
		t.Error("a failure of which nobody knows mentions nobody")
	}
	known := report.Notice{Condition: r.Conditions()[0], Again: true}
	if r.WithNews(report.News{Standing: []report.Notice{known}}).NeedsMention() {
		t.Error("a change mentions people for what they know")
	}
	if !r.WithNews(report.News{Due: []report.Notice{known}}).NeedsMention() {
		t.Error("a reminder mentions nobody")
	}
	in.Listings = nil
	quiet := report.Build(in)
	drift := report.Notice{Condition: report.Condition{Kind: report.Drifting}}
	if quiet.NeedsMention() || quiet.WithNews(report.News{Due: []report.Notice{drift}, Ended: []report.Notice{known}}).NeedsMention() {
		t.Error("what needs nobody at once mentions people")
	}
}

// TestHeldRows: up to ten held assets stand on a card with instance and address, of each region and reason at least one.
func TestHeldRows(t *testing.T) {
	t.Parallel()
	in := report.Input{Started: startTime()}
	for n := range 30 {
		c := newChange(plan.Hold, n, reason.New(reason.GuardShare, 1, 2, 3))
		c.Scope.Region = []string{"cn-beijing", "cn-shanghai", "cn-hangzhou"}[n/28+n/29]
		in.Notes = append(in.Notes, c)
	}
	text := report.NewMessage(report.Build(in), report.Options{Style: "list"}).Markdown
	rows := 0
	for n := range 30 {
		rows += strings.Count(text, "\n- "+in.Notes[n].Name+"（"+in.Notes[n].InstanceID+"、"+in.Notes[n].Address+"）")
	}
	if rows != 10 || !strings.Contains(text, "28 个资产：") || !strings.Contains(text, "等共 30 个资产暂缓") || !strings.Contains(text, "web-29（") {
		t.Errorf("%d rows:\n%s", rows, text)
	}
}

// TestStyleSamples: both styles, each naming its setting.
func TestStyleSamples(t *testing.T) {
	t.Parallel()
	for _, lang := range []language.Lang{language.Chinese, language.English} {
		var all []string
		for _, m := range report.NewStyleSamples(startTime(), messageOptions(lang, "list")) {
			if m.Mention {
				t.Error("a test mentions people")
			}
			all = append(all, messageText(m))
		}
		compareGolden(t, "samples-"+string(lang), strings.Join(all, "\n----\n"))
	}
}
