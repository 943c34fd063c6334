package reconcile_test

import (
	"testing"

	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/operator"
)

// adoptInstance puts an instance into the cloud whose asset a person made, and adopts it.
func adoptInstance(h *enginetest.EventWorld, id string) {
	h.T.Helper()
	h.EditClouds(enginetest.CloudEdit{Put: []enginetest.Instance{{ID: id, Name: "named-" + id, HostName: "by hand", IP: "10.0.7.7"}}})
	h.EditHost(enginetest.HostEdit{Add: &enginetest.NewHost{Name: "by hand", Address: "10.0.7.7", Labels: []string{"team:shop"}}})
	out := operator.Adopt(h.T.Context(), h.NewEngine(), operator.Action{Write: true, MatchByAddress: true})
	if out.Err != nil || out.Report.Updated != 1 {
		h.T.Fatalf("adopt: %v\n%s", out.Err, enginetest.Describe(out.Report))
	}
	h.SeenMessages = len(h.Robot.Messages())
}

// adoptedHost returns the host that a person made.
func adoptedHost(h *enginetest.EventWorld) jumpservertest.Host {
	h.T.Helper()
	for _, host := range h.JumpServer.Hosts(jumpservertest.DefaultOrg) {
		if host.Name == "by hand" {
			return host
		}
	}
	h.T.Fatal("the asset is gone")
	return jumpservertest.Host{}
}

// TestEventsOfAdoptedAssets: events find them under their own ids, by whatever way their instance is
// known, and never make a second asset.
func TestEventsOfAdoptedAssets(t *testing.T) {
	t.Parallel()
	for name, batch := range map[string][]string{
		"alone": {enginetest.StateEvent("i-new Running")}, "in a batch": {enginetest.StateEvent("i-new Running"), enginetest.StateEvent("i-b1 Running")},
		"beside its release": {enginetest.StateEvent("i-new Running"), enginetest.StateEvent("i-new Deleted")},
	} {
		t.Run("there, "+name, func(t *testing.T) {
			t.Parallel()
			h := enginetest.NewEventWorld(t, nil)
			adoptInstance(h, "i-new")
			h.EditClouds(enginetest.CloudEdit{Move: map[string]string{"i-new": "10.0.8.8"}})
			before := len(h.JumpServer.Hosts(jumpservertest.DefaultOrg))
			h.HandleEvents(batch...)
			if got := adoptedHost(h); got.Address != "10.0.8.8" || !got.Active || len(h.JumpServer.Hosts(jumpservertest.DefaultOrg)) != before {
				t.Errorf("%+v", got)
			}
			h.Close()
		})
	}
	for name, batch := range map[string][]string{
		"alone": {enginetest.StateEvent("i-new Deleted")}, "in a batch": {enginetest.StateEvent("i-new Deleted"), enginetest.StateEvent("i-b1 Running")}, "after a late start": {enginetest.StateEvent("i-new Running"), enginetest.StateEvent("i-new Deleted")},
	} {
		t.Run("released, "+name, func(t *testing.T) {
			t.Parallel()
			h := enginetest.NewEventWorld(t, nil)
			adoptInstance(h, "i-new")
			enginetest.Releasing("i-new")(h)
			h.HandleEvents(batch...)
			if got := adoptedHost(h); got.Active {
				t.Errorf("%+v", got)
			}
			h.EditClouds(enginetest.CloudEdit{Put: []enginetest.Instance{{ID: "i-new", Name: "named-i-new", IP: "10.0.7.7"}}})
			h.ExpectEvents(h.HandleEvents(enginetest.StateEvent("i-new Running")), "done: 重新启用")
			if got := adoptedHost(h); !got.Active {
				t.Errorf("%+v", got)
			}
			h.Close()
		})
	}
}

// TestEventsOfReleasedAssets: what was released is neither touched nor doubled by an event, not even
// where only a label names the instance.
func TestEventsOfReleasedAssets(t *testing.T) {
	t.Parallel()
	h := enginetest.NewEventWorld(t, nil)
	adoptInstance(h, "i-new")
	if out := operator.Disown(t.Context(), h.NewEngine(), operator.Action{Write: true}); out.Err != nil || out.Report.Updated != 5 {
		t.Fatalf("%v\n%s", out.Err, enginetest.Describe(out.Report))
	}
	h.ExpectEvents(h.HandleEvents(enginetest.StateEvent("i-new Running")), "ignored: by hand")
	h.ExpectEvents(h.HandleEvents(enginetest.StateEvent("i-b1 Running")), "ignored: 标签被人移除")
	enginetest.Releasing("i-b1", "i-new")(h)
	h.ExpectEvents(h.HandleEvents(enginetest.StateEvent("i-b1 Deleted"), enginetest.StateEvent("i-new Deleted")), "ignored: 标签被人移除", "done: 没有启用的资产")
	h.ExpectUntouched()
	h.Close()
}
