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

func applied(n int) Scope {
	l := listing(n)
	return Scope{
		Listing: Fingerprint(l, ""), Applied: Fingerprint(l, "salt"),
		AppliedAt: start, FullAt: start.Add(-time.Minute), Assets: n, Due: start.Add(time.Duration(n) * time.Hour),
	}
}

func TestUnchanged(t *testing.T) {
	t.Parallel()
	fingerprint := Fingerprint(listing(3), "salt")
	for _, c := range []struct {
		name  string
		known Scope
		ask   string
		want  bool
	}{
		{"applied", applied(3), fingerprint, true},
		{"open", Scope{Applied: fingerprint, Open: true}, fingerprint, false},
		{"another listing", applied(4), fingerprint, false},
		{"another salt", applied(3), Fingerprint(listing(3), "other"), false},
		{"nothing known", Scope{}, fingerprint, false},
		{"failed listing", applied(3), "", false},
		{"failed listing, nothing known", Scope{}, "", false},
	} {
		if got := c.known.Unchanged(c.ask); got != c.want {
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
		{"just now", start, false},
		{"not yet", start.Add(-time.Hour + time.Second), false},
		{"due", start.Add(-time.Hour), true},
		{"a clock a little ahead", start.Add(MaxSkew), false},
		{"a wrong clock", start.Add(MaxSkew + time.Second), true},
	} {
		if got := (Scope{FullAt: c.at}).FullDue(start, time.Hour); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestSavedIsLoaded(t *testing.T) {
	t.Parallel()
	for name, can := range levels() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMemory(can)
			s, _ := newStore(t, m)
			var scopes []inventory.Scope
			for n := range 50 {
				scopes = append(scopes, scopeOf(fmt.Sprintf("账号/%d\\..", n%5), fmt.Sprint("region", n/5)))
			}
			v := s.Load(t.Context(), scopes)
			for n, at := range scopes {
				if v.Scope(at) != (Scope{}) {
					t.Fatalf("%s is known before it was saved", at)
				}
				if err := v.Save(t.Context(), at, applied(n%4)); err != nil {
					t.Fatal(err)
				}
			}
			puts := m.count("put")
			v = s.Load(t.Context(), scopes)
			for n, at := range scopes {
				if got := v.Scope(at); got != applied(n%4) {
					t.Fatalf("%s: %+v", at, got)
				}
			}
			if len(v.Warnings()) > 0 || m.count("put") != puts || len(m.keys("")) != len(scopes) {
				t.Errorf("warnings %v, %d puts, %d objects", v.Warnings(), m.count("put")-puts, len(m.keys("")))
			}
		})
	}
}

func TestBeginMarksAndSaveCloses(t *testing.T) {
	t.Parallel()
	for name, can := range levels() {
		m := newMemory(can)
		s, _ := newStore(t, m)
		at := []inventory.Scope{scopeOf("prod", "a"), scopeOf("prod", "b")}
		v := s.Load(t.Context(), at)
		for _, a := range at {
			if err := v.Save(t.Context(), a, applied(3)); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if err := v.Begin(t.Context(), at...); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		killed := s.Load(t.Context(), at) // what the next run would see, had this one died here
		for _, a := range at {
			if k := killed.Scope(a); !k.Open || k.Unchanged(applied(3).Applied) || k.FullAt != applied(3).FullAt {
				t.Errorf("%s: after Begin %+v", name, k)
			}
		}
		if err := v.Save(t.Context(), at[0], applied(4)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := s.Load(t.Context(), at).Scope(at[0]); got != applied(4) {
			t.Errorf("%s: after Save %+v", name, got)
		}
	}
}

// Of two runs on one scope, in every order of their steps, none leaves it looking unchanged
// unless the other had ended before it was loaded.
func TestTwoRunsOnOneScopeLeaveItOpen(t *testing.T) {
	t.Parallel()
	at := scopeOf("prod", "cn-hangzhou")
	for name, can := range levels() {
		for order := range 1 << 6 { // bit n: who makes the step n
			m := newMemory(can)
			s, _ := newStore(t, m)
			seed := s.Load(t.Context(), []inventory.Scope{at})
			if err := seed.Save(t.Context(), at, applied(1)); err != nil {
				t.Fatal(err)
			}
			var views [2]*View
			var steps, lastStep, firstStep [2]int
			for n := range 6 {
				who := order >> n & 1
				switch steps[who] {
				case 0:
					views[who], firstStep[who] = s.Load(t.Context(), []inventory.Scope{at}), n
				case 1:
					_ = views[who].Begin(t.Context(), at)
				case 2:
					_ = views[who].Save(t.Context(), at, applied(2+who))
					lastStep[who] = n
				}
				steps[who]++
			}
			if steps[0] != 3 {
				continue
			}
			apart := lastStep[0] < firstStep[1] || lastStep[1] < firstStep[0]
			got := s.Load(t.Context(), []inventory.Scope{at}).Scope(at)
			if got.Open == apart {
				t.Errorf("%s, order %06b: %+v", name, order, got)
			}
		}
	}
}

func TestSideBySideScopesLoseNothing(t *testing.T) {
	t.Parallel()
	for name, can := range levels() {
		m := newMemory(can)
		s, _ := newStore(t, m)
		var wait sync.WaitGroup
		for n := range 20 {
			wait.Go(func() {
				at := scopeOf(fmt.Sprint("account", n%4), fmt.Sprint("region", n/4))
				v := s.Load(t.Context(), []inventory.Scope{at})
				if err := v.Begin(t.Context(), at); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				if err := v.Save(t.Context(), at, applied(n%3)); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			})
		}
		wait.Wait()
		for n := range 20 {
			at := scopeOf(fmt.Sprint("account", n%4), fmt.Sprint("region", n/4))
			if got := s.Load(t.Context(), []inventory.Scope{at}).Scope(at); got != applied(n%3) {
				t.Errorf("%s: %s has %+v", name, at, got)
			}
		}
	}
}

// A write that was done although its answer was an error is found, where the bucket answers.
func TestWriteWithALostAnswer(t *testing.T) {
	t.Parallel()
	for name, can := range levels() {
		for _, kind := range []inventory.Kind{inventory.Conflict, inventory.Temporary, inventory.Throttled} {
			m := newMemory(can)
			s, _ := newStore(t, m)
			m.after = func(string) error { return fault(kind, "lost answer") }
			at := scopeOf("prod", "a")
			v := s.Load(t.Context(), []inventory.Scope{at})
			for n := range 3 {
				if err := v.Save(t.Context(), at, applied(n)); err != nil {
					t.Fatalf("%s, %s: %v", name, kind, err)
				}
			}
			if got := s.Load(t.Context(), []inventory.Scope{at}).Scope(at); got != applied(2) {
				t.Errorf("%s, %s: %+v", name, kind, got)
			}
		}
	}
}

func TestUnreadableStateIsOpenAfterTheRun(t *testing.T) {
	t.Parallel()
	at := scopeOf("prod", "a")
	for name, can := range levels() {
		for _, kind := range []inventory.Kind{inventory.Temporary, inventory.Denied, inventory.Invalid} {
			m := newMemory(can)
			s, _ := newStore(t, m)
			m.before = func(op, _ string) error {
				if op == "get" {
					return fault(kind, "broken")
				}
				return nil
			}
			v := s.Load(t.Context(), []inventory.Scope{at})
			if w := v.Warnings(); len(w) != 1 || inventory.KindOf(w[0]) != kind || !strings.Contains(w[0].Error(), at.String()) {
				t.Fatalf("%s: warnings %v", name, w)
			}
			m.before = nil
			wantKind(t, v.Save(t.Context(), at, applied(1)), inventory.Conflict)
			got := s.Load(t.Context(), []inventory.Scope{at}).Scope(at)
			if want := applied(1); !got.Open || got.Applied != want.Applied {
				t.Errorf("%s: %+v", name, got)
			}
		}
	}
}

func TestStateThatVanishesIsOpenAfterTheRun(t *testing.T) {
	t.Parallel()
	at := scopeOf("prod", "a")
	for name, can := range levels() {
		m := newMemory(can)
		s, _ := newStore(t, m)
		if err := s.Load(t.Context(), []inventory.Scope{at}).Save(t.Context(), at, applied(1)); err != nil {
			t.Fatal(err)
		}
		v := s.Load(t.Context(), []inventory.Scope{at})
		if err := m.Delete(t.Context(), s.scopeKey(at)); err != nil {
			t.Fatal(err)
		}
		wantKind(t, v.Save(t.Context(), at, applied(2)), inventory.Conflict)
		if got := s.Load(t.Context(), []inventory.Scope{at}).Scope(at); !got.Open {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestFailedWritesAreErrorsAndNothingMore(t *testing.T) {
	t.Parallel()
	at := scopeOf("prod", "a")
	m := newMemory(storage.Abilities{CreateOnly: true, IfMatch: true})
	s, _ := newStore(t, m)
	v := s.Load(t.Context(), []inventory.Scope{at})
	m.before = func(op, _ string) error {
		if op == "put" {
			return fault(inventory.Denied, "may not write")
		}
		return nil
	}
	err := v.Begin(t.Context(), at)
	wantKind(t, err, inventory.Denied)
	if !strings.Contains(err.Error(), at.String()) {
		t.Errorf("the scope is not named: %v", err)
	}
	wantKind(t, v.Save(t.Context(), at, applied(1)), inventory.Denied)
	m.before = nil
	wantKind(t, v.Save(t.Context(), at, applied(1)), inventory.Conflict) // it is not known what was written
	wantKind(t, v.Save(t.Context(), scopeOf("prod", "never read"), applied(1)), inventory.Conflict)
	far := applied(1)
	far.FullAt = time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC)
	wantKind(t, s.Load(t.Context(), []inventory.Scope{at}).Save(t.Context(), at, far), inventory.Invalid)
}
