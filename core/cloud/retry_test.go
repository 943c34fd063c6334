package cloud_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// failing returns an operation that fails with these kinds, one after another, then succeeds. It
// records when it was called.
func failing(kinds ...inventory.Kind) (op func(context.Context) (string, error), calls *[]time.Time) {
	calls = &[]time.Time{}
	return func(context.Context) (string, error) {
		*calls = append(*calls, time.Now())
		if n := len(*calls); n <= len(kinds) {
			return "half", &inventory.Error{Kind: kinds[n-1], Message: "call"}
		}
		return "done", nil
	}, calls
}

func repeat(kind inventory.Kind, n int) []inventory.Kind {
	kinds := make([]inventory.Kind, n)
	for i := range kinds {
		kinds[i] = kind
	}
	return kinds
}

func TestRetry(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kinds    []inventory.Kind
		deadline time.Duration
		calls    int
		want     inventory.Kind
		from, to time.Duration // how long it takes in all
	}{
		"success":                {nil, 0, 1, "", 0, 0},
		"denied":                 {repeat(inventory.Denied, 9), 0, 1, inventory.Denied, 0, 0},
		"bad credentials":        {repeat(inventory.BadCredentials, 9), 0, 1, inventory.BadCredentials, 0, 0},
		"not found":              {repeat(inventory.NotFound, 9), 0, 1, inventory.NotFound, 0, 0},
		"incomplete":             {repeat(inventory.Incomplete, 9), 0, 1, inventory.Incomplete, 0, 0},
		"unknown":                {repeat(inventory.Unknown, 9), 0, 1, inventory.Unknown, 0, 0},
		"temporary thrice":       {repeat(inventory.Temporary, 3), 0, 4, "", 600 * time.Millisecond, 15 * time.Second},
		"temporary for ever":     {repeat(inventory.Temporary, 9), 0, 4, inventory.Temporary, 600 * time.Millisecond, 15 * time.Second},
		"temporary, no time":     {repeat(inventory.Temporary, 9), 600 * time.Millisecond, 1, inventory.Temporary, 0, 0},
		"throttled for a minute": {repeat(inventory.Throttled, 6), 0, 7, "", 20 * time.Second, 3 * time.Minute},
		"throttled for ever":     {repeat(inventory.Throttled, 999), 0, 0, inventory.Throttled, 5 * time.Minute, 10 * time.Minute},
		"throttled, 30 s":        {repeat(inventory.Throttled, 999), 30 * time.Second, 0, inventory.Throttled, 3 * time.Second, 30 * time.Second},
		"throttled, no time":     {repeat(inventory.Throttled, 9), time.Second, 1, inventory.Throttled, 0, 0},
		"throttled does not use up the tries": {
			append(append(repeat(inventory.Temporary, 2), repeat(inventory.Throttled, 3)...), inventory.Temporary), 0, 7, "", time.Second, time.Minute,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if c.deadline > 0 {
					limited, cancel := context.WithTimeout(ctx, c.deadline)
					defer cancel()
					ctx = limited
				}
				op, calls := failing(c.kinds...)
				started := time.Now()
				value, err := cloud.Retry(ctx, cloud.RetryPolicy{}, op)
				took := time.Since(started)
				if got := inventory.KindOf(err); got != c.want || (err == nil) != (value == "done") {
					t.Errorf("%q, %v; want kind %q", value, err, c.want)
				}
				if ctx.Err() != nil {
					t.Error("the deadline was slept into")
				}
				if c.calls > 0 && len(*calls) != c.calls {
					t.Errorf("%d calls, want %d", len(*calls), c.calls)
				}
				if took < c.from || took > c.to {
					t.Errorf("it took %s, want %s to %s", took, c.from, c.to)
				}
			})
		})
	}
}

// TestThrottledDistances: each wait is in its bounds, and they grow.
func TestThrottledDistances(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		op, calls := failing(repeat(inventory.Throttled, 9)...)
		if _, err := cloud.Retry(t.Context(), cloud.RetryPolicy{}, op); err != nil {
			t.Fatal(err)
		}
		for i, at := range (*calls)[1:] {
			wait := at.Sub((*calls)[i])
			base := time.Second << i
			low, high := max(time.Second, min(base, time.Minute)/2), min(base*3/2+time.Millisecond, time.Minute)
			if wait < low || wait > high {
				t.Errorf("wait %d is %s, want %s to %s", i+1, wait, low, high)
			}
		}
	})
}

// TestWindow: a wait ends soon after the next minute began, however long it would have been.
func TestWindow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		free := time.Now().Truncate(time.Minute).Add(time.Minute)
		op := func(context.Context) (bool, error) {
			if time.Now().Before(free) {
				return false, &inventory.Error{Kind: inventory.Throttled}
			}
			return true, nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Until(free)+3*time.Second)
		defer cancel()
		if _, err := cloud.Retry(ctx, cloud.RetryPolicy{Window: time.Minute}, op); err != nil {
			t.Errorf("%v, though the deadline is after the window", err)
		}
	})
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, started := 0, time.Now()
		_, err := cloud.Retry(t.Context(), cloud.RetryPolicy{Window: time.Minute}, func(context.Context) (int, error) {
			if n++; n == 1 {
				return 0, &inventory.Error{Kind: inventory.Throttled, RetryAfter: 90 * time.Second}
			}
			return n, nil
		})
		if took := time.Since(started); err != nil || took != 90*time.Second {
			t.Errorf("%v after %s, want 90 s as asked", err, took)
		}
	})
}

// TestCancelledRetry: after the end of the context nothing is called, and the error says so.
func TestCancelledRetry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(3*time.Second, cancel)
		op, calls := failing(repeat(inventory.Throttled, 999)...)
		started := time.Now()
		_, err := cloud.Retry(ctx, cloud.RetryPolicy{}, op)
		if inventory.KindOf(err) != inventory.Deadline || !errors.Is(err, context.Canceled) || time.Since(started) != 3*time.Second {
			t.Errorf("%v after %s", err, time.Since(started))
		}
		before := len(*calls)
		_, err = cloud.Retry(ctx, cloud.RetryPolicy{}, op)
		if inventory.KindOf(err) != inventory.Deadline || len(*calls) != before {
			t.Errorf("%v, and %d further calls", err, len(*calls)-before)
		}
	})
}

// TestLimitThrottling: throttled calls get a third of the time that is left, with their own error at its end; all else
// gets the whole of it.
func TestLimitThrottling(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind     inventory.Kind
		times    int
		deadline time.Duration // 0 = none
		want     inventory.Kind
		from, to time.Duration
	}{
		{inventory.Throttled, 999, 10 * time.Minute, inventory.Throttled, time.Minute, 200 * time.Second},
		{inventory.Throttled, 999, 90 * time.Second, inventory.Throttled, 3 * time.Second, 30 * time.Second},
		{inventory.Throttled, 3, 10 * time.Minute, "", 3 * time.Second, time.Minute},
		{inventory.Throttled, 999, 0, inventory.Throttled, 5 * time.Minute, 10 * time.Minute},
		{inventory.Temporary, 3, 3 * time.Minute, "", 600 * time.Millisecond, 15 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			if c.deadline > 0 {
				ctx, cancel = context.WithTimeout(t.Context(), c.deadline)
			}
			defer cancel()
			op, _ := failing(repeat(c.kind, c.times)...)
			started := time.Now()
			_, err := cloud.Retry(cloud.LimitThrottling(ctx), cloud.RetryPolicy{}, op)
			if took := time.Since(started); inventory.KindOf(err) != c.want || took < c.from || took > c.to {
				t.Errorf("%d × %s in %v: %v after %v; want %q after %v to %v", c.times, c.kind, c.deadline, err, took, c.want, c.from, c.to)
			}
		})
	}
}
