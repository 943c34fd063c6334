// Package webhook sends messages to a program of one's own, as CloudEvents 1.0 in structured mode
// (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md): one JSON object with the words of the card, and with
// the results document of the run.
package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/notify/post"
	"github.com/jms-sync/jms-sync/core/secret"
)

// The headers of a signed request: the signature is "sha256=" and the HMAC-SHA256, by the secret, of the timestamp (Unix
// seconds), a dot and the body, in hexadecimal digits.
const (
	SignatureHeader = "X-JMS-Sync-Signature"
	TimestampHeader = "X-JMS-Sync-Timestamp"
)

// MaxBodyBytes bounds the body of a request: receivers mostly take a megabyte, and some gateways less.
const MaxBodyBytes = 256 << 10

// EventType begins the type of an event; the message's topic follows.
const EventType = "com.github.jms-sync."

// Settings are one receiver.
type Settings struct {
	URL    secret.Value // it may hold a token
	Secret secret.Value // signs the requests; empty = they are not signed
	Token  secret.Value // of Authorization: Bearer; empty = none
	Source string       // whose messages they are: the URL of JumpServer
}

// Hook is a notify.Notifier. It is safe for concurrent use.
type Hook struct {
	address            string
	key, token, source string
	private            []string
	sender             *post.Sender
}

// New checks the settings and sends nothing. Its errors are of kind InvalidConfig.
func New(s Settings, o post.Options) (*Hook, error) {
	address, err := url.Parse(s.URL.Reveal())
	if err != nil || address.Host == "" || address.Scheme != "https" && address.Scheme != "http" {
		return nil, post.NewConfigError("url is not a http(s) URL")
	}
	sender, err := post.NewSender(o)
	if err != nil {
		return nil, err
	}
	h := &Hook{address: s.URL.Reveal(), key: s.Secret.Reveal(), token: s.Token.Reveal(), source: s.Source, sender: sender}
	if h.source == "" {
		h.source = "jms-sync"
	}
	for _, part := range []string{h.address, address.RequestURI(), address.RawQuery, h.key, h.token} {
		if len(part) > len("/") {
			h.private = append(h.private, part)
		}
	}
	return h, nil
}

// Name returns "webhook".
func (h *Hook) Name() string { return "webhook" }

// event is a message as a CloudEvent.
type event struct {
	SpecVersion string    `json:"specversion"`
	ID          string    `json:"id"`
	Source      string    `json:"source"`
	Type        string    `json:"type"`
	Time        time.Time `json:"time"`
	ContentType string    `json:"datacontenttype"`
	Data        data      `json:"data"`
}

// data is what an event tells.
type data struct {
	Title    string          `json:"title"`
	Text     string          `json:"text"` // Markdown
	Severity notify.Severity `json:"severity"`
	Mention  bool            `json:"mention"` // people must act
	LinkText string          `json:"link_text,omitempty"`
	LinkURL  string          `json:"link_url,omitempty"`
	PageText string          `json:"page_text,omitempty"`
	PageURL  string          `json:"page_url,omitempty"` // of the whole run report; whoever has it can read that
	Report   json.RawMessage `json:"report,omitempty"`   // the results document, where the message is of a run and there is room
}

// Send posts the message. Any status of the 200s says that it was accepted.
func (h *Hook) Send(ctx context.Context, m notify.Message) error {
	body, err := h.encodeMessage(m)
	if err != nil {
		return err
	}
	header := http.Header{"Content-Type": {"application/cloudevents+json; charset=utf-8"}}
	if h.token != "" {
		header.Set("Authorization", "Bearer "+h.token)
	}
	private := h.private
	if h.key != "" {
		at := strconv.FormatInt(h.sender.Now().Unix(), 10)
		signature := Sign(at, body, h.key)
		header.Set(TimestampHeader, at)
		header.Set(SignatureHeader, signature)
		private = append([]string{signature}, private...)
	}
	return h.sender.Send(ctx, post.Request{Address: h.address, Header: header, Body: body, Private: private})
}

// Sign returns the signature of a body at a time.
func Sign(timestamp string, body []byte, key string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(timestamp + "."))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// encodeMessage returns the request of a message, never longer than MaxBodyBytes: the results document gives way first, then
// the end of the text.
func (h *Hook) encodeMessage(m notify.Message) ([]byte, error) {
	e := event{
		SpecVersion: "1.0", ID: m.ID, Source: h.source, Type: EventType + string(topicOf(m)), Time: m.Time.UTC(), ContentType: "application/json",
		Data: data{Title: m.Title, Severity: severityOf(m), Mention: m.Mention, LinkText: m.LinkText, LinkURL: m.LinkURL, PageText: m.PageText, PageURL: m.PageURL},
	}
	if e.ID == "" {
		e.ID = rand.Text()
	}
	if m.Time.IsZero() {
		e.Time = h.sender.Now().UTC()
	}
	frame, err := post.EncodeJSON(e)
	if err != nil {
		return nil, err
	}
	room := MaxBodyBytes - len(frame)
	if room <= 0 {
		return nil, post.NewConfigError("title and link leave no room for a text")
	}
	e.Data.Text = post.Truncate(m.Markdown, room, post.JSONSize)
	if len(m.Data) == 0 || !json.Valid(m.Data) {
		return post.EncodeJSON(e)
	}
	bare := e
	e.Data.Report = m.Data
	body, err := post.EncodeJSON(e)
	if err != nil || len(body) > MaxBodyBytes {
		return post.EncodeJSON(bare)
	}
	return body, nil
}

func topicOf(m notify.Message) notify.Topic {
	if m.Topic == "" {
		return notify.TopicReport
	}
	return m.Topic
}

func severityOf(m notify.Message) notify.Severity {
	if m.Severity == "" {
		return notify.SeverityInfo
	}
	return m.Severity
}
