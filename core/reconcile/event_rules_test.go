package reconcile_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// ruledWorld is a synced world with rules, a zone and an account template.
func ruledWorld(t *testing.T, version jumpservertest.Version, sync map[string]any, rules ...map[string]any) *enginetest.EventWorld {
	t.Helper()
	h := enginetest.NewEventWorldOn(t, nil, version, jumpservertest.PostgreSQL)
	h.JumpServer.SeedTemplate(jumpservertest.DefaultOrg, jumpservertest.AccountTemplate{Name: "ops", Username: "ops"})
	h.JumpServer.SeedZone(jumpservertest.DefaultOrg, "vpc-red")
	h.ChangeSettings(map[string]any{"rules": rules, "sync": sync})
	h.RunFull()
	return h
}

func rule(when, set map[string]any) map[string]any { return map[string]any{"when": when, "set": set} }

// callsOf counts the requests to JumpServer and the cloud while something is done.
type callsOf struct {
	mu         sync.Mutex
	jumpserver []string
	cloud      []string
}

func countCalls(h *enginetest.EventWorld, do func()) *callsOf {
	c := &callsOf{}
	note := func(to *[]string) func(*http.Request) {
		return func(r *http.Request) {
			c.mu.Lock()
			defer c.mu.Unlock()
			*to = append(*to, r.Method+" "+r.URL.RequestURI())
		}
	}
	h.JumpServer.OnRequest(note(&c.jumpserver))
	hook := note(&c.cloud)
	h.OnCloud.Store(&hook)
	do()
	h.JumpServer.OnRequest(func(*http.Request) {})
	h.OnCloud.Store(nil)
	return c
}

// TestEventsObeyRules: an event makes the asset that rules want, with an account, by one call of the cloud and at most four
// of JumpServer in a process that is at work.
func TestEventsObeyRules(t *testing.T) {
	t.Parallel()
	for _, version := range jumpservertest.Versions() {
		t.Run(string(version), func(t *testing.T) {
			t.Parallel()
			h := ruledWorld(t, version, nil, rule(map[string]any{"tag.app": "*"}, map[string]any{
				"node": "/DEFAULT/app/{tag.app}", "port": 2222, "zone": "vpc-red", "accounts": []string{"ops"}, "labels": map[string]string{"team": "red"},
			}))
			made := func(id string) {
				h.EditClouds(enginetest.CloudEdit{Put: []enginetest.Instance{{ID: id, Name: id, Tags: map[string]string{"app": "shop"}}}})
			}
			made("i-new1")
			h.ExpectEvents(h.HandleEvents(enginetest.StateEvent("i-new1 Running")), "done: 新增")
			made("i-new2")
			calls := countCalls(h, func() {
				h.ExpectEvents(h.HandleEvents(enginetest.StateEvent("i-new2 Running")), "done: 新增")
			})
			if len(calls.cloud) != 1 || len(calls.jumpserver) > 4 {
				t.Errorf("%d calls of the cloud, %d of JumpServer: %q", len(calls.cloud), len(calls.jumpserver), calls.jumpserver)
			}
			account, zone := "ops", "vpc-red"
			h.World.ExpectHost("i-new2", enginetest.HostWant{
				Nodes: []string{"/DEFAULT/app/shop"}, Ports: "ssh 2222, sftp 2222", Labels: []string{"team:red"}, Accounts: &account,
			})
			if host, _ := h.FindHost(h.AssetOf("i-new2")); host.Zone == "" {
				t.Errorf("it is not in zone %s", zone)
			}
			h.ExpectMessages(2)
			h.Close()
		})
	}
}

// TestEventsLeaveToFullRuns: what needs all of JumpServer, or the guard's numbers, is not done by an event; what rules skip
// is not made.
// Invariants: 20.
func TestEventsLeaveToFullRuns(t *testing.T) {
	t.Parallel()
	always := map[string]any{"manage": map[string]any{"node": "always", "port": "always", "platform": "always", "labels": "always", "accounts": "always", "zone": "always"}}
	stopped := rule(map[string]any{"status": "Stopped"}, map[string]any{"active": false})
	for name, c := range map[string]struct {
		rules  []map[string]any
		change func(*alibabatest.Instance)
		put    *enginetest.Instance
		event  string
		want   string
	}{
		"nodes, ports, zone, labels and accounts of an asset that exists": {
			[]map[string]any{rule(map[string]any{"tag.app": "*"}, map[string]any{
				"node": "/DEFAULT/{tag.app}", "port": 2222, "zone": "vpc-red", "accounts": []string{"ops"},
			})},
			func(i *alibabatest.Instance) { i.Tags = map[string]string{"app": "shop"} }, nil, "i-b1 Running", "done: 与云上一致",
		},
		"a deactivation by rule": {
			[]map[string]any{stopped}, func(i *alibabatest.Instance) { i.Status = "Stopped" }, nil, "i-b1 Stopped", "ignored: 完整同步",
		},
		"one that rules skip": {
			[]map[string]any{rule(map[string]any{"name": "ack-*"}, map[string]any{"skip": "a cluster's"})}, nil,
			&enginetest.Instance{ID: "i-new", Name: "ack-1"}, "i-new Running", "ignored: a cluster's",
		},
		"one that is too young": {
			[]map[string]any{rule(map[string]any{}, map[string]any{"min_age": "1h"})}, nil,
			&enginetest.Instance{ID: "i-new", Name: "young", Created: time.Now().UTC().Format("2006-01-02T15:04Z")}, "i-new Running", "ignored: 1h",
		},
		"one whose zone nobody made": {
			[]map[string]any{rule(map[string]any{}, map[string]any{"zone": "vpc-blue"})}, nil,
			&enginetest.Instance{ID: "i-new", Name: "blue"}, "i-new Running", "ignored: vpc-blue",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := ruledWorld(t, jumpservertest.V41019, always, c.rules...)
			if c.change != nil {
				h.ChangeInstance("i-b1", c.change)
			}
			if c.put != nil {
				h.EditClouds(enginetest.CloudEdit{Put: []enginetest.Instance{*c.put}})
			}
			answer := h.HandleEvents(enginetest.StateEvent(c.event))
			h.ExpectEvents(answer, c.want)
			h.ExpectUntouched()
			if n := h.JumpServer.Writes(); n != 0 {
				t.Errorf("%d writes", n)
			}
			h.Close()
		})
	}
}

// TestZoneOfTheAccountByEvents: an asset without a zone gets that of its account by an event, whether or not there are rules:
// that is none of the moves that rules make.
func TestZoneOfTheAccountByEvents(t *testing.T) {
	t.Parallel()
	h := ruledWorld(t, jumpservertest.V410, nil, rule(map[string]any{"tag.app": "*"}, map[string]any{"node": "/DEFAULT/{tag.app}"}))
	h.Accounts[0].Zone, h.Client = "vpc-a", nil
	h.ExpectEvents(h.HandleEvents(enginetest.StateEvent("i-b1 Running")), "done: zone")
	if host, _ := h.FindHost(h.AssetOf("i-b1")); host.Zone == "" {
		t.Errorf("it has no zone: %+v", host)
	}
	h.ExpectMessages(1)
	h.Close()
}

// TestReleaseOfARuledAsset: that rules made an asset, or switched it off, changes nothing about a release.
// Invariants: 18.
func TestReleaseOfARuledAsset(t *testing.T) {
	t.Parallel()
	h := ruledWorld(t, jumpservertest.V410, nil,
		rule(map[string]any{"status": "Stopped"}, map[string]any{"active": false}),
		rule(map[string]any{}, map[string]any{"node": "/DEFAULT/all"}))
	h.ChangeInstance("i-b1", func(i *alibabatest.Instance) { i.Status = "Stopped" })
	h.RunFull()
	h.ExpectHost("i-b1", "web-1 10.0.0.1 off -")
	enginetest.Releasing("i-b1", "i-b2")(h)
	answer := h.HandleEvents(enginetest.StateEvent("i-b1 Deleted"), enginetest.StateEvent("i-b2 Deleted"))
	if answer.NeedsRedelivery() {
		t.Errorf("%+v", answer.Results)
	}
	h.ExpectHost("i-b2", "web-2 10.0.0.2 off gone")
	h.RunFull()
	host, _ := h.FindHost(h.AssetOf("i-b1"))
	if host.Active || !strings.Contains(strings.Join(host.Labels, " "), "jms-gone:") {
		t.Errorf("the asset of a released instance that a rule had switched off: %+v", host)
	}
	h.Close()
}
