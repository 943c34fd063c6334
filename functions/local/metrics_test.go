package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jms-sync/jms-sync/core/report"
)

// TestMetrics: runs, and what a person orders, are in the file, at the gateway, in the log, and in the store for the
// command; a dry run is not. A gateway that is down changes no run.
func TestMetrics(t *testing.T) {
	d := newDeskWithState(t)
	var mu sync.Mutex
	var pushed []string
	status := http.StatusOK
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		pushed = append(pushed, string(body))
		w.WriteHeader(status)
	}))
	t.Cleanup(gateway.Close)
	file := filepath.Join(t.TempDir(), "jms-sync.prom")
	d.more = "metrics: {file: " + file + ", pushgateway: " + gateway.URL + ", log: true}"
	d.fillInstances(10, "cn-beijing")
	d.run(exitDone, "plan")
	d.runSync(exitDone, report.OK)
	d.releaseInstances(0, 1)
	d.runSync(exitDone, report.OK)
	const inBeijing = `cloud="alibaba",account="aliyun-prod",region="cn-beijing"`
	for _, text := range []string{d.readFile(file), pushed[1]} {
		for _, want := range []string{
			`jms_sync_runs_total{outcome="ok",`, `jms_sync_changes_total{by="run",kind="created",`, `jms_sync_assets{` + inBeijing + `,state="inactive",`,
			`jms_sync_stage_duration_seconds_count{stage="clouds",`, `jms_sync_peer_calls_total{peer="127.0.0.1:`,
		} {
			if !strings.Contains(text, want) {
				t.Errorf("no %s in\n%s", want, text)
			}
		}
	}
	if log := d.readFile(d.readLog()); strings.Count(log, " assets_active=10 ")+strings.Count(log, " assets_active=9 ") != 2 || strings.Count(log, "stage_clouds_seconds") != 2 {
		t.Error(log)
	}
	d.more = ""
	d.runBare(exitDone, "metrics")
	for _, want := range []string{"# EOF\n", `jms_sync_runs_total{outcome="ok",`} {
		if !strings.Contains(d.stdout.String(), want) {
			t.Errorf("no %s in\n%s", want, &d.stdout)
		}
	}
	for _, line := range []string{
		`jms_sync_assets{` + inBeijing + `,state="active",`, `jms_sync_assets{` + inBeijing + `,state="inactive",`, `jms_sync_instances{` + inBeijing + `,`,
		`jms_sync_changes_total{by="run",kind="deactivated",`,
	} {
		want := map[bool]string{true: " 9\n", false: " 1\n"}[strings.Contains(line, `"active"`) || strings.Contains(line, "instances")]
		_, rest, _ := strings.Cut(d.stdout.String(), line)
		if first, _, _ := strings.Cut(rest, "\n"); !strings.HasSuffix(first+"\n", want) {
			t.Errorf("%s… %s, want%s", line, first, want)
		}
	}
	status = http.StatusBadRequest
	d.more = "metrics: {pushgateway: " + gateway.URL + "}"
	d.runSync(exitDone, report.OK)
	if log := d.readFile(d.readLog()); !strings.Contains(log, "metrics.pushgateway: HTTP 400") {
		t.Error(log)
	}
	t.Setenv("JMS_SYNC_STATE", "")
	d.run(exitUsage, "metrics")
}
