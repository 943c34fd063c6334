package report_test

import (
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/report"
)

// TestHeldMoves: a card says that rules would move assets, and never that these would be removed.
func TestHeldMoves(t *testing.T) {
	t.Parallel()
	for lang, want := range map[language.Lang][3]string{
		language.Chinese: {"暂缓的移动（节点、网域、平台、端口、地址、账号）", "确认规则该移动这 5 个资产", "暂缓的移除与移动"},
		language.English: {"Moves on hold (node, zone, platform, ports, address, accounts)", "to let rules move these 5 assets", "Removals and moves on hold"},
	} {
		in := report.Input{Language: lang, Notes: []plan.Change{{Action: plan.Hold, Reason: reason.New(reason.GuardMoves, 5, 10, 30), Name: "web"}}}
		in.HeldSets = []report.HeldSetSummary{{Hash: strings.Repeat("0123456789abcdef", 4), Assets: 5, Stored: true, Moves: true}}
		r := report.Build(in)
		text := report.NewMessage(r, report.Options{Lang: lang}).Markdown
		if !strings.Contains(text, want[0]) || !strings.Contains(text, want[1]) || strings.Contains(text, "移除") || strings.Contains(strings.ToLower(text), "removal") {
			t.Errorf("%s", text)
		}
		in.HeldSets = append(in.HeldSets, report.HeldSetSummary{Hash: strings.Repeat("f", 64), Assets: 1, Stored: true})
		if text := report.NewMessage(report.Build(in), report.Options{Lang: lang}).Markdown; !strings.Contains(text, want[2]) {
			t.Errorf("%s", text)
		}
	}
}
