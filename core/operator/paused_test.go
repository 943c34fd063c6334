package operator_test

import (
	"errors"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/operator"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
)

// pauseWorld is a world whose engine knows of pauses.
type pauseWorld struct {
	*enginetest.World
	store *state.Store
}

func (r *pauseWorld) pauses(removals bool) {
	r.T.Helper()
	now := r.RunClock.Now()
	err := r.store.SavePause(r.T.Context(), state.Pause{Removals: removals, Since: now, Until: now.Add(time.Hour), By: "anna@ops", Reason: "upgrade"})
	if err != nil {
		r.T.Fatal(err)
	}
}

// pausing is the engine a minute later.
func (r *pauseWorld) pausing() engine.Engine {
	r.T.Helper()
	r.RunClock.Advance(time.Minute)
	r.RobotClock.Advance(4 * time.Second)
	e := r.NewEngine()
	e.Memory.Held, e.Memory.Owners, e.Memory.Pauses = r.store.HeldStore(), r.store, r.store
	return e
}

// TestPauseAndOrders: what a person orders besides is held as well: retire by any pause, adopt by that of all writes.
func TestPauseAndOrders(t *testing.T) {
	t.Parallel()
	w := enginetest.NewWorld(t, enginetest.Setup{}, jumpservertest.V410)
	for n := range 20 {
		w.Accounts[0].Cloud.Put("cn-beijing", alibabatest.SampleInstance(n))
		w.Accounts[0].Cloud.Put("cn-shanghai", alibabatest.SampleInstance(100+n))
	}
	r := &pauseWorld{World: w, store: w.NewStore()}
	r.AddAccount(enginetest.AccountSpec{Name: "aliyun-old", Owner: enginetest.TestOwner, Regions: []string{"cn-hangzhou"}})
	r.Accounts[1].Cloud.Put("cn-hangzhou", alibabatest.SampleInstance(200))
	r.pausing().Run(t.Context(), engine.Request{})
	r.Accounts[1].Unconfigured = true
	for _, removals := range []bool{true, false} {
		r.pauses(removals)
		for _, yes := range []int{0, 1} {
			out := operator.Retire(t.Context(), r.pausing(), operator.Action{Account: "aliyun-old", Write: true, ConfirmedRemovals: yes})
			if out.Err != nil || out.Report.Held != 1 || out.Report.Outcome != report.Held || out.Report.Pause == nil || r.CountInactive() != 0 {
				t.Errorf("%v: %v, %+v", removals, out.Err, out.Report)
			}
		}
		released := operator.Disown(t.Context(), r.pausing(), operator.Action{Account: "aliyun-old", Region: "nowhere", Write: true})
		if released.Err != nil || released.Report.Pause == nil {
			t.Errorf("%+v", released.Report)
		}
	}
	host := r.JumpServer.Hosts(jumpservertest.DefaultOrg)[0]
	r.JumpServer.Edit(jumpservertest.DefaultOrg, host.ID, func(h *jumpservertest.Host) { h.Labels = nil })
	if out := operator.Adopt(t.Context(), r.pausing(), operator.Action{Write: true}); out.Report.Held != 1 || out.Report.Updated != 0 {
		t.Errorf("adopt: %+v", out.Report)
	}
	r.pauses(true)
	if out := operator.Adopt(t.Context(), r.pausing(), operator.Action{Write: true}); out.Report.Updated != 1 {
		t.Errorf("adopt, removals paused: %+v", out.Report)
	}
	labels := operator.CleanLabels(t.Context(), r.pausing(), r.Client, operator.LabelCleanup{Write: true})
	var why *reason.RunError
	if !errors.As(labels.Err, &why) || !plan.IsPauseHold(why.Reason.Code) {
		t.Errorf("labels: %v", labels.Err)
	}
	if err := r.store.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	if out := operator.Retire(t.Context(), r.pausing(), operator.Action{Account: "aliyun-old", Write: true}); out.Report.Deactivated != 1 {
		t.Errorf("resumed: %+v", out.Report)
	}
	back := operator.Action{Write: true, Reopening: plan.Reopening{Since: r.RunClock.Now().Add(-time.Hour), Until: r.RunClock.Now().Add(time.Hour)}}
	for _, removals := range []bool{false, true} { // who undoes a removal may, while removals are paused
		r.pauses(removals)
		if out := operator.Reactivate(t.Context(), r.pausing(), back); out.Err != nil || (out.Report.Held == 1) == removals || (r.CountInactive() == 0) != removals {
			t.Errorf("reactivate, removals only: %v: %v, %+v", removals, out.Err, out.Report)
		}
	}
	r.Close()
}
