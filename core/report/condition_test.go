package report_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/report"
)

func conditionKeys(r report.Report) []string {
	var keys []string
	for _, c := range r.Conditions() {
		keys = append(keys, c.Key)
	}
	return keys
}

// TestConditionKeys: keys are the same in both languages and whatever the numbers are, and a report that was stored for
// another process has them too.
func TestConditionKeys(t *testing.T) {
	t.Parallel()
	want := []string{
		"change_failed/alibaba/aliyun-prod/cn-beijing", "drift/alibaba/aliyun-prod/cn-beijing", "hold/alibaba/aliyun-prod/cn-beijing",
		"orphan/alibaba/aliyun-prod/cn-beijing", "scope_failed/alibaba/aliyun-prod/cn-shanghai", "scope_failed/alibaba/aliyun-test",
		"skip/alibaba/aliyun-prod/cn-beijing/no_address", "warning/nearly_full",
	}
	for _, lang := range []language.Lang{language.Chinese, language.English} {
		in := fullInput(lang)
		r := report.Build(in)
		if got := conditionKeys(r); !slices.Equal(got, want) {
			t.Errorf("%s:\n%s\nwant\n%s", lang, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		for n := range in.Notes {
			in.Notes[n].Reason.Args = append([]any{}, in.Notes[n].Reason.Args...)
			for k := range in.Notes[n].Reason.Args {
				if number, is := in.Notes[n].Reason.Args[k].(int); is {
					in.Notes[n].Reason.Args[k] = number + 1
				}
			}
		}
		if got := conditionKeys(report.Build(in)); !slices.Equal(got, want) {
			t.Errorf("%s, with other numbers: %v", lang, got)
		}
		data, err := report.Marshal(r, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		stored, err := report.Unmarshal(data)
		if got := conditionKeys(stored); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s, stored: %v %v", lang, got, err)
		}
	}
}

// TestConditionsSay: how many, where and why; whether a person must act; and that what passes by itself is patient.
func TestConditionsSay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		note            plan.Change
		kind            report.ConditionKind // "" = none
		urgent, patient bool
	}{
		{newChange(plan.Hold, 1, reason.New(reason.GuardShare, 1, 2, 3)), report.Holding, true, false},
		{newChange(plan.Hold, 1, reason.New(reason.GuardWeak, "x", "y", "z")), report.Holding, true, true},
		{newChange(plan.Drift, 1, reason.New(reason.Differs, "name")), report.Drifting, false, false},
		{newChange(plan.Orphan, 1, reason.New(reason.NotConfigured, "a")), report.Orphaned, false, false},
		{newChange(plan.Skip, 1, reason.New(reason.NoAddress)), report.Skipping, false, true},
		{newChange(plan.Skip, 1, reason.New(reason.NotWhitelisted)), "", false, false},
		{newChange(plan.Skip, 1, reason.New(reason.InGrace, "a", "b")), "", false, false},
		{newChange(plan.Keep, 1, reason.New(reason.ScopeFailed, "a", "b")), "", false, false},
	} {
		got := report.Build(report.Input{Started: startTime(), Notes: []plan.Change{c.note}}).Conditions()
		if c.kind == "" {
			if len(got) != 0 {
				t.Errorf("%s lasts: %+v", c.note.Reason.Code, got)
			}
			continue
		}
		if len(got) != 1 || got[0].Kind != c.kind || got[0].IsUrgent() != c.urgent || got[0].Patient != c.patient ||
			got[0].Size != 1 || !strings.Contains(got[0].Text, "1 个资产（web-1）：") {
			t.Errorf("%s: %+v", c.note.Reason.Code, got)
		}
	}
}

// TestWhatARunHasSeen: a condition ends only by a run that looked at what it is about.
func TestWhatARunHasSeen(t *testing.T) {
	t.Parallel()
	full := fullInput(language.Chinese)
	full.Stopped, full.Slice = &inventory.Error{Kind: inventory.Temporary}, "all"
	all := report.Build(full).Conditions()
	healthy := report.Input{Started: startTime(), Slice: "all", Compared: true, Listings: []inventory.Listing{
		completeListing("aliyun-prod", "cn-beijing", 1), completeListing("aliyun-prod", "cn-shanghai", 1), completeListing("aliyun-test", "cn-beijing", 1),
	}}
	unchanged, stopped, narrowed, failing, dropped := healthy, healthy, healthy, healthy, healthy
	dropped.Listings = []inventory.Listing{completeListing("other", "cn-beijing", 1)}
	unchanged.Compared = false
	stopped.Stopped, stopped.Listings = &inventory.Error{Kind: inventory.Temporary}, nil
	narrowed.Slice, narrowed.Listings = "one", healthy.Listings[:1]
	failing.Listings = []inventory.Listing{failedListing("aliyun-prod", "cn-beijing", inventory.Denied, "no"), failedListing("aliyun-prod", "cn-shanghai", inventory.Denied, "no"), failedListing("aliyun-test", inventory.AnyRegion, inventory.Denied, "no")}
	for _, c := range []struct {
		name string
		in   report.Input
		want []report.ConditionKind
	}{
		{"a run that sees everything", healthy, []report.ConditionKind{
			report.ChangeFailed, report.Drifting, report.Holding, report.Orphaned, report.RunFailed, report.ScopeFailed, report.Skipping, report.Warned,
		}},
		{"one whose configuration has dropped the accounts", dropped, []report.ConditionKind{
			report.ChangeFailed, report.Drifting, report.Holding, report.Orphaned, report.RunFailed, report.ScopeFailed, report.Skipping, report.Warned,
		}},
		{"one that finds nothing changed", unchanged, []report.ConditionKind{report.RunFailed, report.ScopeFailed}},
		{"one that is stopped", stopped, nil},
		{"one of other regions", narrowed, []report.ConditionKind{
			report.ChangeFailed, report.Drifting, report.Holding, report.Orphaned, report.RunFailed, report.Skipping, report.Warned,
		}},
		{"one whose scopes fail", failing, []report.ConditionKind{report.Orphaned, report.RunFailed, report.Warned}},
	} {
		r := report.Build(c.in)
		var seen []report.ConditionKind
		for _, k := range all {
			if r.HasSeen(k) && !slices.Contains(seen, k.Kind) {
				seen = append(seen, k.Kind)
			}
		}
		slices.Sort(seen)
		if fmt.Sprint(seen) != fmt.Sprint(c.want) {
			t.Errorf("%s has seen %v, want %v", c.name, seen, c.want)
		}
	}
}

// TestConditionsOfOneRequest: what only its own runs can see, only they end: a timer with a misspelt account fails while
// the others do not.
func TestConditionsOfOneRequest(t *testing.T) {
	t.Parallel()
	wrong := report.Input{Started: startTime(), Slice: "misspelt", Stopped: &inventory.Error{Kind: inventory.NotFound, Message: "no such account"}}
	c := report.Build(wrong).Conditions()[0]
	if c.Key != "run_failed/misspelt" || report.Build(report.Input{Slice: "all", Compared: true}).HasSeen(c) || !report.Build(report.Input{Slice: "misspelt", Compared: true}).HasSeen(c) {
		t.Errorf("%+v", c)
	}
	late := report.Input{Started: startTime(), Slice: "big", Problems: []error{&reason.RunError{Kind: inventory.Deadline, Reason: reason.New(reason.RanOutOfTime, 1, 2, 1)}},
		Items: []apply.Item{{Change: newChange(plan.Create, 1, reason.Reason{}), State: apply.NotReached, Reason: reason.New(reason.TimeUp)}}}
	all := report.Build(late).Conditions()
	if len(all) != 1 || !all[0].Patient || report.Build(report.Input{Slice: "all"}).HasSeen(all[0]) {
		t.Errorf("%+v", all)
	}
}
