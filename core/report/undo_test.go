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
	"github.com/jms-sync/jms-sync/core/state"
)

// runWithRemovals returns a run with these deactivations, and one deletion.
func runWithRemovals(recorded bool, changes ...plan.Change) report.Input {
	in := report.Input{
		Started: startTime(), Language: language.English, Recorded: recorded,
		Listings: []inventory.Listing{completeListing("aliyun-prod", "cn-beijing", 150)},
	}
	for _, c := range changes {
		in.Items = append(in.Items, doneItem(c))
	}
	in.Items = append(in.Items, doneItem(newChange(plan.Delete, 900, reason.New(reason.GraceOver, "x"))))
	return in
}

// TestUndoIsToldByCommand: cards and the terminal show the command that activates again what the run deactivated.
func TestUndoIsToldByCommand(t *testing.T) {
	t.Parallel()
	const minute, later = "20231215T0131Z", "20231215T0133Z"
	other := deactivation(3, startTime().Add(90*time.Second))
	other.Scope.Account = "my prod"
	failed := runWithRemovals(true)
	failed.Items = []apply.Item{{Change: deactivation(1, startTime()), State: apply.Failed}}
	dry := runWithRemovals(true, deactivation(1, startTime()))
	dry.DryRun = true
	for name, c := range map[string]struct {
		in   report.Input
		want []string
	}{
		"of the history": {runWithRemovals(true, deactivation(1, startTime()), deactivation(2, startTime())), []string{"jms-sync reactivate 20231215T013025Z"}},
		"no history": {runWithRemovals(false, deactivation(1, startTime()), deactivation(2, startTime().Add(90*time.Second)), other), []string{
			"jms-sync reactivate --account aliyun-prod --since " + minute + " --until 20231215T0132Z",
			"jms-sync reactivate --account 'my prod' --since 20231215T0132Z --until 20231215T0132Z",
		}},
		"only deleted": {runWithRemovals(true), nil},
		"failed":       {failed, nil},
		"a dry run":    {dry, nil},
	} {
		r := report.Build(c.in)
		var got []string
		for _, u := range r.Undo {
			got = append(got, u.Command())
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		data, err := report.Marshal(r, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		r, err = report.Unmarshal(data)
		if err != nil {
			t.Fatal(err)
		}
		card, text := report.NewMessage(r, messageOptions(language.English, "table")).Markdown, report.Summary(r, language.English)
		for _, command := range c.want {
			if !strings.Contains(card, command) || !strings.Contains(text, command) {
				t.Errorf("%s: the card or the terminal does not say %s\n%s\n%s", name, command, card, text)
			}
		}
		if strings.Contains(card+text, "reactivate") != (len(c.want) > 0) {
			t.Errorf("%s: told", name)
		}
	}
	first := report.Build(runWithRemovals(false, deactivation(1, startTime())))
	second := report.Build(runWithRemovals(false, deactivation(2, startTime().Add(2*time.Minute))))
	if got := report.Merge([]report.Report{second, first}).Undo; len(got) != 1 || got[0].Since != minute || got[0].Until != later {
		t.Errorf("two of one account: %+v", got)
	}
}

// TestRecordedAndBack: the record of a run says which assets it removed, with which jms-gone, however many they
// are; if their ids do not fit, it has their number and jms-gone.
func TestRecordedAndBack(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		deactivated, named int
		names              bool
	}{{3, 3, true}, {1500, 1500, true}, {12_000, 12_000, false}, {40_000, 0, false}} {
		in := runWithRemovals(true)
		in.Approved = map[string]string{}
		for n := range c.deactivated {
			in.Items = append(in.Items, doneItem(deactivation(1000+n, startTime())))
		}
		for n := range 4000 {
			in.Items = append(in.Items, doneItem(newChange(plan.Create, 50_000+n, reason.New(reason.NewInstance))))
		}
		approved := in.Items[1].Change.AssetID
		in.Approved[approved] = "abcdef0123"
		data, _, err := report.HistoryDocument(report.Build(in), state.MaxRunDocument)
		if err != nil || len(data) > state.MaxRunDocument {
			t.Fatalf("%d: %d bytes, %v", c.deactivated, len(data), err)
		}
		record, err := report.ParseRecord(data)
		if err != nil {
			t.Fatal(err)
		}
		if deactivated, deleted := record.Count(); deactivated != c.deactivated || deleted != 1 || record.ID() != "20231215T013025Z" {
			t.Errorf("%d: %d deactivated, %d deleted, %s", c.deactivated, deactivated, deleted, record.ID())
		}
		what, unnamed := record.Reopening(plan.Reopening{Account: "a"}, "")
		if lacks := c.named == 0; lacks != (unnamed == 1) || lacks != slices.Contains(what.GoneLabels, "20231215T0131Z") || lacks != (len(what.Scopes) > 0) || what.Account != "a" {
			t.Errorf("%d: %d deletions without a name, marks %q, within %v", c.deactivated, unnamed, what.GoneLabels, what.Scopes)
		}
		named, names := 0, 0
		for _, x := range what.Recorded {
			if x.Action == plan.Deactivate && x.GoneLabel == "20231215T0131Z" {
				named++
			}
			if x.Name != "" && x.InstanceID != "" && x.Scope.Account == "aliyun-prod" {
				names++
			}
		}
		if named != c.named || (names == len(what.Recorded) && names > 0) != c.names {
			t.Errorf("%d: %d are named by id, %d with all", c.deactivated, named, names)
		}
		if c.named > 0 {
			only, _ := record.Reopening(plan.Reopening{}, "abcdef0123")
			if len(only.Recorded) != 1 || only.Recorded[0].AssetID != approved {
				t.Errorf("of the set: %+v", only.Recorded)
			}
		}
		if got := record.ApprovedHashes("abc"); !slices.Equal(got, []string{"abcdef0123"}) || len(record.ApprovedHashes("b")) > 0 {
			t.Errorf("hashes %q", got)
		}
		for _, about := range []struct {
			account, region string
			want            bool
		}{{"", "", true}, {"aliyun-prod", "", true}, {"aliyun-prod", "cn-beijing", true}, {"", "cn-x", false}, {"x", "", false}} {
			if record.HasScopeOf(about.account, about.region) != about.want {
				t.Errorf("about %q %q", about.account, about.region)
			}
		}
	}
	for _, bad := range []string{"", "{}", `{"started_at":"2023-12-15T01:30:25Z"}`, `{"started_at":"x","closed":[{}]}`} {
		if _, err := report.ParseRecord([]byte(bad)); err == nil {
			t.Errorf("%q is a record", bad)
		}
	}
}

func TestRunID(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"20231215T013025Z", " 20231215t013025z ", "2023-12-15T01:30:25Z", "2023-12-15T09:30:25+08:00"} {
		at, err := report.ParseRunID(text)
		if err != nil || report.RunID(at) != "20231215T013025Z" {
			t.Errorf("%q: %s, %v", text, at, err)
		}
	}
	for _, text := range []string{"", "abcdef01", "20231215T0130Z", "yesterday"} {
		if at, err := report.ParseRunID(text); err == nil {
			t.Errorf("%q is the run of %s", text, at)
		}
	}
}
