package wire

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/state"
	"github.com/jms-sync/jms-sync/core/storage"
	"github.com/jms-sync/jms-sync/core/storage/storagetest"
)

// moody is a bucket whose writes can hang or fail.
type moody struct {
	storage.Bucket
	mood atomic.Value // of string
}

func (m *moody) Put(ctx context.Context, key string, data []byte, c storage.Condition) (string, error) {
	switch m.mood.Load() {
	case "hangs":
		<-ctx.Done()
		return "", &inventory.Error{Kind: inventory.Deadline, Err: ctx.Err()}
	case "deaf": // not even the context ends it
		time.Sleep(time.Hour)
	case "fails":
		return "", &inventory.Error{Kind: inventory.Temporary, Message: "broken"}
	}
	return m.Bucket.Put(ctx, key, data, c)
}

// held acquires a lease and holds it, in a bubble of its own time.
func held(t *testing.T, test func(t *testing.T, ctx context.Context, m *moody, s *state.Store, release func())) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		m := &moody{Bucket: storagetest.Memory(storage.Abilities{CreateOnly: true, IfMatch: true})}
		m.mood.Store("")
		s, err := state.New(m, "", state.Options{})
		if err != nil {
			t.Fatal(err)
		}
		lease, err := s.Acquire(t.Context(), "run", leaseTime, "holder")
		if err != nil {
			t.Fatal(err)
		}
		ctx, release := hold(t.Context(), lease, slog.New(slog.DiscardHandler))
		test(t, ctx, m, s, release)
	})
}

// alive fails a test whose context has not the life that it should have after a time.
func alive(t *testing.T, ctx context.Context, after time.Duration, want bool) {
	t.Helper()
	time.Sleep(after)
	synctest.Wait()
	if got := ctx.Err() == nil; got != want {
		t.Fatalf("%s later the run may write: %v", after, got)
	}
}

func TestHeldLeaseLastsAndIsReleased(t *testing.T) {
	t.Parallel()
	held(t, func(t *testing.T, ctx context.Context, _ *moody, s *state.Store, release func()) {
		alive(t, ctx, 10*leaseTime+time.Millisecond, true)
		if _, err := s.Acquire(t.Context(), "run", leaseTime, "other"); err == nil {
			t.Error("another took it")
		}
		release()
		if ctx.Err() == nil {
			t.Error("the context outlives the lease")
		}
		if _, err := s.Acquire(t.Context(), "run", leaseTime, "other"); err != nil {
			t.Errorf("after the release: %v", err)
		}
	})
}

// Whatever keeps the lease from being renewed: the run ends with it, by its own clock, and then
// another can have it.
func TestLeaseThatCannotBeRenewedEndsTheRun(t *testing.T) {
	t.Parallel()
	for _, mood := range []string{"hangs", "deaf", "fails"} {
		held(t, func(t *testing.T, ctx context.Context, m *moody, s *state.Store, release func()) {
			m.mood.Store(mood)
			const valid = leaseTime - 10*time.Second // see Lease.Valid
			alive(t, ctx, valid-time.Millisecond, true)
			alive(t, ctx, lookTime+time.Millisecond, false)
			release()
			m.mood.Store("")
			time.Sleep(10*time.Second + state.MaxSkew)
			if _, err := s.Acquire(t.Context(), "run", leaseTime, "other"); err != nil {
				t.Errorf("%s: after its end: %v", mood, err)
			}
		})
	}
}

// One failure is none: the next renewal is in time.
func TestRenewalIsTriedAgain(t *testing.T) {
	t.Parallel()
	held(t, func(t *testing.T, ctx context.Context, m *moody, _ *state.Store, release func()) {
		m.mood.Store("fails")
		alive(t, ctx, leaseTime/2+time.Second, true)
		m.mood.Store("")
		alive(t, ctx, 5*leaseTime, true)
		release()
	})
}

// A lease that another took is noticed at the next renewal, long before its end.
func TestLeaseThatAnotherHasEndsTheRun(t *testing.T) {
	t.Parallel()
	held(t, func(t *testing.T, ctx context.Context, m *moody, _ *state.Store, release func()) {
		ahead, err := state.New(m, "", state.Options{Now: func() time.Time { return time.Now().Add(time.Hour) }})
		if err != nil {
			t.Fatal(err)
		}
		if _, err = ahead.Acquire(t.Context(), "run", leaseTime, "other"); err != nil {
			t.Fatal(err)
		}
		alive(t, ctx, leaseTime/4+time.Millisecond, false)
		release()
	})
}
