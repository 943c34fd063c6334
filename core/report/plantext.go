package report

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
)

// writeAligned writes a heading and rows with aligned columns, or that there is nothing to do if there is only a
// heading. The rows are iterated twice.
func writeAligned(to io.Writer, rows iter.Seq[[]string], w texts) error {
	var widths []int
	count := 0
	for row := range rows {
		widths = growWidths(widths, row, maxColumnWidth)
		count++
	}
	out := bufio.NewWriter(to)
	if count == 1 {
		fmt.Fprintln(out, w.nothing)
		return out.Flush()
	}
	for row := range rows {
		writeAlignedRow(out, row, widths, maxColumnWidth)
	}
	return out.Flush()
}

// WriteOperatorTable writes the changes of an operator action, a line for each instance and asset: what was done
// (in a dry run: would be), or why not.
func WriteOperatorTable(to io.Writer, lines iter.Seq[plan.Change], lang language.Lang) error {
	w := textsOf(lang)
	return writeAligned(to, func(yield func([]string) bool) {
		if !yield([]string{w.action, w.instance, w.scopeColumn, w.name, w.address, w.reason}) {
			return
		}
		for c := range lines {
			if c.Interim {
				continue
			}
			reason := sanitizeLine(c.Reason.Text(w.lang))
			if c.Patch != nil && c.Patch.Comment != nil {
				reason += w.proofLines
			}
			row := []string{w.actionName(c.Action), strings.TrimSpace(sanitizeLine(c.InstanceID) + " " + sanitizeLine(c.CloudName)), w.scopeText(c.Scope.Account, shownRegion(c.Scope)),
				sanitizeLine(c.Name), sanitizeLine(c.Address), reason}
			if !yield(row) {
				return
			}
		}
	}, w)
}

// WriteReopeningTable writes the changes of jms-sync reactivate, a line for each asset: when it was deactivated,
// what is done (in a dry run: would be), or why not.
func WriteReopeningTable(to io.Writer, lines iter.Seq[plan.Change], lang language.Lang) error {
	w := textsOf(lang)
	return writeAligned(to, func(yield func([]string) bool) {
		if !yield([]string{w.action, w.name, w.instance, w.scopeColumn, w.deactivatedAt, w.reason}) {
			return
		}
		for c := range lines {
			closed := ""
			at := plan.DeactivatedAt(c)
			if !at.IsZero() {
				closed = at.UTC().Format(time.RFC3339)
			}
			row := []string{w.actionName(c.Action), sanitizeLine(c.Name), sanitizeLine(c.InstanceID),
				w.scopeText(c.Scope.Account, shownRegion(c.Scope)), closed, sanitizeLine(c.Reason.Text(w.lang))}
			if !yield(row) {
				return
			}
		}
	}, w)
}

// WriteHeldTable writes the held removals of a reviewed plan, a line for each asset with the reason.
func WriteHeldTable(to io.Writer, held []plan.ReviewLine, lang language.Lang) error {
	w := textsOf(lang)
	return writeAligned(to, func(yield func([]string) bool) {
		if !yield([]string{w.action, w.scopeColumn, w.name, w.reason}) {
			return
		}
		for _, l := range held {
			if !yield([]string{w.actionName(l.Action), w.scopeText(l.Account, shownRegion(l.Scope())), sanitizeLine(l.Name), sanitizeLine(l.Held)}) {
				return
			}
		}
	}, w)
}
