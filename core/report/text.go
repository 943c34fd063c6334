package report

import (
	"fmt"
	"strings"

	"github.com/jms-sync/jms-sync/core/plan"
)

// mostLines bounds each list of a summary; the results document has all.
const mostLines = 10

// Summary gives a few lines for a terminal: how the run ended, its numbers, and what failed.
func Summary(r Report, lang plan.Lang) string {
	w := wordsOf(lang)
	var out strings.Builder
	title := w.outcomeName(r.Outcome)
	if r.idle() {
		return w.kindName(busy) + w.colon + clean(r.Errors[0].Message) + "\n"
	}
	if r.DryRun {
		title += w.dryTitle
	}
	fmt.Fprintln(&out, title)
	if r.Outcome == TooLate {
		return out.String()
	}
	numbers := []struct {
		name  string
		value int
	}{
		{w.total, r.Total}, {w.created, r.Created}, {w.updated, r.Updated},
		{w.deactivated, r.Deactivated}, {w.deleted, r.Deleted}, {w.unchanged, r.Unchanged},
		{w.skipped, r.Skipped}, {w.held, r.Held}, {w.failures, r.Failures},
	}
	parts := make([]string, 0, len(numbers)+1)
	for _, n := range numbers {
		parts = append(parts, fmt.Sprintf("%s %d", n.name, n.value))
	}
	if r.Unknown > 0 {
		parts = append(parts, fmt.Sprintf("%s %d", w.unknown, r.Unknown))
	}
	if r.Orphans > 0 {
		parts = append(parts, fmt.Sprintf("%s %d", w.orphans, r.Orphans))
	}
	if r.Drifted > 0 {
		parts = append(parts, fmt.Sprintf("%s %d", w.drifted, r.Drifted))
	}
	parts = append(parts, w.duration+" "+fmt.Sprintf(w.secondsF, r.Duration))
	fmt.Fprintln(&out, strings.Join(parts, w.comma))
	complete := 0
	for _, s := range r.Scopes {
		if s.Complete {
			complete++
		}
	}
	fmt.Fprintf(&out, w.scopesF+"\n", complete, len(r.Scopes)-complete)
	for _, lines := range [][]string{w.plainErrors(r), w.plainNodes(r), w.plainScopes(r), w.plainChanges(r), w.plainHeld(r), w.plainUndo(r)} {
		for n, line := range lines {
			if n == mostLines {
				fmt.Fprintf(&out, "  … %d/%d\n", mostLines, len(lines))
				break
			}
			fmt.Fprintln(&out, "  "+line)
		}
	}
	return out.String()
}

func (w words) plainErrors(r Report) []string {
	var lines []string
	for _, f := range append(append([]Fault{}, r.run...), r.warnings...) {
		lines = append(lines, w.kindName(f.Kind)+w.colon+clean(f.Message))
	}
	return lines
}

// plainNodes are those that are new, or do not stand where the configuration says.
func (w words) plainNodes(r Report) []string {
	var lines []string
	for _, n := range r.Nodes {
		lines = append(lines, clean(n.Reason))
	}
	return lines
}

func (w words) plainScopes(r Report) []string {
	var lines []string
	for _, s := range r.Scopes {
		if !s.Complete {
			lines = append(lines, w.plainPlace(s.Account, s.Region)+w.colon+
				w.kindName(s.Error.Kind)+w.colon+clean(s.Error.Message))
		}
	}
	return lines
}

// plainChanges are those that people must look at: failed ones, those of which nobody knows, then held ones.
func (w words) plainChanges(r Report) []string {
	var lines []string
	for _, action := range []plan.Action{Fail, Unknown, plan.Hold} {
		for _, c := range r.Changes {
			if c.Action == action {
				lines = append(lines, w.plainPlace(c.Account, c.Region)+" "+clean(c.Name)+w.colon+clean(c.Reason))
			}
		}
	}
	return lines
}

func (w words) plainHeld(r Report) []string {
	var lines []string
	for _, set := range r.HeldSets {
		lines = append(lines, w.approval(set, r.DryRun))
	}
	return lines
}

func (w words) plainUndo(r Report) []string {
	var lines []string
	for _, command := range r.undo() {
		lines = append(lines, w.undo+command)
	}
	return lines
}

func (w words) plainPlace(account, region string) string {
	if region == "" {
		region = w.allRegions
	}
	return clean(account) + "/" + clean(region)
}
