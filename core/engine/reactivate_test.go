package engine_test

import (
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
)

// order is to reopen what was closed within the last day.
func (h *hearing) order(write bool) engine.Errand {
	return engine.Errand{Account: "aliyun-prod", Write: write, Reopening: plan.Reopening{
		Account: "aliyun-prod", Since: h.run.now().Add(-24 * time.Hour), Until: h.run.now().Add(time.Hour),
	}}
}

// TestReactivateWhatAnEventClosed: it is shown, then opened and told; neither an event nor a full run closes it again,
// until its instance is listed: then its marks go, and its next release closes it.
func TestReactivateWhatAnEventClosed(t *testing.T) {
	t.Parallel()
	h := newHearing(t, nil)
	release("i-b1")(h)
	h.expectEvents(h.hear(says("i-b1 Deleted")), "done: 释放")
	h.expectMessages(1, "jms-sync reactivate --account aliyun-prod --since ")
	h.expectHost("i-b1", "web-1 10.0.0.1 off gone")

	out := h.engine().Reactivate(t.Context(), h.order(false))
	if out.Err != nil || out.Report.Updated != 1 || !out.Report.DryRun {
		t.Fatalf("%v %+v", out.Err, out.Report)
	}
	h.expectMessages(0)
	h.expectHost("i-b1", "web-1 10.0.0.1 off gone")
	out = h.engine().Reactivate(t.Context(), h.order(true))
	if out.Err != nil || out.Report.Updated != 1 || out.Report.Outcome != report.OK {
		t.Fatalf("%v %+v", out.Err, out.Report)
	}
	h.expectMessages(1, "更新资产详情")
	h.expectHost("i-b1", "web-1 10.0.0.1 on gone")
	h.expectEvents(h.hear(says("i-b1 Deleted")), "ignored: 人工启用")
	for range 2 {
		h.run.advance(30 * 24 * time.Hour)
		if rep := h.full().Report; rep.Deactivated+rep.Deleted != 0 || rep.Skipped != 1 {
			t.Errorf("%+v", rep)
		}
	}
	h.edits(cloudEdit{Put: []instance{{ID: "i-b1", Name: "web-1", IP: "10.0.0.1"}}})
	h.full()
	h.expectHost("i-b1", "web-1 10.0.0.1 on -")
	release("i-b1")(h)
	h.run.advance(time.Hour)
	h.expectEvents(h.hear(says("i-b1 Deleted")), "done: 释放")
	h.close()
}

// TestReactivateReadsAgain: what somebody changes between the plan and the write is left as it is now.
func TestReactivateReadsAgain(t *testing.T) {
	t.Parallel()
	for _, c := range []edit{
		{Platform: "Gateway"}, {Name: "db-vault"}, {Active: new(true)}, {Unlabel: []string{"jms-gone"}}, {Label: []string{"jms-off:person"}},
	} {
		h := newHearing(t, nil)
		release("i-b1")(h)
		h.expectEvents(h.hear(says("i-b1 Deleted")), "done: 释放")
		e := h.engine()
		e.Stage = func(name string) {
			if name == "apply" {
				c.Host = "i-b1"
				h.edit(c)
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
