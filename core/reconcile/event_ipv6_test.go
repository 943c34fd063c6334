package reconcile_test

import (
	"testing"

	"github.com/jms-sync/jms-sync/core/engine/enginetest"
)

// TestIPv6OnlyInstances: they get an asset from an event as from a full run; a host that is reached by IPv4 keeps that address
// while the cloud shows only IPv6, and follows when IPv4 is back.
func TestIPv6OnlyInstances(t *testing.T) {
	t.Parallel()
	h := enginetest.NewEventWorld(t, nil)
	h.EditClouds(enginetest.CloudEdit{
		Put:  []enginetest.Instance{{ID: "i-v6", Name: "six", IP: "2408:4005:0366::A"}, {ID: "i-run", Name: "run-six", IP: "2408:4005:0366::B"}},
		Move: map[string]string{"i-b1": "2408:4005:0366::C"},
	})
	h.ExpectEvents(h.HandleEvents(enginetest.StateEvent("i-v6 Running")), "done: 新增")
	h.ExpectHost("i-v6", "six 2408:4005:366::a on -")
	h.ExpectEvents(h.HandleEvents(enginetest.StateEvent("i-b1 Running")), "ignored: 云上这次只有")
	h.ExpectHost("i-b1", "web-1 10.0.0.1 on -")
	h.RunFull()
	h.ExpectHost("i-run", "run-six 2408:4005:366::b on -")
	h.ExpectHost("i-b1", "web-1 10.0.0.1 on -")
	h.EditClouds(enginetest.CloudEdit{Move: map[string]string{"i-b1": "10.0.0.77", "i-v6": "10.0.0.78"}})
	h.RunFull()
	h.ExpectHost("i-b1", "web-1 10.0.0.77 on -")
	h.ExpectHost("i-v6", "six 10.0.0.78 on -")
	h.EditClouds(enginetest.CloudEdit{Remove: []string{"i-run"}})
	h.ExpectEvents(h.HandleEvents(enginetest.StateEvent("i-run Deleted")), "done: 释放")
	h.ExpectHost("i-run", "run-six 2408:4005:366::b off gone")
	h.Close()
}
