package post

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode"

	"github.com/jms-sync/jms-sync/core/notify"
)

// Row is one line of a message: what is shown or, where there is no room, left out and counted.
type Row struct {
	Kind  RowKind
	Cells []notify.Line // one, but of facts two, and of records and heads as many as the table has columns
}

// RowKind says what a row is.
type RowKind string

// The kinds.
const (
	Heading RowKind = "heading"
	Fact    RowKind = "fact" // a name and its value
	Head    RowKind = "head" // the columns of a table that has no facts
	Record  RowKind = "record"
	Entry   RowKind = "entry" // of a list
	Text    RowKind = "text"
)

// Rows returns the lines of a message for a channel that shows the title itself: a first line that repeats it is left out.
func Rows(m notify.Message) []Row {
	m.Markdown = strings.ToValidUTF8(m.Markdown, "\uFFFD")
	var rows []Row
	for _, s := range m.Sections() {
		if s.Heading != "" {
			rows = append(rows, Row{Heading, []notify.Line{{{Text: s.Heading}}}})
		}
		for _, b := range s.Blocks {
			rows = append(rows, blockRows(b)...)
		}
	}
	if len(rows) > 0 && rows[0].Kind == Text && words(rows[0].Cells[0].Plain()) == words(m.Title) {
		rows = rows[1:]
	}
	return rows
}

func blockRows(b notify.Block) []Row {
	kind := map[notify.BlockKind]RowKind{notify.Table: Record, notify.List: Entry}[b.Kind]
	_, areFacts := b.Facts()
	switch {
	case areFacts:
		kind = Fact
	case kind == "":
		kind = Text
	}
	var rows []Row
	if len(b.Columns) > 0 && !areFacts {
		rows = append(rows, Row{Head, b.Columns})
	}
	for _, cells := range b.Rows {
		rows = append(rows, Row{kind, cells})
	}
	return rows
}

// words returns the letters and digits of a text: a title and the first line differ in their marks.
func words(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, text)
}

// Join returns the cells of a row as one line, each as show returns it.
func (r Row) Join(separator string, show func(notify.Line) string) string {
	shown := make([]string, 0, len(r.Cells))
	for _, cell := range r.Cells {
		shown = append(shown, show(cell))
	}
	return strings.Join(shown, separator)
}

// Begins reports whether a gap stands between a row and the one before it.
func (r Row) Begins(before Row) bool {
	switch {
	case r.Kind == Heading:
		return true
	case before.Kind == Heading, r.Kind == before.Kind:
		return false
	}
	return r.Kind == Text || r.Kind == Fact || before.Kind == Fact || before.Kind == Text
}

// longRow is from how many characters on a row is cut within: it is not left out whole, as others are.
const longRow = 512

// Fit returns the longest beginning of rows for which fits says yes, and how many are left out: it cuts after a row, and only
// within one that is very long. No heading is the last. ok = false: there is no room for anything.
func Fit(rows []Row, fits func(shown []Row, left int) bool) (shown []Row, left int, ok bool) {
	if fits(rows, 0) {
		return rows, 0, true
	}
	n := sort.Search(len(rows), func(n int) bool { return !fits(rows[:n+1], len(rows)-n-1) })
	shown = rows[:n:n]
	if n < len(rows) && rows[n].length() >= longRow {
		most := sort.Search(rows[n].length(), func(k int) bool { return !fits(append(shown, rows[n].cut(k+1)), len(rows)-n-1) })
		if most > 0 {
			shown = append(shown, rows[n].cut(most))
		}
	}
	for len(shown) > 0 && (shown[len(shown)-1].isHead() || !fits(shown, countLines(rows[len(shown):]))) {
		shown = shown[:len(shown)-1]
	}
	left = countLines(rows[len(shown):])
	return shown, left, fits(shown, left)
}

// FitMessage is Fit for the rows of a message. The link to the page gives way where there is no room for a text beside it.
func FitMessage(m *notify.Message, fits func(shown []Row, left int) bool) (shown []Row, left int, ok bool) {
	rows := Rows(*m)
	shown, left, ok = Fit(rows, fits)
	if m.PageURL == "" || len(shown) > 0 || len(rows) == 0 {
		return shown, left, ok
	}
	m.PageURL = ""
	return Fit(rows, fits)
}

func (r Row) isHead() bool { return r.Kind == Heading || r.Kind == Head }

// countLines returns the number of rows that tell something.
func countLines(rows []Row) (n int) {
	for _, r := range rows {
		if !r.isHead() {
			n++
		}
	}
	return n
}

func (r Row) length() (n int) {
	for _, cell := range r.Cells {
		n += len([]rune(cell.Plain()))
	}
	return n
}

// cut returns the first so many characters of a row, with an ellipsis.
func (r Row) cut(most int) Row {
	out := Row{Kind: r.Kind}
	for _, cell := range r.Cells {
		var line notify.Line
		for _, s := range cell {
			runes := []rune(s.Text)
			s.Text = string(runes[:min(len(runes), most)])
			most -= min(len(runes), most)
			line = append(line, s)
		}
		out.Cells = append(out.Cells, line)
	}
	last := &out.Cells[len(out.Cells)-1]
	*last = append(slices.Clone(*last), notify.Span{Text: "…"})
	return out
}

// More says how many lines of a message are left out.
func More(m notify.Message, left int) string {
	if m.CutFormat == "" {
		return "… +" + strconv.Itoa(left)
	}
	return fmt.Sprintf(m.CutFormat, left)
}

// FullWidth returns a text with these ASCII characters as their full-width twins, which mean nothing in any form of Markdown,
// and with no address that a client would make a link of.
func FullWidth(text, marks string) string {
	const distance = 'Ａ' - 'A'
	text = strings.Map(func(r rune) rune {
		if strings.ContainsRune(marks, r) {
			return r + distance
		}
		return r
	}, text)
	return strings.ReplaceAll(text, "://", string(':'+distance)+"//")
}
