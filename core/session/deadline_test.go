package session

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// TestReserve: every caller with a deadline, a function or jms-sync event, leaves the same part of its time to report and
// notification, and half of it to the work at least.
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
