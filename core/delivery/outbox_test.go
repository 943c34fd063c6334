package delivery_test

import (
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/delivery"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/notify/dingtalk"
)

// TestOutboxWindow: the first change is told at once, what comes in the window after it in one
// card by the first invocation after the window, with or without a change of its own.
func TestOutboxWindow(t *testing.T) {
	t.Parallel()
	h := enginetest.NewEventWorld(t, nil)
	h.Outbox = delivery.NewOutbox(30 * time.Second)
	move := func(id, ip string) {
		h.EditClouds(enginetest.CloudEdit{Move: map[string]string{id: ip}})
		h.HandleEvents(enginetest.StateEvent(id + " Running"))
	}
	move("i-b1", "10.0.8.1")
	h.ExpectMessages(1, "web-1")
	move("i-b2", "10.0.8.2")
	h.RunClock.Advance(10 * time.Second)
	move("i-b3", "10.0.8.3")
	h.ExpectMessages(0)
	h.RunClock.Advance(21 * time.Second)
	h.HandleEvents(enginetest.StateEvent("i-b1 Running")) // changes nothing
	h.ExpectMessages(1, "web-2", "web-3")
	h.HandleEvents(enginetest.StateEvent("i-b1 Running"))
	h.ExpectMessages(0)
	move("i-b1", "10.0.8.4")
	h.ExpectMessages(1, "web-1")
	move("i-b2", "10.0.8.5")
	h.NewEventHandler().Engine.Cards.Flush(t.Context())
	h.ExpectMessages(1, "web-2")
	h.NewEventHandler().Engine.Cards.Flush(t.Context())
	h.ExpectMessages(0)
	move("i-b3", "10.0.8.6")
	h.ExpectMessages(0)
	e := h.NewEventHandler().Engine // the next timer run tells it at the latest
	e.Cards.Channels[0].On = delivery.NotifyOnChange
	e.Run(t.Context(), engine.Request{})
	h.ExpectMessages(1, "web-3")
	h.Close()
}

// TestOutboxOff: a window of 0, or no outbox, tells each change at once.
func TestOutboxOff(t *testing.T) {
	t.Parallel()
	for _, box := range []*delivery.Outbox{nil, delivery.NewOutbox(0)} {
		h := enginetest.NewEventWorld(t, nil)
		h.Outbox = box
		for n, id := range []string{"i-b1", "i-b2", "i-b3"} {
			h.EditClouds(enginetest.CloudEdit{Move: map[string]string{id: fmt.Sprintf("10.0.8.%d", n)}})
			h.HandleEvents(enginetest.StateEvent(id + " Running"))
			h.ExpectMessages(1, fmt.Sprintf("web-%d", n+1))
		}
		h.Close()
	}
}

// TestOutboxKeepsWhatFailed: a card that DingTalk does not take is told later, with the others.
func TestOutboxKeepsWhatFailed(t *testing.T) {
	t.Parallel()
	h := enginetest.NewEventWorld(t, nil)
	h.Outbox = delivery.NewOutbox(30 * time.Second)
	for n, id := range []string{"i-b1", "i-b2"} {
		h.EditClouds(enginetest.CloudEdit{Move: map[string]string{id: fmt.Sprintf("10.0.8.%d", n)}})
		h.InjectFaults(enginetest.Faults{RobotFaults: []string{"token"}})
		h.HandleEvents(enginetest.StateEvent(id + " Running"))
		h.RunClock.Advance(31 * time.Second)
	}
	h.ExpectMessages(0)
	h.HandleEvents(enginetest.StateEvent("i-b3 Running"))
	h.ExpectMessages(1, "web-1", "web-2")
	h.Close()
}

// TestOutboxAtOnce: simultaneous invocations of one process share cards, and each change is
// told exactly once, although every third card is refused at first.
func TestOutboxAtOnce(t *testing.T) {
	t.Parallel()
	h := enginetest.NewEventWorld(t, nil)
	h.Outbox = delivery.NewOutbox(30 * time.Second)
	const invocations = 40
	for n := range invocations {
		h.EditClouds(enginetest.CloudEdit{Put: []enginetest.Instance{{ID: fmt.Sprintf("i-c%02d", n), Name: fmt.Sprintf("crowd-%02d.", n), IP: fmt.Sprintf("10.0.6.%d", n)}}})
	}
	r := &enginetest.FakeNotifier{Refuse: func(n int) bool { return n%3 == 1 }}
	v := h.NewEventHandler()
	v.Engine.Cards.Channels, v.Engine.Log = delivery.NewChannels(delivery.NotifyAlways, r), slog.New(slog.DiscardHandler)
	v.Engine.ApplyOptions.Log, v.Engine.Cards.Log = v.Engine.Log, v.Engine.Log
	var all sync.WaitGroup
	for n := range invocations {
		all.Go(func() {
			answer := v.Run(t.Context(), enginetest.ParseEvents(enginetest.StateEvent(fmt.Sprintf("i-c%02d Running", n))))
			if answer.NeedsRedelivery() || answer.Created != 1 {
				t.Errorf("%+v", answer.Results)
			}
			h.RunClock.Advance(3 * time.Second)
		})
	}
	all.Wait()
	for range 3 {
		v.Engine.Cards.Flush(t.Context())
	}
	told, sum := "", 0
	for _, c := range r.Cards {
		told += c.Markdown
		var n int
		if _, err := fmt.Sscan(regexp.MustCompile(`新增资产 \| (\d+)`).FindStringSubmatch(c.Markdown)[1], &n); err != nil {
			t.Error(err)
		}
		sum += n
	}
	if sum != invocations {
		t.Errorf("%d creations were told, want %d", sum, invocations)
	}
	for n := range invocations { // a card shows ten names at most
		if count := strings.Count(told, fmt.Sprintf("crowd-%02d", n)); count > 1 {
			t.Errorf("crowd-%02d was told %d times", n, count)
		}
	}
	if len(r.Cards) > invocations/2 {
		t.Errorf("%d invocations sent %d cards", invocations, len(r.Cards))
	}
	h.Close()
}

// TestOutboxCardSize: a card of very many reports stays below DingTalk's limit, and its counts
// are those of all reports.
func TestOutboxCardSize(t *testing.T) {
	t.Parallel()
	h := enginetest.NewEventWorld(t, nil)
	h.Outbox = delivery.NewOutbox(time.Hour)
	const batches, each = 6, 60
	for b := range batches {
		var events []string
		for n := range each {
			id := fmt.Sprintf("i-m%d%02d", b, n)
			h.EditClouds(enginetest.CloudEdit{Put: []enginetest.Instance{{ID: id, Name: strings.Repeat("很长的名字", 12) + id, IP: fmt.Sprintf("10.%d.6.%d", b+20, n)}}})
			events = append(events, enginetest.StateEvent(id+" Running"))
		}
		h.HandleEvents(events...)
	}
	h.ExpectMessages(1)
	h.NewEventHandler().Engine.Cards.Flush(t.Context())
	all := h.Robot.Messages()
	last := all[len(all)-1]
	if last.Bytes > dingtalk.MaxBodyBytes {
		t.Errorf("the card has %d bytes", last.Bytes)
	}
	h.ExpectMessages(1, fmt.Sprint((batches-1)*each))
	if shown := len(regexp.MustCompile(`i-m\d{3}`).FindAllString(last.Text, -1)); shown < 10 {
		t.Errorf("the card shows %d assets:\n%s", shown, last.Text)
	}
	h.Close()
}
