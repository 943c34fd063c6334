package engine_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
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
	h := newHearing(t, nil)
	store, err := state.New(storagetest.Memory(storage.Abilities{CreateOnly: true, IfMatch: true}), "", state.Options{Now: h.run.now})
	if err != nil {
		t.Fatal(err)
	}
	store = store.Of("jms", "org")
	full := func() engine.Outcome {
		e := h.engine()
		e.Owners, e.Increment = store, &engine.Increment{Store: store, Salt: "one", FullEvery: time.Hour}
		return e.Run(t.Context(), engine.Request{})
	}
	hear := func(events ...string) engine.EventAnswer {
		v := h.events()
		v.Engine.Owners = store
		ctx, cancel := context.WithDeadline(t.Context(), h.run.now().Add(time.Minute))
		defer cancel()
		return v.Run(ctx, heardOf(events...))
	}
	var made []instance
	var gone, started, released []string
	for n := range fleet {
		id := fmt.Sprintf("i-h%02d", n)
		made = append(made, instance{ID: id, Name: "h-" + id, IP: fmt.Sprintf("10.0.4.%d", n)})
		if n < lost {
			gone, started, released = append(gone, id), append(started, says(id+" Running")), append(released, says(id+" Deleted"))
		}
	}
	h.edits(cloudEdit{Put: made})
	full()
	release(gone...)(h)
	if out := full(); out.Report.Held != lost || out.Report.Deactivated != 0 {
		t.Fatalf("%d held, %d deactivated", out.Report.Held, out.Report.Deactivated)
	}
	for outcome, events := range map[engine.EventOutcome][]string{engine.EventLater: started, engine.EventHeld: released} {
		answer := hear(events...)
		for _, e := range answer.Events {
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
	h.edits(cloudEdit{Put: made[:lost]})
	h.run.advance(2 * time.Hour)
	full() // nothing is held any more
	release("i-h00")(h)
	if answer := hear(says("i-h00 Deleted")); answer.Deactivated != 1 {
		t.Errorf("%+v", answer.Events)
	}
	h.close()
}
