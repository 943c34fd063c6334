package engine_test

import (
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
)

// kindsWorld is a world with an account of one region that lists lightweight servers too.
func kindsWorld(t *testing.T, kinds ...string) *enginetest.World {
	t.Helper()
	w := enginetest.NewWorld(t, enginetest.Setup{
		Settings: map[string]any{"sync": map[string]any{"removal": map[string]any{"grace": "0s"}, "guard": map[string]any{"empty": "allow", "min": 100, "percent": 100}}, "notification": map[string]any{"on": "change"}},
		Accounts: []enginetest.AccountSpec{{Name: "aliyun-prod", Regions: []string{"cn-beijing"}, Kinds: kinds}},
	}, jumpservertest.V41019)
	a := w.Account("").Cloud
	a.Fill("cn-beijing", 3, alibabatest.SampleInstance)
	a.SWAS().Fill("cn-beijing", 3, alibabatest.SampleSWAS)
	return w
}

func runKinds(t *testing.T, w *enginetest.World) report.Report {
	t.Helper()
	return w.NewEngine().Run(t.Context(), engine.Request{}).Report
}

// TestKindsAreSynced: lightweight servers become assets where kinds names them, and are removed when they are gone;
// by default there are none, as ever.
func TestKindsAreSynced(t *testing.T) {
	t.Parallel()
	if r := runKinds(t, kindsWorld(t)); r.Created != 3 || r.Outcome != report.OK {
		t.Errorf("by default: %+v", r)
	}
	w := kindsWorld(t, "ecs", "swas")
	if r := runKinds(t, w); r.Created != 6 || r.Outcome != report.OK {
		t.Fatalf("%d created, %s, %+v", r.Created, r.Outcome, r.Errors)
	}
	server := alibabatest.SampleSWAS(1)
	w.Account("").Cloud.SWAS().Remove("cn-beijing", server.ID)
	r := runKinds(t, w)
	if r.Deactivated+r.Deleted != 1 || r.Changes[0].InstanceID != server.ID || r.Changes[0].Region != "cn-beijing.swas" {
		t.Errorf("%d deactivated, %d deleted, %+v", r.Deactivated, r.Deleted, r.Changes)
	}
}

// TestKindTakenOut: a kind that the configuration drops leaves orphans, and removes nothing.
func TestKindTakenOut(t *testing.T) {
	t.Parallel()
	for _, left := range []string{"ecs", "swas"} {
		w := kindsWorld(t, "ecs", "swas")
		runKinds(t, w)
		w.Account("").Kinds = []string{left}
		if r := runKinds(t, w); r.Orphans != 3 || r.Deactivated+r.Deleted+r.Created != 0 {
			t.Errorf("%s alone: %d orphans, %d deactivated, %d deleted, %d created", left, r.Orphans, r.Deactivated, r.Deleted, r.Created)
		}
	}
}

// TestKindWithoutRight: a missing right fails the scope of its kind alone. Nobody is notified until an asset is of this
// kind.
func TestKindWithoutRight(t *testing.T) {
	t.Parallel()
	w := kindsWorld(t, "ecs")
	runKinds(t, w) // its new node is told
	w.Account("").Kinds = []string{"ecs", "swas"}
	for _, action := range []string{alibabatest.ListRegions, alibabatest.ListInstances} {
		repair := w.Cloud.Break(alibabatest.Fault{Kind: alibabatest.Forbidden, Action: action})
		r := runKinds(t, w)
		if len(r.Scopes) != 2 || !r.Scopes[0].Complete || r.Scopes[1].Complete || r.Scopes[1].Region != "cn-beijing.swas" || r.HasNewProblem() {
			t.Errorf("%s: new problem %t, %+v", action, r.HasNewProblem(), r.Scopes)
		}
		repair()
	}
	runKinds(t, w)
	w.Cloud.Break(alibabatest.Fault{Kind: alibabatest.Forbidden, Action: alibabatest.ListInstances})
	if r := runKinds(t, w); !r.HasNewProblem() || r.Deactivated+r.Deleted != 0 {
		t.Errorf("with assets of the kind: %+v", r)
	}
}
