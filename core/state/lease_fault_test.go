package state

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

func lastKey(t *testing.T, m *memory) string {
	t.Helper()
	keys := m.keys("lease/")
	if len(keys) == 0 {
		t.Fatal("no lease")
	}
	return keys[len(keys)-1]
}

// One who listed long ago creates a number that was meanwhile taken, given back and cleaned up.
func TestSlowTakerOfACleanedNumber(t *testing.T) {
	t.Parallel()
	m := newMemory(storage.Abilities{CreateOnly: true})
	s, _ := newStore(t, m)
	if err := acquire(t, s, "number 1").Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	var holder Lease
	paused := false
	m.before = func(op, key string) error {
		if op == "put" && strings.HasSuffix(key, "000000000002") && !paused {
			paused = true // the slow one is about to create 2
			if err := acquire(t, s, "number 2").Release(t.Context()); err != nil {
				t.Error(err)
			}
			holder = acquire(t, s, "number 3") // and it cleans 2 up
		}
		return nil
	}
	_, err := s.Acquire(t.Context(), "run", ttl, "slow")
	if !errors.Is(err, ErrTaken) {
		t.Errorf("the slow one got it: %v", err)
	}
	if _, err := holder.Renew(t.Context()); err != nil || holder.Token != 3 {
		t.Errorf("the holder lost it: %+v, %v", holder, err)
	}
	if got := m.keys("lease/"); len(got) != 1 || got[0] != holder.key {
		t.Errorf("objects %v", got)
	}
}

// A renewal that arrives after the lease was taken over changes nothing for the taker.
func TestLateRenewal(t *testing.T) {
	t.Parallel()
	eachLeasing(t, func(t *testing.T, m *memory, s *Store, c *clock) {
		slow := storeAt(t, m, &clock{})
		l := acquire(t, slow, "slow")
		var second Lease
		paused := false
		m.before = func(op, _ string) error {
			if op == "put" && !paused {
				paused = true
				c.Advance(ttl + MaxSkew + 1)
				second = acquire(t, s, "second")
			}
			return nil
		}
		if _, err := l.Renew(t.Context()); !errors.Is(err, ErrLost) {
			t.Errorf("the late renewal counts: %v", err)
		}
		if _, err := second.Renew(t.Context()); err != nil {
			t.Errorf("the second lost it: %v", err)
		}
	})
}

// A renewal that is written while the lease ends counts only if its holder saw the end of it in time.
func TestRenewalThatTakesTooLong(t *testing.T) {
	t.Parallel()
	m := newMemory(storage.Abilities{CreateOnly: true})
	s, c := newStore(t, m)
	l := acquire(t, s, "slow")
	m.after = func(string) error {
		c.Advance(ttl)
		return nil
	}
	if _, err := l.Renew(t.Context()); !errors.Is(err, ErrLost) {
		t.Errorf("%v", err)
	}
}

func TestAcquisitionThatTakesLongerThanTheLease(t *testing.T) {
	t.Parallel()
	eachLeasing(t, func(t *testing.T, m *memory, s *Store, c *clock) {
		m.after = func(string) error {
			c.Advance(ttl)
			return nil
		}
		if l, err := s.Acquire(t.Context(), "run", ttl, "slow"); !errors.Is(err, ErrLost) || l.Valid(c.Now()) {
			t.Errorf("%+v, %v", l, err)
		}
	})
}

// The adapter's second try finds what its first one wrote, and says Conflict.
func TestLostAnswersOfLeases(t *testing.T) {
	t.Parallel()
	for _, kind := range []inventory.Kind{inventory.Conflict, inventory.Temporary} {
		eachLeasing(t, func(t *testing.T, m *memory, s *Store, c *clock) {
			m.after = func(string) error { return fault(kind, "lost answer") }
			l := acquire(t, s, "first")
			l, err := l.Renew(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if err := l.Release(t.Context()); err != nil {
				t.Fatal(err)
			}
			if second := acquire(t, s, "second"); second.Token != 2 || !second.Valid(c.Now()) {
				t.Errorf("%+v", second)
			}
		})
	}
}

// A renewal of which nothing came back was done; the lease as it was before is renewed again.
func TestRenewAfterALostRenewal(t *testing.T) {
	t.Parallel()
	eachLeasing(t, func(t *testing.T, m *memory, s *Store, c *clock) {
		l := acquire(t, s, "first")
		c.Advance(time.Minute)
		broken := true
		m.after = func(string) error { return fault(inventory.Temporary, "lost answer") }
		m.before = func(op, _ string) error {
			if op == "get" && m.count("put") > 1 && broken {
				return fault(inventory.Temporary, "broken")
			}
			return nil
		}
		if _, err := l.Renew(t.Context()); inventory.KindOf(err) != inventory.Temporary || errors.Is(err, ErrLost) {
			t.Fatalf("%v", err)
		}
		broken, m.after = false, nil
		c.Advance(time.Minute)
		if next, err := l.Renew(t.Context()); err != nil || !next.Valid(c.Now().Add(ttl/2)) {
			t.Errorf("%+v, %v", next, err)
		}
	})
}

// Whatever request fails: an error or a lease, never a second holder, and no lock for ever.
func TestAnySingleFault(t *testing.T) {
	t.Parallel()
	kinds := []inventory.Kind{
		inventory.Temporary, inventory.Denied, inventory.Conflict, inventory.NotFound, inventory.Deadline, inventory.Incomplete,
	}
	eachLeasing(t, func(t *testing.T, _ *memory, s *Store, _ *clock) {
		can := s.bucket.Abilities(t.Context())
		for _, kind := range kinds {
			for at := range 12 {
				for _, done := range []bool{false, true} {
					m := newMemory(can)
					s, c := newStore(t, m)
					if err := faulty(t, m, s, c, at, kind, done); err != nil {
						t.Errorf("%s at call %d, done %v: %v", kind, at, done, err)
					}
				}
			}
		}
	})
}

func faulty(t *testing.T, m *memory, s *Store, c *clock, at int, kind inventory.Kind, done bool) error {
	first := acquire(t, s, "first")
	c.Advance(ttl + MaxSkew + 1)
	var call atomic.Int64
	strike := func() error {
		if call.Add(1) == int64(at+1) {
			return fault(kind, "broken")
		}
		return nil
	}
	if done {
		m.after = func(string) error { return strike() }
	} else {
		m.before = func(string, string) error { return strike() }
	}
	second, errSecond := s.Acquire(t.Context(), "run", ttl, "second")
	third, errThird := s.Acquire(t.Context(), "run", ttl, "third")
	m.before, m.after = nil, nil
	if first.Valid(c.Now()) || errSecond == nil && errThird == nil && second.Valid(c.Now()) && third.Valid(c.Now()) {
		return fmt.Errorf("two hold it: %+v, %+v", second, third)
	}
	c.Advance(ttl + MaxSkew + 1)
	_, err := s.Acquire(t.Context(), "run", ttl, "fourth")
	return err
}

func TestNumberedLeaseWhoseObjectIsGone(t *testing.T) {
	t.Parallel()
	m := newMemory(storage.Abilities{CreateOnly: true})
	s, _ := newStore(t, m)
	l := acquire(t, s, "first")
	if err := m.Delete(t.Context(), l.key); err != nil { // by a person
		t.Fatal(err)
	}
	second := acquire(t, s, "second")
	if second.Token != 1 {
		t.Errorf("token %d", second.Token)
	}
	if _, err := l.Renew(t.Context()); !errors.Is(err, ErrLost) {
		t.Errorf("the first renewed: %v", err)
	}
	m.set(lastKey(t, m), []byte("damaged"))
	if _, err := second.Renew(t.Context()); !errors.Is(err, ErrLost) {
		t.Errorf("the second renewed: %v", err)
	}
}

func TestOldNumbersThatCannotBeDeleted(t *testing.T) {
	t.Parallel()
	m := newMemory(storage.Abilities{CreateOnly: true})
	s, _ := newStore(t, m)
	if err := acquire(t, s, "first").Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	folder := lastKey(t, m)[:strings.LastIndex(lastKey(t, m), "/")+1]
	for _, name := range []string{"readme.txt", "13", "00000000000x", "0000000000009", "000000000000"} { // no numbers of ours
		m.set(folder+name, []byte("x"))
	}
	m.before = func(op, _ string) error {
		if op == "delete" {
			return fault(inventory.Denied, "may not delete")
		}
		return nil
	}
	l := acquire(t, s, "second")
	wantKind(t, l.Warning, inventory.Denied)
	if l.Token != 2 || len(m.keys(folder)) != 7 {
		t.Errorf("%+v, %v", l, m.keys(""))
	}
}
