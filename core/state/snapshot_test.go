package state

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

func newScopeState(n int) ScopeState {
	l := newListing(n)
	return ScopeState{
		ListingFingerprint: Fingerprint(l, ""), AppliedFingerprint: Fingerprint(l, "salt"),
		AppliedAt: testStart, FullAt: testStart.Add(-time.Minute), AssetCount: n, NextDue: testStart.Add(time.Duration(n) * time.Hour),
	}
}

func TestUnchanged(t *testing.T) {
	t.Parallel()
	fingerprint := Fingerprint(newListing(3), "salt")
	for _, c := range []struct {
		name  string
		known ScopeState
		ask   string
		want  bool
	}{
		{"applied", newScopeState(3), fingerprint, true},
		{"open", ScopeState{AppliedFingerprint: fingerprint, Dirty: true}, fingerprint, false},
		{"another listing", newScopeState(4), fingerprint, false},
		{"another salt", newScopeState(3), Fingerprint(newListing(3), "other"), false},
		{"nothing known", ScopeState{}, fingerprint, false},
		{"failed listing", newScopeState(3), "", false},
		{"failed listing, nothing known", ScopeState{}, "", false},
	} {
		if got := c.known.IsUnchanged(c.ask); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestFullDue(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		at   time.Time
		want bool
	}{
		{"never", time.Time{}, true},
		{"just now", testStart, false},
		{"not yet", testStart.Add(-time.Hour + time.Second), false},
		{"due", testStart.Add(-time.Hour), true},
		{"a clock a little ahead", testStart.Add(MaxSkew), false},
		{"a wrong clock", testStart.Add(MaxSkew + time.Second), true},
	} {
		if got := (ScopeState{FullAt: c.at}).IsFullDue(testStart, time.Hour); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestSavedIsLoaded(t *testing.T) {
	t.Parallel()
	for name, can := range allAbilities() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMemoryBucket(can)
			s, _ := newStore(t, m)
			var scopes []inventory.Scope
			for n := range 50 {
				scopes = append(scopes, newScope(fmt.Sprintf("账号/%d\\..", n%5), fmt.Sprint("region", n/5)))
			}
			v := s.LoadSnapshot(t.Context(), scopes)
			for n, at := range scopes {
				if v.ScopeState(at) != (ScopeState{}) {
					t.Fatalf("%s is known before it was saved", at)
				}
				if err := v.SaveScope(t.Context(), at, newScopeState(n%4)); err != nil {
					t.Fatal(err)
				}
			}
			puts := m.callCount("put")
			v = s.LoadSnapshot(t.Context(), scopes)
			for n, at := range scopes {
				if got := v.ScopeState(at); got != newScopeState(n%4) {
					t.Fatalf("%s: %+v", at, got)
				}
			}
			if len(v.Warnings()) > 0 || m.callCount("put") != puts || len(m.keysContaining("")) != len(scopes) {
				t.Errorf("warnings %v, %d puts, %d objects", v.Warnings(), m.callCount("put")-puts, len(m.keysContaining("")))
			}
		})
	}
}

func TestBeginMarksAndSaveCloses(t *testing.T) {
	t.Parallel()
	for name, can := range allAbilities() {
		m := newMemoryBucket(can)
		s, _ := newStore(t, m)
		at := []inventory.Scope{newScope("prod", "a"), newScope("prod", "b")}
		v := s.LoadSnapshot(t.Context(), at)
		for _, a := range at {
			if err := v.SaveScope(t.Context(), a, newScopeState(3)); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if err := v.MarkDirty(t.Context(), at...); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		killed := s.LoadSnapshot(t.Context(), at) // what the next run would see, had this one died here
		for _, a := range at {
			if k := killed.ScopeState(a); !k.Dirty || k.IsUnchanged(newScopeState(3).AppliedFingerprint) || k.FullAt != newScopeState(3).FullAt {
				t.Errorf("%s: after Begin %+v", name, k)
			}
		}
		if err := v.SaveScope(t.Context(), at[0], newScopeState(4)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := s.LoadSnapshot(t.Context(), at).ScopeState(at[0]); got != newScopeState(4) {
			t.Errorf("%s: after Save %+v", name, got)
		}
	}
}

// Of two runs on one scope, in every order of their steps, none leaves it looking unchanged
// unless the other had ended before it was loaded.
func TestTwoRunsOnOneScopeLeaveItOpen(t *testing.T) {
	t.Parallel()
	at := newScope("prod", "cn-hangzhou")
	for name, can := range allAbilities() {
		for order := range 1 << 6 { // bit n: who makes the step n
			m := newMemoryBucket(can)
			s, _ := newStore(t, m)
			seed := s.LoadSnapshot(t.Context(), []inventory.Scope{at})
			if err := seed.SaveScope(t.Context(), at, newScopeState(1)); err != nil {
				t.Fatal(err)
			}
			var views [2]*Snapshot
			var steps, lastStep, firstStep [2]int
			for n := range 6 {
				who := order >> n & 1
				switch steps[who] {
				case 0:
					views[who], firstStep[who] = s.LoadSnapshot(t.Context(), []inventory.Scope{at}), n
				case 1:
					_ = views[who].MarkDirty(t.Context(), at)
				case 2:
					_ = views[who].SaveScope(t.Context(), at, newScopeState(2+who))
					lastStep[who] = n
				}
				steps[who]++
			}
			if steps[0] != 3 {
				continue
			}
			apart := lastStep[0] < firstStep[1] || lastStep[1] < firstStep[0]
			got := s.LoadSnapshot(t.Context(), []inventory.Scope{at}).ScopeState(at)
			if got.Dirty == apart {
				t.Errorf("%s, order %06b: %+v", name, order, got)
			}
		}
	}
}

func TestSideBySideScopesLoseNothing(t *testing.T) {
	t.Parallel()
	for name, can := range allAbilities() {
		m := newMemoryBucket(can)
		s, _ := newStore(t, m)
		var wait sync.WaitGroup
		for n := range 20 {
			wait.Go(func() {
				at := newScope(fmt.Sprint("account", n%4), fmt.Sprint("region", n/4))
				v := s.LoadSnapshot(t.Context(), []inventory.Scope{at})
				if err := v.MarkDirty(t.Context(), at); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				if err := v.SaveScope(t.Context(), at, newScopeState(n%3)); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			})
		}
		wait.Wait()
		for n := range 20 {
			at := newScope(fmt.Sprint("account", n%4), fmt.Sprint("region", n/4))
			if got := s.LoadSnapshot(t.Context(), []inventory.Scope{at}).ScopeState(at); got != newScopeState(n%3) {
				t.Errorf("%s: %s has %+v", name, at, got)
			}
		}
	}
}

// A write that was done although its answer was an error is found, where the bucket answers.
func TestWriteWithALostAnswer(t *testing.T) {
	t.Parallel()
	for name, can := range allAbilities() {
		for _, kind := range []inventory.Kind{inventory.Conflict, inventory.Temporary, inventory.Throttled} {
			m := newMemoryBucket(can)
			s, _ := newStore(t, m)
			m.after = func(string) error { return newFault(kind, "lost answer") }
			at := newScope("prod", "a")
			v := s.LoadSnapshot(t.Context(), []inventory.Scope{at})
			for n := range 3 {
				if err := v.SaveScope(t.Context(), at, newScopeState(n)); err != nil {
					t.Fatalf("%s, %s: %v", name, kind, err)
				}
			}
			if got := s.LoadSnapshot(t.Context(), []inventory.Scope{at}).ScopeState(at); got != newScopeState(2) {
				t.Errorf("%s, %s: %+v", name, kind, got)
			}
		}
	}
}

func TestUnreadableStateIsOpenAfterTheRun(t *testing.T) {
	t.Parallel()
	at := newScope("prod", "a")
	for name, can := range allAbilities() {
		for _, kind := range []inventory.Kind{inventory.Temporary, inventory.Denied, inventory.Invalid} {
			m := newMemoryBucket(can)
			s, _ := newStore(t, m)
			m.before = func(op, _ string) error {
				if op == "get" {
					return newFault(kind, "broken")
				}
				return nil
			}
			v := s.LoadSnapshot(t.Context(), []inventory.Scope{at})
			if w := v.Warnings(); len(w) != 1 || inventory.KindOf(w[0]) != kind || !strings.Contains(w[0].Error(), at.String()) {
				t.Fatalf("%s: warnings %v", name, w)
			}
			m.before = nil
			wantKind(t, v.SaveScope(t.Context(), at, newScopeState(1)), inventory.Conflict)
			got := s.LoadSnapshot(t.Context(), []inventory.Scope{at}).ScopeState(at)
			if want := newScopeState(1); !got.Dirty || got.AppliedFingerprint != want.AppliedFingerprint {
				t.Errorf("%s: %+v", name, got)
			}
		}
	}
}

func TestStateThatVanishesIsOpenAfterTheRun(t *testing.T) {
	t.Parallel()
	at := newScope("prod", "a")
	for name, can := range allAbilities() {
		m := newMemoryBucket(can)
		s, _ := newStore(t, m)
		if err := s.LoadSnapshot(t.Context(), []inventory.Scope{at}).SaveScope(t.Context(), at, newScopeState(1)); err != nil {
			t.Fatal(err)
		}
		v := s.LoadSnapshot(t.Context(), []inventory.Scope{at})
		if err := m.Delete(t.Context(), s.scopeKey(at)); err != nil {
			t.Fatal(err)
		}
		wantKind(t, v.SaveScope(t.Context(), at, newScopeState(2)), inventory.Conflict)
		if got := s.LoadSnapshot(t.Context(), []inventory.Scope{at}).ScopeState(at); !got.Dirty {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestFailedWritesAreErrorsAndNothingMore(t *testing.T) {
	t.Parallel()
	at := newScope("prod", "a")
	m := newMemoryBucket(storage.Capabilities{CreateOnly: true, IfMatch: true})
	s, _ := newStore(t, m)
	v := s.LoadSnapshot(t.Context(), []inventory.Scope{at})
	m.before = func(op, _ string) error {
		if op == "put" {
			return newFault(inventory.Denied, "may not write")
		}
		return nil
	}
	err := v.MarkDirty(t.Context(), at)
	wantKind(t, err, inventory.Denied)
	if !strings.Contains(err.Error(), at.String()) {
		t.Errorf("the scope is not named: %v", err)
	}
	wantKind(t, v.SaveScope(t.Context(), at, newScopeState(1)), inventory.Denied)
	m.before = nil
	wantKind(t, v.SaveScope(t.Context(), at, newScopeState(1)), inventory.Conflict) // it is not known what was written
	wantKind(t, v.SaveScope(t.Context(), newScope("prod", "never read"), newScopeState(1)), inventory.Conflict)
	far := newScopeState(1)
	far.FullAt = time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC)
	wantKind(t, s.LoadSnapshot(t.Context(), []inventory.Scope{at}).SaveScope(t.Context(), at, far), inventory.Invalid)
}
