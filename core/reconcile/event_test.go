package reconcile_test

import (
	"slices"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/reconcile"
)

// eventCase is one batch of events in a synced world, and what must come of it.
type eventCase struct {
	name       string
	settings   map[string]any
	prepare    func(h *enginetest.EventWorld)
	duringWait func(h *enginetest.EventWorld, wait int)
	redelivers bool          // the platform redelivers what failed
	limit      time.Duration // 0 = a minute
	events     []string
	want       []string          // "outcome: a part of the reason"
	hosts      map[string]string // by instance: "name address on|off -|gone"; all others stay as they are
	waits      []int             // in seconds; nil = not looked at
	messages   int
	card       string
}

// TestEventsPresent: instances that are there, or will be.
func TestEventsPresent(t *testing.T) {
	t.Parallel()
	playEvents(t, []eventCase{
		{
			name: "created",
			prepare: func(h *enginetest.EventWorld) {
				h.EditClouds(enginetest.CloudEdit{Put: []enginetest.Instance{{ID: "i-new", Name: "new", IP: "10.0.1.1"}}})
			},
			events: []string{enginetest.StateEvent("i-new Running")}, want: []string{"done: 新增"}, waits: []int{},
			hosts: map[string]string{"i-new": "new 10.0.1.1 on -"}, messages: 1, card: "new",
		},
		{
			name: "started and stopped", prepare: func(h *enginetest.EventWorld) {
				h.ChangeInstance("i-b1", func(i *alibabatest.Instance) { i.Status = "Stopped" })
			},
			events: []string{enginetest.StateEvent("i-b1 Stopped"), enginetest.StateEvent("i-b2 Running")}, want: []string{"done: 与云上一致", "done: 与云上一致"},
		},
		{
			name: "a state on the way", events: []string{enginetest.StateEvent("i-b1 Stopping")}, want: []string{"ignored: not a state"},
		},
		{
			name: "renamed",
			prepare: func(h *enginetest.EventWorld) {
				h.EditClouds(enginetest.CloudEdit{Rename: map[string]string{"i-b1": "web-one"}})
			},
			events: []string{enginetest.StateEvent("i-b1 Running")}, want: []string{"done: web-1 → web-one"},
			hosts: map[string]string{"i-b1": "web-one 10.0.0.1 on -"}, messages: 1,
		},
		{
			name: "another address",
			prepare: func(h *enginetest.EventWorld) {
				h.EditClouds(enginetest.CloudEdit{Move: map[string]string{"i-b1": "10.0.9.9"}})
			},
			events: []string{enginetest.StateEvent("i-b1 Running")}, want: []string{"done: 10.0.0.1 → 10.0.9.9"},
			hosts: map[string]string{"i-b1": "web-1 10.0.9.9 on -"}, messages: 1,
		},
		{
			name: "an address lost keeps the asset",
			prepare: func(h *enginetest.EventWorld) {
				h.EditClouds(enginetest.CloudEdit{Move: map[string]string{"i-b1": "none"}})
			},
			events: []string{enginetest.StateEvent("i-b1 Stopped")}, want: []string{"done: 与云上一致"},
		},
		{
			name: "not visible yet",
			duringWait: func(h *enginetest.EventWorld, wait int) {
				if wait == 3 {
					h.EditClouds(enginetest.CloudEdit{Put: []enginetest.Instance{{ID: "i-new", Name: "new", IP: "10.0.1.1"}}})
				}
			},
			events: []string{enginetest.StateEvent("i-new Running")}, want: []string{"done: 新增"}, waits: []int{2, 4, 8},
			hosts: map[string]string{"i-new": "new 10.0.1.1 on -"}, messages: 1,
		},
		{
			name: "never visible, and the platform redelivers", events: []string{enginetest.StateEvent("i-never Running")}, want: []string{"later: 留给下一次完整同步"},
			waits: []int{2, 4, 8}, redelivers: true,
		},
		{
			name: "never visible", events: []string{enginetest.StateEvent("i-never Running")}, want: []string{"later: 留给下一次完整同步"},
			waits: []int{2, 4, 8, 16, 16},
		},
		{
			name: "no address yet",
			prepare: func(h *enginetest.EventWorld) {
				h.EditClouds(enginetest.CloudEdit{Put: []enginetest.Instance{{ID: "i-new", Name: "new", IP: "none"}}})
			},
			duringWait: func(h *enginetest.EventWorld, wait int) {
				if wait == 2 {
					h.EditClouds(enginetest.CloudEdit{Move: map[string]string{"i-new": "10.0.1.1"}})
				}
			},
			events: []string{enginetest.StateEvent("i-new Running")}, want: []string{"done: 新增"}, waits: []int{2, 4},
			hosts: map[string]string{"i-new": "new 10.0.1.1 on -"}, messages: 1,
		},
		{
			name: "no time to wait", limit: 2900 * time.Millisecond,
			events: []string{enginetest.StateEvent("i-new Running")}, want: []string{"later: 留给下一次完整同步"}, waits: []int{},
		},
		{
			name:     "outside the whitelist",
			settings: enginetest.SyncSettings(map[string]any{"whitelist": []string{"10.0.0.0/24", "10.2.0.0/24"}}),
			prepare: func(h *enginetest.EventWorld) {
				h.EditClouds(enginetest.CloudEdit{Put: []enginetest.Instance{{ID: "i-new", Name: "new", IP: "10.7.1.1"}}})
			},
			events: []string{enginetest.StateEvent("i-new Running")}, want: []string{"ignored: 白名单"},
		},
		{
			name: "an account that nobody configured", events: []string{enginetest.StateEventIn("1690700000000099", "cn-beijing", "i-b1 Deleted")},
			want: []string{"ignored: 1690700000000099"}, waits: []int{},
		},
		{
			name: "a region that is not synced", events: []string{enginetest.StateEventIn(enginetest.ProdOwner, "cn-hangzhou", "i-b1 Deleted")},
			want: []string{"ignored: cn-hangzhou"}, waits: []int{},
		},
	})
}

// playEvents plays each case in a world of its own.
func playEvents(t *testing.T, cases []eventCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := enginetest.NewEventWorld(t, c.settings)
			if c.prepare != nil {
				c.prepare(h)
			}
			h.DuringWait, h.Redelivers = c.duringWait, c.redelivers
			limit := c.limit
			if limit == 0 {
				limit = time.Minute
			}
			expectCase(h, c, h.HandleEventsFor(limit, c.events...))
			h.Close()
		})
	}
}

// expectCase compares what came of a batch with what a case wants.
func expectCase(h *enginetest.EventWorld, c eventCase, answer reconcile.EventReport) {
	h.T.Helper()
	h.ExpectEvents(answer, c.want...)
	var touched []string
	for id, want := range c.hosts {
		h.ExpectHost(id, want)
		touched = append(touched, id)
	}
	h.ExpectUntouched(touched...)
	waits := make([]int, len(h.Waits))
	for n, d := range h.Waits {
		waits[n] = int(d.Seconds())
	}
	if c.waits != nil && !slices.Equal(waits, c.waits) {
		h.T.Errorf("it waited %v seconds, want %v", waits, c.waits)
	}
	if c.card == "" {
		h.ExpectMessages(c.messages)
	} else {
		h.ExpectMessages(c.messages, c.card)
	}
}
