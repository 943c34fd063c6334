package session

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/state"
	"github.com/jms-sync/jms-sync/core/storage"
	"github.com/jms-sync/jms-sync/core/storage/storagetest"
	"github.com/jms-sync/jms-sync/core/wait"
)

// moodyBucket is a bucket whose writes can hang or fail.
type moodyBucket struct {
	storage.Bucket
	mood atomic.Value // of string
}

func (m *moodyBucket) Put(ctx context.Context, key string, data []byte, c storage.Condition) (string, error) {
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

// withTestLease acquires a lease and renews it, in a bubble of its own time.
func withTestLease(t *testing.T, test func(t *testing.T, ctx context.Context, m *moodyBucket, s *state.Store, release func())) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		m := &moodyBucket{Bucket: storagetest.NewMemoryBucket(storage.Capabilities{CreateOnly: true, IfMatch: true})}
		m.mood.Store("")
		s, err := state.New(m, "", state.Options{})
		if err != nil {
			t.Fatal(err)
		}
		lease, err := s.AcquireLease(t.Context(), "run", leaseTTL, "holder")
		if err != nil {
			t.Fatal(err)
		}
		ctx, release := renewWhileRunning(t.Context(), lease, slog.New(slog.DiscardHandler))
		test(t, ctx, m, s, func() { release(t.Context()) })
	})
}

// wantAlive fails a test whose context is not as alive as wanted after a time in which work makes progress.
func wantAlive(t *testing.T, ctx context.Context, after time.Duration, want bool) {
	t.Helper()
	for ; after > time.Minute; after -= time.Minute {
		wait.Progress(ctx)
		time.Sleep(time.Minute)
	}
	time.Sleep(after)
	synctest.Wait()
	if got := ctx.Err() == nil; got != want {
		t.Fatalf("%s later the run may write: %v", after, got)
	}
}

func TestHeldLeaseLastsAndIsReleased(t *testing.T) {
	t.Parallel()
	withTestLease(t, func(t *testing.T, ctx context.Context, _ *moodyBucket, s *state.Store, release func()) {
		wantAlive(t, ctx, 10*leaseTTL+time.Millisecond, true)
		if _, err := s.AcquireLease(t.Context(), "run", leaseTTL, "other"); err == nil {
			t.Error("another took it")
		}
		release()
		if ctx.Err() == nil {
			t.Error("the context outlives the lease")
		}
		if _, err := s.AcquireLease(t.Context(), "run", leaseTTL, "other"); err != nil {
			t.Errorf("after the release: %v", err)
		}
	})
}

// TestLeaseThatCannotBeRenewedEndsTheRun: whatever prevents renewal, the run ends with its lease by its own clock, and
// then another run can have it.
func TestLeaseThatCannotBeRenewedEndsTheRun(t *testing.T) {
	t.Parallel()
	for _, mood := range []string{"hangs", "deaf", "fails"} {
		withTestLease(t, func(t *testing.T, ctx context.Context, m *moodyBucket, s *state.Store, release func()) {
			m.mood.Store(mood)
			const valid = leaseTTL - 10*time.Second // see Lease.IsValid
			wantAlive(t, ctx, valid-time.Millisecond, true)
			wantAlive(t, ctx, leaseCheckInterval+time.Millisecond, false)
			release()
			m.mood.Store("")
			time.Sleep(10*time.Second + state.MaxSkew)
			if _, err := s.AcquireLease(t.Context(), "run", leaseTTL, "other"); err != nil {
				t.Errorf("%s: after its end: %v", mood, err)
			}
		})
	}
}

// TestRenewalIsTriedAgain: after one failure the next renewal is still in time.
func TestRenewalIsTriedAgain(t *testing.T) {
	t.Parallel()
	withTestLease(t, func(t *testing.T, ctx context.Context, m *moodyBucket, _ *state.Store, release func()) {
		m.mood.Store("fails")
		wantAlive(t, ctx, leaseTTL/2+time.Second, true)
		m.mood.Store("")
		wantAlive(t, ctx, 5*leaseTTL, true)
		release()
	})
}

// TestLeaseOfAHungRunEnds: without progress a lease is renewed for ten minutes. Then it ends, the run is told to end, and
// another may work; the process that hangs may hang on. Progress in time keeps it.
func TestLeaseOfAHungRunEnds(t *testing.T) {
	t.Parallel()
	for progress, lasts := range map[time.Duration]bool{0: false, leaseStall - time.Minute: true} {
		withTestLease(t, func(t *testing.T, ctx context.Context, _ *moodyBucket, s *state.Store, release func()) {
			if progress > 0 {
				time.AfterFunc(progress, func() { wait.Progress(ctx) })
			}
			time.Sleep(leaseStall - time.Second)
			if _, err := s.AcquireLease(t.Context(), "run", leaseTTL, "other"); err == nil || ctx.Err() != nil {
				t.Errorf("progress after %v: the lease has ended too soon: %v", progress, err)
			}
			time.Sleep(leaseTTL + state.MaxSkew + 2*time.Second)
			_, err := s.AcquireLease(t.Context(), "run", leaseTTL, "other")
			if (err != nil) != lasts || (ctx.Err() == nil) != lasts {
				t.Errorf("progress after %v: another is refused: %v, the run goes on: %v", progress, err, ctx.Err())
			}
			release()
		})
	}
}

// TestLeaseThatAnotherHasEndsTheRun: a lease that another run acquired is noticed at the next renewal, long before its
// end.
func TestLeaseThatAnotherHasEndsTheRun(t *testing.T) {
	t.Parallel()
	withTestLease(t, func(t *testing.T, ctx context.Context, m *moodyBucket, _ *state.Store, release func()) {
		ahead, err := state.New(m, "", state.Options{Now: func() time.Time { return time.Now().Add(time.Hour) }})
		if err != nil {
			t.Fatal(err)
		}
		_, err = ahead.AcquireLease(t.Context(), "run", leaseTTL, "other")
		if err != nil {
			t.Fatal(err)
		}
		wantAlive(t, ctx, leaseTTL/4+time.Millisecond, false)
		release()
	})
}

// TestOrdersAndPartsExcludeEachOther: a person's order waits for nobody, and is not carried out beside a run of a part; no
// such run begins while an order is carried out. Parts and full runs go on side by side.
func TestOrdersAndPartsExcludeEachOther(t *testing.T) {
	t.Parallel()
	s := newStoreSession(t, config.Default(), "test")
	part := engine.Request{Accounts: []string{"a"}, Regions: []string{"r"}}
	acquire := func(key string, isOrder, free bool) func() {
		t.Helper()
		_, release, _, err := s.acquireRunLease(t.Context(), key, "test", isOrder)
		if (err == nil) != free || err != nil && !errors.Is(err, state.ErrLeaseTaken) {
			t.Fatalf("%s, order %t: %v", key, isOrder, err)
		}
		return release
	}
	endPart := acquire(shardKey(part), false, true)
	acquire(fullKey, true, false)
	endFull := acquire(fullKey, false, true)
	endFull()
	endPart()
	endOrder := acquire(fullKey, true, true)
	acquire(shardKey(part), false, false)
	acquire(fullKey, false, false)
	acquire(fullKey, true, false)
	endOrder()
	endFull = acquire(fullKey, false, true)
	acquire(fullKey, true, false)
	endPart = acquire(shardKey(part), false, true)
	endPart()
	endFull()
	acquire(fullKey, true, true)()
}
