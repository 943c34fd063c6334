package reconcile_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/reconcile"
)

// TestHeldIsNotClosedByEvents: what a full run held no event closes one by one, whether it says that an instance was
// released or that it runs; and where nothing is held only a release closes.
// Invariants: 4.
func TestHeldIsNotClosedByEvents(t *testing.T) {
	t.Parallel()
	const fleet, lost = 40, 30
	h := enginetest.NewEventWorld(t, nil)
	store := h.NewStore()
	full := func() engine.RunResult {
		e := h.NewEngine()
		e.Memory.Owners, e.Incremental = store, enginetest.Incremental(store, "one")
		return e.Run(t.Context(), engine.Request{})
	}
	hear := func(events ...string) reconcile.EventReport {
		v := h.NewEventHandler()
		v.Engine.Memory.Owners = store
		ctx, cancel := context.WithDeadline(t.Context(), h.RunClock.Now().Add(time.Minute))
		defer cancel()
		return v.Run(ctx, enginetest.ParseEvents(events...))
	}
	var made []enginetest.Instance
	var gone, started, released []string
	for n := range fleet {
		id := fmt.Sprintf("i-h%02d", n)
		made = append(made, enginetest.Instance{ID: id, Name: "h-" + id, IP: fmt.Sprintf("10.0.4.%d", n)})
		if n < lost {
			gone, started, released = append(gone, id), append(started, enginetest.StateEvent(id+" Running")), append(released, enginetest.StateEvent(id+" Deleted"))
		}
	}
	h.EditClouds(enginetest.CloudEdit{Put: made})
	full()
	enginetest.Releasing(gone...)(h)
	if out := full(); out.Report.Held != lost || out.Report.Deactivated != 0 {
		t.Fatalf("%d held, %d deactivated", out.Report.Held, out.Report.Deactivated)
	}
	for outcome, events := range map[reconcile.EventOutcome][]string{reconcile.EventLater: started, reconcile.EventHeld: released} {
		answer := hear(events...)
		for _, e := range answer.Results {
			if e.Outcome != outcome {
				t.Fatalf("%+v, want %s", e, outcome)
			}
		}
	}
	for _, host := range h.JumpServer.Hosts(jumpservertest.DefaultOrg) {
		if !host.Active {
			t.Errorf("%s was closed", host.Name)
		}
	}
	h.EditClouds(enginetest.CloudEdit{Put: made[:lost]})
	h.RunClock.Advance(2 * time.Hour)
	full() // nothing is held any more
	enginetest.Releasing("i-h00")(h)
	if answer := hear(enginetest.StateEvent("i-h00 Deleted")); answer.Deactivated != 1 {
		t.Errorf("%+v", answer.Results)
	}
	h.Close()
}

// TestEventsUseNoApproval: what must be approved waits for the full run, and the event is done with.
func TestEventsUseNoApproval(t *testing.T) {
	t.Parallel()
	asks := func(what string) func(*enginetest.EventWorld) {
		return func(h *enginetest.EventWorld) {
			h.ChangeSettings(map[string]any{"sync": map[string]any{"approval": what}})
			enginetest.Releasing("i-b1")(h)
		}
	}
	playEvents(t, []eventCase{
		{
			name: "released, with approval of removals", prepare: asks("removals"), events: []string{enginetest.StateEvent("i-b1 Deleted")},
			want: []string{"held: 每次移除都要先批准"}, waits: []int{2}, messages: 1, card: "每次移除都要先批准",
		},
		{
			name: "released, with approval of all", prepare: asks("all"), events: []string{enginetest.StateEvent("i-b1 Deleted")},
			want: []string{"held: sync.approval: all"}, waits: []int{2}, messages: 1,
		},
	})
}
