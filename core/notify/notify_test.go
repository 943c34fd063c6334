package notify_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/notify/notifytest"
)

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
