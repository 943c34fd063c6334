package report_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
)

func marshalAndUnmarshal(t *testing.T, r report.Report, limit int) report.Report {
	t.Helper()
	data, err := report.Marshal(r, limit)
	if err != nil {
		t.Fatal(err)
	}
	if len(data) > limit {
		t.Errorf("%d bytes, the limit is %d", len(data), limit)
	}
	back, err := report.Unmarshal(data)
	if err != nil {
		t.Fatal(err)
	}
	return back
}

// TestKeptReportIsTheSame: a stored report has the same message and the same document.
func TestKeptReportIsTheSame(t *testing.T) {
	t.Parallel()
	in := fullInput(language.Chinese)
	in.Started = in.Started.Truncate(time.Second) // as results show it
	in.Stopped = errors.New("JumpServer does not answer")
	r := report.Build(in)
	back := marshalAndUnmarshal(t, r, 1<<20)
	for _, o := range []report.Options{{}, {Lang: language.English, Style: report.StyleList}} {
		if got, want := report.NewMessage(back, o), report.NewMessage(r, o); !reflect.DeepEqual(got, want) {
			t.Errorf("%+v\nwant %+v", got, want)
		}
	}
	if jsonText(t, back) != jsonText(t, r) || back.Outcome != report.Failed {
		t.Errorf("%+v", back)
	}
	if _, err := report.Unmarshal([]byte(`{"outcome":"ok"}`)); err == nil {
		t.Error("a report without a time")
	}
}

// TestLargeReportIsCut: one that is too large has the same message too, apart from lines that are only counted.
func TestLargeReportIsCut(t *testing.T) {
	t.Parallel()
	r := report.Build(report.Input{Started: startTime().Truncate(time.Second)})
	for n := range 3000 {
		r.Changes = append(r.Changes, report.Change{Action: plan.Create, Name: fmt.Sprint("host ", n)}, report.Change{Action: plan.Skip})
	}
	r.Created, r.Skipped = 3000, 3000
	r.Changes = append(r.Changes, report.Change{Action: plan.Hold, Name: "held", Reason: "why"})
	r.Held = 1
	back := marshalAndUnmarshal(t, r, 10_000)
	if got, want := report.NewMessage(back, report.Options{}), report.NewMessage(r, report.Options{}); !reflect.DeepEqual(got, want) {
		t.Errorf("%s\nwant %s", got.Markdown, want.Markdown)
	}
	if len(r.Changes) != 6001 || r.Changes[5999].Action != plan.Skip {
		t.Error("the report itself was changed")
	}
	for n := range 3000 {
		r.Changes = append(r.Changes, report.Change{Action: plan.Hold, Name: fmt.Sprint("held ", n)})
	}
	if _, err := report.Marshal(r, 10_000); inventory.KindOf(err) != inventory.Limit {
		t.Errorf("too much is held to be kept: %v", err)
	}
	stub := marshalAndUnmarshal(t, report.NewPlaceholder(r), 10_000)
	if !stub.IsPlaceholder() || back.IsPlaceholder() || stub.Created != 0 {
		t.Errorf("%+v", stub)
	}
}

func shardReport(at time.Time, seconds float64, outcome report.Outcome, account string) report.Report {
	r := report.Build(report.Input{Started: at, Problems: []error{
		&inventory.Error{Kind: inventory.Limit, Message: "4,900 of 5,000"},
	}})
	r.Duration, r.Outcome, r.Total, r.Created, r.Skipped = seconds, outcome, 10, 1, 2
	r.Scopes = []report.Scope{{Account: account, Region: "r", Complete: true, Instances: 10}}
	r.Changes = []report.Change{
		{Action: plan.Create, Name: account, AssetID: account},
		{Action: plan.Skip, AssetID: "nobody's", Reason: "not configured"}, {Action: plan.Skip, AssetID: "of " + account, Reason: "why"},
	}
	return r
}

func TestRound(t *testing.T) {
	t.Parallel()
	at := startTime().Truncate(time.Second)
	first, second := shardReport(at.Add(3*time.Second), 10, report.OK, "b"), shardReport(at, 5.5, report.Held, "a")
	r := report.MergeShards(at, []report.Report{first, second}, nil, 2, language.Chinese)
	if r.Duration != 13 || r.StartedAt != second.StartedAt || r.Outcome != report.Held {
		t.Errorf("%+v", r)
	}
	if r.Total != 20 || r.Created != 2 || r.Skipped != 3 || len(r.Changes) != 5 || len(r.Errors) != 1 {
		t.Errorf("%+v", r)
	}
	if r.Scopes[0].Account != "a" || r.Scopes[1].Account != "b" {
		t.Errorf("scopes %+v", r.Scopes)
	}
	if m := report.NewMessage(r, report.Options{}).Markdown; strings.Count(m, "4,900 of 5,000") != 1 {
		t.Error(m)
	}
	if len(first.Changes) != 3 || first.Skipped != 2 || !reflect.DeepEqual(first, shardReport(at.Add(3*time.Second), 10, report.OK, "b")) {
		t.Error("the parts were changed")
	}
}

func TestRoundWithMissingParts(t *testing.T) {
	t.Parallel()
	at := startTime().Truncate(time.Second)
	for lang, want := range map[language.Lang]string{
		language.Chinese: "本次同步分为 4 个部分，其中 2 个没有报告结果：2/4、3/4",
		language.English: "of the 4 parts of this run 2 did not report: 2/4, 3/4",
	} {
		r := report.MergeShards(at, []report.Report{shardReport(at, 1, report.OK, "a")}, []int{2, 3}, 4, lang)
		m := report.NewMessage(r, report.Options{Lang: lang}).Markdown
		if r.Outcome != report.Partial || !r.NeedsAttention() || !strings.Contains(m, want) || r.Errors[0].Message != want {
			t.Errorf("%s: %s", r.Outcome, m)
		}
	}
	if r := report.MergeShards(at, nil, []int{1, 2}, 2, language.Chinese); r.Outcome != report.Partial || r.StartedAt != at.Format(time.RFC3339) {
		t.Errorf("%+v", r)
	}
}

func TestOutcomeOfParts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ a, b, want report.Outcome }{
		{report.OK, report.OK, report.OK},
		{report.OK, report.Held, report.Held},
		{report.Failed, report.OK, report.Partial},
		{report.Held, report.Failed, report.Partial},
		{report.Failed, report.Failed, report.Failed},
	} {
		parts := []report.Report{shardReport(startTime(), 1, c.a, "a"), shardReport(startTime(), 1, c.b, "b")}
		if got := report.MergeShards(startTime(), parts, nil, 2, language.Chinese).Outcome; got != c.want {
			t.Errorf("%s and %s: %s, want %s", c.a, c.b, got, c.want)
		}
	}
}

// TestDocument: the document in the history has all numbers; failures are the last to be left out.
func TestDocument(t *testing.T) {
	t.Parallel()
	r := report.Build(fullInput(language.English))
	whole, shortened, err := report.HistoryDocument(r, 1<<20)
	if err != nil || len(shortened) > 0 {
		t.Fatal(err)
	}
	for limit, changes := range map[int]func(n int) bool{
		len(whole):     func(n int) bool { return n == len(r.Changes) },
		len(whole) - 1: func(n int) bool { return n > 0 && n < len(r.Changes) },
		300:            func(n int) bool { return n == 0 },
	} {
		data, shortened, err := report.HistoryDocument(r, limit)
		var back struct {
			report.Report
			Shortened []string
		}
		if err == nil {
			err = json.Unmarshal(data, &back)
		}
		if err != nil || back.Created != r.Created || back.Held != r.Held || back.Outcome != r.Outcome || !changes(len(back.Changes)) {
			t.Errorf("%d bytes: %d of %d changes, %+v, %v", limit, len(back.Changes), len(r.Changes), back, err)
		}
		if short := limit < len(whole); short != slices.Contains(shortened, "changes") || !slices.Equal(shortened, back.Shortened) {
			t.Errorf("%d bytes: %q are shortened, the document says %q", limit, shortened, back.Shortened)
		}
	}
}

// TestHistoryOfAnyRun: however many scopes, errors and removals a run has, its record fits, and says what it lacks.
func TestHistoryOfAnyRun(t *testing.T) {
	t.Parallel()
	r := report.Build(fullInput(language.English))
	for n := range 20_000 {
		name := fmt.Sprintf("account-%05d", n)
		r.Scopes = append(r.Scopes, report.Scope{Account: name, Error: report.ScopeError{Message: strings.Repeat("denied ", 100)}})
		r.Errors = append(r.Errors, report.ErrorEntry{Message: strings.Repeat("broken ", 1000), InstanceID: name})
	}
	data, shortened, err := report.HistoryDocument(r, state.MaxRunDocument)
	var back report.Report
	if err == nil {
		err = json.Unmarshal(data, &back)
	}
	if err != nil || len(data) > state.MaxRunDocument || back.Created != r.Created || len(back.Errors) == 0 {
		t.Errorf("%d bytes, %d errors, %v", len(data), len(back.Errors), err)
	}
	for _, list := range []string{"changes", "errors", "scopes"} {
		if !slices.Contains(shortened, list) {
			t.Errorf("%s are left out without a word: %q", list, shortened)
		}
	}
}
