package report

import (
	"io"
	"strings"
	"unicode"
)

// mostColumns bounds the width of a column, so that one long name does not push all reasons out
// of the window. The last column is never cut.
const mostColumns = 48

// Table lays rows out for a terminal, the columns aligned. Nothing in a cell can move its cursor.
func Table(rows [][]string) string {
	var widths []int
	cleaned := make([][]string, len(rows))
	for n, row := range rows {
		for _, cell := range row {
			cleaned[n] = append(cleaned[n], clean(cell))
		}
		widths = widen(widths, cleaned[n])
	}
	var out strings.Builder
	for _, row := range cleaned {
		writeRow(&out, row, widths)
	}
	return out.String()
}

// widen gives the widths of columns that have room for a row too. The last column has none.
func widen(widths []int, row []string) []int {
	if widths == nil {
		widths = make([]int, len(row)-1)
	}
	for n := range widths {
		widths[n] = max(widths[n], width(cutWidth(row[n], mostColumns)))
	}
	return widths
}

// writeRow lays a row out in columns, two spaces apart, for a fixed-width font.
func writeRow(out io.StringWriter, row []string, widths []int) {
	for n, most := range widths {
		text := cutWidth(row[n], mostColumns)
		_, _ = out.WriteString(text) // what fails is told by the writer's Flush
		_, _ = out.WriteString(strings.Repeat(" ", most-width(text)+2))
	}
	_, _ = out.WriteString(row[len(row)-1] + "\n")
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
