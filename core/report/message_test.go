package report_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/report"
)

func messageText(m notify.Message) string {
	return fmt.Sprintf("title: %s\nlink:  %s %s\n\n%s\n", m.Title, m.LinkText, m.LinkURL, m.Markdown)
}

func messageSize(t testing.TB, m notify.Message) int {
	t.Helper()
	n := 0
	for _, s := range []string{m.Title, m.Markdown, m.LinkText, m.LinkURL, m.PageLink()} {
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		n += len(text) - 2
	}
	return n
}

func TestMessage(t *testing.T) {
	t.Parallel()
	zh, en := fullInput(language.Chinese), fullInput(language.English)
	compareGolden(t, "message-zh-table", messageText(report.NewMessage(report.Build(zh), messageOptions(language.Chinese, "table"))))
	compareGolden(t, "message-zh-list", messageText(report.NewMessage(report.Build(zh), messageOptions(language.Chinese, "list"))))
	compareGolden(t, "message-en-table", messageText(report.NewMessage(report.Build(en), messageOptions(language.English, "table"))))
	zh.DryRun = true
	compareGolden(t, "message-zh-dry", messageText(report.NewMessage(report.Build(zh), messageOptions(language.Chinese, "table"))))
}

// TestUnfinishedMessage: a run whose time was too short has not failed, unless something else did.
func TestUnfinishedMessage(t *testing.T) {
	t.Parallel()
	in := report.Input{
		Started: startTime(), Listings: []inventory.Listing{completeListing("aliyun-prod", "cn-beijing", 3)},
		Items: []apply.Item{
			doneItem(newChange(plan.Create, 1, reason.New(reason.NewInstance))),
			{Change: newChange(plan.Create, 2, reason.New(reason.NewInstance)), State: apply.NotReached, Reason: reason.New(reason.TimeUp)},
		},
		Problems: []error{&reason.RunError{Kind: inventory.Deadline, Reason: reason.New(reason.RanOutOfTime, 1, 2, 1)}},
	}
	says := func(unfinished bool) {
		t.Helper()
		text := report.NewMessage(report.Build(in), report.Options{Location: time.UTC}).Markdown
		if strings.Contains(text, "### 同步未完成，下次继续") != unfinished || strings.Contains(text, "### 同步失败") == unfinished ||
			!strings.Contains(text, "处理了 1/2 项变更，其余 1 项下次继续") {
			t.Errorf("unfinished %t:\n%s", unfinished, text)
		}
	}
	says(true)
	in.Listings = append(in.Listings, failedListing("aliyun-prod", "cn-shanghai", inventory.Denied, "no"))
	says(false)
	in.Listings = in.Listings[:1]
	in.Problems = append(in.Problems, &inventory.Error{Kind: inventory.Temporary, Message: "odd"})
	says(false)
	in.Problems = in.Problems[:1]
	in.Items = append(in.Items, apply.Item{Change: newChange(plan.Update, 3, reason.Reason{}), State: apply.Failed, Err: &inventory.Error{Kind: inventory.Invalid}})
	says(false)
}

func TestQuietMessage(t *testing.T) {
	t.Parallel()
	in := report.Input{Started: startTime(), Duration: 1_200_000_000, Listings: []inventory.Listing{completeListing("a", "r", 3)}, Unchanged: 3}
	compareGolden(t, "message-quiet", messageText(report.NewMessage(report.Build(in), report.Options{Location: shanghai()})))
	stopped := report.Build(report.Input{Started: startTime(), Stopped: &inventory.Error{Kind: inventory.Temporary, Message: "jumpserver: connection refused"}})
	compareGolden(t, "message-stopped", messageText(report.NewMessage(stopped, report.Options{})))
}

// hostile is a name that tries everything that Markdown and chat clients know.
const hostile = "a|b\n| forged | 1.2.3.4 | Linux |\n\n# head `code` [click](https://evil.example) ![i](http://x) <a href=x>@13800000000 @all " +
	"www.evil.example WWW.evil.example \\| **b** ~~s~~ &#124; \u202e\u2028\u200b\x00\x1b[0m \xff\xfe"

func TestNamesForgeNothing(t *testing.T) {
	t.Parallel()
	c := newChange(plan.Create, 1, reason.New(reason.NewInstance))
	c.Name, c.Address, c.Platform = hostile, hostile, hostile
	c.Scope = newInventoryScope(hostile, hostile)
	held := c
	held.Action, held.Reason = plan.Hold, reason.New(reason.GuardUnproven, hostile)
	fault := &inventory.Error{Kind: inventory.Denied, Message: hostile}
	in := report.Input{
		Started: startTime(), Notes: []plan.Change{held}, Problems: []error{fault, &inventory.Error{Kind: inventory.Limit, Message: hostile}},
		Items:    []apply.Item{doneItem(c), {Change: c, State: apply.Failed, Err: fault}},
		Listings: []inventory.Listing{failedListing(hostile, hostile, inventory.Denied, hostile)},
	}
	for _, style := range []string{"table", "list"} {
		checkHarmless(t, report.NewMessage(report.Build(in), messageOptions(language.Chinese, style)).Markdown)
	}
}

// checkHarmless looks for markup that only a name or an error text can have added.
func checkHarmless(t testing.TB, markdown string) {
	t.Helper()
	lower := strings.ToLower(markdown)
	for _, bad := range []string{"`", "[", "]", "<", ">", "@", "\\", "~", "&", "!", "://", "www.", "\u202e", "\u2028", "\x00", "\x1b", "\r"} {
		if strings.Contains(lower, bad) {
			t.Errorf("%q reached the message:\n%s", bad, markdown)
		}
	}
	for _, line := range strings.Split(markdown, "\n") {
		switch {
		case line == "", strings.HasPrefix(line, "### ") && strings.Count(line, "#") == 3:
		case strings.HasPrefix(line, "- ") && !strings.ContainsAny(line, "#|"):
		case strings.HasPrefix(line, "| "), strings.HasPrefix(line, "| --- |"):
			if n := strings.Count(line, "|"); n != 3 && n != 4 {
				t.Errorf("a row with %d bars: %s", n, line)
			}
		case strings.HasPrefix(line, "*"):
		default:
			t.Errorf("a line that nobody wrote: %q", line)
		}
	}
}

// largestInput returns a run in which everything went wrong this many times, with names and texts of the greatest
// length and width.
func largestInput(lang language.Lang, wide string, times int) report.Input {
	long := strings.Repeat(wide, 400)
	in := report.Input{Started: startTime(), Language: lang, Environment: long, DryRun: true}
	for n := range times {
		in.Listings = append(in.Listings, failedListing(long, long, inventory.Denied, long))
		in.Problems = append(in.Problems,
			&inventory.Error{Kind: inventory.Deadline, Message: long}, &inventory.Error{Kind: inventory.Limit, Message: long})
		for _, action := range []plan.Action{plan.Create, plan.Update, plan.Deactivate, plan.Delete, plan.Hold} {
			c := newChange(action, n, reason.New(reason.GuardUnproven, fmt.Sprint(n, long)))
			c.Name, c.Address, c.Platform, c.Scope = long, long, long, newInventoryScope(long, long)
			if action == plan.Hold {
				in.Notes = append(in.Notes, c)
				continue
			}
			in.Items = append(in.Items, doneItem(c), apply.Item{Change: c, State: apply.Failed, Err: &inventory.Error{Message: long}})
		}
	}
	return in
}

func TestWorstMessageFits(t *testing.T) {
	t.Parallel()
	for _, wide := range []string{"x", "\"", "名", "𠮷", "<", "\\", "\xff", "e\u0301", "a "} {
		for _, lang := range []language.Lang{language.Chinese, language.English} {
			r := report.Build(largestInput(lang, wide, 100))
			for _, style := range []string{"table", "list"} {
				m := report.NewMessage(r, messageOptions(lang, style))
				n := messageSize(t, m)
				t.Logf("%q %s %s: %d bytes", wide, lang, style, n)
				if n > report.MaxMessageBytes || !utf8.ValidString(m.Markdown) {
					t.Errorf("%q %s %s: %d bytes", wide, lang, style, n)
				}
				checkHarmless(t, m.Markdown)
				// Every section still shows its total.
				for _, want := range []string{"### ", "400", "100"} {
					if !strings.Contains(m.Markdown, want) {
						t.Errorf("%q %s %s: %q was left out", wide, lang, style, want)
					}
				}
			}
		}
	}
}

// TestFailuresSurvive: if there is little room, failures get it before anything else.
func TestFailuresSurvive(t *testing.T) {
	t.Parallel()
	m := report.NewMessage(report.Build(largestInput(language.English, "𠮷", 1000)).WithPage("https://x/"+strings.Repeat("s", 1500)), messageOptions(language.English, "table"))
	rows := func(head string) int {
		_, rest, found := strings.Cut(m.Markdown, "### "+head+"\n\n")
		if !found {
			t.Fatalf("no section %q", head)
		}
		body, _, _ := strings.Cut(rest, "\n\n### ")
		return strings.Count("\n"+body, "\n- ")
	}
	if n := messageSize(t, m); n > report.MaxMessageBytes {
		t.Errorf("%d bytes", n)
	}
	if n := rows("Failures"); n < 5 {
		t.Errorf("only %d failures are shown", n)
	}
	if !strings.Contains(m.Markdown, "### Assets created\n\n*1000 assets in all*") {
		t.Error("created assets took room from failures, or were not counted")
	}
}

func FuzzMessage(f *testing.F) {
	f.Add(hostile, "10.0.0.1", "cn-beijing", 3)
	f.Add("\xe4\xb8", "|", "w\u200bww.x", 4000)
	f.Fuzz(func(t *testing.T, name, address, text string, n int) {
		c := newChange(plan.Delete, 1, reason.New(reason.GraceOver, text))
		c.Name, c.Address, c.Scope = name, address, newInventoryScope(name, text)
		in := report.Input{Started: startTime(), Listings: []inventory.Listing{failedListing(name, address, inventory.Denied, text)}}
		for range max(min(n, 50), 1) {
			in.Items = append(in.Items, doneItem(c), apply.Item{Change: c, State: apply.Failed, Err: &inventory.Error{Message: text}})
			in.Notes = append(in.Notes, plan.Change{Action: plan.Hold, Name: name, Reason: reason.New(reason.GuardUnproven, text)})
		}
		for _, style := range []string{"table", "list"} {
			m := report.NewMessage(report.Build(in), report.Options{Style: style, Environment: name})
			if got := messageSize(t, m); got > report.MaxMessageBytes {
				t.Errorf("%d bytes", got)
			}
			checkHarmless(t, m.Markdown)
		}
	})
}
