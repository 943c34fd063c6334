package dingtalk

import (
	"strings"

	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/notify/post"
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
		return nil, post.NewConfigError("a card needs a title, a text and a link")
	}
	c := cardRequest{
		Type: "actionCard",
		Card: cardContent{Title: m.Title, SingleTitle: m.LinkText, SingleURL: m.LinkURL, Orientation: "0"},
		At:   mentions{Mobiles: []string{}},
	}
	ending := ""
	if m.PageURL != "" {
		ending = "\n\n" + m.PageLink()
	}
	if m.Mention {
		c.At = mentions{Mobiles: append([]string{}, r.mobiles...), All: r.mentionAll}
		ending += r.mentionText()
	}
	frame, err := post.EncodeJSON(c)
	if err != nil {
		return nil, err
	}
	tail, err := post.EncodeJSON(ending)
	if err != nil {
		return nil, err
	}
	room := MaxBodyBytes - len(frame) - len(tail)
	if room <= 0 {
		return nil, post.NewConfigError("title, link and mentions leave no room for a text")
	}
	c.Card.Text = post.Truncate(m.Markdown, room, post.JSONSize) + ending
	return post.EncodeJSON(c)
}

// mentionText returns the mentions: a card mentions only people whom its text names.
func (r *Robot) mentionText() string {
	if len(r.mobiles) == 0 {
		return ""
	}
	return "\n\n@" + strings.Join(r.mobiles, "\n@")
}
