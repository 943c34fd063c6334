package session

import (
	"context"
	"time"
)

// WithRunTimeout returns a context for a run that its caller does not bound, with timeout.run: the platform bounds its
// functions.
func (s *Session) WithRunTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	_, bounded := ctx.Deadline()
	if bounded || s.cfg.Timeout.Run <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, s.cfg.Timeout.Run)
}

// WithReserve returns a context that ends a little before the caller's deadline: half a second, or a tenth of the time
// left if that is less. Notification ends with it too: if a robot that never answers delayed the answer, the platform
// would end the process and deliver the trigger again.
func WithReserve(ctx context.Context, now time.Time) (context.Context, context.CancelFunc) {
	deadline, bounded := ctx.Deadline()
	if !bounded {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-min(500*time.Millisecond, deadline.Sub(now)/10)))
}

// reserveOf returns how much of the time left is reserved for report and notification: a fifth, at least 2 s and at most
// 20 s, but never more than half.
func reserveOf(ctx context.Context, now time.Time) time.Duration {
	deadline, bounded := ctx.Deadline()
	if !bounded {
		return 0
	}
	left := deadline.Sub(now)
	return min(max(left/5, 2*time.Second), 20*time.Second, left/2)
}

// withStoreReserve returns a context for the last writes to the store after a run, even one whose time is over. It is
// short, because the answer waits for them.
func withStoreReserve(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), 300*time.Millisecond+storeReserveOf(ctx))
}

// storeReserveOf returns the time for the last writes: more while the invocation has time left.
func storeReserveOf(ctx context.Context) time.Duration {
	deadline, bounded := ctx.Deadline()
	if !bounded {
		return 5 * time.Second
	}
	return min(max(time.Until(deadline), 0), 5*time.Second)
}
