package report

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/plan"
)

// PlanText writes the lines of a plan as a table for a terminal: changes and non-changes, with
// their reasons. Steps in between are left out; lines that merely keep an asset are counted by
// scope and reason, and stand last. The lines are gone through twice, so that not all of a first
// sync is held as text.
func PlanText(to io.Writer, lines iter.Seq[plan.Change], lang plan.Lang) error {
	t := planTable{words: wordsOf(lang), lines: lines}
	return writeTable(to, t.rows(), t.words)
}

// writeTable writes a heading and rows as wide as they need; a heading alone is nothing to be told. The
// rows are gone through twice.
func writeTable(to io.Writer, rows iter.Seq[[]string], w words) error {
	var widths []int
	count := 0
	for row := range rows {
		widths = widen(widths, row)
		count++
	}
	out := bufio.NewWriter(to)
	if count == 1 {
		fmt.Fprintln(out, w.nothing)
		return out.Flush()
	}
	for row := range rows {
		writeRow(out, row, widths)
	}
	return out.Flush()
}

// ErrandText writes what a person's single order is about, a line for each instance and asset: what was done
// (in a dry run: would be), or why not.
func ErrandText(to io.Writer, lines iter.Seq[plan.Change], lang plan.Lang) error {
	w := wordsOf(lang)
	return writeTable(to, func(yield func([]string) bool) {
		if !yield([]string{w.action, w.instance, w.place, w.name, w.address, w.reason}) {
			return
		}
		for c := range lines {
			if c.Interim {
				continue
			}
			reason := clean(c.Reason.Text(w.lang))
			if c.Patch != nil && c.Patch.Comment != nil {
				reason += w.witness
			}
			row := []string{w.actionName(c.Action), strings.TrimSpace(clean(c.InstanceID) + " " + clean(c.CloudName)), w.plainPlace(c.Scope.Account, regionOf(c.Scope)),
				clean(c.Name), clean(c.Address), reason}
			if !yield(row) {
				return
			}
		}
	}, w)
}

// ReopeningText writes what jms-sync reactivate is about, a line for each asset: when it was deactivated, what is done
// (in a dry run: would be), or why not.
func ReopeningText(to io.Writer, lines iter.Seq[plan.Change], lang plan.Lang) error {
	w := wordsOf(lang)
	return writeTable(to, func(yield func([]string) bool) {
		if !yield([]string{w.action, w.name, w.instance, w.place, w.closedAt, w.reason}) {
			return
		}
		for c := range lines {
			closed := ""
			if at := plan.ClosedAt(c); !at.IsZero() {
				closed = at.UTC().Format(time.RFC3339)
			}
			row := []string{w.actionName(c.Action), clean(c.Name), clean(c.InstanceID),
				w.plainPlace(c.Scope.Account, regionOf(c.Scope)), closed, clean(c.Reason.Text(w.lang))}
			if !yield(row) {
				return
			}
		}
	}, w)
}

// HeldText writes the held removals of a reviewed plan, a line for each asset with why it is held.
func HeldText(to io.Writer, held []plan.Line, lang plan.Lang) error {
	w := wordsOf(lang)
	return writeTable(to, func(yield func([]string) bool) {
		if !yield([]string{w.action, w.place, w.name, w.reason}) {
			return
		}
		for _, l := range held {
			if !yield([]string{w.actionName(l.Action), w.plainPlace(l.Account, regionOf(l.Scope())), clean(l.Name), clean(l.Held)}) {
				return
			}
		}
	}, w)
}

type planTable struct {
	words words
	lines iter.Seq[plan.Change]
}

// group is what kept assets have in common.
type group struct{ place, reason string }

// rows gives the heading and the rows of the table.
func (t planTable) rows() iter.Seq[[]string] {
	w := t.words
	return func(yield func([]string) bool) {
		if !yield([]string{w.action, w.place, w.name, w.address, w.reason}) {
			return
		}
		kept := map[group]int{}
		var order []group
		for c := range t.lines {
			place, reason := w.plainPlace(c.Scope.Account, regionOf(c.Scope)), clean(c.Reason.Text(w.lang))
			switch {
			case c.Interim:
			case c.Action == plan.Keep:
				g := group{place, reason}
				if kept[g]++; kept[g] == 1 {
					order = append(order, g)
				}
			case !yield([]string{w.actionName(c.Action), place, clean(c.Name), clean(c.Address), reason}):
				return
			}
		}
		for _, g := range order {
			many := strings.TrimSpace(fmt.Sprintf(w.keptF, kept[g]))
			if !yield([]string{w.actionName(plan.Keep), g.place, many, "", g.reason}) {
				return
			}
		}
	}
}
