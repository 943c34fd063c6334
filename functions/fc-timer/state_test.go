package main

import (
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
	"github.com/jms-sync/jms-sync/core/storage/dir"
	"github.com/jms-sync/jms-sync/core/storage/storagetest"
	"github.com/jms-sync/jms-sync/functions/runtimetest"
)

// testStateStore: the store remembers what was applied, so a firing without changes asks JumpServer one question, even in
// another process; a corrupt store costs a full run and nothing else.
func testStateStore(w *world) {
	w.FillInstances(0, 3, "cn-beijing")
	folder := w.TempDir()
	w.Env["STATE"] = "file://" + folder
	w.Start()
	if r := w.Run("", report.OK, runtimetest.Options{}); r.Created != 3 {
		w.Fatalf("%+v", r)
	}
	quiet := func(why string) {
		before := w.JMS.Requests()
		if r := w.Run("", report.OK, runtimetest.Options{}); r.Unchanged != 3 || w.JMS.Requests() != before+1 {
			w.Errorf("%s: %d requests, %+v", why, w.JMS.Requests()-before, r)
		}
	}
	quiet("nothing changed")
	w.Process.Stop()
	w.Start()
	quiet("in another process")
	i := alibabatest.SampleInstance(1)
	i.Name = "renamed"
	w.Account.Put("cn-beijing", i)
	if r := w.Run("", report.OK, runtimetest.Options{}); r.Updated != 1 {
		w.Errorf("a change: %+v", r)
	}
	quiet("applied")
	err := filepath.WalkDir(folder, func(name string, d os.DirEntry, err error) error {
		if err == nil && strings.Contains(name, "scopes") && strings.HasSuffix(name, ".json") {
			return os.WriteFile(name, []byte("{half"), 0o600)
		}
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	before := w.JMS.Requests()
	if r := w.Run("", report.OK, runtimetest.Options{}); r.Unchanged != 3 || w.JMS.Requests() <= before+1 {
		w.Errorf("a damaged memory: %+v", r)
	}
	quiet("remembered again")
}

// testPaused: the very next firing sees what a person paused, and that the pause is over.
func testPaused(w *world) {
	w.FillInstances(0, 3, "cn-beijing")
	folder := w.TempDir()
	w.Env["STATE"] = "file://" + folder
	w.Start()
	w.Run("", report.OK, runtimetest.Options{})
	store, err := state.New(dir.Open(folder), "", state.Options{})
	if err != nil {
		w.Fatal(err)
	}
	store = store.ForInstallation(strings.TrimPrefix(w.Env["JUMPSERVER_URL"], "http://"), jumpservertest.DefaultOrg)
	for _, removals := range []bool{true, false} {
		if err := store.SavePause(w.Context(), state.Pause{Removals: removals, Since: time.Now(), Until: time.Now().Add(time.Hour), By: "anna"}); err != nil {
			w.Fatal(err)
		}
		w.Account.Remove("cn-beijing", alibabatest.SampleInstance(0).ID)
		if r := w.Run("", report.Held, runtimetest.Options{}); r.Held != 1 || r.Deactivated != 0 || r.Pause == nil || r.Pause.All == removals {
			w.Errorf("removals only: %v: %+v", removals, r)
		}
	}
	if err := store.Resume(w.Context()); err != nil {
		w.Fatal(err)
	}
	if r := w.Run("", report.OK, runtimetest.Options{}); r.Deactivated != 1 || r.Pause != nil {
		w.Errorf("resumed: %+v", r)
	}
}

// testUnopenedStore: a store that is named but cannot be opened may hold a pause, so nothing is removed; everything else
// is done.
func testUnopenedStore(w *world) {
	w.FillInstances(0, 3, "cn-beijing")
	w.Env["STATE"] = "nowhere://x"
	w.Start()
	if r := w.Run("", report.Partial, runtimetest.Options{}); r.Created != 3 || r.Pause == nil || len(r.Errors) != 1 || !strings.Contains(r.Errors[0].Message, "JMS_SYNC_STATE") {
		w.Fatalf("%+v", r)
	}
	w.Account.Remove("cn-beijing", alibabatest.SampleInstance(0).ID)
	if r := w.Run("", report.Partial, runtimetest.Options{}); r.Held != 1 || r.Deactivated != 0 {
		w.Errorf("%+v", r)
	}
}

// testHungStore: a state store that takes connections and never answers delays neither work nor card nor answer, whatever
// time the platform gives.
func testHungStore(w *world) {
	w.FillInstances(0, 3, "cn-beijing")
	store := storagetest.NewServer(w, storagetest.OSS)
	store.InjectFault(storagetest.Hang, "", 0, 0)
	w.Env["STATE"] = store.Ref("jms-sync")
	w.Start()
	role := runtimetest.Options{KeyID: storagetest.GoodID, KeySecret: storagetest.GoodSecret, Token: storagetest.GoodToken}
	for n, limit := range []time.Duration{20 * time.Second, 60 * time.Second, 120 * time.Second} {
		role.Timeout = limit
		w.FillInstances(10+n, 1, "cn-beijing")
		started := time.Now()
		r := w.Run("", report.Partial, role)
		if took := time.Since(started); took > 15*time.Second {
			w.Errorf("with %s it took %s", limit, took)
		}
		if r.Created == 0 || r.Pause == nil || len(r.Errors) != 1 || !strings.Contains(r.Errors[0].Message, "状态存储没有应答") {
			w.Errorf("with %s: %+v", limit, r)
		}
		cards := w.Robot.Messages()
		if len(cards) != n+1 || !strings.Contains(cards[n].Text, "状态存储没有应答") {
			w.Errorf("with %s: %d cards: %+v", limit, len(cards), cards)
		}
	}
}
