package report

import (
	"strings"
	"testing"
)

// TestMessageCellKeepsTheEnd: a long error keeps its end on a card, where it names what is missing.
func TestMessageCellKeepsTheEnd(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"short": "short",
		"begins: " + strings.Repeat("很长 ", 300) + "(cvm:DescribeInstances)": "(cvm:DescribeInstances)",
	} {
		got := messageCell(text)
		if !strings.HasSuffix(strings.ReplaceAll(got, `\`, ""), want) || !strings.HasPrefix(got, text[:5]) || len([]rune(got)) > 2*maxMessageRunes {
			t.Errorf("%q", got)
		}
	}
}
