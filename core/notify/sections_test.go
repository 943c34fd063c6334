package notify_test

import (
	"reflect"
	"testing"

	"github.com/jms-sync/jms-sync/core/notify"
)

func line(text string) notify.Line { return notify.Line{{Text: text}} }

// TestSections: each form that messages are written in.
func TestSections(t *testing.T) {
	t.Parallel()
	m := notify.Message{Markdown: "**PROD · 2 failed**\n\n### Failures\n\n- **a / b**: no (x)\n- c\n\n*2 in all*\n\n- see `held`\n\n" +
		"### Result\n\n| Metric | Value |\n| --- | --- |\n| Total | 2 |\n| Rate * 3 | - |\n\n### Alone\n- x\ntext\n\n\n### Table\n\n| N | A | P |\n| --- | --- | --- |\n| web-1 | ** | Linux |"}
	want := []notify.Section{
		{Blocks: []notify.Block{{Kind: notify.Paragraph, Rows: [][]notify.Line{{{{Text: "PROD · 2 failed", Bold: true}}}}}}},
		{Heading: "Failures", Blocks: []notify.Block{
			{Kind: notify.List, Rows: [][]notify.Line{{{{Text: "a / b", Bold: true}, {Text: ": no (x)"}}}, {line("c")}}},
			{Kind: notify.Paragraph, Rows: [][]notify.Line{{{{Text: "2 in all", Italic: true}}}}},
			{Kind: notify.List, Rows: [][]notify.Line{{line("see `held`")}}},
		}},
		{Heading: "Result", Blocks: []notify.Block{{
			Kind: notify.Table, Columns: []notify.Line{line("Metric"), line("Value")},
			Rows: [][]notify.Line{{line("Total"), line("2")}, {line("Rate * 3"), line("-")}},
		}}},
		{Heading: "Alone", Blocks: []notify.Block{
			{Kind: notify.List, Rows: [][]notify.Line{{line("x")}}}, {Kind: notify.Paragraph, Rows: [][]notify.Line{{line("text")}}},
		}},
		{Heading: "Table", Blocks: []notify.Block{{
			Kind: notify.Table, Columns: []notify.Line{line("N"), line("A"), line("P")}, Rows: [][]notify.Line{{line("web-1"), line("**"), line("Linux")}},
		}}},
	}
	got := m.Sections()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	facts, ok := got[2].Blocks[0].Facts()
	if !ok || !reflect.DeepEqual(facts, [][2]string{{"Total", "2"}, {"Rate * 3", "-"}}) {
		t.Errorf("facts: %q", facts)
	}
	if _, ok := got[4].Blocks[0].Facts(); ok {
		t.Error("three columns are facts")
	}
	if got := (notify.Message{}).Sections(); len(got) != 0 {
		t.Errorf("of nothing: %+v", got)
	}
}
