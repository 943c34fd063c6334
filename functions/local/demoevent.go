package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/reconcile"
	"github.com/jms-sync/jms-sync/functions/runtimetest"
)

// deliverEvent sends a change of state as EventBridge does, and prints the function's answer.
func (d *demonstration) deliverEvent(ctx context.Context, region, id, state string) (reconcile.EventReport, error) {
	d.world.jumpserver.ResetCounts()
	calls := d.world.cloud.Calls("")
	event, err := json.Marshal(map[string]any{
		"specversion": "1.0", "id": "demo-" + state, "source": "acs.ecs", "type": "ecs:Instance:StateChange",
		"subject":         "acs:ecs:" + region + ":" + demoAccount + ":instance/" + id,
		"aliyunaccountid": demoAccount, "aliyunregionid": region,
		"data": map[string]string{"resourceId": id, "resourceType": "ALIYUN::ECS::Instance", "state": state},
	})
	if err != nil {
		return reconcile.EventReport{}, err
	}
	started := time.Now()
	answer, err := d.event.runtime.Invoke(ctx, event, runtimetest.Options{Timeout: time.Minute})
	if err != nil {
		return reconcile.EventReport{}, err
	}
	if !answer.OK {
		return reconcile.EventReport{}, fmt.Errorf("%s: %s", answer.ErrorType, answer.ErrorMessage)
	}
	var a reconcile.EventReport
	if err := json.Unmarshal(answer.Body, &a); err != nil {
		return reconcile.EventReport{}, err
	}
	d.printLine("事件 %s %s：%s（%s），%d 毫秒，云请求 %d 次，JumpServer 请求 %d 次",
		"Event %s %s: %s (%s), %d ms, %d requests to the cloud, %d to JumpServer", id, state, a.Results[0].Outcome,
		a.Results[0].Reason, time.Since(started).Milliseconds(), d.world.cloud.Calls("")-calls, d.world.jumpserver.Requests())
	return a, nil
}

func (d *demonstration) showCreateEvent(ctx context.Context) error {
	d.heading(d.lang.Text("事件：新实例启动，立刻可以登录", "An event: a new instance starts, people can log in at once"))
	d.world.putInstance("cn-beijing", alibabatest.Instance{
		ID: "i-bj0009", Name: "new-by-event", OSType: "linux", OSName: "Ubuntu 24.04", Status: "Running",
		PrivateIPs: []string{"10.1.0.9"},
	})
	a, err := d.deliverEvent(ctx, "cn-beijing", "i-bj0009", "Running")
	if err != nil {
		return err
	}
	if a.Created != 1 {
		return errors.New(d.text("应新增 1 台，实际 %d", "1 should be created, not %d", a.Created))
	}
	d.printLine("同一事件再来一次：什么都不改变。", "The same event once more: nothing changes.")
	a, err = d.deliverEvent(ctx, "cn-beijing", "i-bj0009", "Running")
	if err != nil {
		return err
	}
	if a.Created+a.Updated != 0 {
		return errors.New(d.text("重复的事件不应改变什么", "an event that comes twice should change nothing"))
	}
	return nil
}

func (d *demonstration) showReleaseEvent(ctx context.Context) error {
	d.heading(d.lang.Text("事件：实例释放，证实之后立刻停用（事件从不删除）", "An event: an instance is released; proved, and deactivated at once (events never delete)"))
	d.world.account.Remove("cn-beijing", "i-bj0009")
	a, err := d.deliverEvent(ctx, "cn-beijing", "i-bj0009", "Deleted")
	if err != nil {
		return err
	}
	hosts := d.world.jumpserver.Hosts(jumpservertest.DefaultOrg)
	at := slices.IndexFunc(hosts, func(h jumpservertest.Host) bool { return h.Name == "new-by-event" })
	if a.Deactivated != 1 || at < 0 || hosts[at].Active {
		return errors.New(d.text("应停用 new-by-event", "new-by-event should be deactivated"))
	}
	return nil
}
