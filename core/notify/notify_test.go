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
	err  error
	sent *[]string
}

func (c fakeNotifier) Name() string { return c.name }

func (c fakeNotifier) Send(_ context.Context, m notify.Message) error {
	*c.sent = append(*c.sent, c.name+" "+m.Title)
	return c.err
}

// A failing channel never stops the others, and each error has its channel's name once.
func TestSend(t *testing.T) {
	t.Parallel()
	var got []string
	dead := &notify.Error{Kind: notify.InvalidConfig, Message: "no"}
	err := notify.SendAll(t.Context(), []notify.Notifier{
		fakeNotifier{"a", dead, &got}, fakeNotifier{"b", nil, &got}, fakeNotifier{"c", errors.New("x"), &got},
	}, notify.Message{Title: "T"})
	if fmt.Sprint(got) != "[a T b T c T]" || err == nil || err.Error() != "a: no\nc: x" || !errors.Is(err, dead) {
		t.Errorf("%v: %v", got, err)
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
