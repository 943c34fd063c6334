package report

import (
	"fmt"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
)

// failureSection returns what went wrong: the run as a whole first, then scopes, then single changes.
func (w messageWriter) failureSection(r Report) section {
	s := section{heading: w.failHead, maxRows: maxFailureRows, moreFormat: w.moreFailuresF}
	if r.isOnlyUnfinished() {
		s.heading = w.lateHead
	}
	for _, f := range r.runErrors {
		s.addRow(func() string { return w.errorRow(f) })
	}
	for _, scope := range r.Scopes {
		if !scope.Complete && !scope.alreadyNotified {
			s.addRow(func() string { return w.scopeRow(scope) })
		}
	}
	for _, c := range r.Changes {
		if c.Action == Fail || c.Action == Unknown {
			s.addRow(func() string {
				return "- " + w.scopeLabel(c.Account, c.Region) + " " +
					escapedCell(c.Name, maxNameRunes) + w.openParen + escapedCell(c.Address, maxScopeRunes) + w.closeParen +
					w.colon + messageCell(c.Reason)
			})
		}
	}
	return s
}

// isOnlyUnfinished reports whether the time was too short, or some answers did not come in time, and nothing else
// failed: a big first sync takes several runs, and nobody needs to act.
func (r Report) isOnlyUnfinished() bool {
	for _, f := range r.runErrors {
		if f.Kind != inventory.Deadline && f.Kind != inventory.Unanswered {
			return false
		}
	}
	for _, s := range r.Scopes {
		if !s.Complete {
			return false
		}
	}
	return r.Outcome == Partial && r.notReached+r.Unknown > 0 && r.Failures == 0
}

func (w messageWriter) scopeRow(s Scope) string {
	row := "- " + w.scopeLabel(s.Account, s.Region) + w.colon + w.kindName(s.Error.Kind) + w.colon + messageCell(s.Error.Message)
	if !s.since.IsZero() {
		row += fmt.Sprintf(w.sinceF, w.timeText(s.since))
	}
	return row
}

func (w messageWriter) errorRow(f ErrorEntry) string {
	return "- " + w.kindName(f.Kind) + w.colon + messageCell(f.Message)
}

// orphanSection returns the assets that no run looks after: how many, where, and why.
func (w messageWriter) orphanSection(r Report) section {
	s := w.groupByReason(r, plan.Orphan, section{heading: w.orphanHead, maxRows: maxHeldRows, moreFormat: w.moreOrphansF})
	s.total = r.Orphans
	return s
}

// groupByReason adds a row to a section for each scope and reason of one action.
func (w messageWriter) groupByReason(r Report, action plan.Action, s section) section {
	type key struct{ account, region, reason string }
	groups := map[key][]string{}
	var order []key
	for _, c := range r.Changes {
		if c.Action != action {
			continue
		}
		k := key{c.Account, c.Region, c.Reason}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], c.Name)
	}
	for _, k := range order {
		s.addRow(func() string {
			return "- " + w.scopeLabel(k.account, k.region) + w.colon +
				fmt.Sprintf(w.heldLineF, len(groups[k])) + w.openParen + w.firstNames(groups[k]) + w.closeParen +
				w.colon + messageCell(k.reason)
		})
	}
	return s
}

// firstNames returns the first few names.
func (w messageWriter) firstNames(names []string) string {
	first := names[:min(maxNames, len(names))]
	shown := make([]string, 0, len(first))
	for _, n := range first {
		shown = append(shown, escapedCell(n, maxNameRunes))
	}
	text := strings.Join(shown, w.comma)
	if len(names) > len(first) {
		return fmt.Sprintf(w.heldNamesF, text)
	}
	return text
}

// warningSection returns problems that did no harm yet, what is announced, and nodes to which nobody has access
// yet.
func (w messageWriter) warningSection(r Report) section {
	s := section{heading: w.warnHead, maxRows: maxHeldRows, moreFormat: w.moreWarningsF}
	for _, f := range r.warnings {
		s.addRow(func() string { return w.errorRow(f) })
	}
	for _, scope := range r.Scopes {
		if scope.alreadyNotified {
			s.addRow(func() string { return w.scopeRow(scope) })
		}
	}
	if row := w.knownRow(r); row != "" {
		s.addRow(func() string { return row })
	}
	for _, text := range r.Expected {
		s.addRow(func() string { return "- " + messageCell(text) })
	}
	for _, n := range r.Nodes {
		if n.IsNew && !r.isReached(n.Path) {
			s.addRow(func() string { return "- " + messageCell(n.Reason) })
		}
	}
	return s
}
