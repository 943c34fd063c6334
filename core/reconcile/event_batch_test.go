package reconcile_test

import (
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// TestEventCalls: what an event costs once the function is warm, with account_id set. Never a
// full list on either side.
func TestEventCalls(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name              string
		given             func(*enginetest.EventWorld)
		hear              string
		cloud, jumpserver int
		messages          int
	}{
		{"create", creating("new"), "i-new Running", 1, 3, 1},
		{"create beside one that mentions it", func(h *enginetest.EventWorld) {
			h.EditHost(enginetest.HostEdit{Add: &enginetest.NewHost{Name: "for-i-new", Address: "10.0.7.7"}})
			creating("new")(h)
		}, "i-new Running", 1, 3, 1},
		{"release", enginetest.Releasing("i-b1"), "i-b1 Deleted", 5, 4, 1}, // the last one asks whose key it is
		{"nothing to do", func(*enginetest.EventWorld) {}, "i-b1 Running", 1, 1, 0},
		{"released long ago", func(*enginetest.EventWorld) {}, "i-never Deleted", 1, 2, 0},
		{"adopted, released", func(h *enginetest.EventWorld) { adoptInstance(h, "i-new"); enginetest.Releasing("i-new")(h) }, "i-new Deleted", 5, 5, 1},
		{"adopted, nothing to do", func(h *enginetest.EventWorld) { adoptInstance(h, "i-new") }, "i-new Running", 1, 1, 0},
		{"adopted, its comment names it", func(h *enginetest.EventWorld) {
			adoptInstance(h, "i-new")
			h.EditHost(enginetest.HostEdit{Host: "by hand", Comment: new("instance_id: i-new")})
		}, "i-new Running", 1, 1, 0},
		{"another address", func(h *enginetest.EventWorld) {
			h.EditClouds(enginetest.CloudEdit{Move: map[string]string{"i-b1": "10.0.9.9"}})
		}, "i-b1 Running", 1, 2, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := enginetest.NewEventWorld(t, nil)
			h.HandleEvents(enginetest.StateEvent("i-b3 Running")) // the function is warm: it knows whose its key is
			c.given(h)
			var seen sync.Mutex
			var requests []string
			h.JumpServer.OnRequest(func(r *http.Request) {
				seen.Lock()
				defer seen.Unlock()
				requests = append(requests, r.Method+" "+r.URL.RequestURI())
			})
			called := h.Cloud.Calls("")
			full := countFullLists(h)
			h.HandleEvents(enginetest.StateEvent(c.hear))
			if n := h.Cloud.Calls("") - called; n != c.cloud {
				t.Errorf("%d calls of the cloud, want %d", n, c.cloud)
			}
			if n := h.JumpServer.Requests(); n != c.jumpserver {
				t.Errorf("%d calls of JumpServer, want %d: %q", n, c.jumpserver, requests)
			}
			if *full > 0 {
				t.Errorf("%d full lists of the cloud", *full)
			}
			h.ExpectNoFullList(requests)
			h.ExpectMessages(c.messages)
			h.Close()
		})
	}
}

// countFullLists counts the cloud's calls that list a whole region.
func countFullLists(h *enginetest.EventWorld) *int {
	full := new(int)
	hook := func(r *http.Request) {
		q := r.URL.Query()
		if q.Get("Action") == alibabatest.DescribeInstances && q.Get("InstanceIds") == "" && q.Get("DryRun") != "true" {
			*full++
		}
	}
	h.OnCloud.Store(&hook)
	return full
}

// TestEventBatch: two accounts, three regions, every kind of event at once. The region that fails
// fails its own events only, and they alone come again.
func TestEventBatch(t *testing.T) {
	t.Parallel()
	h := enginetest.NewEventWorld(t, nil)
	h.EditClouds(
		enginetest.CloudEdit{Region: "cn-shanghai", Put: []enginetest.Instance{{ID: "i-s1", Name: "sh-1", IP: "10.5.0.1"}}},
		enginetest.CloudEdit{Put: []enginetest.Instance{{ID: "i-new", Name: "new", IP: "10.0.1.1"}}, Remove: []string{"i-b1"}},
		enginetest.CloudEdit{Account: "aliyun-test", Region: "cn-hangzhou", Remove: []string{"i-t1"}},
	)
	h.Cloud.Break(alibabatest.Fault{Kind: alibabatest.Forbidden, Region: "cn-shanghai"})
	answer := h.HandleEvents(
		enginetest.StateEvent("i-new Running"), enginetest.StateEventIn(enginetest.ProdOwner, "cn-shanghai", "i-s1 Running"), enginetest.StateEventIn(enginetest.TestOwner, "cn-hangzhou", "i-t1 Deleted"),
		enginetest.StateEvent("i-b1 Deleted"), enginetest.StateEvent("i-b2 Running"), `{"type":"ecs:Instance:StateChange","id":"broken"}`, enginetest.StateEvent("i-b1 Deleted"),
		enginetest.StateEvent("i-new Running"), enginetest.StateEventIn("1690700000000099", "cn-beijing", "i-b2 Deleted"), enginetest.StateEvent("i-b3 Starting"), enginetest.StateEvent("i-late Running"),
	)
	h.ExpectEvents(answer,
		"done: 新增", "failed: Forbidden", "done: 释放", "done: 释放", "done: 与云上一致", "failed: no state", "done: 释放",
		"done: 新增", "ignored: 1690700000000099", "ignored: ", "later: ")
	h.ExpectHost("i-new", "new 10.0.1.1 on -")
	h.ExpectHost("i-s1", "")
	h.ExpectHost("i-t1", "test-1 10.2.0.1 off gone")
	h.ExpectHost("i-b1", "web-1 10.0.0.1 off gone")
	h.ExpectUntouched("i-new", "i-t1", "i-b1")
	h.ExpectMessages(1, "new", "test-1", "web-1", "cn-shanghai")
	if answer.Created != 1 || answer.Deactivated != 2 || answer.Outcome != "partial" {
		t.Errorf("%d created, %d deactivated, outcome %s", answer.Created, answer.Deactivated, answer.Outcome)
	}
	h.Cloud.Repair()
	h.ExpectEvents(h.HandleEvents(enginetest.StateEventIn(enginetest.ProdOwner, "cn-shanghai", "i-s1 Running"), enginetest.StateEvent("i-new Running")), "done: 新增", "done: 与云上一致")
	h.Close()
}

// TestEventBatchShares: an instance that never shows up uses the time of nobody else, not even
// of another region.
func TestEventBatchShares(t *testing.T) {
	t.Parallel()
	h := enginetest.NewEventWorld(t, nil)
	h.EditClouds(enginetest.CloudEdit{Account: "aliyun-test", Region: "cn-hangzhou", Remove: []string{"i-t1"}})
	answer := h.HandleEventsFor(10*time.Second, enginetest.StateEvent("i-never Running"), enginetest.StateEventIn(enginetest.TestOwner, "cn-hangzhou", "i-t1 Deleted"))
	h.ExpectEvents(answer, "later: ", "done: 释放")
	h.Close()
}

// TestEventProofFails: where the proof fails, the events that need none are done all the same.
func TestEventProofFails(t *testing.T) {
	t.Parallel()
	h := enginetest.NewEventWorld(t, nil)
	enginetest.Releasing("i-b1")(h)
	creating("new")(h)
	hook := func(r *http.Request) {
		if r.URL.Query().Get("DryRun") == "true" {
			h.Cloud.Break(alibabatest.Fault{Kind: alibabatest.Forbidden, Times: 1})
		}
	}
	h.OnCloud.Store(&hook)
	h.ExpectEvents(h.HandleEvents(enginetest.StateEvent("i-b1 Deleted"), enginetest.StateEvent("i-new Running")), "failed: Forbidden", "done: 新增")
	h.ExpectUntouched("i-new")
	h.Close()
}

// TestEventFaults: any failing call of JumpServer, before or after it was carried out, makes
// the event come again, and then it is done. Nothing is deleted, nothing made twice.
// Invariants: 13.
func TestEventFaults(t *testing.T) {
	t.Parallel()
	for call := range 8 {
		for _, after := range []bool{false, true} {
			h := enginetest.NewEventWorld(t, nil)
			creating("new")(h)
			enginetest.Releasing("i-b1")(h)
			n := 0
			h.JumpServer.Fail(func(*http.Request) bool {
				n++
				return n > call && n <= call+4
			}, -1,
				jumpservertest.Fault{Status: http.StatusBadGateway, After: after})
			events := []string{enginetest.StateEvent("i-new Running"), enginetest.StateEvent("i-b1 Deleted")}
			first := h.HandleEvents(events...)
			h.JumpServer.ClearFaults()
			answer := h.HandleEvents(events...)
			if answer.NeedsRedelivery() {
				t.Errorf("call %d: the second delivery fails: %+v", call, answer.Results)
			}
			h.ExpectHost("i-new", "new 10.0.1.1 on -")
			h.ExpectHost("i-b1", "web-1 10.0.0.1 off gone")
			if hosts := h.JumpServer.Hosts(jumpservertest.DefaultOrg); len(hosts) != 5 {
				t.Errorf("call %d: %d hosts", call, len(hosts))
			}
			if deleted := h.JumpServer.Calls()["DELETE /api/v1/assets/hosts/"]; deleted > 0 {
				t.Errorf("call %d: %d deletions", call, deleted)
			}
			if call == 0 && !first.NeedsRedelivery() {
				t.Errorf("the first call fails, and no event does: %+v", first.Results)
			}
			h.Close()
		}
	}
}

// TestEventsWithoutAccountID: the account is found by the identity of its credentials.
func TestEventsWithoutAccountID(t *testing.T) {
	t.Parallel()
	h := enginetest.NewEventWorld(t, nil)
	for n := range h.Accounts {
		h.Accounts[n].Account = ""
	}
	creating("new")(h)
	h.ExpectEvents(h.HandleEvents(enginetest.StateEvent("i-new Running"), enginetest.StateEventIn("1690700000000099", "cn-beijing", "i-b1 Deleted")),
		"done: 新增", "ignored: 1690700000000099")
	h.Identities = cloud.NewOwnerCache() // a new process
	h.Cloud.Break(alibabatest.Fault{Kind: alibabatest.Inactive, Action: alibabatest.GetCallerIdentity})
	h.ExpectEvents(h.HandleEvents(enginetest.StateEvent("i-b1 Deleted")), "failed: InvalidAccessKeyId")
	if !slices.ContainsFunc(h.JumpServer.Hosts(jumpservertest.DefaultOrg), func(x jumpservertest.Host) bool { return x.Name == "new" }) {
		t.Error("nothing was made")
	}
	h.Close()
}
