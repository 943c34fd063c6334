package report_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/notify"
)

// TestMessagesAsData: what channels get as data is all of a message, in order, and no mark of Markdown is left in it.
func TestMessagesAsData(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/message-*.golden")
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, markdown, _ := strings.Cut(string(text), "\n\n")
		var got []string
		for _, s := range (notify.Message{Markdown: markdown}).Sections() {
			got = append(got, strings.Fields(s.Heading)...)
			for _, b := range s.Blocks {
				for _, row := range append([][]notify.Line{b.Columns}, b.Rows...) {
					for _, cell := range row {
						got = append(got, strings.Fields(cell.Plain())...)
					}
				}
			}
		}
		marks := strings.NewReplacer("**", "", "*", "", "### ", "", "| --- ", "", "|", " ")
		want := strings.Fields(marks.Replace(markdown))
		for n := range want {
			want[n] = strings.TrimPrefix(want[n], "- ")
		}
		isMark := func(words []string) (kept []string) {
			for _, w := range words {
				if w != "-" { // of a list, or an empty cell
					kept = append(kept, w)
				}
			}
			return kept
		}
		if a, b := strings.Join(isMark(got), " "), strings.Join(isMark(want), " "); a != b || strings.ContainsAny(a, "*|#") {
			t.Errorf("%s:\n%s\nwant\n%s", file, a, b)
		}
	}
}
