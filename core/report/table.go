package report

import (
	"io"
	"math"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// maxColumnWidth limits the width of a column, so that one long name does not push the reasons out of the window.
// The last column is never cut.
const maxColumnWidth = 48

// FormatTable returns rows with aligned columns, for a terminal. Nothing in a cell can move the cursor.
func FormatTable(rows [][]string) string { return alignColumns("", rows, maxColumnWidth) }

// FormatColumns returns rows with aligned columns like FormatTable, behind an indent, and cuts none of them.
func FormatColumns(indent string, rows [][]string) string {
	return alignColumns(indent, rows, math.MaxInt)
}

// alignColumns returns rows in columns that are at most this wide.
func alignColumns(indent string, rows [][]string, most int) string {
	var widths []int
	cleaned := make([][]string, len(rows))
	for n, row := range rows {
		for _, cell := range row {
			cleaned[n] = append(cleaned[n], sanitizeLine(cell))
		}
		widths = growWidths(widths, cleaned[n], most)
	}
	var out strings.Builder
	for _, row := range cleaned {
		out.WriteString(indent)
		writeAlignedRow(&out, row, widths, most)
	}
	return out.String()
}

// growWidths returns the widths of columns that have room for a row too, up to a limit. The last column has none.
func growWidths(widths []int, row []string, most int) []int {
	if widths == nil {
		widths = make([]int, len(row)-1)
	}
	for n := range widths {
		widths[n] = max(widths[n], displayWidth(truncateWidth(row[n], most)))
	}
	return widths
}

// writeAlignedRow writes a row in columns two spaces apart, for a fixed-width font.
func writeAlignedRow(out io.StringWriter, row []string, widths []int, most int) {
	for n, room := range widths {
		text := truncateWidth(row[n], most)
		_, _ = out.WriteString(text) // the writer's Flush returns the error
		_, _ = out.WriteString(strings.Repeat(" ", room-displayWidth(text)+2))
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

// runeWidth returns 0 for what combines with the character before it, 2 for East Asian characters that are wide, emoji
// among them, otherwise 1: that of ambiguous ones too, as terminals have it.
func runeWidth(r rune) int {
	if ' ' <= r && r <= '~' {
		return 1 // most are, and the tables of Unicode are slow
	}
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}
