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

func newestLeaseKey(t *testing.T, m *memoryBucket) string {
	t.Helper()
	keys := m.keysContaining("lease/")
	if len(keys) == 0 {
		t.Fatal("no lease")
	}
	return keys[len(keys)-1]
}

// One who listed long ago creates a number that was meanwhile taken, released and pruned.
func TestSlowTakerOfACleanedNumber(t *testing.T) {
	t.Parallel()
	m := newMemoryBucket(storage.Capabilities{CreateOnly: true})
	s, _ := newStore(t, m)
	if err := mustAcquire(t, s, "number 1").Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	var holder Lease
	paused := false
	m.before = func(op, key string) error {
		if op == "put" && strings.HasSuffix(key, "000000000002") && !paused {
			paused = true // the slow one is about to create 2
			if err := mustAcquire(t, s, "number 2").Release(t.Context()); err != nil {
				t.Error(err)
			}
			holder = mustAcquire(t, s, "number 3") // and it cleans 2 up
		}
		return nil
	}
	_, err := s.AcquireLease(t.Context(), "run", testTTL, "slow")
	if !errors.Is(err, ErrLeaseTaken) {
		t.Errorf("the slow one got it: %v", err)
	}
	if _, err := holder.Renew(t.Context()); err != nil || holder.Token != 3 {
		t.Errorf("the holder lost it: %+v, %v", holder, err)
	}
	if got := m.keysContaining("lease/"); len(got) != 1 || got[0] != holder.key {
		t.Errorf("objects %v", got)
	}
}

// A renewal that arrives after the lease was taken over changes nothing for the new holder.
func TestLateRenewal(t *testing.T) {
	t.Parallel()
	forEachLeasing(t, func(t *testing.T, m *memoryBucket, s *Store, c *fakeClock) {
		slow := newStoreAt(t, m, &fakeClock{})
		l := mustAcquire(t, slow, "slow")
		var second Lease
		paused := false
		m.before = func(op, _ string) error {
			if op == "put" && !paused {
				paused = true
				c.Advance(testTTL + MaxSkew + 1)
				second = mustAcquire(t, s, "second")
			}
			return nil
		}
		if _, err := l.Renew(t.Context()); !errors.Is(err, ErrLeaseLost) {
			t.Errorf("the late renewal counts: %v", err)
		}
		if _, err := second.Renew(t.Context()); err != nil {
			t.Errorf("the second lost it: %v", err)
		}
	})
}

// A renewal that is written while the lease ends counts only if its holder learnt of it in time.
func TestRenewalThatTakesTooLong(t *testing.T) {
	t.Parallel()
	m := newMemoryBucket(storage.Capabilities{CreateOnly: true})
	s, c := newStore(t, m)
	l := mustAcquire(t, s, "slow")
	m.after = func(string) error {
		c.Advance(testTTL)
		return nil
	}
	if _, err := l.Renew(t.Context()); !errors.Is(err, ErrLeaseLost) {
		t.Errorf("%v", err)
	}
}

func TestAcquisitionThatTakesLongerThanTheLease(t *testing.T) {
	t.Parallel()
	forEachLeasing(t, func(t *testing.T, m *memoryBucket, s *Store, c *fakeClock) {
		m.after = func(string) error {
			c.Advance(testTTL)
			return nil
		}
		if l, err := s.AcquireLease(t.Context(), "run", testTTL, "slow"); !errors.Is(err, ErrLeaseLost) || l.IsValid(c.Now()) {
			t.Errorf("%+v, %v", l, err)
		}
	})
}

// The adapter's second try finds what its first one wrote, and says Conflict.
func TestLostAnswersOfLeases(t *testing.T) {
	t.Parallel()
	for _, kind := range []inventory.Kind{inventory.Conflict, inventory.Temporary} {
		forEachLeasing(t, func(t *testing.T, m *memoryBucket, s *Store, c *fakeClock) {
			m.after = func(string) error { return newFault(kind, "lost answer") }
			l := mustAcquire(t, s, "first")
			l, err := l.Renew(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if err := l.Release(t.Context()); err != nil {
				t.Fatal(err)
			}
			if second := mustAcquire(t, s, "second"); second.Token != 2 || !second.IsValid(c.Now()) {
				t.Errorf("%+v", second)
			}
		})
	}
}

// A renewal whose answer was lost was done; the lease as it was before can be renewed again.
func TestRenewAfterALostRenewal(t *testing.T) {
	t.Parallel()
	forEachLeasing(t, func(t *testing.T, m *memoryBucket, s *Store, c *fakeClock) {
		l := mustAcquire(t, s, "first")
		c.Advance(time.Minute)
		broken := true
		m.after = func(string) error { return newFault(inventory.Temporary, "lost answer") }
		m.before = func(op, _ string) error {
			if op == "get" && m.callCount("put") > 1 && broken {
				return newFault(inventory.Temporary, "broken")
			}
			return nil
		}
		if _, err := l.Renew(t.Context()); inventory.KindOf(err) != inventory.Temporary || errors.Is(err, ErrLeaseLost) {
			t.Fatalf("%v", err)
		}
		broken, m.after = false, nil
		c.Advance(time.Minute)
		if next, err := l.Renew(t.Context()); err != nil || !next.IsValid(c.Now().Add(testTTL/2)) {
			t.Errorf("%+v, %v", next, err)
		}
	})
}

// Whatever request fails: an error or a lease, never a second holder, and never a lock without end.
func TestAnySingleFault(t *testing.T) {
	t.Parallel()
	kinds := []inventory.Kind{
		inventory.Temporary, inventory.Denied, inventory.Conflict, inventory.NotFound, inventory.Deadline, inventory.Incomplete,
	}
	forEachLeasing(t, func(t *testing.T, _ *memoryBucket, s *Store, _ *fakeClock) {
		can := s.bucket.Capabilities(t.Context())
		for _, kind := range kinds {
			for at := range 12 {
				for _, done := range []bool{false, true} {
					m := newMemoryBucket(can)
					s, c := newStore(t, m)
					if err := acquireWithFault(t, m, s, c, at, kind, done); err != nil {
						t.Errorf("%s at call %d, done %v: %v", kind, at, done, err)
					}
				}
			}
		}
	})
}

func acquireWithFault(t *testing.T, m *memoryBucket, s *Store, c *fakeClock, at int, kind inventory.Kind, done bool) error {
	first := mustAcquire(t, s, "first")
	c.Advance(testTTL + MaxSkew + 1)
	var call atomic.Int64
	strike := func() error {
		if call.Add(1) == int64(at+1) {
			return newFault(kind, "broken")
		}
		return nil
	}
	if done {
		m.after = func(string) error { return strike() }
	} else {
		m.before = func(string, string) error { return strike() }
	}
	second, errSecond := s.AcquireLease(t.Context(), "run", testTTL, "second")
	third, errThird := s.AcquireLease(t.Context(), "run", testTTL, "third")
	m.before, m.after = nil, nil
	if first.IsValid(c.Now()) || errSecond == nil && errThird == nil && second.IsValid(c.Now()) && third.IsValid(c.Now()) {
		return fmt.Errorf("two hold it: %+v, %+v", second, third)
	}
	c.Advance(testTTL + MaxSkew + 1)
	_, err := s.AcquireLease(t.Context(), "run", testTTL, "fourth")
	return err
}

func TestNumberedLeaseWhoseObjectIsGone(t *testing.T) {
	t.Parallel()
	m := newMemoryBucket(storage.Capabilities{CreateOnly: true})
	s, _ := newStore(t, m)
	l := mustAcquire(t, s, "first")
	if err := m.Delete(t.Context(), l.key); err != nil { // by a person
		t.Fatal(err)
	}
	second := mustAcquire(t, s, "second")
	if second.Token != 1 {
		t.Errorf("token %d", second.Token)
	}
	if _, err := l.Renew(t.Context()); !errors.Is(err, ErrLeaseLost) {
		t.Errorf("the first renewed: %v", err)
	}
	m.setObject(newestLeaseKey(t, m), []byte("damaged"))
	if _, err := second.Renew(t.Context()); !errors.Is(err, ErrLeaseLost) {
		t.Errorf("the second renewed: %v", err)
	}
}

func TestOldNumbersThatCannotBeDeleted(t *testing.T) {
	t.Parallel()
	m := newMemoryBucket(storage.Capabilities{CreateOnly: true})
	s, _ := newStore(t, m)
	if err := mustAcquire(t, s, "first").Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	folder := newestLeaseKey(t, m)[:strings.LastIndex(newestLeaseKey(t, m), "/")+1]
	for _, name := range []string{"readme.txt", "13", "00000000000x", "0000000000009", "000000000000"} { // no numbers of ours
		m.setObject(folder+name, []byte("x"))
	}
	m.before = func(op, _ string) error {
		if op == "delete" {
			return newFault(inventory.Denied, "may not delete")
		}
		return nil
	}
	l := mustAcquire(t, s, "second")
	wantKind(t, l.Warning, inventory.Denied)
	if l.Token != 2 || len(m.keysContaining(folder)) != 7 {
		t.Errorf("%+v, %v", l, m.keysContaining(""))
	}
}
