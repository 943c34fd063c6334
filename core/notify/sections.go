package notify

import "strings"

// Section is a part of a message: a heading and what stands below it. The first one may have no heading.
type Section struct {
	Heading string
	Blocks  []Block
}

// Block is a table, a list, or a paragraph.
type Block struct {
	Kind    BlockKind
	Columns []Line   // the head of a table
	Rows    [][]Line // of a table, cell by cell; a list and a paragraph have rows of one cell
}

// BlockKind says what a block is.
type BlockKind string

// The kinds.
const (
	Table     BlockKind = "table"
	List      BlockKind = "list"
	Paragraph BlockKind = "paragraph"
)

// Line is a text without line breaks.
type Line []Span

// Span is a part of a line. Its text is plain: it holds no marks of Markdown, and a channel escapes it as its own form asks.
type Span struct {
	Text         string
	Bold, Italic bool
}

// Plain returns a line without its emphasis.
func (l Line) Plain() string {
	var b strings.Builder
	for _, s := range l {
		b.WriteString(s.Text)
	}
	return b.String()
}

// Facts returns the rows of a table with two columns as names and values: channels have forms of their own for them.
func (b Block) Facts() (facts [][2]string, ok bool) {
	if b.Kind != Table || len(b.Columns) != 2 {
		return nil, false
	}
	for _, row := range b.Rows {
		facts = append(facts, [2]string{row[0].Plain(), row[1].Plain()})
	}
	return facts, true
}

// Sections returns the text of a message as data. It reads what messages are written in: headings (###), tables, lists (-),
// and paragraphs, with **bold** and *italic* parts of lines.
func (m Message) Sections() []Section {
	var all []Section
	for _, paragraph := range strings.Split(m.Markdown, "\n\n") {
		paragraph = strings.Trim(paragraph, "\n")
		if paragraph == "" {
			continue
		}
		heading, isHeading := strings.CutPrefix(paragraph, "### ")
		if isHeading {
			first, rest, _ := strings.Cut(heading, "\n")
			all = append(all, Section{Heading: parseLine(first).Plain()})
			paragraph = rest
		}
		if len(all) == 0 {
			all = append(all, Section{})
		}
		last := &all[len(all)-1]
		last.Blocks = append(last.Blocks, parseBlocks(paragraph)...)
	}
	return all
}

// parseBlocks returns the blocks of lines that stand together.
func parseBlocks(paragraph string) []Block {
	var all []Block
	for line := range strings.SplitSeq(paragraph, "\n") {
		if line == "" {
			continue
		}
		kind, row := parseRow(line)
		last := len(all) - 1
		switch {
		case isTableRule(line) && last >= 0 && all[last].Kind == Table && len(all[last].Rows) == 1 && all[last].Columns == nil:
			all[last].Columns, all[last].Rows = all[last].Rows[0], nil
		case last >= 0 && all[last].Kind == kind:
			all[last].Rows = append(all[last].Rows, row)
		default:
			all = append(all, Block{Kind: kind, Rows: [][]Line{row}})
		}
	}
	return all
}

func parseRow(line string) (BlockKind, []Line) {
	item, isItem := strings.CutPrefix(line, "- ")
	cells, isRow := strings.CutPrefix(line, "| ")
	switch {
	case isItem:
		return List, []Line{parseLine(item)}
	case isRow && strings.HasSuffix(cells, " |"):
		var row []Line
		for cell := range strings.SplitSeq(strings.TrimSuffix(cells, " |"), " | ") {
			row = append(row, parseLine(cell))
		}
		return Table, row
	}
	return Paragraph, []Line{parseLine(line)}
}

// isTableRule reports whether a line parts the head of a table from its rows.
func isTableRule(line string) bool {
	return strings.HasPrefix(line, "| ---") && strings.Trim(line, "| -") == ""
}

// parseLine returns the parts of a line. A mark without its partner is text.
func parseLine(line string) Line {
	var all Line
	for line != "" {
		at := strings.IndexByte(line, '*')
		if at < 0 {
			break
		}
		mark := "*"
		if strings.HasPrefix(line[at:], "**") {
			mark = "**"
		}
		inner, rest, closed := strings.Cut(line[at+len(mark):], mark)
		if !closed || inner == "" {
			break
		}
		if at > 0 {
			all = append(all, Span{Text: line[:at]})
		}
		all = append(all, Span{Text: inner, Bold: mark == "**", Italic: mark == "*"})
		line = rest
	}
	if line != "" {
		all = append(all, Span{Text: line})
	}
	return all
}
