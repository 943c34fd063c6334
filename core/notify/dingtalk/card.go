package dingtalk

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/jms-sync/jms-sync/core/notify"
)

// MaxBody bounds the body of a request. DingTalk refuses messages over 20,000 bytes.
const MaxBody = 18000

// card is the body of a request, an action card with one button.
type card struct {
	Type string  `json:"msgtype"`
	Card content `json:"actionCard"`
	At   mention `json:"at"`
}

type content struct {
	Title       string `json:"title"`
	Text        string `json:"text"`
	SingleTitle string `json:"singleTitle"`
	SingleURL   string `json:"singleURL"`
	Orientation string `json:"btnOrientation"`
}

type mention struct {
	Mobiles []string `json:"atMobiles"`
	All     bool     `json:"isAtAll"`
}

// body gives the request of a message, never longer than MaxBody: the text is cut, between two
// lines where that is possible, and never the mentions. DingTalk refuses a card with an empty field.
func (r *Robot) body(m notify.Message) ([]byte, error) {
	if m.Title == "" || m.Markdown == "" || m.LinkText == "" || m.LinkURL == "" {
		return nil, mistake("a card needs a title, a text and a link")
	}
	c := card{
		Type: "actionCard",
		Card: content{Title: m.Title, SingleTitle: m.LinkText, SingleURL: m.LinkURL, Orientation: "0"},
		At:   mention{Mobiles: append([]string{}, r.mobiles...), All: r.all},
	}
	ending := r.ending()
	frame, err := encode(c)
	if err != nil {
		return nil, err
	}
	tail, err := encode(ending)
	if err != nil {
		return nil, err
	}
	room := MaxBody - len(frame) - len(tail)
	if room <= 0 {
		return nil, mistake("title, link and mentions leave no room for a text")
	}
	c.Card.Text = fit(strings.ToValidUTF8(m.Markdown, "\uFFFD"), room) + ending
	return encode(c)
}

// ending gives the mentions: a card mentions only those whom its text names.
func (r *Robot) ending() string {
	if len(r.mobiles) == 0 {
		return ""
	}
	return "\n\n@" + strings.Join(r.mobiles, "\n@")
}

// encode gives JSON as it is sent: <, > and & as they are, since six bytes for one are a waste.
func encode(value any) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return nil, mistake("the message cannot be encoded")
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// fit cuts a text so that it takes at most so many bytes in JSON, ellipsis included. It cuts
// after a line, or, where that would throw away half of it, after a character.
func fit(text string, most int) string {
	const more = "\n\n…"
	const moreSize = 2*len("\\n") + len("…")
	size, line, end := 0, 0, 0
	for at, r := range text {
		if r == '\n' && size <= most-moreSize {
			line = at
		}
		size += escaped(r)
		if size <= most-moreSize {
			end = at + len(string(r))
		}
	}
	switch {
	case size <= most:
		return text
	case most <= moreSize:
		return ""
	case line > end/2:
		end = line
	}
	return text[:end] + more
}

// escaped is the number of bytes that a character takes in encode's JSON.
func escaped(r rune) int {
	switch {
	case r == '"', r == '\\', r == '\n', r == '\r', r == '\t', r == '\b', r == '\f':
		return len(`\n`)
	case r < ' ', r == '\u2028', r == '\u2029':
		return len(`\u2028`)
	}
	return len(string(r))
}
