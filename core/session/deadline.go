package session

import (
	"context"
	"time"
)

// WithReserve ends everything, the notification too, a little before the caller's deadline (half a second, or a tenth
// where time is short): a robot that never answers must not make the answer late, for a platform would end the process
// and deliver the trigger again.
func WithReserve(ctx context.Context, now time.Time) (context.Context, context.CancelFunc) {
	deadline, bounded := ctx.Deadline()
	if !bounded {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-min(500*time.Millisecond, deadline.Sub(now)/10)))
}

// reserveOf returns how much of the time left is kept for report and notification: a fifth, at least 2 s and at most
// 20 s, but never more than half.
func reserveOf(ctx context.Context, now time.Time) time.Duration {
	deadline, bounded := ctx.Deadline()
	if !bounded {
		return 0
	}
	left := deadline.Sub(now)
	return min(max(left/5, 2*time.Second), 20*time.Second, left/2)
}

// withStoreReserve returns a context for the last words to the store after a run, also after one whose time is over.
// They get little time: the answer must not wait for them.
func withStoreReserve(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), 300*time.Millisecond+storeReserveOf(ctx))
}

// storeReserveOf is longer while the invocation has time left.
func storeReserveOf(ctx context.Context) time.Duration {
	deadline, bounded := ctx.Deadline()
	if !bounded {
		return 5 * time.Second
	}
	return min(max(time.Until(deadline), 0), 5*time.Second)
}
