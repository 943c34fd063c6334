// Package pause is a wait that ends with its context.
package pause

import (
	"context"
	"time"
)

// For waits for d, or until ctx ends. Its error is why ctx ended, also where the time was over as
// well, so that nil always means that there may be a next try. No time (0 or less) only asks that.
func For(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
	return context.Cause(ctx)
}
