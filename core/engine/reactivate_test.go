package engine_test

import (
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
)

// order is to reopen what was closed within the last day.
func (h *eventWorld) order(write bool) engine.OperatorAction {
	return engine.OperatorAction{Account: "aliyun-prod", Write: write, Reopening: plan.Reopening{
		Account: "aliyun-prod", Since: h.runClock.now().Add(-24 * time.Hour), Until: h.runClock.now().Add(time.Hour),
	}}
}

// TestReactivateWhatAnEventClosed: it is shown, then opened and told; neither an event nor a full run closes it again,
// until its instance is listed: then its marks go, and its next release closes it.
func TestReactivateWhatAnEventClosed(t *testing.T) {
	t.Parallel()
	h := newEventWorld(t, nil)
	releasing("i-b1")(h)
	h.expectEvents(h.handleEvents(stateEvent("i-b1 Deleted")), "done: 释放")
	h.expectMessages(1, "jms-sync reactivate --account aliyun-prod --since ")
	h.expectHost("i-b1", "web-1 10.0.0.1 off gone")

	out := h.newEngine().Reactivate(t.Context(), h.order(false))
	if out.Err != nil || out.Report.Updated != 1 || !out.Report.DryRun {
		t.Fatalf("%v %+v", out.Err, out.Report)
	}
	h.expectMessages(0)
	h.expectHost("i-b1", "web-1 10.0.0.1 off gone")
	out = h.newEngine().Reactivate(t.Context(), h.order(true))
	if out.Err != nil || out.Report.Updated != 1 || out.Report.Outcome != report.OK {
		t.Fatalf("%v %+v", out.Err, out.Report)
	}
	h.expectMessages(1, "更新资产详情")
	h.expectHost("i-b1", "web-1 10.0.0.1 on gone")
	h.expectEvents(h.handleEvents(stateEvent("i-b1 Deleted")), "ignored: 人工启用")
	for range 2 {
		h.runClock.advance(30 * 24 * time.Hour)
		if rep := h.runFull().Report; rep.Deactivated+rep.Deleted != 0 || rep.Skipped != 1 {
			t.Errorf("%+v", rep)
		}
	}
	h.editClouds(cloudEdit{Put: []instance{{ID: "i-b1", Name: "web-1", IP: "10.0.0.1"}}})
	h.runFull()
	h.expectHost("i-b1", "web-1 10.0.0.1 on -")
	releasing("i-b1")(h)
	h.runClock.advance(time.Hour)
	h.expectEvents(h.handleEvents(stateEvent("i-b1 Deleted")), "done: 释放")
	h.close()
}

// TestReactivateReadsAgain: what somebody changes between the plan and the write is left as it is now.
func TestReactivateReadsAgain(t *testing.T) {
	t.Parallel()
	for _, c := range []hostEdit{
		{Platform: "Gateway"}, {Name: "db-vault"}, {Active: new(true)}, {Unlabel: []string{"jms-gone"}}, {Label: []string{"jms-off:person"}},
	} {
		h := newEventWorld(t, nil)
		releasing("i-b1")(h)
		h.expectEvents(h.handleEvents(stateEvent("i-b1 Deleted")), "done: 释放")
		e := h.newEngine()
		e.OnStage = func(name string) {
			if name == "apply" {
				c.Host = "i-b1"
				h.editHost(c)
			}
		}
		writes := h.jumpserver.Writes()
		out := e.Reactivate(t.Context(), h.order(true))
		if out.Err != nil || out.Report.Updated != 0 || out.Report.Skipped != 1 || h.jumpserver.Writes() != writes {
			t.Errorf("%+v: %v %+v", c, out.Err, out.Report)
		}
		h.close()
	}
}
