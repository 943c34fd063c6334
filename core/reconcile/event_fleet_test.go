package reconcile_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/reconcile"
	"github.com/jms-sync/jms-sync/core/state"
	"github.com/jms-sync/jms-sync/core/storage"
	"github.com/jms-sync/jms-sync/core/storage/storagetest"
)

// TestEventsKeepToTheFleet: releases by events in two regions, in each of which a full run held nothing, close no larger
// share of all assets than a full run would. It costs one call more, and only beyond the minimum; what people approved
// does not count.
// Invariants: 4.
func TestEventsKeepToTheFleet(t *testing.T) {
	t.Parallel()
	for approved, want := range map[bool]int{false: 10, true: 16} { // of 16
		h := enginetest.NewEventWorld(t, nil)
		store, err := state.New(storagetest.NewMemoryBucket(storage.Capabilities{CreateOnly: true, IfMatch: true}), "", state.Options{Now: h.RunClock.Now})
		if err != nil {
			t.Fatal(err)
		}
		store = store.ForInstallation("jms", "org")
		var events []string
		released := map[string][]string{}
		for _, region := range []string{"cn-beijing", shanghai} {
			var made []enginetest.Instance
			for n := range 20 {
				id := fmt.Sprintf("i-%s-%02d", region, n)
				made = append(made, enginetest.Instance{ID: id, Name: id, IP: fmt.Sprintf("10.0.7.%d", n)})
				if n < 8 {
					released[region] = append(released[region], id)
					events = append(events, enginetest.StateEventIn(enginetest.ProdOwner, region, id+" Deleted"))
				}
			}
			h.EditClouds(enginetest.CloudEdit{Region: region, Put: made})
		}
		e := h.NewEngine()
		e.Memory.Owners = store
		e.Incremental = &engine.Incremental{Store: store, Salt: "one", FullInterval: time.Hour, SyncChanges: reconcile.SyncChanges}
		e.Run(t.Context(), engine.Request{})
		for region, ids := range released {
			h.EditClouds(enginetest.CloudEdit{Region: region, Remove: ids})
		}
		counts := 0
		h.JumpServer.OnRequest(func(r *http.Request) {
			if r.URL.Query().Get("is_active") != "" {
				counts++
			}
		})
		closed := 0
		for n, event := range events {
			counts = 0
			v := h.NewEventHandler()
			v.Engine.Memory.Owners = store
			answer := v.Run(t.Context(), enginetest.ParseEvents(event))
			closed += answer.Deactivated
			most := 0
			if n >= 10 && !approved {
				most = 1
			}
			if counts != most || !approved && n == 10 && !strings.Contains(answer.Results[0].Reason, "2 个区域将共停用 11/44 个资产（其中 10 个已停用），超过全部资产的 20%") {
				t.Errorf("event %d: counted %d times, want %d; %+v", n, counts, most, answer.Results)
			}
			if approved {
				labelApproved(h)
			}
		}
		if closed != want {
			t.Errorf("approved %t: %d closed, want %d", approved, closed, want)
		}
		h.SeenMessages = len(h.Robot.Messages())
		h.Close()
	}
}

// labelApproved labels all deactivated assets as a run does what a person approved.
func labelApproved(h *enginetest.EventWorld) {
	for _, host := range h.JumpServer.Hosts(jumpservertest.DefaultOrg) {
		if !host.Active {
			h.JumpServer.Edit(jumpservertest.DefaultOrg, host.ID, func(edited *jumpservertest.Host) {
				edited.Labels = append(edited.Labels, "jms-approved:person")
			})
		}
	}
}
