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
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
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
	w := enginetest.NewWorld(t, enginetest.Setup{}, jumpservertest.V410)
	w.EditCloud(enginetest.CloudEdit{Fill: hosts})
	writes := hookWrites(w, answered, func() { w.JumpServer.SetLatency(time.Hour) })

	begun := time.Now()
	ctx, cancel := context.WithDeadline(t.Context(), begun.Add(limit))
	defer cancel()
	e := w.NewEngine()
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
	if m := w.Robot.Messages(); len(m) != 1 || !strings.Contains(m[0].Text, "时间用完") || !strings.Contains(m[0].Text, fmt.Sprintf("%d 项变更：JumpServer 没有及时应答", r.Unknown)) {
		t.Errorf("the cards: %+v", m)
	}
	time.Sleep(50 * time.Millisecond) // for one that should not come
	if n := writes(); n < answered || n > answered+writers {
		t.Errorf("%d writes; the first %d were answered, and there are %d writers", n, answered, writers)
	}

	w.JumpServer.OnRequest(nil)
	w.JumpServer.SetLatency(0)
	made := len(w.JumpServer.Hosts(jumpservertest.DefaultOrg))
	next, _ := runTimed(w, engine.Request{}, 0)
	if next.Report.Outcome != report.OK || next.Report.Created != hosts-made || next.Report.Unchanged != made || made < r.Created {
		t.Errorf("the next run: %s, %d created, %d were there, %d were reported", next.Report.Outcome, next.Report.Created, made, r.Created)
	}
	expectQuietRun(w)
	w.Close()
}

// hookWrites counts the writes that reach JumpServer. It calls then at the write of this number.
func hookWrites(w *enginetest.World, number int, then func()) func() int {
	var mu sync.Mutex
	seen := 0
	w.JumpServer.OnRequest(func(r *http.Request) {
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
			s := enginetest.Setup{Settings: map[string]any{"sync": map[string]any{"removal": map[string]any{"grace": "0s"}}}}
			w := enginetest.NewWorld(t, s, jumpservertest.V47)
			w.EditCloud(enginetest.CloudEdit{Fill: 20})
			runTimed(w, engine.Request{}, 0)
			w.EditCloud(enginetest.CloudEdit{Remove: []string{"i-0000000000000003"}})
			w.JumpServer.ResetCounts()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			w.JumpServer.OnRequest(func(r *http.Request) {
				if strings.Contains(r.URL.RequestURI(), at) && r.Method != http.MethodDelete {
					cancel()
				}
			})
			out := w.NewEngine().Run(ctx, engine.Request{})
			w.JumpServer.OnRequest(nil)
			if out.Report.Deleted > 0 || w.JumpServer.Writes() > 0 || len(w.JumpServer.Hosts(jumpservertest.DefaultOrg)) != 20 {
				t.Errorf("%d writes; %s", w.JumpServer.Writes(), enginetest.Describe(out.Report))
			}
			if out.Report.Outcome != report.Partial && out.Report.Outcome != report.Failed {
				t.Errorf("the outcome is %s", out.Report.Outcome)
			}
			if n := len(w.Robot.Messages()); n != 2 {
				t.Errorf("%d cards after two runs", n)
			}
			if out, _ := runTimed(w, engine.Request{}, 0); out.Report.Deleted != 1 || out.Report.Outcome != report.OK {
				t.Errorf("the next run: %s", enginetest.Describe(out.Report))
			}
			expectQuietRun(w)
			w.Close()
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
	s := enginetest.Setup{Settings: map[string]any{"sync": map[string]any{"removal": map[string]any{"grace": "0s"}}}}
	s.JumpServer.LatencyMS = 2
	w := enginetest.NewWorld(t, s, version)
	w.EditCloud(enginetest.CloudEdit{Fill: 40})
	w.EditCloud(enginetest.CloudEdit{Put: []enginetest.Instance{{ID: "i-1", Name: "app"}, {ID: "i-2", Name: "app"}, {ID: "i-3", Name: "app"}}})
	first := runBoth(w, shared)
	if hosts := w.JumpServer.Hosts(jumpservertest.DefaultOrg); len(hosts) != 43 {
		t.Errorf("%d hosts of 43", len(hosts))
	}
	// Both may count a host as their own: after a 500, which JumpServer answers to the later of two
	// creates of one name, nobody can tell whose it is.
	created := first[0].Report.Created + first[1].Report.Created
	if created < 43 || first[0].Report.Failures+first[1].Report.Failures > 0 {
		t.Errorf("created %d\n%s\n%s", created, enginetest.Describe(first[0].Report), enginetest.Describe(first[1].Report))
	}
	expectQuietRun(w)

	// Then with a change, a swap, a removal and a new one.
	w.EditCloud(enginetest.CloudEdit{Remove: []string{"i-0000000000000007"}, Put: []enginetest.Instance{{ID: "i-9", Name: "web-00007"}},
		Rename: map[string]string{"i-0000000000000001": "web-00002", "i-0000000000000002": "web-00001", "i-0000000000000003": "x"}})
	runBoth(w, shared)
	runTimed(w, engine.Request{}, 0) // the swaps of two runs may have got into each other's way
	for id, want := range map[string]string{"i-0000000000000001": "web-00002", "i-0000000000000002": "web-00001", "i-0000000000000003": "x", "i-9": "web-00007"} {
		w.ExpectHost(id, enginetest.HostWant{Name: want, Active: new(true)})
	}
	w.ExpectHost("i-0000000000000007", enginetest.HostWant{Absent: true})
	if hosts := w.JumpServer.Hosts(jumpservertest.DefaultOrg); len(hosts) != 43 {
		t.Errorf("%d hosts of 43", len(hosts))
	}
	expectQuietRun(w)
	w.Close()
}

// runBoth makes two runs at once, with one JumpServer client or one each.
func runBoth(w *enginetest.World, shared bool) [2]engine.RunResult {
	w.T.Helper()
	one := w.NewEngine()
	if !shared {
		w.Client = nil
	}
	two := w.NewEngine()
	var outs [2]engine.RunResult
	var running sync.WaitGroup
	for n, e := range []engine.Engine{one, two} {
		running.Go(func() {
			outs[n] = e.Run(w.T.Context(), engine.Request{})
		})
	}
	running.Wait()
	return outs
}

// TestNoGoroutineStays is not parallel, so that nobody else's goroutines are counted.
func TestNoGoroutineStays(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Run("runs", func(t *testing.T) {
		w := enginetest.NewWorld(t, enginetest.Setup{}, jumpservertest.V410)
		w.EditCloud(enginetest.CloudEdit{Fill: 30})
		runTimed(w, engine.Request{}, 0)
		setTimeout(w, 100*time.Millisecond)
		w.InjectCloudFault(enginetest.CloudFault{Kind: "hang", Region: "cn-shanghai"})
		w.EditCloud(enginetest.CloudEdit{Remove: []string{"i-0000000000000001"}})
		runTimed(w, engine.Request{}, 400*time.Millisecond)
		healAll(w)
		w.InjectBastionFault(enginetest.BastionFault{Part: "/assets/hosts/", Hang: true})
		runTimed(w, engine.Request{}, 300*time.Millisecond)
		healAll(w)
		w.Close()
	})
	// Connections that are closed need a moment to end.
	for wait := time.Now(); runtime.NumGoroutine() > before; time.Sleep(5 * time.Millisecond) {
		if time.Since(wait) > 30*time.Second {
			stacks := make([]byte, 1<<16)
			t.Fatalf("%d goroutines, %d before\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
		}
	}
}
