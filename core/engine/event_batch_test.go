package engine_test

import (
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// TestEventCalls: what an event costs once the function is warm, with account_id set. Never a
// full list on either side.
func TestEventCalls(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name              string
		given             func(*eventWorld)
		hear              string
		cloud, jumpserver int
		messages          int
	}{
		{"create", creating("new"), "i-new Running", 1, 3, 1},
		{"create beside one that mentions it", func(h *eventWorld) {
			h.editHost(hostEdit{Add: &newHost{Name: "for-i-new", Address: "10.0.7.7"}})
			creating("new")(h)
		}, "i-new Running", 1, 3, 1},
		{"release", releasing("i-b1"), "i-b1 Deleted", 4, 4, 1},
		{"nothing to do", func(*eventWorld) {}, "i-b1 Running", 1, 1, 0},
		{"released long ago", func(*eventWorld) {}, "i-never Deleted", 1, 2, 0},
		{"adopted, released", func(h *eventWorld) { h.adoptInstance("i-new"); releasing("i-new")(h) }, "i-new Deleted", 4, 5, 1},
		{"adopted, nothing to do", func(h *eventWorld) { h.adoptInstance("i-new") }, "i-new Running", 1, 1, 0},
		{"adopted, its comment names it", func(h *eventWorld) {
			h.adoptInstance("i-new")
			h.editHost(hostEdit{Host: "by hand", Comment: new("instance_id: i-new")})
		}, "i-new Running", 1, 1, 0},
		{"another address", func(h *eventWorld) {
			h.editClouds(cloudEdit{Move: map[string]string{"i-b1": "10.0.9.9"}})
		}, "i-b1 Running", 1, 2, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newEventWorld(t, nil)
			h.handleEvents(stateEvent("i-b3 Running")) // the function is warm: it knows whose its key is
			c.given(h)
			var seen sync.Mutex
			var requests []string
			h.jumpserver.OnRequest(func(r *http.Request) {
				seen.Lock()
				defer seen.Unlock()
				requests = append(requests, r.Method+" "+r.URL.RequestURI())
			})
			called := h.cloud.Calls("")
			full := h.countFullLists()
			h.handleEvents(stateEvent(c.hear))
			if n := h.cloud.Calls("") - called; n != c.cloud {
				t.Errorf("%d calls of the cloud, want %d", n, c.cloud)
			}
			if n := h.jumpserver.Requests(); n != c.jumpserver {
				t.Errorf("%d calls of JumpServer, want %d: %q", n, c.jumpserver, requests)
			}
			if *full > 0 {
				t.Errorf("%d full lists of the cloud", *full)
			}
			h.expectNoFullList(requests)
			h.expectMessages(c.messages)
			h.close()
		})
	}
}

// countFullLists counts the cloud's calls that list a whole region.
func (h *eventWorld) countFullLists() *int {
	full := new(int)
	hook := func(r *http.Request) {
		q := r.URL.Query()
		if q.Get("Action") == alibabatest.DescribeInstances && q.Get("InstanceIds") == "" && q.Get("DryRun") != "true" {
			*full++
		}
	}
	h.onCloud.Store(&hook)
	return full
}

// TestEventBatch: two accounts, three regions, every kind of event at once. The region that fails
// fails its own events only, and they alone come again.
func TestEventBatch(t *testing.T) {
	t.Parallel()
	h := newEventWorld(t, nil)
	h.editClouds(
		cloudEdit{Region: "cn-shanghai", Put: []instance{{ID: "i-s1", Name: "sh-1", IP: "10.5.0.1"}}},
		cloudEdit{Put: []instance{{ID: "i-new", Name: "new", IP: "10.0.1.1"}}, Remove: []string{"i-b1"}},
		cloudEdit{Account: "aliyun-test", Region: "cn-hangzhou", Remove: []string{"i-t1"}},
	)
	h.cloud.Break(alibabatest.Fault{Kind: alibabatest.Forbidden, Region: "cn-shanghai"})
	answer := h.handleEvents(
		stateEvent("i-new Running"), stateEventIn(prodOwner, "cn-shanghai", "i-s1 Running"), stateEventIn(testOwner, "cn-hangzhou", "i-t1 Deleted"),
		stateEvent("i-b1 Deleted"), stateEvent("i-b2 Running"), `{"type":"ecs:Instance:StateChange","id":"broken"}`, stateEvent("i-b1 Deleted"),
		stateEvent("i-new Running"), stateEventIn("1690700000000099", "cn-beijing", "i-b2 Deleted"), stateEvent("i-b3 Starting"), stateEvent("i-late Running"),
	)
	h.expectEvents(answer,
		"done: 新增", "failed: Forbidden", "done: 释放", "done: 释放", "done: 与云上一致", "failed: no state", "done: 释放",
		"done: 新增", "ignored: 1690700000000099", "ignored: ", "later: ")
	h.expectHost("i-new", "new 10.0.1.1 on -")
	h.expectHost("i-s1", "")
	h.expectHost("i-t1", "test-1 10.2.0.1 off gone")
	h.expectHost("i-b1", "web-1 10.0.0.1 off gone")
	h.expectUntouched("i-new", "i-t1", "i-b1")
	h.expectMessages(1, "new", "test-1", "web-1", "cn-shanghai")
	if answer.Created != 1 || answer.Deactivated != 2 || answer.Outcome != "partial" {
		t.Errorf("%d created, %d deactivated, outcome %s", answer.Created, answer.Deactivated, answer.Outcome)
	}
	h.cloud.Repair()
	h.expectEvents(h.handleEvents(stateEventIn(prodOwner, "cn-shanghai", "i-s1 Running"), stateEvent("i-new Running")), "done: 新增", "done: 与云上一致")
	h.close()
}

// TestEventBatchShares: an instance that never shows up uses the time of nobody else, not even
// of another region.
func TestEventBatchShares(t *testing.T) {
	t.Parallel()
	h := newEventWorld(t, nil)
	h.editClouds(cloudEdit{Account: "aliyun-test", Region: "cn-hangzhou", Remove: []string{"i-t1"}})
	answer := h.handleEventsFor(10*time.Second, stateEvent("i-never Running"), stateEventIn(testOwner, "cn-hangzhou", "i-t1 Deleted"))
	h.expectEvents(answer, "later: ", "done: 释放")
	h.close()
}

// TestEventProofFails: where the proof fails, the events that need none are done all the same.
func TestEventProofFails(t *testing.T) {
	t.Parallel()
	h := newEventWorld(t, nil)
	releasing("i-b1")(h)
	creating("new")(h)
	hook := func(r *http.Request) {
		if r.URL.Query().Get("DryRun") == "true" {
			h.cloud.Break(alibabatest.Fault{Kind: alibabatest.Forbidden, Times: 1})
		}
	}
	h.onCloud.Store(&hook)
	h.expectEvents(h.handleEvents(stateEvent("i-b1 Deleted"), stateEvent("i-new Running")), "failed: Forbidden", "done: 新增")
	h.expectUntouched("i-new")
	h.close()
}

// TestEventFaults: any failing call of JumpServer, before or after it was carried out, makes
// the event come again, and then it is done. Nothing is deleted, nothing made twice.
// Invariants: 13.
func TestEventFaults(t *testing.T) {
	t.Parallel()
	for call := range 8 {
		for _, after := range []bool{false, true} {
			h := newEventWorld(t, nil)
			creating("new")(h)
			releasing("i-b1")(h)
			n := 0
			h.jumpserver.Fail(func(*http.Request) bool { n++; return n > call && n <= call+4 }, -1,
				jumpservertest.Fault{Status: http.StatusBadGateway, After: after})
			events := []string{stateEvent("i-new Running"), stateEvent("i-b1 Deleted")}
			first := h.handleEvents(events...)
			h.jumpserver.ClearFaults()
			answer := h.handleEvents(events...)
			if answer.NeedsRedelivery() {
				t.Errorf("call %d: the second delivery fails: %+v", call, answer.Results)
			}
			h.expectHost("i-new", "new 10.0.1.1 on -")
			h.expectHost("i-b1", "web-1 10.0.0.1 off gone")
			if hosts := h.jumpserver.Hosts(jumpservertest.DefaultOrg); len(hosts) != 5 {
				t.Errorf("call %d: %d hosts", call, len(hosts))
			}
			if deleted := h.jumpserver.Calls()["DELETE /api/v1/assets/hosts/"]; deleted > 0 {
				t.Errorf("call %d: %d deletions", call, deleted)
			}
			if call == 0 && !first.NeedsRedelivery() {
				t.Errorf("the first call fails, and no event does: %+v", first.Results)
			}
			h.close()
		}
	}
}

// TestEventsWithoutAccountID: the account is found by the identity of its credentials.
func TestEventsWithoutAccountID(t *testing.T) {
	t.Parallel()
	h := newEventWorld(t, nil)
	for n := range h.accounts {
		h.accounts[n].Account = ""
	}
	creating("new")(h)
	h.expectEvents(h.handleEvents(stateEvent("i-new Running"), stateEventIn("1690700000000099", "cn-beijing", "i-b1 Deleted")),
		"done: 新增", "ignored: 1690700000000099")
	h.identities = cloud.NewOwnerCache() // a new process
	h.cloud.Break(alibabatest.Fault{Kind: alibabatest.Inactive, Action: alibabatest.GetCallerIdentity})
	h.expectEvents(h.handleEvents(stateEvent("i-b1 Deleted")), "failed: InvalidAccessKeyId")
	if !slices.ContainsFunc(h.jumpserver.Hosts(jumpservertest.DefaultOrg), func(x jumpservertest.Host) bool { return x.Name == "new" }) {
		t.Error("nothing was made")
	}
	h.close()
}
