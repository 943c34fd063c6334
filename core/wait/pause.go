// Package wait waits, and promises to stop when its context ends. It also carries the news that work gets on.
package wait

import (
	"context"
	"time"
)

// For waits for d, or until ctx ends. It returns why ctx ended, even if d was over too, so that nil always means
// that there may be another try. With d ≤ 0 it only checks ctx.
func For(ctx context.Context, d time.Duration) error {
	Progress(ctx)
	defer Progress(ctx)
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
	return context.Cause(ctx)
}
