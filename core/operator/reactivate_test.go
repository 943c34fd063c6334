package operator_test

import (
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/operator"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
)

// order is to reopen what was closed within the last day.
func order(h *enginetest.EventWorld, write bool) operator.Action {
	return operator.Action{Account: "aliyun-prod", Write: write, Reopening: plan.Reopening{
		Account: "aliyun-prod", Since: h.RunClock.Now().Add(-24 * time.Hour), Until: h.RunClock.Now().Add(time.Hour),
	}}
}

// TestReactivateWhatAnEventClosed: it is shown, then opened and told; neither an event nor a full run closes it again,
// until its instance is listed: then its marks go, and its next release closes it.
func TestReactivateWhatAnEventClosed(t *testing.T) {
	t.Parallel()
	h := enginetest.NewEventWorld(t, nil)
	enginetest.Releasing("i-b1")(h)
	h.ExpectEvents(h.HandleEvents(enginetest.StateEvent("i-b1 Deleted")), "done: 释放")
	h.ExpectMessages(1, "jms-sync reactivate --account aliyun-prod --since ")
	h.ExpectHost("i-b1", "web-1 10.0.0.1 off gone")

	out := operator.Reactivate(t.Context(), h.NewEngine(), order(h, false))
	if out.Err != nil || out.Report.Updated != 1 || !out.Report.DryRun {
		t.Fatalf("%v %+v", out.Err, out.Report)
	}
	h.ExpectMessages(0)
	h.ExpectHost("i-b1", "web-1 10.0.0.1 off gone")
	out = operator.Reactivate(t.Context(), h.NewEngine(), order(h, true))
	if out.Err != nil || out.Report.Updated != 1 || out.Report.Outcome != report.OK {
		t.Fatalf("%v %+v", out.Err, out.Report)
	}
	h.ExpectMessages(1, "更新资产详情")
	h.ExpectHost("i-b1", "web-1 10.0.0.1 on gone")
	h.ExpectEvents(h.HandleEvents(enginetest.StateEvent("i-b1 Deleted")), "ignored: 人工启用")
	for range 2 {
		h.RunClock.Advance(30 * 24 * time.Hour)
		if rep := h.RunFull().Report; rep.Deactivated+rep.Deleted != 0 || rep.Skipped != 1 {
			t.Errorf("%+v", rep)
		}
	}
	h.EditClouds(enginetest.CloudEdit{Put: []enginetest.Instance{{ID: "i-b1", Name: "web-1", IP: "10.0.0.1"}}})
	h.RunFull()
	h.ExpectHost("i-b1", "web-1 10.0.0.1 on -")
	enginetest.Releasing("i-b1")(h)
	h.RunClock.Advance(time.Hour)
	h.ExpectEvents(h.HandleEvents(enginetest.StateEvent("i-b1 Deleted")), "done: 释放")
	h.Close()
}

// TestReactivateReadsAgain: what somebody changes between the plan and the write is left as it is now.
func TestReactivateReadsAgain(t *testing.T) {
	t.Parallel()
	for _, c := range []enginetest.HostEdit{
		{Platform: "Gateway"}, {Name: "db-vault"}, {Active: new(true)}, {Unlabel: []string{"jms-gone"}}, {Label: []string{"jms-off:person"}},
	} {
		h := enginetest.NewEventWorld(t, nil)
		enginetest.Releasing("i-b1")(h)
		h.ExpectEvents(h.HandleEvents(enginetest.StateEvent("i-b1 Deleted")), "done: 释放")
		e := h.NewEngine()
		e.OnStage = func(name string) {
			if name == "apply" {
				c.Host = "i-b1"
				h.EditHost(c)
			}
		}
		writes := h.JumpServer.Writes()
		out := operator.Reactivate(t.Context(), e, order(h, true))
		if out.Err != nil || out.Report.Updated != 0 || out.Report.Skipped != 1 || h.JumpServer.Writes() != writes {
			t.Errorf("%+v: %v %+v", c, out.Err, out.Report)
		}
		h.Close()
	}
}
