package feishu

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/notify/post"
)

// MaxBodyBytes bounds the body of a request. A custom bot refuses more than 20 KB (a card alone could have 30).
const MaxBodyBytes = 19000

// card is the body of a request. Its card has the first form of cards: clients before 7.20 do not know the second, and those before
// 7.4 know no tables.
type card struct {
	Timestamp string  `json:"timestamp,omitempty"`
	Sign      string  `json:"sign,omitempty"`
	Type      string  `json:"msg_type"`
	Card      content `json:"card"`
}

type content struct {
	Config   config    `json:"config"`
	Header   header    `json:"header"`
	Elements []element `json:"elements"`
}

type config struct {
	Wide bool `json:"wide_screen_mode"`
}

type header struct {
	Title    text   `json:"title"`
	Template string `json:"template"`
}

// element is a part of a card, or a button in one.
type element struct {
	Tag     string    `json:"tag"`
	Content string    `json:"content,omitempty"`
	Fields  []field   `json:"fields,omitempty"`
	Actions []element `json:"actions,omitempty"`
	Text    *text     `json:"text,omitempty"`
	Type    string    `json:"type,omitempty"`
	URL     string    `json:"url,omitempty"`
}

type field struct {
	Short bool `json:"is_short"`
	Text  text `json:"text"`
}

type text struct {
	Tag     string `json:"tag"`
	Content string `json:"content"`
}

func plain(s string) text { return text{"plain_text", s} }

// encodeMessage returns the request of a message, never longer than MaxBodyBytes, and its signature: lines at the end give way;
// title, mentions and link do not.
func (b *Bot) encodeMessage(m notify.Message) (body []byte, signature string, err error) {
	c := card{Type: "interactive", Card: content{Config: config{Wide: true}, Header: header{plain(m.Title), colour(m)}}}
	if b.signingKey != "" {
		c.Timestamp = strconv.FormatInt(b.sender.Now().Unix(), 10)
		c.Sign = Sign(c.Timestamp, b.signingKey)
	}
	write := func(rows []post.Row, left int) []byte {
		c.Card.Elements = append(elements(m, rows, left), b.ending(m)...)
		body, err = post.EncodeJSON(c)
		return body
	}
	rows, left, ok := post.FitMessage(&m, func(rows []post.Row, left int) bool { return len(write(rows, left)) <= MaxBodyBytes })
	if !ok {
		return nil, "", post.NewConfigError("title, link and mentions leave no room for a text")
	}
	body = write(rows, left)
	return body, c.Sign, err
}

// colour returns the colour of a card's header.
func colour(m notify.Message) string {
	switch {
	case m.Severity == notify.SeverityError:
		return "red"
	case m.Severity == notify.SeverityWarning:
		return "orange"
	case m.Topic == notify.TopicRecovery:
		return "green"
	}
	return "blue"
}

// ending returns the mentions and the button.
func (b *Bot) ending(m notify.Message) []element {
	var all []element
	if m.Mention && len(b.mention) > 0 {
		all = append(all, element{Tag: "markdown", Content: "<at id=" + strings.Join(b.mention, "></at> <at id=") + "></at>"})
	}
	var buttons []element
	for _, link := range []struct{ words, url, kind string }{{m.LinkText, m.LinkURL, "primary"}, {m.PageText, m.PageURL, "default"}} {
		if words := plain(link.words); link.url != "" {
			buttons = append(buttons, element{Tag: "button", Text: &words, Type: link.kind, URL: link.url})
		}
	}
	if len(buttons) > 0 {
		all = append(all, element{Tag: "action", Actions: buttons})
	}
	return all
}

// elements returns rows as parts of a card: facts are fields in two columns, all else is lines of Markdown.
func elements(m notify.Message, rows []post.Row, left int) []element {
	var all []element
	for n, row := range rows {
		last := len(all) - 1
		switch {
		case row.Kind == post.Fact && n > 0 && rows[n-1].Kind == post.Fact:
			all[last].Fields = append(all[last].Fields, newField(row))
		case row.Kind == post.Fact:
			all = append(all, element{Tag: "div", Fields: []field{newField(row)}})
		case row.Kind == post.Heading && n > 0:
			all = append(all, element{Tag: "hr"}, element{Tag: "markdown", Content: line(row)})
		case n > 0 && rows[n-1].Kind != post.Fact && !row.Begins(rows[n-1]):
			all[last].Content += "\n" + line(row)
		default:
			all = append(all, element{Tag: "markdown", Content: line(row)})
		}
	}
	if left > 0 {
		all = append(all, element{Tag: "markdown", Content: escape(post.More(m, left))})
	}
	return all
}

// newField returns a fact. Its text is plain, and needs no escapes.
func newField(row post.Row) field {
	return field{Short: true, Text: plain(row.Cells[0].Plain() + "\n" + row.Cells[1].Plain())}
}

func line(row post.Row) string {
	switch row.Kind {
	case post.Heading:
		return "**" + escape(row.Cells[0].Plain()) + "**"
	case post.Head:
		return "*" + row.Join(" · ", func(l notify.Line) string { return escape(l.Plain()) }) + "*"
	case post.Record, post.Entry:
		return "• " + row.Join(" · ", styled)
	}
	return row.Join(" ", styled)
}

func styled(line notify.Line) string {
	var b strings.Builder
	for _, s := range line {
		mark := ""
		switch {
		case s.Text == "":
		case s.Bold:
			mark = "**"
		case s.Italic:
			mark = "*"
		}
		b.WriteString(mark + escape(s.Text) + mark)
	}
	return b.String()
}

// escape returns a text in which nothing is a mark: cards show these references as the characters that they stand for
// (https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-components/content-components/rich-text).
func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case strings.ContainsRune("&<>*_~[]()#`!|\\:$", r):
			b.WriteString("&#" + strconv.Itoa(int(r)) + ";")
		case strings.ContainsRune("-+", r) && b.Len() == 0:
			b.WriteString("&#" + strconv.Itoa(int(r)) + ";")
		case unicode.IsControl(r), r == '\u2028', r == '\u2029':
			b.WriteByte(' ')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
