package chaos

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/reconcile"
)

// eventKey marks the context of a run on events.
type eventKey struct{}

// queueEvent notes what a cloud would say of a machine.
func (w *world) queueEvent(m *machine, released bool) {
	if m.Cloud == azureCSP { // it has no events
		return
	}
	w.events = append(w.events, cloud.ParsedEvent{
		ID: fmt.Sprint("event ", len(w.events)), Description: fmt.Sprintf("%s released %t", m.ID, released),
		Target: cloud.EventTarget{Cloud: m.Cloud, AccountID: m.tenant.owner, Region: m.Region, InstanceIDs: []string{m.ID}, IsReleased: released},
	})
}

// deliverEvents starts a run on some events: new and old ones, doubled, in any order, and forged.
func (w *world) deliverEvents(s *site, faults []*fault) {
	var heard []cloud.ParsedEvent
	for range 1 + w.rand.IntN(4) {
		if len(w.events) > 0 {
			heard = append(heard, w.events[len(w.events)-1-min(w.rand.IntN(len(w.events)), w.rand.IntN(6))])
		}
	}
	if w.rand.IntN(2) == 0 || len(heard) == 0 { // nothing has caused it
		m := w.machines[w.rand.IntN(len(w.machines))]
		w.queueEvent(m, w.rand.IntN(2) == 0)
		if len(w.events) == 0 {
			return
		}
		heard = append(heard, w.events[len(w.events)-1])
	}
	limit := enginetest.Pick(w.rand, 40*time.Second, time.Minute, 3*time.Minute)
	w.beginRun(s, faults)
	w.orders.released = map[string]bool{}
	for _, e := range heard {
		for _, id := range e.Target.InstanceIDs {
			w.orders.released[id] = w.orders.released[id] || e.Target.IsReleased
		}
	}
	h := s.newEventHandler()
	end := time.Now().Add(limit)
	w.deadline = end.Add(-h.Engine.Reserve)
	ctx, cancel := context.WithDeadline(context.WithValue(context.Background(), eventKey{}, true), end)
	defer cancel()
	w.cancel = cancel
	for _, e := range heard {
		w.Note("event of %s %s: %s", e.Target.AccountID, e.Target.Region, e.Description)
	}
	answer := recoverPanic(w, func() reconcile.EventReport { return h.Run(ctx, heard) })
	w.noteFaults(faults)
	w.counters.events.Add(1)
	for n, r := range answer.Results {
		w.Note("%s: %s %s", r.Description, r.Outcome, r.Reason)
		if r.Outcome == "" || r.Reason == "" {
			w.Errorf("event %d has the outcome %q: %q", n, r.Outcome, r.Reason)
		}
	}
	w.checkTexts(s, answer.Report, nil)
	if left := time.Until(end); left < -time.Second && !w.isDead() {
		w.Errorf("the run on events ended %v too late", -left)
	}
	if answer.Deleted > 0 {
		w.Errorf("events deleted %d assets", answer.Deleted)
	}
}

// checkEventWrite: events delete nothing.
func (w *world) checkEventWrite(r *http.Request, did enginetest.Write) {
	if by, _ := r.Context().Value(eventKey{}).(bool); !by {
		return
	}
	for _, removal := range did.Removed {
		if removal.Deleted {
			w.Errorf("%s was deleted by an event", removal.Host.Name)
		}
		w.counters.closedByEvents.Add(1)
	}
}
