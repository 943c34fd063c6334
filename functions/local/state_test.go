package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/jms-sync/jms-sync/core/report"
)

// TestStateOnDisk: with JMS_SYNC_STATE the second run asks JumpServer one question, and both are in the history, although the
// first one's results are larger than an object of the store may be.
func TestStateOnDisk(t *testing.T) { // not parallel: it sets a variable of the process
	folder := t.TempDir()
	t.Setenv("JMS_SYNC_STATE", "file://"+folder)
	d := newDesk(t)
	d.fillInstances(2000, "cn-beijing", "cn-hangzhou")
	if r := d.runSync(exitDone, report.OK); r.Created != 4000 || len(r.Changes) != 4000 {
		t.Fatalf("created %d, %d changes", r.Created, len(r.Changes))
	}
	before := d.JMS.Requests()
	if r := d.runSync(exitDone, report.OK); r.Unchanged != 4000 || d.JMS.Requests() != before+1 {
		t.Errorf("unchanged %d, JumpServer was asked %d times", r.Unchanged, d.JMS.Requests()-before)
	}
	files, err := filepath.Glob(filepath.Join(folder, "servers", "*", "runs", "*", "*.json"))
	if err != nil || len(files) != 2 {
		t.Fatalf("%d runs in the history, %v", len(files), err)
	}
	var kept struct{ Body struct{ Run report.Report } }
	text, err := os.ReadFile(files[0])
	if err == nil {
		err = json.Unmarshal(text, &kept)
	}
	if first := kept.Body.Run; err != nil || first.Created != 4000 || len(first.Changes) == 0 {
		t.Errorf("the first run: created %d, %d changes, %v", first.Created, len(first.Changes), err)
	}
}
