package state

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

func TestRunsAreRecordedAndRead(t *testing.T) {
	t.Parallel()
	for name, can := range allAbilities() {
		m := newMemoryBucket(can)
		s, c := newStore(t, m)
		for n := range 100 {
			if err := s.RecordRun(t.Context(), fmt.Appendf(nil, `{"n":%d}`, n), c.Now()); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			c.Advance(time.Hour)
		}
		for _, q := range []struct {
			since time.Duration
			limit int
			first string
			count int
		}{
			{200 * time.Hour, 10, `{"n":99}`, 10},
			{time.Hour, 10, `{"n":99}`, 1},
			{30 * time.Hour, 1000, `{"n":99}`, 30},
			{1000 * 24 * time.Hour, 1000, `{"n":99}`, 100},
			{0, 10, "", 0},
			{time.Hour, 0, "", 0},
			{time.Hour, -1, "", 0},
		} {
			runs, err := s.ListRuns(t.Context(), c.Now().Add(-q.since), q.limit)
			if err != nil || len(runs) != q.count || q.count > 0 && string(runs[0].Document) != q.first {
				t.Errorf("%s, since %s: %d runs, %v", name, q.since, len(runs), err)
			}
			for n := 1; n < len(runs); n++ {
				if !runs[n].At.Before(runs[n-1].At) {
					t.Errorf("%s: run %d is not older than the one before", name, n)
				}
			}
		}
	}
}

// A deployment that runs for two years, is off for some months, and runs again: nothing much older
// than 180 days stays, nothing younger goes, and no run makes more than a few requests.
func TestHistoryIsPruned(t *testing.T) {
	t.Parallel()
	m := newMemoryBucket(storage.Capabilities{CreateOnly: true})
	s, c := newStore(t, m)
	record := func(days int) {
		for range days * 8 {
			before := m.callCount("delete") + m.callCount("list")
			if err := s.RecordRun(t.Context(), []byte(`{}`), c.Now()); err != nil {
				t.Fatal(err)
			}
			if n := m.callCount("delete") + m.callCount("list") - before; n > maxPrunedRuns+1 {
				t.Fatalf("one run made %d requests to forget", n)
			}
			c.Advance(3 * time.Hour)
		}
	}
	oldest := func() time.Duration {
		first := strings.Split(m.keysContaining("runs/")[0], "/")
		at, err := time.Parse(keyTimeLayout, strings.SplitN(first[len(first)-1], "-n", 2)[0])
		if err != nil {
			t.Fatal(err)
		}
		return c.Now().Sub(at)
	}
	record(300)
	if age := oldest(); age < HistoryRetention || age > HistoryRetention+10*day {
		t.Errorf("the oldest is %s", age)
	}
	if n := len(m.keysContaining("runs/")); n < 180*8 || n > 190*8 {
		t.Errorf("%d runs are kept", n)
	}
	c.Advance(100 * day)
	record(1)
	if n := len(m.keysContaining("runs/")); n < 80*8 {
		t.Errorf("%d runs are kept after a pause", n)
	}
}

func TestRunsLongGoneAreForgottenAfterAPause(t *testing.T) {
	t.Parallel()
	m := newMemoryBucket(storage.Capabilities{CreateOnly: true})
	s, c := newStore(t, m)
	for range 100 {
		if err := s.RecordRun(t.Context(), []byte(`{}`), c.Now()); err != nil {
			t.Fatal(err)
		}
	}
	c.Advance(400 * day)
	s.pick = func() func(int) int { // days around that one, in turn
		n := 0
		return func(most int) int {
			if most == 4 {
				return 0
			}
			n++
			return min(210+n%20, most-1)
		}
	}()
	for range 5 * 20 {
		before := m.callCount("delete")
		if err := s.RecordRun(t.Context(), []byte(`{}`), c.Now()); err != nil {
			t.Fatal(err)
		}
		if n := m.callCount("delete") - before; n > maxPrunedRuns {
			t.Errorf("one run deleted %d", n)
		}
	}
	if got := len(m.keysContaining("runs/" + testStart.Format(dayLayout))); got != 0 {
		t.Errorf("%d runs of long ago", got)
	}
}

func TestHistoryFaults(t *testing.T) {
	t.Parallel()
	m := newMemoryBucket(storage.Capabilities{})
	s, c := newStore(t, m)
	wantKind(t, s.RecordRun(t.Context(), []byte("no json"), c.Now()), inventory.Invalid)
	wantKind(t, s.RecordRun(t.Context(), nil, c.Now()), inventory.Invalid)
	large := `"` + strings.Repeat("x", reportMaxBytes) + `"`
	wantKind(t, s.RecordRun(t.Context(), []byte(large), c.Now()), inventory.Invalid)
	for range 3 {
		if err := s.RecordRun(t.Context(), []byte(`{}`), c.Now()); err != nil {
			t.Fatal(err)
		}
	}
	m.setObject(m.keysContaining("runs/")[1], []byte("damaged"))
	c.Advance(time.Minute)
	runs, err := s.ListRuns(t.Context(), testStart, 10)
	wantKind(t, err, inventory.Incomplete)
	if len(runs) != 2 {
		t.Errorf("%d runs beside a damaged one", len(runs))
	}
	m.before = func(op, _ string) error {
		if op == "list" {
			return newFault(inventory.Denied, "may not list")
		}
		return nil
	}
	_, err = s.ListRuns(t.Context(), testStart, 10)
	wantKind(t, err, inventory.Denied)
	err = s.RecordRun(t.Context(), []byte(`{}`), c.Now())
	wantKind(t, err, inventory.Denied)
	if !strings.Contains(err.Error(), "is recorded") || len(m.keysContaining("runs/")) != 4 {
		t.Errorf("%v, %v", err, m.keysContaining("runs/"))
	}
}

// TestListRemovalRuns: runs that removed something are found among all others, by time, without reading the others.
func TestListRemovalRuns(t *testing.T) {
	t.Parallel()
	for name, can := range allAbilities() {
		m := newMemoryBucket(can)
		s, c := newStore(t, m)
		start := c.Now()
		for n := range 100 {
			document := fmt.Appendf(nil, `{"n":%d,"closed":[]}`, n)
			if n%10 == 5 {
				document = fmt.Appendf(nil, `{"n":%d,"closed":[{"assets":["a"]}]}`, n)
			}
			if err := s.RecordRun(t.Context(), document, c.Now()); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			c.Advance(time.Hour)
		}
		hour := func(n int) time.Time { return start.Add(time.Duration(n) * time.Hour) }
		for _, q := range []struct {
			since, until, limit int
			want                string
		}{
			{0, 100, 100, "[95 85 75 65 55 45 35 25 15 5]"},
			{0, 100, 2, "[95 85]"},
			{15, 35, 100, "[35 25 15]"},
			{16, 34, 100, "[25]"},
			{16, 24, 100, "[]"},
		} {
			runs, err := s.ListRemovalRuns(t.Context(), hour(q.since), hour(q.until), q.limit)
			found := []string{}
			for _, r := range runs {
				text, _, _ := strings.Cut(strings.TrimPrefix(string(r.Document), `{"n":`), ",")
				found = append(found, text)
			}
			if got := fmt.Sprint(found); err != nil || got != q.want {
				t.Errorf("%s, hours %d to %d: %s, %v, want %s", name, q.since, q.until, got, err, q.want)
			}
		}
		if runs, err := s.ListRuns(t.Context(), start, 1000); err != nil || len(runs) != 100 {
			t.Errorf("%s: %d runs, %v", name, len(runs), err)
		}
	}
}
