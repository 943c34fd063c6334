package storage

import (
	"context"
	"errors"
	"time"

	"github.com/jms-sync/jms-sync/core/httpx"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/wait"
)

const (
	// maxAttempts is how often a request is made in all; the SDKs' own retries are off, so that all
	// stores behave alike.
	maxAttempts = 4
	// minTimeLeft is what must be left of the deadline for the try after a wait.
	minTimeLeft = 250 * time.Millisecond
)

// RetryPolicy is what retrying needs of the outer world. The zero value is right outside of tests.
type RetryPolicy struct {
	Now   func() time.Time                                 // nil = time.Now
	Sleep func(ctx context.Context, d time.Duration) error // nil = a timer
}

func (p RetryPolicy) withDefaults() RetryPolicy {
	if p.Now == nil {
		p.Now = time.Now
	}
	if p.Sleep == nil {
		p.Sleep = wait.For
	}
	return p
}

// retryCall makes a request until it succeeds, fails for good, or the deadline leaves no room:
// Temporary and Throttled are tried 4 times in all, some 0.2 s, 0.6 s and 1.8 s apart, or as the
// store asks. unsure is true where a try before the last may have been done after all.
func retryCall[T any](ctx context.Context, p RetryPolicy, what string, op func(context.Context) (T, error)) (value T, unsure bool, err error) {
	waits := httpx.Backoff{First: 200 * time.Millisecond, Factor: 3, Max: 5 * time.Second}
	for try := 1; ; try++ {
		if ctx.Err() != nil {
			return value, unsure, newEndedError(ctx, what, err)
		}
		value, err = op(ctx)
		err = classifyError(ctx, what, err)
		kind := inventory.KindOf(err)
		if err == nil || try == maxAttempts || (kind != inventory.Temporary && kind != inventory.Throttled) {
			return value, unsure, err
		}
		unsure = unsure || kind == inventory.Temporary
		wait := waits.Next()
		var fault *inventory.Error
		if errors.As(err, &fault) {
			wait = max(wait, fault.RetryAfter)
		}
		if deadline, ok := ctx.Deadline(); ok && p.Now().Add(wait+minTimeLeft).After(deadline) {
			return value, unsure, err
		}
		if p.Sleep(ctx, wait) != nil {
			return value, unsure, newEndedError(ctx, what, err)
		}
	}
}

// newEndedError is the error of a run that is over, with what was being waited for.
func newEndedError(ctx context.Context, what string, last error) error {
	fault := &inventory.Error{Kind: inventory.Deadline, Message: what, Err: context.Cause(ctx)}
	if last != nil {
		fault.Message = "not tried again: " + last.Error()
	}
	return fault
}
