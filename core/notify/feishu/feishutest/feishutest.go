// Package feishutest is an emulator of a custom bot of Feishu. Its answers are those of the documentation
// (https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot), or what others saw (19021, "too many request").
package feishutest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/notify/posttest"
)

// HookPath begins the path that receives messages; the bot's token follows.
const HookPath = "/open-apis/bot/v2/hook/"

const maxBodyBytes, perMinute = 20 << 10, 100

// The answers. OK has the fields of both generations of bots.
const (
	OK          = `{"code":0,"msg":"success","data":{},"Extra":null,"StatusCode":0,"StatusMessage":"success"}`
	OldOK       = `{"Extra":null,"StatusCode":0,"StatusMessage":"success"}`
	BadSign     = `{"code":19021,"data":{},"msg":"sign match fail or timestamp is not within one hour from current time"}`
	BadIP       = `{"code":19022,"data":{},"msg":"Ip Not Allowed"}`
	NoKeyword   = `{"code":19024,"data":{},"msg":"Key Words Not Found"}`
	BadToken    = `{"code":19001,"data":{},"msg":"param invalid: incoming webhook access token invalid"}`
	BadRequest  = `{"code":9499,"msg":"Bad Request","data":{}}`
	TooManyOnce = `{"code":9499,"msg":"too many request","data":{}}`
	TooFast     = `{"code":11232,"data":{},"msg":"frequency limited psm[lark.oapi.app_platform_runtime]appID[1500]"}`
)

// Options describe a bot.
type Options struct {
	Token, Secret    string // "" = any, and no signature
	Now              func() time.Time
	ReportUnexpected func(format string, args ...any)
}

// Message is a card that was accepted, as a client of Feishu shows it.
type Message struct {
	Title, Colour string
	Text          string // all that people read below the title, a line each
	Fields        []string
	Mentions      []string
	Links         []string // but for the buttons
	Formatted     int      // marks of bold, italic, colours and the like
	Buttons       []string // words and address
	Bytes         int
}

// Bot is an http.Handler.
type Bot struct{ *posttest.Robot[Message] }

// New returns a bot.
func New(o Options) Bot {
	b := Bot{&posttest.Robot[Message]{
		Accepted: posttest.Answer{Body: OK}, TooFast: posttest.Answer{Body: TooFast}, PerMinute: perMinute, Now: o.Now, ReportUnexpected: o.ReportUnexpected,
	}}
	if o.Now == nil {
		o.Now = time.Now
	}
	b.Check = func(r *http.Request, body []byte) (Message, *posttest.Answer) {
		token, isHook := strings.CutPrefix(r.URL.Path, HookPath)
		if !isHook || token == "" || o.Token != "" && token != o.Token {
			return Message{}, &posttest.Answer{Status: http.StatusBadRequest, Body: BadToken}
		}
		return b.parse(o, body)
	}
	return b
}

type request struct {
	Timestamp string `json:"timestamp"`
	Sign      string `json:"sign"`
	Type      string `json:"msg_type"`
	Card      struct {
		Config struct {
			Wide bool `json:"wide_screen_mode"`
		} `json:"config"`
		Header struct {
			Title    text   `json:"title"`
			Template string `json:"template"`
		} `json:"header"`
		Elements []element `json:"elements"`
	} `json:"card"`
}

type text struct {
	Tag     string `json:"tag"`
	Content string `json:"content"`
}

type element struct {
	Tag     string `json:"tag"`
	Content string `json:"content"`
	Fields  []struct {
		Short bool `json:"is_short"`
		Text  text `json:"text"`
	} `json:"fields"`
	Actions []element `json:"actions"`
	Text    *text     `json:"text"`
	Type    string    `json:"type"`
	URL     string    `json:"url"`
}

func (b Bot) parse(o Options, body []byte) (Message, *posttest.Answer) {
	var got request
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	err := d.Decode(&got)
	if err != nil || got.Type != "interactive" || len(body) > maxBodyBytes {
		b.Report("%d bytes of type %q: %v", len(body), got.Type, err)
		return Message{}, &posttest.Answer{Status: http.StatusBadRequest, Body: BadRequest}
	}
	if !isSigned(o, got) {
		return Message{}, &posttest.Answer{Body: BadSign}
	}
	m := Message{Title: got.Card.Header.Title.Content, Colour: got.Card.Header.Template, Bytes: len(body)}
	for _, e := range got.Card.Elements {
		err := m.add(e)
		if err != nil {
			b.Report("%v", err)
			return Message{}, &posttest.Answer{Status: http.StatusBadRequest, Body: BadRequest}
		}
	}
	if m.Title == "" || got.Card.Header.Title.Tag != "plain_text" {
		b.Report("a card without a title")
	}
	return m, nil
}

func isSigned(o Options, got request) bool {
	if o.Secret == "" {
		return true
	}
	seconds, err := strconv.ParseInt(got.Timestamp, 10, 64)
	mac := hmac.New(sha256.New, []byte(got.Timestamp+"\n"+o.Secret))
	return err == nil && o.Now().Sub(time.Unix(seconds, 0)).Abs() <= time.Hour && got.Sign == base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// add adds an element. One with a tag that is not known, or without what it needs, is refused by Feishu as well.
func (m *Message) add(e element) error {
	switch {
	case e.Tag == "hr":
	case e.Tag == "markdown" && e.Content != "":
		m.read(e.Content)
	case e.Tag == "div" && len(e.Fields) > 0:
		for _, f := range e.Fields {
			if f.Text.Tag != "plain_text" || f.Text.Content == "" {
				return fmt.Errorf("field %+v", f)
			}
			m.Fields = append(m.Fields, f.Text.Content)
			m.Text += f.Text.Content + "\n"
		}
	case e.Tag == "action" && len(e.Actions) > 0:
		for _, b := range e.Actions {
			if b.Tag != "button" || b.Text == nil || b.Text.Tag != "plain_text" || b.URL == "" || b.Type == "" {
				return fmt.Errorf("button %+v", b)
			}
			m.Buttons = append(m.Buttons, b.Text.Content+" "+b.URL)
		}
	default:
		return fmt.Errorf("element %+v", e)
	}
	return nil
}

// read reads Markdown as a client does: marks first, then references of characters, which make no marks.
func (m *Message) read(content string) {
	for _, found := range regexp.MustCompile(`(?s)<at [^>]*?(?:id|user_id|email)="?([^">]*)"?[^>]*>`).FindAllStringSubmatch(content, -1) {
		m.Mentions = append(m.Mentions, found[1])
	}
	m.Links = append(m.Links, regexp.MustCompile(`(?i)(?:https?|ftp)://[^)\s]*`).FindAllString(content, -1)...)
	m.Formatted += len(regexp.MustCompile("\\*+|~~|_|`+|<font|<a |!?\\[|(?m)^[>#+-]").FindAllString(content, -1))
	m.Text += html.UnescapeString(strings.ReplaceAll(content, "**", "")) + "\n"
}
