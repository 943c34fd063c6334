package session_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/session"
	"github.com/jms-sync/jms-sync/core/session/sessiontest"
	"github.com/jms-sync/jms-sync/core/storage/storagetest"
)

// storeWorld is an estate with a state store that can fail.
type storeWorld struct {
	*sessiontest.Emulators
	t     *testing.T
	store *storagetest.Server
	cfg   config.Config
}

const storeWorldHosts = 20

// newStoreWorld returns an estate that one run has brought to order. Then one instance is new, and two are released.
func newStoreWorld(t *testing.T, d storagetest.Dialect) *storeWorld {
	t.Helper()
	e, err := sessiontest.World{Hosts: storeWorldHosts, Regions: 1, Accounts: 1, Version: jumpservertest.V410, Database: "postgresql"}.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	w := &storeWorld{Emulators: e, t: t, store: storagetest.NewServer(t, d)}
	w.cfg, err = e.Announced.Config(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.cfg.JumpServer.OrgID = jumpservertest.DefaultOrg
	if r := w.sync(time.Minute); r.Outcome != report.OK || r.Created != storeWorldHosts {
		t.Fatalf("%+v", r)
	}
	account := e.Account()
	account.Put("cn-region-1", alibabatest.SampleInstance(900))
	account.Remove("cn-region-1", alibabatest.SampleInstance(0).ID)
	account.Remove("cn-region-1", alibabatest.SampleInstance(1).ID)
	w.store.TakeRequests()
	return w
}

// sync makes one run within a time, as a function's timer does.
func (w *storeWorld) sync(within time.Duration) report.Report {
	w.t.Helper()
	return w.inSession(within, func(ctx context.Context, s *session.Session) report.Report {
		return s.Sync(ctx, session.Request{}).Report
	})
}

// inSession works in a session of its own, and wants that to end within a time.
func (w *storeWorld) inSession(within time.Duration, work func(context.Context, *session.Session) report.Report) report.Report {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), within)
	defer cancel()
	s, err := session.Open(session.Options{Config: w.cfg, Environ: []string{
		config.EnvState + "=" + w.store.Ref("jms-sync"),
		"ALIBABA_CLOUD_ACCESS_KEY_ID=" + storagetest.GoodID, "ALIBABA_CLOUD_ACCESS_KEY_SECRET=" + storagetest.GoodSecret,
		"AWS_ACCESS_KEY_ID=" + storagetest.GoodID, "AWS_SECRET_ACCESS_KEY=" + storagetest.GoodSecret,
	}})
	if err != nil {
		w.t.Fatal(err)
	}
	defer s.Close()
	r := work(ctx, s)
	if ctx.Err() != nil {
		w.t.Errorf("the answer came after %s", within)
	}
	return r
}

// hasClosed returns how many assets are deactivated, and fails where one of a running instance is.
func (w *storeWorld) hasClosed() int {
	closed := 0
	for _, h := range w.JumpServer.Hosts(jumpservertest.DefaultOrg) {
		if h.Active {
			continue
		}
		closed++
		if !strings.Contains(h.Comment, alibabatest.SampleInstance(0).ID) && !strings.Contains(h.Comment, alibabatest.SampleInstance(1).ID) {
			w.t.Errorf("closed, and its instance runs: %s", h.Name)
		}
	}
	return closed
}

// hungRun is a run whose store fails from one of its calls on.
type hungRun struct {
	dialect storagetest.Dialect
	fault   storagetest.Fault
	match   string // of the requests that fail
	after   int    // as many succeed before
}

// callsAtOnce is how many calls can be under way when the first of them hangs, and the release of the lease.
const callsAtOnce = 5

// faultTime is the time of a run with a failing store; a call of the store has an eighth of it.
const faultTime = 12 * time.Second

// check makes the run: the work is done, the card and the answer come in time, and both say that the store is out of
// reach. What is removed although the store failed was removed before that.
func (h hungRun) check(t *testing.T) {
	w := newStoreWorld(t, h.dialect)
	cards := len(w.Robot.Messages())
	w.store.InjectFault(h.fault, h.match, h.after, 0)
	r := w.sync(faultTime)
	calls := len(w.store.TakeRequests())
	if calls <= h.after && r.Outcome == report.OK && r.Created == 1 && r.Deactivated == 2 && w.hasClosed() == 2 {
		return // runs differ by a call, as some go side by side: this one needed none that fails, and did all its work
	}
	if r.Created != 1 || r.Failures > 0 || r.Outcome == report.Failed {
		t.Errorf("the work is not done: %+v", r)
	}
	if r.Outcome == report.OK || !saysStore(r) {
		t.Errorf("outcome %s, errors %+v", r.Outcome, r.Errors)
	}
	if most := h.after + callsAtOnce; h.fault == storagetest.Hang && calls > most {
		t.Errorf("the store was asked %d times, and hung from the %dth on", calls, h.after+1)
	}
	sent := w.Robot.Messages()[cards:]
	if len(sent) != 1 {
		t.Errorf("%d cards", len(sent))
	}
	closed := w.hasClosed()
	if closed != r.Deactivated {
		t.Errorf("%d are closed, and the report says %d", closed, r.Deactivated)
	}
	if h.after == 0 && h.match == "" && (closed > 0 || !strings.Contains(sent[0].Text, "状态存储")) {
		t.Errorf("%d were closed although nobody knew what is paused: %s", closed, sent[0].Text)
	}
}

func saysStore(r report.Report) bool {
	for _, e := range r.Errors {
		if strings.Contains(e.Message, "状态存储") {
			return true
		}
	}
	return false
}

// forEachFault makes runs side by side: they mostly wait.
func forEachFault(t *testing.T, runs []hungRun) {
	slots := make(chan struct{}, 10)
	var group sync.WaitGroup
	for _, h := range runs {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			t.Run(fmt.Sprintf("%s %s %q after %d", h.dialect, h.fault, h.match, h.after), func(t *testing.T) { h.check(t) })
		})
	}
	group.Wait()
}

// TestStoreThatHangs: whichever call of the store is the first that has no answer, a run keeps to its time.
// Invariants: 10.
func TestStoreThatHangs(t *testing.T) {
	t.Parallel()
	for dialect, step := range map[storagetest.Dialect]int{storagetest.OSS: 1, storagetest.S3: 3} { // OBS has no leases
		w := newStoreWorld(t, dialect)
		if r := w.sync(time.Minute); r.Outcome != report.OK || r.Deactivated != 2 || w.hasClosed() != 2 {
			t.Fatalf("%+v", r)
		}
		calls := len(w.store.TakeRequests())
		if calls < 20 {
			t.Fatalf("a run makes %d calls of its store", calls)
		}
		var runs []hungRun
		for n := 0; n < calls; n += step {
			runs = append(runs, hungRun{dialect: dialect, fault: storagetest.Hang, after: n})
		}
		forEachFault(t, runs)
	}
}

// TestStoreThatHangsOnce: a run that gave its store up leaves no lease behind where the store works again, so that the next
// run is made, and removes what the first one had to leave.
func TestStoreThatHangsOnce(t *testing.T) {
	t.Parallel()
	w := newStoreWorld(t, storagetest.OSS)
	w.store.InjectFault(storagetest.Hang, "", 8, 1)
	if r := w.sync(faultTime); r.Outcome != report.Partial || r.Created != 1 || r.Deactivated != 0 {
		t.Errorf("%+v", r)
	}
	if r := w.sync(faultTime); r.Outcome != report.OK || r.Deactivated != 2 || w.hasClosed() != 2 {
		t.Errorf("the next run: %+v", r)
	}
}

// TestEventsWithAHungStore: events are handled in their time, and close nothing while nobody can say what is paused.
func TestEventsWithAHungStore(t *testing.T) {
	t.Parallel()
	w := newStoreWorld(t, storagetest.OSS)
	w.store.InjectFault(storagetest.Hang, "", 0, 0)
	about := func(instance int, released bool) cloud.ParsedEvent {
		return cloud.ParsedEvent{ID: fmt.Sprint(instance), Target: cloud.EventTarget{
			Cloud: inventory.Alibaba, AccountID: sessiontest.AccessKey(0).AccountID, Region: "cn-region-1",
			InstanceIDs: []string{alibabatest.SampleInstance(instance).ID}, IsReleased: released,
		}}
	}
	cards := len(w.Robot.Messages())
	r := w.inSession(20*time.Second, func(ctx context.Context, s *session.Session) report.Report {
		return s.HandleEvents(ctx, session.Events{Parsed: []cloud.ParsedEvent{about(900, false), about(0, true)}, Redelivers: true}).Report
	})
	if r.Created != 1 || r.Deactivated != 0 || r.Held != 1 || w.hasClosed() != 0 || !saysStore(r) {
		t.Errorf("%+v", r)
	}
	if sent := w.Robot.Messages()[cards:]; len(sent) != 1 || !strings.Contains(sent[0].Text, "状态存储") {
		t.Errorf("%d cards: %+v", len(sent), sent)
	}
}

// TestStoreThatFails: the same with a store that dies, breaks, refuses, cannot be written to, or is gone.
// Invariants: 10.
func TestStoreThatFails(t *testing.T) {
	t.Parallel()
	var runs []hungRun
	for _, dialect := range []storagetest.Dialect{storagetest.OSS, storagetest.S3} {
		for _, fault := range []storagetest.Fault{storagetest.Disconnect, storagetest.ServerError, storagetest.SlowDown, storagetest.Denied, storagetest.NoBucket, storagetest.WebPage} {
			for _, n := range []int{0, 3, 9, 18} {
				runs = append(runs, hungRun{dialect: dialect, fault: fault, after: n})
			}
		}
		runs = append(runs, hungRun{dialect: dialect, fault: storagetest.Denied, match: "PUT"})
	}
	forEachFault(t, runs)
}

// TestHungStoreLeavesNothingBehind: what waited for a store that never answers ends with the run.
func TestHungStoreLeavesNothingBehind(t *testing.T) {
	w := newStoreWorld(t, storagetest.OSS)
	before := runtime.NumGoroutine()
	w.store.InjectFault(storagetest.Hang, "", 3, 0)
	w.sync(faultTime)
	for range 100 {
		if runtime.NumGoroutine() <= before+2 { // connections that are kept
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	stacks := make([]byte, 1<<16)
	t.Errorf("%d goroutines, %d before the run: %s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
}
