package state

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

func mustReserve(t *testing.T, b *Quota, shard string, firedAt time.Time, want, limit int) Grant {
	t.Helper()
	g, err := b.Reserve(t.Context(), Reservation{ShardKey: shard, FiredAt: firedAt, Removals: want}, limit)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func wantGrant(t *testing.T, what string, got Grant, granted bool, others int) {
	t.Helper()
	if got != (Grant{granted, others}) {
		t.Errorf("%s: %+v, want granted %v, others %d", what, got, granted, others)
	}
}

func TestBudgetIsSharedBySlices(t *testing.T) {
	t.Parallel()
	forEachLeasing(t, func(t *testing.T, m *memoryBucket, s *Store, c *fakeClock) {
		b, firedAt := s.Quota("org"), c.Now()
		wantGrant(t, "the first", mustReserve(t, b, "a", firedAt, 30, 50), true, 0)
		wantGrant(t, "as much as is left", mustReserve(t, b, "b", firedAt, 20, 50), true, 30)
		wantGrant(t, "one too many", mustReserve(t, b, "c", firedAt, 1, 50), false, 50)
		wantGrant(t, "of another deployment", mustReserve(t, s.Quota("other"), "c", firedAt, 50, 50), true, 0)
		wantGrant(t, "that of another process", mustReserve(t, newStoreAt(t, m, c).Quota("org"), "d", firedAt, 50, 50), false, 51)
		c.Advance(5 * time.Minute)
		next := c.Now()
		wantGrant(t, "nothing in the next firing", mustReserve(t, b, "a", next, 0, 50), true, 20+1+50)
		wantGrant(t, "what was refused still waits", mustReserve(t, b, "c", next, 1, 50), false, 20+50)
		wantGrant(t, "people raised the limit", mustReserve(t, b, "c", next, 1, 71), true, 20+50)
	})
}

// Removals that are too many for one run do not pass shard by shard in the runs that follow.
func TestStormIsNotRemovedBitByBit(t *testing.T) {
	t.Parallel()
	forEachLeasing(t, func(t *testing.T, _ *memoryBucket, s *Store, c *fakeClock) {
		b, removed := s.Quota("org"), map[int]int{}
		for run := range 30 {
			for shard := range 4 {
				want := 40 - removed[shard]
				if mustReserve(t, b, fmt.Sprint(shard), c.Now(), want, 50).Granted {
					removed[shard] += want
				}
			}
			c.Advance([]time.Duration{5 * time.Minute, time.Hour, 24 * time.Hour}[run%3])
		}
		if sum := removed[0] + removed[1] + removed[2] + removed[3]; sum != 40 {
			t.Errorf("%d of 160 were removed, want the 40 of the first: %v", sum, removed)
		}
	})
}

func TestTickDeliveredAgain(t *testing.T) {
	t.Parallel()
	forEachLeasing(t, func(t *testing.T, _ *memoryBucket, s *Store, c *fakeClock) {
		b, firedAt := s.Quota("org"), c.Now()
		wantGrant(t, "first", mustReserve(t, b, "a", firedAt, 40, 50), true, 0)
		wantGrant(t, "again, with what was left", mustReserve(t, b, "a", firedAt, 10, 50), true, 0)
		wantGrant(t, "again", mustReserve(t, b, "a", firedAt, 1, 50), false, 0)
		wantGrant(t, "what it was granted stands", mustReserve(t, b, "a", firedAt, 0, 50), true, 0)
		wantGrant(t, "for others too", mustReserve(t, b, "b", firedAt, 1, 50), false, 50)
		// A run of the next firing does not free what those of this one count.
		mustReserve(t, b, "a", firedAt.Add(5*time.Minute), 0, 50)
		wantGrant(t, "one that is slow", mustReserve(t, b, "b", firedAt, 1, 50), false, 50)
		wantGrant(t, "one of the next firing", mustReserve(t, b, "b", firedAt.Add(5*time.Minute), 1, 50), true, 0)
	})
}

func TestClaimsEnd(t *testing.T) {
	t.Parallel()
	forEachLeasing(t, func(t *testing.T, m *memoryBucket, s *Store, c *fakeClock) {
		b, firedAt := s.Quota("org"), c.Now()
		mustReserve(t, b, "granted", firedAt, 50, 50)
		mustReserve(t, b, "refused", firedAt, 7, 50)
		c.Advance(time.Hour)
		wantGrant(t, "within the hour", mustReserve(t, b, "x", c.Now(), 1, 50), false, 57)
		c.Advance(time.Second)
		wantGrant(t, "what was granted is done", mustReserve(t, b, "x", c.Now(), 1, 50), true, 7)
		c.Advance(24 * time.Hour)
		wantGrant(t, "all is over", mustReserve(t, b, "y", c.Now(), 50, 50), true, 0)
		// A reservation by a clock that is a week ahead ends as well.
		ahead := &fakeClock{}
		ahead.Advance(30 * 24 * time.Hour)
		mustReserve(t, newStoreAt(t, m, ahead).Quota("org"), "ahead", ahead.Now(), 50, 50)
		mustReserve(t, b, "y", c.Now(), 1, 50)
		c.Advance(26 * time.Hour)
		wantGrant(t, "of a wrong clock", mustReserve(t, b, "y", c.Now(), 50, 50), true, 0)
	})
}

// Most runs remove nothing: they cost one read, and leave nothing behind.
func TestNothingToRemoveIsCheap(t *testing.T) {
	t.Parallel()
	forEachLeasing(t, func(t *testing.T, m *memoryBucket, s *Store, c *fakeClock) {
		b := s.Quota("org")
		for range 3 {
			mustReserve(t, b, "a", c.Now(), 0, 50)
		}
		if gets, others := m.callCount("get"), m.callCount("put")+m.callCount("list")+m.callCount("delete"); gets != 3 || others != 0 {
			t.Errorf("%d reads, %d other calls", gets, others)
		}
		for n := range 300 { // one object that does not grow
			mustReserve(t, b, fmt.Sprint("slice ", n%100), c.Now(), 1, 1000)
			c.Advance(time.Minute)
		}
		if got := m.keysContaining("budget/"); len(got) != 1 {
			t.Errorf("objects %v", got)
		}
	})
}

func TestBudgetOfADamagedObject(t *testing.T) {
	t.Parallel()
	forEachLeasing(t, func(t *testing.T, m *memoryBucket, s *Store, c *fakeClock) {
		b := s.Quota("org")
		mustReserve(t, b, "a", c.Now(), 50, 50)
		m.setObject(b.key, []byte("{half"))
		wantGrant(t, "what was granted is lost", mustReserve(t, b, "b", c.Now(), 1, 50), false, 0)
		c.Advance(59 * time.Minute)
		wantGrant(t, "within the hour", mustReserve(t, b, "b", c.Now(), 1, 50), false, 0)
		c.Advance(2 * time.Minute)
		wantGrant(t, "after it", mustReserve(t, b, "b", c.Now(), 1, 50), true, 0)
	})
}

func TestNoBudgetWithoutPreconditions(t *testing.T) {
	t.Parallel()
	m := newMemoryBucket(storage.Capabilities{})
	s, c := newStore(t, m)
	g, err := s.Quota("org").Reserve(t.Context(), Reservation{ShardKey: "a", FiredAt: c.Now(), Removals: 1}, 50)
	wantKind(t, err, inventory.Unsupported)
	if !errors.Is(err, ErrNoQuota) || g.Granted || len(m.keysContaining("")) > 0 {
		t.Errorf("%+v, %v", g, m.keysContaining(""))
	}
}

// newRacingStore returns the store of another process, whose nonces no other has.
func newRacingStore(t *testing.T, m *memoryBucket, c *fakeClock) *Store {
	t.Helper()
	s, err := New(m, "team/jms-sync/", Options{Now: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Shards that race: what is granted to them in one firing never exceeds the limit, and one that
// fits is granted.
func TestRacingSlices(t *testing.T) {
	t.Parallel()
	forEachLeasing(t, func(t *testing.T, m *memoryBucket, s *Store, c *fakeClock) {
		const slices, each, limit = 12, 9, 50
		m.before = func(string, string) error { // so that they come between each other
			time.Sleep(time.Millisecond)
			return nil
		}
		var mu sync.Mutex
		var wait sync.WaitGroup
		granted := 0
		for n := range slices {
			wait.Go(func() {
				b := newRacingStore(t, m, c).Quota("org")
				g, err := b.Reserve(t.Context(), Reservation{ShardKey: fmt.Sprint(n), FiredAt: c.Now(), Removals: each}, limit)
				if err != nil && inventory.KindOf(err) != inventory.Conflict && inventory.KindOf(err) != inventory.Deadline {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				if g.Granted {
					granted += each
				}
			})
		}
		wait.Wait()
		if granted > limit || granted < limit-each+1 {
			t.Errorf("%d granted, the limit is %d", granted, limit)
		}
	})
}

// Whatever fails, whether it was done or not, and in whatever order: the removals of one firing
// never exceed the limit.
func TestNeverMoreThanTheLimit(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		for level, can := range leasingAbilities() {
			r := rand.New(rand.NewPCG(seed, 7))
			m := newMemoryBucket(can)
			s, c := newStore(t, m)
			s.pick = func(int) int { return 0 }
			m.failRandomly(rand.New(rand.NewPCG(seed, 8)), 12)
			b, limit := s.Quota("org"), 5+r.IntN(20)
			removed := map[time.Time]int{}
			for range 40 {
				firedAt := testStart.Add(time.Duration(r.IntN(2)) * 5 * time.Minute) // two ticks whose runs overlap
				want := r.IntN(limit + 3)
				g, err := b.Reserve(t.Context(), Reservation{ShardKey: fmt.Sprint(r.IntN(4)), FiredAt: firedAt, Removals: want}, limit)
				if err != nil && g.Granted {
					t.Fatalf("granted with %v", err)
				}
				if g.Granted {
					removed[firedAt] += want
				}
				if err != nil {
					c.Advance(shortLeaseTTL + MaxSkew + time.Second) // a lease that stayed
				}
			}
			for firedAt, n := range removed {
				if n > limit && c.Now().Sub(testStart) < grantLifetime {
					t.Errorf("%s, seed %d: %d removed in the firing of %s, the limit is %d", level, seed, n, firedAt, limit)
				}
			}
		}
	}
}
