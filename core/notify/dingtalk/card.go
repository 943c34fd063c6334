package dingtalk

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/jms-sync/jms-sync/core/notify"
)

// MaxBodyBytes bounds the body of a request. DingTalk refuses messages over 20,000 bytes.
const MaxBodyBytes = 18000

// cardRequest is the body of a request, an action card with one button.
type cardRequest struct {
	Type string      `json:"msgtype"`
	Card cardContent `json:"actionCard"`
	At   mentions    `json:"at"`
}

type cardContent struct {
	Title       string `json:"title"`
	Text        string `json:"text"`
	SingleTitle string `json:"singleTitle"`
	SingleURL   string `json:"singleURL"`
	Orientation string `json:"btnOrientation"`
}

type mentions struct {
	Mobiles []string `json:"atMobiles"`
	All     bool     `json:"isAtAll"`
}

// encodeMessage returns the request of a message, never longer than MaxBodyBytes: the text is cut, if possible between two
// lines, and the mentions never. DingTalk refuses a card with an empty field.
func (r *Robot) encodeMessage(m notify.Message) ([]byte, error) {
	if m.Title == "" || m.Markdown == "" || m.LinkText == "" || m.LinkURL == "" {
		return nil, newConfigError("a card needs a title, a text and a link")
	}
	c := cardRequest{
		Type: "actionCard",
		Card: cardContent{Title: m.Title, SingleTitle: m.LinkText, SingleURL: m.LinkURL, Orientation: "0"},
		At:   mentions{Mobiles: []string{}},
	}
	ending := ""
	if m.Mention {
		c.At = mentions{Mobiles: append([]string{}, r.mobiles...), All: r.mentionAll}
		ending = r.mentionText()
	}
	frame, err := encodeJSON(c)
	if err != nil {
		return nil, err
	}
	tail, err := encodeJSON(ending)
	if err != nil {
		return nil, err
	}
	room := MaxBodyBytes - len(frame) - len(tail)
	if room <= 0 {
		return nil, newConfigError("title, link and mentions leave no room for a text")
	}
	c.Card.Text = truncateText(strings.ToValidUTF8(m.Markdown, "\uFFFD"), room) + ending
	return encodeJSON(c)
}

// mentionText returns the mentions: a card mentions only people whom its text names.
func (r *Robot) mentionText() string {
	if len(r.mobiles) == 0 {
		return ""
	}
	return "\n\n@" + strings.Join(r.mobiles, "\n@")
}

// encodeJSON returns JSON with <, > and & as they are: an escape would cost six bytes each.
func encodeJSON(value any) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return nil, newConfigError("the message cannot be encoded")
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// truncateText cuts a text to at most so many bytes of JSON, ellipsis included. It cuts
// after a line, or, if that would lose half of it, after a character.
func truncateText(text string, most int) string {
	const more = "\n\n…"
	const moreSize = 2*len("\\n") + len("…")
	size, line, end := 0, 0, 0
	for at, r := range text {
		if r == '\n' && size <= most-moreSize {
			line = at
		}
		size += escapedSize(r)
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

// escapedSize returns the number of bytes that a character takes in the JSON of encodeJSON.
func escapedSize(r rune) int {
	switch {
	case r == '"', r == '\\', r == '\n', r == '\r', r == '\t', r == '\b', r == '\f':
		return len(`\n`)
	case r < ' ', r == '\u2028', r == '\u2029':
		return len(`\u2028`)
	}
	return len(string(r))
}
