package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/reconcile"
	"github.com/jms-sync/jms-sync/functions/internal/runtimetest"
)

// eventSample is what one event took.
type eventSample struct {
	counts callCounts
	took   time.Duration // from the event's arrival to the answer: by then the asset is written
}

// measureEvents measures creations and releases by the real event function on a warm process. Every
// event has an instance of its own.
func (b *bench) measureEvents(ctx context.Context) (*figure, error) {
	const region = "cn-region-1"
	e, err := b.emulate(ctx, "--hosts", fmt.Sprint(b.runs+1), "--regions", "1",
		"--jumpserver-latency", b.latency.String(), "--cloud-latency", b.latency.String())
	if err != nil {
		return nil, err
	}
	fn, err := b.startEvents(ctx, e)
	if err != nil {
		return nil, errors.Join(err, e.stop())
	}
	defer fn.runtime.Close()
	var created, released []eventSample
	_, err = b.measureEvent(ctx, e, fn, region, 0, "Running", "done") // learns platforms and nodes
	for n := 1; n <= b.runs && err == nil; n++ {
		var h eventSample
		if h, err = b.measureEvent(ctx, e, fn, region, n, "Running", "done"); err != nil {
			break
		}
		created = append(created, h)
		var gone map[string]bool
		if err = e.ask("release "+alibabatest.SampleInstance(n).ID, &gone); err != nil {
			break
		}
		h, err = b.measureEvent(ctx, e, fn, region, n, "Deleted", "done")
		released = append(released, h)
	}
	if err = errors.Join(err, e.stop()); err != nil {
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

func (b *bench) startEvents(ctx context.Context, e *emulated) (*demoFunction, error) {
	program, err := filepath.Abs(b.event)
	if err != nil {
		return nil, err
	}
	settings := append(e.environList(), "JMS_SYNC_LOG_LEVEL=ERROR",
		"JMS_SYNC_CLOUDS_0_ACCOUNT_ID="+emulatedWorld{}.accessKey(0).AccountID)
	return startFunction(ctx, program, settings)
}

// measureEvent delivers a change of state of instance n and measures what it took.
func (b *bench) measureEvent(ctx context.Context, e *emulated, f *demoFunction, region string, n int, state, want string) (eventSample, error) {
	if err := e.reset(); err != nil {
		return eventSample{}, err
	}
	id, account := alibabatest.SampleInstance(n).ID, emulatedWorld{}.accessKey(0).AccountID
	event, err := json.Marshal(map[string]any{
		"id": fmt.Sprint(state, n), "type": "ecs:Instance:StateChange", "source": "acs.ecs",
		"subject": "acs:ecs:" + region + ":" + account + ":instance/" + id,
		"data":    map[string]string{"resourceId": id, "state": state},
	})
	if err != nil {
		return eventSample{}, err
	}
	begun := time.Now()
	answer, err := f.runtime.Invoke(ctx, event, runtimetest.Options{Timeout: time.Minute})
	took := time.Since(begun)
	if err != nil {
		return eventSample{}, err
	}
	var a reconcile.EventReport
	if err := json.Unmarshal(answer.Body, &a); !answer.OK || err != nil {
		return eventSample{}, fmt.Errorf("bench: event: %s %w", answer.ErrorMessage, err)
	}
	if changed := a.Created + a.Deactivated; changed != 1 || string(a.Results[0].Outcome) != want {
		return eventSample{}, fmt.Errorf("bench: event: %d changes, outcome %s: %s", changed, a.Results[0].Outcome, a.Results[0].Reason)
	}
	c, err := e.stats()
	return eventSample{c, took}, err
}

// addEvents adds one line of events.
func (f *figure) addEvents(name bilingual, all []eventSample) {
	var clouds, calls, took []float64
	for _, h := range all {
		clouds = append(clouds, float64(h.counts.Alibaba.Requests))
		calls = append(calls, float64(h.counts.JumpServer.Requests))
		took = append(took, h.took.Seconds())
	}
	f.addRow(name, medianText("%.0f", clouds), medianText("%.0f", calls), medianText("%.2f", took))
}
