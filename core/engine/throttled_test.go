package engine_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
)

// throttledWorld is a world with real waits in a bubble, which notes when JumpServer got its first write.
type throttledWorld struct {
	*enginetest.World
	mu         sync.Mutex
	firstWrite time.Time
}

func newThrottledWorld(t *testing.T) *throttledWorld {
	w := &throttledWorld{World: enginetest.NewWorld(t, enginetest.Setup{}, jumpservertest.V410)}
	w.CloudRetries = &cloud.RetryPolicy{}
	w.JumpServer.OnRequest(func(r *http.Request) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.firstWrite.IsZero() && r.Method != http.MethodGet && strings.Contains(r.URL.Path, "/hosts/") {
			w.firstWrite = time.Now()
		}
	})
	return w
}

// runFor makes a run with this time, and returns how long its first write had to wait.
func (w *throttledWorld) runFor(limit time.Duration, e engine.Engine) (rep report.Report, waited time.Duration) {
	w.T.Helper()
	w.firstWrite = time.Time{}
	ctx, cancel := context.WithTimeout(w.T.Context(), limit)
	defer cancel()
	started := time.Now()
	rep = e.Run(ctx, engine.Request{}).Report
	if w.firstWrite.IsZero() {
		w.T.Fatalf("nothing was written: %s", enginetest.Describe(rep))
	}
	return rep, w.firstWrite.Sub(started)
}

// fillRegions puts instances into both regions.
func (w *throttledWorld) fillRegions(from, to int) {
	for n := from; n < to; n++ {
		w.Accounts[0].Cloud.Put("cn-beijing", alibabatest.SampleInstance(n))
		w.Accounts[0].Cloud.Put("cn-shanghai", alibabatest.SampleInstance(1000+n))
	}
}

// TestThrottledRegion: a region that is throttled all the time holds up what is written in the others for a third of the
// run's time, also where the clouds are listed twice; it has failed then, as throttled. One that is throttled for less
// is waited for.
func TestThrottledRegion(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		limit, throttled time.Duration // 0 = all the time
		stored           bool
		created, failed  int
		from, to         time.Duration // until the first write
	}{
		"all the time":            {limit: 10 * time.Minute, created: 20, failed: 1, from: time.Minute, to: 210 * time.Second},
		"all the time, a minute":  {limit: time.Minute, created: 20, failed: 1, from: time.Second, to: 21 * time.Second},
		"all the time, and state": {limit: 10 * time.Minute, stored: true, created: 20, failed: 1, from: time.Minute, to: 210 * time.Second},
		"for two minutes":         {limit: 10 * time.Minute, throttled: 2 * time.Minute, created: 40, from: 2 * time.Minute, to: 200 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newThrottledWorld(t)
				e := w.NewEngine()
				w.fillRegions(0, 20)
				if c.stored {
					e.Incremental = enginetest.Incremental(w.NewStore(), "one")
					w.runFor(c.limit, e)
					w.fillRegions(20, 40)
				}
				fault := alibabatest.Fault{Kind: alibabatest.Throttled, Region: "cn-shanghai"}
				if c.throttled > 0 {
					fault.Until = time.Now().Add(c.throttled)
				}
				w.Cloud.Break(fault)
				rep, waited := w.runFor(c.limit, e)
				if rep.Created != c.created || waited < c.from || waited > c.to {
					t.Errorf("%d created after %v: %+v", rep.Created, waited, rep.Scopes)
				}
				for _, scope := range rep.Scopes {
					if failed := scope.Error != (report.ScopeError{}); failed != (scope.Region == "cn-shanghai" && c.failed > 0) || failed && scope.Error.Kind != inventory.Throttled {
						t.Errorf("%s: %+v", scope.Region, scope.Error)
					}
				}
			})
		})
	}
}

// TestThrottledProof: where a region is listed and the question about a lost instance is throttled, the others' writes
// wait a share of the time that is left, and nothing is removed.
func TestThrottledProof(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newThrottledWorld(t)
		w.fillRegions(0, 20)
		w.runFor(10*time.Minute, w.NewEngine())
		w.Accounts[0].Cloud.Remove("cn-shanghai", alibabatest.SampleInstance(1000).ID)
		w.fillRegions(20, 21)
		w.Accounts[0].Cloud.Remove("cn-shanghai", alibabatest.SampleInstance(1020).ID)
		w.Cloud.Break(alibabatest.Fault{Kind: alibabatest.Throttled, Region: "cn-shanghai", Action: alibabatest.DescribeInstances, After: 1})
		rep, waited := w.runFor(10*time.Minute, w.NewEngine())
		if rep.Created != 1 || rep.Deactivated != 0 || rep.Held != 1 || waited < time.Minute || waited > 210*time.Second {
			t.Errorf("%d created after %v, %d held: %+v", rep.Created, waited, rep.Held, rep.Changes)
		}
	})
}

// TestProofAfterThrottledRegion: a region that used up its share of the run leaves another one's proof a share of what is
// left.
func TestProofAfterThrottledRegion(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newThrottledWorld(t)
		w.fillRegions(0, 20)
		w.runFor(10*time.Minute, w.NewEngine())
		w.Accounts[0].Cloud.Remove("cn-beijing", alibabatest.SampleInstance(0).ID)
		w.Cloud.Break(alibabatest.Fault{Kind: alibabatest.Throttled, Region: "cn-shanghai"})
		w.Cloud.Break(alibabatest.Fault{Kind: alibabatest.Throttled, Region: "cn-beijing", Action: alibabatest.DescribeInstances, After: 1, Times: 7})
		if rep, waited := w.runFor(10*time.Minute, w.NewEngine()); rep.Deactivated != 1 || waited < 2*time.Minute || waited > 6*time.Minute {
			t.Errorf("after %v: %+v", waited, rep.Changes)
		}
	})
}
