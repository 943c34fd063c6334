package engine_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

func releasing(ids ...string) func(h *eventWorld) {
	return func(h *eventWorld) { h.editClouds(cloudEdit{Remove: ids}) }
}

// TestEventsAbsent: instances that are gone, or are said to be.
func TestEventsAbsent(t *testing.T) {
	t.Parallel()
	playEvents(t, []eventCase{
		{
			name: "released", prepare: releasing("i-b1"), events: []string{stateEvent("i-b1 Deleted")}, want: []string{"done: 释放"},
			waits: []int{2}, hosts: map[string]string{"i-b1": "web-1 10.0.0.1 off gone"}, messages: 1, card: "web-1",
		},
		{
			name: "released but still listed", events: []string{stateEvent("i-b1 Deleted")}, want: []string{"done: 释放"},
			duringWait: func(h *eventWorld, wait int) {
				if wait == 2 {
					releasing("i-b1")(h)
				}
			},
			waits: []int{2, 4, 8}, hosts: map[string]string{"i-b1": "web-1 10.0.0.1 off gone"}, messages: 1,
		},
		{
			name: "released, deactivated already", events: []string{stateEvent("i-b1 Deleted")}, want: []string{"done: 没有启用的资产"}, waits: []int{},
			prepare: func(h *eventWorld) {
				releasing("i-b1")(h)
				h.handleEvents(stateEvent("i-b1 Deleted"))
				h.expectMessages(1)
			},
		},
		{
			name: "released, and there never was an asset", events: []string{stateEvent("i-never Deleted")},
			want: []string{"done: 没有启用的资产"}, waits: []int{},
		},
		{
			name: "forged release", events: []string{stateEvent("i-b1 Deleted")}, want: []string{"later: 留给下一次完整同步"},
			waits: []int{2, 4, 8, 16, 16},
		},
		{
			name: "forged release, and the platform redelivers", events: []string{stateEvent("i-b1 Deleted")}, want: []string{"failed: 重新投递"},
			waits: []int{2, 4, 8}, redelivers: true,
		},
		{
			name: "released at the last moment, and the platform redelivers", events: []string{stateEvent("i-b1 Deleted")}, want: []string{"done: 释放"},
			duringWait: func(h *eventWorld, wait int) {
				if wait == 3 {
					releasing("i-b1")(h)
				}
			},
			waits: []int{2, 4, 8, 2}, hosts: map[string]string{"i-b1": "web-1 10.0.0.1 off gone"}, messages: 1, redelivers: true,
		},
		{
			name: "released, said too late to ask twice", limit: 2900 * time.Millisecond, prepare: releasing("i-b1"),
			events: []string{stateEvent("i-b1 Deleted")}, want: []string{"later: 留给下一次完整同步"}, waits: []int{},
		},
		{
			name: "late start of a released one", prepare: releasing("i-b1"), events: []string{stateEvent("i-b1 Running")},
			want: []string{"later: 没有说已释放"}, waits: []int{2, 4}, // only a release closes
		},
		{
			name: "absent once only", events: []string{stateEvent("i-b1 Running")}, want: []string{"done: 与云上一致"},
			prepare: releasing("i-b1"),
			duringWait: func(h *eventWorld, _ int) {
				h.editClouds(cloudEdit{Put: []instance{{ID: "i-b1", Name: "web-1", IP: "10.0.0.1"}}})
			},
		},
		{
			name: "lost by the list, though it is there", events: []string{stateEvent("i-b1 Deleted")}, want: []string{"later: 留给下一次完整同步"},
			prepare: func(h *eventWorld) { h.editClouds(cloudEdit{Hide: []string{"i-b1"}}) },
		},
		{
			name: "lost by the list, and started", events: []string{stateEvent("i-b1 Running")}, want: []string{"done: 与云上一致"},
			prepare: func(h *eventWorld) { h.editClouds(cloudEdit{Hide: []string{"i-b1"}}) },
		},
		{
			name: "released, and only the list may be asked", events: []string{stateEvent("i-b1 Deleted")}, want: []string{"later: 只有一种查询说它已释放"},
			prepare: func(h *eventWorld) {
				releasing("i-b1")(h)
				h.cloud.Break(alibabatest.Fault{Kind: alibabatest.Forbidden, Action: alibabatest.DescribeInstanceAttribute})
			},
			waits: []int{},
		},
		{
			name: "permission lost", events: []string{stateEvent("i-b1 Deleted")}, want: []string{"failed: Forbidden"},
			prepare:  func(h *eventWorld) { h.cloud.Break(alibabatest.Fault{Kind: alibabatest.NoPermission}) },
			messages: 1,
		},
		{
			name: "switched off by a person before", prepare: func(h *eventWorld) {
				h.editHost(hostEdit{Host: "i-b1", Active: new(false)})
				releasing("i-b1")(h)
			},
			events: []string{stateEvent("i-b1 Deleted")}, want: []string{"done: 释放"},
			hosts: map[string]string{"i-b1": "web-1 10.0.0.1 off gone+off"}, messages: 1,
		},
		{
			name: "our labels were taken off", prepare: func(h *eventWorld) {
				h.editHost(hostEdit{Host: "i-b1", Unlabel: []string{"jms-"}})
				releasing("i-b1")(h)
			},
			events: []string{stateEvent("i-b1 Deleted")}, want: []string{"ignored: 标签"},
		},
		{
			name: "changed by a person in the middle", events: []string{stateEvent("i-b1 Deleted")}, prepare: releasing("i-b1"),
			duringWait: func(h *eventWorld, _ int) { h.editHost(hostEdit{Host: "i-b1", Address: "10.0.0.77"}) },
			want:       []string{"failed: address"},
			hosts:      map[string]string{"i-b1": "web-1 10.0.0.77 on -"},
		},
	})
}

// TestEventsPermissionReturns: the right to see instances is lost, and comes back after any number
// of calls, as well in the middle of a proof. No asset may be closed.
func TestEventsPermissionReturns(t *testing.T) {
	t.Parallel()
	for calls := 1; calls <= 8; calls++ {
		for _, event := range []string{"i-b1 Deleted", "i-b1 Running"} {
			t.Run(fmt.Sprintf("%s after %d calls", event, calls), func(t *testing.T) {
				t.Parallel()
				h := newEventWorld(t, nil)
				h.cloud.Break(alibabatest.Fault{Kind: alibabatest.NoPermission, Action: alibabatest.DescribeInstances, Times: calls})
				h.handleEvents(stateEvent(event))
				h.expectUntouched()
				h.close()
			})
		}
	}
}

// TestEventPermissionFlaps: an absence that was proved counts no more once the instance was seen.
func TestEventPermissionFlaps(t *testing.T) {
	t.Parallel()
	h := newEventWorld(t, nil)
	lose := alibabatest.Fault{Kind: alibabatest.NoPermission, Action: alibabatest.DescribeInstances, Times: 1}
	h.cloud.Break(lose)
	h.duringWait = func(h *eventWorld, wait int) {
		if wait%2 == 0 {
			h.cloud.Break(lose)
		}
	}
	h.expectEvents(h.handleEvents(stateEvent("i-b1 Deleted")), "later: ")
	h.expectUntouched()
	h.close()
}

// TestEventsNeverRemove: what keeps an asset from a full run's removal keeps it here, and a grace
// of 0 deletes nothing before the full run.
func TestEventsNeverRemove(t *testing.T) {
	t.Parallel()
	playEvents(t, []eventCase{
		{
			name: "no_delete", settings: syncSettings(map[string]any{"no_delete": true}), prepare: releasing("i-b1"),
			events: []string{stateEvent("i-b1 Deleted")}, want: []string{"ignored: no_delete"},
		},
		{
			name: "protected_ips", settings: syncSettings(map[string]any{"protected_ips": []string{"10.0.0.1"}}), prepare: releasing("i-b1", "i-b2"),
			events: []string{stateEvent("i-b1 Deleted"), stateEvent("i-b2 Deleted")}, want: []string{"ignored: protected_ips", "done: 释放"},
			hosts: map[string]string{"i-b2": "web-2 10.0.0.2 off gone"}, messages: 1,
		},
		{
			name: "whitelist", settings: syncSettings(map[string]any{"whitelist": []string{"10.0.0.2/31", "10.2.0.1"}}),
			prepare: func(h *eventWorld) {
				releasing("i-b1")(h)
				id := inventory.AssetID(inventory.Alibaba, "cn-beijing", "i-b1")
				other, _ := h.findHost(h.assetOf("i-b2"))
				other.ID, other.Name, other.Address = id, "web-1", "10.0.0.1"
				other.Labels = []string{
					"jms-cloud:alibaba", "jms-account:aliyun-prod", "jms-owner:" + prodOwner, "jms-region:cn-beijing", "jms-instance:i-b1",
				}
				h.jumpserver.Seed(jumpservertest.DefaultOrg, other)
			},
			events: []string{stateEvent("i-b1 Deleted")}, want: []string{"ignored: 白名单"},
		},
		{
			name: "switched on again by a person", prepare: func(h *eventWorld) {
				releasing("i-b1")(h)
				h.handleEvents(stateEvent("i-b1 Deleted"))
				h.expectMessages(1)
				h.editHost(hostEdit{Host: "i-b1", Active: new(true)})
			},
			events: []string{stateEvent("i-b1 Deleted")}, want: []string{"ignored: 人工启用"},
		},
		{
			name:     "grace 0",
			settings: syncSettings(map[string]any{"removal": map[string]any{"mode": "delete", "grace": "0s"}}),
			prepare:  releasing("i-b1"), events: []string{stateEvent("i-b1 Deleted"), stateEvent("i-b1 Deleted")}, want: []string{"done: 释放", "done: 释放"},
			hosts: map[string]string{"i-b1": "web-1 10.0.0.1 off gone"}, messages: 1,
		},
	})
}

// TestEventsThenFullRun: with a grace of 0 the next full run deletes, once the minute is over to which the
// time of the deactivation is rounded up.
// Invariants: 4.
func TestEventsThenFullRun(t *testing.T) {
	t.Parallel()
	h := newEventWorld(t, syncSettings(map[string]any{"removal": map[string]any{"mode": "delete", "grace": "0s"}}))
	releasing("i-b1")(h)
	h.expectEvents(h.handleEvents(stateEvent("i-b1 Deleted")), "done: ")
	h.runClock.advance(time.Minute)
	if out := h.runFull(); out.Report.Deleted != 1 {
		t.Errorf("the full run deleted %d", out.Report.Deleted)
	}
	h.expectHost("i-b1", "")
	h.close()
}

// TestEventStorm: the twenty-first release within ten minutes waits for a full run, and people
// are told. Ten minutes later events close assets again.
func TestEventStorm(t *testing.T) {
	t.Parallel()
	h := newEventWorld(t, map[string]any{"sync": map[string]any{"guard": map[string]any{"percent": 100}}}) // no share of a scope holds first
	var events, want []string
	for n := range 24 {
		id := fmt.Sprintf("i-s%02d", n)
		h.editClouds(cloudEdit{Put: []instance{{ID: id, Name: "storm-" + id, IP: fmt.Sprintf("10.0.3.%d", n)}}})
		events = append(events, stateEvent(id+" Deleted"))
	}
	h.runFull()
	for n := range 23 {
		releasing(fmt.Sprintf("i-s%02d", n))(h)
		outcome := "done: "
		if n >= 20 {
			outcome = "held: 10 分钟"
		}
		want = append(want, outcome)
	}
	h.expectEvents(h.handleEvents(events[:12]...), want[:12]...)
	h.expectMessages(1)
	answer := h.handleEvents(events[12:23]...)
	h.expectEvents(answer, want[12:23]...)
	h.expectMessages(1, "暂缓")
	if answer.Held != 3 || answer.Deactivated != 8 {
		t.Errorf("%d held, %d deactivated", answer.Held, answer.Deactivated)
	}
	h.expectHost("i-s20", "storm-i-s20 10.0.3.20 on -")
	h.expectEvents(h.handleEvents(stateEventIn(testOwner, "cn-hangzhou", "i-t1 Running")), "done: ") // another account
	h.runClock.advance(11 * time.Minute)                                                             // the times of labels are rounded up to the minute
	h.expectEvents(h.handleEvents(events[20]), "done: 释放")
	h.close()
}

// TestEventsOfNobody: JumpServer answers for another organisation than the configured one.
func TestEventsOfNobody(t *testing.T) {
	t.Parallel()
	const other = "5f0a5bd2-4a38-4b0c-8b44-1f1d2d6a7a01"
	h := newEventWorld(t, nil)
	h.jumpserver.AddOrg(other, "other")
	h.changeSettings(map[string]any{"jumpserver": map[string]any{"org_id": "5f0a5bd2-4a38-4b0c-8b44-1f1d2d6a7a02"}})
	h.editClouds(cloudEdit{Put: []instance{{ID: "i-new", Name: "new", IP: "10.0.1.1"}}, Remove: []string{"i-b1"}})
	answer := h.handleEvents(stateEvent("i-new Running"), stateEvent("i-b1 Deleted"))
	h.expectEvents(answer, "failed: organisation", "failed: organisation")
	h.expectUntouched()
	if n := h.jumpserver.Writes(); n != 0 || answer.Outcome == "ok" {
		t.Errorf("%d writes, outcome %s", n, answer.Outcome)
	}
	h.close()
}
