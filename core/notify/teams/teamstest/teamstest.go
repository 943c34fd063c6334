// Package teamstest is an emulator of a workflow of Teams that posts Adaptive Cards. Its rules and answers are those of
// Microsoft's documentation (https://learn.microsoft.com/connectors/teams, and
// https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using for errors within a success).
package teamstest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/notify/posttest"
)

// HookPath receives messages; its query is sig=….
const HookPath = "/workflows/0123456789abcdef/triggers/manual/paths/invoke"

const maxBodyBytes = 28 << 10

// Options describe a workflow.
type Options struct {
	Signature        string // "" = any
	Now              func() time.Time
	ReportUnexpected func(format string, args ...any)
}

// Message is a card that was accepted, as a client of Teams shows it.
type Message struct {
	Summary, Title, Style string
	Text                  string // all below the title, a line each
	Facts                 []string
	Mentions              []string
	Links                 []string // but for the buttons
	Formatted             int      // marks of Markdown where it is read
	Bold                  int
	Buttons               []string // words and address
	Bytes                 int
}

// Workflow is an http.Handler.
type Workflow struct{ *posttest.Robot[Message] }

// Within returns the answer that tells of an error within a success.
func Within(status int) posttest.Answer {
	return posttest.Answer{Body: fmt.Sprintf("Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error %d with ContextId MS-CV=x..", status)}
}

// Refusal returns the answer of the service that workflows run in.
func Refusal(status int, code, message string) posttest.Answer {
	return posttest.Answer{Status: status, Body: fmt.Sprintf(`{"error":{"code":%q,"message":%q}}`, code, message)}
}

// New returns a workflow.
func New(o Options) Workflow {
	w := Workflow{&posttest.Robot[Message]{
		Accepted: posttest.Answer{Status: http.StatusAccepted}, Now: o.Now, ReportUnexpected: o.ReportUnexpected,
	}}
	w.Check = func(r *http.Request, body []byte) (Message, *posttest.Answer) {
		if r.URL.Path != HookPath || o.Signature != "" && r.URL.Query().Get("sig") != o.Signature {
			refusal := Refusal(http.StatusUnauthorized, "DirectApiAuthorizationRequired", "The request must be authenticated only by Shared Access scheme.")
			return Message{}, &refusal
		}
		if len(body) > maxBodyBytes {
			w.Report("%d bytes", len(body))
			refusal := Refusal(http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "Request Entity too large")
			return Message{}, &refusal
		}
		m, err := parse(body)
		if err != nil {
			w.Report("%v", err)
			refusal := Refusal(http.StatusBadRequest, "BadRequest", "no card")
			return Message{}, &refusal
		}
		return m, nil
	}
	return w
}

type element struct {
	Type      string    `json:"type"`
	Style     string    `json:"style"`
	Bleed     bool      `json:"bleed"`
	Separator bool      `json:"separator"`
	Spacing   string    `json:"spacing"`
	Text      string    `json:"text"`
	Wrap      bool      `json:"wrap"`
	Items     []element `json:"items"`
	Inlines   []struct {
		Type     string `json:"type"`
		Text     string `json:"text"`
		Size     string `json:"size"`
		Weight   string `json:"weight"`
		Italic   bool   `json:"italic"`
		IsSubtle bool   `json:"isSubtle"`
	} `json:"inlines"`
	Facts []struct {
		Title string `json:"title"`
		Value string `json:"value"`
	} `json:"facts"`
}

type activity struct {
	Type        string `json:"type"`
	Summary     string `json:"summary"`
	Attachments []struct {
		Type    string  `json:"contentType"`
		URL     *string `json:"contentUrl"`
		Content struct {
			Schema   string `json:"$schema"`
			Type     string `json:"type"`
			Version  string `json:"version"`
			Fallback string `json:"fallbackText"`
			Teams    struct {
				Width    string `json:"width"`
				Entities []struct {
					Type      string `json:"type"`
					Text      string `json:"text"`
					Mentioned struct {
						ID   string `json:"id"`
						Name string `json:"name"`
					} `json:"mentioned"`
				} `json:"entities"`
			} `json:"msteams"`
			Body    []element `json:"body"`
			Actions []struct {
				Type  string `json:"type"`
				Title string `json:"title"`
				URL   string `json:"url"`
			} `json:"actions"`
		} `json:"content"`
	} `json:"attachments"`
}

func parse(body []byte) (Message, error) {
	var got activity
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	err := d.Decode(&got)
	if err != nil || got.Type != "message" || len(got.Attachments) != 1 || got.Attachments[0].Type != "application/vnd.microsoft.card.adaptive" {
		return Message{}, fmt.Errorf("no card: %w", err)
	}
	c := got.Attachments[0].Content
	if c.Type != "AdaptiveCard" || c.Version != "1.4" || len(c.Body) == 0 || c.Body[0].Type != "Container" {
		return Message{}, fmt.Errorf("card %s %s", c.Type, c.Version)
	}
	m := Message{Summary: got.Summary, Style: c.Body[0].Style, Bytes: len(body)}
	entities := map[string]string{}
	for _, e := range c.Teams.Entities {
		entities[e.Text] = e.Mentioned.ID
	}
	for _, e := range append(c.Body[0].Items, c.Body[1:]...) {
		err := m.add(e, entities)
		if err != nil {
			return m, err
		}
	}
	m.Title, m.Text, _ = strings.Cut(m.Text, "\n")
	for _, a := range c.Actions {
		if a.Type != "Action.OpenUrl" || a.Title == "" || a.URL == "" {
			return m, fmt.Errorf("action %+v", a)
		}
		m.Buttons = append(m.Buttons, a.Title+" "+a.URL)
	}
	if len(m.Mentions) != len(entities) {
		return m, fmt.Errorf("mentioned are %v of %v", m.Mentions, entities)
	}
	return m, nil
}

// add adds an element as a client shows it: texts of TextBlock and facts are Markdown, those of TextRun are not.
func (m *Message) add(e element, entities map[string]string) error {
	switch {
	case e.Type == "TextBlock" && e.Text != "" && e.Wrap:
		for _, name := range regexp.MustCompile(`<at>[^<]*</at>`).FindAllString(e.Text, -1) {
			if entities[name] != "" && !slices.Contains(m.Mentions, entities[name]) {
				m.Mentions = append(m.Mentions, entities[name])
			}
		}
	case e.Type == "FactSet" && len(e.Facts) > 0:
		for _, f := range e.Facts {
			text := f.Title + "\n" + f.Value
			m.Facts = append(m.Facts, text)
			m.Text += text + "\n"
			m.Links = append(m.Links, regexp.MustCompile(`(?i)(?:https?|ftp)://[^)\s]*`).FindAllString(text, -1)...)
			m.Formatted += len(regexp.MustCompile("[*_`~\\[<\\\\]").FindAllString(text, -1))
		}
	case e.Type == "RichTextBlock" && len(e.Inlines) > 0:
		for _, run := range e.Inlines {
			if run.Type != "TextRun" || run.Text == "" {
				return fmt.Errorf("run %+v", run)
			}
			m.Text += run.Text
			if run.Weight == "Bolder" {
				m.Bold++
			}
		}
		m.Text += "\n"
	default:
		return fmt.Errorf("element %+v", e)
	}
	return nil
}
