package operator_test

import (
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/operator"
	"github.com/jms-sync/jms-sync/core/state"
)

// TestRetireWithAnotherKey: an account is switched off, and its key, and the labels of its assets, are another cloud
// account's than is remembered. Nothing is proved by that key.
func TestRetireWithAnotherKey(t *testing.T) {
	t.Parallel()
	for remembered, want := range map[string]int{"1690700000000099": 0, enginetest.ProdOwner: 1} {
		h := enginetest.NewEventWorld(t, nil)
		store := h.NewStore()
		h.Accounts[0].Cloud.Remove("cn-beijing", "i-b1")
		was := state.Owner{Cloud: inventory.Alibaba, Account: "aliyun-prod", Owner: remembered}
		if err := store.SaveOwner(t.Context(), state.Owner{}, was); err != nil {
			t.Fatal(err)
		}
		h.Accounts[0].Account = ""
		keyed := h.NewFleet(h.LoadConfig())
		h.Accounts[0].Unconfigured = true
		e := h.NewEngine()
		e.Memory.Owners = store
		out := operator.Retire(t.Context(), e, operator.Action{
			Account: "aliyun-prod", Write: true,
			OpenClouds: func([]inventory.Scope) (engine.Clouds, []inventory.Cloud) {
				return keyed, []inventory.Cloud{inventory.Alibaba}
			},
		})
		if out.Report.Deactivated != want {
			t.Errorf("remembered %s: %v\n%s", remembered, out.Err, enginetest.Describe(out.Report))
		}
		h.SeenMessages = len(h.Robot.Messages())
		h.Close()
	}
}

// TestClockAndRetire: a person's order to end an account's assets is refused, too.
func TestClockAndRetire(t *testing.T) {
	t.Parallel()
	h := enginetest.NewEventWorld(t, nil)
	h.SkewClock = time.Now
	h.Accounts[1].Unconfigured = true
	h.Cloud.SetDateAhead(-time.Hour)
	out := operator.Retire(t.Context(), h.NewEngine(), operator.Action{Account: "aliyun-test", Write: true})
	if inventory.KindOf(out.Err) != inventory.ClockOff || out.Report.Deactivated+out.Report.Deleted != 0 {
		t.Errorf("%v, %+v", out.Err, out.Report)
	}
	h.Cloud.SetDateAhead(0)
	out = operator.Retire(t.Context(), h.NewEngine(), operator.Action{Account: "aliyun-test", Write: true})
	if out.Err != nil || out.Report.Deactivated != 1 {
		t.Errorf("mended: %v, %+v", out.Err, out.Report)
	}
	h.Close()
}
