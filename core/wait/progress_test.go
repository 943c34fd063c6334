package wait_test

import (
	"context"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/wait"
)

// TestProgress: progress is noted below the context that wants it, however far and detached, and a wait notes it at both
// ends. Without one nothing happens.
func TestProgress(t *testing.T) {
	t.Parallel()
	wait.Progress(t.Context())
	noted := 0
	ctx, cancel := context.WithCancel(wait.WithProgress(t.Context(), func() {
		noted++
	}))
	defer cancel()
	wait.Progress(context.WithoutCancel(ctx))
	if noted != 1 {
		t.Errorf("noted %d times", noted)
	}
	if err := wait.For(ctx, time.Millisecond); err != nil || noted != 3 {
		t.Errorf("noted %d times, %v", noted, err)
	}
	inner := 0
	wait.Progress(wait.WithProgress(ctx, func() {
		inner++
	}))
	if noted != 4 || inner != 1 {
		t.Errorf("of work within work: noted %d times outside, %d inside", noted, inner)
	}
}
