package report

import (
	"strings"
	"unicode"
)

// mostColumns bounds the width of a column, so that one long name does not push all reasons out
// of the window. The last column is never cut.
const mostColumns = 48

// Table lays rows out for a terminal, the columns aligned. Nothing in a cell can move its cursor.
func Table(rows [][]string) string {
	cleaned := make([][]string, len(rows))
	for n, row := range rows {
		for _, cell := range row {
			cleaned[n] = append(cleaned[n], clean(cell))
		}
	}
	return align(cleaned)
}

// align lays rows out in columns, two spaces apart, for a fixed-width font.
func align(rows [][]string) string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for n := range row[:len(row)-1] {
			row[n] = cutWidth(row[n], mostColumns)
			widths[n] = max(widths[n], width(row[n]))
		}
	}
	var out strings.Builder
	for _, row := range rows {
		for n, text := range row[:len(row)-1] {
			out.WriteString(text)
			out.WriteString(strings.Repeat(" ", widths[n]-width(text)+2))
		}
		out.WriteString(row[len(row)-1])
		out.WriteByte('\n')
	}
	return out.String()
}

// width is the number of columns that a text takes in a terminal.
func width(s string) int {
	n := 0
	for _, r := range s {
		n += runeWidth(r)
	}
	return n
}

// cutWidth cuts a text to so many columns, with an ellipsis at its end.
func cutWidth(s string, most int) string {
	if width(s) <= most {
		return s
	}
	n := 0
	for at, r := range s {
		if n += runeWidth(r); n > most-1 {
			return s[:at] + "…"
		}
	}
	return s
}

// runeWidth is 0 for marks that combine, 2 for wide East Asian characters and emoji, else 1.
func runeWidth(r rune) int {
	const firstWide = 0x1100
	if unicode.In(r, unicode.Mn, unicode.Me) {
		return 0
	}
	if r < firstWide {
		return 1
	}
	for _, wide := range [...][2]rune{
		{firstWide, 0x115F},                // Hangul initials
		{0x2E80, 0x303E},                   // CJK radicals and marks
		{0x3040, 0xA4CF},                   // kana, bopomofo, CJK, Yi
		{0xAC00, 0xD7A3},                   // Hangul
		{0xF900, 0xFAFF},                   // compatibility ideographs
		{0xFE30, 0xFE6F},                   // vertical and small forms
		{0xFF00, 0xFF60}, {0xFFE0, 0xFFE6}, // full-width forms
		{0x1F300, 0x1FAFF}, // emoji
		{0x20000, 0x3FFFD}, // more CJK
	} {
		if wide[0] <= r && r <= wide[1] {
			return 2
		}
	}
	return 1
}
