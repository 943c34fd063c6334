package functiontest

import (
	"strings"

	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/functions/runtimetest"
)

// testNodeRenamed: with a state store, new hosts go to a node that people renamed, in a new process too.
func testNodeRenamed(w *World) {
	w.FillInstances(0, 1, "cn-beijing")
	w.Env["STATE"] = "file://" + w.TempDir()
	w.Start()
	if r := w.Run("", report.OK, runtimetest.Options{}); len(r.Nodes) != 1 || !r.Nodes[0].IsNew {
		w.Errorf("the first run: %+v", r.Nodes)
	}
	old := w.Hosts()[0].Nodes[0]
	renamed := old[:strings.LastIndex(old, "/")] + "/renamed"
	w.JMS.RenameNode(jumpservertest.DefaultOrg, old, "renamed")
	w.Process.Stop()
	w.FillInstances(1, 1, "cn-beijing")
	w.Start()
	if r := w.Run("", report.OK, runtimetest.Options{}); r.Created != 1 || len(r.Nodes) > 1 || len(r.Nodes) == 1 && r.Nodes[0].IsNew {
		w.Errorf("the second run: %+v", r)
	}
	for _, h := range w.Hosts() {
		if len(h.Nodes) != 1 || h.Nodes[0] != renamed {
			w.Errorf("%s sits in %v, want %s", h.Name, h.Nodes, renamed)
		}
	}
}
