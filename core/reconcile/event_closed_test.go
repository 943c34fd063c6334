package reconcile_test

import (
	"context"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reconcile"
)

// TestEventsClosed: events about an instance that its owner gave up and the cloud keeps. Only a release closes, and it
// does not wait for the instance to be absent.
func TestEventsClosed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		event, want, host string
		cards             int
		held              bool
	}{
		"released":                     {"i-b1 Deleted", "done: 回收站", "web-1 10.0.0.1 off gone", 1, false},
		"stopped":                      {"i-b1 Stopped", "later: 没有说已释放", "web-1 10.0.0.1 on -", 0, false},
		"released, and never an asset": {"i-never Deleted", "done: 没有启用的资产", "", 0, false},
		"released, and removals wait":  {"i-b1 Deleted", "held: ", "web-1 10.0.0.1 on -", 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var settings map[string]any
			if c.held {
				settings = enginetest.SyncSettings(map[string]any{"approval": "removals"})
			}
			h := enginetest.NewEventWorld(t, settings)
			v := h.NewEventHandler()
			clouds, _ := v.Clouds.(engine.Clouds)
			v.Clouds = enginetest.RecycleBin{Clouds: clouds, IDs: []string{"i-b1", "i-never"}}
			ctx, cancel := context.WithDeadline(t.Context(), h.RunClock.Now().Add(time.Minute))
			defer cancel()
			h.ExpectEvents(v.Run(ctx, enginetest.ParseEvents(enginetest.StateEvent(c.event))), c.want)
			if c.host != "" {
				h.ExpectHost("i-b1", c.host)
			}
			if len(h.Waits) > 0 && name == "released" {
				t.Errorf("it waited %v", h.Waits)
			}
			h.ExpectMessages(c.cards)
			h.Close()
		})
	}
}

// TestClosedIsNoSmallChange: the quick path, which removes nothing, leaves a closed instance to a whole run.
func TestClosedIsNoSmallChange(t *testing.T) {
	t.Parallel()
	h := enginetest.NewEventWorld(t, nil)
	e := h.NewEngine()
	e.Clouds = enginetest.RecycleBin{Clouds: e.Clouds, IDs: []string{"i-b1"}}
	scope := inventory.Scope{Cloud: inventory.Alibaba, Account: "aliyun-prod", Region: "cn-beijing"}
	set := engine.ChangeSet{Changed: []engine.ChangedScope{{Scope: scope, Owner: enginetest.ProdOwner, InstanceIDs: []string{"i-b1"}}}}
	if _, done := reconcile.SyncChanges(t.Context(), e, set); done {
		t.Error("the quick path took it")
	}
	h.ExpectHost("i-b1", "web-1 10.0.0.1 on -")
	h.Close()
}
