package functiontest

import (
	"net/http"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/reconcile"
	"github.com/jms-sync/jms-sync/functions/runtimetest"
)

// WantIgnored sends an event of the host's own cloud, for which nothing is configured. It wants the event ignored for
// the named reason, and neither JumpServer nor a cloud queried.
func (w *World) WantIgnored(event []byte, reason string) {
	w.Helper()
	w.FillInstances(0, 1, "cn-beijing")
	w.Start()
	answer := w.Send(event, runtimetest.Options{})
	if n := w.JMS.Requests() + w.ECS.Calls(""); n > 0 {
		w.Errorf("%d requests", n)
	}
	var a reconcile.EventReport
	w.Decode(answer, &a)
	w.WantUntouched()
	if len(a.Results) != 1 || a.Results[0].Outcome != reconcile.EventIgnored || !strings.Contains(a.Results[0].Reason, reason) {
		w.Errorf("%+v", a.Results)
	}
}

// InstanceLife is one instance of the host's own cloud, with its emulator and its events.
type InstanceLife struct {
	Account                   map[string]string // its settings, as in JMS_SYNC_CLOUDS_1_…, without the endpoint
	Emulator                  http.Handler
	Put, Remove               func() // in the cloud
	CreateEvent, ReleaseEvent []byte // the events
	Node                      string
}

// WantLifeByEvents: an event creates the asset of an instance of the host's own cloud, a forged release does nothing, a
// true one deactivates the asset. The other account's assets are not looked at.
func (w *World) WantLifeByEvents(l InstanceLife) {
	w.Helper()
	for name, value := range l.Account {
		w.Env["CLOUDS_1_"+name] = value
	}
	w.Env["CLOUDS_1_ENDPOINT"] = w.Serve(l.Emulator)
	w.FillInstances(0, 1, "cn-beijing")
	w.Start()
	l.Put()
	send := func(event []byte, want reconcile.EventOutcome) {
		w.Helper()
		var a reconcile.EventReport
		w.Decode(w.Send(event, runtimetest.Options{}), &a)
		if len(a.Results) != 1 || a.Results[0].Outcome != want {
			w.Errorf("%+v, want %s", a.Results, want)
		}
	}
	wantActive := func(active bool) {
		w.Helper()
		hosts := w.Hosts()
		if len(hosts) != 1 || hosts[0].Active != active || !slices.Contains(hosts[0].Nodes, l.Node) {
			w.Fatalf("%+v, want one in %s, active %v", hosts, l.Node, active)
		}
	}
	send(l.CreateEvent, reconcile.EventDone)
	wantActive(true)
	send(l.CreateEvent, reconcile.EventDone) // delivered twice
	wantActive(true)
	l.Remove()
	send(l.ReleaseEvent, reconcile.EventDone)
	wantActive(false)
	if n := w.ECS.Calls(""); n > 0 {
		w.Errorf("%d calls of another cloud", n)
	}
}
