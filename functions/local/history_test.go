package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/session"
)

// recordRun puts a run into the history of a desk.
func (d *desk) recordRun(document []byte, at time.Time) {
	d.Helper()
	store, err := session.OpenStore(config.Config{JumpServer: config.JumpServer{URL: d.JumpServerURL, OrgID: config.DefaultOrgID}}, session.Role{}, os.Environ())
	if err == nil {
		err = store.RecordRun(d.Context(), document, at)
	}
	if err != nil {
		d.Fatal(err)
	}
}

// TestHistory: a person who has nothing but the store sees the runs, all of one, and the page of a day.
func TestHistory(t *testing.T) {
	d := newDeskWithState(t)
	d.runBare(exitUsage, "history") // the store knows no JumpServer yet
	d.run(exitDone, "history")
	d.wantPrinted("没有记录下来的同步。")
	d.fillInstances(10, "cn-beijing")
	d.runSync(exitDone, report.OK)
	earlier := time.Now().Add(-time.Hour).UTC()
	d.recordRun(fmt.Appendf(nil, `{"outcome":"held","started_at":%q,"duration_seconds":2,"deactivated":1,"held":3,"scopes":[],"changes":[],"errors":[]}`,
		earlier.Format(time.RFC3339)), earlier)

	d.runBare(exitDone, "history", "--json")
	var doc historyRows
	if err := json.Unmarshal(d.stdout.Bytes(), &doc); err != nil || len(doc.Runs) != 2 || len(doc.Days) != 180 || len(doc.Notes) != 0 {
		t.Fatalf("%v\n%s", err, &d.stdout)
	}
	yesterday, today := doc.Days[178], doc.Days[179] // the earlier run may have been yesterday
	if doc.Runs[0].Created != 10 || doc.Runs[1].Deactivated != 1 || yesterday.Runs+today.Runs != 2 || today.Created != 10 || today.Outcomes["ok"] != 1 {
		t.Errorf("%+v, %+v", doc.Runs, today)
	}
	newest := doc.Runs[0].Run
	d.runBare(exitDone, "history", "-n", "1")
	d.wantPrinted(newest, "完成")
	d.runBare(exitDone, "history", newest)
	d.wantPrinted(newest, "新增资产 10")
	if n := strings.Count(d.stdout.String(), "aliyun-prod/cn-beijing"); n != 10 {
		t.Errorf("%d changes of the newest run:\n%s", n, &d.stdout)
	}
	d.runBare(exitDone, "history", report.RunID(earlier))
	d.wantPrinted("停用资产 1", "暂缓 3")
	d.runBare(exitDone, "history", "--json", newest)
	var one struct{ Runs []report.Report }
	if err := json.Unmarshal(d.stdout.Bytes(), &one); err != nil || len(one.Runs) != 1 || one.Runs[0].Created != 10 || len(one.Runs[0].Changes) != 10 {
		t.Errorf("%v\n%s", err, &d.stdout)
	}

	page := filepath.Join(t.TempDir(), "day.html")
	d.run(exitDone, "history", "-o", page)
	if text := d.readFile(page); !strings.Contains(text, newest) || !strings.Contains(text, "180 天的变更") {
		t.Error(text)
	}
	rows := filepath.Join(t.TempDir(), "rows.json")
	d.run(exitDone, "history", "--date", "2001-02-03", "-o", rows)
	if err := json.Unmarshal([]byte(d.readFile(rows)), &doc); err != nil || len(doc.Runs) != 0 {
		t.Errorf("%v, %d runs in 2001", err, len(doc.Runs))
	}
}

// TestHistoryMistakes: what is no date, no run, no page of one run, or has no store, is refused.
func TestHistoryMistakes(t *testing.T) {
	d := newDeskWithState(t)
	d.runSync(exitDone, report.OK)
	absent := report.RunID(time.Now().Add(-time.Hour))
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--date", "yesterday"}, "--date"},
		{[]string{"nonsense"}, "20261128T143507Z"},
		{[]string{absent}, absent},
		{[]string{"-o", "x.html", absent}, "--date"},
	} {
		d.run(exitUsage, append([]string{"history"}, c.args...)...)
		if !strings.Contains(d.stderr.String(), c.want) {
			t.Errorf("%q: %s", c.args, &d.stderr)
		}
	}
	t.Setenv("JMS_SYNC_STATE", "")
	d.run(exitUsage, "history")
	if !strings.Contains(d.stderr.String(), "JMS_SYNC_STATE") {
		t.Error(&d.stderr)
	}
}
