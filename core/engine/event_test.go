package engine_test

import (
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/notify/dingtalk/dingtalktest"
)

type dingMessage = dingtalktest.Message

// eventCase is one batch of events in a synced world, and what must come of it.
type eventCase struct {
	name     string
	settings map[string]any
	given    func(h *hearing)
	during   func(h *hearing, wait int)
	again    bool          // the platform redelivers what failed
	limit    time.Duration // 0 = a minute
	hear     []string
	want     []string          // "outcome: a part of the reason"
	hosts    map[string]string // by instance: "name address on|off -|gone"; all others stay as they are
	waits    []int             // in seconds; nil = not looked at
	messages int
	card     string
}

func removal(group map[string]any) map[string]any {
	return map[string]any{"sync": group}
}

// TestEventsPresent: instances that are there, or will be.
func TestEventsPresent(t *testing.T) {
	t.Parallel()
	playEvents(t, []eventCase{
		{
			name:  "created",
			given: func(h *hearing) { h.edits(cloudEdit{Put: []instance{{ID: "i-new", Name: "new", IP: "10.0.1.1"}}}) },
			hear:  []string{says("i-new Running")}, want: []string{"done: 新增"}, waits: []int{},
			hosts: map[string]string{"i-new": "new 10.0.1.1 on -"}, messages: 1, card: "new",
		},
		{
			name: "started and stopped", given: func(h *hearing) {
				h.replace("i-b1", func(i *alibabatest.Instance) { i.Status = "Stopped" })
			},
			hear: []string{says("i-b1 Stopped"), says("i-b2 Running")}, want: []string{"done: 与云上一致", "done: 与云上一致"},
		},
		{
			name: "a state on the way", hear: []string{says("i-b1 Stopping")}, want: []string{"ignored: not a state"},
		},
		{
			name:  "renamed",
			given: func(h *hearing) { h.edits(cloudEdit{Rename: map[string]string{"i-b1": "web-one"}}) },
			hear:  []string{says("i-b1 Running")}, want: []string{"done: web-1 → web-one"},
			hosts: map[string]string{"i-b1": "web-one 10.0.0.1 on -"}, messages: 1,
		},
		{
			name:  "another address",
			given: func(h *hearing) { h.edits(cloudEdit{Move: map[string]string{"i-b1": "10.0.9.9"}}) },
			hear:  []string{says("i-b1 Running")}, want: []string{"done: 10.0.0.1 → 10.0.9.9"},
			hosts: map[string]string{"i-b1": "web-1 10.0.9.9 on -"}, messages: 1,
		},
		{
			name:  "an address lost keeps the asset",
			given: func(h *hearing) { h.edits(cloudEdit{Move: map[string]string{"i-b1": "none"}}) },
			hear:  []string{says("i-b1 Stopped")}, want: []string{"done: 与云上一致"},
		},
		{
			name: "not visible yet",
			during: func(h *hearing, wait int) {
				if wait == 3 {
					h.edits(cloudEdit{Put: []instance{{ID: "i-new", Name: "new", IP: "10.0.1.1"}}})
				}
			},
			hear: []string{says("i-new Running")}, want: []string{"done: 新增"}, waits: []int{2, 4, 8},
			hosts: map[string]string{"i-new": "new 10.0.1.1 on -"}, messages: 1,
		},
		{
			name: "never visible, and the platform redelivers", hear: []string{says("i-never Running")}, want: []string{"later: 留给下一次完整同步"},
			waits: []int{2, 4, 8}, again: true,
		},
		{
			name: "never visible", hear: []string{says("i-never Running")}, want: []string{"later: 留给下一次完整同步"},
			waits: []int{2, 4, 8, 16, 16},
		},
		{
			name:  "no address yet",
			given: func(h *hearing) { h.edits(cloudEdit{Put: []instance{{ID: "i-new", Name: "new", IP: "none"}}}) },
			during: func(h *hearing, wait int) {
				if wait == 2 {
					h.edits(cloudEdit{Move: map[string]string{"i-new": "10.0.1.1"}})
				}
			},
			hear: []string{says("i-new Running")}, want: []string{"done: 新增"}, waits: []int{2, 4},
			hosts: map[string]string{"i-new": "new 10.0.1.1 on -"}, messages: 1,
		},
		{
			name: "no time to wait", limit: 2900 * time.Millisecond,
			hear: []string{says("i-new Running")}, want: []string{"later: 留给下一次完整同步"}, waits: []int{},
		},
		{
			name:     "outside the whitelist",
			settings: removal(map[string]any{"whitelist": []string{"10.0.0.0/24", "10.2.0.0/24"}}),
			given:    func(h *hearing) { h.edits(cloudEdit{Put: []instance{{ID: "i-new", Name: "new", IP: "10.7.1.1"}}}) },
			hear:     []string{says("i-new Running")}, want: []string{"ignored: 白名单"},
		},
		{
			name: "an account that nobody configured", hear: []string{saysIn("1690700000000099", "cn-beijing", "i-b1 Deleted")},
			want: []string{"ignored: 1690700000000099"}, waits: []int{},
		},
		{
			name: "a region that is not synced", hear: []string{saysIn(prodOwner, "cn-hangzhou", "i-b1 Deleted")},
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
			h := newHearing(t, c.settings)
			if c.given != nil {
				c.given(h)
			}
			h.during, h.again = c.during, c.again
			limit := c.limit
			if limit == 0 {
				limit = time.Minute
			}
			h.expectCase(c, h.hearFor(limit, c.hear...))
			h.close()
		})
	}
}
