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

const ttl = 10 * time.Minute

func acquire(t *testing.T, s *Store, holder string) Lease {
	t.Helper()
	l, err := s.Acquire(t.Context(), "run", ttl, holder)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func eachLeasing(t *testing.T, test func(t *testing.T, m *memory, s *Store, c *clock)) {
	t.Helper()
	for name, can := range leasing() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMemory(can)
			s, c := newStore(t, m)
			test(t, m, s, c)
		})
	}
}

func TestLeaseIsTakenUntilItEnds(t *testing.T) {
	t.Parallel()
	eachLeasing(t, func(t *testing.T, _ *memory, s *Store, c *clock) {
		l := acquire(t, s, "first")
		if l.Token != 1 || l.Holder != "first" || l.Until != start.Add(ttl) || l.Warning != nil {
			t.Errorf("%+v", l)
		}
		for _, after := range []time.Duration{0, ttl, ttl + MaxSkew} {
			c.offset.Store(int64(after))
			_, err := s.Acquire(t.Context(), "run", ttl, "second")
			wantKind(t, err, inventory.Conflict)
			var by *Taken
			if !errors.Is(err, ErrTaken) || !errors.As(err, &by) || by.Holder != "first" || !by.Until.Equal(l.Until) {
				t.Errorf("after %s: %v", after, err)
			}
			if text := err.Error(); text != `lease run: the lease is held by "first" until 2026-09-01T08:10:00Z` {
				t.Errorf("said as %q", text)
			}
		}
		c.Advance(1)
		second := acquire(t, s, "second")
		if second.Token != 2 || l.Valid(c.Now()) || !second.Valid(c.Now()) {
			t.Errorf("taken over: %+v, the first is still valid: %v", second, l.Valid(c.Now()))
		}
		if other, err := s.Acquire(t.Context(), "another name", ttl, "x"); err != nil || other.Token != 1 {
			t.Errorf("another name: %+v, %v", other, err)
		}
	})
}

func TestValidEndsBeforeTheLease(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ ttl, margin time.Duration }{
		{time.Hour, 10 * time.Second}, {time.Minute, 6 * time.Second}, {time.Second, 100 * time.Millisecond},
	} {
		l := Lease{Until: start.Add(c.ttl), ttl: c.ttl}
		if last := start.Add(c.ttl - c.margin); l.Valid(last) || !l.Valid(last.Add(-1)) {
			t.Errorf("a lease of %s: valid %v at its margin, %v before", c.ttl, l.Valid(last), l.Valid(last.Add(-1)))
		}
	}
	if (Lease{}).Valid(time.Now()) {
		t.Error("the zero lease is valid")
	}
}

func TestRenewAndRelease(t *testing.T) {
	t.Parallel()
	eachLeasing(t, func(t *testing.T, m *memory, s *Store, c *clock) {
		l := acquire(t, s, "first")
		for range 5 {
			c.Advance(ttl - time.Minute)
			next, err := l.Renew(t.Context())
			if err != nil || next.Until != c.Now().Add(ttl) || next.Token != 1 {
				t.Fatalf("%+v, %v", next, err)
			}
			l = next
			_, err = s.Acquire(t.Context(), "run", ttl, "second")
			wantKind(t, err, inventory.Conflict)
		}
		if err := l.Release(t.Context()); err != nil {
			t.Fatal(err)
		}
		for n := range 30 {
			l = acquire(t, s, "next")
			if l.Token != uint64(n+2) {
				t.Fatalf("token %d after %d leases", l.Token, n+1)
			}
			if err := l.Release(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(m.keys("")); n > 2 {
			t.Errorf("%d objects stayed", n)
		}
	})
}

// A holder that was paused, and comes back after another took over, finds itself out and
// changes nothing.
func TestPausedHolder(t *testing.T) {
	t.Parallel()
	eachLeasing(t, func(t *testing.T, m *memory, s *Store, c *clock) {
		paused := acquire(t, s, "paused")
		c.Advance(ttl + MaxSkew + 1)
		second := acquire(t, s, "second")
		if paused.Valid(c.Now()) {
			t.Error("the paused holder is valid")
		}
		_, err := paused.Renew(t.Context())
		wantKind(t, err, inventory.Conflict)
		if !errors.Is(err, ErrLost) {
			t.Error(err)
		}
		puts := m.count("put")
		if err := paused.Release(t.Context()); err != nil || m.count("put") != puts {
			t.Errorf("%d writes, %v", m.count("put")-puts, err)
		}
		if _, err = s.Acquire(t.Context(), "run", ttl, "third"); !errors.Is(err, ErrTaken) {
			t.Errorf("the second's lease is gone: %v", err)
		}
		if _, err = second.Renew(t.Context()); err != nil {
			t.Errorf("the second cannot renew: %v", err)
		}
	})
}

// A holder whose clock stands still must still lose to one who took over.
func TestHolderWithAStoppedClock(t *testing.T) {
	t.Parallel()
	eachLeasing(t, func(t *testing.T, m *memory, s *Store, c *clock) {
		slow := storeAt(t, m, &clock{})
		l := acquire(t, slow, "stopped")
		c.Advance(ttl + MaxSkew + 1)
		second := acquire(t, s, "second")
		if _, err := l.Renew(t.Context()); !errors.Is(err, ErrLost) {
			t.Errorf("renewed: %v", err)
		}
		if _, err := second.Renew(t.Context()); err != nil {
			t.Errorf("the second lost its lease: %v", err)
		}
		if err := l.Release(t.Context()); err != nil {
			t.Error(err)
		}
		if _, err := s.Acquire(t.Context(), "run", ttl, "third"); !errors.Is(err, ErrTaken) {
			t.Errorf("the release of a lost lease let a third in: %v", err)
		}
	})
}

func TestFiftyRace(t *testing.T) {
	t.Parallel()
	for name, can := range levels() {
		for _, before := range []string{"nothing", "a released one", "an ended one", "a damaged one"} {
			m := newMemory(can)
			s, c := newStore(t, m)
			prepare(t, m, s, c, before)
			var winners, others, without atomic.Int64
			var wait sync.WaitGroup
			for range 50 {
				wait.Go(func() {
					l, err := s.Acquire(t.Context(), "run", ttl, "racer")
					switch {
					case err == nil && l.Valid(c.Now()):
						winners.Add(1)
					case errors.Is(err, ErrTaken):
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

// prepare leaves something behind for the race.
func prepare(t *testing.T, m *memory, s *Store, c *clock, what string) {
	t.Helper()
	if !m.can.CreateOnly || what == "nothing" {
		return
	}
	l := acquire(t, s, "before")
	switch what {
	case "a released one":
		if err := l.Release(t.Context()); err != nil {
			t.Fatal(err)
		}
	case "an ended one":
		c.Advance(2 * ttl)
	case "a damaged one":
		m.set(l.key, []byte("damaged"))
	}
}

// Many take, renew and release one lease as fast as they can: never do two hold it, and tokens rise.
func TestChainOfHolders(t *testing.T) {
	t.Parallel()
	eachLeasing(t, func(t *testing.T, _ *memory, s *Store, _ *clock) {
		var inside, last atomic.Int64
		var rounds atomic.Int64
		var wait sync.WaitGroup
		for range 8 {
			wait.Go(func() {
				for range 150 {
					l, err := s.Acquire(t.Context(), "run", ttl, "x")
					if errors.Is(err, ErrTaken) {
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
	s, _ := newStore(t, newMemory(storage.Abilities{CreateOnly: true}))
	for _, d := range []time.Duration{0, -1, MaxTTL + 1} {
		_, err := s.Acquire(t.Context(), "run", d, "h")
		wantKind(t, err, inventory.Invalid)
	}
	_, err := s.Acquire(t.Context(), "run", ttl, strings.Repeat("h", 201))
	wantKind(t, err, inventory.Invalid)
	none, _ := newStore(t, newMemory(storage.Abilities{}))
	_, err = none.Acquire(t.Context(), "run", ttl, "h")
	wantKind(t, err, inventory.Unsupported)
	var zero Lease
	if _, err := zero.Renew(t.Context()); !errors.Is(err, ErrLost) {
		t.Error(err)
	}
	if err := zero.Release(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestDamagedAndImpossibleLeasesAreTakenOver(t *testing.T) {
	t.Parallel()
	eachLeasing(t, func(t *testing.T, m *memory, s *Store, c *clock) {
		l := acquire(t, s, "first")
		m.set(l.key, []byte("damaged"))
		second := acquire(t, s, "second")
		if second.Token <= l.Token || second.Warning == nil || len(m.keys(".damaged-")) != 1 {
			t.Errorf("%+v, %v", second, m.keys(""))
		}
		wantKind(t, second.Warning, inventory.Incomplete)
		far := second.body()
		far.Until = c.Now().Add(MaxTTL + MaxSkew + 1) // a wrong clock must not lock it for years
		data, err := encode(far, smallLimit)
		if err != nil {
			t.Fatal(err)
		}
		m.set(second.key, data)
		if third := acquire(t, s, "third"); third.Token != second.Token+1 {
			t.Errorf("%+v", third)
		}
		if _, err := second.Renew(t.Context()); !errors.Is(err, ErrLost) {
			t.Errorf("the second renewed: %v", err)
		}
	})
}

func TestLastTokenIsNotPassed(t *testing.T) {
	t.Parallel()
	eachLeasing(t, func(t *testing.T, m *memory, s *Store, _ *clock) {
		l := acquire(t, s, "first")
		data, err := encode(leaseBody{Token: 1<<64 - 1}, smallLimit)
		if err != nil {
			t.Fatal(err)
		}
		m.set(l.key, data)
		m.set(strings.Replace(l.key, "/000000000001", "/999999999999", 1), data)
		_, err = s.Acquire(t.Context(), "run", ttl, "second")
		wantKind(t, err, inventory.Invalid)
	})
}
