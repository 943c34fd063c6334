package backend

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/console"
	"github.com/jms-sync/jms-sync/core/report"
)

// TestApprovalToRemoval: a set that is approved in the console is removed by the next run, and is gone then; a rejected one
// is not.
func TestApprovalToRemoval(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	d.sync(report.OK)
	d.removeHosts(0, 30)
	d.sync(report.Held)
	var held console.Held
	d.get("/api/held", &held)
	path := "/api/held/" + held.Sets[0].Hash
	d.postWant(path+"/approve", console.HeldOrder{Assets: 29}, 409, &console.Problem{})
	d.postWant(path+"/reject", console.HeldOrder{Assets: 30}, 400, &console.Problem{})
	d.post(path+"/reject", console.HeldOrder{Assets: 30, Reason: "not yet"}, &console.HeldResult{})
	d.postWant(path+"/approve", console.HeldOrder{Assets: 30}, 404, &console.Problem{})
	d.sync(report.Held)
	var result console.HeldResult
	d.post(path+"/approve", console.HeldOrder{Assets: 30}, &result)
	if result.ApprovedUntil == nil || time.Until(*result.ApprovedUntil) < 23*time.Hour {
		t.Errorf("%+v", result)
	}
	d.postWant(path+"/approve", console.HeldOrder{Assets: 30}, 409, &console.Problem{})
	if r := d.sync(report.OK); r.Deactivated != 30 {
		t.Errorf("%d removed", r.Deactivated)
	}
	d.postWant(path+"/approve", console.HeldOrder{Assets: 30}, 404, &console.Problem{})
	d.get("/api/held", &held)
	var o console.Overview
	d.get("/api/overview", &o)
	if len(held.Sets) != 0 || o.Counts.Open != 0 || o.LastRun == nil || o.LastRun.Counts.Deactivated != 30 {
		t.Errorf("%+v %+v", held, o.Counts)
	}
}

// TestApply: ticked rows alone are made, a held one only where its number was said, and nothing that changed since.
func TestApply(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	d.sync(report.OK)
	d.removeHosts(0, 30)
	for n := range 3 {
		d.emulators.Account().Put("cn-region-2", sample(900+n))
	}
	planned := d.stream("/api/plan", console.PlanOrder{})
	var plan console.PlanResult
	last(t, planned, "result", &plan)
	rows, _ := rowsOf(t, planned)
	var creates, held []int
	for _, row := range rows {
		switch {
		case row.Held:
			held = append(held, *row.Apply)
		case row.Action == "create":
			creates = append(creates, *row.Apply)
		case row.Apply != nil:
			t.Errorf("%+v can be ticked", row)
		}
	}
	if len(creates) != 3 || len(held) != 30 || plan.ID == "" || plan.NotKept != nil {
		t.Fatalf("%v %v %+v", creates, held, plan)
	}
	apply := "/api/plan/" + plan.ID + "/apply"
	for name, o := range map[string]console.ApplyOrder{
		"a held row that was not said": {Rows: held[:1]}, "other number": {Rows: held[:2], Held: 1}, "no such row": {Rows: []int{33}}, "below": {Rows: []int{-1}},
		"a range beyond": {Ranges: [][2]int{{0, 33}}, Held: 30}, "a range backwards": {Ranges: [][2]int{{3, 0}}},
	} {
		var p console.Problem
		last(t, d.stream(apply, o), "error", &p)
		if p.Code != console.CodeChanged && p.Code != console.CodeBadRequest {
			t.Errorf("%s: %+v", name, p)
		}
	}
	var missing console.Problem
	last(t, d.stream("/api/plan/"+strings.Repeat("0", 64)+"/apply", console.ApplyOrder{Rows: []int{0}}), "error", &missing)
	last(t, d.stream("/api/plan/..%2f..%2fpause/apply", console.ApplyOrder{Rows: []int{0}}), "error", &missing)
	if missing.Code != console.CodeExpired {
		t.Errorf("%+v", missing)
	}
	writes := d.emulators.JumpServer.Writes()
	if writes > 0 && len(d.emulators.JumpServer.Hosts("00000000-0000-0000-0000-000000000002")) != 80 {
		t.Error("something was written")
	}
	d.emulators.Account().Remove("cn-region-2", sample(902).ID) // after the plan
	var done console.ApplyResult
	last(t, d.stream(apply, console.ApplyOrder{Rows: append(creates, held[:2]...), Held: 2}), "result", &done)
	if c := done.Run.Counts; c.Created != 2 || c.Deactivated != 2 || done.Asked != 5 {
		t.Errorf("%+v", done)
	}
	active := 0
	for _, h := range d.emulators.JumpServer.Hosts("00000000-0000-0000-0000-000000000002") {
		if h.Active {
			active++
		}
	}
	if active != 80+2-2 {
		t.Errorf("%d active hosts", active)
	}
}

// TestChangedPlan: a plan whose object was edited in the store is refused.
func TestChangedPlan(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	var plan console.PlanResult
	last(t, d.stream("/api/plan", console.PlanOrder{}), "result", &plan)
	var p console.Problem
	edited := 0
	_ = filepath.WalkDir(d.folder, func(path string, _ os.DirEntry, _ error) error {
		if !strings.Contains(path, plan.ID) {
			return nil
		}
		text, err := os.ReadFile(path)
		if err == nil {
			edited++
			err = os.WriteFile(path, []byte(strings.Replace(string(text), "web-00000", "web-99999", 1)), 0o600)
		}
		return err
	})
	last(t, d.stream("/api/plan/"+plan.ID+"/apply", console.ApplyOrder{Rows: []int{0}}), "error", &p)
	if edited == 0 || p.Code != console.CodeStore && p.Code != console.CodeChanged || len(d.emulators.JumpServer.Hosts("00000000-0000-0000-0000-000000000002")) != 0 {
		t.Errorf("%d edited: %+v", edited, p)
	}
}

// TestPausedApply: a pause that is ordered in the console holds what is applied there too.
func TestPausedApply(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	until := time.Now().Add(time.Hour)
	var plan console.PlanResult
	last(t, d.stream("/api/plan", console.PlanOrder{}), "result", &plan)
	d.post("/api/pause", console.PauseOrder{Until: &until, Reason: "换数据库"}, &console.PauseState{})
	var done console.ApplyResult
	last(t, d.stream("/api/plan/"+plan.ID+"/apply", console.ApplyOrder{Rows: []int{0}}), "result", &done)
	if done.Run.Counts.Created != 0 || len(d.emulators.JumpServer.Hosts("00000000-0000-0000-0000-000000000002")) != 0 {
		t.Errorf("%+v", done.Run)
	}
	d.post("/api/resume", struct{}{}, &console.PauseState{})
	last(t, d.stream("/api/plan/"+plan.ID+"/apply", console.ApplyOrder{Rows: []int{0}}), "result", &done)
	if done.Run.Counts.Created != 1 {
		t.Errorf("%+v", done.Run)
	}
}

// TestBesideARun: while another run is at work, an apply does nothing and says so.
func TestBesideARun(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	var plan console.PlanResult
	last(t, d.stream("/api/plan", console.PlanOrder{}), "result", &plan)
	d.emulators.JumpServer.SetLatency(100 * time.Millisecond)
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.sync(report.OK)
	}()
	time.Sleep(150 * time.Millisecond) // the run is in its first requests
	var p console.Problem
	last(t, d.stream("/api/plan/"+plan.ID+"/apply", console.ApplyOrder{Rows: []int{0}}), "error", &p)
	if p.Code != console.CodeBusy {
		t.Errorf("%+v", p)
	}
	<-done
}

// TestStoreOutOfReach: the pages say so, and nothing acts.
func TestStoreOutOfReach(t *testing.T) {
	t.Parallel()
	d := newDesk(t, func(env map[string]string) {
		env["JMS_SYNC_STATE"] = "s3://bucket/p?endpoint=http://127.0.0.1:1"
	})
	d.environ = append(d.environ, "AWS_ACCESS_KEY_ID=x", "AWS_SECRET_ACCESS_KEY=word-of-aws")
	for _, path := range []string{"/api/overview", "/api/held", "/api/runs", "/api/audit"} {
		var p console.Problem
		answer, err := d.browser.Get(d.server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		d.read(answer, path, 503, &p)
		if p.Code != console.CodeStore && p.Code != console.CodeConfig {
			t.Errorf("%s: %+v", path, p)
		}
	}
	var p console.Problem
	d.postWant("/api/held/"+strings.Repeat("0", 64)+"/approve", console.HeldOrder{Assets: 1}, 503, &p)
	if p.Code != console.CodeAudit && p.Code != console.CodeNoStore {
		t.Errorf("%+v", p)
	}
	none := newDesk(t, func(env map[string]string) { delete(env, "JMS_SYNC_STATE") })
	none.postWant("/api/pause", console.PauseOrder{Removals: true}, 503, &p)
	var plan console.PlanResult
	last(t, none.stream("/api/plan", console.PlanOrder{}), "result", &plan)
	if p.Code != console.CodeNoStore || plan.ID != "" || plan.NotKept == nil || plan.Run.Counts.Created != 80 {
		t.Errorf("%+v %+v", p, plan)
	}
}
