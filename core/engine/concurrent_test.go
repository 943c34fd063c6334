package engine_test

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
)

// TestDeadlineDuringFirstSync: the time is up in the middle of a first sync of 300 hosts, because
// JumpServer stops answering. What each writer had begun by then is all that ever comes.
func TestDeadlineDuringFirstSync(t *testing.T) {
	t.Parallel()
	synctest.Test(t, testDeadlineDuringFirstSync)
}

func testDeadlineDuringFirstSync(t *testing.T) {
	t.Helper()
	const limit, reserve, hosts, answered, writers = 8 * time.Second, 4 * time.Second, 300, 50, 8
	w := newWorld(t, scenario{}, jumpservertest.V410)
	w.editCloud(cloudEdit{Fill: hosts})
	writes := hookWrites(w, answered, func() { w.jumpserver.SetLatency(time.Hour) })

	begun := time.Now()
	ctx, cancel := context.WithDeadline(t.Context(), begun.Add(limit))
	defer cancel()
	e := w.newEngine()
	e.Reserve = reserve
	out := e.Run(ctx, engine.Request{})
	ended := time.Now()
	if ended.After(begun.Add(limit)) {
		t.Errorf("the run ended %v after the deadline", ended.Sub(begun.Add(limit)))
	}
	r := out.Report
	if r.Outcome != report.Partial || r.Failures > 0 || r.Created == 0 || r.Created == hosts || r.Created+r.Skipped+r.Unknown != hosts || r.Unknown == 0 || r.Unknown > writers {
		t.Errorf("the run: %+v", r.Errors)
	}
	if m := w.robot.Messages(); len(m) != 1 || !strings.Contains(m[0].Text, "时间用完") || !strings.Contains(m[0].Text, fmt.Sprintf("%d 项变更：JumpServer 没有及时应答", r.Unknown)) {
		t.Errorf("the cards: %+v", m)
	}
	time.Sleep(50 * time.Millisecond) // for one that should not come
	if n := writes(); n < answered || n > answered+writers {
		t.Errorf("%d writes; the first %d were answered, and there are %d writers", n, answered, writers)
	}

	w.jumpserver.OnRequest(nil)
	w.jumpserver.SetLatency(0)
	made := len(w.jumpserver.Hosts(jumpservertest.DefaultOrg))
	next, _ := w.runTimed(engine.Request{}, 0)
	if next.Report.Outcome != report.OK || next.Report.Created != hosts-made || next.Report.Unchanged != made || made < r.Created {
		t.Errorf("the next run: %s, %d created, %d were there, %d were reported", next.Report.Outcome, next.Report.Created, made, r.Created)
	}
	w.expectQuietRun()
	w.close()
}

// hookWrites counts the writes that reach JumpServer. It calls then at the write of this number.
func hookWrites(w *world, number int, then func()) func() int {
	var mu sync.Mutex
	seen := 0
	w.jumpserver.OnRequest(func(r *http.Request) {
		if r.Method == http.MethodGet || r.Method == http.MethodOptions {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if seen++; seen == number {
			then()
		}
	})
	return func() int {
		mu.Lock()
		defer mu.Unlock()
		return seen
	}
}

// TestCancelledRun: a run that is cancelled before or in the middle removes nothing, and still tells.
func TestCancelledRun(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"/orgs/current/", "/assets/hosts/", "ids=", "/resources/cache/", "spm="} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			s := scenario{Settings: map[string]any{"sync": map[string]any{"removal": map[string]any{"grace": "0s"}}}}
			w := newWorld(t, s, jumpservertest.V47)
			w.editCloud(cloudEdit{Fill: 20})
			w.runTimed(engine.Request{}, 0)
			w.editCloud(cloudEdit{Remove: []string{"i-0000000000000003"}})
			w.jumpserver.ResetCounts()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			w.jumpserver.OnRequest(func(r *http.Request) {
				if strings.Contains(r.URL.RequestURI(), at) && r.Method != http.MethodDelete {
					cancel()
				}
			})
			out := w.newEngine().Run(ctx, engine.Request{})
			w.jumpserver.OnRequest(nil)
			if out.Report.Deleted > 0 || w.jumpserver.Writes() > 0 || len(w.jumpserver.Hosts(jumpservertest.DefaultOrg)) != 20 {
				t.Errorf("%d writes; %s", w.jumpserver.Writes(), describe(out.Report))
			}
			if out.Report.Outcome != report.Partial && out.Report.Outcome != report.Failed {
				t.Errorf("the outcome is %s", out.Report.Outcome)
			}
			if n := len(w.robot.Messages()); n != 2 {
				t.Errorf("%d cards after two runs", n)
			}
			if out, _ := w.runTimed(engine.Request{}, 0); out.Report.Deleted != 1 || out.Report.Outcome != report.OK {
				t.Errorf("the next run: %s", describe(out.Report))
			}
			w.expectQuietRun()
			w.close()
		})
	}
}

// TestRunsAtTheSameTime: two runs over one world, from one process and from two, end in the right
// state.
func TestRunsAtTheSameTime(t *testing.T) {
	t.Parallel()
	for _, version := range jumpservertest.Versions() {
		for name, shared := range map[string]bool{"one process": true, "two processes": false} {
			t.Run(name+"/"+string(version), func(t *testing.T) {
				t.Parallel()
				testConcurrentRuns(t, version, shared)
			})
		}
	}
}

func testConcurrentRuns(t *testing.T, version jumpservertest.Version, shared bool) {
	t.Helper()
	s := scenario{Settings: map[string]any{"sync": map[string]any{"removal": map[string]any{"grace": "0s"}}}}
	s.JumpServer.LatencyMS = 2
	w := newWorld(t, s, version)
	w.editCloud(cloudEdit{Fill: 40})
	w.editCloud(cloudEdit{Put: []instance{{ID: "i-1", Name: "app"}, {ID: "i-2", Name: "app"}, {ID: "i-3", Name: "app"}}})
	first := w.runBoth(shared)
	if hosts := w.jumpserver.Hosts(jumpservertest.DefaultOrg); len(hosts) != 43 {
		t.Errorf("%d hosts of 43", len(hosts))
	}
	// Both may count a host as their own: after a 500, which JumpServer answers to the later of two
	// creates of one name, nobody can tell whose it is.
	created := first[0].Report.Created + first[1].Report.Created
	if created < 43 || first[0].Report.Failures+first[1].Report.Failures > 0 {
		t.Errorf("created %d\n%s\n%s", created, describe(first[0].Report), describe(first[1].Report))
	}
	w.expectQuietRun()

	// Then with a change, a swap, a removal and a new one.
	w.editCloud(cloudEdit{Remove: []string{"i-0000000000000007"}, Put: []instance{{ID: "i-9", Name: "web-00007"}},
		Rename: map[string]string{"i-0000000000000001": "web-00002", "i-0000000000000002": "web-00001", "i-0000000000000003": "x"}})
	w.runBoth(shared)
	w.runTimed(engine.Request{}, 0) // the swaps of two runs may have got into each other's way
	for id, want := range map[string]string{"i-0000000000000001": "web-00002", "i-0000000000000002": "web-00001", "i-0000000000000003": "x", "i-9": "web-00007"} {
		w.expectHost(id, hostWant{Name: want, Active: new(true)})
	}
	w.expectHost("i-0000000000000007", hostWant{Absent: true})
	if hosts := w.jumpserver.Hosts(jumpservertest.DefaultOrg); len(hosts) != 43 {
		t.Errorf("%d hosts of 43", len(hosts))
	}
	w.expectQuietRun()
	w.close()
}

// runBoth makes two runs at once, with one JumpServer client or one each.
func (w *world) runBoth(shared bool) [2]engine.RunResult {
	w.t.Helper()
	one := w.newEngine()
	if !shared {
		w.client = nil
	}
	two := w.newEngine()
	var outs [2]engine.RunResult
	var running sync.WaitGroup
	for n, e := range []engine.Engine{one, two} {
		running.Go(func() { outs[n] = e.Run(w.t.Context(), engine.Request{}) })
	}
	running.Wait()
	return outs
}

// TestNoGoroutineStays is not parallel, so that nobody else's goroutines are counted.
func TestNoGoroutineStays(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Run("runs", func(t *testing.T) {
		w := newWorld(t, scenario{}, jumpservertest.V410)
		w.editCloud(cloudEdit{Fill: 30})
		w.runTimed(engine.Request{}, 0)
		w.setTimeout(100 * time.Millisecond)
		w.injectCloudFault(cloudFault{Kind: "hang", Region: "cn-shanghai"})
		w.editCloud(cloudEdit{Remove: []string{"i-0000000000000001"}})
		w.runTimed(engine.Request{}, 400*time.Millisecond)
		w.healAll()
		w.injectBastionFault(bastionFault{Part: "/assets/hosts/", Hang: true})
		w.runTimed(engine.Request{}, 300*time.Millisecond)
		w.healAll()
		w.close()
	})
	// Connections that are closed need a moment to end.
	for wait := time.Now(); runtime.NumGoroutine() > before; time.Sleep(5 * time.Millisecond) {
		if time.Since(wait) > 30*time.Second {
			stacks := make([]byte, 1<<16)
			t.Fatalf("%d goroutines, %d before\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
		}
	}
}
