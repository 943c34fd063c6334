// Package notify sends messages to people: a title, a text in Markdown and a link. It knows nothing of
// syncing. Adding a channel takes one folder and one entry in a list.
package notify

import (
	"context"
	"errors"
	"fmt"
)

// Message is a text for people.
type Message struct {
	Title    string
	Markdown string
	LinkText string // the button's text
	LinkURL  string
	Mention  bool // people must act: those that the channel is configured to mention are mentioned
}

// Notifier sends messages over one channel. Send returns nil only if the other side confirmed
// the message; errors never contain the address's token or a signature.
type Notifier interface {
	Name() string
	Send(ctx context.Context, m Message) error
}

// SendAll sends the message to all channels. A failing channel never stops the others; the
// errors are joined, each with its channel's name.
func SendAll(ctx context.Context, to []Notifier, m Message) error {
	var errs []error
	for _, n := range to {
		if err := n.Send(ctx, m); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", n.Name(), err))
		}
	}
	return errors.Join(errs...)
}
