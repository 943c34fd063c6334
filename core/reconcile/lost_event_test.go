package reconcile_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jms-sync/jms-sync/core/delivery"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/reconcile"
)

// TestEventRedelivered: an event whose answer gets lost fails, comes again, finds nothing to do, and tells it all the
// same, once.
func TestEventRedelivered(t *testing.T) {
	t.Parallel()
	for _, killed := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := enginetest.NewSlowWorld(t, 10)
			w.Reserve = 5 * time.Second
			w.Release(0, 1)
			w.SetRowCost(45 * time.Second)
			hear := func() reconcile.EventReport { return w.HandleEvents(30*time.Second, enginetest.SlowID(0)) }
			if killed {
				w.RunKilled(func() { hear() })
			} else if a := hear(); !a.NeedsRedelivery() || a.Unknown != 1 || a.Deactivated != 0 {
				t.Fatalf("%+v", a)
			}
			_, off, _, _ := w.Notified()
			w.WaitForServer(2 * time.Minute)
			w.SetRowCost(0)
			if w.CountClosed(0, 1) != 1 {
				t.Fatalf("killed %t: JumpServer did not carry it out: %s", killed, enginetest.LastLines(w.Log.String(), 12))
			}
			a := hear()
			if a.NeedsRedelivery() || a.Deactivated != 1 || !strings.Contains(a.Results[0].Reason, "by an earlier run") {
				t.Errorf("the second delivery: %+v %d", a.Results, a.Deactivated)
			}
			w.WaitForServer(2 * time.Minute)
			a = hear()
			if a.NeedsRedelivery() || a.Deactivated != 0 || a.Results[0].Reason != reason.New(reason.NothingToClose).Text(language.English) {
				t.Errorf("the third delivery: %+v", a.Results)
			}
			w.WaitForServer(time.Hour)
			w.ExpectOK(w.Run())
			_, more, _, _ := w.Notified()
			if off+more != 1 {
				t.Errorf("it was told %d times", off+more)
			}
			w.ExpectQuietRun()
		})
	}
}

// TestEventThenTimer: what an event did not learn, and was not delivered again, is told by the next full run.
func TestEventThenTimer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := enginetest.NewSlowWorld(t, 10)
		w.Reserve = 5 * time.Second
		w.Release(0, 1)
		w.SetRowCost(45 * time.Second)
		w.RunKilled(func() { w.HandleEvents(30*time.Second, enginetest.SlowID(0)) })
		w.WaitForServer(time.Second) // it may still be at work
		w.SetRowCost(0)
		w.ExpectOK(w.Run())
		_, early, _, _ := w.Notified()
		w.WaitForServer(10 * time.Minute)
		w.ExpectOK(w.Run())
		if _, off, _, _ := w.Notified(); early+off != 1 {
			t.Errorf("it was told %d times", early+off)
		}
		w.WaitForServer(time.Hour)
		w.ExpectQuietRun()
	})
}

// TestEventCardWaitsInTheProcess: while a process still has a card to send nobody else tells of its removal; if it
// dies, the next full run does.
func TestEventCardWaitsInTheProcess(t *testing.T) {
	t.Parallel()
	for _, dies := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := enginetest.NewSlowWorld(t, 10)
			w.Outbox = delivery.NewOutbox(30 * time.Second)
			w.Release(0, 1)
			w.Robot.Refuse = func(int) bool { return true }
			if a := w.HandleEvents(30*time.Second, enginetest.SlowID(0)); a.Deactivated != 1 {
				t.Fatalf("%+v", a)
			}
			w.Robot.Refuse = nil
			w.WaitForServer(10 * time.Minute)
			w.ExpectOK(w.Run())
			if _, off, _, _ := w.Notified(); off != 0 {
				t.Error("a run tells what the process still has to tell")
			}
			if !dies {
				e := w.NewEngine()
				e.Cards.Outbox = w.Outbox
				e.Cards.Flush(t.Context())
			}
			w.WaitForServer(2 * time.Hour)
			w.ExpectOK(w.Run())
			if _, off, _, _ := w.Notified(); off != 1 {
				t.Errorf("it was told %d times", off)
			}
			w.ExpectQuietRun()
		})
	}
}
