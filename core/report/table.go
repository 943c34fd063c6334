package report

import (
	"io"
	"strings"
	"unicode"
)

// maxColumnWidth limits the width of a column, so that one long name does not push the reasons out of the window.
// The last column is never cut.
const maxColumnWidth = 48

// FormatTable returns rows with aligned columns, for a terminal. Nothing in a cell can move the cursor.
func FormatTable(rows [][]string) string {
	var widths []int
	cleaned := make([][]string, len(rows))
	for n, row := range rows {
		for _, cell := range row {
			cleaned[n] = append(cleaned[n], sanitizeLine(cell))
		}
		widths = growWidths(widths, cleaned[n])
	}
	var out strings.Builder
	for _, row := range cleaned {
		writeAlignedRow(&out, row, widths)
	}
	return out.String()
}

// growWidths returns the widths of columns that have room for a row too. The last column has none.
func growWidths(widths []int, row []string) []int {
	if widths == nil {
		widths = make([]int, len(row)-1)
	}
	for n := range widths {
		widths[n] = max(widths[n], displayWidth(truncateWidth(row[n], maxColumnWidth)))
	}
	return widths
}

// writeAlignedRow writes a row in columns two spaces apart, for a fixed-width font.
func writeAlignedRow(out io.StringWriter, row []string, widths []int) {
	for n, most := range widths {
		text := truncateWidth(row[n], maxColumnWidth)
		_, _ = out.WriteString(text) // the writer's Flush returns the error
		_, _ = out.WriteString(strings.Repeat(" ", most-displayWidth(text)+2))
	}
	_, _ = out.WriteString(row[len(row)-1] + "\n")
}

// displayWidth returns the number of columns that a text takes in a terminal.
func displayWidth(s string) int {
	n := 0
	for _, r := range s {
		n += runeWidth(r)
	}
	return n
}

// truncateWidth cuts a text to at most this many columns, with an ellipsis at its end.
func truncateWidth(s string, most int) string {
	if displayWidth(s) <= most {
		return s
	}
	n := 0
	for at, r := range s {
		n += runeWidth(r)
		if n > most-1 {
			return s[:at] + "…"
		}
	}
	return s
}

// runeWidth returns 0 for combining marks, 2 for wide East Asian characters and emoji, else 1.
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
