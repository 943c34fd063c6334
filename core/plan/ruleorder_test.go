package plan

import (
	"errors"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reason"
)

// absentRule is one row of the package doc's table about assets whose instance is absent: when it applies, and what
// the plan does then.
type absentRule struct {
	row   string // the row's second column
	apply func(w *world, a *inventory.Asset)
	want  string   // action and reason's code, and the first argument if two rows have the same code
	but   []string // later rows that decide all the same, as the row's third column says
}

const day = 24 * time.Hour

// absentRules returns the rows in the order of the doc.
func absentRules() []absentRule {
	mode := func(m Mode) func(*world, *inventory.Asset) {
		return func(w *world, a *inventory.Asset) {
			w.rules.Mode = m
			setGone(a, 30*day)
		}
	}
	return []absentRule{
		{row: "not ours", apply: func(_ *world, a *inventory.Asset) {
			a.Labels = []inventory.Label{{Name: inventory.LabelReleased, Value: releasedBy}}
		}},
		{"ours, its instance listed elsewhere", func(w *world, _ *inventory.Asset) {
			w.addListing(scopeOf(prod, shanghai), owner, instanceInProd("i-1", "web", "10.0.0.1"))
		}, "keep seen_elsewhere", nil},
		{"ours, its label and its comment name", func(_ *world, a *inventory.Asset) { a.Comment += "\naccount_id: 9" }, "skip owners_differ", nil},
		{"ours, its account not configured or", func(w *world, _ *inventory.Asset) { delete(w.rules.Accounts, prod) }, "orphan not_configured",
			[]string{"ours, jms-keep", "adopted, jms-gone", "ours, jms-gone, mode deactivate", "ours, jms-gone, grace not over"}},
		{"ours, scope failed or not asked for", func(w *world, _ *inventory.Asset) { w.listings[0].Err = errors.New("throttled") }, "keep scope_failed " + prod, nil},
		{"ours, owner is not the credential's", func(w *world, _ *inventory.Asset) { w.listings[0].Owner = "2" }, "skip other_owner", nil},
		{"ours, its project not asked or unknown", func(w *world, _ *inventory.Asset) { w.listings[0].Projects = []string{"p"} }, "skip project_unknown", nil},
		{"ours, another account failed there", func(w *world, _ *inventory.Asset) { w.addFailedListing(scopeOf("second", beijing), owner) }, "keep scope_failed second", nil},
		{"ours, another account was left out", func(w *world, _ *inventory.Asset) {
			w.rules.Accounts["third"] = Account{Cloud: inventory.Alibaba, Enabled: true, Owner: owner}
		}, "skip others_not_asked", nil},
		{"ours, never written to (see below)", func(_ *world, a *inventory.Asset) { a.Platform = "Gateway" }, "skip is_gateway", nil},
		{"ours, jms-keep", func(_ *world, a *inventory.Asset) { withExtraLabel(inventory.LabelKeep, "db")(a) }, "skip kept_by_label", nil},
		{"ours, jms-tag-keep", func(_ *world, a *inventory.Asset) { withExtraLabel(inventory.LabelKept, keptValue)(a) }, "skip kept_by_tag", nil},
		{"ours, protected_ips", func(w *world, _ *inventory.Asset) { w.rules.Protected = parsePrefixes("10.0.0.1") }, "skip is_protected", nil},
		{"ours, outside the whitelist", func(w *world, _ *inventory.Asset) { w.rules.Whitelist = parsePrefixes("10.1.0.0/16") }, "skip not_whitelisted", nil},
		{"ours, no_delete", func(w *world, _ *inventory.Asset) { w.rules.NoDelete = true }, "skip no_delete", nil},
		{"ours, jms-gone unreadable", func(_ *world, a *inventory.Asset) { a.Labels = replaceLabel(*a, inventory.LabelGone, "?") }, "skip gone_unreadable", nil},
		{"ours, jms-gone, yet active", func(_ *world, a *inventory.Asset) { setGone(a, 30*day); a.Active = true }, "skip switched_on", nil},
		{"ours, jms-gone, jms-reopened, off", func(_ *world, a *inventory.Asset) {
			setGone(a, 30*day)
			a.Labels = replaceLabel(*a, inventory.LabelReopened, reopenedBy)
		}, "skip switched_off_again", nil},
		{"ours, jms-gone, jms-closed:now", func(_ *world, a *inventory.Asset) {
			setGone(a, 30*day)
			a.Labels = replaceLabel(*a, inventory.LabelClosed, inventory.ClosedNow)
		}, "keep in_grace", []string{"ours, jms-gone, mode deactivate", "adopted, jms-gone"}},
		{"ours, jms-gone, mode deactivate", mode(ModeDeactivate), "keep stays_deactivated", nil},
		{"adopted, jms-gone", func(_ *world, a *inventory.Asset) { adoptedAs("own")(a); setGone(a, 30*day) }, "keep adopted_stays", nil},
		{"ours, jms-gone, grace not over", func(w *world, a *inventory.Asset) { w.rules.Grace = 7 * day; setGone(a, day) }, "keep in_grace", nil},
		{"ours, jms-gone, grace over", func(_ *world, a *inventory.Asset) { setGone(a, 30*day); setDue(a, -day) }, "delete grace_over", nil},
		{"the same, jms-due within 10 minutes", func(_ *world, a *inventory.Asset) { setGone(a, 30*day); setDue(a, 5*time.Minute) }, "keep in_grace", nil},
		{"the same, earlier than jms-due says", func(_ *world, a *inventory.Asset) { setGone(a, 30*day); setDue(a, day) }, "hold guard_early", nil},
		{"ours, grace 0 with mode delete", func(w *world, _ *inventory.Asset) { w.rules.Grace = 0 }, "delete gone_at_once", nil},
		{"ours", func(*world, *inventory.Asset) {}, "deactivate instance_gone", nil},
	}
}

// setGone makes an asset one that we deactivated that long ago.
func setGone(a *inventory.Asset, before time.Duration) {
	a.Active, a.Labels = false, replaceLabel(*a, inventory.LabelGone, inventory.FormatLabelTime(now().Add(-before)))
}

// setDue sets jms-due.
func setDue(a *inventory.Asset, after time.Duration) {
	a.Labels = replaceLabel(*a, inventory.LabelDue, inventory.FormatLabelTime(now().Add(after)))
}

// TestRuleTableIsInTheOrderOfTheCode: the rows about absent assets stand in the package doc in the order of the
// code. If two apply at once, the first one decides.
func TestRuleTableIsInTheOrderOfTheCode(t *testing.T) {
	t.Parallel()
	rules := absentRules()
	var rows []string
	for _, r := range rules {
		rows = append(rows, r.row)
	}
	if documented := absentRows(t); !slices.Equal(documented, rows) {
		t.Fatalf("the doc has the rows\n%q, the test\n%q", documented, rows)
	}
	for n, first := range rules {
		if got := first.decides(nil); got != first.want {
			t.Errorf("%s: %q, want %q", first.row, got, first.want)
		}
		for _, second := range rules[n+1:] {
			if slices.Contains(first.but, second.row) {
				continue
			}
			if got := first.decides(second.apply); got != first.want {
				t.Errorf("%s, and %s: %q, want %q", first.row, second.row, got, first.want)
			}
		}
	}
}

// decides returns what the plan does with an asset to which the rule applies, and another rule too.
func (r absentRule) decides(also func(*world, *inventory.Asset)) string {
	w := newWorld()
	a := hostOf(instanceInProd("i-1", "web", "10.0.0.1"))
	if also != nil {
		also(w, &a)
	}
	r.apply(w, &a)
	w.addAssets(a)
	for _, line := range slices.Concat(w.approve().Removals(), w.approve().Notes()) {
		if line.AssetID != a.ID {
			continue
		}
		text := string(line.Action) + " " + string(line.Reason.Code)
		if line.Reason.Code == reason.ScopeFailed {
			text += " " + line.Reason.Args[0].(string)
		}
		return text
	}
	return ""
}

// absentRows returns the second column of the doc's rows about absent assets.
func absentRows(t *testing.T) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "doc.go", nil, parser.ParseComments|parser.PackageClauseOnly)
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for line := range strings.Lines(f.Doc.Text()) {
		const second, third = 12, 51
		text := strings.TrimPrefix(strings.TrimRight(line, "\n"), "\t")
		if len(text) > third && (strings.HasPrefix(text, "absent ") || strings.HasPrefix(text, "elsewhere ")) {
			rows = append(rows, strings.TrimSpace(text[second:third]))
		}
	}
	return rows
}
