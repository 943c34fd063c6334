package post_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/notify/post"
)

// shown returns rows as text, a line each.
func shown(rows []post.Row) string {
	var lines []string
	for _, r := range rows {
		lines = append(lines, fmt.Sprintf("%s %s", r.Kind, r.Join("|", notify.Line.Plain)))
	}
	return strings.Join(lines, "\n")
}

// TestRows: each form of a message is a row of its kind, and the first line, if it repeats the title, is none.
func TestRows(t *testing.T) {
	t.Parallel()
	m := notify.Message{Title: "[PROD] 2 failed <x>", Markdown: "**PROD · 2 failed ＜x＞**\n\n### Failures\n\n- **a**: b\n\n### Result\n\n| Metric | Value |\n| --- | --- |\n| Total | 2 |\n\n" +
		"### Hosts\n\n| N | A | P |\n| --- | --- | --- |\n| x | y | z |\n\nthe \xff end"}
	const want = "heading Failures\nentry a: b\nheading Result\nfact Total|2\nheading Hosts\nhead N|A|P\nrecord x|y|z\ntext the \uFFFD end"
	if got := shown(post.Rows(m)); got != want {
		t.Errorf("got %s", got)
	}
	m.Title = "another"
	if got := shown(post.Rows(m)); got != "text PROD · 2 failed ＜x＞\n"+want {
		t.Errorf("got %s", got)
	}
	if rows := post.Rows(notify.Message{Title: "x"}); len(rows) != 0 {
		t.Errorf("of nothing: %v", rows)
	}
}

// size is what a channel of these tests takes for rows: a byte a line break, and 10 for what is said of those left out.
func size(rows []post.Row, left int) int {
	n := len(shown(rows))
	if left > 0 {
		n += 10
	}
	return n
}

// TestFit: whatever the rows, what is shown is their beginning, fits, and could not have a row more; all others are counted.
func TestFit(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		var rows []post.Row
		for range r.IntN(12) {
			kind := []post.RowKind{post.Heading, post.Head, post.Fact, post.Record, post.Entry, post.Text}[r.IntN(6)]
			rows = append(rows, post.Row{Kind: kind, Cells: []notify.Line{{{Text: strings.Repeat("名", r.IntN(40))}}}})
		}
		most := 10 + r.IntN(500)
		fits := func(rows []post.Row, left int) bool { return size(rows, left) <= most }
		got, left, ok := post.Fit(rows, fits)
		lines := 0
		for _, row := range rows[len(got):] {
			if row.Kind != post.Heading && row.Kind != post.Head {
				lines++
			}
		}
		whole := size(rows, 0) <= most
		switch {
		case !ok || !fits(got, left) || left != lines || shown(got) != shown(rows[:len(got)]):
			t.Fatalf("%d bytes: %v, %d left of %d lines:\n%s\nof\n%s", most, ok, left, lines, shown(got), shown(rows))
		case whole != (len(got) == len(rows)) && lines > 0:
			t.Fatalf("%d bytes: cut %v, %d rows of %d", most, !whole, len(got), len(rows))
		case !whole && len(got) > 0 && (got[len(got)-1].Kind == post.Heading || got[len(got)-1].Kind == post.Head):
			t.Fatalf("a heading is the last: %s", shown(got))
		}
		for n := len(got) + 1; n < len(rows) && !whole; n++ { // the next row that tells something would be too much
			if kind := rows[n-1].Kind; kind != post.Heading && kind != post.Head {
				if fits(rows[:n], 1) {
					t.Fatalf("%d bytes: there is room for %d rows, %d are shown:\n%s", most, n, len(got), shown(rows))
				}
				break
			}
		}
	}
}

// TestFitLongRow: a row that is very long is cut within, on a character; one that is not is left out.
func TestFitLongRow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		length int
		cut    bool
	}{{500, false}, {600, true}} {
		rows := []post.Row{
			{Kind: post.Text, Cells: []notify.Line{{{Text: "first"}}}},
			{Kind: post.Entry, Cells: []notify.Line{{{Text: "acc", Bold: true}, {Text: strings.Repeat("𠮷", c.length)}}}},
			{Kind: post.Text, Cells: []notify.Line{{{Text: "last"}}}},
		}
		got, left, ok := post.Fit(rows, func(rows []post.Row, left int) bool { return size(rows, left) <= 1000 })
		text := shown(got)
		if !ok || c.cut != strings.HasSuffix(text, "𠮷…") || !c.cut && (len(got) != 1 || left != 2) || c.cut && (len(got) != 2 || left != 1 || len(text) < 980 || !got[1].Cells[0][0].Bold) {
			t.Errorf("%d: %v, %d left: %s", c.length, ok, left, text)
		}
		if strings.Contains(shown(rows), "…") {
			t.Error("the rows themselves are cut")
		}
	}
	if _, _, ok := post.Fit(nil, func([]post.Row, int) bool { return false }); ok {
		t.Error("there is no room, and nobody says so")
	}
}

func TestMore(t *testing.T) {
	t.Parallel()
	if got := post.More(notify.Message{CutFormat: "… %d more lines"}, 7) + post.More(notify.Message{}, 7); got != "… 7 more lines… +7" {
		t.Error(got)
	}
}

func TestFullWidth(t *testing.T) {
	t.Parallel()
	if got := post.FullWidth("a*b_c HTTPS://x", "*"); got != "a＊b_c HTTPS：//x" {
		t.Error(got)
	}
}

// TestParseWebhook: what no error may show are the parts of an address that can be its key.
func TestParseWebhook(t *testing.T) {
	t.Parallel()
	const path = "https://hooks.example.com/services/T0AAAAAAA/B0/0123456789abcdef?key=abcdefghij&v=1"
	address, private, err := post.ParseWebhook(path)
	if err != nil || address.String() != path {
		t.Fatal(err)
	}
	for part, hidden := range map[string]bool{"T0AAAAAAA": true, "0123456789abcdef": true, "abcdefghij": true, path: true, "B0": false, "1": false, "services": false} {
		found := false
		for _, p := range private {
			found = found || p == part
		}
		if found != hidden {
			t.Errorf("%s: %v", part, found)
		}
	}
	for _, bad := range []string{"", "x", "ftp://x/0123456789abcdef", "https://", "https://\x000123456789abcdef"} {
		if _, _, err := post.ParseWebhook(bad); err == nil || strings.Contains(err.Error(), "0123456789") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
