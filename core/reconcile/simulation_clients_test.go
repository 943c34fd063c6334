package reconcile_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/cloud/peertest"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reconcile"
)

// clientSimulation is a story over the real SDK and the emulators on loopback, with runs in goroutines.
type clientSimulation struct {
	*enginetest.EventWorld
	rand    *rand.Rand
	handler reconcile.EventHandler

	mu         sync.Mutex
	alive      map[string]enginetest.Instance
	pastEvents []string // events so far
	last       []jumpservertest.Host
	violations []string
}

// TestInterleavingsOfClients: timer and event runs at once, through the real clients, while
// instances come and go, and the cloud loses its permission or fails for a few calls.
func TestInterleavingsOfClients(t *testing.T) {
	t.Parallel()
	first := rand.Uint64()
	if *seed != 0 {
		first = *seed
	}
	for n := range uint64(6) {
		t.Run(fmt.Sprintf("seed %d", first+n), func(t *testing.T) {
			t.Parallel()
			c := &clientSimulation{
				EventWorld: enginetest.NewEventWorld(t, enginetest.SyncSettings(map[string]any{"removal": map[string]any{"mode": "delete", "grace": "0s"}})),
				rand:       rand.New(rand.NewPCG(first+n, 1)), alive: map[string]enginetest.Instance{}, pastEvents: []string{enginetest.StateEvent("i-b1 Running")},
			}
			for k := range 3 {
				id := fmt.Sprintf("i-b%d", k+1)
				c.alive[id] = enginetest.Instance{ID: id, Name: fmt.Sprintf("web-%d", k+1), IP: fmt.Sprintf("10.0.0.%d", k+1)}
			}
			c.handler = c.NewEventHandler()
			c.handler.Sleep = c.RunClock.Sleep
			c.JumpServer.OnRequest(c.checkHosts)
			for range 8 {
				c.runConcurrently()
			}
			c.checkConverged()
			c.Close()
		})
	}
}

// runConcurrently lets two batches of events, a timer run and some changes happen at once.
func (c *clientSimulation) runConcurrently() {
	var all sync.WaitGroup
	c.changeCloud()
	for range 2 {
		events := c.pickEvents()
		all.Go(func() {
			ctx, cancel := context.WithDeadline(c.T.Context(), c.RunClock.Now().Add(20*time.Second))
			defer cancel()
			c.handler.Run(ctx, enginetest.ParseEvents(events...))
		})
	}
	all.Go(func() { c.handler.Engine.Run(c.T.Context(), engine.Request{}) })
	for range 3 {
		c.changeCloud()
	}
	all.Wait()
	c.RunClock.Advance(time.Duration(c.rand.IntN(300)) * time.Second)
}

// changeCloud lets one thing happen in the cloud.
func (c *clientSimulation) changeCloud() {
	c.mu.Lock()
	defer c.mu.Unlock()
	ids := make([]string, 0, len(c.alive))
	for id := range c.alive {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	m := enginetest.Instance{ID: fmt.Sprintf("i-x%03d", len(c.pastEvents)), Name: []string{"web-1", "web-2", "app"}[c.rand.IntN(3)], IP: fmt.Sprintf("10.0.5.%d", c.rand.IntN(9))}
	kinds := []alibabatest.Kind{alibabatest.NoPermission, alibabatest.Forbidden, alibabatest.Unavailable, peertest.Reset}
	state := "Running"
	k := c.rand.IntN(8)
	switch {
	case k < 3:
		m.ID = ids[c.rand.IntN(len(ids))]
	case k < 5 && len(ids) > 2:
		m.ID, state = ids[c.rand.IntN(len(ids))], "Deleted"
		delete(c.alive, m.ID)
		c.EditClouds(enginetest.CloudEdit{Remove: []string{m.ID}})
	case k == 5:
		c.Cloud.Break(alibabatest.Fault{
			Kind: kinds[c.rand.IntN(len(kinds))], Action: alibabatest.DescribeInstances, Region: "cn-beijing", Times: 1 + c.rand.IntN(4),
		})
		return
	}
	if state == "Running" {
		c.alive[m.ID] = m
		c.EditClouds(enginetest.CloudEdit{Put: []enginetest.Instance{m}})
	}
	c.pastEvents = append(c.pastEvents, enginetest.StateEvent(m.ID+" "+state))
}

// pickEvents returns events: new and old ones, doubled, late and out of order, and a forged release.
func (c *clientSimulation) pickEvents() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	events := []string{enginetest.StateEvent(fmt.Sprintf("i-b%d Deleted", 1+c.rand.IntN(3)))}
	for range c.rand.IntN(4) {
		events = append(events, c.pastEvents[max(0, len(c.pastEvents)-1-c.rand.IntN(8))])
	}
	return events
}

// checkHosts compares the hosts before each request with those before the last one: what is closed
// while its instance lives now was closed while it lived.
func (c *clientSimulation) checkHosts(*http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	hosts := c.JumpServer.Hosts(jumpservertest.DefaultOrg)
	for id := range c.alive {
		asset := inventory.AssetID(inventory.Alibaba, "cn-beijing", id)
		of := func(all []jumpservertest.Host) int {
			return slices.IndexFunc(all, func(h jumpservertest.Host) bool { return h.ID == asset && h.Active })
		}
		if of(c.last) >= 0 && of(hosts) < 0 {
			c.violations = append(c.violations, id+" lives, and its asset was closed")
		}
	}
	c.last = hosts
}

// checkConverged heals the cloud and looks at what two full runs make of it.
func (c *clientSimulation) checkConverged() {
	c.T.Helper()
	c.Cloud.Repair()
	var out engine.RunResult
	for range 2 {
		c.RunClock.Advance(time.Minute) // the time of a deactivation is rounded up to the minute, and the grace is 0
		out = c.handler.Engine.Run(c.T.Context(), engine.Request{})
		if out.Err != nil || out.Report.Failures > 0 {
			c.T.Errorf("a run with nothing in its way: %v\n%s", out.Err, enginetest.Describe(out.Report))
		}
	}
	c.checkHosts(nil)
	c.JumpServer.OnRequest(nil)
	for _, words := range c.violations {
		c.T.Error(words)
	}
	left := len(c.alive) + 1 + out.Report.Held // and one of the other account
	if hosts := c.JumpServer.Hosts(jumpservertest.DefaultOrg); len(hosts) != left {
		c.T.Errorf("%d hosts, want %d", len(hosts), left)
	}
	for id, m := range c.alive {
		h, there := c.FindHost(c.AssetOf(id))
		if !there || !h.Active || h.Address != m.IP || h.Name != m.Name && h.Name != m.Name+"-"+id {
			c.T.Errorf("%+v has the asset %+v", m, h)
		}
	}
	for l := range out.PlanLines {
		if l.Action == plan.Hold && c.alive[l.InstanceID].ID != "" {
			c.T.Errorf("%s lives, and is held", l.InstanceID)
		}
	}
	c.JumpServer.ResetCounts()
	c.handler.Engine.Run(c.T.Context(), engine.Request{})
	if n := c.JumpServer.Writes(); n > 0 {
		c.T.Errorf("one more run makes %d writes: %v", n, c.JumpServer.Calls())
	}
}
