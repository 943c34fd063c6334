package reconcile_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// TestEventsAbsent: instances that are gone, or are said to be.
func TestEventsAbsent(t *testing.T) {
	t.Parallel()
	playEvents(t, []eventCase{
		{
			name: "released", prepare: enginetest.Releasing("i-b1"), events: []string{enginetest.StateEvent("i-b1 Deleted")}, want: []string{"done: 释放"},
			waits: []int{2}, hosts: map[string]string{"i-b1": "web-1 10.0.0.1 off gone"}, messages: 1, card: "web-1",
		},
		{
			name: "released but still listed", events: []string{enginetest.StateEvent("i-b1 Deleted")}, want: []string{"done: 释放"},
			duringWait: func(h *enginetest.EventWorld, wait int) {
				if wait == 2 {
					enginetest.Releasing("i-b1")(h)
				}
			},
			waits: []int{2, 4, 8}, hosts: map[string]string{"i-b1": "web-1 10.0.0.1 off gone"}, messages: 1,
		},
		{
			name: "released, deactivated already", events: []string{enginetest.StateEvent("i-b1 Deleted")}, want: []string{"done: 没有启用的资产"}, waits: []int{},
			prepare: func(h *enginetest.EventWorld) {
				enginetest.Releasing("i-b1")(h)
				h.HandleEvents(enginetest.StateEvent("i-b1 Deleted"))
				h.ExpectMessages(1)
			},
		},
		{
			name: "released, and there never was an asset", events: []string{enginetest.StateEvent("i-never Deleted")},
			want: []string{"done: 没有启用的资产"}, waits: []int{},
		},
		{
			name: "forged release", events: []string{enginetest.StateEvent("i-b1 Deleted")}, want: []string{"later: 留给下一次完整同步"},
			waits: []int{2, 4, 8, 16, 16},
		},
		{
			name: "forged release, and the platform redelivers", events: []string{enginetest.StateEvent("i-b1 Deleted")}, want: []string{"failed: 重新投递"},
			waits: []int{2, 4, 8}, redelivers: true,
		},
		{
			name: "released at the last moment, and the platform redelivers", events: []string{enginetest.StateEvent("i-b1 Deleted")}, want: []string{"done: 释放"},
			duringWait: func(h *enginetest.EventWorld, wait int) {
				if wait == 3 {
					enginetest.Releasing("i-b1")(h)
				}
			},
			waits: []int{2, 4, 8, 2}, hosts: map[string]string{"i-b1": "web-1 10.0.0.1 off gone"}, messages: 1, redelivers: true,
		},
		{
			name: "released, said too late to ask twice", limit: 2900 * time.Millisecond, prepare: enginetest.Releasing("i-b1"),
			events: []string{enginetest.StateEvent("i-b1 Deleted")}, want: []string{"later: 留给下一次完整同步"}, waits: []int{},
		},
		{
			name: "late start of a released one", prepare: enginetest.Releasing("i-b1"), events: []string{enginetest.StateEvent("i-b1 Running")},
			want: []string{"later: 没有说已释放"}, waits: []int{2, 4}, // only a release closes
		},
		{
			name: "absent once only", events: []string{enginetest.StateEvent("i-b1 Running")}, want: []string{"done: 与云上一致"},
			prepare: enginetest.Releasing("i-b1"),
			duringWait: func(h *enginetest.EventWorld, _ int) {
				h.EditClouds(enginetest.CloudEdit{Put: []enginetest.Instance{{ID: "i-b1", Name: "web-1", IP: "10.0.0.1"}}})
			},
		},
		{
			name: "lost by the list, though it is there", events: []string{enginetest.StateEvent("i-b1 Deleted")}, want: []string{"later: 留给下一次完整同步"},
			prepare: func(h *enginetest.EventWorld) { h.EditClouds(enginetest.CloudEdit{Hide: []string{"i-b1"}}) },
		},
		{
			name: "lost by the list, and started", events: []string{enginetest.StateEvent("i-b1 Running")}, want: []string{"done: 与云上一致"},
			prepare: func(h *enginetest.EventWorld) { h.EditClouds(enginetest.CloudEdit{Hide: []string{"i-b1"}}) },
		},
		{
			name: "released, and only the list may be asked", events: []string{enginetest.StateEvent("i-b1 Deleted")}, want: []string{"later: 只有一种查询说它已释放"},
			prepare: func(h *enginetest.EventWorld) {
				enginetest.Releasing("i-b1")(h)
				h.Cloud.Break(alibabatest.Fault{Kind: alibabatest.Forbidden, Action: alibabatest.DescribeInstanceAttribute})
			},
			waits: []int{},
		},
		{
			name: "permission lost", events: []string{enginetest.StateEvent("i-b1 Deleted")}, want: []string{"failed: Forbidden"},
			prepare:  func(h *enginetest.EventWorld) { h.Cloud.Break(alibabatest.Fault{Kind: alibabatest.NoPermission}) },
			messages: 1,
		},
		{
			name: "switched off by a person before", prepare: func(h *enginetest.EventWorld) {
				h.EditHost(enginetest.HostEdit{Host: "i-b1", Active: new(false)})
				enginetest.Releasing("i-b1")(h)
			},
			events: []string{enginetest.StateEvent("i-b1 Deleted")}, want: []string{"done: 释放"},
			hosts: map[string]string{"i-b1": "web-1 10.0.0.1 off gone+off"}, messages: 1,
		},
		{
			name: "our labels were taken off", prepare: func(h *enginetest.EventWorld) {
				h.EditHost(enginetest.HostEdit{Host: "i-b1", Unlabel: []string{"jms-"}})
				enginetest.Releasing("i-b1")(h)
			},
			events: []string{enginetest.StateEvent("i-b1 Deleted")}, want: []string{"ignored: 标签"},
		},
		{
			name: "changed by a person in the middle", events: []string{enginetest.StateEvent("i-b1 Deleted")}, prepare: enginetest.Releasing("i-b1"),
			duringWait: func(h *enginetest.EventWorld, _ int) {
				h.EditHost(enginetest.HostEdit{Host: "i-b1", Address: "10.0.0.77"})
			},
			want:  []string{"failed: address"},
			hosts: map[string]string{"i-b1": "web-1 10.0.0.77 on -"},
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
				h := enginetest.NewEventWorld(t, nil)
				h.Cloud.Break(alibabatest.Fault{Kind: alibabatest.NoPermission, Action: alibabatest.DescribeInstances, Times: calls})
				h.HandleEvents(enginetest.StateEvent(event))
				h.ExpectUntouched()
				h.Close()
			})
		}
	}
}

// TestEventPermissionFlaps: an absence that was proved counts no more once the instance was seen.
func TestEventPermissionFlaps(t *testing.T) {
	t.Parallel()
	h := enginetest.NewEventWorld(t, nil)
	lose := alibabatest.Fault{Kind: alibabatest.NoPermission, Action: alibabatest.DescribeInstances, Times: 1}
	h.Cloud.Break(lose)
	h.DuringWait = func(h *enginetest.EventWorld, wait int) {
		if wait%2 == 0 {
			h.Cloud.Break(lose)
		}
	}
	h.ExpectEvents(h.HandleEvents(enginetest.StateEvent("i-b1 Deleted")), "later: ")
	h.ExpectUntouched()
	h.Close()
}

// TestEventsNeverRemove: what keeps an asset from a full run's removal keeps it here, and a grace
// of 0 deletes nothing before the full run.
func TestEventsNeverRemove(t *testing.T) {
	t.Parallel()
	playEvents(t, []eventCase{
		{
			name: "no_delete", settings: enginetest.SyncSettings(map[string]any{"no_delete": true}), prepare: enginetest.Releasing("i-b1"),
			events: []string{enginetest.StateEvent("i-b1 Deleted")}, want: []string{"ignored: no_delete"},
		},
		{
			name: "protected_ips", settings: enginetest.SyncSettings(map[string]any{"protected_ips": []string{"10.0.0.1"}}), prepare: enginetest.Releasing("i-b1", "i-b2"),
			events: []string{enginetest.StateEvent("i-b1 Deleted"), enginetest.StateEvent("i-b2 Deleted")}, want: []string{"ignored: protected_ips", "done: 释放"},
			hosts: map[string]string{"i-b2": "web-2 10.0.0.2 off gone"}, messages: 1,
		},
		{
			name: "whitelist", settings: enginetest.SyncSettings(map[string]any{"whitelist": []string{"10.0.0.2/31", "10.2.0.1"}}),
			prepare: func(h *enginetest.EventWorld) {
				enginetest.Releasing("i-b1")(h)
				id := inventory.AssetID(inventory.Alibaba, "cn-beijing", "i-b1")
				other, _ := h.FindHost(h.AssetOf("i-b2"))
				other.ID, other.Name, other.Address = id, "web-1", "10.0.0.1"
				other.Labels = []string{
					"jms-cloud:alibaba", "jms-account:aliyun-prod", "jms-owner:" + enginetest.ProdOwner, "jms-region:cn-beijing", "jms-instance:i-b1",
				}
				h.JumpServer.Seed(jumpservertest.DefaultOrg, other)
			},
			events: []string{enginetest.StateEvent("i-b1 Deleted")}, want: []string{"ignored: 白名单"},
		},
		{
			name: "switched on again by a person", prepare: func(h *enginetest.EventWorld) {
				enginetest.Releasing("i-b1")(h)
				h.HandleEvents(enginetest.StateEvent("i-b1 Deleted"))
				h.ExpectMessages(1)
				h.EditHost(enginetest.HostEdit{Host: "i-b1", Active: new(true)})
			},
			events: []string{enginetest.StateEvent("i-b1 Deleted")}, want: []string{"ignored: 人工启用"},
		},
		{
			name:     "grace 0",
			settings: enginetest.SyncSettings(map[string]any{"removal": map[string]any{"mode": "delete", "grace": "0s"}}),
			prepare:  enginetest.Releasing("i-b1"), events: []string{enginetest.StateEvent("i-b1 Deleted"), enginetest.StateEvent("i-b1 Deleted")}, want: []string{"done: 释放", "done: 释放"},
			hosts: map[string]string{"i-b1": "web-1 10.0.0.1 off gone"}, messages: 1,
		},
	})
}

// TestEventsThenFullRun: with a grace of 0 the next full run deletes, once the minute is over to which the
// time of the deactivation is rounded up.
// Invariants: 4.
func TestEventsThenFullRun(t *testing.T) {
	t.Parallel()
	h := enginetest.NewEventWorld(t, enginetest.SyncSettings(map[string]any{"removal": map[string]any{"mode": "delete", "grace": "0s"}}))
	enginetest.Releasing("i-b1")(h)
	h.ExpectEvents(h.HandleEvents(enginetest.StateEvent("i-b1 Deleted")), "done: ")
	h.RunClock.Advance(time.Minute)
	if out := h.RunFull(); out.Report.Deleted != 1 {
		t.Errorf("the full run deleted %d", out.Report.Deleted)
	}
	h.ExpectHost("i-b1", "")
	h.Close()
}

// TestEventStorm: the twenty-first release within ten minutes waits for a full run, and people
// are told. Ten minutes later events close assets again.
func TestEventStorm(t *testing.T) {
	t.Parallel()
	h := enginetest.NewEventWorld(t, map[string]any{"sync": map[string]any{"guard": map[string]any{"percent": 100}}}) // no share of a scope holds first
	var events, want []string
	for n := range 24 {
		id := fmt.Sprintf("i-s%02d", n)
		h.EditClouds(enginetest.CloudEdit{Put: []enginetest.Instance{{ID: id, Name: "storm-" + id, IP: fmt.Sprintf("10.0.3.%d", n)}}})
		events = append(events, enginetest.StateEvent(id+" Deleted"))
	}
	h.RunFull()
	for n := range 23 {
		enginetest.Releasing(fmt.Sprintf("i-s%02d", n))(h)
		outcome := "done: "
		if n >= 20 {
			outcome = "held: 10 分钟"
		}
		want = append(want, outcome)
	}
	h.ExpectEvents(h.HandleEvents(events[:12]...), want[:12]...)
	h.ExpectMessages(1)
	answer := h.HandleEvents(events[12:23]...)
	h.ExpectEvents(answer, want[12:23]...)
	h.ExpectMessages(1, "暂缓")
	if answer.Held != 3 || answer.Deactivated != 8 {
		t.Errorf("%d held, %d deactivated", answer.Held, answer.Deactivated)
	}
	h.ExpectHost("i-s20", "storm-i-s20 10.0.3.20 on -")
	h.ExpectEvents(h.HandleEvents(enginetest.StateEventIn(enginetest.TestOwner, "cn-hangzhou", "i-t1 Running")), "done: ") // another account
	h.RunClock.Advance(11 * time.Minute)                                                                                   // the times of labels are rounded up to the minute
	h.ExpectEvents(h.HandleEvents(events[20]), "done: 释放")
	h.Close()
}

// TestEventsOfNobody: JumpServer answers for another organisation than the configured one.
func TestEventsOfNobody(t *testing.T) {
	t.Parallel()
	const other = "5f0a5bd2-4a38-4b0c-8b44-1f1d2d6a7a01"
	h := enginetest.NewEventWorld(t, nil)
	h.JumpServer.AddOrg(other, "other")
	h.ChangeSettings(map[string]any{"jumpserver": map[string]any{"org_id": "5f0a5bd2-4a38-4b0c-8b44-1f1d2d6a7a02"}})
	h.EditClouds(enginetest.CloudEdit{Put: []enginetest.Instance{{ID: "i-new", Name: "new", IP: "10.0.1.1"}}, Remove: []string{"i-b1"}})
	answer := h.HandleEvents(enginetest.StateEvent("i-new Running"), enginetest.StateEvent("i-b1 Deleted"))
	h.ExpectEvents(answer, "failed: organisation", "failed: organisation")
	h.ExpectUntouched()
	if n := h.JumpServer.Writes(); n != 0 || answer.Outcome == "ok" {
		t.Errorf("%d writes, outcome %s", n, answer.Outcome)
	}
	h.Close()
}
