package email

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"html"
	"mime"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/notify/post"
)

// MaxBodyBytes bounds a mail; a card is much shorter. Servers mostly take 10 MB and more.
const MaxBodyBytes = 256 << 10

// maxTextBytes bounds the text: the mail has it twice, as text and as HTML, each a third longer in base64, and what HTML escapes
// is up to six times as long.
const maxTextBytes, maxPageBytes = 96 << 10, 80 << 10

// encode returns a message as a mail with its text and the same as HTML. notes stand above both.
func (m *Mailer) encode(message notify.Message, notes []string) []byte {
	text := post.Truncate(message.Markdown, maxTextBytes-len(strings.Join(notes, "\n")), post.TextSize)
	if len(notes) > 0 {
		text = strings.Join(notes, "\n") + "\n\n" + text
	}
	text += "\n\n" + message.LinkText + ": " + message.LinkURL + "\n"
	if message.PageURL != "" {
		text += message.PageText + ": " + message.PageURL + "\n"
	}
	boundary := "jms-sync-" + rand.Text()
	var b bytes.Buffer
	header := func(name, value string) { b.WriteString(name + ": " + value + "\r\n") }
	header("From", m.from.String())
	var to []string
	for _, address := range m.to {
		to = append(to, address.String())
	}
	header("To", strings.Join(to, ",\r\n "))
	header("Subject", encodeSubject(message.Title))
	header("Date", m.now().Format(time.RFC1123Z))
	header("Message-ID", "<"+m.messageID(message)+">")
	header("MIME-Version", "1.0")
	header("Auto-Submitted", "auto-generated") // no robot answers (RFC 3834)
	if message.Mention {
		header("Importance", "high")
		header("X-Priority", "1")
	}
	header("Content-Type", `multipart/alternative; boundary="`+boundary+`"`)
	b.WriteString("\r\n")
	for _, part := range []struct{ kind, text string }{{"plain", text}, {"html", renderPage(message, notes)}} {
		b.WriteString("--" + boundary + "\r\n")
		header("Content-Type", "text/"+part.kind+"; charset=utf-8")
		header("Content-Transfer-Encoding", "base64")
		b.WriteString("\r\n")
		writeBase64(&b, part.text)
	}
	b.WriteString("--" + boundary + "--\r\n")
	return b.Bytes()
}

// encodeSubject returns a subject in words of at most 75 characters (RFC 2047), each on a line of its own.
func encodeSubject(title string) string {
	title = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(title, "\uFFFD"))
	encoded := mime.BEncoding.Encode("utf-8", title)
	if encoded == title {
		return title
	}
	return strings.ReplaceAll(encoded, " ", "\r\n ")
}

// messageID returns the same id each time that a message is sent: mailboxes then show a mail that was sent twice once.
func (m *Mailer) messageID(message notify.Message) string {
	id := message.ID
	if id == "" {
		id = rand.Text()
	}
	sum := sha256.Sum256([]byte(id))
	_, domain, _ := strings.Cut(m.from.Address, "@")
	return hex.EncodeToString(sum[:16]) + "@" + domain
}

func writeBase64(b *bytes.Buffer, text string) {
	const lineLength = 76
	encoded := base64.StdEncoding.EncodeToString([]byte(text))
	for len(encoded) > 0 {
		n := min(lineLength, len(encoded))
		b.WriteString(encoded[:n] + "\r\n")
		encoded = encoded[n:]
	}
}

// renderPage returns a message as HTML, in the few forms that all mail programs show. It ends with a section or a row, and says
// so, where it would be too long.
func renderPage(message notify.Message, notes []string) string {
	colour := map[notify.Severity]string{notify.SeverityError: "#d03050", notify.SeverityWarning: "#d08000"}[message.Severity]
	if colour == "" {
		colour = "#2080a0"
	}
	var b strings.Builder
	b.WriteString(`<div style="font-family:sans-serif;font-size:14px;max-width:800px;border-top:4px solid ` + colour + `;padding:8px">`)
	for _, note := range notes {
		b.WriteString("<p>" + html.EscapeString(note) + "</p>")
	}
	cut := false
	add := func(piece string) {
		cut = cut || b.Len()+len(piece) > maxPageBytes
		if !cut {
			b.WriteString(piece)
		}
	}
	for _, s := range message.Sections() {
		if s.Heading != "" {
			add("<h3>" + html.EscapeString(s.Heading) + "</h3>")
		}
		for _, block := range s.Blocks {
			addBlock(add, &b, block)
		}
	}
	if cut {
		b.WriteString("<p>…</p>")
	}
	b.WriteString("<p>" + anchor(message.LinkURL, message.LinkText))
	if message.PageURL != "" {
		b.WriteString(" · " + anchor(message.PageURL, message.PageText))
	}
	b.WriteString("</p></div>")
	return b.String()
}

func anchor(url, text string) string {
	return `<a href="` + html.EscapeString(url) + `">` + html.EscapeString(text) + "</a>"
}

// addBlock adds a block row by row; what it opens it closes, cut or not.
func addBlock(add func(string), b *strings.Builder, block notify.Block) {
	switch block.Kind {
	case notify.Table:
		b.WriteString(`<table border="1" cellpadding="4" style="border-collapse:collapse;font-size:14px">`)
		add("<tr>" + cells("th", block.Columns) + "</tr>")
		for _, row := range block.Rows {
			add("<tr>" + cells("td", row) + "</tr>")
		}
		b.WriteString("</table>")
	case notify.List:
		b.WriteString("<ul>")
		for _, row := range block.Rows {
			add("<li>" + renderLine(row[0]) + "</li>")
		}
		b.WriteString("</ul>")
	default:
		for _, row := range block.Rows {
			add("<p>" + renderLine(row[0]) + "</p>")
		}
	}
}

func cells(tag string, row []notify.Line) string {
	var b strings.Builder
	for _, cell := range row {
		b.WriteString("<" + tag + ` align="left">` + renderLine(cell) + "</" + tag + ">")
	}
	return b.String()
}

func renderLine(line notify.Line) string {
	var b strings.Builder
	for _, s := range line {
		text := html.EscapeString(s.Text)
		switch {
		case s.Bold:
			text = "<b>" + text + "</b>"
		case s.Italic:
			text = "<i>" + text + "</i>"
		}
		b.WriteString(text)
	}
	return b.String()
}
