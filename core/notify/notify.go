// Package notify sends messages to people: a title, a text in Markdown and a link. It knows nothing of
// syncing. Adding a channel takes one folder and one entry in a list.
package notify

import (
	"context"
	"strings"
	"time"
)

// Message is a text for people, and the same as data for channels that show or send more than text.
type Message struct {
	Title string
	// Markdown is the text, in the few forms that Message.Sections reads. What comes from outside holds none of their marks.
	Markdown string
	LinkText string // the button's text
	LinkURL  string
	// CutFormat says, in the language of the message, how many lines (%d) a channel had no room for; "" = "… +%d".
	CutFormat string
	// PageURL leads to a page that shows all of what the message tells, and PageText are its words; "" = there is none. The URL
	// may hold a signature, by which anybody can read the page.
	PageText, PageURL string
	Mention           bool // people must act: those that the channel is configured to mention are mentioned

	Severity Severity // "" = SeverityInfo
	Topic    Topic    // "" = TopicReport
	// ID is the same each time that a message is sent, and another in every other message; "" = it is not known.
	ID   string
	Time time.Time // of what the message tells; zero = not known
	// Data is what the message tells as JSON, for programs; nil = nothing but the text.
	Data []byte
	// Alerts are what lasts, for channels that keep track of it: all that is known, whether or not the text says it.
	Alerts []Alert
}

// PageLink returns the link to the page as Markdown, for channels that have no second button; "" = there is no page.
func (m Message) PageLink() string {
	if m.PageURL == "" {
		return ""
	}
	return "[" + m.PageText + "](" + strings.NewReplacer("(", "%28", ")", "%29", " ", "%20").Replace(m.PageURL) + ")"
}

// Severity says how bad it is what a message tells.
type Severity string

// The severities.
const (
	SeverityInfo    Severity = "info"    // something was done, or is over
	SeverityWarning Severity = "warning" // something waits for a person, or is odd
	SeverityError   Severity = "error"   // something failed
)

// IsAtLeast reports whether a severity is as bad as another, or worse. "" counts as SeverityInfo.
func (s Severity) IsAtLeast(least Severity) bool { return s.rank() >= least.rank() }

func (s Severity) rank() int {
	switch s {
	case SeverityError:
		return 2
	case SeverityWarning:
		return 1
	}
	return 0
}

// Topic says what a message is about.
type Topic string

// The topics.
const (
	TopicReport   Topic = "report"   // a run, or events
	TopicAlarm    Topic = "alarm"    // nothing is done
	TopicRecovery Topic = "recovery" // it is done again
	TopicNote     Topic = "note"
	TopicTest     Topic = "test" // a person asked for it
)

// Alert is something that began, and lasts or has ended.
type Alert struct {
	Key      string // the same as long as it lasts, in every message and every language
	Name     string // of its kind: "scope_failed"
	Severity Severity
	Labels   map[string]string // what it concerns
	Summary  string            // for people, in one line
	StartsAt time.Time
	EndsAt   time.Time // when it ended, or when it is to be taken for ended if nobody says more of it
}

// Notifier sends messages over one channel. Send returns nil only if the other side confirmed
// the message; errors never contain the address's token or a signature. It is safe for concurrent use.
type Notifier interface {
	Name() string
	Send(ctx context.Context, m Message) error
}
