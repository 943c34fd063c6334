package wecom

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/notify/post"
)

// MaxContentBytes is how much WeCom takes of Markdown, in UTF-8; more is refused (40058). maxTextBytes is the same of a text.
const MaxContentBytes, maxTextBytes = 4096, 2048

// request is the body of a request. It is "markdown" and not "markdown_v2": that has tables, but can mention nobody, knows no
// colours, and shows as raw text in clients before 4.1.36. Rows of tables are lines, which also read well on a phone.
type request struct {
	Type     string    `json:"msgtype"`
	Markdown *markdown `json:"markdown,omitempty"`
	Text     *text     `json:"text,omitempty"`
}

type markdown struct {
	Content string `json:"content"`
}

type text struct {
	Content   string   `json:"content"`
	Mentioned []string `json:"mentioned_list"`
}

// content returns a message as Markdown, never longer than MaxContentBytes: lines at the end give way, title, mentions and link
// do not.
func (r *Robot) content(m notify.Message) (string, error) {
	write := func(rows []post.Row, left int) string {
		blocks := []string{colouredTitle(m)}
		blocks = append(blocks, lines(rows)...)
		if left > 0 {
			blocks = append(blocks, "\n"+escape(post.More(m, left)))
		}
		if links := links(m); links != "" {
			blocks = append(blocks, "\n"+links)
		}
		if m.Mention && len(r.mention) > 0 {
			blocks = append(blocks, "\n<@"+strings.Join(r.mention, "> <@")+">")
		}
		return strings.Join(blocks, "\n")
	}
	rows, left, ok := post.FitMessage(&m, func(rows []post.Row, left int) bool { return len(write(rows, left)) <= MaxContentBytes })
	if !ok {
		return "", post.NewConfigError("title, link and mentions leave no room for a text")
	}
	return write(rows, left), nil
}

// colouredTitle returns the title with a dot in one of the three colours that there are.
func colouredTitle(m notify.Message) string {
	colour := "info"
	if m.Severity.IsAtLeast(notify.SeverityWarning) {
		colour = "warning"
	}
	return `<font color="` + colour + `">●</font> **` + escape(m.Title) + "**"
}

// lines returns rows as lines. A quote goes on until an empty line.
func lines(rows []post.Row) []string {
	out := make([]string, 0, len(rows))
	for n, row := range rows {
		gap := ""
		if n == 0 || row.Begins(rows[n-1]) {
			gap = "\n"
		}
		switch row.Kind {
		case post.Heading:
			out = append(out, gap+"**"+escape(row.Cells[0].Plain())+"**")
		case post.Fact:
			out = append(out, gap+">"+escape(row.Cells[0].Plain())+": "+escape(row.Cells[1].Plain()))
		case post.Head:
			out = append(out, gap+`<font color="comment">`+row.Join(" · ", func(l notify.Line) string { return escape(l.Plain()) })+"</font>")
		case post.Record, post.Entry:
			out = append(out, gap+"• "+row.Join(" · ", styled))
		default:
			out = append(out, gap+row.Join(" ", styled))
		}
	}
	return out
}

func styled(line notify.Line) string {
	var b strings.Builder
	for _, s := range line {
		if s.Bold && s.Text != "" {
			b.WriteString("**" + escape(s.Text) + "**")
			continue
		}
		b.WriteString(escape(s.Text))
	}
	return b.String()
}

// escape makes a text harmless. WeCom documents no escapes, so that marks become their full-width twins. The underscore within
// a word means nothing, and is in many names that people search for.
func escape(s string) string {
	s = post.FullWidth(strings.ToValidUTF8(s, "\uFFFD"), "`*<>[]|\\~#&@")
	var b strings.Builder
	for at, r := range s {
		before, _ := utf8.DecodeLastRuneInString(s[:at])
		after, _ := utf8.DecodeRuneInString(s[at+utf8.RuneLen(r):])
		switch {
		case unicode.IsControl(r), r == '\u2028', r == '\u2029':
			r = ' '
		case r == '_' && (!isWord(before) || !isWord(after)):
			r = '＿'
		}
		b.WriteRune(r)
	}
	return b.String()
}

func isWord(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// maxPageURL is how long the link to the page may be: it is signed, and would take the room of what it leads to.
const maxPageURL = MaxContentBytes / 2

func links(m notify.Message) string {
	var all []string
	if m.LinkURL != "" {
		all = append(all, "["+escape(m.LinkText)+"]("+linkURL(m.LinkURL)+")")
	}
	if m.PageURL != "" && len(m.PageURL) <= maxPageURL {
		all = append(all, "["+escape(m.PageText)+"]("+linkURL(m.PageURL)+")")
	}
	return strings.Join(all, " · ")
}

// linkURL returns an address that ends a link nowhere but at its end.
func linkURL(address string) string {
	return strings.NewReplacer(" ", "%20", "(", "%28", ")", "%29", "<", "%3C", ">", "%3E", "\n", "").Replace(address)
}
