package report_test

import (
	"slices"
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

// planLinesOf returns a plan in the order of the engine: changes first, then notes.
func planLinesOf(in report.Input) []plan.Change {
	var all []plan.Change
	for _, i := range in.Items {
		all = append(all, i.Change)
	}
	wide := newChange(plan.Create, 60, reason.New(reason.NewInstance))
	wide.Name, wide.Scope = "数据库主节点", newInventoryScope("阿里云-生产", "cn-beijing")
	long := newChange(plan.Skip, 61, reason.New(reason.NamedInComment, "旧资产"))
	long.Name = strings.Repeat("很长的名字", 20)
	all = append(all, wide, long)
	all = append(all, in.Notes...)
	return append(all, newChange(plan.Keep, 52, reason.New(reason.ScopeFailed, "aliyun-prod", "cn-shanghai")),
		newChange(plan.Keep, 53, reason.New(reason.SeenElsewhere, "alibaba/other/cn-beijing")))
}

func planText(t *testing.T, lines []plan.Change, lang language.Lang) string {
	t.Helper()
	var out strings.Builder
	if err := report.WritePlanTable(&out, slices.Values(lines), plan.Names{}, lang); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestPlanText(t *testing.T) {
	t.Parallel()
	compareGolden(t, "plan-zh", planText(t, planLinesOf(fullInput(language.Chinese)), language.Chinese))
	compareGolden(t, "plan-en", planText(t, planLinesOf(fullInput(language.English)), language.English))
	if got := planText(t, nil, language.English); got != "Nothing to be done.\n" {
		t.Errorf("empty plan: %q", got)
	}
}

// TestTerminalIsSafe: a host's name and an error cannot control the terminal or add lines.
func TestTerminalIsSafe(t *testing.T) {
	t.Parallel()
	evil := "x\x1b[2J\u202egnp\nweb-9\r\u2028\x7f"
	c := newChange(plan.Hold, 1, reason.New(reason.GuardUnproven, evil))
	c.Name = evil
	in := report.Input{
		Started: startTime(), Notes: []plan.Change{c},
		Items:    []apply.Item{{Change: c, State: apply.Failed, Err: &inventory.Error{Message: evil}}},
		Listings: []inventory.Listing{failedListing(evil, evil, inventory.Denied, evil)},
		Problems: []error{&inventory.Error{Message: evil}},
	}
	for _, got := range []string{
		planText(t, in.Notes, language.Chinese), report.Summary(report.Build(in), language.Chinese),
	} {
		if strings.ContainsAny(got, "\x1b\u202e\r\u2028\x7f") || strings.Contains(got, "\nweb-9") {
			t.Errorf("control characters reach the terminal: %q", got)
		}
	}
}

// TestAnotherRunIsSaid: a run that found another at work does not look like one that had nothing to do, on the
// terminal and, as a shard of a run, on the card.
func TestAnotherRunIsSaid(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	r := report.NewBusyReport(at, `the lease is held by "host-1"`)
	for lang, want := range map[language.Lang]string{
		language.Chinese: "另一次同步正在进行，这一次没有执行：the lease is held by \"host-1\"\n",
		language.English: "another run is at work, so this one did nothing: the lease is held by \"host-1\"\n",
	} {
		if got := report.Summary(r, lang); got != want {
			t.Errorf("%s: %q", lang, got)
		}
	}
	if m := report.NewMessage(report.MergeShards(at, []report.Report{r}, nil, 1, language.Chinese), report.Options{}); !strings.Contains(m.Markdown, "另一次同步正在进行") {
		t.Errorf("the card:\n%s", m.Markdown)
	}
	if r.Outcome != report.OK || r.NeedsAttention() || r.HasChanges() {
		t.Errorf("%+v", r)
	}
}
