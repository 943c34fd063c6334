package engine_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/reconcile"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
)

// runWithApprovals makes a run that knows of approvals.
func (r *stateWorld) runWithApprovals() report.Report {
	r.t.Helper()
	r.runClock.advance(time.Minute)
	r.robotClock.advance(4 * time.Second)
	e := r.newEngine()
	e.Incremental, e.HeldStore = &engine.Incremental{Store: r.store, Salt: r.salt, FullInterval: time.Hour, SyncChanges: reconcile.SyncChanges}, r.store.HeldStore()
	return e.Run(r.t.Context(), engine.Request{}).Report
}

// approveHeldSet approves what a report says is held.
func (r *stateWorld) approveHeldSet(rep report.Report) {
	r.t.Helper()
	if len(rep.HeldSets) != 1 {
		r.t.Fatalf("nothing to approve: %+v", rep)
	}
	set, err := r.store.HeldStore().Find(r.t.Context(), rep.HeldSets[0].Hash, r.runClock.now())
	if err == nil {
		_, err = r.store.HeldStore().Approve(r.t.Context(), set, r.runClock.now())
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *stateWorld) releaseInstances(from, to int) {
	for n := from; n < to; n++ {
		r.accounts[0].cloud.Remove("cn-beijing", alibabatest.SampleInstance(n).ID)
	}
}

// truncateObject cuts an object of the store.
func (r *stateWorld) truncateObject(key string) error {
	name := filepath.Join(r.storeDir, key)
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	return os.WriteFile(name, text[:len(text)/2], 0o600)
}

func (r *stateWorld) countInactive() int {
	n := 0
	for _, h := range r.jumpserver.Hosts(jumpservertest.DefaultOrg) {
		if !h.Active {
			n++
		}
	}
	return n
}

// TestApprovalWaitsForItsScope: with a failed scope nothing is removed although it was approved, and the
// approval serves the run that reads the scope again. The card asks again meanwhile.
func TestApprovalWaitsForItsScope(t *testing.T) {
	t.Parallel()
	r := newStateWorld(t)
	r.runWithApprovals()
	r.releaseInstances(0, 8)
	rep := r.runWithApprovals()
	if rep.Held != 8 || rep.Outcome != report.Held {
		t.Fatalf("%+v", rep)
	}
	r.approveHeldSet(rep)
	r.cloud.Break(alibabatest.Fault{Kind: alibabatest.NoPermission, Action: alibabatest.DescribeInstances, Region: "cn-beijing"})
	if rep = r.runWithApprovals(); rep.Deactivated != 0 || r.countInactive() != 0 || rep.Outcome != report.Partial {
		t.Fatalf("with a failed scope: %+v", rep)
	}
	r.healAll()
	if rep = r.runWithApprovals(); rep.Deactivated != 8 || r.countInactive() != 8 || rep.Outcome != report.OK {
		t.Errorf("%+v", rep)
	}
	if left, err := r.store.HeldStore().ListApprovals(t.Context(), r.runClock.now()); err != nil || len(left) > 0 {
		t.Errorf("used up, yet %v %v", left, err)
	}
	r.close()
}

// TestApprovalEnds after a day, and without the store's answer there is none.
func TestApprovalEnds(t *testing.T) {
	t.Parallel()
	r := newStateWorld(t)
	r.runWithApprovals()
	r.releaseInstances(0, 8)
	r.approveHeldSet(r.runWithApprovals())
	r.runClock.advance(state.ApprovalTTL)
	rep := r.runWithApprovals()
	if rep.Held != 8 || r.countInactive() != 0 {
		t.Errorf("%+v", rep)
	}
	r.approveHeldSet(rep)
	if err := r.truncateObject("approvals/" + rep.HeldSets[0].Hash + ".json"); err != nil {
		t.Fatal(err)
	}
	if rep = r.runWithApprovals(); rep.Held != 8 || r.countInactive() != 0 {
		t.Errorf("with a damaged approval: %+v", rep)
	}
	r.approveHeldSet(rep)
	if rep = r.runWithApprovals(); rep.Deactivated != 8 || r.countInactive() != 8 {
		t.Errorf("%+v", rep)
	}
	r.close()
}

// TestApprovalIsForOneAction: who approved that hosts are deactivated has not approved their deletion.
func TestApprovalIsForOneAction(t *testing.T) {
	t.Parallel()
	r := newStateWorld(t)
	r.runWithApprovals()
	r.releaseInstances(0, 8)
	r.approveHeldSet(r.runWithApprovals())
	r.changeSettings(map[string]any{"sync": map[string]any{"removal": map[string]any{"grace": "0s"}}})
	if rep := r.runWithApprovals(); rep.Held != 8 || rep.Deleted != 0 || len(r.jumpserver.Hosts(jumpservertest.DefaultOrg)) != 40 {
		t.Errorf("%+v", rep)
	}
	r.close()
}

// TestEventsUseNoApproval: what must be approved waits for the full run, and the event is done with.
func TestEventsUseNoApproval(t *testing.T) {
	t.Parallel()
	asks := func(what string) func(*eventWorld) {
		return func(h *eventWorld) {
			h.changeSettings(map[string]any{"sync": map[string]any{"approval": what}})
			releasing("i-b1")(h)
		}
	}
	playEvents(t, []eventCase{
		{
			name: "released, with approval of removals", prepare: asks("removals"), events: []string{stateEvent("i-b1 Deleted")},
			want: []string{"held: 每次移除都要先批准"}, waits: []int{2}, messages: 1, card: "每次移除都要先批准",
		},
		{
			name: "released, with approval of all", prepare: asks("all"), events: []string{stateEvent("i-b1 Deleted")},
			want: []string{"held: sync.approval: all"}, waits: []int{2}, messages: 1,
		},
	})
}

// TestApprovalOfWhatFailed: a removal that JumpServer did not take stays approved.
func TestApprovalOfWhatFailed(t *testing.T) {
	t.Parallel()
	r := newStateWorld(t)
	r.runWithApprovals()
	r.releaseInstances(0, 8)
	r.approveHeldSet(r.runWithApprovals())
	r.injectBastionFault(bastionFault{Method: "PATCH", Part: "/hosts/", Status: 400, Answer: `{"detail":"no"}`})
	if rep := r.runWithApprovals(); rep.Deactivated != 0 || r.countInactive() != 0 || rep.Failures == 0 {
		t.Fatalf("%+v", rep)
	}
	r.healAll()
	if rep := r.runWithApprovals(); rep.Deactivated != 8 || r.countInactive() != 8 {
		t.Errorf("%+v", rep)
	}
	r.close()
}
