package engine_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jms-sync/jms-sync/core/delivery"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
)

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
				w := enginetest.NewSlowWorld(t, 60)
				w.Request = test.request
				w.Client = nil
				w.SetRowCost(test.perRow)
				w.Release(0, 40)
				r := w.Run()
				w.ExpectOK(r)
				if cards, off, _, text := w.Notified(); r.Deactivated != 40 || w.CountClosed(0, 40) != 40 || cards != 1 || off != 40 || !strings.Contains(text, "*40 assets in all*") {
					t.Errorf("%d deactivated, %d closed, %d cards tell %d", r.Deactivated, w.CountClosed(0, 40), cards, off)
				}
				rows := w.Transport.Rows["PATCH"]
				if slices.Max(rows) > test.most {
					t.Errorf("lists of %v", rows)
				}
				for n, took := range w.Transport.Durations["PATCH"] {
					if n > 0 && took > test.longest {
						t.Errorf("calls take %v", w.Transport.Durations["PATCH"])
						break
					}
				}
				t.Logf("lists of %v, answered in %v", rows, w.Transport.Durations["PATCH"])
				w.WaitForServer(time.Hour)
				w.ExpectQuietRun()
			})
		})
	}
}

// TestTimeoutIsHonoured: one try may take as long as the setting says, also where that is longer than all tries of
// a call take together by default.
func TestTimeoutIsHonoured(t *testing.T) {
	t.Parallel()
	for request, want := range map[time.Duration]report.Outcome{60 * time.Second: report.OK, 10 * time.Second: report.Failed} {
		synctest.Test(t, func(t *testing.T) {
			w := enginetest.NewSlowWorld(t, 5)
			w.Request, w.Client = request, nil
			w.Release(0, 1)
			w.Server.Fail(jumpservertest.MatchRequest("GET", "/assets/hosts/?limit=1000"), -1, jumpservertest.Fault{Delay: 50 * time.Second})
			begun := time.Now()
			if r := w.Run(); r.Outcome != want || (r.Deactivated == 1) != (want == report.OK) {
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
					w := enginetest.NewSlowWorld(t, 12)
					w.Grace = grace
					method := "PATCH"
					if grace == 0 {
						method = "DELETE"
					}
					w.Release(0, 6)
					w.Server.Fail(jumpservertest.MatchRequest(method, "/assets/hosts/"), 1, fault)
					r := w.Run()
					w.ExpectOK(r)
					_, off, deleted, _ := w.Notified()
					if r.Deactivated+r.Deleted != 6 || off+deleted != 6 || w.CountClosed(0, 6) != 6 || w.CountClosed(6, 12) != 0 {
						t.Errorf("%d and %d, told %d and %d", r.Deactivated, r.Deleted, off, deleted)
					}
					if n := len(w.Transport.Rows[method]); n != 1 {
						t.Errorf("it was sent %d times", n)
					}
					w.WaitForServer(time.Hour)
					w.ExpectQuietRun()
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
		w := enginetest.NewSlowWorld(t, 10)
		w.Release(0, 4)
		w.Server.Fail(jumpservertest.MatchRequest("PATCH", "/assets/hosts/"), 1, jumpservertest.Fault{Status: 502})
		time.AfterFunc(500*time.Millisecond, func() {
			w.Server.Edit(jumpservertest.DefaultOrg, enginetest.SlowAsset(0), func(h *jumpservertest.Host) { h.Labels = append(h.Labels, inventory.LabelKeep+":me") })
			w.Server.Edit(jumpservertest.DefaultOrg, enginetest.SlowAsset(1), func(h *jumpservertest.Host) { h.Labels = append(h.Labels, "team:x") })
		})
		r := w.Run()
		if r.Deactivated != 2 || r.Skipped != 2 || r.Outcome != report.OK {
			t.Errorf("%s, %d deactivated, %d left alone: %+v", r.Outcome, r.Deactivated, r.Skipped, r.Errors)
		}
		for n, active := range []bool{true, true, false, false} {
			if h, _ := w.HostOf(n); h.Active != active || enginetest.HasGoneLabel(h) == active {
				t.Errorf("host %d: %+v", n, h)
			}
		}
		if _, off, _, _ := w.Notified(); off != 2 {
			t.Errorf("%d were told", off)
		}
		w.WaitForServer(time.Hour)
		w.Run() // deactivates the one that only has a label more
		if _, off, _, _ := w.Notified(); off != 1 {
			t.Errorf("%d were told by the next run", off)
		}
		w.WaitForServer(time.Hour)
		w.ExpectQuietRun()
	})
}

// TestDeadlineBeforeTheAnswer: what a run does not learn in its time it says not to know; JumpServer carries it out,
// the next run tells it, once, and the one after that nothing.
func TestDeadlineBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	for _, grace := range []time.Duration{168 * time.Hour, 0} {
		synctest.Test(t, func(t *testing.T) {
			w := enginetest.NewSlowWorld(t, 10)
			w.Grace, w.Reserve = grace, 5*time.Second
			w.Release(0, 4)
			w.SetRowCost(20 * time.Second)
			r := w.RunFor(30 * time.Second)
			if r.Outcome != report.Partial || r.Unknown != 4 || r.Failures+r.Deactivated+r.Deleted != 0 {
				t.Fatalf("%s: %d unknown, %d failed, %d deactivated: %+v", r.Outcome, r.Unknown, r.Failures, r.Deactivated, r.Errors)
			}
			if cards, off, deleted, text := w.Notified(); cards != 1 || off+deleted != 0 || !strings.Contains(text, "4 changes: JumpServer did not answer in time; they may have been made") {
				t.Errorf("%d cards: %s", cards, text)
			}
			w.WaitForServer(10 * time.Minute)
			w.SetRowCost(0)
			if w.CountClosed(0, 4) != 4 {
				t.Fatal("JumpServer did not carry it out")
			}
			r = w.Run()
			w.ExpectOK(r)
			_, off, deleted, text := w.Notified()
			if r.Deactivated+r.Deleted != 4 || off+deleted != 4 || !strings.Contains(text, "web-003") {
				t.Errorf("the next run tells %d and %d: %s", off, deleted, text)
			}
			if !slices.ContainsFunc(r.Changes, func(c report.Change) bool {
				return c.InstanceID == enginetest.SlowID(2) && strings.Contains(c.Reason, "by an earlier run, whose answer was lost")
			}) {
				t.Errorf("no line says why: %+v", r.Changes)
			}
			h, _ := w.HostOf(2)
			if grace > 0 && (len(r.Undo) != 1 || !slices.Contains(h.Labels, inventory.LabelGone+":"+r.Undo[0].Since)) {
				t.Errorf("how it is undone: %+v, its labels: %v", r.Undo, h.Labels)
			}
			w.WaitForServer(time.Hour)
			w.ExpectQuietRun()
		})
	}
}

// What was not carried out in the end is owed to nobody, and the next run does it.
func TestDeadlineAndNeverCarriedOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := enginetest.NewSlowWorld(t, 10)
		w.Reserve = 5 * time.Second
		w.Release(0, 4)
		w.Server.Fail(jumpservertest.MatchRequest("PATCH", "/assets/hosts/"), 1, jumpservertest.Fault{Hang: true})
		if r := w.RunFor(15 * time.Second); r.Unknown != 4 {
			t.Fatalf("%d unknown: %+v", r.Unknown, r.Errors)
		}
		w.Notified()
		w.WaitForServer(time.Minute)
		r := w.Run()
		w.ExpectOK(r)
		if _, off, _, _ := w.Notified(); r.Deactivated != 4 || off != 4 {
			t.Errorf("%d deactivated, %d told", r.Deactivated, off)
		}
		w.WaitForServer(time.Hour)
		w.ExpectQuietRun()
	})
}

// TestKilledBeforeTheCard: a process that is killed between its write and its card.
func TestKilledBeforeTheCard(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := enginetest.NewSlowWorld(t, 10)
		w.Release(0, 4)
		w.RunKilled(func() { w.RunFor(5 * time.Minute) })
		w.WaitForServer(10 * time.Minute)
		if w.CountClosed(0, 4) != 4 {
			t.Fatal("nothing was written")
		}
		r := w.Run()
		w.ExpectOK(r)
		if _, off, _, _ := w.Notified(); r.Deactivated != 4 || off != 4 {
			t.Errorf("%d deactivated, %d told: %s", r.Deactivated, off, enginetest.LastLines(w.Log.String(), 20))
		}
		w.WaitForServer(time.Hour)
		w.ExpectQuietRun()
	})
}

// TestCardIsRefused: a removal that could not be told is told by the next run, though it has long been known.
func TestCardIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := enginetest.NewSlowWorld(t, 10)
		w.Release(0, 4)
		w.Robot.Refuse = func(int) bool { return true }
		if r := w.Run(); r.Deactivated != 4 {
			t.Fatalf("%+v", r)
		}
		w.WaitForServer(10 * time.Minute)
		for n := range 2 { // its instance is back
			w.Instances[enginetest.SlowID(n)] = inventory.Instance{Scope: enginetest.SlowScope(), Owner: enginetest.SlowOwner, ID: enginetest.SlowID(n), Name: "web-00" + string(rune('0'+n)), OSType: "linux", PrivateIPs: []string{"10.0.0.1"}}
		}
		w.Run()
		w.WaitForServer(10 * time.Minute)
		w.Robot.Refuse = nil
		r := w.Run()
		w.ExpectOK(r)
		if _, off, _, _ := w.Notified(); r.Deactivated != 4 || off != 4 {
			t.Errorf("%d deactivated, %d told", r.Deactivated, off)
		}
		w.WaitForServer(time.Hour)
		w.ExpectQuietRun()
	})
}

// Nothing is owed where nobody is told of removals, and nothing is written where nothing is removed.
func TestNothingIsOwed(t *testing.T) {
	t.Parallel()
	for _, on := range []delivery.NotifyOn{delivery.NotifyOnFailure, delivery.NotifyAlways} {
		synctest.Test(t, func(t *testing.T) {
			w := enginetest.NewSlowWorld(t, 10)
			w.NotifyOn = on
			for n := range 2 {
				delete(w.Instances, enginetest.SlowID(9-n))
			}
			if on == delivery.NotifyAlways {
				w.Instances = map[string]inventory.Instance{}
				for n := range 10 {
					w.Instances[enginetest.SlowID(n)] = inventory.Instance{Scope: enginetest.SlowScope(), Owner: enginetest.SlowOwner, ID: enginetest.SlowID(n), Name: "other", OSType: "linux", PrivateIPs: []string{"10.9.9.9"}}
				}
			}
			w.RunKilled(func() { w.RunFor(time.Minute) })
			if left := w.Objects(); len(left) > 0 {
				t.Errorf("noted: %v", left)
			}
		})
	}
}

// TestWithoutStore: a run without a store says what it does not know; that it was made after all nobody tells.
func TestWithoutStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := enginetest.NewSlowWorld(t, 10)
		w.Store, w.Reserve = nil, 5*time.Second
		w.Release(0, 4)
		w.SetRowCost(20 * time.Second)
		if r := w.RunFor(30 * time.Second); r.Unknown != 4 || r.Outcome != report.Partial {
			t.Errorf("%+v", r.Errors)
		}
		if cards, _, _, text := w.Notified(); cards != 1 || !strings.Contains(text, "they may have been made") || !strings.Contains(text, "web-002") {
			t.Errorf("%d cards: %s", cards, text)
		}
		w.WaitForServer(10 * time.Minute)
		w.SetRowCost(0)
		w.ExpectOK(w.Run())
		if _, off, _, _ := w.Notified(); off != 0 {
			t.Errorf("%d were told", off)
		}
	})
}
