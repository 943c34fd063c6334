package engine_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jms-sync/jms-sync/core/delivery"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reconcile"
)

// TestEventRedelivered: an event whose answer gets lost fails, comes again, finds nothing to do, and tells it all the
// same, once.
func TestEventRedelivered(t *testing.T) {
	t.Parallel()
	for _, killed := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newSlowWorld(t, 10)
			w.reserve = 5 * time.Second
			w.release(0, 1)
			w.setRowCost(45 * time.Second)
			hear := func() reconcile.EventReport { return w.handleEvents(30*time.Second, slowID(0)) }
			if killed {
				w.runKilled(func() { hear() })
			} else if a := hear(); !a.NeedsRedelivery() || a.Unknown != 1 || a.Deactivated != 0 {
				t.Fatalf("%+v", a)
			}
			_, off, _, _ := w.notified()
			w.waitForServer(2 * time.Minute)
			w.setRowCost(0)
			if w.countClosed(0, 1) != 1 {
				t.Fatalf("killed %t: JumpServer did not carry it out: %s", killed, lastLines(w.log.String(), 12))
			}
			a := hear()
			if a.NeedsRedelivery() || a.Deactivated != 1 || !strings.Contains(a.Results[0].Reason, "by an earlier run") {
				t.Errorf("the second delivery: %+v %d", a.Results, a.Deactivated)
			}
			w.waitForServer(2 * time.Minute)
			if a = hear(); a.NeedsRedelivery() || a.Deactivated != 0 || a.Results[0].Reason != plan.NewReason(plan.NothingToClose).Text(plan.English) {
				t.Errorf("the third delivery: %+v", a.Results)
			}
			w.waitForServer(time.Hour)
			w.expectOK(w.run())
			_, more, _, _ := w.notified()
			if off+more != 1 {
				t.Errorf("it was told %d times", off+more)
			}
			w.expectQuietRun()
		})
	}
}

// TestEventThenTimer: what an event did not learn, and was not delivered again, is told by the next full run.
func TestEventThenTimer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newSlowWorld(t, 10)
		w.reserve = 5 * time.Second
		w.release(0, 1)
		w.setRowCost(45 * time.Second)
		w.runKilled(func() { w.handleEvents(30*time.Second, slowID(0)) })
		w.waitForServer(time.Second) // it may still be at work
		w.setRowCost(0)
		w.expectOK(w.run())
		_, early, _, _ := w.notified()
		w.waitForServer(10 * time.Minute)
		w.expectOK(w.run())
		if _, off, _, _ := w.notified(); early+off != 1 {
			t.Errorf("it was told %d times", early+off)
		}
		w.waitForServer(time.Hour)
		w.expectQuietRun()
	})
}

// TestEventCardWaitsInTheProcess: while a process still has a card to send nobody else tells of its removal; if it
// dies, the next full run does.
func TestEventCardWaitsInTheProcess(t *testing.T) {
	t.Parallel()
	for _, dies := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newSlowWorld(t, 10)
			w.outbox = delivery.NewOutbox(30 * time.Second)
			w.release(0, 1)
			w.robot.refuse = func(int) bool { return true }
			if a := w.handleEvents(30*time.Second, slowID(0)); a.Deactivated != 1 {
				t.Fatalf("%+v", a)
			}
			w.robot.refuse = nil
			w.waitForServer(10 * time.Minute)
			w.expectOK(w.run())
			if _, off, _, _ := w.notified(); off != 0 {
				t.Error("a run tells what the process still has to tell")
			}
			if !dies {
				e := w.newEngine()
				e.Cards.Outbox = w.outbox
				e.Cards.Flush(t.Context())
			}
			w.waitForServer(2 * time.Hour)
			w.expectOK(w.run())
			if _, off, _, _ := w.notified(); off != 1 {
				t.Errorf("it was told %d times", off)
			}
			w.expectQuietRun()
		})
	}
}
