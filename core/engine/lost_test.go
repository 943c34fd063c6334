package engine_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jms-sync/jms-sync/core/delivery"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
)

// setRowCost makes list PATCHes and deletions of hosts take so long for each row.
func (w *slowWorld) setRowCost(d time.Duration) {
	w.server.SetWriteTimes(jumpservertest.WriteTimes{Update: d, Delete: d})
}

// countClosed checks that the hosts from … to are deactivated, and returns how many are.
func (w *slowWorld) countClosed(from, to int) (n int) {
	for at := from; at < to; at++ {
		if h, there := w.hostOf(at); !there || !h.Active && hasGoneLabel(h) {
			n++
		}
	}
	return n
}

func hasGoneLabel(h jumpservertest.Host) bool {
	return slices.ContainsFunc(h.Labels, func(l string) bool { return strings.HasPrefix(l, inventory.LabelGone+":") })
}

// TestSlowLists: on a server of v4.10.19's speed 40 deactivations are made, counted and told, whatever the
// configured time-out; a call takes some three seconds, and lists grow where the server is quick.
func TestSlowLists(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		perRow, request time.Duration
		most            int           // rows of a list
		longest         time.Duration // of a call, but the first, which is a guess
	}{
		"as measured":            {200 * time.Millisecond, 10 * time.Second, 15, 3 * time.Second},
		"four times as slow":     {800 * time.Millisecond, 10 * time.Second, 15, 3200 * time.Millisecond},
		"a short time-out":       {200 * time.Millisecond, time.Second, 15, 3 * time.Second},
		"too slow for the first": {4 * time.Second, 10 * time.Second, 15, 4 * time.Second},
		"quick":                  {time.Millisecond, 10 * time.Second, 30, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newSlowWorld(t, 60)
				w.request = test.request
				w.client = nil
				w.setRowCost(test.perRow)
				w.release(0, 40)
				r := w.run()
				w.expectOK(r)
				if cards, off, _, text := w.notified(); r.Deactivated != 40 || w.countClosed(0, 40) != 40 || cards != 1 || off != 40 || !strings.Contains(text, "*40 assets in all*") {
					t.Errorf("%d deactivated, %d closed, %d cards tell %d", r.Deactivated, w.countClosed(0, 40), cards, off)
				}
				rows := w.transport.rows["PATCH"]
				if slices.Max(rows) > test.most {
					t.Errorf("lists of %v", rows)
				}
				for n, took := range w.transport.durations["PATCH"] {
					if n > 0 && took > test.longest {
						t.Errorf("calls take %v", w.transport.durations["PATCH"])
						break
					}
				}
				t.Logf("lists of %v, answered in %v", rows, w.transport.durations["PATCH"])
				w.waitForServer(time.Hour)
				w.expectQuietRun()
			})
		})
	}
}

// expectQuietRun makes a run that writes nothing and tells of nothing.
func (w *slowWorld) expectQuietRun() {
	w.t.Helper()
	w.transport.reset()
	w.server.ResetCounts()
	r := w.run()
	if _, off, deleted, _ := w.notified(); w.server.Writes() > 0 || off+deleted > 0 || r.Outcome != report.OK {
		w.t.Errorf("one more run: %d writes, %d and %d told, %s %+v", w.server.Writes(), off, deleted, r.Outcome, r.Errors)
	}
	if left := w.objects(); len(left) > 0 {
		w.t.Errorf("left in the store: %v", left)
	}
}

// TestTimeoutIsHonoured: one try may take as long as the setting says, also where that is longer than all tries of
// a call take together by default.
func TestTimeoutIsHonoured(t *testing.T) {
	t.Parallel()
	for request, want := range map[time.Duration]report.Outcome{60 * time.Second: report.OK, 10 * time.Second: report.Failed} {
		synctest.Test(t, func(t *testing.T) {
			w := newSlowWorld(t, 5)
			w.request, w.client = request, nil
			w.release(0, 1)
			w.server.Fail(jumpservertest.MatchRequest("GET", "/assets/hosts/?limit=1000"), -1, jumpservertest.Fault{Delay: 50 * time.Second})
			begun := time.Now()
			if r := w.run(); r.Outcome != want || (r.Deactivated == 1) != (want == report.OK) {
				t.Errorf("%v: %s, %+v", request, r.Outcome, r.Errors)
			}
			if took := time.Since(begun); want == report.Failed && took > 30*time.Second {
				t.Errorf("it gave up after %v", took)
			}
		})
	}
}

// frontFaults are answers that get lost, although JumpServer carries the request out: at once, or later.
func frontFaults() map[string]jumpservertest.Fault {
	return map[string]jumpservertest.Fault{
		"502 at once":       {Status: 502, After: true},
		"504 and later":     {Status: 504, FrontTimeout: 500 * time.Millisecond, PerRow: 150 * time.Millisecond},
		"cut at once":       {Cut: true, After: true},
		"500 page":          {Status: 500, After: true},
		"200 with a page":   {Status: 200, After: true},
		"truncated":         {Edit: jumpservertest.TruncateJSON},
		"hangs for ever":    {Hang: true, After: true},
		"a minute for each": {PerRow: 4 * time.Second},
	}
}

// TestCarriedOutAnswerLost: whatever answers in JumpServer's place, what it carried out is counted and told, and
// sent once.
func TestCarriedOutAnswerLost(t *testing.T) {
	t.Parallel()
	for name, fault := range frontFaults() {
		for _, grace := range []time.Duration{168 * time.Hour, 0} {
			t.Run(name+" grace "+grace.String(), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					w := newSlowWorld(t, 12)
					w.grace = grace
					method := "PATCH"
					if grace == 0 {
						method = "DELETE"
					}
					w.release(0, 6)
					w.server.Fail(jumpservertest.MatchRequest(method, "/assets/hosts/"), 1, fault)
					r := w.run()
					w.expectOK(r)
					_, off, deleted, _ := w.notified()
					if r.Deactivated+r.Deleted != 6 || off+deleted != 6 || w.countClosed(0, 6) != 6 || w.countClosed(6, 12) != 0 {
						t.Errorf("%d and %d, told %d and %d", r.Deactivated, r.Deleted, off, deleted)
					}
					if n := len(w.transport.rows[method]); n != 1 {
						t.Errorf("it was sent %d times", n)
					}
					w.waitForServer(time.Hour)
					w.expectQuietRun()
				})
			})
		}
	}
}

// TestPersonKeepsWhileAnswerIsLost: a write that was not carried out is not sent again for an asset that a person
// has labelled jms-keep, or switched on again, meanwhile; for the others it is.
func TestPersonKeepsWhileAnswerIsLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newSlowWorld(t, 10)
		w.release(0, 4)
		w.server.Fail(jumpservertest.MatchRequest("PATCH", "/assets/hosts/"), 1, jumpservertest.Fault{Status: 502})
		time.AfterFunc(500*time.Millisecond, func() {
			w.server.Edit(org, slowAsset(0), func(h *jumpservertest.Host) { h.Labels = append(h.Labels, inventory.LabelKeep+":me") })
			w.server.Edit(org, slowAsset(1), func(h *jumpservertest.Host) { h.Labels = append(h.Labels, "team:x") })
		})
		r := w.run()
		if r.Deactivated != 2 || r.Skipped != 2 || r.Outcome != report.OK {
			t.Errorf("%s, %d deactivated, %d left alone: %+v", r.Outcome, r.Deactivated, r.Skipped, r.Errors)
		}
		for n, active := range []bool{true, true, false, false} {
			if h, _ := w.hostOf(n); h.Active != active || hasGoneLabel(h) == active {
				t.Errorf("host %d: %+v", n, h)
			}
		}
		if _, off, _, _ := w.notified(); off != 2 {
			t.Errorf("%d were told", off)
		}
		w.waitForServer(time.Hour)
		w.run() // deactivates the one that only has a label more
		if _, off, _, _ := w.notified(); off != 1 {
			t.Errorf("%d were told by the next run", off)
		}
		w.waitForServer(time.Hour)
		w.expectQuietRun()
	})
}

// TestDeadlineBeforeTheAnswer: what a run does not learn in its time it says not to know; JumpServer carries it out,
// the next run tells it, once, and the one after that nothing.
func TestDeadlineBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	for _, grace := range []time.Duration{168 * time.Hour, 0} {
		synctest.Test(t, func(t *testing.T) {
			w := newSlowWorld(t, 10)
			w.grace, w.reserve = grace, 5*time.Second
			w.release(0, 4)
			w.setRowCost(20 * time.Second)
			r := w.runFor(30 * time.Second)
			if r.Outcome != report.Partial || r.Unknown != 4 || r.Failures+r.Deactivated+r.Deleted != 0 {
				t.Fatalf("%s: %d unknown, %d failed, %d deactivated: %+v", r.Outcome, r.Unknown, r.Failures, r.Deactivated, r.Errors)
			}
			if cards, off, deleted, text := w.notified(); cards != 1 || off+deleted != 0 || !strings.Contains(text, "4 changes: JumpServer did not answer in time; they may have been made") {
				t.Errorf("%d cards: %s", cards, text)
			}
			w.waitForServer(10 * time.Minute)
			w.setRowCost(0)
			if w.countClosed(0, 4) != 4 {
				t.Fatal("JumpServer did not carry it out")
			}
			r = w.run()
			w.expectOK(r)
			_, off, deleted, text := w.notified()
			if r.Deactivated+r.Deleted != 4 || off+deleted != 4 || !strings.Contains(text, "web-003") {
				t.Errorf("the next run tells %d and %d: %s", off, deleted, text)
			}
			if !slices.ContainsFunc(r.Changes, func(c report.Change) bool {
				return c.InstanceID == slowID(2) && strings.Contains(c.Reason, "by an earlier run, whose answer was lost")
			}) {
				t.Errorf("no line says why: %+v", r.Changes)
			}
			h, _ := w.hostOf(2)
			if grace > 0 && (len(r.Undo) != 1 || !slices.Contains(h.Labels, inventory.LabelGone+":"+r.Undo[0].Since)) {
				t.Errorf("how it is undone: %+v, its labels: %v", r.Undo, h.Labels)
			}
			w.waitForServer(time.Hour)
			w.expectQuietRun()
		})
	}
}

// What was not carried out in the end is owed to nobody, and the next run does it.
func TestDeadlineAndNeverCarriedOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newSlowWorld(t, 10)
		w.reserve = 5 * time.Second
		w.release(0, 4)
		w.server.Fail(jumpservertest.MatchRequest("PATCH", "/assets/hosts/"), 1, jumpservertest.Fault{Hang: true})
		if r := w.runFor(15 * time.Second); r.Unknown != 4 {
			t.Fatalf("%d unknown: %+v", r.Unknown, r.Errors)
		}
		w.notified()
		w.waitForServer(time.Minute)
		r := w.run()
		w.expectOK(r)
		if _, off, _, _ := w.notified(); r.Deactivated != 4 || off != 4 {
			t.Errorf("%d deactivated, %d told", r.Deactivated, off)
		}
		w.waitForServer(time.Hour)
		w.expectQuietRun()
	})
}

// TestKilledBeforeTheCard: a process that is killed between its write and its card.
func TestKilledBeforeTheCard(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newSlowWorld(t, 10)
		w.release(0, 4)
		w.runKilled(func() { w.runFor(5 * time.Minute) })
		w.waitForServer(10 * time.Minute)
		if w.countClosed(0, 4) != 4 {
			t.Fatal("nothing was written")
		}
		r := w.run()
		w.expectOK(r)
		if _, off, _, _ := w.notified(); r.Deactivated != 4 || off != 4 {
			t.Errorf("%d deactivated, %d told: %s", r.Deactivated, off, lastLines(w.log.String(), 20))
		}
		w.waitForServer(time.Hour)
		w.expectQuietRun()
	})
}

// TestCardIsRefused: a removal that could not be told is told by the next run, though it has long been known.
func TestCardIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newSlowWorld(t, 10)
		w.release(0, 4)
		w.robot.refuse = func(int) bool { return true }
		if r := w.run(); r.Deactivated != 4 {
			t.Fatalf("%+v", r)
		}
		w.waitForServer(10 * time.Minute)
		for n := range 2 { // its instance is back
			w.instances[slowID(n)] = inventory.Instance{Scope: slowScope, Owner: slowOwner, ID: slowID(n), Name: "web-00" + string(rune('0'+n)), OSType: "linux", PrivateIPs: []string{"10.0.0.1"}}
		}
		w.run()
		w.waitForServer(10 * time.Minute)
		w.robot.refuse = nil
		r := w.run()
		w.expectOK(r)
		if _, off, _, _ := w.notified(); r.Deactivated != 4 || off != 4 {
			t.Errorf("%d deactivated, %d told", r.Deactivated, off)
		}
		w.waitForServer(time.Hour)
		w.expectQuietRun()
	})
}

// Nothing is owed where nobody is told of removals, and nothing is written where nothing is removed.
func TestNothingIsOwed(t *testing.T) {
	t.Parallel()
	for _, on := range []delivery.NotifyOn{delivery.NotifyOnFailure, delivery.NotifyAlways} {
		synctest.Test(t, func(t *testing.T) {
			w := newSlowWorld(t, 10)
			w.notifyOn = on
			for n := range 2 {
				delete(w.instances, slowID(9-n))
			}
			if on == delivery.NotifyAlways {
				w.instances = map[string]inventory.Instance{}
				for n := range 10 {
					w.instances[slowID(n)] = inventory.Instance{Scope: slowScope, Owner: slowOwner, ID: slowID(n), Name: "other", OSType: "linux", PrivateIPs: []string{"10.9.9.9"}}
				}
			}
			w.runKilled(func() { w.runFor(time.Minute) })
			if left := w.objects(); len(left) > 0 {
				t.Errorf("noted: %v", left)
			}
		})
	}
}

// TestWithoutStore: a run without a store says what it does not know; that it was made after all nobody tells.
func TestWithoutStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newSlowWorld(t, 10)
		w.store, w.reserve = nil, 5*time.Second
		w.release(0, 4)
		w.setRowCost(20 * time.Second)
		if r := w.runFor(30 * time.Second); r.Unknown != 4 || r.Outcome != report.Partial {
			t.Errorf("%+v", r.Errors)
		}
		if cards, _, _, text := w.notified(); cards != 1 || !strings.Contains(text, "they may have been made") || !strings.Contains(text, "web-002") {
			t.Errorf("%d cards: %s", cards, text)
		}
		w.waitForServer(10 * time.Minute)
		w.setRowCost(0)
		w.expectOK(w.run())
		if _, off, _, _ := w.notified(); off != 0 {
			t.Errorf("%d were told", off)
		}
	})
}
