package cloud

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jms-sync/jms-sync/core/httpx"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/wait"
)

// The limits of Retry.
const (
	// maxTemporaryTries bounds the tries of a call that fails with Temporary.
	maxTemporaryTries = 4
	// maxThrottledTotal bounds the waits for throttling where the context has no deadline.
	maxThrottledTotal = 10 * time.Minute
	// callReserve is what must be left before the deadline for the call after a wait.
	callReserve = 500 * time.Millisecond

	temporaryMin, temporaryMax = 200 * time.Millisecond, 5 * time.Second
	throttledMin, throttledMax = time.Second, time.Minute
)

// RetryPolicy holds what Retry takes from outside. The zero value is right outside of tests, for a cloud
// without a throttling window.
type RetryPolicy struct {
	// Window is the length of the cloud's throttling window, aligned to the clock; 0 = not known. A wait
	// ends soon after the next window begins.
	Window time.Duration
	// Now returns the time; nil = time.Now.
	Now func() time.Time
	// Sleep waits, and returns early with an error when ctx ends; nil = a timer.
	Sleep func(ctx context.Context, d time.Duration) error
}

// Retry makes one call until it succeeds or another try makes no sense:
//
//	Throttled   waits 1 s … 60 s, growing and jittered (or RetryAfter, where that is longer), as
//	            often as the deadline, and LimitThrottling, leave room; else the throttled error is
//	            returned at once
//	Temporary   tried at most 4 times in all, 0.2 s … 5 s apart
//	all others  returned at once
//
// op must build a new request each time, because signatures are valid only once. Once ctx has ended, Retry
// does not call op again and returns an error of the kind Deadline.
func Retry[T any](ctx context.Context, policy RetryPolicy, op func(context.Context) (T, error)) (T, error) {
	var zero T
	w := newRetryState(policy)
	var last error
	for {
		if ctx.Err() != nil {
			return zero, deadlineError(ctx, last)
		}
		call, sent := httpx.WithLastCall(ctx)
		value, err := op(call)
		if err == nil {
			return value, nil
		}
		last = err
		if inventory.KindOf(err) == inventory.Throttled {
			sent.CountThrottled(ctx)
		}
		wait, again := w.nextWait(ctx, err)
		if !again {
			return zero, err
		}
		if w.policy.Sleep(ctx, wait) != nil {
			return zero, deadlineError(ctx, last)
		}
	}
}

// deadlineError returns the error of a call whose context has ended, with the last error of its tries.
func deadlineError(ctx context.Context, last error) error {
	cause := context.Cause(ctx)
	if last == nil {
		return &inventory.Error{Kind: inventory.Deadline, Message: "not tried", Err: cause}
	}
	return &inventory.Error{
		Kind: inventory.Deadline, Message: "not tried again",
		Err: fmt.Errorf("%w (before that: %w)", cause, last),
	}
}

// retryState counts the failures of one call and decides on the next try.
type retryState struct {
	policy    RetryPolicy
	temporary httpx.Backoff
	throttled httpx.Backoff
	failures  int           // with Temporary
	waited    time.Duration // for Throttled
}

func newRetryState(policy RetryPolicy) *retryState {
	if policy.Now == nil {
		policy.Now = time.Now
	}
	if policy.Sleep == nil {
		policy.Sleep = wait.For
	}
	return &retryState{
		policy:    policy,
		temporary: httpx.Backoff{First: 2 * temporaryMin, Factor: 3, Max: temporaryMax},
		throttled: httpx.Backoff{First: throttledMin, Factor: 2, Max: throttledMax},
	}
}

// nextWait returns how long to wait after err, and whether to try again at all.
func (w *retryState) nextWait(ctx context.Context, err error) (time.Duration, bool) {
	var wait time.Duration
	switch inventory.KindOf(err) {
	case inventory.Temporary:
		w.failures++
		if w.failures >= maxTemporaryTries {
			return 0, false
		}
		wait = clampDuration(temporaryMin, w.temporary.Next(), temporaryMax)
	case inventory.Throttled:
		wait = max(w.untilNextWindow(clampDuration(throttledMin, w.throttled.Next(), throttledMax)), retryAfterOf(err))
		w.waited += wait
		if w.waited > maxThrottledTotal || !leavesTimeForOthers(ctx, w.policy.Now().Add(wait)) {
			return 0, false
		}
	default:
		return 0, false
	}
	if deadline, ok := ctx.Deadline(); ok && w.policy.Now().Add(wait+callReserve).After(deadline) {
		return 0, false
	}
	return wait, true
}

// untilNextWindow shortens a wait that reaches far into the next window, which begins with new quota. The jitter
// spreads the listers.
func (w *retryState) untilNextWindow(wait time.Duration) time.Duration {
	if w.policy.Window <= 0 {
		return wait
	}
	now := w.policy.Now()
	start := now.Truncate(w.policy.Window).Add(w.policy.Window)
	return max(throttledMin, min(wait, start.Sub(now)+rand.N(2*throttledMin)))
}

// retryAfterOf returns the wait that the cloud asked for.
func retryAfterOf(err error) time.Duration {
	var fault *inventory.Error
	if errors.As(err, &fault) {
		return fault.RetryAfter
	}
	return 0
}

func clampDuration(low, value, high time.Duration) time.Duration { return min(max(low, value), high) }
