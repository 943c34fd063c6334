package notify_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/notify/notifytest"
)

type fakeNotifier struct {
	name string
	send func(ctx context.Context) error
}

func (c fakeNotifier) Name() string { return c.name }

func (c fakeNotifier) Send(ctx context.Context, _ notify.Message) error { return c.send(ctx) }

// TestSend: a failing channel never stops the others, one that does not answer delays none, and each error has its channel's
// name once.
func TestSend(t *testing.T) {
	t.Parallel()
	dead := &notify.Error{Kind: notify.InvalidConfig, Message: "no"}
	others := make(chan string, 2)
	err := notify.SendAll(t.Context(), []notify.Notifier{
		fakeNotifier{"a", func(context.Context) error { return dead }},
		fakeNotifier{"stuck", func(context.Context) error {
			for range cap(others) { // it answers after all others
				<-others
			}
			return nil
		}},
		fakeNotifier{"b", func(context.Context) error {
			others <- "b"
			return nil
		}},
		fakeNotifier{"c", func(context.Context) error {
			others <- "c"
			return errors.New("x")
		}},
	}, notify.Message{Title: "T"})
	if err == nil || err.Error() != "a: no\nc: x" || !errors.Is(err, dead) {
		t.Error(err)
	}
	if err := notify.SendAll(t.Context(), nil, notify.Message{}); err != nil {
		t.Error(err)
	}
}

func TestKindOf(t *testing.T) {
	t.Parallel()
	late := &notify.Error{Kind: notify.Temporary, Message: "not sent", Err: context.Canceled}
	for err, want := range map[error]notify.Kind{
		nil: "", late: notify.Temporary, fmt.Errorf("dingtalk: %w", late): notify.Temporary, errors.New("x"): notify.Unknown,
	} {
		if got := notifytest.KindOf(err); got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
	if !errors.Is(late, context.Canceled) || late.Error() != "not sent: context canceled" {
		t.Error(late)
	}
}
