package state

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/storage"
)

// Another told between this one's look at the window and its turn to tell: its report waits.
func TestAnotherTellsMeanwhile(t *testing.T) {
	t.Parallel()
	eachLeasing(t, func(t *testing.T, m *memory, s *Store, c *clock) {
		w := s.Window("events", time.Minute)
		paused := false
		m.before = func(op, key string) error {
			if op == "put" && strings.Contains(key, "/lease/") && !paused {
				paused = true
				b := offer(t, w, c.Now(), 2)
				wantReports(t, "the faster one", b, 1, 2)
				told(t, b)
				offer(t, w, c.Now(), 3)
			}
			return nil
		}
		wantReports(t, "the slower one", offer(t, w, c.Now(), 1))
		b, err := w.All(t.Context(), c.Now())
		if err != nil {
			t.Fatal(err)
		}
		wantReports(t, "kept", b, 3)
	})
}

// One who was telling for too long deletes what it told, and leaves the window to the next.
func TestLateTellerLeavesTheWindowAlone(t *testing.T) {
	t.Parallel()
	eachLeasing(t, func(t *testing.T, m *memory, s *Store, c *clock) {
		w := s.Window("events", 10*time.Minute)
		late := offer(t, w, c.Now(), 1)
		c.Advance(tellTime)
		before := string(m.objects[w.key])
		told(t, late)
		if string(m.objects[w.key]) != before || len(m.keys(w.folder)) > 0 {
			t.Errorf("objects %v, window\n%s, before\n%s", m.keys(w.folder), m.objects[w.key], before)
		}
	})
}

func TestNothingToTellBlocksNobody(t *testing.T) {
	t.Parallel()
	eachLeasing(t, func(t *testing.T, _ *memory, s *Store, c *clock) {
		w := s.Window("events", time.Minute)
		if b, err := w.Due(t.Context(), c.Now()); err != nil || len(b.Reports) > 0 {
			t.Fatalf("%v, %v", texts(b), err)
		}
		wantReports(t, "at once", offer(t, w, c.Now(), 1), 1)
	})
}

func TestOneCardTakesFiveHundred(t *testing.T) {
	t.Parallel()
	m := newMemory(storage.Abilities{CreateOnly: true})
	s, c := newStore(t, m)
	w := s.Window("events", time.Minute)
	for n := range maxTold + 1 {
		data, err := encode(keptBody{At: c.Now(), Report: fmt.Appendf(nil, `{"n":%d}`, n)}, reportLimit)
		if err != nil {
			t.Fatal(err)
		}
		m.set(fmt.Sprintf("%s%s-%06d.json", w.folder, c.Now().Format(stamp), n), data)
	}
	for _, want := range []int{maxTold, 1, 0} {
		b, err := w.All(t.Context(), c.Now())
		if err != nil || len(b.Reports) != want {
			t.Errorf("%d reports, want %d, %v", len(b.Reports), want, err)
		}
		told(t, b)
	}
}
