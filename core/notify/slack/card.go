package slack

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/notify/post"
)

// The limits. Slack documents 50 blocks, 150 characters of a header, 10 fields of a section and 2,000 characters of each, and
// 40,000 of a text; all blocks together were seen to be refused from some 13,200 characters on, their JSON included
// (https://github.com/slackapi/bolt-js/issues/2509).
const (
	MaxBodyChars   = 12000
	maxBlocks      = 50
	maxHeaderChars = 150
	maxFields      = 10
	maxFieldChars  = 2000
)

// payload is the body of a request. Text is what push notifications show.
type payload struct {
	Text   string  `json:"text"`
	Blocks []block `json:"blocks"`
}

type block struct {
	Type     string    `json:"type"`
	Text     *text     `json:"text,omitempty"`
	Fields   []text    `json:"fields,omitempty"`
	Elements []element `json:"elements,omitempty"`
}

// text is a text that is shown as it is: plain, and without ":100:" of an address becoming a picture.
type text struct {
	Type  string `json:"type"`
	Text  string `json:"text"`
	Emoji bool   `json:"emoji"`
}

// element is a part of rich text. Its texts are no markup, so that nothing in them mentions, links or formats.
type element struct {
	Type     string    `json:"type"`
	Style    any       `json:"style,omitempty"` // "bullet" of a list, style of a text
	Text     string    `json:"text,omitempty"`
	URL      string    `json:"url,omitempty"`
	UserID   string    `json:"user_id,omitempty"`
	GroupID  string    `json:"usergroup_id,omitempty"`
	Range    string    `json:"range,omitempty"`
	Elements []element `json:"elements,omitempty"`
}

type style struct {
	Bold   bool `json:"bold,omitempty"`
	Italic bool `json:"italic,omitempty"`
}

func plain(s string) text { return text{Type: "plain_text", Text: s} }

// encodeMessage returns the request of a message, within the limits: lines at the end give way; title, mentions and link do not.
func (h *Hook) encodeMessage(m notify.Message) (body []byte, err error) {
	title := plain(truncate(dot(m)+" "+oneLine(m.Title), maxHeaderChars))
	top := []block{{Type: "header", Text: &title}}
	if m.Mention && len(h.mentions) > 0 {
		top = append(top, block{Type: "rich_text", Elements: []element{section(h.mentions...)}})
	}
	write := func(rows []post.Row, left int) (fits bool) {
		p := payload{Text: escape(title.Text), Blocks: append(top[:len(top):len(top)], blocks(m, rows, left)...)}
		body, err = post.EncodeJSON(p)
		return utf8.RuneCount(body) <= MaxBodyChars && len(p.Blocks) <= maxBlocks
	}
	rows, left, ok := post.FitMessage(&m, write)
	if !ok {
		return nil, post.NewConfigError("title, link and mentions leave no room for a text")
	}
	write(rows, left)
	return body, err
}

// dot returns the severity as a colour: messages of webhooks have no other that is not deprecated.
func dot(m notify.Message) string {
	switch {
	case m.Severity == notify.SeverityError:
		return "🔴"
	case m.Severity == notify.SeverityWarning:
		return "🟠"
	case m.Topic == notify.TopicRecovery:
		return "🟢"
	}
	return "🔵"
}

// blocks returns rows as blocks: facts are fields in two columns, all else is rich text. The link is one of text: a button asks
// for an app that answers, and shows a warning where there is none.
func blocks(m notify.Message, rows []post.Row, left int) []block {
	var all []block
	for n, row := range rows {
		switch {
		case row.Kind == post.Fact && n > 0 && rows[n-1].Kind == post.Fact && len(all[len(all)-1].Fields) < maxFields:
			all[len(all)-1].Fields = append(all[len(all)-1].Fields, field(row))
		case row.Kind == post.Fact:
			all = append(all, block{Type: "section", Fields: []text{field(row)}})
		default:
			if n == 0 || row.Begins(rows[n-1]) || rows[n-1].Kind == post.Fact {
				all = append(all, block{Type: "rich_text"})
			}
			all[len(all)-1].add(row)
		}
	}
	end := []element{}
	if left > 0 {
		end = append(end, section(span(notify.Span{Text: post.More(m, left), Italic: true})))
	}
	if links := links(m); len(links) > 0 {
		end = append(end, section(links...))
	}
	if len(end) > 0 {
		all = append(all, block{Type: "rich_text", Elements: end})
	}
	return all
}

// maxURLChars is how long an address may be in Slack's links and buttons.
const maxURLChars = 3000

func links(m notify.Message) []element {
	var all []element
	if m.LinkURL != "" {
		all = append(all, element{Type: "link", URL: m.LinkURL, Text: m.LinkText})
	}
	if m.PageURL != "" && len(m.PageURL) <= maxURLChars {
		if len(all) > 0 {
			all = append(all, element{Type: "text", Text: " · "})
		}
		all = append(all, element{Type: "link", URL: m.PageURL, Text: m.PageText})
	}
	return all
}

func field(row post.Row) text {
	return plain(truncate(oneLine(row.Cells[0].Plain())+"\n"+oneLine(row.Cells[1].Plain()), maxFieldChars))
}

// add adds a row to a block of rich text: a line of a list, or a line.
func (b *block) add(row post.Row) {
	if row.Kind != post.Record && row.Kind != post.Entry {
		b.Elements = append(b.Elements, section(spans(row)...))
		return
	}
	last := len(b.Elements) - 1
	if last < 0 || b.Elements[last].Type != "rich_text_list" {
		b.Elements = append(b.Elements, element{Type: "rich_text_list", Style: "bullet"})
		last++
	}
	b.Elements[last].Elements = append(b.Elements[last].Elements, section(spans(row)...))
}

func section(parts ...element) element { return element{Type: "rich_text_section", Elements: parts} }

// spans returns the parts of a row, as few as its emphasis needs. Slack refuses a text that is empty.
func spans(row post.Row) []element {
	var line notify.Line
	add := func(s notify.Span) {
		last := len(line) - 1
		s.Bold, s.Italic = s.Bold || row.Kind == post.Heading, s.Italic || row.Kind == post.Head
		switch {
		case s.Text == "":
		case last >= 0 && line[last].Bold == s.Bold && line[last].Italic == s.Italic:
			line[last].Text += s.Text
		default:
			line = append(line, s)
		}
	}
	for n, cell := range row.Cells {
		if n > 0 {
			add(notify.Span{Text: " · "})
		}
		for _, s := range cell {
			add(s)
		}
	}
	if len(line) == 0 {
		add(notify.Span{Text: " "})
	}
	parts := make([]element, 0, len(line))
	for _, s := range line {
		parts = append(parts, span(s))
	}
	return parts
}

func span(s notify.Span) element {
	e := element{Type: "text", Text: oneLine(s.Text)}
	if s.Bold || s.Italic {
		e.Style = style{s.Bold, s.Italic}
	}
	return e
}

// oneLine returns a text without line breaks and control characters.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// truncate returns at most so many characters of a text, with an ellipsis.
func truncate(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}

// escape returns a text of the notification, which is markup: the three characters with a meaning, as documented
// (https://docs.slack.dev/messaging/formatting-message-text#escaping), and full-width twins of what formats.
func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(post.FullWidth(s, "*_~`"))
}
