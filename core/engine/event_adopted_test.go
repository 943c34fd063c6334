package engine_test

import (
	"testing"

	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// adoptInstance puts an instance into the cloud whose asset a person made, and adopts it.
func (h *eventWorld) adoptInstance(id string) {
	h.t.Helper()
	h.editClouds(cloudEdit{Put: []instance{{ID: id, Name: "named-" + id, HostName: "by hand", IP: "10.0.7.7"}}})
	h.editHost(hostEdit{Add: &newHost{Name: "by hand", Address: "10.0.7.7", Labels: []string{"team:shop"}}})
	out := h.newEngine().Adopt(h.t.Context(), engine.OperatorAction{Write: true, MatchByAddress: true})
	if out.Err != nil || out.Report.Updated != 1 {
		h.t.Fatalf("adopt: %v\n%s", out.Err, describe(out.Report))
	}
	h.seenMessages = len(h.robot.Messages())
}

// adoptedHost gives the host that a person made.
func (h *eventWorld) adoptedHost() jumpservertest.Host {
	h.t.Helper()
	for _, host := range h.jumpserver.Hosts(jumpservertest.DefaultOrg) {
		if host.Name == "by hand" {
			return host
		}
	}
	h.t.Fatal("the asset is gone")
	return jumpservertest.Host{}
}

// TestEventsOfAdoptedAssets: events find them under their own ids, by whatever way their instance is
// known, and never make a second asset.
func TestEventsOfAdoptedAssets(t *testing.T) {
	t.Parallel()
	for name, batch := range map[string][]string{
		"alone": {stateEvent("i-new Running")}, "in a batch": {stateEvent("i-new Running"), stateEvent("i-b1 Running")},
		"beside its release": {stateEvent("i-new Running"), stateEvent("i-new Deleted")},
	} {
		t.Run("there, "+name, func(t *testing.T) {
			t.Parallel()
			h := newEventWorld(t, nil)
			h.adoptInstance("i-new")
			h.editClouds(cloudEdit{Move: map[string]string{"i-new": "10.0.8.8"}})
			before := len(h.jumpserver.Hosts(jumpservertest.DefaultOrg))
			h.handleEvents(batch...)
			if got := h.adoptedHost(); got.Address != "10.0.8.8" || !got.Active || len(h.jumpserver.Hosts(jumpservertest.DefaultOrg)) != before {
				t.Errorf("%+v", got)
			}
			h.close()
		})
	}
	for name, batch := range map[string][]string{
		"alone": {stateEvent("i-new Deleted")}, "in a batch": {stateEvent("i-new Deleted"), stateEvent("i-b1 Running")}, "after a late start": {stateEvent("i-new Running"), stateEvent("i-new Deleted")},
	} {
		t.Run("released, "+name, func(t *testing.T) {
			t.Parallel()
			h := newEventWorld(t, nil)
			h.adoptInstance("i-new")
			releasing("i-new")(h)
			h.handleEvents(batch...)
			if got := h.adoptedHost(); got.Active {
				t.Errorf("%+v", got)
			}
			h.editClouds(cloudEdit{Put: []instance{{ID: "i-new", Name: "named-i-new", IP: "10.0.7.7"}}})
			h.expectEvents(h.handleEvents(stateEvent("i-new Running")), "done: 重新启用")
			if got := h.adoptedHost(); !got.Active {
				t.Errorf("%+v", got)
			}
			h.close()
		})
	}
}

// TestEventsOfReleasedAssets: what was released is neither touched nor doubled by an event, not even
// where only a label names the instance.
func TestEventsOfReleasedAssets(t *testing.T) {
	t.Parallel()
	h := newEventWorld(t, nil)
	h.adoptInstance("i-new")
	if out := h.newEngine().Disown(t.Context(), engine.OperatorAction{Write: true}); out.Err != nil || out.Report.Updated != 5 {
		t.Fatalf("%v\n%s", out.Err, describe(out.Report))
	}
	h.expectEvents(h.handleEvents(stateEvent("i-new Running")), "ignored: by hand")
	h.expectEvents(h.handleEvents(stateEvent("i-b1 Running")), "ignored: 标签被人移除")
	releasing("i-b1", "i-new")(h)
	h.expectEvents(h.handleEvents(stateEvent("i-b1 Deleted"), stateEvent("i-new Deleted")), "ignored: 标签被人移除", "done: 没有启用的资产")
	h.expectUntouched()
	h.close()
}
