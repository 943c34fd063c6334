package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/reconcile"
	"github.com/jms-sync/jms-sync/core/session/sessiontest"
	"github.com/jms-sync/jms-sync/functions/runtimetest"
)

// eventSample is the measure of one event.
type eventSample struct {
	counts sessiontest.CallCounts
	took   time.Duration // from the event's arrival to the answer, before which the asset is written
}

// measureEvents measures creations and releases in a warm process of the event function. Each event is of an instance of
// its own.
func (b *bench) measureEvents(ctx context.Context) (*figure, error) {
	e, err := b.emulate(ctx, "--hosts", fmt.Sprint(b.runs+1), "--regions", "1",
		"--jumpserver-latency", b.latency.String(), "--cloud-latency", b.latency.String())
	if err != nil {
		return nil, err
	}
	created, released, err := b.runEvents(ctx, e)
	err = errors.Join(err, e.stop())
	if err != nil {
		return nil, err
	}
	f := &figure{
		title: bilingual{
			fmt.Sprintf("从事件到资产：热的函数，已配置 account_id，两边每个请求 %s", b.latency),
			fmt.Sprintf("Event to asset: warm function, account_id set, every answer of both sides takes %s", b.latency),
		},
		head: []bilingual{{"事件", "event"}, {"云请求数", "cloud calls"}, {"JumpServer 请求数", "JumpServer calls"}, {"秒", "seconds from event to asset"}},
	}
	f.addEvents(bilingual{"实例创建", "instance created"}, created)
	f.addEvents(bilingual{"实例释放（两次查询相隔 2 秒）", "instance released (two answers 2 s apart)"}, released)
	return f, nil
}

// runEvents delivers the creation and the release of one instance after another.
func (b *bench) runEvents(ctx context.Context, e *emulated) (created, released []eventSample, err error) {
	api, err := b.startEventFunction(ctx, e)
	if err != nil {
		return nil, nil, err
	}
	defer api.Close()
	_, err = e.measureEvent(ctx, api, 0, "Running") // the process learns platforms and nodes
	if err != nil {
		return nil, nil, err
	}
	for n := 1; n <= b.runs; n++ {
		sample, err := e.measureEvent(ctx, api, n, "Running")
		if err != nil {
			return nil, nil, err
		}
		created = append(created, sample)
		var gone map[string]bool
		err = e.ask("release "+alibabatest.SampleInstance(n).ID, &gone)
		if err != nil {
			return nil, nil, err
		}
		sample, err = e.measureEvent(ctx, api, n, "Deleted")
		if err != nil {
			return nil, nil, err
		}
		released = append(released, sample)
	}
	return created, released, nil
}

// startEventFunction starts the event function at a runtime API, whose Close stops it.
func (b *bench) startEventFunction(ctx context.Context, e *emulated) (*runtimetest.Runtime, error) {
	program, err := builtProgram(b.event)
	if err != nil {
		return nil, err
	}
	api, err := runtimetest.NewFC(nil)
	if err != nil {
		return nil, err
	}
	_, err = api.Start(ctx, program, append(e.Environ(), "JMS_SYNC_LOG_LEVEL=ERROR",
		"JMS_SYNC_CLOUDS_0_ACCOUNT_ID="+sessiontest.AccessKey(0).AccountID))
	if err != nil {
		api.Close()
		return nil, err
	}
	return api, nil
}

// measureEvent delivers a change of state of instance n, and measures it. It is an error if the event does not change
// exactly one asset.
func (e *emulated) measureEvent(ctx context.Context, api *runtimetest.Runtime, n int, state string) (eventSample, error) {
	err := e.reset()
	if err != nil {
		return eventSample{}, err
	}
	id, account := alibabatest.SampleInstance(n).ID, sessiontest.AccessKey(0).AccountID
	event, err := json.Marshal(map[string]any{
		"id": fmt.Sprint(state, n), "type": "ecs:Instance:StateChange", "source": "acs.ecs",
		"subject": "acs:ecs:cn-region-1:" + account + ":instance/" + id,
		"data":    map[string]string{"resourceId": id, "state": state},
	})
	if err != nil {
		return eventSample{}, err
	}
	begun := time.Now()
	answer, err := api.Invoke(ctx, event, runtimetest.Options{Timeout: time.Minute})
	took := time.Since(begun)
	if err != nil {
		return eventSample{}, err
	}
	var a reconcile.EventReport
	if err := json.Unmarshal(answer.Body, &a); !answer.OK || err != nil {
		return eventSample{}, fmt.Errorf("bench: event: %s %w", answer.ErrorMessage, err)
	}
	if changed := a.Created + a.Deactivated; changed != 1 || a.Results[0].Outcome != reconcile.EventDone {
		return eventSample{}, fmt.Errorf("bench: event: %d changes, outcome %s: %s", changed, a.Results[0].Outcome, a.Results[0].Reason)
	}
	c, err := e.stats()
	return eventSample{c, took}, err
}

// addEvents adds a row for events of one kind.
func (f *figure) addEvents(name bilingual, all []eventSample) {
	var clouds, calls, took []float64
	for _, h := range all {
		clouds = append(clouds, float64(h.counts.Alibaba.Requests))
		calls = append(calls, float64(h.counts.JumpServer.Requests))
		took = append(took, h.took.Seconds())
	}
	f.addRow(name, medianText("%.0f", clouds), medianText("%.0f", calls), medianText("%.2f", took))
}
