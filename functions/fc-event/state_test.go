package main

import (
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/reconcile"
	"github.com/jms-sync/jms-sync/core/state"
	"github.com/jms-sync/jms-sync/core/storage/dir"
	"github.com/jms-sync/jms-sync/functions/runtimetest"
)

// testMarkedDirty: where runs remember what they applied, an event that writes marks its scope dirty, and one that
// changes nothing does not.
func testMarkedDirty(w *world) {
	folder := w.TempDir()
	w.Env["STATE"] = "file://" + folder
	w.start()
	marks := func() int {
		n := 0
		err := filepath.WalkDir(folder, func(name string, _ os.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(name, ".json") {
				text, readErr := os.ReadFile(name)
				if readErr == nil && strings.Contains(string(text), `"open":true`) && strings.Contains(string(text), region) {
					n++
				}
			}
			return err
		})
		if err != nil {
			w.Fatal(err)
		}
		return n
	}
	w.putInstance(1, "i-1")
	w.sendEvent(newStateChange("i-1", "Starting"), runtimetest.Options{}, reconcile.EventIgnored)
	if marks() != 0 {
		w.Error("an ignored event marks a scope")
	}
	w.sendEvent(newStateChange("i-1", "Running"), runtimetest.Options{}, reconcile.EventDone)
	if marks() != 1 {
		w.Errorf("%d scopes are open after an event that wrote", marks())
	}
}

// testPaused: an event does not do what a person paused, and its function answers as usual.
func testPaused(w *world) {
	folder := w.TempDir()
	w.Env["STATE"] = "file://" + folder
	w.start()
	w.createAsset(1, "i-1")
	w.Account.Remove(region, "i-1")
	store, err := state.New(dir.Open(folder), "", state.Options{})
	if err != nil {
		w.Fatal(err)
	}
	store = store.ForInstallation(strings.TrimPrefix(w.Env["JUMPSERVER_URL"], "http://"), jumpservertest.DefaultOrg)
	if err := store.SavePause(w.Context(), state.Pause{Removals: true, Since: time.Now(), By: "anna"}); err != nil {
		w.Fatal(err)
	}
	if a := w.sendEvent(newStateChange("i-1", "Deleted"), shortInvocation, reconcile.EventHeld); a.Pause == nil || a.Held != 1 || w.assetState("i-1") != "active" {
		w.Errorf("i-1 is %q: %+v", w.assetState("i-1"), a)
	}
	if err := store.Resume(w.Context()); err != nil {
		w.Fatal(err)
	}
	if w.sendEvent(newStateChange("i-1", "Deleted"), shortInvocation, reconcile.EventDone); w.assetState("i-1") != "gone" {
		w.Errorf("i-1 is %q", w.assetState("i-1"))
	}
}

// testNodeRenamed: a new process finds a node that people renamed, from what the store remembers.
func testNodeRenamed(w *world) {
	w.Env["STATE"] = "file://" + w.TempDir()
	w.start()
	w.createAsset(1, "i-1")
	old := w.Hosts()[0].Nodes[0]
	renamed := old[:strings.LastIndex(old, "/")] + "/renamed"
	w.JMS.RenameNode(jumpservertest.DefaultOrg, old, "renamed")
	w.Process.Stop()
	w.Start()
	w.createAsset(2, "i-2")
	for _, h := range w.Hosts() {
		if len(h.Nodes) != 1 || h.Nodes[0] != renamed {
			w.Errorf("%s sits in %v, want %s", h.Name, h.Nodes, renamed)
		}
	}
}

// testSilentTimer: the timer's function has stopped, and the first event after three intervals raises one alarm.
func testSilentTimer(w *world) {
	folder := w.TempDir()
	w.Env["STATE"] = "file://" + folder
	w.start()
	store, err := state.New(dir.Open(folder), "", state.Options{})
	if err == nil {
		server := strings.TrimPrefix(w.Env["JUMPSERVER_URL"], "http://")
		err = store.ForInstallation(server, jumpservertest.DefaultOrg).RecordHeartbeat(w.Context(), "run", []inventory.Scope{{Cloud: inventory.Alibaba, Account: "prod", Region: region}},
			time.Now().Add(-31*time.Minute))
	}
	if err != nil {
		w.Fatal(err)
	}
	w.putInstance(1, "i-1")
	for range 2 {
		w.sendEvent(newStateChange("i-1", "Starting"), runtimetest.Options{}, reconcile.EventIgnored)
	}
	cards := w.Robot.Messages()
	if len(cards) != 1 || !strings.Contains(cards[0].Text, "没有一次完整同步") {
		w.Errorf("%+v", cards)
	}
}
