package report

import (
	"fmt"
	"strings"
)

// section is one part of a message that can be cut between rows.
type section struct {
	heading    string
	tableHead  []string // the two lines above the rows of a table; nil for a list
	maxRows    int      // maximum of rows shown
	moreFormat string   // text with the total, if not all rows are shown
	total      int
	footer     []string // lines below, always shown
	rows       []string // at most one more than maxRows, which shows that there are more
}

// addRow counts a row, and builds and keeps it only if it can be shown: there may be thousands.
func (s *section) addRow(row func() string) {
	s.total++
	if len(s.rows) <= s.maxRows {
		s.rows = append(s.rows, row())
	}
}

// render returns the section with its first n rows.
func (s section) render(n int) string {
	parts := []string{"### " + s.heading}
	if n > 0 {
		lines := append(append([]string{}, s.tableHead...), s.rows[:n]...)
		parts = append(parts, strings.Join(lines, "\n"))
	}
	if n < len(s.rows) {
		parts = append(parts, fmt.Sprintf(s.moreFormat, s.total))
	}
	if len(s.footer) > 0 {
		parts = append(parts, strings.Join(s.footer, "\n"))
	}
	return strings.Join(parts, paragraphBreak)
}

// paragraphBreak separates blocks: clients join single lines.
const paragraphBreak = "\n\n"

// fitSections returns each section with as many rows as fit into the budget, in bytes of JSON. Earlier sections get
// room first; but each shows at least its total.
func fitSections(sections []section, budget int) []string {
	texts := make([]string, len(sections))
	for n, s := range sections {
		texts[n] = s.render(0)
		budget -= jsonSize(texts[n] + paragraphBreak)
	}
	for n, s := range sections {
		least := jsonSize(texts[n])
		for rows := min(s.maxRows, len(s.rows)); rows > 0; rows-- {
			longer := s.render(rows)
			more := jsonSize(longer) - least
			if more <= budget {
				texts[n] = longer
				budget -= more
				break
			}
		}
	}
	return texts
}
