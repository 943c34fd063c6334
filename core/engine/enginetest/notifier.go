package enginetest

import (
	"context"
	"errors"
	"sync"

	"github.com/jms-sync/jms-sync/core/notify"
)

// FakeNotifier takes cards and refuses some of them.
type FakeNotifier struct {
	mu       sync.Mutex
	Cards    []notify.Message
	Refuse   func(n int) bool
	attempts int
}

func (*FakeNotifier) Name() string { return "robots" }

// Send implements notify.Notifier.
func (r *FakeNotifier) Send(_ context.Context, m notify.Message) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.attempts++
	if r.Refuse != nil && r.Refuse(r.attempts) {
		return errors.New("muted")
	}
	r.Cards = append(r.Cards, m)
	return nil
}
