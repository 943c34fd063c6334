package engine_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
	"github.com/jms-sync/jms-sync/core/storage"
	"github.com/jms-sync/jms-sync/core/storage/storagetest"
)

// inBeijing is the scope of the first account in cn-beijing.
var inBeijing = inventory.Scope{Cloud: inventory.Alibaba, Account: "aliyun-prod", Region: "cn-beijing"}

// announces returns an order as jms-sync expect does.
func announces(t *testing.T, store *state.Store, now time.Time, upTo int) {
	t.Helper()
	err := store.SaveExpectation(t.Context(), state.Expectation{
		Cloud: inBeijing.Cloud, Account: inBeijing.Account, Region: inBeijing.Region,
		Since: now, Until: now.Add(6 * time.Hour), UpTo: upTo, By: "anna@ops", Reason: "old cluster",
	})
	if err != nil {
		t.Fatal(err)
	}
}

func left(t *testing.T, store *state.Store) int {
	t.Helper()
	e, err := store.LoadExpectation(t.Context(), inBeijing)
	if err != nil {
		t.Fatal(err)
	}
	return e.Remaining
}

// announced makes a run that knows of what is announced.
func (r *stateWorld) announced(only engine.Request) report.Report {
	r.T.Helper()
	e := r.pausing()
	e.Memory.Announced = r.store
	return e.Run(r.T.Context(), only).Report
}

// TestExpectedDecommission: what was announced goes over the share, across runs, each counted before it goes and told;
// a run that only looks counts nothing; and one more than was announced holds them all, until a person decides.
func TestExpectedDecommission(t *testing.T) {
	t.Parallel()
	r := newStateWorld(t)
	r.announced(engine.Request{})
	announces(t, r.store, r.RunClock.Now(), 12)
	r.releaseInstances(0, 8)
	if rep := r.announced(engine.Request{DryRun: true}); rep.Deactivated != 8 || left(t, r.store) != 12 {
		t.Errorf("a dry run: %d left, %+v", left(t, r.store), rep)
	}
	rep := r.announced(engine.Request{})
	if rep.Deactivated != 8 || rep.Outcome != report.OK || left(t, r.store) != 4 {
		t.Fatalf("%d left, %+v", left(t, r.store), rep)
	}
	if len(rep.Expected) != 1 || !strings.Contains(rep.Expected[0], "还剩 4 个（anna@ops；原因：old cluster）") {
		t.Errorf("it is not told: %v", rep.Expected)
	}
	all := r.Robot.Messages()
	if card := all[len(all)-1].Text; !strings.Contains(card, "已宣布的下线：aliyun-prod/cn-beijing") {
		t.Error(card)
	}
	r.releaseInstances(8, 13)
	rep = r.announced(engine.Request{})
	if rep.Deactivated != 0 || rep.Held != 5 || r.CountInactive() != 8 || left(t, r.store) != 4 || len(rep.HeldSets) != 1 {
		t.Errorf("one too many: %d left, %+v", left(t, r.store), rep)
	}
	for _, why := range reasonsOf(rep, plan.Hold) {
		if !strings.Contains(why, "超过了宣布的数") {
			t.Errorf("held because of %q", why)
		}
	}
	r.approveHeldSet(rep)
	rep = r.announced(engine.Request{})
	if rep.Deactivated != 5 || left(t, r.store) != 0 {
		t.Errorf("approved: %d left, %+v", left(t, r.store), rep)
	}
	r.releaseInstances(13, 14)
	rep = r.announced(engine.Request{})
	if rep.Held != 1 {
		t.Errorf("used up: %+v", rep)
	}
	r.RunClock.Advance(7 * time.Hour)
	rep = r.announced(engine.Request{})
	if rep.Held != 1 || rep.Expected != nil || !strings.Contains(reasonsOf(rep, plan.Hold)[0], "24 小时内") {
		t.Errorf("over, and under the thresholds again: %+v", rep)
	}
	r.Close()
}

// TestExpectedNeedsProof: an announcement proves nothing, and a failed scope loses nothing.
func TestExpectedNeedsProof(t *testing.T) {
	t.Parallel()
	r := newStateWorld(t)
	r.announced(engine.Request{})
	announces(t, r.store, r.RunClock.Now(), 20)
	r.releaseInstances(0, 8)
	r.Cloud.Break(alibabatest.Fault{Kind: alibabatest.NoPermission, Action: alibabatest.DescribeInstances, Region: "cn-beijing"})
	if rep := r.announced(engine.Request{}); rep.Deactivated != 0 || rep.Held != 0 || left(t, r.store) != 20 || r.CountInactive() != 0 {
		t.Errorf("%d left, %+v", left(t, r.store), rep)
	}
	r.Close()
}

// racing is a bucket in which another run is always faster.
type racing struct{ storage.Bucket }

func (b racing) Put(ctx context.Context, key string, data []byte, c storage.Condition) (string, error) {
	if strings.Contains(key, "/expect/") && c != storage.Always() {
		return "", &inventory.Error{Kind: inventory.Conflict, Message: "another run was faster"}
	}
	return b.Bucket.Put(ctx, key, data, c)
}

// TestExpectedIsCountedFirst: removals that cannot be counted are not made, by runs and by events.
func TestExpectedIsCountedFirst(t *testing.T) {
	t.Parallel()
	bucket := storagetest.NewMemoryBucket(storage.Capabilities{CreateOnly: true, IfMatch: true})
	r := newStateWorld(t)
	for name, b := range map[string]storage.Bucket{"counts": bucket, "cannot": racing{Bucket: bucket}} {
		store, err := state.New(b, "", state.Options{Now: r.RunClock.Now})
		if err != nil {
			t.Fatal(err)
		}
		store = store.ForInstallation("jms", "org")
		announces(t, store, r.RunClock.Now(), 30)
		r.store = store
		r.announced(engine.Request{})
		before := r.CountInactive()
		for n := range 2 { // fewer than any threshold holds
			r.Accounts[0].Cloud.Remove("cn-beijing", alibabatest.SampleInstance(len(name)+n).ID)
		}
		rep := r.announced(engine.Request{})
		want := map[string]int{"counts": 2, "cannot": 0}[name]
		if rep.Deactivated != want || rep.Held != 2-want || r.CountInactive()-before != want || left(t, store) != 30-want {
			t.Errorf("%s: %d left, %+v", name, left(t, store), rep)
		}
		for n := range 2 {
			r.Accounts[0].Cloud.Put("cn-beijing", alibabatest.SampleInstance(len(name)+n))
		}
		r.announced(engine.Request{})
	}
	r.Close()
}

// TestExpectedAndEvents: events are under their own rules, and what they close counts.
func TestExpectedAndEvents(t *testing.T) {
	t.Parallel()
	h := enginetest.NewEventWorld(t, nil)
	bucket := storagetest.NewMemoryBucket(storage.Capabilities{CreateOnly: true, IfMatch: true})
	for _, c := range []struct {
		bucket   storage.Bucket
		instance string
		want     string
		left     int
	}{
		{bucket, "i-b1", "done: 释放", 1}, {racing{Bucket: bucket}, "i-b2", "failed: ", 1},
		{bucket, "i-b2", "done: 释放", 0}, {bucket, "i-b3", "done: 释放", 0},
	} {
		store, err := state.New(c.bucket, "", state.Options{Now: h.RunClock.Now})
		if err != nil {
			t.Fatal(err)
		}
		store = store.ForInstallation("jms", "org")
		if c.instance == "i-b1" {
			announces(t, store, h.RunClock.Now(), 2)
		}
		if e, err := store.LoadExpectation(t.Context(), inBeijing); err != nil || e.UpTo != 2 {
			t.Fatal(e, err)
		}
		enginetest.Releasing(c.instance)(h)
		v := h.NewEventHandler()
		v.Engine.Memory.Announced = store
		ctx, cancel := context.WithDeadline(t.Context(), h.RunClock.Now().Add(time.Minute))
		h.ExpectEvents(v.Run(ctx, enginetest.ParseEvents(enginetest.StateEvent(c.instance+" Deleted"))), c.want)
		cancel()
		if n := left(t, store); n != c.left {
			t.Errorf("%s: %d left", c.instance, n)
		}
	}
	if n := len(h.JumpServer.Hosts(jumpservertest.DefaultOrg)); n != 4 {
		t.Errorf("%d hosts", n)
	}
	h.Close()
}
