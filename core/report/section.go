package report

import (
	"fmt"
	"strings"
)

// section is one part of a message that can be cut row by row, never inside one.
type section struct {
	heading    string
	tableHead  []string // the two lines above the rows of a table; nil for a list
	maxRows    int      // rows shown at most
	moreFormat string   // says how many there are where not all are shown
	total      int
	footer     []string // lines below, shown whatever the room
	rows       []string // one more than most is enough to know that there are more
}

// addRow counts and takes a row. Rows that could never be shown are not even worded: there may be
// thousands.
func (s *section) addRow(row func() string) {
	s.total++
	if len(s.rows) <= s.maxRows {
		s.rows = append(s.rows, row())
	}
}

// render gives the section with its first n rows.
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

// paragraphBreak parts blocks: clients join single lines.
const paragraphBreak = "\n\n"

// fitSections gives for each section as many rows as fit into so many bytes of JSON. Sections that
// stand first are served first; but each, however little is left, says at least how much it
// would have to tell.
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
			if more := jsonSize(longer) - least; more <= budget {
				texts[n] = longer
				budget -= more
				break
			}
		}
	}
	return texts
}
