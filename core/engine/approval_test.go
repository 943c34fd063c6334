package engine_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
)

// runWithApprovals makes a run that knows of approvals.
func (r *stateWorld) runWithApprovals() report.Report {
	r.T.Helper()
	r.RunClock.Advance(time.Minute)
	r.RobotClock.Advance(4 * time.Second)
	e := r.NewEngine()
	e.Incremental, e.Memory.Held = enginetest.Incremental(r.store, r.salt), r.store.HeldStore()
	return e.Run(r.T.Context(), engine.Request{}).Report
}

// approveHeldSet approves what a report says is held.
func (r *stateWorld) approveHeldSet(rep report.Report) {
	r.T.Helper()
	if len(rep.HeldSets) != 1 {
		r.T.Fatalf("nothing to approve: %+v", rep)
	}
	set, err := r.store.HeldStore().Find(r.T.Context(), rep.HeldSets[0].Hash, r.RunClock.Now())
	if err == nil {
		_, err = r.store.HeldStore().Approve(r.T.Context(), set, r.RunClock.Now())
	}
	if err != nil {
		r.T.Fatal(err)
	}
}

func (r *stateWorld) releaseInstances(from, to int) {
	for n := from; n < to; n++ {
		r.Accounts[0].Cloud.Remove("cn-beijing", alibabatest.SampleInstance(n).ID)
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

// TestHeldSetIsLogged: one line, a warning, says which set, how many, why and the first of them.
func TestHeldSetIsLogged(t *testing.T) {
	t.Parallel()
	r := newStateWorld(t)
	r.runWithApprovals()
	r.releaseInstances(0, 20)
	rep := r.runWithApprovals()
	var lines []string
	for line := range strings.Lines(r.LogText.String()) {
		if strings.Contains(line, "removals are held") {
			lines = append(lines, line)
		}
	}
	if len(lines) != 1 || len(rep.HeldSets) != 1 {
		t.Fatalf("%q %+v", lines, rep.HeldSets)
	}
	for _, want := range []string{"level=WARN", "hash=" + rep.HeldSets[0].Hash, "assets=20", "held: the scope", "web-00000, web-00001, web-00002"} {
		if !strings.Contains(lines[0], want) {
			t.Errorf("no %q in %s", want, lines[0])
		}
	}
	set, err := r.store.HeldStore().Find(t.Context(), rep.HeldSets[0].Hash, r.RunClock.Now())
	if err != nil || set.Removals[0].Address == "" || set.Removals[0].Node != "aliyun-prod" {
		t.Errorf("%+v %v", set.Removals[0], err)
	}
	r.Close()
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
	r.Cloud.Break(alibabatest.Fault{Kind: alibabatest.NoPermission, Action: alibabatest.DescribeInstances, Region: "cn-beijing"})
	rep = r.runWithApprovals()
	if rep.Deactivated != 0 || r.CountInactive() != 0 || rep.Outcome != report.Partial {
		t.Fatalf("with a failed scope: %+v", rep)
	}
	healAll(r.World)
	rep = r.runWithApprovals()
	if rep.Deactivated != 8 || r.CountInactive() != 8 || rep.Outcome != report.OK {
		t.Errorf("%+v", rep)
	}
	if left, err := r.store.HeldStore().ListApprovals(t.Context(), r.RunClock.Now()); err != nil || len(left) > 0 {
		t.Errorf("used up, yet %v %v", left, err)
	}
	r.Close()
}

// TestApprovalEnds after a day, and without the store's answer there is none.
func TestApprovalEnds(t *testing.T) {
	t.Parallel()
	r := newStateWorld(t)
	r.runWithApprovals()
	r.releaseInstances(0, 8)
	r.approveHeldSet(r.runWithApprovals())
	r.RunClock.Advance(state.ApprovalTTL)
	rep := r.runWithApprovals()
	if rep.Held != 8 || r.CountInactive() != 0 {
		t.Errorf("%+v", rep)
	}
	r.approveHeldSet(rep)
	if err := r.truncateObject("approvals/" + rep.HeldSets[0].Hash + ".json"); err != nil {
		t.Fatal(err)
	}
	rep = r.runWithApprovals()
	if rep.Held != 8 || r.CountInactive() != 0 {
		t.Errorf("with a damaged approval: %+v", rep)
	}
	r.approveHeldSet(rep)
	rep = r.runWithApprovals()
	if rep.Deactivated != 8 || r.CountInactive() != 8 {
		t.Errorf("%+v", rep)
	}
	r.Close()
}

// TestApprovalIsForOneAction: who approved that hosts are deactivated has not approved their deletion.
func TestApprovalIsForOneAction(t *testing.T) {
	t.Parallel()
	r := newStateWorld(t)
	r.runWithApprovals()
	r.releaseInstances(0, 8)
	r.approveHeldSet(r.runWithApprovals())
	r.ChangeSettings(map[string]any{"sync": map[string]any{"removal": map[string]any{"grace": "0s"}}})
	if rep := r.runWithApprovals(); rep.Held != 8 || rep.Deleted != 0 || len(r.JumpServer.Hosts(jumpservertest.DefaultOrg)) != 40 {
		t.Errorf("%+v", rep)
	}
	r.Close()
}

// TestApprovalOfWhatFailed: a removal that JumpServer did not take stays approved.
func TestApprovalOfWhatFailed(t *testing.T) {
	t.Parallel()
	r := newStateWorld(t)
	r.runWithApprovals()
	r.releaseInstances(0, 8)
	r.approveHeldSet(r.runWithApprovals())
	r.InjectBastionFault(enginetest.BastionFault{Method: "PATCH", Part: "/hosts/", Status: 400, Answer: `{"detail":"no"}`})
	if rep := r.runWithApprovals(); rep.Deactivated != 0 || r.CountInactive() != 0 || rep.Failures == 0 {
		t.Fatalf("%+v", rep)
	}
	healAll(r.World)
	if rep := r.runWithApprovals(); rep.Deactivated != 8 || r.CountInactive() != 8 {
		t.Errorf("%+v", rep)
	}
	r.Close()
}
