package engine_test

import (
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// pythonComment is what the Python tool leaves on its assets.
const pythonComment = "由脚本同步\ninstance_id: i-new\nregion: cn-beijing"

func creating(name string) func(h *eventWorld) {
	return func(h *eventWorld) {
		h.editClouds(cloudEdit{Put: []instance{{ID: "i-new", Name: name, IP: "10.0.1.1"}}})
	}
}

// TestEventsAmongOthers: assets that an event did not read: their names, marks and comments.
func TestEventsAmongOthers(t *testing.T) {
	t.Parallel()
	playEvents(t, []eventCase{
		{
			name: "the name is taken by an asset of ours", prepare: creating("web-1"), events: []string{stateEvent("i-new Running")},
			want: []string{"done: 新增"}, hosts: map[string]string{"i-new": "web-1-i-new 10.0.1.1 on -"}, messages: 1,
		},
		{
			name: "the name is taken by a person's database", prepare: func(h *eventWorld) {
				h.editHost(hostEdit{Other: "orders"})
				creating("orders")(h)
			},
			events: []string{stateEvent("i-new Running")}, want: []string{"done: 新增"},
			hosts: map[string]string{"i-new": "orders-i-new 10.0.1.1 on -"}, messages: 1,
		},
		{
			name: "renamed to a name that is taken", prepare: func(h *eventWorld) {
				h.editClouds(cloudEdit{Rename: map[string]string{"i-b1": "web-2"}})
			},
			events: []string{stateEvent("i-b1 Running")}, want: []string{"done: web-2-i-b1"},
			hosts: map[string]string{"i-b1": "web-2-i-b1 10.0.0.1 on -"}, messages: 1,
		},
		{
			name: "the Python tool's asset", prepare: func(h *eventWorld) {
				h.editHost(hostEdit{Add: &newHost{Name: "old", Address: "10.0.1.1", Comment: pythonComment}})
				creating("new")(h)
			},
			events: []string{stateEvent("i-new Running")}, want: []string{"ignored: old"},
		},
		{
			name: "the Python tool's asset, in a batch", prepare: func(h *eventWorld) {
				h.editHost(hostEdit{Add: &newHost{Name: "old", Address: "10.0.1.1", Comment: pythonComment}})
				creating("new")(h)
			},
			events: []string{stateEvent("i-new Running"), stateEvent("i-b1 Running")}, want: []string{"ignored: old", "done: 与云上一致"},
		},
		{
			name: "our asset, whose comment a person edited", prepare: func(h *eventWorld) {
				h.editHost(hostEdit{Host: "i-b1", Comment: new("the shop")})
				h.editClouds(cloudEdit{Move: map[string]string{"i-b1": "10.0.9.9"}})
			},
			events: []string{stateEvent("i-b1 Running")}, want: []string{"done: 10.0.0.1 → 10.0.9.9"},
			hosts: map[string]string{"i-b1": "web-1 10.0.9.9 on -"}, messages: 1,
		},
		{
			name: "our asset, whose comment a person edited, gets the label of its instance", prepare: func(h *eventWorld) {
				h.editHost(hostEdit{Host: "i-b1", Comment: new("the shop")})
			},
			events: []string{stateEvent("i-b1 Running")}, want: []string{"done: labels"},
			hosts: map[string]string{"i-b1": "web-1 10.0.0.1 on -"}, messages: 1,
		},
		{
			name: "our asset, whose comment a person edited, is left alone when its instance is released", prepare: func(h *eventWorld) {
				h.editHost(hostEdit{Host: "i-b1", Comment: new("the shop")})
				releasing("i-b1")(h)
			},
			events: []string{stateEvent("i-b1 Deleted")}, want: []string{"ignored: 备注被改动"},
		},
		{
			name: "our asset without comment and labels", prepare: func(h *eventWorld) {
				h.editHost(hostEdit{Host: "i-b1", Comment: new("the shop"), Unlabel: []string{"jms-"}})
			},
			events: []string{stateEvent("i-b1 Running")}, want: []string{"ignored: 标签"},
		},
		{
			name: "switched off by a person", prepare: func(h *eventWorld) {
				h.editHost(hostEdit{Host: "i-b1", Active: new(false)})
				h.editClouds(cloudEdit{Move: map[string]string{"i-b1": "10.0.9.9"}})
			},
			events: []string{stateEvent("i-b1 Running")}, want: []string{"done: 10.0.9.9"},
			hosts: map[string]string{"i-b1": "web-1 10.0.9.9 off -"}, messages: 1,
		},
		{
			name: "back again", prepare: func(h *eventWorld) {
				h.editHost(hostEdit{Host: "i-b1", Active: new(false), Label: []string{"jms-gone:2026-01-02T03:04:05Z"}})
			},
			events: []string{stateEvent("i-b1 Running")}, want: []string{"done: 重新启用"},
			hosts: map[string]string{"i-b1": "web-1 10.0.0.1 on -"}, messages: 1,
		},
		{
			name: "back again, switched off by a person", prepare: func(h *eventWorld) {
				h.editHost(hostEdit{Host: "i-b1", Active: new(false), Label: []string{"jms-gone:2026-01-02T03:04:05Z", "jms-off:person"}})
			},
			events: []string{stateEvent("i-b1 Running")}, want: []string{"done: 保持关闭"},
			hosts: map[string]string{"i-b1": "web-1 10.0.0.1 off -"}, messages: 1,
		},
		{
			name: "a person's label stays", prepare: func(h *eventWorld) {
				h.editHost(hostEdit{Host: "i-b1", Label: []string{"team:shop"}})
				h.editClouds(cloudEdit{Rename: map[string]string{"i-b1": "web-one"}})
			},
			events: []string{stateEvent("i-b1 Running")}, want: []string{"done: web-one"},
			hosts: map[string]string{"i-b1": "web-one 10.0.0.1 on -"}, messages: 1,
		},
		{
			name: "two of one name in a batch", prepare: func(h *eventWorld) {
				creating("same")(h)
				h.editClouds(cloudEdit{Put: []instance{{ID: "i-new2", Name: "same", IP: "10.0.1.2"}}})
			},
			events: []string{stateEvent("i-new Running"), stateEvent("i-new2 Running")}, want: []string{"done: 新增", "done: 新增"},
			hosts: map[string]string{"i-new": "same 10.0.1.1 on -", "i-new2": "same-i-new2 10.0.1.2 on -"}, messages: 1,
		},
	})
}

// TestEventNamesSettle: the names that events gave are those that a full run would give, or it
// gives them; and a name once given is not changed by the next event.
func TestEventNamesSettle(t *testing.T) {
	t.Parallel()
	h := newEventWorld(t, nil)
	creating("web-1")(h)
	h.expectEvents(h.handleEvents(stateEvent("i-new Running")), "done: 新增")
	h.expectEvents(h.handleEvents(stateEvent("i-new Running")), "done: 与云上一致")
	h.runFull()
	h.expectHost("i-new", "web-1-i-new 10.0.1.1 on -")
	releasing("i-b1")(h)
	h.expectEvents(h.handleEvents(stateEvent("i-b1 Deleted"), stateEvent("i-new Running")), "done: 释放", "done: 与云上一致")
	h.runFull()
	h.expectHost("i-new", "web-1 10.0.1.1 on -")
	h.expectHost("i-b1", "web-1-i-b1 10.0.0.1 off gone")
	if id := h.assetOf("i-new"); id != inventory.AssetID(inventory.Alibaba, "cn-beijing", "i-new") {
		t.Errorf("the asset is %s", id)
	}
	h.close()
}

// TestEventsOnMariaDB: an event meets a name in another spelling, of a host and of a database, and one that the database
// cannot hold; no later run renames anything back. L, M, K and B of the recordings' mariadb.md.
func TestEventsOnMariaDB(t *testing.T) {
	t.Parallel()
	for _, version := range jumpservertest.Versions() {
		h := newEventWorldOn(t, nil, version, jumpservertest.MariaDB)
		h.editHost(hostEdit{Other: "Orders"})
		h.editClouds(cloudEdit{Put: []instance{
			{ID: "i-w2", Name: "WEB-1", IP: "10.0.1.1"}, {ID: "i-w3", Name: "orders", IP: "10.0.1.2"}, {ID: "i-w4", Name: "emoji-😀", IP: "10.0.1.3"},
		}})
		for _, id := range []string{"i-w2", "i-w3", "i-w4"} {
			h.expectEvents(h.handleEvents(stateEvent(id+" Running")), "done: 新增")
		}
		for range 2 {
			h.expectHost("i-w2", "WEB-1-i-w2 10.0.1.1 on -")
			h.expectHost("i-w3", "orders-i-w3 10.0.1.2 on -")
			h.expectHost("i-w4", "emoji- 10.0.1.3 on -")
			h.jumpserver.ResetCounts()
			h.runFull()
			if n := h.jumpserver.Writes(); n != 0 {
				t.Errorf("%s: a full run writes %d times: %v", version, n, h.jumpserver.Calls())
			}
		}
		h.editClouds(cloudEdit{Rename: map[string]string{"i-b2": "ORDERS", "i-b3": "web-😀"}})
		h.expectEvents(h.handleEvents(stateEvent("i-b2 Running")), "done: ORDERS-i-b2")
		h.expectEvents(h.handleEvents(stateEvent("i-b3 Running")), "done: web-3 → web-")
		h.close()
	}
}
