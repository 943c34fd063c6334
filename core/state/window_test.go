package state

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

func texts(b Batch) []string {
	var all []string
	for _, r := range b.Reports {
		all = append(all, string(r))
	}
	return all
}

func offer(t *testing.T, w *Window, now time.Time, n int) Batch {
	t.Helper()
	b, err := w.Offer(t.Context(), fmt.Appendf(nil, `{"n":%d}`, n), now)
	if err != nil || !b.Kept {
		t.Fatalf("offer %d: kept %v, %v", n, b.Kept, err)
	}
	return b
}

func told(t *testing.T, b Batch) {
	t.Helper()
	if err := b.Told(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func wantReports(t *testing.T, what string, b Batch, numbers ...int) {
	t.Helper()
	var want []string
	for _, n := range numbers {
		want = append(want, fmt.Sprintf(`{"n":%d}`, n))
	}
	if got := texts(b); !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestWindowTellsFirstKeepsAndTellsTheRest(t *testing.T) {
	t.Parallel()
	eachLeasing(t, func(t *testing.T, m *memory, s *Store, c *clock) {
		w := s.Window("events", time.Minute)
		b := offer(t, w, c.Now(), 1)
		wantReports(t, "the first", b, 1)
		told(t, b)
		for n := 2; n <= 4; n++ {
			c.Advance(10 * time.Second)
			other := storeAt(t, m, c).Window("events", time.Minute) // of another invocation
			wantReports(t, "in the window", offer(t, other, c.Now(), n))
		}
		if b, err := w.Due(t.Context(), c.Now()); err != nil || len(b.Reports) > 0 {
			t.Errorf("due in the window: %v, %v", texts(b), err)
		}
		c.Advance(30 * time.Second)
		b = offer(t, w, c.Now(), 5)
		wantReports(t, "after the window", b, 2, 3, 4, 5)
		told(t, b)
		wantReports(t, "in the second window", offer(t, w, c.Now(), 6))
		b, err := w.All(t.Context(), c.Now())
		if err != nil {
			t.Fatal(err)
		}
		wantReports(t, "all", b, 6)
		told(t, b)
		if got := m.keys("window/"); len(got) != 1 || got[0] != w.key {
			t.Errorf("objects stayed: %v", got)
		}
	})
}

func TestDueBeginsNoWindow(t *testing.T) {
	t.Parallel()
	eachLeasing(t, func(t *testing.T, _ *memory, s *Store, c *clock) {
		w := s.Window("events", time.Minute)
		told(t, offer(t, w, c.Now(), 1))
		offer(t, w, c.Now(), 2)
		c.Advance(time.Minute)
		b, err := w.Due(t.Context(), c.Now())
		if err != nil {
			t.Fatal(err)
		}
		wantReports(t, "due", b, 2)
		told(t, b)
		b = offer(t, w, c.Now(), 3)
		wantReports(t, "after due", b, 3)
		told(t, b)
		if b, err := w.Due(t.Context(), c.Now().Add(time.Hour)); err != nil || len(b.Reports) > 0 {
			t.Errorf("nothing is kept, yet due: %v, %v", texts(b), err)
		}
	})
}

func TestWithoutAWindowEachIsTold(t *testing.T) {
	t.Parallel()
	eachLeasing(t, func(t *testing.T, _ *memory, s *Store, c *clock) {
		w := s.Window("events", 0)
		for n := range 3 {
			b := offer(t, w, c.Now(), n)
			wantReports(t, "told", b, n)
			told(t, b)
		}
	})
}

func TestWhatCouldNotBeToldIsKept(t *testing.T) {
	t.Parallel()
	eachLeasing(t, func(t *testing.T, _ *memory, s *Store, c *clock) {
		w := s.Window("events", time.Minute)
		b := offer(t, w, c.Now(), 1)
		if err := b.Back(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantReports(t, "in its window", offer(t, w, c.Now(), 2))
		c.Advance(time.Minute)
		b, err := w.Due(t.Context(), c.Now())
		if err != nil {
			t.Fatal(err)
		}
		wantReports(t, "after it", b, 1, 2)
	})
}

// One who was telling and died, or was frozen: after its time another tells the same; should the first
// come back then, it disturbs nothing.
func TestTellerThatDies(t *testing.T) {
	t.Parallel()
	eachLeasing(t, func(t *testing.T, m *memory, s *Store, c *clock) {
		w := s.Window("events", time.Minute)
		dead := offer(t, w, c.Now(), 1)
		c.Advance(time.Minute)
		wantReports(t, "while it may be telling", offer(t, w, c.Now(), 2))
		c.Advance(tellTime + MaxSkew)
		b := offer(t, w, c.Now(), 3)
		wantReports(t, "after its time", b, 1, 2, 3)
		told(t, dead)
		told(t, b)
		if got := m.keys("window/"); len(got) != 1 {
			t.Errorf("objects %v", got)
		}
	})
}

func TestToldIsNotToldAgainWhereNothingCanBeDeleted(t *testing.T) {
	t.Parallel()
	eachLeasing(t, func(t *testing.T, m *memory, s *Store, c *clock) {
		m.before = func(op, _ string) error {
			if op == "delete" {
				return fault(inventory.Denied, "may not delete")
			}
			return nil
		}
		w := s.Window("events", time.Minute)
		for n := range 5 {
			b, err := w.Offer(t.Context(), fmt.Appendf(nil, `{"n":%d}`, n), c.Now())
			if !b.Kept || n > 0 && err == nil {
				t.Errorf("kept %v, %v", b.Kept, err)
			}
			wantReports(t, "each once", b, n)
			wantKind(t, b.Told(t.Context()), inventory.Denied)
			c.Advance(time.Minute)
		}
		m.before = nil
		told(t, offer(t, w, c.Now(), 9))
		if got := m.keys("window/"); len(got) != 1 {
			t.Errorf("objects %v", got)
		}
	})
}

func TestWithoutPreconditionsThereIsNoWindow(t *testing.T) {
	t.Parallel()
	m := newMemory(storage.Abilities{})
	s, c := newStore(t, m)
	w := s.Window("events", time.Minute)
	b, err := w.Offer(t.Context(), []byte(`{}`), c.Now())
	wantKind(t, err, inventory.Unsupported)
	if !errors.Is(err, ErrNoWindow) || b.Kept || len(m.keys("")) > 0 {
		t.Errorf("%v, kept %v, %v", err, b.Kept, m.keys(""))
	}
	_, err = w.Due(t.Context(), c.Now())
	if !errors.Is(err, ErrNoWindow) {
		t.Error(err)
	}
	if err := errors.Join(b.Told(t.Context()), b.Back(t.Context())); err != nil {
		t.Error(err)
	}
}

// Many invocations at once: every report is told, none more than twice, and in few cards.
func TestStorm(t *testing.T) {
	t.Parallel()
	eachLeasing(t, func(t *testing.T, m *memory, s *Store, c *clock) {
		var mu sync.Mutex
		times, cards := map[string]int{}, 0
		tell := func(b Batch, err error) {
			if err != nil {
				t.Error(err)
			}
			if len(b.Reports) == 0 {
				return
			}
			mu.Lock()
			cards++
			for _, r := range texts(b) {
				times[r]++
			}
			mu.Unlock()
			if err := b.Told(t.Context()); err != nil {
				t.Error(err)
			}
		}
		for round := range 4 {
			var wait sync.WaitGroup
			for n := range 25 {
				wait.Go(func() {
					w := s.Window("events", time.Minute)
					tell(w.Offer(t.Context(), fmt.Appendf(nil, `{"n":%d}`, 100*round+n), c.Now()))
				})
			}
			wait.Wait()
			c.Advance(time.Minute)
		}
		tell(s.Window("events", time.Minute).All(t.Context(), c.Now()))
		if len(times) != 100 || cards > 5 {
			t.Errorf("%d reports told in %d cards", len(times), cards)
		}
		for r, n := range times {
			if n != 1 {
				t.Errorf("%s was told %d times", r, n)
			}
		}
		if got := m.keys("window/"); len(got) != 1 {
			t.Errorf("objects %v", got)
		}
	})
}

// Whatever single request fails: what is kept here or by the caller is told, at most twice.
func TestNothingIsLostByASingleFault(t *testing.T) {
	t.Parallel()
	eachLeasing(t, func(t *testing.T, _ *memory, s *Store, _ *clock) {
		can := s.bucket.Abilities(t.Context())
		for at := range 30 {
			for _, done := range []bool{false, true} {
				m := newMemory(can)
				times := stormWithAFault(t, m, at, done)
				for n := range 6 {
					if got := times[fmt.Sprintf(`{"n":%d}`, n)]; got < 1 || got > 2 {
						t.Errorf("fault at call %d, done %v: report %d was told %d times", at, done, n, got)
					}
				}
			}
		}
	})
}

func stormWithAFault(t *testing.T, m *memory, at int, done bool) map[string]int {
	t.Helper()
	s, c := newStore(t, m)
	w := s.Window("events", time.Minute)
	times := map[string]int{}
	var call atomic.Int64
	strike := func() error {
		if call.Add(1) == int64(at+1) {
			return fault(inventory.Temporary, "broken")
		}
		return nil
	}
	m.before = func(string, string) error {
		if done {
			return nil
		}
		return strike()
	}
	m.after = func(string) error {
		if !done {
			return nil
		}
		return strike()
	}
	tell := func(b Batch) {
		for _, r := range texts(b) {
			times[r]++
		}
		_ = b.Told(t.Context()) // its fault may be that one
	}
	for n := range 6 {
		report := fmt.Appendf(nil, `{"n":%d}`, n)
		b, _ := w.Offer(t.Context(), report, c.Now())
		if !b.Kept {
			times[string(report)]++ // the caller tells it from memory
		}
		tell(b)
		c.Advance(45 * time.Second)
	}
	m.before, m.after = nil, nil
	c.Advance(tellTime + MaxSkew)
	b, err := w.All(t.Context(), c.Now())
	if err != nil {
		t.Error(err)
	}
	tell(b)
	return times
}

func TestDamagedWindowAndReports(t *testing.T) {
	t.Parallel()
	eachLeasing(t, func(t *testing.T, m *memory, s *Store, c *clock) {
		w := s.Window("events", time.Minute)
		told(t, offer(t, w, c.Now(), 1))
		offer(t, w, c.Now(), 2)
		m.set(w.key, []byte("damaged"))
		m.set(m.keys(w.folder)[0], []byte("damaged"))
		b, err := w.Offer(t.Context(), []byte(`{"n":3}`), c.Now())
		wantKind(t, err, inventory.Incomplete)
		wantReports(t, "with damage", b, 3)
		told(t, b)
		if got := m.keys(".damaged-"); len(got) != 2 {
			t.Errorf("set aside: %v", got)
		}
		wantReports(t, "in the window again", offer(t, w, c.Now(), 4))
	})
}

func TestWindowOfAWrongClock(t *testing.T) {
	t.Parallel()
	eachLeasing(t, func(t *testing.T, _ *memory, s *Store, c *clock) {
		w := s.Window("events", time.Minute)
		told(t, offer(t, w, c.Now().Add(24*time.Hour), 1))
		wantReports(t, "a day earlier", offer(t, w, c.Now(), 2), 2)
	})
}

func TestReportsThatCannotBeKept(t *testing.T) {
	t.Parallel()
	s, c := newStore(t, newMemory(storage.Abilities{CreateOnly: true}))
	w := s.Window("events", time.Minute)
	for _, report := range []string{"", "no json", `"` + strings.Repeat("x", reportLimit) + `"`} {
		b, err := w.Offer(t.Context(), []byte(report), c.Now())
		wantKind(t, err, inventory.Invalid)
		if b.Kept {
			t.Errorf("%.10q is kept", report)
		}
	}
}

func TestOneCardIsBounded(t *testing.T) {
	t.Parallel()
	s, c := newStore(t, newMemory(storage.Abilities{CreateOnly: true}))
	w := s.Window("events", time.Minute)
	big := `"` + strings.Repeat("x", reportLimit-1000) + `"`
	told(t, offer(t, w, c.Now(), 0))
	for range 3 {
		if b, err := w.Offer(t.Context(), []byte(big), c.Now()); err != nil || len(b.Reports) > 0 {
			t.Fatal(err)
		}
		c.Advance(time.Millisecond)
	}
	for _, want := range []int{2, 1, 0} {
		b, err := w.All(t.Context(), c.Now())
		if err != nil || len(b.Reports) != want {
			t.Errorf("%d reports, want %d, %v", len(b.Reports), want, err)
		}
		told(t, b)
	}
}
