package wait_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jms-sync/jms-sync/core/wait"
)

func TestFor(t *testing.T) {
	t.Parallel()
	why := errors.New("enough")
	for _, c := range []struct {
		name        string
		wait, until time.Duration // how long to wait, and when the context ends
		took        time.Duration
		want        error
	}{
		{"the whole time", time.Minute, time.Hour, time.Minute, nil},
		{"no time", 0, time.Hour, 0, nil},
		{"less than no time", -time.Second, time.Hour, 0, nil},
		{"until the context ends", time.Hour, time.Minute, time.Minute, why},
		{"a context that has ended", time.Hour, 0, 0, why},
		{"no time, a context that has ended", 0, 0, 0, why},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			if c.until == 0 {
				cancel(why)
			} else {
				time.AfterFunc(c.until, func() { cancel(why) })
			}
			began := time.Now()
			if err := wait.For(ctx, c.wait); !errors.Is(err, c.want) || time.Since(began) != c.took {
				t.Errorf("%s: took %s, error %v; want %s, %v", c.name, time.Since(began), err, c.took, c.want)
			}
		})
	}
}
