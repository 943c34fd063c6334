package reconcile_test

import (
	"testing"

	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// pythonComment is what the Python tool leaves on its assets.
const pythonComment = "由脚本同步\ninstance_id: i-new\nregion: cn-beijing"

func creating(name string) func(h *enginetest.EventWorld) {
	return func(h *enginetest.EventWorld) {
		h.EditClouds(enginetest.CloudEdit{Put: []enginetest.Instance{{ID: "i-new", Name: name, IP: "10.0.1.1"}}})
	}
}

// TestEventsAmongOthers: assets that an event did not read: their names, marks and comments.
func TestEventsAmongOthers(t *testing.T) {
	t.Parallel()
	playEvents(t, []eventCase{
		{
			name: "the name is taken by an asset of ours", prepare: creating("web-1"), events: []string{enginetest.StateEvent("i-new Running")},
			want: []string{"done: 新增"}, hosts: map[string]string{"i-new": "web-1-i-new 10.0.1.1 on -"}, messages: 1,
		},
		{
			name: "the name is taken by a person's database", prepare: func(h *enginetest.EventWorld) {
				h.EditHost(enginetest.HostEdit{Other: "orders"})
				creating("orders")(h)
			},
			events: []string{enginetest.StateEvent("i-new Running")}, want: []string{"done: 新增"},
			hosts: map[string]string{"i-new": "orders-i-new 10.0.1.1 on -"}, messages: 1,
		},
		{
			name: "renamed to a name that is taken", prepare: func(h *enginetest.EventWorld) {
				h.EditClouds(enginetest.CloudEdit{Rename: map[string]string{"i-b1": "web-2"}})
			},
			events: []string{enginetest.StateEvent("i-b1 Running")}, want: []string{"done: web-2-i-b1"},
			hosts: map[string]string{"i-b1": "web-2-i-b1 10.0.0.1 on -"}, messages: 1,
		},
		{
			name: "the Python tool's asset", prepare: func(h *enginetest.EventWorld) {
				h.EditHost(enginetest.HostEdit{Add: &enginetest.NewHost{Name: "old", Address: "10.0.1.1", Comment: pythonComment}})
				creating("new")(h)
			},
			events: []string{enginetest.StateEvent("i-new Running")}, want: []string{"ignored: old"},
		},
		{
			name: "the Python tool's asset, in a batch", prepare: func(h *enginetest.EventWorld) {
				h.EditHost(enginetest.HostEdit{Add: &enginetest.NewHost{Name: "old", Address: "10.0.1.1", Comment: pythonComment}})
				creating("new")(h)
			},
			events: []string{enginetest.StateEvent("i-new Running"), enginetest.StateEvent("i-b1 Running")}, want: []string{"ignored: old", "done: 与云上一致"},
		},
		{
			name: "our asset, whose comment a person edited", prepare: func(h *enginetest.EventWorld) {
				h.EditHost(enginetest.HostEdit{Host: "i-b1", Comment: new("the shop")})
				h.EditClouds(enginetest.CloudEdit{Move: map[string]string{"i-b1": "10.0.9.9"}})
			},
			events: []string{enginetest.StateEvent("i-b1 Running")}, want: []string{"done: 10.0.0.1 → 10.0.9.9"},
			hosts: map[string]string{"i-b1": "web-1 10.0.9.9 on -"}, messages: 1,
		},
		{
			name: "our asset, whose comment a person edited, gets the label of its instance", prepare: func(h *enginetest.EventWorld) {
				h.EditHost(enginetest.HostEdit{Host: "i-b1", Comment: new("the shop")})
			},
			events: []string{enginetest.StateEvent("i-b1 Running")}, want: []string{"done: labels"},
			hosts: map[string]string{"i-b1": "web-1 10.0.0.1 on -"}, messages: 1,
		},
		{
			name: "our asset, whose comment a person edited, is left alone when its instance is released", prepare: func(h *enginetest.EventWorld) {
				h.EditHost(enginetest.HostEdit{Host: "i-b1", Comment: new("the shop")})
				enginetest.Releasing("i-b1")(h)
			},
			events: []string{enginetest.StateEvent("i-b1 Deleted")}, want: []string{"ignored: 备注被改动"},
		},
		{
			name: "our asset without comment and labels", prepare: func(h *enginetest.EventWorld) {
				h.EditHost(enginetest.HostEdit{Host: "i-b1", Comment: new("the shop"), Unlabel: []string{"jms-"}})
			},
			events: []string{enginetest.StateEvent("i-b1 Running")}, want: []string{"ignored: 标签"},
		},
		{
			name: "switched off by a person", prepare: func(h *enginetest.EventWorld) {
				h.EditHost(enginetest.HostEdit{Host: "i-b1", Active: new(false)})
				h.EditClouds(enginetest.CloudEdit{Move: map[string]string{"i-b1": "10.0.9.9"}})
			},
			events: []string{enginetest.StateEvent("i-b1 Running")}, want: []string{"done: 10.0.9.9"},
			hosts: map[string]string{"i-b1": "web-1 10.0.9.9 off -"}, messages: 1,
		},
		{
			name: "back again", prepare: func(h *enginetest.EventWorld) {
				h.EditHost(enginetest.HostEdit{Host: "i-b1", Active: new(false), Label: []string{"jms-gone:2026-01-02T03:04:05Z"}})
			},
			events: []string{enginetest.StateEvent("i-b1 Running")}, want: []string{"done: 重新启用"},
			hosts: map[string]string{"i-b1": "web-1 10.0.0.1 on -"}, messages: 1,
		},
		{
			name: "back again, switched off by a person", prepare: func(h *enginetest.EventWorld) {
				h.EditHost(enginetest.HostEdit{Host: "i-b1", Active: new(false), Label: []string{"jms-gone:2026-01-02T03:04:05Z", "jms-off:person"}})
			},
			events: []string{enginetest.StateEvent("i-b1 Running")}, want: []string{"done: 保持关闭"},
			hosts: map[string]string{"i-b1": "web-1 10.0.0.1 off -"}, messages: 1,
		},
		{
			name: "a person's label stays", prepare: func(h *enginetest.EventWorld) {
				h.EditHost(enginetest.HostEdit{Host: "i-b1", Label: []string{"team:shop"}})
				h.EditClouds(enginetest.CloudEdit{Rename: map[string]string{"i-b1": "web-one"}})
			},
			events: []string{enginetest.StateEvent("i-b1 Running")}, want: []string{"done: web-one"},
			hosts: map[string]string{"i-b1": "web-one 10.0.0.1 on -"}, messages: 1,
		},
		{
			name: "two of one name in a batch", prepare: func(h *enginetest.EventWorld) {
				creating("same")(h)
				h.EditClouds(enginetest.CloudEdit{Put: []enginetest.Instance{{ID: "i-new2", Name: "same", IP: "10.0.1.2"}}})
			},
			events: []string{enginetest.StateEvent("i-new Running"), enginetest.StateEvent("i-new2 Running")}, want: []string{"done: 新增", "done: 新增"},
			hosts: map[string]string{"i-new": "same 10.0.1.1 on -", "i-new2": "same-i-new2 10.0.1.2 on -"}, messages: 1,
		},
	})
}

// TestEventNamesSettle: the names that events gave are those that a full run would give, or it
// gives them; and a name once given is not changed by the next event.
func TestEventNamesSettle(t *testing.T) {
	t.Parallel()
	h := enginetest.NewEventWorld(t, nil)
	creating("web-1")(h)
	h.ExpectEvents(h.HandleEvents(enginetest.StateEvent("i-new Running")), "done: 新增")
	h.ExpectEvents(h.HandleEvents(enginetest.StateEvent("i-new Running")), "done: 与云上一致")
	h.RunFull()
	h.ExpectHost("i-new", "web-1-i-new 10.0.1.1 on -")
	enginetest.Releasing("i-b1")(h)
	h.ExpectEvents(h.HandleEvents(enginetest.StateEvent("i-b1 Deleted"), enginetest.StateEvent("i-new Running")), "done: 释放", "done: 与云上一致")
	h.RunFull()
	h.ExpectHost("i-new", "web-1 10.0.1.1 on -")
	h.ExpectHost("i-b1", "web-1-i-b1 10.0.0.1 off gone")
	if id := h.AssetOf("i-new"); id != inventory.AssetID(inventory.Alibaba, "cn-beijing", "i-new") {
		t.Errorf("the asset is %s", id)
	}
	h.Close()
}

// TestEventsOnMariaDB: an event meets a name in another spelling, of a host and of a database, and one that the database
// cannot hold; no later run renames anything back. L, M, K and B of the recordings' mariadb.md.
func TestEventsOnMariaDB(t *testing.T) {
	t.Parallel()
	for _, version := range jumpservertest.Versions() {
		h := enginetest.NewEventWorldOn(t, nil, version, jumpservertest.MariaDB)
		h.EditHost(enginetest.HostEdit{Other: "Orders"})
		h.EditClouds(enginetest.CloudEdit{Put: []enginetest.Instance{
			{ID: "i-w2", Name: "WEB-1", IP: "10.0.1.1"}, {ID: "i-w3", Name: "orders", IP: "10.0.1.2"}, {ID: "i-w4", Name: "emoji-😀", IP: "10.0.1.3"},
		}})
		for _, id := range []string{"i-w2", "i-w3", "i-w4"} {
			h.ExpectEvents(h.HandleEvents(enginetest.StateEvent(id+" Running")), "done: 新增")
		}
		for range 2 {
			h.ExpectHost("i-w2", "WEB-1-i-w2 10.0.1.1 on -")
			h.ExpectHost("i-w3", "orders-i-w3 10.0.1.2 on -")
			h.ExpectHost("i-w4", "emoji- 10.0.1.3 on -")
			h.JumpServer.ResetCounts()
			h.RunFull()
			if n := h.JumpServer.Writes(); n != 0 {
				t.Errorf("%s: a full run writes %d times: %v", version, n, h.JumpServer.Calls())
			}
		}
		h.EditClouds(enginetest.CloudEdit{Rename: map[string]string{"i-b2": "ORDERS", "i-b3": "web-😀"}})
		h.ExpectEvents(h.HandleEvents(enginetest.StateEvent("i-b2 Running")), "done: ORDERS-i-b2")
		h.ExpectEvents(h.HandleEvents(enginetest.StateEvent("i-b3 Running")), "done: web-3 → web-")
		h.Close()
	}
}
