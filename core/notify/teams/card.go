package teams

import (
	"strings"
	"unicode"

	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/notify/post"
)

// MaxBodyBytes bounds the body of a request. Teams documents 28 KB for a message with all that belongs to it; what is sent was seen
// to be refused from 21 KB on (https://www.rubydoc.info/gems/msteams_hermes/MsTeamsHermes/Message).
const MaxBodyBytes = 20000

// activity is the body of a request. Summary is what notifications show.
type activity struct {
	Type        string       `json:"type"`
	Summary     string       `json:"summary"`
	Attachments []attachment `json:"attachments"`
}

type attachment struct {
	Type    string  `json:"contentType"`
	URL     *string `json:"contentUrl"` // null, as the documents have it
	Content card    `json:"content"`
}

// card is an Adaptive Card of version 1.4, which all clients of Teams show; tables came later.
type card struct {
	Schema   string    `json:"$schema"`
	Type     string    `json:"type"`
	Version  string    `json:"version"`
	Fallback string    `json:"fallbackText"`
	Teams    teams     `json:"msteams"`
	Body     []element `json:"body"`
	Actions  []action  `json:"actions,omitempty"`
}

type teams struct {
	Width    string   `json:"width"`
	Entities []entity `json:"entities,omitempty"`
}

// entity is somebody who is mentioned: only these are, whatever a text says.
type entity struct {
	Type      string `json:"type"`
	Text      string `json:"text"`
	Mentioned person `json:"mentioned"`
}

type person struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type action struct {
	Type  string `json:"type"`
	Title string `json:"title"`
	URL   string `json:"url"`
}

// element is a part of a card.
type element struct {
	Type      string    `json:"type"`
	Style     string    `json:"style,omitempty"`
	Bleed     bool      `json:"bleed,omitempty"`
	Separator bool      `json:"separator,omitempty"`
	Spacing   string    `json:"spacing,omitempty"`
	Text      string    `json:"text,omitempty"`
	Wrap      bool      `json:"wrap,omitempty"`
	Items     []element `json:"items,omitempty"`
	Inlines   []run     `json:"inlines,omitempty"`
	Facts     []fact    `json:"facts,omitempty"`
}

// run is a part of rich text. Its text is no Markdown, which only TextBlock and Fact know.
type run struct {
	Type   string `json:"type"`
	Text   string `json:"text"`
	Size   string `json:"size,omitempty"`
	Weight string `json:"weight,omitempty"`
	Italic bool   `json:"italic,omitempty"`
	Subtle bool   `json:"isSubtle,omitempty"`
}

type fact struct {
	Title string `json:"title"`
	Value string `json:"value"`
}

// encodeMessage returns the request of a message, never longer than MaxBodyBytes: lines at the end give way; title, mentions and
// link do not.
func (w *Workflow) encodeMessage(m notify.Message) (body []byte, err error) {
	title := oneLine(m.Title)
	c := card{
		Schema: "http://adaptivecards.io/schemas/adaptive-card.json", Type: "AdaptiveCard", Version: "1.4", Fallback: title, Teams: teams{Width: "Full"},
	}
	top := []element{{Type: "Container", Style: style(m), Bleed: true, Items: []element{richText(run{Type: "TextRun", Text: title, Size: "Large", Weight: "Bolder"})}}}
	if m.Mention && len(w.mention) > 0 {
		var names []string
		for _, address := range w.mention {
			name := "<at>" + address + "</at>"
			names = append(names, name)
			c.Teams.Entities = append(c.Teams.Entities, entity{Type: "mention", Text: name, Mentioned: person{address, address}})
		}
		top = append(top, element{Type: "TextBlock", Text: strings.Join(names, " "), Wrap: true})
	}
	write := func(rows []post.Row, left int) []byte {
		c.Actions = actions(m)
		c.Body = append(top[:len(top):len(top)], elements(m, rows, left)...)
		body, err = post.EncodeJSON(activity{"message", title, []attachment{{Type: "application/vnd.microsoft.card.adaptive", Content: c}}})
		return body
	}
	rows, left, ok := post.FitMessage(&m, func(rows []post.Row, left int) bool { return len(write(rows, left)) <= MaxBodyBytes })
	if !ok {
		return nil, post.NewConfigError("title, link and mentions leave no room for a text")
	}
	return write(rows, left), err
}

func actions(m notify.Message) []action {
	var all []action
	if m.LinkURL != "" {
		all = append(all, action{"Action.OpenUrl", m.LinkText, m.LinkURL})
	}
	if m.PageURL != "" {
		all = append(all, action{"Action.OpenUrl", m.PageText, m.PageURL})
	}
	return all
}

// style returns the colour behind the title.
func style(m notify.Message) string {
	switch {
	case m.Severity == notify.SeverityError:
		return "attention"
	case m.Severity == notify.SeverityWarning:
		return "warning"
	case m.Topic == notify.TopicRecovery:
		return "good"
	}
	return "accent"
}

// elements returns rows as parts of a card: facts are a set of facts, all else is rich text.
func elements(m notify.Message, rows []post.Row, left int) []element {
	var all []element
	for n, row := range rows {
		switch {
		case row.Kind == post.Fact && n > 0 && rows[n-1].Kind == post.Fact:
			all[len(all)-1].Facts = append(all[len(all)-1].Facts, newFact(row))
		case row.Kind == post.Fact:
			all = append(all, element{Type: "FactSet", Facts: []fact{newFact(row)}})
		default:
			e := richText(runs(row)...)
			e.Separator = row.Kind == post.Heading && n > 0
			if n > 0 && !row.Begins(rows[n-1]) {
				e.Spacing = "Small"
			}
			all = append(all, e)
		}
	}
	if left > 0 {
		all = append(all, richText(run{Type: "TextRun", Text: post.More(m, left), Italic: true}))
	}
	return all
}

func richText(parts ...run) element { return element{Type: "RichTextBlock", Inlines: parts} }

// newFact returns a fact, which is Markdown: marks become their full-width twins, as not all clients know a backslash.
func newFact(row post.Row) fact {
	show := func(cell notify.Line) string { return post.FullWidth(oneLine(cell.Plain()), "*_`~[]()<>#\\!|&") }
	return fact{show(row.Cells[0]), show(row.Cells[1])}
}

// runs returns the parts of a row.
func runs(row post.Row) []run {
	var parts []run
	add := func(s notify.Span) {
		r := run{Type: "TextRun", Text: oneLine(s.Text), Italic: s.Italic, Subtle: row.Kind == post.Head}
		if s.Bold || row.Kind == post.Heading {
			r.Weight = "Bolder"
		}
		last := len(parts) - 1
		switch {
		case s.Text == "":
		case last >= 0 && parts[last].Weight == r.Weight && parts[last].Italic == r.Italic:
			parts[last].Text += r.Text
		default:
			parts = append(parts, r)
		}
	}
	if row.Kind == post.Record || row.Kind == post.Entry {
		add(notify.Span{Text: "• "})
	}
	for n, cell := range row.Cells {
		if n > 0 {
			add(notify.Span{Text: " · "})
		}
		for _, s := range cell {
			add(s)
		}
	}
	if len(parts) == 0 {
		add(notify.Span{Text: " "})
	}
	return parts
}

// oneLine returns a text without line breaks and control characters.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}
