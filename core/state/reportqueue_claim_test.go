package state

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/storage"
)

// Another invocation sent a card between this one's look at the window and its lease: its report waits.
func TestAnotherTellsMeanwhile(t *testing.T) {
	t.Parallel()
	forEachLeasing(t, func(t *testing.T, m *memoryBucket, s *Store, c *fakeClock) {
		w := s.ReportQueue("events", time.Minute)
		paused := false
		m.before = func(op, key string) error {
			if op == "put" && strings.Contains(key, "/lease/") && !paused {
				paused = true
				b := putReport(t, w, c.Now(), 2)
				wantReports(t, "the faster one", b, 1, 2)
				mustAck(t, b)
				putReport(t, w, c.Now(), 3)
			}
			return nil
		}
		wantReports(t, "the slower one", putReport(t, w, c.Now(), 1))
		b, err := w.ClaimAll(t.Context(), c.Now())
		if err != nil {
			t.Fatal(err)
		}
		wantReports(t, "kept", b, 3)
	})
}

// A sender that took too long deletes what it sent, and leaves the window to the next.
func TestLateTellerLeavesTheWindowAlone(t *testing.T) {
	t.Parallel()
	forEachLeasing(t, func(t *testing.T, m *memoryBucket, s *Store, c *fakeClock) {
		w := s.ReportQueue("events", 10*time.Minute)
		late := putReport(t, w, c.Now(), 1)
		c.Advance(claimTimeout)
		before := string(m.objects[w.key])
		mustAck(t, late)
		if string(m.objects[w.key]) != before || len(m.keysContaining(w.folder)) > 0 {
			t.Errorf("objects %v, window\n%s, before\n%s", m.keysContaining(w.folder), m.objects[w.key], before)
		}
	})
}

func TestNothingToTellBlocksNobody(t *testing.T) {
	t.Parallel()
	forEachLeasing(t, func(t *testing.T, _ *memoryBucket, s *Store, c *fakeClock) {
		w := s.ReportQueue("events", time.Minute)
		if b, err := w.ClaimDue(t.Context(), c.Now()); err != nil || len(b.Reports) > 0 {
			t.Fatalf("%v, %v", reportTexts(b), err)
		}
		wantReports(t, "at once", putReport(t, w, c.Now(), 1), 1)
	})
}

func TestOneCardTakesFiveHundred(t *testing.T) {
	t.Parallel()
	m := newMemoryBucket(storage.Capabilities{CreateOnly: true})
	s, c := newStore(t, m)
	w := s.ReportQueue("events", time.Minute)
	for n := range maxBatchReports + 1 {
		data, err := encodeObject(queuedReportBody{At: c.Now(), Report: fmt.Appendf(nil, `{"n":%d}`, n)}, reportMaxBytes)
		if err != nil {
			t.Fatal(err)
		}
		m.setObject(fmt.Sprintf("%s%s-%06d.json", w.folder, c.Now().Format(keyTimeLayout), n), data)
	}
	for _, want := range []int{maxBatchReports, 1, 0} {
		b, err := w.ClaimAll(t.Context(), c.Now())
		if err != nil || len(b.Reports) != want {
			t.Errorf("%d reports, want %d, %v", len(b.Reports), want, err)
		}
		mustAck(t, b)
	}
}
