package engine_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/reconcile"
	"github.com/jms-sync/jms-sync/core/state"
	"github.com/jms-sync/jms-sync/core/storage"
	"github.com/jms-sync/jms-sync/core/storage/storagetest"
)

// TestHeldIsNotClosedByEvents: what a full run held no event closes one by one, whether it says that an instance was
// released or that it runs; and where nothing is held only a release closes.
// Invariants: 4.
func TestHeldIsNotClosedByEvents(t *testing.T) {
	t.Parallel()
	const fleet, lost = 40, 30
	h := newEventWorld(t, nil)
	store, err := state.New(storagetest.NewMemoryBucket(storage.Capabilities{CreateOnly: true, IfMatch: true}), "", state.Options{Now: h.runClock.now})
	if err != nil {
		t.Fatal(err)
	}
	store = store.ForInstallation("jms", "org")
	full := func() engine.RunResult {
		e := h.newEngine()
		e.OwnerStore, e.Incremental = store, &engine.Incremental{Store: store, Salt: "one", FullInterval: time.Hour, SyncChanges: reconcile.SyncChanges}
		return e.Run(t.Context(), engine.Request{})
	}
	hear := func(events ...string) reconcile.EventReport {
		v := h.newEventHandler()
		v.Engine.OwnerStore = store
		ctx, cancel := context.WithDeadline(t.Context(), h.runClock.now().Add(time.Minute))
		defer cancel()
		return v.Run(ctx, parseEvents(events...))
	}
	var made []instance
	var gone, started, released []string
	for n := range fleet {
		id := fmt.Sprintf("i-h%02d", n)
		made = append(made, instance{ID: id, Name: "h-" + id, IP: fmt.Sprintf("10.0.4.%d", n)})
		if n < lost {
			gone, started, released = append(gone, id), append(started, stateEvent(id+" Running")), append(released, stateEvent(id+" Deleted"))
		}
	}
	h.editClouds(cloudEdit{Put: made})
	full()
	releasing(gone...)(h)
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
	for _, host := range h.jumpserver.Hosts(jumpservertest.DefaultOrg) {
		if !host.Active {
			t.Errorf("%s was closed", host.Name)
		}
	}
	h.editClouds(cloudEdit{Put: made[:lost]})
	h.runClock.advance(2 * time.Hour)
	full() // nothing is held any more
	releasing("i-h00")(h)
	if answer := hear(stateEvent("i-h00 Deleted")); answer.Deactivated != 1 {
		t.Errorf("%+v", answer.Results)
	}
	h.close()
}
