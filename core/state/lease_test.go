package state

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

const testTTL = 10 * time.Minute

func mustAcquire(t *testing.T, s *Store, holder string) Lease {
	t.Helper()
	l, err := s.AcquireLease(t.Context(), "run", testTTL, holder)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func forEachLeasing(t *testing.T, test func(t *testing.T, m *memoryBucket, s *Store, c *fakeClock)) {
	t.Helper()
	for name, can := range leasingAbilities() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMemoryBucket(can)
			s, c := newStore(t, m)
			test(t, m, s, c)
		})
	}
}

func TestLeaseIsTakenUntilItEnds(t *testing.T) {
	t.Parallel()
	forEachLeasing(t, func(t *testing.T, _ *memoryBucket, s *Store, c *fakeClock) {
		l := mustAcquire(t, s, "first")
		if l.Token != 1 || l.Holder != "first" || l.Until != testStart.Add(testTTL) || l.Warning != nil {
			t.Errorf("%+v", l)
		}
		for _, after := range []time.Duration{0, testTTL, testTTL + MaxSkew} {
			c.offset.Store(int64(after))
			_, err := s.AcquireLease(t.Context(), "run", testTTL, "second")
			wantKind(t, err, inventory.Conflict)
			var by *LeaseTakenError
			if !errors.Is(err, ErrLeaseTaken) || !errors.As(err, &by) || by.Holder != "first" || !by.Until.Equal(l.Until) {
				t.Errorf("after %s: %v", after, err)
			}
			if text := err.Error(); text != `lease run: the lease is held by "first" until 2026-09-01T08:10:00Z` {
				t.Errorf("said as %q", text)
			}
		}
		c.Advance(1)
		second := mustAcquire(t, s, "second")
		if second.Token != 2 || l.IsValid(c.Now()) || !second.IsValid(c.Now()) {
			t.Errorf("taken over: %+v, the first is still valid: %v", second, l.IsValid(c.Now()))
		}
		if other, err := s.AcquireLease(t.Context(), "another name", testTTL, "x"); err != nil || other.Token != 1 {
			t.Errorf("another name: %+v, %v", other, err)
		}
	})
}

func TestValidEndsBeforeTheLease(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ ttl, margin time.Duration }{
		{time.Hour, 10 * time.Second}, {time.Minute, 6 * time.Second}, {time.Second, 100 * time.Millisecond},
	} {
		l := Lease{Until: testStart.Add(c.ttl), ttl: c.ttl}
		if last := testStart.Add(c.ttl - c.margin); l.IsValid(last) || !l.IsValid(last.Add(-1)) {
			t.Errorf("a lease of %s: valid %v at its margin, %v before", c.ttl, l.IsValid(last), l.IsValid(last.Add(-1)))
		}
	}
	if (Lease{}).IsValid(time.Now()) {
		t.Error("the zero lease is valid")
	}
}

func TestRenewAndRelease(t *testing.T) {
	t.Parallel()
	forEachLeasing(t, func(t *testing.T, m *memoryBucket, s *Store, c *fakeClock) {
		l := mustAcquire(t, s, "first")
		for range 5 {
			c.Advance(testTTL - time.Minute)
			next, err := l.Renew(t.Context())
			if err != nil || next.Until != c.Now().Add(testTTL) || next.Token != 1 {
				t.Fatalf("%+v, %v", next, err)
			}
			l = next
			_, err = s.AcquireLease(t.Context(), "run", testTTL, "second")
			wantKind(t, err, inventory.Conflict)
		}
		if err := l.Release(t.Context()); err != nil {
			t.Fatal(err)
		}
		for n := range 30 {
			l = mustAcquire(t, s, "next")
			if l.Token != uint64(n+2) {
				t.Fatalf("token %d after %d leases", l.Token, n+1)
			}
			if err := l.Release(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(m.keysContaining("")); n > 2 {
			t.Errorf("%d objects stayed", n)
		}
	})
}

// A holder that was paused and comes back after another took over notices it and
// changes nothing.
func TestPausedHolder(t *testing.T) {
	t.Parallel()
	forEachLeasing(t, func(t *testing.T, m *memoryBucket, s *Store, c *fakeClock) {
		paused := mustAcquire(t, s, "paused")
		c.Advance(testTTL + MaxSkew + 1)
		second := mustAcquire(t, s, "second")
		if paused.IsValid(c.Now()) {
			t.Error("the paused holder is valid")
		}
		_, err := paused.Renew(t.Context())
		wantKind(t, err, inventory.Conflict)
		if !errors.Is(err, ErrLeaseLost) {
			t.Error(err)
		}
		puts := m.callCount("put")
		if err := paused.Release(t.Context()); err != nil || m.callCount("put") != puts {
			t.Errorf("%d writes, %v", m.callCount("put")-puts, err)
		}
		_, err = s.AcquireLease(t.Context(), "run", testTTL, "third")
		if !errors.Is(err, ErrLeaseTaken) {
			t.Errorf("the second's lease is gone: %v", err)
		}
		_, err = second.Renew(t.Context())
		if err != nil {
			t.Errorf("the second cannot renew: %v", err)
		}
	})
}

// A holder whose clock stands still must still lose to one who took over.
func TestHolderWithAStoppedClock(t *testing.T) {
	t.Parallel()
	forEachLeasing(t, func(t *testing.T, m *memoryBucket, s *Store, c *fakeClock) {
		slow := newStoreAt(t, m, &fakeClock{})
		l := mustAcquire(t, slow, "stopped")
		c.Advance(testTTL + MaxSkew + 1)
		second := mustAcquire(t, s, "second")
		if _, err := l.Renew(t.Context()); !errors.Is(err, ErrLeaseLost) {
			t.Errorf("renewed: %v", err)
		}
		if _, err := second.Renew(t.Context()); err != nil {
			t.Errorf("the second lost its lease: %v", err)
		}
		if err := l.Release(t.Context()); err != nil {
			t.Error(err)
		}
		if _, err := s.AcquireLease(t.Context(), "run", testTTL, "third"); !errors.Is(err, ErrLeaseTaken) {
			t.Errorf("the release of a lost lease let a third in: %v", err)
		}
	})
}

func TestFiftyRace(t *testing.T) {
	t.Parallel()
	for name, can := range allAbilities() {
		for _, before := range []string{"nothing", "a released one", "an ended one", "a damaged one"} {
			m := newMemoryBucket(can)
			s, c := newStore(t, m)
			prepareRace(t, m, s, c, before)
			var winners, others, without atomic.Int64
			var wait sync.WaitGroup
			for range 50 {
				wait.Go(func() {
					l, err := s.AcquireLease(t.Context(), "run", testTTL, "racer")
					switch {
					case err == nil && l.IsValid(c.Now()):
						winners.Add(1)
					case errors.Is(err, ErrLeaseTaken):
						others.Add(1)
					case errors.Is(err, ErrNoLease):
						without.Add(1)
					default:
						t.Errorf("%+v, %v", l, err)
					}
				})
			}
			wait.Wait()
			want := [3]int64{1, 49, 0}
			if !can.CreateOnly {
				want = [3]int64{0, 0, 50}
			}
			if got := [3]int64{winners.Load(), others.Load(), without.Load()}; got != want {
				t.Errorf("%s, after %s: winners, taken, without: %v", name, before, got)
			}
		}
	}
}

// prepareRace writes what an earlier holder leaves behind.
func prepareRace(t *testing.T, m *memoryBucket, s *Store, c *fakeClock, what string) {
	t.Helper()
	if !m.abilities.CreateOnly || what == "nothing" {
		return
	}
	l := mustAcquire(t, s, "before")
	switch what {
	case "a released one":
		if err := l.Release(t.Context()); err != nil {
			t.Fatal(err)
		}
	case "an ended one":
		c.Advance(2 * testTTL)
	case "a damaged one":
		m.setObject(l.key, []byte("damaged"))
	}
}

// Many acquire, renew and release one lease as fast as they can: two never hold it at once, and tokens rise.
func TestChainOfHolders(t *testing.T) {
	t.Parallel()
	forEachLeasing(t, func(t *testing.T, _ *memoryBucket, s *Store, _ *fakeClock) {
		var inside, last atomic.Int64
		var rounds atomic.Int64
		var wait sync.WaitGroup
		for range 8 {
			wait.Go(func() {
				for range 150 {
					l, err := s.AcquireLease(t.Context(), "run", testTTL, "x")
					if errors.Is(err, ErrLeaseTaken) {
						continue
					}
					if err != nil {
						t.Error(err)
						return
					}
					if inside.Add(1) != 1 || last.Swap(int64(l.Token)) >= int64(l.Token) {
						t.Errorf("two hold it, or token %d came late", l.Token)
					}
					rounds.Add(1)
					renewed, err := l.Renew(t.Context())
					inside.Add(-1)
					if err == nil {
						err = renewed.Release(t.Context())
					}
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		wait.Wait()
		if rounds.Load() < 10 {
			t.Errorf("only %d rounds", rounds.Load())
		}
	})
}

func TestLeaseThatCannotBe(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t, newMemoryBucket(storage.Capabilities{CreateOnly: true}))
	for _, d := range []time.Duration{0, -1, MaxLeaseTTL + 1} {
		_, err := s.AcquireLease(t.Context(), "run", d, "h")
		wantKind(t, err, inventory.Invalid)
	}
	_, err := s.AcquireLease(t.Context(), "run", testTTL, strings.Repeat("h", 201))
	wantKind(t, err, inventory.Invalid)
	none, _ := newStore(t, newMemoryBucket(storage.Capabilities{}))
	_, err = none.AcquireLease(t.Context(), "run", testTTL, "h")
	wantKind(t, err, inventory.Unsupported)
	var zero Lease
	if _, err := zero.Renew(t.Context()); !errors.Is(err, ErrLeaseLost) {
		t.Error(err)
	}
	if err := zero.Release(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestDamagedAndImpossibleLeasesAreTakenOver(t *testing.T) {
	t.Parallel()
	forEachLeasing(t, func(t *testing.T, m *memoryBucket, s *Store, c *fakeClock) {
		l := mustAcquire(t, s, "first")
		m.setObject(l.key, []byte("damaged"))
		second := mustAcquire(t, s, "second")
		if second.Token <= l.Token || second.Warning == nil || len(m.keysContaining(".damaged-")) != 1 {
			t.Errorf("%+v, %v", second, m.keysContaining(""))
		}
		wantKind(t, second.Warning, inventory.Incomplete)
		far := second.newBody()
		far.Until = c.Now().Add(MaxLeaseTTL + MaxSkew + 1) // a wrong clock must not lock it for years
		data, err := encodeObject(far, smallMaxBytes)
		if err != nil {
			t.Fatal(err)
		}
		m.setObject(second.key, data)
		if third := mustAcquire(t, s, "third"); third.Token != second.Token+1 {
			t.Errorf("%+v", third)
		}
		if _, err := second.Renew(t.Context()); !errors.Is(err, ErrLeaseLost) {
			t.Errorf("the second renewed: %v", err)
		}
	})
}

func TestLastTokenIsNotPassed(t *testing.T) {
	t.Parallel()
	forEachLeasing(t, func(t *testing.T, m *memoryBucket, s *Store, _ *fakeClock) {
		l := mustAcquire(t, s, "first")
		data, err := encodeObject(leaseBody{Token: 1<<64 - 1}, smallMaxBytes)
		if err != nil {
			t.Fatal(err)
		}
		m.setObject(l.key, data)
		m.setObject(strings.Replace(l.key, "/000000000001", "/999999999999", 1), data)
		_, err = s.AcquireLease(t.Context(), "run", testTTL, "second")
		wantKind(t, err, inventory.Invalid)
	})
}
