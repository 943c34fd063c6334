package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/operator"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
)

// runAccounted makes a run and requires that every asset is accounted for.
func runAccounted(w *enginetest.World, e engine.Engine, req engine.Request) report.Report {
	w.T.Helper()
	reading := enginetest.Observe(&e)
	out := e.Run(w.T.Context(), req)
	for _, wrong := range reading.Unaccounted(out) {
		w.T.Error(wrong)
	}
	return out.Report
}

// requireOpen requires the groups of what stays open: "code assets".
func requireOpen(t *testing.T, what string, r report.Report, want ...string) {
	t.Helper()
	var got []string
	for _, g := range r.StaysOpen {
		got = append(got, fmt.Sprint(g.Code, " ", g.Assets))
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s: open %q, want %q\n%s", what, got, want, enginetest.Describe(r))
	}
}

// lastCard returns the newest card.
func lastCard(w *enginetest.World) string {
	all := w.Robot.Messages()
	w.SeenMessages = len(all)
	return all[len(all)-1].Text
}

// TestLostLabels is case 4: the label jms-owner vanishes from all assets, then two of ten instances are released.
//
// Invariants: 16.
func TestLostLabels(t *testing.T) {
	t.Parallel()
	for _, version := range jumpservertest.Versions() {
		t.Run(string(version), func(t *testing.T) {
			t.Parallel()
			w := enginetest.NewWorld(t, enginetest.Setup{}, version)
			w.EditCloud(enginetest.CloudEdit{Fill: 10})
			runAccounted(w, w.NewEngine(), engine.Request{})
			for _, h := range w.JumpServer.Hosts(jumpservertest.DefaultOrg) {
				w.JumpServer.Edit(jumpservertest.DefaultOrg, h.ID, func(h *jumpservertest.Host) {
					h.Labels = slices.DeleteFunc(h.Labels, func(l string) bool { return strings.HasPrefix(l, "jms-owner:") })
				})
			}
			told := func(r report.Report) {
				t.Helper()
				lost := slices.ContainsFunc(r.Errors, func(e report.ErrorEntry) bool { return e.Kind == inventory.MarksLost })
				if card := lastCard(w); !lost || r.Outcome != report.Partial || r.Deactivated+r.Deleted+r.Created != 0 || !strings.Contains(card, "丢了我们的标签") {
					t.Errorf("%s\n%s", enginetest.Describe(r), card)
				}
			}
			told(runAccounted(w, w.NewEngine(), engine.Request{}))
			w.EditCloud(enginetest.CloudEdit{Remove: []string{"i-0000000000000000", "i-0000000000000001"}})
			r := runAccounted(w, w.NewEngine(), engine.Request{})
			told(r)
			requireOpen(t, "released", r, "marks_lost 2")
			if log := w.LogText.String(); !strings.Contains(log, "assets stay open") || !strings.Contains(log, "reason=marks_lost") {
				t.Error("the log does not say so")
			}
			if out := operator.Adopt(t.Context(), w.NewEngine(), operator.Action{Write: true}); out.Report.Updated != 10 || out.Report.Skipped != 0 {
				t.Fatalf("adopt: %s", enginetest.Describe(out.Report))
			}
			r = runAccounted(w, w.NewEngine(), engine.Request{})
			if r.Outcome != report.OK || r.Deactivated != 2 || r.Unchanged != 8 || len(r.StaysOpen) != 0 {
				t.Errorf("repaired: %s", enginetest.Describe(r))
			}
			w.SeenMessages = len(w.Robot.Messages())
			expectQuietRun(w)
			w.Close()
		})
	}
}

// TestRegionNoLongerNamed is case 5: the account asks for all regions, and the cloud stops naming one that has assets.
//
// Invariants: 16.
func TestRegionNoLongerNamed(t *testing.T) {
	t.Parallel()
	w := enginetest.NewWorld(t, enginetest.Setup{Accounts: []enginetest.AccountSpec{{Name: "aliyun-prod", Regions: []string{}}}}, jumpservertest.V410)
	w.EditCloud(enginetest.CloudEdit{Fill: 5})
	w.EditCloud(enginetest.CloudEdit{Region: "cn-shanghai", Put: []enginetest.Instance{{ID: "i-s1", Name: "db-1", IP: "10.1.0.1"}}})
	runAccounted(w, w.NewEngine(), engine.Request{})
	w.Cloud.SetRegions("cn-shanghai")
	for range 2 {
		r := runAccounted(w, w.NewEngine(), engine.Request{})
		requireOpen(t, "unnamed", r, "region_not_named 5")
		if r.Orphans != 5 || r.Deactivated != 0 {
			t.Error(enginetest.Describe(r))
		}
	}
	if card := lastCard(w); !strings.Contains(card, "不再给账号 aliyun-prod 列出区域 cn-beijing") {
		t.Error(card)
	}
	r := runAccounted(w, w.NewEngine(), engine.Request{Regions: []string{"cn-shanghai"}})
	requireOpen(t, "a narrowed run says nothing", r)
	inCloud := func() engine.Engine {
		e := w.NewEngine()
		e.Rules.Accounts["aliyun-prod"] = plan.Account{Cloud: inventory.Alibaba, Enabled: true}
		return e
	}
	retired := operator.Retire(t.Context(), inCloud(), operator.Action{Account: "aliyun-prod", Region: "cn-beijing"})
	if retired.Err != nil || retired.Report.Held != 5 { // without its key nothing is proved
		t.Errorf("retire: %v %s", retired.Err, enginetest.Describe(retired.Report))
	}
	keyed := inCloud()
	keyed.Cards.Channels = nil
	w.Accounts[0].Regions = []string{"cn-beijing"}
	region := w.NewFleet(w.LoadConfig())
	w.Accounts[0].Regions = []string{}
	retired = operator.Retire(t.Context(), keyed, operator.Action{
		Account: "aliyun-prod", Region: "cn-beijing", Write: true, ConfirmedRemovals: 5,
		OpenClouds: func([]inventory.Scope) (engine.Clouds, []inventory.Cloud) {
			return region, []inventory.Cloud{inventory.Alibaba}
		},
	})
	if retired.Report.Deactivated+retired.Report.Deleted != 0 { // the cloud does not answer for the region, so nothing is proved
		t.Errorf("retire with a key: %v %s", retired.Err, enginetest.Describe(retired.Report))
	}
	for _, region := range []string{"", "cn-shanghai"} {
		if out := operator.Retire(t.Context(), inCloud(), operator.Action{Account: "aliyun-prod", Region: region, Write: true}); inventory.KindOf(out.Err) != inventory.Invalid {
			t.Errorf("retire of %q, which is asked for: %v", region, out.Err)
		}
	}
	w.Cloud.SetRegions("cn-beijing", "cn-shanghai")
	r = runAccounted(w, w.NewEngine(), engine.Request{})
	if r.Unchanged != 6 || r.Orphans != 0 || len(r.StaysOpen) != 0 {
		t.Errorf("named again: %s", enginetest.Describe(r))
	}
	if out := operator.Retire(t.Context(), inCloud(), operator.Action{Account: "aliyun-prod", Region: "cn-beijing", Write: true}); inventory.KindOf(out.Err) != inventory.Invalid {
		t.Errorf("retire of a region that is named again: %v", out.Err)
	}
	w.SeenMessages = len(w.Robot.Messages())
	w.Close()
}

// TestAccountMovedToAnotherCloud is case 6: its assets are orphans, and retire ends those of the former cloud alone.
//
// Invariants: 16.
func TestAccountMovedToAnotherCloud(t *testing.T) {
	t.Parallel()
	h := enginetest.NewEventWorld(t, nil)
	h.Accounts[1].Unconfigured = true
	moved := func() engine.Engine {
		e := h.NewEngine()
		e.Rules.Accounts["aliyun-test"] = plan.Account{Type: "aws", Cloud: inventory.AWS, Enabled: true}
		return e
	}
	r := runAccounted(h.World, moved(), engine.Request{})
	requireOpen(t, "moved", r, "of_other_cloud 1")
	if r.Orphans != 1 || r.Deactivated != 0 {
		t.Error(enginetest.Describe(r))
	}
	if out := operator.Retire(t.Context(), moved(), operator.Action{Account: "aliyun-test", Write: true}); inventory.KindOf(out.Err) != inventory.Invalid {
		t.Errorf("retire of an account that is asked for: %v", out.Err)
	}
	if out := operator.Retire(t.Context(), moved(), operator.Action{Account: "aliyun-test", Cloud: inventory.AWS, Write: true}); inventory.KindOf(out.Err) != inventory.Invalid {
		t.Errorf("retire in the cloud that is asked for: %v", out.Err)
	}
	out := operator.Retire(t.Context(), moved(), operator.Action{Account: "aliyun-test", Cloud: inventory.Alibaba, Write: true})
	if out.Err != nil || out.Report.Deactivated != 1 {
		t.Errorf("retire: %v %s", out.Err, enginetest.Describe(out.Report))
	}
	h.SeenMessages = len(h.Robot.Messages())
	h.Close()
}

// TestNarrowedTimersTell: two timers of one account each leave the other's account out, which may be the same cloud
// account's. What is released is in no run's power, and every run says so.
func TestNarrowedTimersTell(t *testing.T) {
	t.Parallel()
	h := enginetest.NewEventWorld(t, nil)
	h.EditCloud(enginetest.CloudEdit{Remove: []string{"i-b1"}})
	e := h.NewEngine()
	for name, a := range e.Rules.Accounts {
		a.Cloud, a.Owner, a.Regions = inventory.Alibaba, "", nil
		e.Rules.Accounts[name] = a
	}
	r := runAccounted(h.World, e, engine.Request{Accounts: []string{"aliyun-prod"}})
	requireOpen(t, "narrowed", r, "others_not_asked 1")
	if card := lastCard(h.World); !strings.Contains(card, "仍开放的资产") || !strings.Contains(card, "web-1") {
		t.Error(card)
	}
	h.Close()
}
