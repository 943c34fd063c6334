package state

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/storage"
)

// document returns a run's document as the results have it, with n created assets.
func document(started time.Time, outcome string, n int, more string) []byte {
	return fmt.Appendf(nil, `{"outcome":%q,"started_at":%q,"duration_seconds":1.5,"total":%d,"created":%d,"updated":2,"deactivated":3,"deleted":4,"held":5,"failed":6%s}`,
		outcome, started.UTC().Format(time.RFC3339), n+10, n, more)
}

// TestFiguresOfMonths: the figures of half a year come from keys alone; only what an older program recorded is read.
func TestFiguresOfMonths(t *testing.T) {
	t.Parallel()
	m := newMemoryBucket(storage.Capabilities{CreateOnly: true})
	s, c := newStore(t, m)
	var started []time.Time
	for n := range 100 {
		at := c.Now().Truncate(time.Second)
		started = append(started, at)
		c.Advance(1500 * time.Millisecond)
		more := ""
		if n%2 == 0 {
			more = `,"closed":[{"action":"delete","count":4}]`
		}
		if err := s.RecordRun(t.Context(), document(at, "partial", n, more), c.Now()); err != nil {
			t.Fatal(err)
		}
		c.Advance(24 * time.Hour)
	}
	reads := m.callCount("get")
	all, leftOut, err := s.ListRunFigures(t.Context(), started[50])
	if err != nil || leftOut != 0 || len(all) != 50 || m.callCount("get") != reads {
		t.Fatalf("%d figures, %d left out, %d objects read, %v", len(all), leftOut, m.callCount("get")-reads, err)
	}
	want := RunFigures{
		At: all[0].At, Started: started[50].UTC(), Outcome: "partial", Duration: 1500 * time.Millisecond, Total: 60, Created: 50, Updated: 2, Deactivated: 3,
		Deleted: 4, Held: 5, Failed: 6,
	}
	if all[0] != want || !slices.IsSortedFunc(all, func(x, y RunFigures) int { return x.At.Compare(y.At) }) {
		t.Errorf("%+v, want %+v", all[0], want)
	}
	removals, err := s.ListRemovalRuns(t.Context(), started[0], c.Now(), 1000)
	if err != nil || len(removals) != 50 {
		t.Errorf("%d runs that removed something, %v", len(removals), err)
	}
	for _, key := range m.keysContaining("runs/") { // as an older program wrote them
		at := strings.LastIndex(key, "-partial.")
		end := ".json"
		if strings.HasSuffix(key, removalSuffix) {
			end = removalSuffix
		}
		object, err := m.Get(t.Context(), key, "")
		if err != nil || m.Delete(t.Context(), key) != nil {
			t.Fatal(err)
		}
		m.setObject(key[:at]+end, object.Data)
	}
	plain, leftOut, err := s.ListRunFigures(t.Context(), started[50])
	if err != nil || leftOut != 0 || !slices.Equal(plain, all) {
		t.Errorf("without figures in their keys: %d, %d left out, %v", len(plain), leftOut, err)
	}
}

// TestRunsOfOneSecond: a run is found by its beginning, also where its key has no figures; others of that day are not.
func TestRunsOfOneSecond(t *testing.T) {
	t.Parallel()
	m := newMemoryBucket(storage.Capabilities{CreateOnly: true})
	s, c := newStore(t, m)
	first := c.Now().Truncate(time.Second)
	for n := range 5 {
		if err := s.RecordRun(t.Context(), document(first.Add(time.Duration(n)*time.Minute), "ok", n, ""), c.Now()); err != nil {
			t.Fatal(err)
		}
		c.Advance(time.Minute)
	}
	if err := s.RecordRun(t.Context(), []byte(`{"n":1}`), c.Now()); err != nil {
		t.Fatal(err)
	}
	c.Advance(100 * 24 * time.Hour)
	runs, err := s.LoadRuns(t.Context(), first.Add(2*time.Minute))
	if err != nil || len(runs) != 1 || !strings.Contains(string(runs[0].Document), `"created":2`) {
		t.Errorf("%d runs, %v", len(runs), err)
	}
	if runs, err := s.LoadRuns(t.Context(), first.Add(time.Second)); err != nil || len(runs) != 0 {
		t.Errorf("%d runs of a second in which none began, %v", len(runs), err)
	}
	if all, leftOut, err := s.ListRunFigures(t.Context(), first); err != nil || len(all) != 5 || leftOut != 1 {
		t.Errorf("%d figures, %d left out, %v", len(all), leftOut, err)
	}
}

// TestOddRunNames: a name that is not ours has no figures.
func TestOddRunNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"20261128T143507.000000000Z-n1-ok.1.2.3.4.5.6.7.8.9.json":             true,
		"20261128T143507.000000000Z-n1-partial.1.2.3.4.5.6.7.8.9-closed.json": true,
		"20261128T143507.000000000Z-n1.json":                                  false,
		"20261128T143507.000000000Z-n1-closed.json":                           false,
		"20261128T143507.000000000Z-n1-ok.1.2.3.4.5.6.7.8.json":               false,
		"20261128T143507.000000000Z-n1-ok.1.2.3.4.5.6.7.8.x.json":             false,
		"yesterday-n1-ok.1.2.3.4.5.6.7.8.9.json":                              false,
	} {
		if _, got := figuresInName(name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
