package backend

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/console"
	"github.com/jms-sync/jms-sync/core/report"
)

var update = flag.Bool("update", false, "write the examples anew")

// TestExamples: the examples of the API are what a console answers over real sessions, a store and emulators.
func TestExamples(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	d.sync(report.OK)
	d.removeHosts(0, 30)
	time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(time.Second))) // two runs of one second have one id
	d.sync(report.Held)
	var held console.Held
	examples := map[string][]byte{
		"me": d.get("/api/me", &console.Me{}), "overview": d.get("/api/overview", &console.Overview{}), "held": d.get("/api/held", &held),
		"config": d.get("/api/config", &console.Config{}),
	}
	var runs console.Runs
	examples["runs"] = d.get("/api/runs?days=7", &runs)
	if len(runs.Runs) != 2 || len(held.Sets) != 1 || held.Sets[0].Assets != 30 {
		t.Fatalf("%d runs, %+v", len(runs.Runs), held.Sets)
	}
	examples["run"] = d.get("/api/runs/"+runs.Runs[0].ID, &console.Run{})
	examples["heldset"] = d.get("/api/held/"+held.Sets[0].Hash[:8], &console.HeldDetail{})
	examples["explain"] = d.get("/api/explain?lang=en&q="+first(t, d), &console.Explained{})
	examples["doctor"] = d.post("/api/doctor", struct{}{}, &console.Doctor{})
	examples["pause"] = d.post("/api/pause", map[string]any{"removals": true, "reason": "换数据库"}, &console.PauseState{})
	examples["resume"] = d.post("/api/resume", struct{}{}, &console.PauseState{})
	examples["problem"] = d.postWant("/api/held/"+strings.Repeat("0", 64)+"/reject", console.HeldOrder{Assets: 1, Reason: "x"}, 404, &console.Problem{})
	d.emulators.Account().Put("cn-region-2", sample(900))
	planned := d.stream("/api/plan", console.PlanOrder{})
	var plan console.PlanResult
	last(t, planned, "result", &plan)
	rows, _ := rowsOf(t, planned)
	examples["plan.events"] = encodeEvents(planned)
	var ticked []int
	for _, row := range rows {
		if row.Action == "create" {
			ticked = append(ticked, *row.Apply)
		}
	}
	applied := d.stream("/api/plan/"+plan.ID+"/apply", console.ApplyOrder{Rows: ticked})
	last(t, applied, "result", &console.ApplyResult{})
	examples["apply.events"] = encodeEvents(applied)
	examples["approve"] = d.post("/api/held/"+held.Sets[0].Hash+"/approve", console.HeldOrder{Assets: 30, Reason: "旧机房下线"}, &console.HeldResult{})
	examples["audit"] = d.get("/api/audit", &console.Audit{})
	for name, text := range examples {
		text = bytes.ReplaceAll(bytes.ReplaceAll(text, []byte(d.me.CSRF), []byte("q22kylncyulc5J_R2hZnjZyKXZLiEL3NbltxHksl9U8")), []byte(d.folder), []byte("/var/lib/jms-sync"))
		compareExample(t, name, bytes.ReplaceAll(text, []byte(plan.ID), []byte(strings.Repeat("5eed", 16))))
	}
}

// encodeEvents returns the events of a stream as one document.
func encodeEvents(all []event) []byte {
	var out bytes.Buffer
	out.WriteString("[")
	for n, e := range all {
		if n > 0 {
			out.WriteString(",")
		}
		out.WriteString(`{"event":"` + e.name + `","data":` + e.data + `}`)
	}
	out.WriteString("]")
	return out.Bytes()
}

// compareExample compares an answer with its example, apart from times, ports and what is random.
func compareExample(t *testing.T, name string, text []byte) {
	t.Helper()
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, text, "", "  "); err != nil {
		t.Fatalf("%s: %v: %s", name, err, text)
	}
	got := pretty.String()
	for pattern, fixed := range map[string]string{
		`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)`: "2026-11-28T14:35:07Z",
		`2\d{7}T\d{6}Z`:                  "20261128T143507Z",
		`2\d{7}T\d{6}\.\d{3}Z-[a-z0-9]+`: "20261128T143507.123Z-abcdefghij",
		`127\.0\.0\.1:\d+`:               "127.0.0.1:8080",
		`("(?:duration_seconds|longest_seconds|start_seconds|seconds|calls)": )[\d.e-]+`:     "${1}1.25",
		`("(?:ms|[a-z_]*_ms|requests|milliseconds|waited[a-z_]*|slowest[a-z_]*)": )[\d.e-]+`: "${1}7",
	} {
		got = regexp.MustCompile(pattern).ReplaceAllString(got, fixed)
	}
	file := filepath.Join("..", "testdata", name+".json")
	if *update {
		if err := os.WriteFile(file, []byte(got+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil || string(want) != got+"\n" {
		t.Errorf("%s is not what the console answers (go test ./core/console/backend -update writes it): %v\n%s", file, err, got)
	}
}
