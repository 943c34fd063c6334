package state

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

var beijing = inventory.Scope{Cloud: inventory.Alibaba, Account: "prod", Region: "cn-beijing"}

func expects(upTo int) Expectation {
	return Expectation{
		Cloud: beijing.Cloud, Account: beijing.Account, Region: beijing.Region,
		Since: testStart, Until: testStart.Add(time.Hour), UpTo: upTo, By: "anna@ops",
	}
}

// TestExpectation: saved, spent, replaced, deleted; each for its own scope and JumpServer.
func TestExpectation(t *testing.T) {
	t.Parallel()
	for name, can := range leasingAbilities() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMemoryBucket(can)
			root, _ := newStore(t, m)
			s, ctx := root.ForInstallation("jms", "org"), t.Context()
			if e, err := s.LoadExpectation(ctx, beijing); err != nil || e.IsActive(testStart) {
				t.Fatal(e, err)
			}
			if err := s.SaveExpectation(ctx, expects(10)); err != nil {
				t.Fatal(err)
			}
			first, err := s.LoadExpectation(ctx, beijing)
			if err != nil || first.Remaining != 10 || !first.IsActive(testStart) || first.IsActive(testStart.Add(time.Hour)) {
				t.Fatal(first, err)
			}
			next, err := s.Spend(ctx, first, 4)
			if err != nil || next.Remaining != 6 {
				t.Fatal(next, err)
			}
			if _, err := s.Spend(ctx, first, 1); inventory.KindOf(err) != inventory.Conflict {
				t.Errorf("counted from what was read before: %v", err)
			}
			if _, err := s.Spend(ctx, next, 7); inventory.KindOf(err) != inventory.Conflict {
				t.Errorf("more than are left: %v", err)
			}
			next, err = s.Spend(ctx, next, 6)
			if err != nil || next.Remaining != 0 || !next.IsActive(testStart) {
				t.Errorf("all that are left: %+v %v", next, err)
			}
			if err := s.SaveExpectation(ctx, expects(3)); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Spend(ctx, next, 0); inventory.KindOf(err) != inventory.Conflict {
				t.Errorf("counted against another announcement: %v", err)
			}
			for name, other := range map[string]*Store{"another JumpServer": root.ForInstallation("jms2", "org"), "another organisation": root.ForInstallation("jms", "org2")} {
				if all, err := other.ListExpectations(ctx); err != nil || len(all) != 0 {
					t.Errorf("%s: %v %v", name, all, err)
				}
			}
			if all, err := s.ListExpectations(ctx); err != nil || len(all) != 1 || all[0].Remaining != 3 || all[0].Scope() != beijing {
				t.Errorf("%+v %v", all, err)
			}
			again, _ := s.LoadExpectation(ctx, beijing)
			for range 2 {
				if err := s.DeleteExpectation(ctx, beijing); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := s.Spend(ctx, again, 1); inventory.KindOf(err) != inventory.Conflict {
				t.Errorf("counted after it was taken back: %v", err)
			}
		})
	}
}

// TestExpectationIsNeverOverspent: many who spend at once never spend more than there is.
func TestExpectationIsNeverOverspent(t *testing.T) {
	t.Parallel()
	for name, can := range leasingAbilities() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMemoryBucket(can)
			m.before = func(string, string) error {
				time.Sleep(time.Millisecond) // between reading and writing there is room for others
				return nil
			}
			s, _ := newStore(t, m)
			ctx := t.Context()
			if err := s.SaveExpectation(ctx, expects(10)); err != nil {
				t.Fatal(err)
			}
			var taken atomic.Int64
			var all sync.WaitGroup
			for range 6 {
				all.Go(func() {
					for range 3 {
						e, err := s.LoadExpectation(ctx, beijing)
						if err != nil {
							t.Error(err)
						}
						if _, err := s.Spend(ctx, e, 3); err == nil {
							taken.Add(3)
						}
					}
				})
			}
			all.Wait()
			e, err := s.LoadExpectation(ctx, beijing)
			if err != nil || int(taken.Load()) != e.UpTo-e.Remaining || e.Remaining > 7 {
				t.Errorf("%d were taken, %+v, %v", taken.Load(), e, err)
			}
		})
	}
}

// TestExpectationNotWritten: after a failed write nothing counts as spent, and nobody may remove on its account.
func TestExpectationNotWritten(t *testing.T) {
	t.Parallel()
	m := newMemoryBucket(allAbilities()["if-match"])
	s, _ := newStore(t, m)
	ctx := t.Context()
	if err := s.SaveExpectation(ctx, expects(10)); err != nil {
		t.Fatal(err)
	}
	e, _ := s.LoadExpectation(ctx, beijing)
	m.before = func(op, _ string) error {
		if op == "Put" || op == "put" {
			return &inventory.Error{Kind: inventory.Temporary}
		}
		return nil
	}
	if _, err := s.Spend(ctx, e, 4); err == nil {
		t.Error("counted although the write failed")
	}
	m.before = nil
	e, _ = s.LoadExpectation(ctx, beijing)
	if e.Remaining != 10 {
		t.Errorf("%+v", e)
	}
}

// TestExpectationNeedsACondition: a store without preconditions cannot count. A corrupt object announces nothing, and
// what ended long ago is deleted.
func TestExpectationNeedsACondition(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t, newMemoryBucket(storage.Capabilities{}))
	if err := s.SaveExpectation(t.Context(), expects(1)); !errors.Is(err, ErrNoExpectations) || inventory.KindOf(err) != inventory.Unsupported {
		t.Error(err)
	}
	m := newMemoryBucket(allAbilities()["if-match"])
	s, _ = newStore(t, m)
	other := expects(5)
	other.Region = "cn-shanghai"
	for _, e := range []Expectation{expects(1), other} {
		if err := s.SaveExpectation(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	for _, bad := range []string{"{}", `{"schema":2}`} {
		m.setObject(s.expectationKey(beijing), []byte(bad))
		all, err := s.ListExpectations(t.Context())
		if len(all) != 1 || all[0].Region != "cn-shanghai" || inventory.KindOf(err) == "" {
			t.Errorf("%s: %+v %v", bad, all, err)
		}
		if _, err := s.LoadExpectation(t.Context(), beijing); inventory.KindOf(err) != inventory.Incomplete {
			t.Errorf("%s: %v", bad, err)
		}
	}
	fresh := expects(2)
	fresh.Since, fresh.Until = testStart.Add(30*24*time.Hour), testStart.Add(31*24*time.Hour)
	if err := s.SaveExpectation(t.Context(), fresh); err != nil {
		t.Fatal(err)
	}
	if all, err := s.ListExpectations(t.Context()); err != nil || len(all) != 1 || all[0].Region != "cn-beijing" {
		t.Errorf("%+v %v", all, err)
	}
}
