package report_test

import (
	"bytes"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/access"
	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/browsertest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/report"
)

// card is one kind of card, as docs/cards.md shows it.
type card struct {
	kind string
	notify.Message
}

// cards returns every kind of card.
func cards(lang language.Lang) []card {
	now, o := startTime(), messageOptions(lang, "table")
	word := func(in report.Input) notify.Message {
		in.Started, in.Duration, in.Language, in.Environment, in.Recorded, in.Compared = now, 12*time.Second, lang, o.Environment, true, true
		return report.NewMessage(report.Build(in).WithPage("https://example-state.oss-cn-beijing.aliyuncs.com/pages/2023-12-15.html"), o)
	}
	fleet := completeListing("aliyun-prod", "cn-beijing", 36)
	p := plan.NewPause(true, "anna", now.Add(-time.Hour), now.Add(time.Hour), "JumpServer v4.10")
	stale := []report.ScopeAge{{Scope: newInventoryScope("aliyun-prod", "cn-beijing"), CompletedAt: now.Add(-3 * time.Hour)}}
	all := []card{
		{"changed", word(changedInput())}, {"failed", word(failedInput())}, {"held", word(heldInput())}, {"lasting", lastingMessage(lang, o)},
		{"paused", word(report.Input{Listings: []inventory.Listing{fleet}, Pause: p, Notes: []plan.Change{newChange(plan.Hold, 1, p.HoldReason())}})},
		{"stopped", word(report.Input{Stopped: &inventory.Error{Kind: inventory.Temporary, Message: "jumpserver: connection refused"}})},
		{"unchanged", word(report.Input{Listings: []inventory.Listing{fleet}, Unchanged: 36})},
		{"stale", report.NewStaleAlarm(stale, time.Hour, now, o)}, {"recovered", report.NewRecovery(now.Add(-3*time.Hour), now, o)},
		{"config", report.NewConfigAlarm("jms-sync-timer", lang.Text("clouds[0].regions[1]: 应为 cn-beijing 这样的地域 ID（第 10 行）", "clouds[0].regions[1]: must be a region's id such as cn-beijing (line 10)"), now, o)},
		{"shared", report.NewSharedStoreNote("https://jms.example.com", []string{"https://jms-test.example.com"}, o)},
		{"test", report.NewTestMessage("dingtalk", now, o)},
	}
	for n, m := range report.NewStyleSamples(now, o) {
		all = append(all, card{fmt.Sprintf("sample%d", n+1), m})
	}
	return all
}

// changedInput is a run that went well.
func changedInput() report.Input {
	in := report.Input{Listings: []inventory.Listing{completeListing("aliyun-prod", "cn-beijing", 36)}, Unchanged: 32}
	for n := range 3 {
		in.Items = append(in.Items, doneItem(newChange(plan.Create, n+1, reason.New(reason.NewInstance))))
	}
	moved := newChange(plan.Update, 20, reason.New(reason.FollowsCloud, "address 10.0.9.9 → 10.0.0.20"))
	moved.Fields = []string{plan.FieldAddress}
	in.Items = append(in.Items, doneItem(moved), doneItem(deactivation(30, startTime())))
	in.Access = &access.Diff{Nodes: []access.Node{{ID: "n-1", Path: "/DEFAULT/prod/web", Enter: 3, Users: 9, GainUsers: 9, Lose: []access.Holder{},
		Gain: []access.Holder{group("sre", 3), user("ann", 3)}}}}
	return in
}

// failedInput is a run in which a region and a write failed.
func failedInput() report.Input {
	in := report.Input{Listings: []inventory.Listing{
		completeListing("aliyun-prod", "cn-beijing", 36),
		failedListing("aliyun-prod", "cn-shanghai", inventory.Throttled, "list aliyun-prod/cn-shanghai: Throttling.User"),
	}, Unchanged: 34}
	closing := openChange(plan.Deactivate, 32, reason.New(reason.InstanceGone))
	in.Items = append(in.Items, doneItem(newChange(plan.Create, 1, reason.New(reason.NewInstance))),
		apply.Item{Change: closing, State: apply.Failed, Reason: reason.New(reason.NotReadAgain), Err: &inventory.Error{Kind: inventory.Temporary, Message: "read 1 asset: 502"}})
	return in
}

// heldInput is a run whose removals wait for a person.
func heldInput() report.Input {
	in := report.Input{Listings: []inventory.Listing{completeListing("aliyun-prod", "cn-beijing", 7)}, Unchanged: 7}
	for n := range 5 {
		in.Notes = append(in.Notes, openChange(plan.Hold, 40+n, reason.New(reason.GuardShare, 5, 12, 20)))
	}
	in.HeldSets = []report.HeldSetSummary{{Hash: strings.Repeat("0123456789abcdef", 4), Assets: 5, Stored: true}}
	return in
}

// lastingMessage is the card that reminds of what lasts, and says what is over.
func lastingMessage(lang language.Lang, o report.Options) notify.Message {
	in := failedInput()
	in.Started, in.Duration, in.Language, in.Environment, in.Items = startTime(), 12*time.Second, lang, o.Environment, in.Items[:1]
	r := report.Build(in)
	since := startTime().Add(-26 * time.Hour)
	var news report.News
	for _, c := range r.Conditions() {
		news.Due = append(news.Due, report.Notice{Condition: c, Since: since, Again: true})
	}
	over := report.Condition{Kind: report.ScopeFailed, Account: "aliyun-prod", Region: "cn-hangzhou", Text: lang.Text("没有权限：Forbidden.RAM", "denied: Forbidden.RAM")}
	news.Ended = []report.Notice{{Condition: over, Since: since, Again: true}}
	return report.NewMessage(r.WithNews(news), o)
}

const cardRule = "\n==== "

// TestCards: every kind of card, in both languages. make pictures draws the documents' pictures from these files.
func TestCards(t *testing.T) {
	t.Parallel()
	for _, lang := range []language.Lang{language.Chinese, language.English} {
		var text strings.Builder
		for _, c := range cards(lang) {
			if c.PageURL != "" {
				c.Markdown += "\n\n" + c.PageLink() // as a channel puts it
			}
			text.WriteString(cardRule + c.kind + "\n" + messageText(c.Message))
		}
		compareGolden(t, "cards-"+string(lang), text.String())
	}
}

// TestCardsAreShown: each kind of card has its picture in the documents of both languages, and no picture is left over.
func TestCardsAreShown(t *testing.T) {
	t.Parallel()
	for lang, file := range map[language.Lang]string{language.Chinese: "cards.md", language.English: "cards.en.md"} {
		text, err := os.ReadFile(filepath.Join("../../docs", file))
		if err != nil {
			t.Fatal(err)
		}
		pictures, err := filepath.Glob("../../docs/cards/*-" + string(lang) + ".png")
		if err != nil || len(pictures) != len(cards(lang)) {
			t.Errorf("%d pictures of %d cards: %v", len(pictures), len(cards(lang)), err)
		}
		for _, c := range cards(lang) {
			name := "cards/" + c.kind + "-" + string(lang) + ".png"
			if info, err := os.Stat("../../docs/" + name); err != nil || info.Size() > 200_000 || !bytes.Contains(text, []byte("("+name+")")) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// TestChromiumCards draws each card about as DingTalk shows it, and looks whether it fits.
func TestChromiumCards(t *testing.T) {
	t.Parallel()
	b := browsertest.Start(t)
	for _, lang := range []language.Lang{language.Chinese, language.English} {
		text, err := os.ReadFile("testdata/cards-" + string(lang) + ".golden")
		if err != nil {
			t.Fatal(err)
		}
		for part := range strings.SplitSeq(strings.TrimPrefix(string(text), cardRule), cardRule) {
			kind, message, _ := strings.Cut(part, "\n")
			file := filepath.Join(t.TempDir(), "card.html")
			if err := os.WriteFile(file, []byte(drawnCard(t, message)), 0o644); err != nil {
				t.Fatal(err)
			}
			b.OpenFile(file, 420, 60, "light")
			if wide := browsertest.Eval[int](b, `Math.max(...[...document.querySelectorAll("*")].map((e) => Math.ceil(e.getBoundingClientRect().right)))`); wide > 420 {
				t.Errorf("%s-%s is %d wide", kind, lang, wide)
			}
			b.Document("cards/"+kind+"-"+string(lang)+".png", true)
		}
	}
}

// drawnCard returns a page that shows a message, which is in the form of messageText, about as DingTalk does.
func drawnCard(t *testing.T, text string) string {
	t.Helper()
	head, markdown, found := strings.Cut(text, "\n\n")
	_, button, linked := strings.Cut(head, "\nlink:  ")
	if !found || !linked {
		t.Fatalf("this is no card: %s", text)
	}
	if at := strings.LastIndexByte(button, ' '); at >= 0 {
		button = button[:at]
	}
	body := &strings.Builder{}
	for _, s := range (notify.Message{Markdown: markdown}).Sections() {
		if s.Heading != "" {
			fmt.Fprintf(body, "<h3>%s</h3>", html.EscapeString(s.Heading))
		}
		for _, block := range s.Blocks {
			drawBlock(body, block)
		}
	}
	return strings.NewReplacer("{{card}}", body.String(), "{{button}}", html.EscapeString(button)).Replace(cardShell)
}

func drawBlock(to *strings.Builder, b notify.Block) {
	row := func(cells []notify.Line, tag string) {
		to.WriteString("<tr>")
		for _, c := range cells {
			to.WriteString("<" + tag + ">" + drawnLine(c) + "</" + tag + ">")
		}
		to.WriteString("</tr>")
	}
	switch b.Kind {
	case notify.Table:
		to.WriteString("<table>")
		row(b.Columns, "th")
		for _, cells := range b.Rows {
			row(cells, "td")
		}
		to.WriteString("</table>")
	case notify.List:
		to.WriteString("<ul>")
		for _, item := range b.Rows {
			to.WriteString("<li>" + drawnLine(item[0]) + "</li>")
		}
		to.WriteString("</ul>")
	case notify.Paragraph:
		for _, line := range b.Rows {
			text := drawnLine(line[0])
			if label, isLink := strings.CutPrefix(text, "["); isLink {
				label, _, _ = strings.Cut(label, "](")
				text = "<a href='#'>" + label + "</a>"
			}
			to.WriteString("<p>" + text + "</p>")
		}
	}
}

func drawnLine(l notify.Line) string {
	var text strings.Builder
	for _, s := range l {
		part := html.EscapeString(s.Text)
		if s.Bold {
			part = "<b>" + part + "</b>"
		}
		if s.Italic {
			part = "<i>" + part + "</i>"
		}
		text.WriteString(part)
	}
	return text.String()
}

const cardShell = `<!doctype html><html lang="zh"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>card</title><style>
body { margin: 0; padding: 14px; background: #eceff3; font: 14px/1.5 "Noto Sans CJK SC", sans-serif; color: #171a1d; overflow-wrap: anywhere; }
main { background: #fff; border-radius: 10px; padding: 12px 14px 0; border: 1px solid #dfe3e8; }
h3 { font-size: 15px; margin: 12px 0 4px; } p { margin: 6px 0; } ul { margin: 4px 0; padding-left: 18px; }
table { border-collapse: collapse; margin: 6px 0; width: 100%; font-size: 13px; } th, td { border: 1px solid #dfe3e8; padding: 3px 8px; text-align: left; } th { background: #f5f7fa; }
a { color: #0a66d0; } i { color: #747677; font-style: normal; } footer { border-top: 1px solid #e6e9ed; margin: 12px -14px 0; padding: 9px; text-align: center; color: #0a66d0; }
</style><main>{{card}}<footer>{{button}}</footer></main></html>`
