package report_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/report"
)

// madeWithout returns the item of a new asset without what a reason names; "" = with all.
func madeWithout(name, template string) apply.Item {
	why := reason.New(reason.NewInstance)
	if template != "" {
		why = reason.New(reason.NewWithout, why, reason.New(reason.WithoutTemplate, template))
	}
	if template == "refused" {
		why = reason.New(reason.MadeWithoutAccounts, why, 2)
	}
	return apply.Item{State: apply.Done, Change: plan.Change{
		Action: plan.Create, Reason: why, Name: name, AssetID: "asset-" + name,
		Scope: inventory.Scope{Cloud: inventory.Alibaba, Account: "prod", Region: "cn-a"},
	}}
}

// New assets that lack what rules want are told by what they lack: on the card, on the terminal, in the results, and in
// the card of several runs.
func TestMadeWithout(t *testing.T) {
	t.Parallel()
	for _, lang := range []language.Lang{language.Chinese, language.English} {
		r := report.Build(report.Input{Started: startTime(), Language: lang, Items: []apply.Item{
			madeWithout("b", "gone"), madeWithout("c", ""), madeWithout("a-1", "ops"), madeWithout("a-2", "ops"), madeWithout("a-3", "ops"), madeWithout("a-4", "ops"),
		}})
		missing := func(template string) string { return reason.New(reason.WithoutTemplate, template).Text(lang) }
		want := []report.WithoutGroup{{missing("ops"), 4, []string{"a-1", "a-2", "a-3"}}, {missing("gone"), 1, []string{"b"}}}
		if !reflect.DeepEqual(r.MadeWithout, want) {
			t.Errorf("%+v", r.MadeWithout)
		}
		for _, text := range []string{report.NewMessage(r, report.Options{Lang: lang}).Markdown, report.Summary(r, lang)} {
			at := strings.Index(text, missing("ops"))
			if at < 0 || at > strings.Index(text, missing("gone")) {
				t.Errorf("%s", text)
			}
		}
		twice := report.Merge([]report.Report{r, r})
		if len(twice.MadeWithout) != 2 || twice.MadeWithout[0].Assets != 8 || len(twice.MadeWithout[0].Names) != 3 || r.MadeWithout[0].Assets != 4 {
			t.Errorf("%+v", twice.MadeWithout)
		}
	}
	got := report.Build(report.Input{Started: startTime(), Language: language.English, Items: []apply.Item{madeWithout("x", "refused")}})
	if len(got.MadeWithout) != 2 || got.MadeWithout[0].Text != "JumpServer refused 2 account templates" {
		t.Errorf("%+v", got.MadeWithout)
	}
	if got := report.Build(report.Input{Started: startTime(), Items: []apply.Item{madeWithout("c", "")}}); got.MadeWithout != nil {
		t.Errorf("%+v", got.MadeWithout)
	}
}
