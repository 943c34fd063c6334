package engine_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
)

// rule returns a rule of a configuration.
func rule(when, set map[string]any) map[string]any { return map[string]any{"when": when, "set": set} }

// byApp is a rule that places by the tag app.
func byApp() map[string]any {
	return rule(map[string]any{"tag.app": "*"}, map[string]any{"node": "/DEFAULT/app/{tag.app}"})
}

// obey changes the rules and how they are applied; the salt follows, as a session's does.
func (r *stateWorld) obey(manage map[string]any, rules ...map[string]any) {
	r.ChangeSettings(map[string]any{"rules": rules, "sync": map[string]any{"manage": manage}})
	r.salt += "."
}

// runRuled makes a run with all that a store remembers.
func (r *stateWorld) runRuled() report.Report {
	r.T.Helper()
	r.JumpServer.ResetCounts()
	r.fullLists = 0
	e := r.NewEngine()
	e.Incremental = enginetest.Incremental(r.store, r.salt)
	e.Memory = engine.Memory{Nodes: r.store.NodeIDs(), Held: r.store.HeldStore()}
	out := e.Run(r.T.Context(), engine.Request{})
	if out.Report.Outcome == report.Failed {
		r.T.Fatalf("failed: %+v", out.Report.Errors)
	}
	return out.Report
}

// put adds an instance, or puts it in place of the one with its id.
func (r *stateWorld) put(i enginetest.Instance) {
	r.EditCloud(enginetest.CloudEdit{Put: []enginetest.Instance{i}})
}

// tagged returns an instance with the tag app.
func tagged(id, app string) enginetest.Instance {
	return enginetest.Instance{ID: id, Name: "name-" + id, Tags: map[string]string{"app": app}}
}

// nodesOf returns the paths of an instance's asset.
func (r *stateWorld) nodesOf(instance string) string {
	host, _ := r.FindHost(r.AssetOf(instance))
	return strings.Join(slices.Sorted(slices.Values(host.Nodes)), " ")
}

// TestRulesInRunsOfFewChanges: new instances get what rules want without a list of all assets; a change of an asset that
// exists takes the full path where rules follow it, and none where they do not.
func TestRulesInRunsOfFewChanges(t *testing.T) {
	t.Parallel()
	r := newStateWorld(t)
	r.obey(nil, byApp())
	r.runRuled()
	r.expectOneCall("nothing changed")
	r.put(tagged("i-1", "shop"))
	if rep := r.runRuled(); rep.Created != 1 || r.listedAll() || r.nodesOf("i-1") != "/DEFAULT/app/shop" {
		t.Errorf("new: %d created, all listed %v, nodes %s", rep.Created, r.listedAll(), r.nodesOf("i-1"))
	}
	r.put(tagged("i-1", "bank"))
	if rep := r.runRuled(); rep.Updated != 0 || r.listedAll() || r.nodesOf("i-1") != "/DEFAULT/app/shop" {
		t.Errorf("another tag, people's node: %+v, all listed %v", rep, r.listedAll())
	}
	r.obey(map[string]any{"node": "always"}, byApp())
	if rep := r.runRuled(); rep.Updated != 1 || !r.listedAll() || r.nodesOf("i-1") != "/DEFAULT/app/bank" {
		t.Errorf("other settings: %+v, nodes %s", rep, r.nodesOf("i-1"))
	}
	r.expectOneCall("applied")
	r.put(tagged("i-2", "bank"))
	if rep := r.runRuled(); rep.Created != 1 || r.listedAll() {
		t.Errorf("new where nodes follow: %+v", rep)
	}
	r.put(tagged("i-1", "club"))
	if rep := r.runRuled(); rep.Updated != 1 || !r.listedAll() || r.nodesOf("i-1") != "/DEFAULT/app/club" {
		t.Errorf("another tag, nodes follow: %+v, nodes %s", rep, r.nodesOf("i-1"))
	}
	r.expectOneCall("followed")
}

// TestAddressByRulesInRunsOfFewChanges: another address of the instance is chosen by a full run, which bounds how many change
// at once. A run of few changes never takes the change for applied.
func TestAddressByRulesInRunsOfFewChanges(t *testing.T) {
	t.Parallel()
	r := newStateWorld(t)
	r.obey(nil, rule(map[string]any{"tag.app": "web"}, map[string]any{"address": []string{"public"}}))
	i := tagged("i-1", "db")
	i.EIP = "47.0.0.1"
	r.put(i)
	r.runRuled()
	i.Tags = map[string]string{"app": "web"}
	r.put(i)
	rep := r.runRuled()
	if host, _ := r.FindHost(r.AssetOf("i-1")); rep.Updated != 1 || host.Address != i.EIP {
		t.Errorf("%d updated, address %s", rep.Updated, host.Address)
	}
	r.expectOneCall("applied")
}

// TestLinesOfRulesThatLast: what rules skip, or switch off, makes no later run a full one; what becomes due does.
func TestLinesOfRulesThatLast(t *testing.T) {
	t.Parallel()
	r := newStateWorld(t)
	r.obey(nil,
		rule(map[string]any{"tag.skip": "*"}, map[string]any{"skip": "not ours"}),
		rule(map[string]any{"tag.app": "*"}, map[string]any{"min_age": "30m"}),
		rule(map[string]any{"status": "Stopped"}, map[string]any{"active": false}))
	r.runRuled()
	r.put(enginetest.Instance{ID: "i-skipped", Name: "skipped", Tags: map[string]string{"skip": "1"}})
	if rep := r.runRuled(); rep.Skipped != 1 || rep.Created != 0 {
		t.Errorf("skipped: %+v", rep)
	}
	r.expectOneCall("skipped by a rule")
	r.put(enginetest.Instance{ID: "i-young", Name: "young", Tags: map[string]string{"app": "x"}, Created: r.RunClock.Now().UTC().Format("2006-01-02T15:04Z")})
	if rep := r.runRuled(); rep.Created != 0 || r.listedAll() {
		t.Errorf("young: %+v", rep)
	}
	r.expectOneCall("too young")
	r.RunClock.Advance(31 * time.Minute) // the next full run is not due yet
	if rep := r.runRuled(); rep.Created != 1 {
		t.Errorf("old enough: %+v", rep)
	}
	stopped := enginetest.Instance{ID: "i-off", Name: "off"}
	r.put(stopped)
	r.runRuled()
	stopped.Status = "Stopped"
	r.put(stopped)
	if rep := r.runRuled(); rep.Deactivated != 1 || !r.listedAll() {
		t.Errorf("stopped: %+v", rep)
	}
	r.expectOneCall("switched off by a rule")
	stopped.Status = "Running"
	r.put(stopped)
	if rep := r.runRuled(); rep.Updated != 1 {
		t.Errorf("runs again: %+v", rep)
	}
	if host, _ := r.FindHost(r.AssetOf("i-off")); !host.Active {
		t.Errorf("it stays off: %+v", host)
	}
}

// TestRenamedNodeOfRules: people rename a node into which rules put assets: these stay in it, whoever made them, and so do
// new ones. Where what is remembered cannot be read, no asset moves.
// Invariants: 21.
func TestRenamedNodeOfRules(t *testing.T) {
	t.Parallel()
	r := newStateWorld(t)
	const org = jumpservertest.DefaultOrg
	r.put(tagged("i-1", "shop"))
	r.put(tagged("i-2", "shop"))
	r.obey(map[string]any{"node": "always"}, byApp())
	r.NewEngine().Run(t.Context(), engine.Request{}) // without the store: the nodes are remembered later
	shop := r.JumpServer.NodeAt(org, "/DEFAULT/app/shop")
	r.runRuled()
	ids, err := r.store.NodeIDs().LoadAll(t.Context())
	if err != nil || ids["/DEFAULT/app/shop"] != shop {
		t.Fatalf("remembered: %v, %v", ids, err)
	}
	r.JumpServer.RenameNode(org, "/DEFAULT/app/shop", "the shop")
	r.RunClock.Advance(2 * time.Hour)
	if rep := r.runRuled(); rep.Updated+rep.Held != 0 || r.nodesOf("i-1") != "/DEFAULT/app/the shop" || r.JumpServer.NodeAt(org, "/DEFAULT/app/shop") != "" {
		t.Errorf("renamed: %+v, %s", rep, r.nodesOf("i-1"))
	}
	r.put(tagged("i-3", "shop"))
	if rep := r.runRuled(); rep.Created != 1 || r.nodesOf("i-3") != "/DEFAULT/app/the shop" {
		t.Errorf("a new one: %+v, %s", rep, r.nodesOf("i-3"))
	}
	r.put(tagged("i-1", "bank"))
	r.damageObjects("nodes", func(file string) error { return os.WriteFile(file, []byte("x"), 0o600) })
	if rep := r.runRuled(); rep.Updated != 0 || r.nodesOf("i-1") != "/DEFAULT/app/the shop" {
		t.Errorf("unreadable: %+v, %s", rep, r.nodesOf("i-1"))
	}
}

// TestApprovedMoves: moves that are held wait for a person's approval of just these; another move of the same assets is held
// anew, and removals are another set.
// Invariants: 20.
func TestApprovedMoves(t *testing.T) {
	t.Parallel()
	r := newStateWorld(t)
	all := func(node string) map[string]any { return rule(map[string]any{}, map[string]any{"node": node}) }
	r.obey(map[string]any{"node": "always"}, all("/DEFAULT/a"))
	r.runRuled()
	r.obey(map[string]any{"node": "always"}, all("/DEFAULT/b"))
	held := r.runRuled()
	if held.Held != 40 || len(held.HeldSets) != 1 || held.HeldSets[0].Assets != 40 || !held.HeldSets[0].Stored {
		t.Fatalf("%+v", held)
	}
	r.approveHeldSet(held)
	r.obey(map[string]any{"node": "always"}, all("/DEFAULT/c"))
	if rep := r.runRuled(); rep.Held != 40 || rep.Updated != 0 {
		t.Errorf("another move than the approved one: %+v", rep)
	}
	r.obey(map[string]any{"node": "always"}, all("/DEFAULT/b"))
	held = r.runRuled()
	r.approveHeldSet(held)
	if rep := r.runRuled(); rep.Held != 0 || rep.Updated != 40 {
		t.Errorf("the approved move: %d held, %d updated", rep.Held, rep.Updated)
	}
	paths := map[string]int{}
	for _, h := range r.JumpServer.Hosts(jumpservertest.DefaultOrg) {
		paths[strings.Join(h.Nodes, " ")]++
	}
	if !maps.Equal(paths, map[string]int{"/DEFAULT/b": 40}) {
		t.Errorf("%v", paths)
	}
	approvals, err := r.store.HeldStore().ListApprovals(t.Context(), r.RunClock.Now())
	if err != nil || len(approvals) != 0 {
		t.Errorf("what is left of the approval: %+v, %v", approvals, err)
	}
	r.expectOneCall("moved")
}
