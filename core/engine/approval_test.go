package engine_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
)

// approved makes a run that knows of approvals.
func (r *remembering) approved() report.Report {
	r.t.Helper()
	r.run.advance(time.Minute)
	r.robotTime.advance(4 * time.Second)
	e := r.engine()
	e.Increment, e.Held = &engine.Increment{Store: r.store, Salt: r.salt, FullEvery: time.Hour}, r.store.Held()
	return e.Run(r.t.Context(), engine.Request{}).Report
}

// approve approves what a report says is held.
func (r *remembering) approve(rep report.Report) {
	r.t.Helper()
	if len(rep.HeldSets) != 1 {
		r.t.Fatalf("nothing to approve: %+v", rep)
	}
	set, err := r.store.Held().Find(r.t.Context(), rep.HeldSets[0].Hash, r.run.now())
	if err == nil {
		_, err = r.store.Held().Approve(r.t.Context(), set, r.run.now())
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *remembering) releases(from, to int) {
	for n := from; n < to; n++ {
		r.accounts[0].cloud.Remove("cn-beijing", alibabatest.Sample(n).ID)
	}
}

// damage cuts an object of the store.
func (r *remembering) damage(key string) error {
	name := filepath.Join(r.folder, key)
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	return os.WriteFile(name, text[:len(text)/2], 0o600)
}

func (r *remembering) inactive() int {
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
	r := newRemembering(t)
	r.approved()
	r.releases(0, 8)
	rep := r.approved()
	if rep.Held != 8 || rep.Outcome != report.Held {
		t.Fatalf("%+v", rep)
	}
	r.approve(rep)
	r.cloud.Break(alibabatest.Fault{Kind: alibabatest.NoPermission, Action: alibabatest.DescribeInstances, Region: "cn-beijing"})
	if rep = r.approved(); rep.Deactivated != 0 || r.inactive() != 0 || rep.Outcome != report.Partial {
		t.Fatalf("with a failed scope: %+v", rep)
	}
	r.heal()
	if rep = r.approved(); rep.Deactivated != 8 || r.inactive() != 8 || rep.Outcome != report.OK {
		t.Errorf("%+v", rep)
	}
	if left, err := r.store.Held().Approvals(t.Context(), r.run.now()); err != nil || len(left) > 0 {
		t.Errorf("used up, yet %v %v", left, err)
	}
	r.close()
}

// TestApprovalEnds after a day, and without the store's answer there is none.
func TestApprovalEnds(t *testing.T) {
	t.Parallel()
	r := newRemembering(t)
	r.approved()
	r.releases(0, 8)
	r.approve(r.approved())
	r.run.advance(state.ApprovedFor)
	rep := r.approved()
	if rep.Held != 8 || r.inactive() != 0 {
		t.Errorf("%+v", rep)
	}
	r.approve(rep)
	if err := r.damage("approvals/" + rep.HeldSets[0].Hash + ".json"); err != nil {
		t.Fatal(err)
	}
	if rep = r.approved(); rep.Held != 8 || r.inactive() != 0 {
		t.Errorf("with a damaged approval: %+v", rep)
	}
	r.approve(rep)
	if rep = r.approved(); rep.Deactivated != 8 || r.inactive() != 8 {
		t.Errorf("%+v", rep)
	}
	r.close()
}

// TestApprovalIsForOneAction: who approved that hosts are deactivated has not approved their deletion.
func TestApprovalIsForOneAction(t *testing.T) {
	t.Parallel()
	r := newRemembering(t)
	r.approved()
	r.releases(0, 8)
	r.approve(r.approved())
	r.set(map[string]any{"sync": map[string]any{"removal": map[string]any{"grace": "0s"}}})
	if rep := r.approved(); rep.Held != 8 || rep.Deleted != 0 || len(r.jumpserver.Hosts(jumpservertest.DefaultOrg)) != 40 {
		t.Errorf("%+v", rep)
	}
	r.close()
}

// TestEventsUseNoApproval: what must be approved waits for the full run, and the event is done with.
func TestEventsUseNoApproval(t *testing.T) {
	t.Parallel()
	asks := func(what string) func(*hearing) {
		return func(h *hearing) {
			h.set(map[string]any{"sync": map[string]any{"approval": what}})
			release("i-b1")(h)
		}
	}
	playEvents(t, []eventCase{
		{
			name: "released, with approval of removals", given: asks("removals"), hear: []string{says("i-b1 Deleted")},
			want: []string{"held: 每次移除都要先批准"}, waits: []int{2}, messages: 1, card: "每次移除都要先批准",
		},
		{
			name: "released, with approval of all", given: asks("all"), hear: []string{says("i-b1 Deleted")},
			want: []string{"held: sync.approval: all"}, waits: []int{2}, messages: 1,
		},
	})
}

// TestApprovalOfWhatFailed: a removal that JumpServer did not take stays approved.
func TestApprovalOfWhatFailed(t *testing.T) {
	t.Parallel()
	r := newRemembering(t)
	r.approved()
	r.releases(0, 8)
	r.approve(r.approved())
	r.breakJumpServer(jumpFault{Method: "PATCH", Part: "/hosts/", Status: 400, Answer: `{"detail":"no"}`})
	if rep := r.approved(); rep.Deactivated != 0 || r.inactive() != 0 || rep.Failures == 0 {
		t.Fatalf("%+v", rep)
	}
	r.heal()
	if rep := r.approved(); rep.Deactivated != 8 || r.inactive() != 8 {
		t.Errorf("%+v", rep)
	}
	r.close()
}
