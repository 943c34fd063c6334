package session

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/delivery"
	"github.com/jms-sync/jms-sync/core/notify"
)

// TestReserve: every caller with a deadline reserves the same part of its time for report and notification, and leaves
// at least half of it to the work.
func TestReserve(t *testing.T) {
	t.Parallel()
	if got := reserveOf(t.Context(), time.Now()); got != 0 {
		t.Errorf("without a deadline: %s", got)
	}
	for limit, want := range map[time.Duration]time.Duration{
		time.Second: 450 * time.Millisecond, 2 * time.Second: 900 * time.Millisecond, 6 * time.Second: 2 * time.Second,
		time.Minute: 11900 * time.Millisecond, 10 * time.Minute: 20 * time.Second,
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			ctx, cancel = WithReserve(ctx, time.Now())
			defer cancel()
			if got := reserveOf(ctx, time.Now()); got != want {
				t.Errorf("%s: %s, want %s", limit, got, want)
			}
		})
	}
}

// deadlineNotifier is a channel that notes until when it may send.
type deadlineNotifier struct{ until time.Time }

func (n *deadlineNotifier) Name() string { return "deadline" }

func (n *deadlineNotifier) Send(ctx context.Context, _ notify.Message) error {
	n.until, _ = ctx.Deadline()
	return nil
}

// TestEventsAnswerInTime: a robot that never answers does not delay the answer to events past the deadline.
func TestEventsAnswerInTime(t *testing.T) {
	t.Parallel()
	s := newStoreSession(t, config.Default(), "test")
	robot := &deadlineNotifier{}
	s.engine.Cards.Channels = delivery.NewChannels(delivery.NotifyAlways, robot)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	s.HandleEvents(ctx, Events{Parsed: []cloud.ParsedEvent{{ID: "1", Err: errors.New("unreadable")}}})
	if end, _ := ctx.Deadline(); robot.until.IsZero() || end.Sub(robot.until) < 400*time.Millisecond {
		t.Errorf("the robot may answer until %s, the deadline is %s", robot.until, end)
	}
}
