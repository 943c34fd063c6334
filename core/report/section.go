package report

import (
	"fmt"
	"strings"
)

// section is one part of a message that can be cut row by row, never inside one.
type section struct {
	head  string
	table []string // the two lines above the rows of a table; nil for a list
	most  int      // rows shown at most
	moreF string   // says how many there are where not all are shown
	total int
	foot  []string // lines below, shown whatever the room
	rows  []string // one more than most is enough to know that there are more
}

// add counts and takes a row. Rows that could never be shown are not even worded: there may be
// thousands.
func (s *section) add(row func() string) {
	s.total++
	if len(s.rows) <= s.most {
		s.rows = append(s.rows, row())
	}
}

// text gives the section with its first n rows.
func (s section) text(n int) string {
	parts := []string{"### " + s.head}
	if n > 0 {
		lines := append(append([]string{}, s.table...), s.rows[:n]...)
		parts = append(parts, strings.Join(lines, "\n"))
	}
	if n < len(s.rows) {
		parts = append(parts, fmt.Sprintf(s.moreF, s.total))
	}
	if len(s.foot) > 0 {
		parts = append(parts, strings.Join(s.foot, "\n"))
	}
	return strings.Join(parts, paragraph)
}

// paragraph parts blocks: clients join single lines.
const paragraph = "\n\n"

// fit gives for each section as many rows as fit into so many bytes of JSON. Sections that
// stand first are served first; but each, however little is left, says at least how much it
// would have to tell.
func fit(sections []section, budget int) []string {
	texts := make([]string, len(sections))
	for n, s := range sections {
		texts[n] = s.text(0)
		budget -= jsonSize(texts[n] + paragraph)
	}
	for n, s := range sections {
		least := jsonSize(texts[n])
		for rows := min(s.most, len(s.rows)); rows > 0; rows-- {
			longer := s.text(rows)
			if more := jsonSize(longer) - least; more <= budget {
				texts[n] = longer
				budget -= more
				break
			}
		}
	}
	return texts
}
