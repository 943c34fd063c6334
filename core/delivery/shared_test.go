package delivery_test

import (
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/delivery"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/state"
	"github.com/jms-sync/jms-sync/core/storage"
	"github.com/jms-sync/jms-sync/core/storage/storagetest"
)

// queueWorld is a world whose events are heard by one process after another: each has an outbox of
// its own, and all of them one store.
type queueWorld struct{ *enginetest.EventWorld }

func newQueueWorld(t *testing.T, able storage.Capabilities) queueWorld {
	t.Helper()
	h := enginetest.NewEventWorld(t, nil)
	store, err := state.New(storagetest.NewMemoryBucket(able), "", state.Options{Now: h.RunClock.Now})
	if err != nil {
		t.Fatal(err)
	}
	h.Window = store.ReportQueue("events", 30*time.Second)
	return queueWorld{h}
}

// handleInOtherProcess lets a fresh process hear that an instance has another address.
func (s queueWorld) handleInOtherProcess(id, ip string) {
	s.T.Helper()
	s.Outbox = delivery.NewOutbox(30 * time.Second)
	s.EditClouds(enginetest.CloudEdit{Move: map[string]string{id: ip}})
	s.HandleEvents(enginetest.StateEvent(id + " Running"))
}

// TestProcessesShareCards: the first change is told at once, those that other processes hear
// within the window in one card, by whoever comes first after it.
func TestProcessesShareCards(t *testing.T) {
	t.Parallel()
	for _, able := range []storage.Capabilities{{CreateOnly: true}, {CreateOnly: true, IfMatch: true}} {
		s := newQueueWorld(t, able)
		s.handleInOtherProcess("i-b1", "10.0.8.1")
		s.ExpectMessages(1, "web-1")
		s.handleInOtherProcess("i-b2", "10.0.8.2")
		s.RunClock.Advance(10 * time.Second)
		s.handleInOtherProcess("i-b3", "10.0.8.3")
		s.ExpectMessages(0)
		s.RunClock.Advance(21 * time.Second)
		s.Outbox = delivery.NewOutbox(30 * time.Second)
		s.HandleEvents(enginetest.StateEvent("i-b1 Running")) // changes nothing
		s.ExpectMessages(1, "web-2", "web-3")
		s.handleInOtherProcess("i-b1", "10.0.8.4")
		s.ExpectMessages(1, "web-1")
		s.handleInOtherProcess("i-b2", "10.0.8.5")
		e := s.NewEventHandler().Engine // a timer run tells it at the latest
		e.Cards.Channels[0].On = delivery.NotifyOnChange
		e.Run(t.Context(), engine.Request{})
		s.ExpectMessages(1, "web-2")
		e.Run(t.Context(), engine.Request{})
		s.ExpectMessages(0)
		s.Close()
	}
}

// TestSharedCardThatIsRefused: the report stays in the store, and the next process tells it.
func TestSharedCardThatIsRefused(t *testing.T) {
	t.Parallel()
	s := newQueueWorld(t, storage.Capabilities{CreateOnly: true})
	s.InjectFaults(enginetest.Faults{RobotFaults: []string{"token"}})
	s.handleInOtherProcess("i-b1", "10.0.8.1")
	s.ExpectMessages(0)
	s.InjectFaults(enginetest.Faults{RobotFaults: []string{}})
	s.RunClock.Advance(31 * time.Second)
	s.handleInOtherProcess("i-b2", "10.0.8.2")
	s.ExpectMessages(1, "web-1", "web-2")
	s.RunClock.Advance(31 * time.Second)
	s.NewEventHandler().Engine.Cards.Flush(t.Context())
	s.ExpectMessages(0)
	s.Close()
}

// TestNoSharing: where the store can keep no precondition, a process keeps its own reports.
func TestNoSharing(t *testing.T) {
	t.Parallel()
	s := newQueueWorld(t, storage.Capabilities{})
	s.handleInOtherProcess("i-b1", "10.0.8.1")
	s.handleInOtherProcess("i-b2", "10.0.8.2")
	s.ExpectMessages(2, "web-1", "web-2")
	s.EditClouds(enginetest.CloudEdit{Move: map[string]string{"i-b3": "10.0.8.3"}})
	s.HandleEvents(enginetest.StateEvent("i-b3 Running"))
	s.ExpectMessages(0)
	s.NewEventHandler().Engine.Cards.Flush(t.Context())
	s.ExpectMessages(1, "web-3")
	s.Close()
}
