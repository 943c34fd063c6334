// Package wecomtest is an emulator of a WeCom group robot. Its answers are those that others saw (40058, 93000), or what the
// documents say (https://developer.work.weixin.qq.com/document/path/99110): each comes with HTTP 200.
package wecomtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"time"

	"github.com/jms-sync/jms-sync/core/notify/posttest"
)

// WebhookPath is the path that receives messages; its query is key=….
const WebhookPath = "/cgi-bin/webhook/send"

const maxMarkdownBytes, maxTextBytes, perMinute = 4096, 2048, 20

// Options describe a robot.
type Options struct {
	Key              string // "" = any
	Now              func() time.Time
	ReportUnexpected func(format string, args ...any)
}

// Message is what was accepted, as a client of WeCom shows it.
type Message struct {
	Type, Content string
	Mentions      []string
	Links         []string // where links lead, and bare addresses
	Fonts         int      // coloured parts
}

// Robot is an http.Handler.
type Robot struct{ *posttest.Robot[Message] }

// New returns a robot.
func New(o Options) Robot {
	r := Robot{&posttest.Robot[Message]{
		Accepted: Refusal(0, "ok"), TooFast: Refusal(45009, "api freq out of limit"), PerMinute: perMinute, Now: o.Now, ReportUnexpected: o.ReportUnexpected,
	}}
	r.Check = func(request *http.Request, body []byte) (Message, *posttest.Answer) {
		key := request.URL.Query().Get("key")
		if request.URL.Path != WebhookPath || key == "" || o.Key != "" && key != o.Key {
			refusal := Refusal(93000, "invalid webhook url")
			return Message{}, &refusal
		}
		return r.parse(body)
	}
	return r
}

// Refusal returns an answer with an error number and a text, with what WeCom adds to it.
func Refusal(code int, text string) posttest.Answer {
	if code != 0 {
		text += fmt.Sprintf(", hint: [1714538355214402498975046], from ip: 203.0.113.7, more info at https://open.work.weixin.qq.com/devtool/query?e=%d", code)
	}
	return posttest.Answer{Body: fmt.Sprintf(`{"errcode":%d,"errmsg":%q}`, code, text)}
}

func (r Robot) parse(body []byte) (Message, *posttest.Answer) {
	var got struct {
		Type     string                    `json:"msgtype"`
		Markdown *struct{ Content string } `json:"markdown"`
		Text     *struct {
			Content   string   `json:"content"`
			Mentioned []string `json:"mentioned_list"`
		} `json:"text"`
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	err := d.Decode(&got)
	switch {
	case err == nil && got.Type == "markdown" && got.Markdown != nil && got.Markdown.Content != "":
		m := read(got.Markdown.Content)
		if len(m.Content) > maxMarkdownBytes {
			return r.tooLong("markdown", len(m.Content), maxMarkdownBytes)
		}
		return m, nil
	case err == nil && got.Type == "text" && got.Text != nil && got.Text.Content != "":
		if len(got.Text.Content) > maxTextBytes {
			return r.tooLong("text", len(got.Text.Content), maxTextBytes)
		}
		return Message{Type: "text", Content: got.Text.Content, Mentions: got.Text.Mentioned}, nil
	}
	r.Report("no message: %v", err)
	refusal := Refusal(40008, "invalid message type")
	return Message{}, &refusal
}

func (r Robot) tooLong(what string, size, most int) (Message, *posttest.Answer) {
	r.Report("%s of %d bytes", what, size)
	refusal := Refusal(40058, fmt.Sprintf("%s.content exceed max length %d. invalid Request Parameter", what, most))
	return Message{}, &refusal
}

// read returns what a client makes of Markdown.
func read(content string) Message {
	m := Message{Type: "markdown", Content: content, Fonts: len(regexp.MustCompile(`<font `).FindAllString(content, -1))}
	for _, found := range regexp.MustCompile(`<@([^>]+)>`).FindAllStringSubmatch(content, -1) {
		m.Mentions = append(m.Mentions, found[1])
	}
	m.Links = regexp.MustCompile(`(?i)(https?|ftp)://[^)\s]*`).FindAllString(content, -1)
	return m
}
