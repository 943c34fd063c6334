package engine_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/plan"
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
			w.perRow(45 * time.Second)
			hear := func() engine.EventAnswer { return w.hear(30*time.Second, slowID(0)) }
			if killed {
				w.killed(func() { hear() })
			} else if a := hear(); !a.Failed() || a.Unknown != 1 || a.Deactivated != 0 {
				t.Fatalf("%+v", a)
			}
			_, off, _, _ := w.told()
			w.later(2 * time.Minute)
			w.perRow(0)
			if w.closed(0, 1) != 1 {
				t.Fatalf("killed %t: JumpServer did not carry it out: %s", killed, tail(w.log.String(), 12))
			}
			a := hear()
			if a.Failed() || a.Deactivated != 1 || !strings.Contains(a.Events[0].Reason, "by an earlier run") {
				t.Errorf("the second delivery: %+v %d", a.Events, a.Deactivated)
			}
			w.later(2 * time.Minute)
			if a = hear(); a.Failed() || a.Deactivated != 0 || a.Events[0].Reason != plan.Because(plan.NothingToClose).Text(plan.English) {
				t.Errorf("the third delivery: %+v", a.Events)
			}
			w.later(time.Hour)
			w.ok(w.run())
			_, more, _, _ := w.told()
			if off+more != 1 {
				t.Errorf("it was told %d times", off+more)
			}
			w.quiet()
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
		w.perRow(45 * time.Second)
		w.killed(func() { w.hear(30*time.Second, slowID(0)) })
		w.later(time.Second) // it may still be at work
		w.perRow(0)
		w.ok(w.run())
		_, early, _, _ := w.told()
		w.later(10 * time.Minute)
		w.ok(w.run())
		if _, off, _, _ := w.told(); early+off != 1 {
			t.Errorf("it was told %d times", early+off)
		}
		w.later(time.Hour)
		w.quiet()
	})
}

// TestEventCardWaitsInTheProcess: while a process still has a card to send nobody else tells of its removal; if it
// dies, the next full run does.
func TestEventCardWaitsInTheProcess(t *testing.T) {
	t.Parallel()
	for _, dies := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newSlowWorld(t, 10)
			w.outbox = engine.NewOutbox(30 * time.Second)
			w.release(0, 1)
			w.robot.refuse = func(int) bool { return true }
			if a := w.hear(30*time.Second, slowID(0)); a.Deactivated != 1 {
				t.Fatalf("%+v", a)
			}
			w.robot.refuse = nil
			w.later(10 * time.Minute)
			w.ok(w.run())
			if _, off, _, _ := w.told(); off != 0 {
				t.Error("a run tells what the process still has to tell")
			}
			if !dies {
				e := w.engine()
				e.Outbox = w.outbox
				e.Flush(t.Context())
			}
			w.later(2 * time.Hour)
			w.ok(w.run())
			if _, off, _, _ := w.told(); off != 1 {
				t.Errorf("it was told %d times", off)
			}
			w.quiet()
		})
	}
}
