package main

import (
	"strings"

	"github.com/jms-sync/jms-sync/core/reconcile"
)

// savedEvent is a sample event, the world in which it arrives, and what becomes of it.
type savedEvent struct {
	name     string
	existing []string // instances that the cloud has
	released []string // instances that it had, with assets
	want     []reconcile.EventOutcome
	states   map[string]string // of instances, afterwards
}

// The instances that the samples name.
const (
	first, second      = "i-bp1ecr0000000005go2g", "i-bp1ecr0000000005go2h"
	trailed1, trailed2 = "i-bp1aaaa0000000000001", "i-bp1aaaa0000000000002"
)

// savedEvents returns all samples in core/cloud/alibaba/testdata/events for this function.
func savedEvents() []savedEvent {
	done, ignored := []reconcile.EventOutcome{reconcile.EventDone}, []reconcile.EventOutcome{reconcile.EventIgnored}
	created := func(name string) savedEvent {
		return savedEvent{name: name, existing: []string{first}, want: done, states: map[string]string{first: "active"}}
	}
	gone := func(name, id string) savedEvent {
		return savedEvent{name: name, released: []string{id}, want: done, states: map[string]string{id: "gone"}}
	}
	nothing := func(name string) savedEvent {
		return savedEvent{name: name, existing: []string{first}, want: ignored, states: map[string]string{first: ""}}
	}
	return []savedEvent{
		created("ali-eventbridge-ecs-statechange-running"),
		created("ali-eventbridge-ecs-statechange-running-nested-content"),
		created("ali-eventbridge-ecs-statechange-stopped"),
		created("ali-cloudmonitor-ecs-statechange-running"),
		gone("ali-eventbridge-ecs-statechange-deleted", first),
		gone("ali-cloudmonitor-ecs-statechange-deleted", first),
		gone("ali-eventbridge-actiontrail-deleteinstance", trailed1),
		nothing("ali-eventbridge-ecs-statechange-pending"),
		nothing("ali-eventbridge-ecs-statechange-starting"),
		nothing("ali-eventbridge-ecs-statechange-stopping"),
		nothing("ali-cloudmonitor-ecs-statechange-stopping"),
		nothing("ali-cloudmonitor-ecs-systemmaintenance-reboot-scheduled"),
		nothing("ali-actiontrail-deletedisk.data-only"),
		nothing("ali-eventbridge-envelope.documented"),
		nothing("fc-eventbridge-mns-single.documented"),
		nothing("fc-eventbridge-streaming-array.documented"),
		{
			name: "ali-eventbridge-actiontrail-runinstances", existing: []string{trailed1, trailed2}, want: done,
			states: map[string]string{trailed1: "active", trailed2: "active"},
		},
		{
			name: "fc-eventbridge-streaming-array-ecs", existing: []string{first}, released: []string{second},
			want:   []reconcile.EventOutcome{reconcile.EventDone, reconcile.EventDone},
			states: map[string]string{first: "active", second: "gone"},
		},
	}
}

func (s savedEvent) replay(w *world) {
	w.start()
	for n, id := range s.released {
		w.createAsset(100+n, id)
		w.Account.Remove(region, id)
	}
	for n, id := range s.existing {
		w.putInstance(n, id)
	}
	var a reconcile.EventReport
	cost := w.countCalls(func() {
		a = w.sendEvent(w.readSample(s.name), shortInvocation, s.want...)
	})
	for id, want := range s.states {
		if got := w.assetState(id); got != want {
			w.Errorf("%s is %q, want %q\n%s", id, got, want, w.OutputTail())
		}
	}
	if s.want[0] == reconcile.EventIgnored && cost != (callCounts{}) {
		w.Errorf("an ignored event cost %+v", cost)
	}
	for _, e := range a.Results {
		if !strings.Contains(w.readSample(s.name), e.ID) {
			w.Errorf("id %q is not the event's", e.ID)
		}
	}
}
