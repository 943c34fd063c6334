package report

import (
	"strings"
	"testing"
)

// TestColumnsAlign: columns begin at the same place of a terminal, whatever is in those before them: wide East Asian
// characters and emoji take two places, ambiguous ones and half-width forms one, combining marks none.
func TestColumnsAlign(t *testing.T) {
	t.Parallel()
	first := map[string]int{
		"web-1": 5, "账号": 4, "がぎ": 4, "한글": 4, "ﾊﾝｶｸ": 4, "ＡＢ": 4, "é": 1, "…·±": 3, "🚀x": 3, "": 0, "（区域）": 8, "𠮷": 2, "a\u200bb": 2,
	}
	var rows [][]string
	for text := range first {
		rows = append(rows, []string{text, "|"})
	}
	table := FormatColumns("  ", rows)
	for n, line := range strings.Split(strings.TrimSuffix(table, "\n"), "\n") {
		text := rows[n][0]
		if got := displayWidth(text); got != first[text] {
			t.Errorf("%q takes %d places, not %d", text, got, first[text])
		}
		before, _, _ := strings.Cut(line, "|")
		if displayWidth(before) != 2+8+2 {
			t.Errorf("the second column is at %d:\n%s", displayWidth(before), table)
		}
	}
	long := strings.Repeat("名", 100)
	if got := FormatColumns("", [][]string{{long, "x"}}); got != long+"  x\n" {
		t.Errorf("it is cut: %s", got)
	}
	if got := FormatTable([][]string{{long, "x"}}); displayWidth(got) > maxColumnWidth+3 {
		t.Errorf("it is not cut: %s", got)
	}
}
