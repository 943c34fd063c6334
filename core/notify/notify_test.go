package notify_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/notify/notifytest"
)

type channel struct {
	name string
	err  error
	got  *[]string
}

func (c channel) Name() string { return c.name }

func (c channel) Send(_ context.Context, m notify.Message) error {
	*c.got = append(*c.got, c.name+" "+m.Title)
	return c.err
}

// One dead channel never stops the others, and each error has its channel's name once.
func TestSend(t *testing.T) {
	t.Parallel()
	var got []string
	dead := &notify.Error{Kind: notify.Config, Message: "no"}
	err := notify.Send(t.Context(), []notify.Notifier{
		channel{"a", dead, &got}, channel{"b", nil, &got}, channel{"c", errors.New("x"), &got},
	}, notify.Message{Title: "T"})
	if fmt.Sprint(got) != "[a T b T c T]" || err == nil || err.Error() != "a: no\nc: x" || !errors.Is(err, dead) {
		t.Errorf("%v: %v", got, err)
	}
	if err := notify.Send(t.Context(), nil, notify.Message{}); err != nil {
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
