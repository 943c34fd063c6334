// Package slacktest is an emulator of an incoming webhook of Slack. Its rules and answers are those of the documentation
// (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks): a status, and a word of plain text.
package slacktest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"time"
	"unicode/utf8"

	"github.com/jms-sync/jms-sync/core/notify/posttest"
)

// HookPath begins the path that receives messages; ids and the webhook's token follow.
const HookPath = "/services/"

const maxBlocks, maxBlockChars, maxTextChars, maxHeaderChars, maxFields, maxFieldChars = 50, 13200, 40000, 150, 10, 2000

// Options describe a webhook.
type Options struct {
	Token            string // what follows HookPath; "" = anything
	Now              func() time.Time
	ReportUnexpected func(format string, args ...any)
}

// Message is what was accepted, as a client of Slack shows it.
type Message struct {
	Notification string
	Header       string
	Text         string // all below the header, a line each
	Fields       []string
	Mentions     []string // ids, or "channel"
	Links        []string
	Bold         int
	Chars        int // of the body
}

// Hook is an http.Handler.
type Hook struct{ *posttest.Robot[Message] }

// Refusal returns an answer with a status and a word.
func Refusal(status int, word string) posttest.Answer {
	return posttest.Answer{Status: status, Body: word}
}

// TooFast returns the answer to more than a message a second.
func TooFast(seconds string) posttest.Answer {
	return posttest.Answer{Status: http.StatusTooManyRequests, Body: "rate_limited", Header: map[string]string{"Retry-After": seconds}}
}

// New returns a webhook.
func New(o Options) Hook {
	h := Hook{&posttest.Robot[Message]{Accepted: posttest.Answer{Body: "ok"}, TooFast: TooFast("30"), Now: o.Now, ReportUnexpected: o.ReportUnexpected}}
	h.Check = func(r *http.Request, body []byte) (Message, *posttest.Answer) {
		if r.URL.Path != HookPath+o.Token && o.Token != "" {
			refusal := Refusal(http.StatusNotFound, "no_service")
			return Message{}, &refusal
		}
		m, err := parse(body)
		if err != nil {
			h.Report("%v", err)
			refusal := Refusal(http.StatusBadRequest, "invalid_blocks")
			return Message{}, &refusal
		}
		return m, nil
	}
	return h
}

type text struct {
	Type  string `json:"type"`
	Text  string `json:"text"`
	Emoji *bool  `json:"emoji"`
}

type element struct {
	Type     string          `json:"type"`
	Style    json.RawMessage `json:"style"`
	Text     string          `json:"text"`
	URL      string          `json:"url"`
	UserID   string          `json:"user_id"`
	GroupID  string          `json:"usergroup_id"`
	Range    string          `json:"range"`
	Elements []element       `json:"elements"`
}

type block struct {
	Type     string    `json:"type"`
	Text     *text     `json:"text"`
	Fields   []text    `json:"fields"`
	Elements []element `json:"elements"`
}

func parse(body []byte) (Message, error) {
	var got struct {
		Text   string  `json:"text"`
		Blocks []block `json:"blocks"`
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	err := d.Decode(&got)
	m := Message{Notification: got.Text, Chars: utf8.RuneCount(body)}
	if err != nil || got.Text == "" || utf8.RuneCountInString(got.Text) > maxTextChars || len(got.Blocks) == 0 || len(got.Blocks) > maxBlocks {
		return m, fmt.Errorf("%d blocks: %w", len(got.Blocks), err)
	}
	if m.Chars > maxBlockChars {
		return m, fmt.Errorf("msg_blocks_too_long: %d characters", m.Chars)
	}
	// The notification is markup.
	m.readMarkup(got.Text)
	for _, b := range got.Blocks {
		err := m.addBlock(b)
		if err != nil {
			return m, err
		}
	}
	return m, nil
}

// readMarkup reads what Slack makes of a text in its markup.
func (m *Message) readMarkup(text string) {
	for _, found := range regexp.MustCompile(`<([@!#][^>]*)>`).FindAllStringSubmatch(text, -1) {
		m.Mentions = append(m.Mentions, found[1])
	}
	m.Links = append(m.Links, regexp.MustCompile(`(?i)(?:https?|ftp)://[^>\s]*`).FindAllString(text, -1)...)
	m.Bold += len(regexp.MustCompile("[*_~`]").FindAllString(text, -1))
}

func (m *Message) addBlock(b block) error {
	switch {
	case b.Type == "header" && b.Text != nil && b.Text.Type == "plain_text" && b.Text.Text != "" && utf8.RuneCountInString(b.Text.Text) <= maxHeaderChars:
		m.Header = b.Text.Text
	case b.Type == "section" && len(b.Fields) > 0 && len(b.Fields) <= maxFields:
		for _, f := range b.Fields {
			if f.Type != "plain_text" || f.Emoji == nil || *f.Emoji || f.Text == "" || utf8.RuneCountInString(f.Text) > maxFieldChars {
				return fmt.Errorf("field %+v", f)
			}
			m.Fields = append(m.Fields, f.Text)
			m.Text += f.Text + "\n"
		}
	case b.Type == "rich_text" && len(b.Elements) > 0:
		for _, e := range b.Elements {
			err := m.addRichText(e)
			if err != nil {
				return err
			}
		}
	default:
		return fmt.Errorf("block %+v", b)
	}
	return nil
}

func (m *Message) addRichText(e element) error {
	switch {
	case e.Type == "rich_text_list" && string(e.Style) == `"bullet"` && len(e.Elements) > 0:
		for _, item := range e.Elements {
			m.Text += "• "
			if item.Type != "rich_text_section" {
				return fmt.Errorf("%s in a list", item.Type)
			}
			err := m.addRichText(item)
			if err != nil {
				return err
			}
		}
		return nil
	case e.Type != "rich_text_section" || len(e.Elements) == 0:
		return fmt.Errorf("rich text %+v", e)
	}
	for _, part := range e.Elements {
		switch {
		case part.Type == "text" && part.Text != "":
			m.Text += part.Text
			if bytes.Contains(part.Style, []byte(`"bold":true`)) {
				m.Bold++
			}
		case part.Type == "link" && part.URL != "":
			m.Links = append(m.Links, part.URL)
		case part.Type == "user" && part.UserID != "", part.Type == "usergroup" && part.GroupID != "", part.Type == "broadcast" && part.Range == "channel":
			m.Mentions = append(m.Mentions, part.UserID+part.GroupID+part.Range)
		default:
			return fmt.Errorf("part %+v", part)
		}
	}
	m.Text += "\n"
	return nil
}
