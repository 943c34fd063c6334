package engine_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/reconcile"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
	"github.com/jms-sync/jms-sync/core/storage"
	"github.com/jms-sync/jms-sync/core/storage/dir"
)

const (
	nodePath = "/DEFAULT/阿里云/aliyun-prod"
	newPath  = "/DEFAULT/阿里云/生产"
)

// nodeWorld is a world that hears events too, whose store can be taken away.
type nodeWorld struct {
	*enginetest.EventWorld
	bucket        *breakableBucket // nil = no store
	instanceCount int              // instances that were made
}

// breakableBucket is a bucket that can be out of order.
type breakableBucket struct {
	storage.Bucket
	broken bool
}

func (b *breakableBucket) Get(ctx context.Context, key, etag string) (storage.Object, error) {
	if b.broken {
		return storage.Object{}, &inventory.Error{Kind: inventory.Temporary, Message: "the store is out of order"}
	}
	return b.Bucket.Get(ctx, key, etag)
}

// eachNodeWorld runs a test in a world of each version; the three web servers are not synced yet.
func eachNodeWorld(t *testing.T, stored bool, test func(*nodeWorld)) {
	t.Helper()
	for _, version := range jumpservertest.Versions() {
		t.Run(string(version), func(t *testing.T) {
			t.Parallel()
			h := &enginetest.EventWorld{Identities: cloud.NewOwnerCache(), World: enginetest.NewWorld(t, enginetest.Setup{Accounts: []enginetest.AccountSpec{{Name: "aliyun-prod", Owner: enginetest.ProdOwner, Account: enginetest.ProdOwner}}}, version)}
			w := &nodeWorld{EventWorld: h}
			if stored {
				w.bucket = &breakableBucket{Bucket: dir.Open(t.TempDir())}
			}
			w.addInstance()
			test(w)
			w.Close()
		})
	}
}

// addInstance puts one more instance into the cloud and returns its id.
func (w *nodeWorld) addInstance() string {
	w.T.Helper()
	w.instanceCount++
	id := fmt.Sprintf("i-b%d", w.instanceCount)
	w.EditClouds(enginetest.CloudEdit{Put: []enginetest.Instance{{ID: id, Name: fmt.Sprintf("web-%d", w.instanceCount), IP: fmt.Sprintf("10.0.0.%d", w.instanceCount)}}})
	return id
}

func (w *nodeWorld) newStore() *state.Store {
	w.T.Helper()
	store, err := state.New(w.bucket, "", state.Options{Now: w.RunClock.Now, Pick: func(n int) int { return n - 1 }})
	if err != nil {
		w.T.Fatal(err)
	}
	return store
}

func (w *nodeWorld) newNodes() *state.NodeIDs {
	w.T.Helper()
	if w.bucket == nil {
		return nil
	}
	return w.newStore().ForInstallation("jms.example.com", jumpservertest.DefaultOrg).NodeIDs()
}

// newProcess forgets what a warm process knows.
func (w *nodeWorld) newProcess() { w.Client = nil }

// runFull makes a full run that must not fail; dry = a plan.
func (w *nodeWorld) runFull(dry bool) engine.RunResult { w.T.Helper(); return w.runWith(nil, dry) }

// runChanged makes a run that asks JumpServer only about what is new since the last one.
func (w *nodeWorld) runChanged() engine.RunResult {
	w.T.Helper()
	w.JumpServer.ResetCounts()
	out := w.runWith(enginetest.Incremental(w.newStore(), "one"), false)
	if w.JumpServer.Calls()["GET /api/v1/assets/assets/"] > 0 {
		w.T.Error("the run read everything")
	}
	return out
}

func (w *nodeWorld) runWith(increment *engine.Incremental, dry bool) engine.RunResult {
	w.T.Helper()
	e := w.NewEngine()
	e.Memory.Nodes, e.Incremental = w.newNodes(), increment
	out := e.Run(w.T.Context(), engine.Request{DryRun: dry})
	if out.Err != nil || out.Report.Failures > 0 {
		w.T.Fatalf("%v\n%s", out.Err, enginetest.Describe(out.Report))
	}
	return out
}

// handleEvent hears that an instance was made and returns the answer, with the number of calls.
func (w *nodeWorld) handleEvent(id string) reconcile.EventReport {
	w.T.Helper()
	v := w.NewEventHandler()
	v.Engine.Memory.Nodes = w.newNodes()
	ctx, cancel := context.WithDeadline(w.T.Context(), w.RunClock.Now().Add(time.Minute))
	defer cancel()
	answer := v.Run(ctx, enginetest.ParseEvents(enginetest.StateEvent(id+" Running")))
	w.ExpectEvents(answer, "done")
	return answer
}

// expectNode checks in which node the host of an instance sits.
func (w *nodeWorld) expectNode(id, path string) {
	w.T.Helper()
	h, there := w.FindHost(w.AssetOf(id))
	if !there || len(h.Nodes) != 1 || h.Nodes[0] != path {
		w.T.Errorf("%s (there: %t) sits in %q, want %s", id, there, h.Nodes, path)
	}
}

func (w *nodeWorld) expectNoNode(path string) {
	w.T.Helper()
	if w.JumpServer.NodeAt(jumpservertest.DefaultOrg, path) != "" {
		w.T.Errorf("there is a node %s", path)
	}
}

// expectNodeReport compares what a report says of nodes: "new", "at <path>" or "" for nothing.
func (w *nodeWorld) expectNodeReport(r report.Report, want string) {
	w.T.Helper()
	got := ""
	for _, n := range r.Nodes {
		if n.Path != nodePath {
			w.T.Errorf("%+v", n)
		}
		got += "at " + n.CurrentPath
		if n.IsNew {
			got = "new"
		}
	}
	if got != want {
		w.T.Errorf("the report says of nodes %q, want %q: %+v", got, want, r.Nodes)
	}
	if len(r.Errors) > 0 {
		w.T.Errorf("errors %+v", r.Errors)
	}
}

// A person renames our node: with a store new hosts follow it, in runs and in events, also of a new process.
func TestNodeIsRenamed(t *testing.T) {
	t.Parallel()
	eachNodeWorld(t, true, func(w *nodeWorld) {
		w.expectNodeReport(w.runFull(false).Report, "new")
		w.ExpectMessages(1, "新节点 "+nodePath, "还没有人能通过它访问资产")
		w.expectNode("i-b1", nodePath)
		w.JumpServer.RenameNode(jumpservertest.DefaultOrg, nodePath, "生产")

		w.newProcess()
		id := w.addInstance()
		plan := w.runFull(true)
		w.expectNodeReport(plan.Report, "at "+newPath)
		if text := planText(t, plan); !strings.Contains(text, "节点") || !strings.Contains(text, nodePath) || !strings.Contains(text, newPath) {
			t.Errorf("the plan does not say where the node is:\n%s", text)
		}
		w.expectNodeReport(w.runFull(false).Report, "at "+newPath)
		w.expectNode(id, newPath)

		w.newProcess()
		id = w.addInstance()
		w.expectNodeReport(w.handleEvent(id).Report, "")
		w.expectNode(id, newPath)
		w.expectNoNode(nodePath)

		w.JumpServer.MoveNode(jumpservertest.DefaultOrg, newPath, "/DEFAULT/运维")
		w.newProcess()
		id = w.addInstance()
		w.expectNodeReport(w.runFull(false).Report, "at /DEFAULT/运维/生产")
		w.expectNode(id, "/DEFAULT/运维/生产")
		w.expectNode("i-b1", "/DEFAULT/运维/生产")
		w.expectNoNode(nodePath)
	})
}

// Without a store the path decides, and that a node is new is said in every place.
func TestNodeIsRenamedWithoutStore(t *testing.T) {
	t.Parallel()
	for _, event := range []bool{false, true} {
		eachNodeWorld(t, false, func(w *nodeWorld) {
			w.ChangeSettings(map[string]any{"notification": map[string]any{"on": "failure"}}) // told all the same
			w.expectNodeReport(w.runFull(false).Report, "new")
			w.ExpectMessages(1, "新节点 "+nodePath)
			w.JumpServer.RenameNode(jumpservertest.DefaultOrg, nodePath, "生产")
			w.newProcess()
			id := w.addInstance()
			plan := w.runFull(true)
			w.expectNodeReport(plan.Report, "new")
			if text := planText(t, plan); !strings.Contains(text, "新节点 "+nodePath) {
				t.Errorf("the plan:\n%s", text)
			}
			w.ExpectMessages(0)
			w.expectNoNode(nodePath)
			var rep report.Report
			if event {
				rep = w.handleEvent(id).Report
			} else {
				rep = w.runFull(false).Report
			}
			w.expectNodeReport(rep, "new")
			w.expectNode(id, nodePath)
			w.ExpectMessages(1, "新节点 "+nodePath, "没有状态存储")
			if !strings.Contains(report.Summary(rep, "zh"), "新节点 "+nodePath) {
				t.Errorf("standard output says nothing: %s", report.Summary(rep, "zh"))
			}
			if !strings.Contains(w.LogText.String(), "level=WARN msg=\"new node "+nodePath) {
				t.Error("the log says nothing")
			}
			w.newProcess()
			id = w.addInstance()
			w.expectNodeReport(w.runFull(false).Report, "")
			w.ExpectMessages(0)
			w.expectNode(id, nodePath)
		})
	}
}

// A remembered node is deleted: that at the path is found or made, and it is said that no rule names it.
func TestNodeIsDeleted(t *testing.T) {
	t.Parallel()
	for _, again := range []func(w *nodeWorld, id string) report.Report{
		func(w *nodeWorld, _ string) report.Report { return w.runFull(false).Report },
		func(w *nodeWorld, _ string) report.Report { return w.runChanged().Report },
		func(w *nodeWorld, id string) report.Report { return w.handleEvent(id).Report },
	} {
		eachNodeWorld(t, true, func(w *nodeWorld) {
			w.runWith(enginetest.Incremental(w.newStore(), "one"), false)
			w.SeenMessages = len(w.Robot.Messages())
			w.JumpServer.RenameNode(jumpservertest.DefaultOrg, nodePath, "生产")
			w.JumpServer.DeleteNode(jumpservertest.DefaultOrg, newPath)
			w.newProcess()
			id := w.addInstance()
			w.expectNodeReport(again(w, id), "new")
			w.ExpectMessages(1, "新节点 "+nodePath, "原来的节点已被删除")
			w.expectNode(id, nodePath)
			w.expectNode("i-b1", "/DEFAULT")
			w.JumpServer.RenameNode(jumpservertest.DefaultOrg, nodePath, "生产") // the new one is remembered
			w.newProcess()
			id = w.addInstance()
			w.expectNodeReport(w.runFull(false).Report, "at "+newPath)
			w.expectNode(id, newPath)
		})
	}
}

// While the store cannot be read nothing is forgotten, and a node made meanwhile is told with the reason.
func TestNodeStoreIsBroken(t *testing.T) {
	t.Parallel()
	eachNodeWorld(t, true, func(w *nodeWorld) {
		w.runFull(false)
		w.SeenMessages = len(w.Robot.Messages())
		w.JumpServer.RenameNode(jumpservertest.DefaultOrg, nodePath, "生产")
		w.newProcess()
		w.bucket.broken = true
		id := w.addInstance()
		w.expectNodeReport(w.runFull(true).Report, "new")
		w.SeenMessages = len(w.Robot.Messages())
		w.expectNodeReport(w.runFull(false).Report, "new")
		w.ExpectMessages(1, "状态存储读不了", "是否只是改了名")
		w.expectNode(id, nodePath)
		w.bucket.broken = false
		w.newProcess()
		id = w.addInstance()
		w.expectNodeReport(w.runFull(false).Report, "at "+newPath)
		w.expectNode(id, newPath)
	})
}

// A store that came later learns the nodes of a fleet in which nothing is new.
func TestNodeIsLearntWithoutCreates(t *testing.T) {
	t.Parallel()
	eachNodeWorld(t, false, func(w *nodeWorld) {
		w.runFull(false)
		w.bucket = &breakableBucket{Bucket: dir.Open(t.TempDir())}
		w.newProcess()
		w.expectNodeReport(w.runFull(true).Report, "")
		if id, err := w.newNodes().Load(t.Context(), nodePath); id != "" || err != nil {
			t.Errorf("a dry run remembers %q, %v", id, err)
		}
		w.expectNodeReport(w.runFull(false).Report, "")
		w.JumpServer.RenameNode(jumpservertest.DefaultOrg, nodePath, "生产")
		w.newProcess()
		id := w.addInstance()
		w.expectNodeReport(w.runFull(false).Report, "at "+newPath)
		w.expectNode(id, newPath)
		w.expectNoNode(nodePath)
	})
}

// Two events at once in two processes, for a path that nobody knows: one node, remembered.
func TestNodeAtOnce(t *testing.T) {
	t.Parallel()
	eachNodeWorld(t, true, func(w *nodeWorld) {
		first := w.newNodes()
		if _, err := first.Load(t.Context(), nodePath); err != nil {
			t.Fatal(err)
		}
		w.handleEvent("i-b1") // the other process is done before the first remembers what it found
		node := w.JumpServer.NodeAt(jumpservertest.DefaultOrg, nodePath)
		if err := first.Save(t.Context(), nodePath, node); err != nil {
			t.Errorf("the same node: %v", err)
		}
		id := w.addInstance()
		w.newProcess()
		w.handleEvent(id)
		w.expectNode(id, nodePath)
		if kept, err := w.newNodes().Load(t.Context(), nodePath); kept != node || err != nil {
			t.Errorf("%q is remembered, %v", kept, err)
		}
	})
}

// A remembered node costs an event no call; a path costs one.
func TestNodeCallsOfAnEvent(t *testing.T) {
	t.Parallel()
	for _, stored := range []bool{true, false} {
		eachNodeWorld(t, stored, func(w *nodeWorld) {
			w.runFull(false)
			w.newProcess()
			id := w.addInstance()
			w.JumpServer.ResetCounts()
			w.handleEvent(id)
			about := 0
			for call, n := range w.JumpServer.Calls() {
				if strings.Contains(call, "/nodes/") {
					about += n
				}
			}
			if want := map[bool]int{true: 0, false: 1}[stored]; about != want {
				t.Errorf("store %t: %d calls about nodes: %v", stored, about, w.JumpServer.Calls())
			}
		})
	}
}

func planText(t *testing.T, out engine.RunResult) string {
	t.Helper()
	var text strings.Builder
	if err := report.WritePlanTable(&text, out.PlanLines, out.Names, "zh"); err != nil {
		t.Fatal(err)
	}
	return text.String()
}
