package engine_test

import (
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/state"
	"github.com/jms-sync/jms-sync/core/storage"
	"github.com/jms-sync/jms-sync/core/storage/storagetest"
)

// sharing is a world whose events are heard by one process after another: each has an outbox of
// its own, and all of them one store.
type sharing struct{ *hearing }

func newSharing(t *testing.T, able storage.Abilities) sharing {
	t.Helper()
	h := newHearing(t, nil)
	store, err := state.New(storagetest.Memory(able), "", state.Options{Now: h.run.now})
	if err != nil {
		t.Fatal(err)
	}
	h.window = store.Window("events", 30*time.Second)
	return sharing{h}
}

// elsewhere lets a fresh process hear that an instance has another address.
func (s sharing) elsewhere(id, ip string) {
	s.t.Helper()
	s.outbox = engine.NewOutbox(30 * time.Second)
	s.edits(cloudEdit{Move: map[string]string{id: ip}})
	s.hear(says(id + " Running"))
}

// TestProcessesShareCards: the first change is told at once, those that other processes hear
// within the window in one card, by whoever comes first after it.
func TestProcessesShareCards(t *testing.T) {
	t.Parallel()
	for _, able := range []storage.Abilities{{CreateOnly: true}, {CreateOnly: true, IfMatch: true}} {
		s := newSharing(t, able)
		s.elsewhere("i-b1", "10.0.8.1")
		s.expectMessages(1, "web-1")
		s.elsewhere("i-b2", "10.0.8.2")
		s.run.advance(10 * time.Second)
		s.elsewhere("i-b3", "10.0.8.3")
		s.expectMessages(0)
		s.run.advance(21 * time.Second)
		s.outbox = engine.NewOutbox(30 * time.Second)
		s.hear(says("i-b1 Running")) // changes nothing
		s.expectMessages(1, "web-2", "web-3")
		s.elsewhere("i-b1", "10.0.8.4")
		s.expectMessages(1, "web-1")
		s.elsewhere("i-b2", "10.0.8.5")
		e := s.events().Engine // a timer run tells it at the latest
		e.NotifyOn = engine.OnChange
		e.Run(t.Context(), engine.Request{})
		s.expectMessages(1, "web-2")
		e.Run(t.Context(), engine.Request{})
		s.expectMessages(0)
		s.close()
	}
}

// TestSharedCardThatIsRefused: the report stays in the store, and the next process tells it.
func TestSharedCardThatIsRefused(t *testing.T) {
	t.Parallel()
	s := newSharing(t, storage.Abilities{CreateOnly: true})
	s.breakAll(step{Robot: []string{"token"}})
	s.elsewhere("i-b1", "10.0.8.1")
	s.expectMessages(0)
	s.breakAll(step{Robot: []string{}})
	s.run.advance(31 * time.Second)
	s.elsewhere("i-b2", "10.0.8.2")
	s.expectMessages(1, "web-1", "web-2")
	s.run.advance(31 * time.Second)
	s.events().Engine.Flush(t.Context())
	s.expectMessages(0)
	s.close()
}

// TestNoSharing: where the store can keep no precondition, a process keeps its own reports.
func TestNoSharing(t *testing.T) {
	t.Parallel()
	s := newSharing(t, storage.Abilities{})
	s.elsewhere("i-b1", "10.0.8.1")
	s.elsewhere("i-b2", "10.0.8.2")
	s.expectMessages(2, "web-1", "web-2")
	s.edits(cloudEdit{Move: map[string]string{"i-b3": "10.0.8.3"}})
	s.hear(says("i-b3 Running"))
	s.expectMessages(0)
	s.events().Engine.Flush(t.Context())
	s.expectMessages(1, "web-3")
	s.close()
}
