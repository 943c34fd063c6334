package cloud

import (
	"context"
	"time"
)

// throttleShare is the part of a run's time, one in so many, in which throttled calls are tried again.
const throttleShare = 3

type throttleLimitKey struct{}

// LimitThrottling returns a context in which a throttled call is given up, with the cloud's own error, once a third of
// the time from now to its deadline is over: what one region is throttled for must not hold up all that a run does in
// the others. Without a deadline ctx is returned.
func LimitThrottling(ctx context.Context) context.Context {
	deadline, bounded := ctx.Deadline()
	if !bounded {
		return ctx
	}
	now := time.Now()
	return context.WithValue(ctx, throttleLimitKey{}, now.Add(deadline.Sub(now)/throttleShare))
}

// leavesTimeForOthers reports whether a throttled call may go on at this time.
func leavesTimeForOthers(ctx context.Context, at time.Time) bool {
	limit, limited := ctx.Value(throttleLimitKey{}).(time.Time)
	return !limited || at.Before(limit)
}
