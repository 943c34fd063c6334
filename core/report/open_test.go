package report_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/report"
)

// openChange returns a line of an asset that stays open.
func openChange(action plan.Action, n int, why reason.Reason) plan.Change {
	c := newChange(action, n, why)
	c.Unlisted = true
	return c
}

// openInput has assets that stay open for several reasons, and some that do not.
func openInput(lang language.Lang) report.Input {
	in := report.Input{Started: startTime(), Language: lang, Compared: true}
	for n := range 5 {
		in.Notes = append(in.Notes, openChange(plan.Skip, n, reason.New(reason.KeptByLabel, fmt.Sprint("purpose ", n%2))))
	}
	in.Notes = append(in.Notes,
		openChange(plan.Skip, 10, reason.New(reason.SwitchedOn)), openChange(plan.Skip, 11, reason.New(reason.SwitchedOn)),
		openChange(plan.Orphan, 12, reason.New(reason.RegionNotNamed, "prod", "r")), openChange(plan.Hold, 13, reason.New(reason.GuardRun, 9, 3)),
		newChange(plan.Skip, 14, reason.New(reason.IsGateway)), newChange(plan.Keep, 15, reason.New(reason.ScopeFailed, "a", "r")))
	removal := func(n int, state apply.ItemState, why reason.Reason, err error) {
		in.Items = append(in.Items, apply.Item{Change: openChange(plan.Deactivate, n, reason.New(reason.InstanceGone)), State: state, Reason: why, Err: err})
	}
	removal(20, apply.Done, reason.Reason{}, nil)
	removal(21, apply.Failed, reason.Reason{}, errors.New("no"))
	removal(22, apply.NotReached, reason.New(reason.TimeUp), nil)
	removal(23, apply.Kept, reason.New(reason.GoneMeanwhile), nil)
	removal(24, apply.Kept, reason.New(reason.ChangedMeanwhile, "labels"), nil)
	return in
}

func groupTexts(r report.Report) []string {
	var out []string
	for _, g := range r.StaysOpen {
		out = append(out, fmt.Sprint(g.Action, " ", g.Code, " ", g.Assets, " ", strings.Join(g.Names, ",")))
	}
	return out
}

// TestStaysOpen: what stays open is grouped by reason, the largest group first, with the first names; what was
// removed, what is gone and what is not marked are not among it.
func TestStaysOpen(t *testing.T) {
	t.Parallel()
	r := report.Build(openInput(language.English))
	want := []string{
		"skip kept_by_label 5 web-0,web-1,web-2", "skip switched_on 2 web-10,web-11", "skip changed_meanwhile 1 web-24", "hold guard_run 1 web-13",
		"orphan region_not_named 1 web-12", "fail removal_failed 1 web-21", "skip time_up 1 web-22",
	}
	if got := groupTexts(r); !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if !r.Compared() || len(r.OpenAssets()) != 12 || r.OpenAssets()[0].AssetID == "" {
		t.Errorf("compared %v, %d assets", r.Compared(), len(r.OpenAssets()))
	}
	if got := r.StaysOpen[0].Text; !strings.Contains(got, "purpose 0") || !strings.HasSuffix(got, " (and others like it)") {
		t.Errorf("several texts: %q", got)
	}
	if got := r.StaysOpen[1].Text; got != reason.New(reason.SwitchedOn).Text(language.English) {
		t.Errorf("one text: %q", got)
	}
	if text := jsonText(t, r); !strings.Contains(text, `"stays_open": [`) || !strings.Contains(text, `"code": "switched_on"`) {
		t.Error(text)
	}
	if text := jsonText(t, report.Build(report.Input{})); strings.Contains(text, "stays_open") {
		t.Error("nothing stays open:", text)
	}
}

// TestStaysOpenIsShown: card and output have number, first names and reason of each group; held assets and orphans
// have sections of their own.
func TestStaysOpenIsShown(t *testing.T) {
	t.Parallel()
	for lang, words := range map[language.Lang][3]string{
		language.Chinese: {"### 仍开放的资产", "5 个资产（web-0、web-1、web-2 等）", "又被人工启用"},
		language.English: {"### Still open", "5 assets (web-0, web-1, web-2 and others)", "a person switched it on again"},
	} {
		r := report.Build(openInput(lang))
		for _, style := range []string{"table", report.StyleList} {
			card := report.NewMessage(r, report.Options{Lang: lang, Location: time.UTC, Style: style}).Markdown
			_, open, _ := strings.Cut(card, words[0])
			open, _, _ = strings.Cut(open, "###")
			plain := strings.NewReplacer("\\", "").Replace(open)
			if !strings.Contains(plain, words[1]) || !strings.Contains(plain, words[2]) || strings.Contains(plain, "web-12") || strings.Contains(plain, "web-13") || strings.Contains(plain, "web-21") {
				t.Errorf("%s: %s", style, card)
			}
		}
		summary := report.Summary(r, lang)
		if !strings.Contains(summary, words[1]) || !strings.Contains(summary, words[2]) || !strings.Contains(summary, "web-12") {
			t.Error(summary)
		}
	}
}

// TestStaysOpenOfSeveral: merged reports add up, shards that report alike count once, and a stored report keeps its
// groups.
func TestStaysOpenOfSeveral(t *testing.T) {
	t.Parallel()
	one, two := report.Build(openInput(language.English)), report.Build(openInput(language.English))
	merged := report.Merge([]report.Report{one, two})
	if g := merged.StaysOpen[0]; g.Assets != 10 || len(g.Names) != 3 || !merged.Compared() {
		t.Errorf("%+v", g)
	}
	if one.StaysOpen[0].Assets != 5 {
		t.Error("the merged reports were changed")
	}
	stored := func(r report.Report) report.Report {
		data, err := report.Marshal(r, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		back, err := report.Unmarshal(data)
		if err != nil {
			t.Fatal(err)
		}
		return back
	}
	back := stored(one)
	if !slices.Equal(groupTexts(back), groupTexts(one)) || !back.Compared() || len(back.OpenAssets()) != 12 {
		t.Errorf("stored: %q", groupTexts(back))
	}
	shards := report.MergeShards(startTime(), []report.Report{stored(one), stored(two)}, nil, 2, language.English)
	if got := groupTexts(shards); !slices.Equal(got, groupTexts(one)) {
		t.Errorf("shards: %q", got)
	}
	partly := report.Build(report.Input{Started: startTime()})
	if report.Merge([]report.Report{one, partly}).Compared() {
		t.Error("one of them compared nothing")
	}
}
