package report

import (
	"fmt"
	"strings"

	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
)

// maxSummaryLines limits each list of a summary; the results document has all.
const maxSummaryLines = 10

// Summary returns a few lines for a terminal: how the run ended, its numbers, and what failed.
func Summary(r Report, lang language.Lang) string {
	w := textsOf(lang)
	var out strings.Builder
	title := w.outcomeName(r.Outcome)
	if r.isBusy() {
		return w.kindName(busyKind) + w.colon + sanitizeLine(r.Errors[0].Message) + "\n"
	}
	if r.DryRun {
		title += w.dryTitle
	}
	fmt.Fprintln(&out, title)
	if r.Outcome == TooLate {
		return out.String()
	}
	if r.Pause != nil {
		fmt.Fprintln(&out, sanitizeLine(r.Pause.Text))
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
	for _, lines := range [][]string{w.errorLines(r), sanitizeLines(r.Expected), w.nodeLines(r), w.accessLines(r), w.withoutLines(r), w.scopeLines(r), w.changeLines(r), w.heldLines(r), w.skipLines(r), w.openLines(r), w.undoLines(r)} {
		for n, line := range lines {
			if n == maxSummaryLines {
				fmt.Fprintf(&out, "  … %d/%d\n", maxSummaryLines, len(lines))
				break
			}
			fmt.Fprintln(&out, "  "+line)
		}
	}
	return out.String()
}

func (w texts) errorLines(r Report) []string {
	var lines []string
	for _, f := range append(append([]ErrorEntry{}, r.runErrors...), r.warnings...) {
		lines = append(lines, w.kindName(f.Kind)+w.colon+sanitizeLine(f.Message))
	}
	return lines
}

func sanitizeLines(texts []string) []string {
	lines := make([]string, 0, len(texts))
	for _, text := range texts {
		lines = append(lines, sanitizeLine(text))
	}
	return lines
}

// nodeLines returns the reasons of nodes that are new, or not where the configuration says. Those that people are known to
// reach by a node above stand among the access lines.
func (w texts) nodeLines(r Report) []string {
	var lines []string
	for _, n := range r.Nodes {
		if n.IsNew && r.isReached(n.Path) {
			continue
		}
		lines = append(lines, sanitizeLine(n.Reason))
	}
	return lines
}

func (w texts) scopeLines(r Report) []string {
	var lines []string
	for _, s := range r.Scopes {
		if !s.Complete {
			lines = append(lines, w.scopeText(s.Account, s.Region)+w.colon+
				w.kindName(s.Error.Kind)+w.colon+sanitizeLine(s.Error.Message))
		}
	}
	return lines
}

// changeLines returns the changes that people must look at: failed, then unknown, then held ones.
func (w texts) changeLines(r Report) []string {
	var lines []string
	for _, action := range []plan.Action{Fail, Unknown, plan.Hold} {
		for _, c := range r.Changes {
			if c.Action == action {
				lines = append(lines, w.scopeText(c.Account, c.Region)+" "+sanitizeLine(c.Name)+w.colon+sanitizeLine(c.Reason))
			}
		}
	}
	return lines
}

// skipLines returns what a run left alone until somebody does something. A plan shows it by itself.
func (w texts) skipLines(r Report) []string {
	var lines []string
	for _, c := range r.Conditions() {
		if c.Kind == Skipping && !r.DryRun {
			lines = append(lines, w.skipped+w.colon+w.scopeText(c.Account, c.Region)+w.colon+sanitizeLine(c.Text))
		}
	}
	return lines
}

func (w texts) heldLines(r Report) []string {
	var lines []string
	for _, set := range r.HeldSets {
		lines = append(lines, w.approvalText(set, r.DryRun))
	}
	return lines
}

func (w texts) undoLines(r Report) []string {
	var lines []string
	for _, command := range r.undoCommands() {
		lines = append(lines, w.undoHint+command)
	}
	return lines
}

func (w texts) scopeText(account, region string) string {
	if region == "" {
		region = w.allRegions
	}
	return sanitizeLine(account) + "/" + sanitizeLine(region)
}
