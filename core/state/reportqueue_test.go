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

func reportTexts(b Batch) []string {
	var all []string
	for _, r := range b.Reports {
		all = append(all, string(r))
	}
	return all
}

func putReport(t *testing.T, w *ReportQueue, now time.Time, n int) Batch {
	t.Helper()
	b, err := w.Put(t.Context(), fmt.Appendf(nil, `{"n":%d}`, n), now)
	if err != nil || !b.Queued {
		t.Fatalf("offer %d: kept %v, %v", n, b.Queued, err)
	}
	return b
}

func mustAck(t *testing.T, b Batch) {
	t.Helper()
	if err := b.Ack(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func wantReports(t *testing.T, what string, b Batch, numbers ...int) {
	t.Helper()
	var want []string
	for _, n := range numbers {
		want = append(want, fmt.Sprintf(`{"n":%d}`, n))
	}
	if got := reportTexts(b); !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestWindowTellsFirstKeepsAndTellsTheRest(t *testing.T) {
	t.Parallel()
	forEachLeasing(t, func(t *testing.T, m *memoryBucket, s *Store, c *fakeClock) {
		w := s.ReportQueue("events", time.Minute)
		b := putReport(t, w, c.Now(), 1)
		wantReports(t, "the first", b, 1)
		mustAck(t, b)
		for n := 2; n <= 4; n++ {
			c.Advance(10 * time.Second)
			other := newStoreAt(t, m, c).ReportQueue("events", time.Minute) // of another invocation
			wantReports(t, "in the window", putReport(t, other, c.Now(), n))
		}
		if b, err := w.ClaimDue(t.Context(), c.Now()); err != nil || len(b.Reports) > 0 {
			t.Errorf("due in the window: %v, %v", reportTexts(b), err)
		}
		c.Advance(30 * time.Second)
		b = putReport(t, w, c.Now(), 5)
		wantReports(t, "after the window", b, 2, 3, 4, 5)
		mustAck(t, b)
		wantReports(t, "in the second window", putReport(t, w, c.Now(), 6))
		b, err := w.ClaimAll(t.Context(), c.Now())
		if err != nil {
			t.Fatal(err)
		}
		wantReports(t, "all", b, 6)
		mustAck(t, b)
		if got := m.keysContaining("window/"); len(got) != 1 || got[0] != w.key {
			t.Errorf("objects stayed: %v", got)
		}
	})
}

func TestDueBeginsNoWindow(t *testing.T) {
	t.Parallel()
	forEachLeasing(t, func(t *testing.T, _ *memoryBucket, s *Store, c *fakeClock) {
		w := s.ReportQueue("events", time.Minute)
		mustAck(t, putReport(t, w, c.Now(), 1))
		putReport(t, w, c.Now(), 2)
		c.Advance(time.Minute)
		b, err := w.ClaimDue(t.Context(), c.Now())
		if err != nil {
			t.Fatal(err)
		}
		wantReports(t, "due", b, 2)
		mustAck(t, b)
		b = putReport(t, w, c.Now(), 3)
		wantReports(t, "after due", b, 3)
		mustAck(t, b)
		if b, err := w.ClaimDue(t.Context(), c.Now().Add(time.Hour)); err != nil || len(b.Reports) > 0 {
			t.Errorf("nothing is kept, yet due: %v, %v", reportTexts(b), err)
		}
	})
}

func TestWithoutAWindowEachIsTold(t *testing.T) {
	t.Parallel()
	forEachLeasing(t, func(t *testing.T, _ *memoryBucket, s *Store, c *fakeClock) {
		w := s.ReportQueue("events", 0)
		for n := range 3 {
			b := putReport(t, w, c.Now(), n)
			wantReports(t, "told", b, n)
			mustAck(t, b)
		}
	})
}

func TestWhatCouldNotBeToldIsKept(t *testing.T) {
	t.Parallel()
	forEachLeasing(t, func(t *testing.T, _ *memoryBucket, s *Store, c *fakeClock) {
		w := s.ReportQueue("events", time.Minute)
		b := putReport(t, w, c.Now(), 1)
		if err := b.Nack(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantReports(t, "in its window", putReport(t, w, c.Now(), 2))
		c.Advance(time.Minute)
		b, err := w.ClaimDue(t.Context(), c.Now())
		if err != nil {
			t.Fatal(err)
		}
		wantReports(t, "after it", b, 1, 2)
	})
}

// A sender died, or was frozen: after claimTimeout another claims the same batch; if the first
// comes back then, it disturbs nothing.
func TestTellerThatDies(t *testing.T) {
	t.Parallel()
	forEachLeasing(t, func(t *testing.T, m *memoryBucket, s *Store, c *fakeClock) {
		w := s.ReportQueue("events", time.Minute)
		dead := putReport(t, w, c.Now(), 1)
		c.Advance(time.Minute)
		wantReports(t, "while it may be telling", putReport(t, w, c.Now(), 2))
		c.Advance(claimTimeout + MaxSkew)
		b := putReport(t, w, c.Now(), 3)
		wantReports(t, "after its time", b, 1, 2, 3)
		mustAck(t, dead)
		mustAck(t, b)
		if got := m.keysContaining("window/"); len(got) != 1 {
			t.Errorf("objects %v", got)
		}
	})
}

func TestToldIsNotToldAgainWhereNothingCanBeDeleted(t *testing.T) {
	t.Parallel()
	forEachLeasing(t, func(t *testing.T, m *memoryBucket, s *Store, c *fakeClock) {
		m.before = func(op, _ string) error {
			if op == "delete" {
				return newFault(inventory.Denied, "may not delete")
			}
			return nil
		}
		w := s.ReportQueue("events", time.Minute)
		for n := range 5 {
			b, err := w.Put(t.Context(), fmt.Appendf(nil, `{"n":%d}`, n), c.Now())
			if !b.Queued || n > 0 && err == nil {
				t.Errorf("kept %v, %v", b.Queued, err)
			}
			wantReports(t, "each once", b, n)
			wantKind(t, b.Ack(t.Context()), inventory.Denied)
			c.Advance(time.Minute)
		}
		m.before = nil
		mustAck(t, putReport(t, w, c.Now(), 9))
		if got := m.keysContaining("window/"); len(got) != 1 {
			t.Errorf("objects %v", got)
		}
	})
}

func TestWithoutPreconditionsThereIsNoWindow(t *testing.T) {
	t.Parallel()
	m := newMemoryBucket(storage.Capabilities{})
	s, c := newStore(t, m)
	w := s.ReportQueue("events", time.Minute)
	b, err := w.Put(t.Context(), []byte(`{}`), c.Now())
	wantKind(t, err, inventory.Unsupported)
	if !errors.Is(err, ErrNoQueue) || b.Queued || len(m.keysContaining("")) > 0 {
		t.Errorf("%v, kept %v, %v", err, b.Queued, m.keysContaining(""))
	}
	_, err = w.ClaimDue(t.Context(), c.Now())
	if !errors.Is(err, ErrNoQueue) {
		t.Error(err)
	}
	if err := errors.Join(b.Ack(t.Context()), b.Nack(t.Context())); err != nil {
		t.Error(err)
	}
}

// Many invocations at once: every report is sent, none more than twice, and in few cards.
func TestStorm(t *testing.T) {
	t.Parallel()
	forEachLeasing(t, func(t *testing.T, m *memoryBucket, s *Store, c *fakeClock) {
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
			for _, r := range reportTexts(b) {
				times[r]++
			}
			mu.Unlock()
			if err := b.Ack(t.Context()); err != nil {
				t.Error(err)
			}
		}
		for round := range 4 {
			var wait sync.WaitGroup
			for n := range 25 {
				wait.Go(func() {
					w := s.ReportQueue("events", time.Minute)
					tell(w.Put(t.Context(), fmt.Appendf(nil, `{"n":%d}`, 100*round+n), c.Now()))
				})
			}
			wait.Wait()
			c.Advance(time.Minute)
		}
		tell(s.ReportQueue("events", time.Minute).ClaimAll(t.Context(), c.Now()))
		if len(times) != 100 || cards > 5 {
			t.Errorf("%d reports told in %d cards", len(times), cards)
		}
		for r, n := range times {
			if n != 1 {
				t.Errorf("%s was told %d times", r, n)
			}
		}
		if got := m.keysContaining("window/"); len(got) != 1 {
			t.Errorf("objects %v", got)
		}
	})
}

// Whatever single request fails: what the queue or the caller has is sent, at most twice.
func TestNothingIsLostByASingleFault(t *testing.T) {
	t.Parallel()
	forEachLeasing(t, func(t *testing.T, _ *memoryBucket, s *Store, _ *fakeClock) {
		can := s.bucket.Capabilities(t.Context())
		for at := range 30 {
			for _, done := range []bool{false, true} {
				m := newMemoryBucket(can)
				times := runStormWithFault(t, m, at, done)
				for n := range 6 {
					if got := times[fmt.Sprintf(`{"n":%d}`, n)]; got < 1 || got > 2 {
						t.Errorf("fault at call %d, done %v: report %d was told %d times", at, done, n, got)
					}
				}
			}
		}
	})
}

func runStormWithFault(t *testing.T, m *memoryBucket, at int, done bool) map[string]int {
	t.Helper()
	s, c := newStore(t, m)
	w := s.ReportQueue("events", time.Minute)
	times := map[string]int{}
	var call atomic.Int64
	strike := func() error {
		if call.Add(1) == int64(at+1) {
			return newFault(inventory.Temporary, "broken")
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
		for _, r := range reportTexts(b) {
			times[r]++
		}
		_ = b.Ack(t.Context()) // the fault may be in this call
	}
	for n := range 6 {
		report := fmt.Appendf(nil, `{"n":%d}`, n)
		b, _ := w.Put(t.Context(), report, c.Now())
		if !b.Queued {
			times[string(report)]++ // the caller sends it from memory
		}
		tell(b)
		c.Advance(45 * time.Second)
	}
	m.before, m.after = nil, nil
	c.Advance(claimTimeout + MaxSkew)
	b, err := w.ClaimAll(t.Context(), c.Now())
	if err != nil {
		t.Error(err)
	}
	tell(b)
	return times
}

func TestDamagedWindowAndReports(t *testing.T) {
	t.Parallel()
	forEachLeasing(t, func(t *testing.T, m *memoryBucket, s *Store, c *fakeClock) {
		w := s.ReportQueue("events", time.Minute)
		mustAck(t, putReport(t, w, c.Now(), 1))
		putReport(t, w, c.Now(), 2)
		m.setObject(w.key, []byte("damaged"))
		m.setObject(m.keysContaining(w.folder)[0], []byte("damaged"))
		b, err := w.Put(t.Context(), []byte(`{"n":3}`), c.Now())
		wantKind(t, err, inventory.Incomplete)
		wantReports(t, "with damage", b, 3)
		mustAck(t, b)
		if got := m.keysContaining(".damaged-"); len(got) != 2 {
			t.Errorf("set aside: %v", got)
		}
		wantReports(t, "in the window again", putReport(t, w, c.Now(), 4))
	})
}

func TestWindowOfAWrongClock(t *testing.T) {
	t.Parallel()
	forEachLeasing(t, func(t *testing.T, _ *memoryBucket, s *Store, c *fakeClock) {
		w := s.ReportQueue("events", time.Minute)
		mustAck(t, putReport(t, w, c.Now().Add(24*time.Hour), 1))
		wantReports(t, "a day earlier", putReport(t, w, c.Now(), 2), 2)
	})
}

func TestReportsThatCannotBeKept(t *testing.T) {
	t.Parallel()
	s, c := newStore(t, newMemoryBucket(storage.Capabilities{CreateOnly: true}))
	w := s.ReportQueue("events", time.Minute)
	for _, report := range []string{"", "no json", `"` + strings.Repeat("x", reportMaxBytes) + `"`} {
		b, err := w.Put(t.Context(), []byte(report), c.Now())
		wantKind(t, err, inventory.Invalid)
		if b.Queued {
			t.Errorf("%.10q is kept", report)
		}
	}
}

func TestOneCardIsBounded(t *testing.T) {
	t.Parallel()
	s, c := newStore(t, newMemoryBucket(storage.Capabilities{CreateOnly: true}))
	w := s.ReportQueue("events", time.Minute)
	big := `"` + strings.Repeat("x", reportMaxBytes-1000) + `"`
	mustAck(t, putReport(t, w, c.Now(), 0))
	for range 3 {
		if b, err := w.Put(t.Context(), []byte(big), c.Now()); err != nil || len(b.Reports) > 0 {
			t.Fatal(err)
		}
		c.Advance(time.Millisecond)
	}
	for _, want := range []int{2, 1, 0} {
		b, err := w.ClaimAll(t.Context(), c.Now())
		if err != nil || len(b.Reports) != want {
			t.Errorf("%d reports, want %d, %v", len(b.Reports), want, err)
		}
		mustAck(t, b)
	}
}
