package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/functions/internal/runtimetest"
)

// stateStore remembers what was applied: a tick without changes asks JumpServer nothing, also in
// another process; a damaged memory costs a full path and nothing else.
func stateStore(w *world) {
	w.Fill(0, 3, "cn-beijing")
	folder := w.TempDir()
	w.Env["STATE"] = "file://" + folder
	w.Start()
	if r := w.Run("", report.OK, runtimetest.Options{}); r.Created != 3 {
		w.Fatalf("%+v", r)
	}
	quiet := func(why string) {
		before := w.JMS.Requests()
		if r := w.Run("", report.OK, runtimetest.Options{}); r.Unchanged != 3 || w.JMS.Requests() != before {
			w.Errorf("%s: %d requests, %+v", why, w.JMS.Requests()-before, r)
		}
	}
	quiet("nothing changed")
	w.Process.Stop()
	w.Start()
	quiet("in another process")
	i := alibabatest.Sample(1)
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
	if r := w.Run("", report.OK, runtimetest.Options{}); r.Unchanged != 3 || w.JMS.Requests() == before {
		w.Errorf("a damaged memory: %+v", r)
	}
	quiet("remembered again")
}
