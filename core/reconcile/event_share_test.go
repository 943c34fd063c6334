package reconcile_test

import (
	"bytes"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/delivery"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/reconcile"
)

const shanghai = "cn-shanghai"

// vanished is a world of 60 assets in two regions, without a state store, in which a full run has held the 30 of one
// region, whose instances have all gone. It returns the releases of these.
func vanished(t *testing.T) (*enginetest.EventWorld, []string) {
	t.Helper()
	h := enginetest.NewEventWorld(t, nil)
	var beijing, gone []enginetest.Instance
	var events, ids []string
	for n := range 30 {
		beijing = append(beijing, enginetest.Instance{ID: fmt.Sprintf("i-k%02d", n), Name: fmt.Sprintf("kept-%d", n), IP: fmt.Sprintf("10.0.6.%d", n)})
		id := fmt.Sprintf("i-v%02d", n)
		gone, ids = append(gone, enginetest.Instance{ID: id, Name: "v-" + id, IP: fmt.Sprintf("10.0.7.%d", n)}), append(ids, id)
		events = append(events, enginetest.StateEventIn(enginetest.ProdOwner, shanghai, id+" Deleted"))
	}
	h.EditClouds(enginetest.CloudEdit{Put: beijing}, enginetest.CloudEdit{Region: shanghai, Put: gone})
	h.RunFull()
	h.EditClouds(enginetest.CloudEdit{Region: shanghai, Remove: ids})
	if out := h.RunFull(); out.Report.Held != 30 || out.Report.Deactivated != 0 {
		t.Fatalf("%d held, %d deactivated", out.Report.Held, out.Report.Deactivated)
	}
	return h, events
}

// outcomes hears each event in an invocation of its own, a second after the one before, and counts what became of them.
func outcomes(h *enginetest.EventWorld, events []string) map[reconcile.EventOutcome]int {
	h.T.Helper()
	all := map[reconcile.EventOutcome]int{}
	for _, e := range events {
		for _, r := range h.HandleEvents(e).Results {
			all[r.Outcome]++
		}
	}
	return all
}

// TestShareOfADayWithoutState: without a state store nobody remembers that a full run held the 30 of a region. Their
// releases close no more of them within a day than the guard lets go, however they come, and people are told in one
// card.
// Invariants: 4.
func TestShareOfADayWithoutState(t *testing.T) {
	t.Parallel()
	const share = 6 // 20 % of 30
	h, events := vanished(t)
	h.Outbox = delivery.NewOutbox(10 * time.Minute)
	closed := func() (n int) {
		for _, host := range h.JumpServer.Hosts(jumpservertest.DefaultOrg) {
			if !host.Active {
				n++
			}
		}
		return n
	}
	if got := outcomes(h, events); got[reconcile.EventDone] != share || got[reconcile.EventHeld] != 30-share || closed() != share {
		t.Errorf("%v, %d closed", got, closed())
	}
	h.ExpectMessages(1) // of the first
	h.NewEventHandler().Engine.Cards.Flush(t.Context())
	h.ExpectMessages(1, "7/30", "其中 6 个已停用", "由下一次完整同步或人决定")
	h.RunClock.Advance(15 * time.Minute) // no storm any more
	h.HandleEventsFor(10*time.Minute, events...)
	h.RunClock.Advance(23 * time.Hour)
	if h.HandleEventsFor(10*time.Minute, events[share:]...); closed() != share {
		t.Errorf("%d closed within a day", closed())
	}
	h.RunClock.Advance(time.Hour)
	if h.HandleEventsFor(10*time.Minute, events[share:]...); closed() != 2*share-2 { // 20 % of the 24 that are left
		t.Errorf("%d closed in two days", closed())
	}
	h.Close()
}

// TestShareIsOfTheScope: what one region lost holds no other, and one account none that is another's.
func TestShareIsOfTheScope(t *testing.T) {
	t.Parallel()
	h, events := vanished(t)
	h.HandleEvents(events[:10]...)
	enginetest.Releasing("i-b1", "i-b2")(h)
	h.EditClouds(enginetest.CloudEdit{Account: "aliyun-test", Region: "cn-hangzhou", Remove: []string{"i-t1"}})
	h.ExpectEvents(h.HandleEvents(enginetest.StateEvent("i-b1 Deleted"), enginetest.StateEvent("i-b2 Deleted"), enginetest.StateEventIn(enginetest.TestOwner, "cn-hangzhou", "i-t1 Deleted")), "done: ", "done: ", "done: ")
	h.ExpectMessages(2)
	h.Close()
}

// TestShareNotCounted: where JumpServer does not tell how much a scope has lost, or how large it is, an event closes
// nothing, people are told, and a platform that delivers again is asked to.
// Invariants: 4.
func TestShareNotCounted(t *testing.T) {
	t.Parallel()
	crowd := jumpservertest.Fault{Edit: func(status int, body []byte) (int, []byte) {
		return status, bytes.Replace(body, []byte(`"count":3,`), []byte(`"count":2000,`), 1)
	}}
	for name, test := range map[string]struct {
		part  string
		fault jumpservertest.Fault
		again bool // the platform delivers again
		want  string
	}{
		"its size":               {"is_active=true", jumpservertest.Fault{Status: 500}, false, "held: 数不出"},
		"its size, and again":    {"is_active=true", jumpservertest.Fault{Status: 500}, true, "failed: 数不出"},
		"what it lost":           {"jms-gone", jumpservertest.Fault{Status: 500}, false, "failed: "},
		"more than a page of it": {"jms-gone", crowd, false, "held: 暂缓：24 小时内停用的资产多于一页（3 个）"},
		"a filter is not obeyed": {"is_active=true", jumpservertest.Fault{Edit: func(status int, body []byte) (int, []byte) {
			return status, bytes.ReplaceAll(body, []byte("cn-shanghai"), []byte("cn-beijing"))
		}}, false, "held: 数不出"},
		"nothing is in their way": {"nothing", jumpservertest.Fault{}, true, "done: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, events := vanished(t)
			h.HandleEvents(events[:3]...)
			h.ExpectMessages(1)
			h.Redelivers = test.again
			h.JumpServer.Fail(jumpservertest.MatchRequest(http.MethodGet, test.part), -1, test.fault)
			h.ExpectEvents(h.HandleEvents(events[3]), test.want)
			h.ExpectMessages(1)
			if test.want != "done: " {
				h.ExpectHost("i-v03", "v-i-v03 10.0.7.3 on -")
			}
			h.Close()
		})
	}
}

// TestShareIsForTheUnknown: where state knows what the last full run held, nothing is counted; of a scope that no full
// run has been in, a store knows nothing.
func TestShareIsForTheUnknown(t *testing.T) {
	t.Parallel()
	for known, want := range map[bool]int{true: 20, false: 6} {
		h := enginetest.NewEventWorld(t, nil)
		store := h.NewStore()
		var made []enginetest.Instance
		var ids, events []string
		for n := range 30 {
			id := fmt.Sprintf("i-v%02d", n)
			made, ids = append(made, enginetest.Instance{ID: id, Name: "v-" + id, IP: fmt.Sprintf("10.0.7.%d", n)}), append(ids, id)
			events = append(events, enginetest.StateEventIn(enginetest.ProdOwner, shanghai, id+" Deleted"))
		}
		h.EditClouds(enginetest.CloudEdit{Region: shanghai, Put: made})
		e := h.NewEngine()
		e.Memory.Owners = store
		if known {
			e.Incremental = enginetest.Incremental(store, "one")
		}
		e.Run(t.Context(), engine.Request{})
		h.EditClouds(enginetest.CloudEdit{Region: shanghai, Remove: ids})
		v := h.NewEventHandler()
		v.Engine.Memory.Owners = store
		if answer := v.Run(t.Context(), enginetest.ParseEvents(events...)); answer.Deactivated != want {
			t.Errorf("known %t: %d closed, want %d", known, answer.Deactivated, want)
		}
		h.SeenMessages = len(h.Robot.Messages())
		h.Close()
	}
}
