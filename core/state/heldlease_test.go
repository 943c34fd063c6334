package state

import (
	"errors"
	"testing"
	"time"
)

// TestCheckLease: a lease counts as held from its acquisition to its release or end, in every kind of store, and no other
// name's counts for it.
func TestCheckLease(t *testing.T) {
	t.Parallel()
	for name, can := range leasingAbilities() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newMemoryBucket(can)
			s, clock := newStore(t, b)
			want := func(when string, held bool, check error) {
				t.Helper()
				if errors.Is(check, ErrLeaseTaken) != held || !held && check != nil {
					t.Errorf("%s: %v", when, check)
				}
			}
			want("nobody", false, s.CheckLease(t.Context(), "order"))
			lease, err := s.AcquireLease(t.Context(), "order", time.Minute, "a person")
			if err != nil {
				t.Fatal(err)
			}
			want("held", true, s.CheckLease(t.Context(), "order"))
			want("another name", false, s.CheckLease(t.Context(), "ord"))
			if err := lease.Release(t.Context()); err != nil {
				t.Fatal(err)
			}
			want("released", false, s.CheckLease(t.Context(), "order"))
			for range 2 { // the second has another number
				part, err := s.AcquireLease(t.Context(), "run a r", time.Minute, "a part")
				if err != nil {
					t.Fatal(err)
				}
				want("a part", true, s.CheckLeasesOf(t.Context(), "run"))
				if err := part.Release(t.Context()); err != nil {
					t.Fatal(err)
				}
				want("a part, released", false, s.CheckLeasesOf(t.Context(), "run"))
			}
			if _, err := s.AcquireLease(t.Context(), "run b r", time.Minute, "a part that dies"); err != nil {
				t.Fatal(err)
			}
			want("a part that died", true, s.CheckLeasesOf(t.Context(), "run"))
			clock.Advance(time.Minute + MaxSkew + time.Second)
			want("ended", false, s.CheckLeasesOf(t.Context(), "run"))
			if _, err := s.AcquireLease(t.Context(), "run", time.Minute, "a full run"); err != nil {
				t.Fatal(err)
			}
			want("a full run is none of its parts", false, s.CheckLeasesOf(t.Context(), "run"))
			b.before = func(op, _ string) error { return newFault("temporary", "broken") }
			if err := s.CheckLeasesOf(t.Context(), "run"); err == nil || errors.Is(err, ErrLeaseTaken) {
				t.Errorf("of a store that fails: %v", err)
			}
		})
	}
}
