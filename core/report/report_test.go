package report_test

import (
	"encoding/json"
	"errors"
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

func jsonText(t *testing.T, r report.Report) string {
	t.Helper()
	var out strings.Builder
	if err := r.JSON(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestResultsDocument(t *testing.T) {
	t.Parallel()
	compareGolden(t, "results-zh", jsonText(t, report.Build(fullInput(language.Chinese))))
	compareGolden(t, "results-en", jsonText(t, report.Build(fullInput(language.English))))
}

// TestEmptyDocument: an empty run still has every field, and lists that are not null.
func TestEmptyDocument(t *testing.T) {
	t.Parallel()
	want := `{"outcome":"ok","dry_run":false,"started_at":"2023-12-15T01:30:25Z","duration_seconds":0,` +
		`"total":0,"created":0,"updated":0,"deactivated":0,"deleted":0,"unchanged":0,"skipped":0,"held":0,"failed":0,` +
		`"scopes":[],"changes":[],"errors":[]}`
	got, err := json.Marshal(report.Build(report.Input{Started: startTime()}))
	if err != nil || string(got) != want {
		t.Errorf("got %s (%v)\nwant %s", got, err, want)
	}
	stale, err := json.Marshal(report.NewTooLateReport(startTime()))
	if want := strings.Replace(want, `"ok"`, `"stale"`, 1); err != nil || string(stale) != want {
		t.Errorf("stale: got %s (%v)\nwant %s", stale, err, want)
	}
}

func TestCounts(t *testing.T) {
	t.Parallel()
	r := report.Build(fullInput(language.Chinese))
	got := []int{r.Total, r.Created, r.Updated, r.Deactivated, r.Deleted, r.Unchanged, r.Skipped, r.Held, r.Failures}
	if want := []int{157, 12, 2, 1, 1, 140, 3, 5, 2}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if r.Duration != 12.346 {
		t.Errorf("duration %v", r.Duration)
	}
}

func TestOutcome(t *testing.T) {
	t.Parallel()
	good, bad := completeListing("a", "r1", 1), failedListing("a", "r2", inventory.Denied, "no")
	problem := func(kind inventory.Kind) []error { return []error{&inventory.Error{Kind: kind, Message: "m"}} }
	create := newChange(plan.Create, 1, reason.New(reason.NewInstance))
	hold := []plan.Change{newChange(plan.Hold, 1, reason.New(reason.GuardEmpty, 3))}
	item := func(s apply.ItemState) []apply.Item {
		return []apply.Item{{Change: create, State: s, Err: errors.New("e")}}
	}
	for name, c := range map[string]struct {
		in              report.Input
		want            report.Outcome
		changed, failed bool
	}{
		"nothing to do":          {report.Input{}, report.OK, false, false},
		"unchanged":              {report.Input{Listings: []inventory.Listing{good}, Unchanged: 1}, report.OK, false, false},
		"created":                {report.Input{Items: item(apply.Done)}, report.OK, true, false},
		"created, dry":           {report.Input{DryRun: true, Items: item(apply.Done)}, report.OK, true, false},
		"kept":                   {report.Input{Items: item(apply.Kept)}, report.OK, false, false},
		"skipped":                {report.Input{Notes: []plan.Change{newChange(plan.Skip, 1, reason.New(reason.NoAddress))}}, report.OK, false, false},
		"kept note":              {report.Input{Notes: []plan.Change{newChange(plan.Keep, 1, reason.New(reason.ScopeNotAsked, "a", "r"))}}, report.OK, false, false},
		"warning":                {report.Input{Problems: problem(inventory.Limit)}, report.OK, false, false},
		"held":                   {report.Input{Notes: hold}, report.Held, true, true},
		"problem":                {report.Input{Problems: problem(inventory.Deadline)}, report.Partial, false, true},
		"item failed":            {report.Input{Items: item(apply.Failed)}, report.Partial, false, true},
		"nobody knows":           {report.Input{Items: item(apply.Unknown)}, report.Partial, false, true},
		"not reached":            {report.Input{Items: item(apply.NotReached)}, report.Partial, false, true},
		"one scope failed, held": {report.Input{Listings: []inventory.Listing{good, bad}, Notes: hold}, report.Partial, true, true},
		"every scope failed":     {report.Input{Listings: []inventory.Listing{bad, bad}}, report.Failed, false, true},
		"every scope, yet done":  {report.Input{Listings: []inventory.Listing{bad}, Items: item(apply.Done)}, report.Partial, true, true},
		"stopped":                {report.Input{Listings: []inventory.Listing{good}, Stopped: errors.New("x")}, report.Failed, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := report.Build(c.in)
			if r.Outcome != c.want || r.HasChanges() != c.changed || r.NeedsAttention() != c.failed {
				t.Errorf("got %s, changed %v, failed %v", r.Outcome, r.HasChanges(), r.NeedsAttention())
			}
		})
	}
	if r := report.NewTooLateReport(startTime()); r.HasChanges() || r.NeedsAttention() {
		t.Error("a stale tick is no change and no failure")
	}
}

// TestErrors: what stopped the run comes first; each failed item has its own entry.
func TestErrors(t *testing.T) {
	t.Parallel()
	in := fullInput(language.Chinese)
	in.Stopped = &inventory.Error{Kind: inventory.BadCredentials, Message: "JumpServer refuses the key"}
	r := report.Build(in)
	var got []string
	for _, e := range r.Errors {
		got = append(got, string(e.Kind)+" "+e.InstanceID)
	}
	want := []string{"bad_credentials ", "limit ", "invalid i-0023", "temporary i-0032"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestReasonsNameTheAction: a failed item shows what was to be done, and so does a change that was not made.
func TestReasonsNameTheAction(t *testing.T) {
	t.Parallel()
	reasons := map[string]string{}
	for _, c := range report.Build(fullInput(language.Chinese)).Changes {
		reasons[string(c.Action)+" "+c.InstanceID] = c.Reason
	}
	for key, want := range map[string]string{
		"fail i-0023": "更新失败：update asset web-23: labels refused（原因：与云上不一致：labels）",
		"fail i-0032": "停用失败：保留：写入前未能重新读取资产：read 1 asset: 502（原因：完整列表中没有该实例，且按 ID 查询证实已释放）",
		"skip i-0024": "新增未执行：时间用完，下次继续",
		"skip i-0031": "停用未执行：保留：计划之后资产被改动（is_active）",
	} {
		if reasons[key] != want {
			t.Errorf("%s: got %q, want %q", key, reasons[key], want)
		}
	}
}

// TestAccountFailedAsAWhole: such an account has no region in the document, and "all regions" for people.
func TestAccountFailedAsAWhole(t *testing.T) {
	t.Parallel()
	in := report.Input{
		Started:  startTime(),
		Listings: []inventory.Listing{failedListing("aliyun-test", inventory.AnyRegion, inventory.BadCredentials, "no such key")},
		Notes:    []plan.Change{{Action: plan.Skip, Scope: newInventoryScope("aliyun-test", inventory.AnyRegion), Reason: reason.New(reason.NoAddress)}},
	}
	r := report.Build(in)
	if r.Scopes[0].Region != "" || r.Changes[0].Region != "" {
		t.Errorf("%+v %+v", r.Scopes, r.Changes)
	}
	for lang, want := range map[language.Lang]string{language.Chinese: "全部区域", language.English: "all regions"} {
		for _, text := range []string{
			report.Summary(r, lang), planText(t, in.Notes, lang),
			report.NewMessage(r, report.Options{Lang: lang, Location: time.UTC}).Markdown,
		} {
			if !strings.Contains(text, want) || strings.Contains(text, "/*") {
				t.Errorf("%s is wanted: %s", want, text)
			}
		}
	}
}

func TestEveryKindAndOutcomeHasWords(t *testing.T) {
	t.Parallel()
	kinds := []inventory.Kind{
		inventory.Throttled, inventory.Denied, inventory.BadCredentials, inventory.NotFound, inventory.Temporary,
		inventory.Incomplete, inventory.Unsupported, inventory.Deadline, inventory.Invalid, inventory.Conflict,
		inventory.Limit, inventory.Organisation, inventory.OtherAccount, inventory.Front, inventory.MarksLost, inventory.Unknown,
	}
	for _, kind := range kinds {
		in := report.Input{Started: startTime(), Listings: []inventory.Listing{failedListing("a", "r", kind, "m")}}
		if got := report.Summary(report.Build(in), language.Chinese); strings.Contains(got, string(kind)) {
			t.Errorf("%s has no Chinese words: %s", kind, got)
		}
		if got := report.Summary(report.Build(in), language.English); !strings.Contains(got, "a/r: ") || strings.Contains(got, "_") {
			t.Errorf("%s has no English words: %s", kind, got)
		}
	}
}

func TestSummary(t *testing.T) {
	t.Parallel()
	compareGolden(t, "summary-zh", report.Summary(report.Build(fullInput(language.Chinese)), language.Chinese))
	compareGolden(t, "summary-en", report.Summary(report.Build(fullInput(language.English)), language.English))
	if got := report.Summary(report.NewTooLateReport(time.Time{}), language.English); got != "the trigger was stale; nothing was run\n" {
		t.Errorf("stale: %q", got)
	}
}

// TestJSONIsOneDocument: JSON, which writes piece by piece, equals the encoding of the whole.
func TestJSONIsOneDocument(t *testing.T) {
	t.Parallel()
	tricky := newChange(plan.Skip, 7, reason.New(reason.NamedInComment, "\n  \"changes\": []<&>"))
	tricky.Name = "\n  \"changes\": ["
	for name, in := range map[string]report.Input{
		"none": {Started: startTime(), Problems: []error{&inventory.Error{Message: tricky.Name}}},
		"one":  {Started: startTime(), Notes: []plan.Change{tricky}},
		"many": fullInput(language.Chinese),
	} {
		r := report.Build(in)
		var whole, pieces strings.Builder
		if err := errors.Join(report.EncodeJSON(&whole, r), r.JSON(&pieces)); err != nil {
			t.Fatal(err)
		}
		if whole.String() != pieces.String() {
			t.Errorf("%s: got\n%s\nwant\n%s", name, pieces.String(), whole.String())
		}
	}
}

// TestUntold: a card that was not delivered is in the results and does not change the outcome.
func TestUntold(t *testing.T) {
	t.Parallel()
	before := report.Build(report.Input{Started: time.Unix(0, 0)})
	after := before.WithNotifyError(errors.New("dingtalk: HTTP 500"))
	if want := (report.ErrorEntry{Kind: "notification", Message: "dingtalk: HTTP 500"}); len(after.Errors) != 1 || after.Errors[0] != want {
		t.Errorf("%+v, want %+v", after.Errors, want)
	}
	if after.Outcome != report.OK || len(before.Errors) != 0 || len(before.WithNotifyError(nil).Errors) != 0 {
		t.Errorf("%s, before %+v", after.Outcome, before.Errors)
	}
}
