package functiontest

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/functions/runtimetest"
)

// Scenarios returns what a function must do on any host, with instances of any cloud.
func Scenarios() map[string]func(*World) {
	return map[string]func(*World){
		"first and second run":     testFirstAndSecondRun,
		"requests in the log":      testRequestsInLog,
		"a region fails":           testRegionFails,
		"everything fails":         testEverythingFails,
		"narrowed and dry":         testFilteredRun,
		"stale tick":               testStaleFiring,
		"too little time":          TestTooLittleTime,
		"killed at work":           testKilledWhileWriting,
		"no more runtime API":      testRuntimeVanishes,
		"broken configuration":     testBrokenConfiguration,
		"state in a folder":        testStateInFolder,
		"node renamed":             testNodeRenamed,
		"watched":                  testStalenessTimer,
		"quarantined":              testQuarantine,
		"terminated while waiting": testTerminatedWhileWaiting,
	}
}

// testFirstAndSecondRun: the first run creates assets and sends one card, the second finds nothing to do.
func testFirstAndSecondRun(w *World) {
	w.FillInstances(0, 3, "cn-beijing", "cn-hangzhou")
	w.Start()
	r := w.Run("", report.OK, runtimetest.Options{})
	if r.Created != 6 || r.Total != 6 || len(r.Scopes) != 2 || len(w.Hosts()) != 6 {
		w.Errorf("%+v", r)
	}
	writes := w.JMS.Writes()
	r = w.Run("", report.OK, runtimetest.Options{})
	if r.Unchanged != 6 || r.Created+r.Updated != 0 || w.JMS.Writes() != writes {
		w.Errorf("the second run: %d writes, %+v", w.JMS.Writes()-writes, r)
	}
	if n := len(w.Robot.Messages()); n != 1 { // nothing is said of the run that changed nothing
		w.Errorf("%d cards", n)
	}
}

// testRegionFails: nothing is removed in a region that cannot be read, and the answer has what was done elsewhere.
func testRegionFails(w *World) {
	w.FillInstances(0, 3, "cn-beijing", "cn-hangzhou")
	w.Start()
	w.Run("", report.OK, runtimetest.Options{})
	w.Account.Remove("cn-hangzhou")
	w.FillInstances(50, 1, "cn-beijing")
	w.ECS.Break(alibabatest.Fault{Kind: alibabatest.Forbidden, Action: alibabatest.DescribeInstances, Region: "cn-hangzhou"})
	r := w.Run("", report.Partial, runtimetest.Options{})
	if r.Created != 1 || r.Deactivated+r.Deleted+r.Held != 0 || len(w.Hosts()) != 7 {
		w.Errorf("%+v", r)
	}
	for _, h := range w.Hosts() {
		if !h.Active {
			w.Errorf("%s was closed", h.Name)
		}
	}
	if s := r.Scopes[1]; s.Region != "cn-hangzhou" || s.Complete || s.Error.Kind != inventory.Denied {
		w.Errorf("%+v", s)
	}
	cards := w.Robot.Messages()
	if len(cards) != 2 || !strings.Contains(cards[1].Text, "cn-hangzhou") {
		w.Errorf("cards %+v", cards)
	}
}

// testEverythingFails: a run that fails everywhere is an error for the platform too, and the next one is well again.
func testEverythingFails(w *World) {
	w.FillInstances(0, 1, "cn-beijing")
	w.ECS.Break(alibabatest.Fault{Kind: alibabatest.Forbidden})
	w.JMS.Fail(jumpservertest.MatchRequest("", "/"), -1, jumpservertest.Fault{Status: 403, Body: `{"detail":"no"}`})
	w.Start()
	w.WantError(w.Invoke("", runtimetest.Options{}), "sync failed", "jumpserver")
	w.JMS.ClearFaults()
	w.WantError(w.Invoke("", runtimetest.Options{}), "sync failed", "aliyun-prod/cn-beijing", "denied")
	w.ECS.Repair()
	if r := w.Run("", report.OK, runtimetest.Options{}); r.Created != 1 {
		w.Errorf("%+v", r)
	}
}

func testFilteredRun(w *World) {
	w.FillInstances(0, 2, "cn-beijing", "cn-hangzhou")
	w.Start()
	r := w.Run(`{"clouds":["aliyun-prod"],"regions":["cn-beijing"],"dry_run":true}`, report.OK, runtimetest.Options{})
	if !r.DryRun || r.Created != 2 || len(r.Scopes) != 1 || w.JMS.Writes() > 0 {
		w.Errorf("%+v", r)
	}
	r = w.Run(`{"regions":["cn-hangzhou"]}`, report.OK, runtimetest.Options{})
	if r.Created != 2 || len(w.Hosts()) != 2 {
		w.Errorf("%+v", r)
	}
	w.WantError(w.Invoke(`{"clouds":["aliyun-prd"]}`, runtimetest.Options{}), "not_found", "aliyun-prd")
}

func testStaleFiring(w *World) {
	w.FillInstances(0, 1, "cn-beijing")
	w.Start()
	old := w.TimerEvent(time.Now().Add(-11*time.Minute), "")
	w.ReadReport(w.Send(old, runtimetest.Options{}), report.TooLate)
	w.WantUntouched()
	w.Env["STALE_AFTER"] = "0"
	w.Start()
	if r := w.ReadReport(w.Send(old, runtimetest.Options{}), report.OK); r.Created != 1 {
		w.Errorf("%+v", r)
	}
}

// TestTooLittleTime leaves a first sync less time than its slow writes need: report and card come before the end,
// nothing is written after them, and the next run goes on.
func TestTooLittleTime(w *World) {
	const limit, slow = 8 * time.Second, 250 * time.Millisecond
	w.FillInstances(0, 200, "cn-beijing", "cn-hangzhou")
	var mu sync.Mutex
	var last time.Time
	w.JMS.OnRequest(func(r *http.Request) {
		if r.Method != http.MethodGet {
			mu.Lock()
			last = time.Now()
			mu.Unlock()
			time.Sleep(slow)
		}
	})
	w.Start(runtimetest.TimeLimit(limit))
	if _, err := w.Process.FirstPoll(w.Context()); err != nil {
		w.Fatal(err)
	}
	started := time.Now()
	r := w.Run("", report.Partial, runtimetest.Options{}) // Send wants it in time
	writes := w.JMS.Writes()
	if r.Created == 0 || r.Skipped == 0 || r.Created+r.Skipped != 400 || len(r.Errors) == 0 || r.Errors[0].Kind != inventory.Deadline {
		w.Errorf("created %d, skipped %d, errors %v", r.Created, r.Skipped, r.Errors)
	}
	if n := len(w.Robot.Messages()); n != 1 {
		w.Errorf("%d cards", n)
	}
	time.Sleep(2 * slow) // for what may still be under way
	w.JMS.OnRequest(nil)
	mu.Lock()
	defer mu.Unlock()
	if w.JMS.Writes() != writes || last.After(started.Add(limit-time.Second)) {
		w.Errorf("%d writes after the answer; the last %s after the start", w.JMS.Writes()-writes, last.Sub(started))
	}
	w.Process.Stop()
	w.Start()
	made := len(w.Hosts())
	if again := w.Run("", report.OK, runtimetest.Options{}); again.Created != 400-made || again.Unchanged != made {
		w.Errorf("the next run: created %d, unchanged %d of %d", again.Created, again.Unchanged, made)
	}
}

// testKilledWhileWriting kills the program in the middle of its writes, as platforms do when the time is over: the next
// process continues, and creates nothing twice.
func testKilledWhileWriting(w *World) {
	w.FillInstances(0, 50, "cn-beijing", "cn-hangzhou")
	w.JMS.SetLatency(20 * time.Millisecond)
	w.Start()
	var once sync.Once
	process := w.Process
	w.JMS.OnRequest(func(r *http.Request) {
		if r.Method == http.MethodPost && strings.Contains(r.URL.Path, "/hosts/") && len(w.Hosts()) > 0 {
			once.Do(func() {
				go process.Stop()
			})
		}
	})
	if a, err := w.Runtime.Invoke(w.Context(), w.TimerEvent(time.Now(), ""), runtimetest.Options{}); err == nil {
		w.Fatalf("the program outlived its death: %+v", a)
	}
	w.JMS.OnRequest(nil)
	w.JMS.SetLatency(0)
	w.Start()
	r := w.Run("", report.OK, runtimetest.Options{})
	if r.Created+r.Unchanged != 100 || r.Unchanged == 0 || r.Created == 0 || len(w.Hosts()) != 100 {
		w.Errorf("created %d, unchanged %d, %d hosts", r.Created, r.Unchanged, len(w.Hosts()))
	}
}

// testRuntimeVanishes removes the runtime API while a program waits for events. Its log must stay small, whether it ends
// or polls again.
func testRuntimeVanishes(w *World) {
	w.Start()
	if _, err := w.Process.FirstPoll(w.Context()); err != nil {
		w.Fatal(err)
	}
	w.Runtime.Vanish()
	soon, cancel := context.WithTimeout(w.Context(), 2*time.Second)
	defer cancel()
	_, _ = w.Process.Wait(soon) // either is well
	if out := w.Process.Output(); strings.Count(out, "\n") > 5 || out == "" {
		w.Errorf("it said: %.2000s", out)
	}
	w.WantUntouched()
}

func testBrokenConfiguration(w *World) {
	w.Env["CLOUDS_0_TYPE"] = "aliyum"
	w.Env["SYNC_WRITERS"] = "many"
	w.Start()
	for range 2 {
		w.WantError(w.Invoke("", runtimetest.Options{}), "clouds[0].type", "aliyun", "sync.writers")
	}
	w.WantOnlyNotified("告警", "配置不可用", "aliyun", "sync.writers") // once, not by every tick
}

// testStateInFolder: state lasts across processes, and the lease names the function as its holder.
func testStateInFolder(w *World) {
	w.FillInstances(0, 3, "cn-beijing")
	folder := w.TempDir()
	w.Env["STATE"] = "file://" + folder
	w.Start()
	w.Run("", report.OK, runtimetest.Options{})
	w.Process.Stop()
	w.Start()
	before := w.JMS.Requests()
	if r := w.Run("", report.OK, runtimetest.Options{}); r.Unchanged != 3 || w.JMS.Requests() != before+1 {
		w.Errorf("%d requests, %+v", w.JMS.Requests()-before, r)
	}
	leases := 0
	err := filepath.WalkDir(folder, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		if strings.Contains(string(text), `"holder":"`+w.Function+`"`) {
			leases++
		}
		return err
	})
	if err != nil || leases == 0 {
		w.Errorf("no lease names %s: %v", w.Function, err)
	}
}

// testTerminatedWhileWaiting ends the program while it waits for an event.
func testTerminatedWhileWaiting(w *World) {
	w.FillInstances(0, 1, "cn-beijing")
	w.Start()
	w.Run("", report.OK, runtimetest.Options{})
	if err := w.Process.Terminate(); err != nil {
		w.Error(err)
	}
	if why, err := w.Process.Wait(w.Context()); err != nil || !strings.HasPrefix(why, "exit status 0") {
		w.Errorf("%s %v", why, err)
	}
}

// WantRefused sends events that the function must refuse: it runs nothing, asks nobody, and says each time what is
// allowed.
func (w *World) WantRefused(says string, events ...string) {
	w.Helper()
	w.FillInstances(0, 1, "cn-beijing")
	w.Start()
	for _, event := range events {
		w.WantError(w.Send([]byte(event), runtimetest.Options{}), says)
	}
	for _, payload := range []string{
		"TestPayload", "null", "[]", `"x"`, "{", `{"region":["cn-beijing"]}`, `{"regions":"cn-beijing"}`,
		`{"regions":[]}`, `{"clouds":[""]}`, `{"dry_run":"yes"}`, `{"dry_run":true} {}`, `{"part":"1/2"}`,
	} {
		w.WantError(w.Invoke(payload, runtimetest.Options{}), `{"clouds":`, says)
	}
	w.WantUntouched()
}
