package engine_test

import (
	"bytes"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
)

// editHosts changes all assets of the default organisation.
func (r *stateWorld) editHosts(edit func(*jumpservertest.Host)) {
	for _, h := range r.JumpServer.Hosts(jumpservertest.DefaultOrg) {
		r.JumpServer.Edit(jumpservertest.DefaultOrg, h.ID, edit)
	}
}

// withoutLabel takes a label off an asset, as JumpServer's label page does in one click for all.
func withoutLabel(name string) func(*jumpservertest.Host) {
	return func(h *jumpservertest.Host) {
		var kept []string
		for _, l := range h.Labels {
			if len(l) < len(name) || l[:len(name)] != name {
				kept = append(kept, l)
			}
		}
		h.Labels = kept
	}
}

// TestUnchangedNeedsJumpServersWord: whatever happened to JumpServer since, a run in which no cloud has changed anything
// reads all of it, or has failed; it never says that all is well.
func TestUnchangedNeedsJumpServersWord(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		happens func(r *stateWorld)
		outcome report.Outcome
		created int
	}{
		"it was emptied": {func(r *stateWorld) {
			for _, h := range r.JumpServer.Hosts(jumpservertest.DefaultOrg) {
				r.JumpServer.DeleteAsset(jumpservertest.DefaultOrg, h.ID)
			}
		}, report.OK, 40},
		"a backup without one of them was restored": {func(r *stateWorld) {
			r.JumpServer.DeleteAsset(jumpservertest.DefaultOrg, r.JumpServer.Hosts(jumpservertest.DefaultOrg)[7].ID)
		}, report.OK, 1},
		"a label is gone":     {func(r *stateWorld) { r.editHosts(withoutLabel("jms-owner:")) }, "", 0},
		"another one is gone": {func(r *stateWorld) { r.editHosts(withoutLabel("jms-region:")) }, "", 0},
		"there are more of them": {func(r *stateWorld) {
			h := r.JumpServer.Hosts(jumpservertest.DefaultOrg)[0]
			h.ID, h.Name = "", "copy"
			r.JumpServer.Seed(jumpservertest.DefaultOrg, h)
		}, report.OK, 0},
		"the key is refused": {func(r *stateWorld) {
			r.JumpServer.Fail(matchAll, -1, jumpservertest.Fault{Status: http.StatusUnauthorized, Body: `{"detail":"Invalid signature."}`})
		}, report.Failed, 0},
		"the key may not see assets": {func(r *stateWorld) {
			r.JumpServer.Fail(jumpservertest.MatchRequest(http.MethodGet, "/api/v1/assets/hosts/"), -1, jumpservertest.Fault{Status: http.StatusForbidden, Body: `{"detail":"no"}`})
		}, report.Failed, 0},
		"it is dead": {func(r *stateWorld) {
			r.JumpServer.Fail(matchAll, -1, jumpservertest.Fault{Status: http.StatusBadGateway, Body: "<html>"})
		}, report.Failed, 0},
		"another organisation answers": {func(r *stateWorld) {
			r.JumpServer.Fail(matchAll, -1, jumpservertest.Fault{Edit: func(status int, body []byte) (int, []byte) {
				return status, bytes.ReplaceAll(body, []byte(jumpservertest.DefaultOrg), []byte("11111111-2222-3333-4444-555555555555"))
			}})
		}, report.Failed, 0},
		"another organisation answers, which has none of them": {func(r *stateWorld) {
			r.JumpServer.Fail(matchAll, -1, jumpservertest.Fault{Edit: func(status int, body []byte) (int, []byte) {
				if bytes.Contains(body, []byte(`"count"`)) {
					return status, []byte(`{"count":0,"next":null,"previous":null,"results":[]}`)
				}
				return status, bytes.ReplaceAll(body, []byte(jumpservertest.DefaultOrg), []byte("11111111-2222-3333-4444-555555555555"))
			}})
		}, report.Failed, 0},
		"it does not count by labels": {func(r *stateWorld) {
			r.JumpServer.Fail(jumpservertest.MatchRequest(http.MethodGet, "labels=jms-owner"), -1, jumpservertest.Fault{Edit: func(status int, body []byte) (int, []byte) {
				return status, bytes.ReplaceAll(body, []byte("jms-owner"), []byte("team"))
			}})
		}, report.OK, 0},
	} {
		for _, changed := range []bool{false, true} { // an instance was renamed meanwhile, or nothing
			t.Run(fmt.Sprint(name, " ", changed), func(t *testing.T) {
				t.Parallel()
				r := newStateWorld(t)
				r.runIncremental()
				r.expectOneCall("applied")
				c.happens(r)
				if changed {
					r.putInstance("cn-beijing", 3, func(i *alibabatest.Instance) { i.Name += "-new" })
				}
				r.fullLists = 0
				e := r.NewEngine()
				e.Incremental = enginetest.Incremental(r.store, r.salt)
				out := e.Run(t.Context(), engine.Request{}).Report
				read := r.listedAll() || out.Outcome == report.Failed
				if !read || c.outcome != "" && out.Outcome != c.outcome || out.Created != c.created || out.Deactivated+out.Deleted > 0 {
					t.Errorf("listed all %t: %s", r.listedAll(), enginetest.Describe(out))
				}
				if c.outcome == report.Failed && out.Unchanged > 0 {
					t.Errorf("it says that %d are as they should be", out.Unchanged)
				}
			})
		}
	}
}

func matchAll(*http.Request) bool { return true }

// TestUnchangedWithoutAssets: where no host has our labels, a second question proves organisation and key.
func TestUnchangedWithoutAssets(t *testing.T) {
	t.Parallel()
	r := newStateWorld(t)
	r.Accounts[0].Cloud.Remove("cn-beijing")
	r.Accounts[0].Cloud.Remove("cn-shanghai")
	r.runIncremental()
	if rep, calls := r.runIncremental(); calls != 2 || rep.Outcome != report.OK || r.listedAll() {
		t.Errorf("%d calls: %s", calls, enginetest.Describe(rep))
	}
	r.JumpServer.Fail(jumpservertest.MatchRequest(http.MethodGet, "/orgs/current/"), -1, jumpservertest.Fault{Status: http.StatusUnauthorized, Body: `{"detail":"no"}`})
	e := r.NewEngine()
	e.Incremental = enginetest.Incremental(r.store, r.salt)
	if out := e.Run(t.Context(), engine.Request{}).Report; out.Outcome != report.Failed {
		t.Errorf("%s", enginetest.Describe(out))
	}
}

// TestNumberIsOfTheRunsScopes: what other runs, other configurations and people do elsewhere in the organisation costs a
// narrowed run nothing; what was lost in two regions is found by the run of each.
func TestNumberIsOfTheRunsScopes(t *testing.T) {
	t.Parallel()
	r := newStateWorld(t)
	narrowed := func(region string) (rep report.Report, calls int) {
		t.Helper()
		r.JumpServer.ResetCounts()
		r.fullLists = 0
		e := r.NewEngine()
		e.Incremental = enginetest.Incremental(r.store, r.salt)
		return e.Run(t.Context(), engine.Request{Regions: []string{region}}).Report, r.JumpServer.Requests()
	}
	expectQuiet := func(why, region string) {
		t.Helper()
		if rep, calls := narrowed(region); calls != 1 || rep.Outcome != report.OK || rep.Unchanged != rep.Total {
			t.Errorf("%s: %d calls: %s", why, calls, enginetest.Describe(rep))
		}
	}
	r.runIncremental()
	expectQuiet("applied", "cn-beijing")
	expectQuiet("applied", "cn-shanghai")
	r.putInstance("cn-beijing", 50, nil)
	if rep, _ := narrowed("cn-beijing"); rep.Created != 1 {
		t.Fatalf("%s", enginetest.Describe(rep))
	}
	r.JumpServer.Seed(jumpservertest.DefaultOrg, jumpservertest.Host{
		Name: "of another configuration", Address: "10.9.9.9", Active: true,
		Labels: []string{"jms-cloud:aws", "jms-account:aws", "jms-owner:123456789012", "jms-region:eu-west-1"},
	})
	expectQuiet("another region's is new", "cn-shanghai")
	expectQuiet("its own is new", "cn-beijing")
	r.expectOneCall("all regions together")
	for _, h := range r.JumpServer.Hosts(jumpservertest.DefaultOrg) {
		r.JumpServer.DeleteAsset(jumpservertest.DefaultOrg, h.ID)
	}
	for region, want := range map[string]int{"cn-beijing": 21, "cn-shanghai": 20} {
		if rep, _ := narrowed(region); rep.Created != want {
			t.Errorf("%s: %s", region, enginetest.Describe(rep))
		}
	}
	r.expectOneCall("made again")
}

// TestNumberFollowsTheRunsWrites: what a run created and deleted is counted, so that the next one is quiet.
func TestNumberFollowsTheRunsWrites(t *testing.T) {
	t.Parallel()
	r := newStateWorld(t)
	r.ChangeSettings(map[string]any{"sync": map[string]any{"removal": map[string]any{"grace": "10m"}}})
	r.runIncremental()
	r.Accounts[0].Cloud.Remove("cn-beijing", alibabatest.SampleInstance(1).ID, alibabatest.SampleInstance(2).ID)
	r.putInstance("cn-beijing", 60, nil)
	if rep, _ := r.runIncremental(); rep.Deactivated != 2 || rep.Created != 1 {
		t.Fatalf("%s", enginetest.Describe(rep))
	}
	r.expectOneCall("two are off, one is new")
	r.RunClock.Advance(61 * time.Minute)
	if rep, _ := r.runIncremental(); rep.Deleted != 2 {
		t.Fatalf("%s", enginetest.Describe(rep))
	}
	r.expectOneCall("two are deleted")
	if n := len(r.JumpServer.Hosts(jumpservertest.DefaultOrg)); n != 39 {
		t.Errorf("%d hosts", n)
	}
	at := inventory.Scope{Cloud: inventory.Alibaba, Account: r.Accounts[0].Name, Region: "cn-beijing"}
	if got := r.store.LoadSnapshot(t.Context(), []inventory.Scope{at}).ScopeState(at); !got.LabelledKnown || got.Labelled != 19 {
		t.Errorf("%+v", got)
	}
}
