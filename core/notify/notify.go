// Package notify sends messages to people. It knows nothing of syncing: a message is a title,
// a text in Markdown and a link. Adding a channel is one folder and one entry in a list.
package notify

import (
	"context"
	"errors"
	"fmt"
)

// Message is what people read.
type Message struct {
	Title    string
	Markdown string
	LinkText string // the button's text
	LinkURL  string
}

// Notifier sends messages over one channel. Send returns nil only when the other side said
// that it took the message; errors never hold the address's token or a signature.
type Notifier interface {
	Name() string
	Send(ctx context.Context, m Message) error
}

// SendAll gives the message to all channels. One dead channel never stops the others; the
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
