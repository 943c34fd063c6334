package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/functions/internal/functiontest"
	"github.com/jms-sync/jms-sync/functions/runtimetest"
)

// product links main, and with it the whole program, into the test's binary. The tests build the program themselves, so
// without this go test would not notice a change and would report cached results.
var product = main

// TestFunction drives the built program as Function Compute does. Compiling takes time, so all scenarios share one
// program; each has its own process and its own world.
func TestFunction(t *testing.T) {
	t.Parallel()
	runtime.KeepAlive(product)
	program := functiontest.Build(t)
	for name, scenario := range map[string]func(*world){
		"results document":             testResultsDocument,
		"narrowed":                     testFilteredRun,
		"dry run":                      testDryRun,
		"bad payloads":                 testBadPayloads,
		"stale tick":                   testStaleFiring,
		"role":                         testRoleCredentials,
		"no key and no role":           testNoKeyAndNoRole,
		"side by side":                 testConcurrentRuns,
		"too little time":              func(w *world) { functiontest.TestTooLittleTime(w.World) },
		"JumpServer down, and up":      testJumpServerDownAndUp,
		"broken configuration":         testBrokenConfiguration,
		"wrong organisation":           testWrongOrganisation,
		"wrong key":                    testWrongKey,
		"configuration file":           testConfigurationFile,
		"variables are missing":        testMissingVariables,
		"webhook of the environment":   testWebhookOfEnvironment,
		"no webhook":                   testNoWebhook,
		"last good webhook":            testLastGoodWebhook,
		"environment only":             testEnvironmentOnly,
		"missing configuration file":   testMissingConfigurationFile,
		"configuration object":         testConfigurationObject,
		"state store":                  testStateStore,
		"paused":                       testPaused,
		"store that cannot be opened":  testUnopenedStore,
		"store that never answers":     testHungStore,
		"parts of one run":             testShards,
		"robot that refuses the cards": testRefusingRobot,
		"robot that never answers":     testHangingRobot,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scenario(newWorld(t, program))
		})
	}
}

// testResultsDocument checks the answer's fields and their order, exactly as documented: users feed it to other
// programs.
func testResultsDocument(w *world) {
	w.FillInstances(0, 3, "cn-beijing")
	w.ECS.Break(alibabatest.Fault{Kind: alibabatest.Forbidden, Action: alibabatest.DescribeInstances, Region: "cn-hangzhou"})
	w.JMS.Fail(jumpservertest.MatchRequest("POST", "/api/v1/assets/hosts/"), 1,
		jumpservertest.Fault{Status: 400, Body: `{"address":["Not a valid address."]}`})
	w.Start()
	answer := w.Invoke("", runtimetest.Options{})
	r := w.ReadReport(answer, report.Partial)
	if r.Total != 3 || r.Created != 2 || r.Failures != 1 || r.DryRun || len(w.Hosts()) != 2 {
		w.Errorf("%s", answer.Body)
	}
	if at, err := time.Parse(time.RFC3339, r.StartedAt); err != nil || time.Since(at) > time.Minute || r.Duration <= 0 {
		w.Errorf("started_at %q, duration_seconds %v", r.StartedAt, r.Duration)
	}
	var lists struct{ Scopes, Changes, Errors []json.RawMessage }
	if err := json.Unmarshal(answer.Body, &lists); err != nil {
		w.Fatal(err)
	}
	if len(lists.Scopes) != 2 || len(lists.Changes) != 3 || len(lists.Errors) != 1 {
		w.Fatalf("%s", answer.Body)
	}
	for _, object := range []struct {
		text json.RawMessage
		want string
	}{
		{answer.Body, "outcome dry_run started_at duration_seconds total created updated deactivated deleted unchanged " +
			"skipped held failed nodes stages peers scopes changes errors"}, // nodes, as this run makes one
		{lists.Scopes[0], "cloud account region complete instances error"},
		{lists.Scopes[1], "cloud account region complete instances error"},
		{lists.Changes[0], "action reason cloud account region instance_id asset_id name address platform fields"},
		{lists.Errors[0], "kind message instance_id"},
	} {
		if got := strings.Join(keysInOrder(w, object.text), " "); got != object.want {
			w.Errorf("keys %s\nwant %s", got, object.want)
		}
	}
	if s := r.Scopes[1]; s.Complete || s.Region != "cn-hangzhou" || s.Error.Kind == "" || s.Error.Kind != "denied" {
		w.Errorf("failed scope %+v", s)
	}
	if again := w.Run("", report.Partial, runtimetest.Options{}); again.Created != 1 || again.Unchanged != 2 {
		w.Errorf("second run: %+v", again)
	}
	if n := len(w.Robot.Messages()); n != 2 {
		w.Errorf("%d cards", n)
	}
}

// keysInOrder returns an object's keys in their order.
func keysInOrder(w *world, object json.RawMessage) []string {
	w.Helper()
	d := json.NewDecoder(bytes.NewReader(object))
	if _, err := d.Token(); err != nil {
		w.Fatal(err)
	}
	var all []string
	for d.More() {
		key, err := d.Token()
		if err != nil {
			w.Fatal(err)
		}
		all = append(all, fmt.Sprint(key))
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			w.Fatal(err)
		}
	}
	return all
}

// testFilteredRun: a run reads only what the payload names, and the other region's assets stay as they are.
func testFilteredRun(w *world) {
	w.FillInstances(0, 4, "cn-beijing", "cn-hangzhou")
	w.Start()
	r := w.Run(`{"clouds":["aliyun-prod"],"regions":["cn-beijing"]}`, report.OK, runtimetest.Options{})
	if r.Created != 4 || len(r.Scopes) != 1 || r.Scopes[0].Region != "cn-beijing" {
		w.Errorf("%+v", r)
	}
	w.Account.Remove("cn-beijing")
	r = w.Run(`{"regions":["cn-hangzhou"]}`, report.OK, runtimetest.Options{})
	if r.Created != 4 || r.Deactivated+r.Held != 0 || len(w.Hosts()) != 8 {
		w.Errorf("%+v", r)
	}
	w.JMS.ResetCounts()
	w.WantError(w.Invoke(`{"clouds":["aliyun-prd"]}`, runtimetest.Options{}), "not_found", "aliyun-prd")
	if n := w.JMS.Requests(); n > 0 {
		w.Errorf("%d requests for an account that does not exist", n)
	}
}

func testDryRun(w *world) {
	w.FillInstances(0, 4, "cn-beijing", "cn-hangzhou")
	w.Start()
	r := w.Run(`{"dry_run":true}`, report.OK, runtimetest.Options{})
	if !r.DryRun || r.Created != 8 || w.JMS.Writes() > 0 || len(w.Hosts()) > 0 {
		w.Errorf("%d writes: %+v", w.JMS.Writes(), r)
	}
}

// testBadPayloads: a payload that is not understood could mean anything, so it runs nothing and asks nobody. The
// documented sample of the trigger is one.
func testBadPayloads(w *world) {
	w.FillInstances(0, 1, "cn-beijing")
	w.Start()
	for _, payload := range []string{
		"TestPayload", "null", "[]", `"x"`, "{", `{"region":["cn-beijing"]}`, `{"regions":"cn-beijing"}`,
		`{"regions":[]}`, `{"clouds":[""]}`, `{"dry_run":"yes"}`, `{"dry_run":true} {}`,
	} {
		w.WantError(w.Invoke(payload, runtimetest.Options{}), "payload", `{"clouds":`)
	}
	for _, body := range []string{"", "{}", "[]", "hello", `{"triggerTime":"soon","payload":""}`} {
		w.WantError(w.Send([]byte(body), runtimetest.Options{}), "timer event")
	}
	sample, err := os.ReadFile("testdata/timer.json")
	if err != nil {
		w.Fatal(err)
	}
	w.WantError(w.Send(sample, runtimetest.Options{}), "payload")
	w.WantUntouched()
}

// testStaleFiring: firings that piled up are answered without a run, unless the user wants them.
func testStaleFiring(w *world) {
	w.FillInstances(0, 1, "cn-beijing")
	w.Start()
	old := newTimerEvent(time.Now().Add(-11*time.Minute), "")
	answer := w.Send(old, runtimetest.Options{})
	w.ReadReport(answer, report.TooLate)
	if !bytes.Contains(answer.Body, []byte(`"scopes":[],"changes":[],"errors":[]`)) {
		w.Errorf("%s", answer.Body)
	}
	w.WantUntouched()
	w.Env["STALE_AFTER"] = "0"
	w.Start()
	if r := w.ReadReport(w.Send(old, runtimetest.Options{}), report.OK); r.Created != 1 {
		w.Errorf("%+v", r)
	}
}

// testRoleCredentials: each invocation uses its own credentials, because earlier ones may have expired.
func testRoleCredentials(w *world) {
	for i := range 2 {
		role := w.ECS.AddAccount(alibabatest.Key{
			AccountID: cloudAccount, AccessKeyID: fmt.Sprintf("STS.role%d", i), AccessKeySecret: roleSecret, SecurityToken: roleToken,
		})
		role.Fill("cn-beijing", 2, alibabatest.SampleInstance)
	}
	delete(w.Env, "CLOUDS_0_ACCESS_KEY_ID")
	delete(w.Env, "CLOUDS_0_ACCESS_KEY_SECRET")
	w.Start()
	first := runtimetest.Options{KeyID: "STS.role0", KeySecret: roleSecret, Token: roleToken}
	if r := w.Run("", report.OK, first); r.Created != 2 {
		w.Errorf("%+v", r)
	}
	w.ECS.Break(alibabatest.Fault{Kind: alibabatest.Inactive, Key: "STS.role0"})
	second := first
	second.KeyID = "STS.role1"
	if r := w.Run("", report.OK, second); r.Unchanged != 2 || r.Created != 0 {
		w.Errorf("%+v", r)
	}
	w.WantError(w.Invoke("", first), "aliyun-prod", "bad_credentials")
	if len(w.Hosts()) != 2 {
		w.Errorf("%d hosts", len(w.Hosts()))
	}
}

func testNoKeyAndNoRole(w *world) {
	delete(w.Env, "CLOUDS_0_ACCESS_KEY_ID")
	delete(w.Env, "CLOUDS_0_ACCESS_KEY_SECRET")
	w.Start()
	w.WantError(w.Invoke("", runtimetest.Options{}), "bad_credentials", "aliyun-prod", "no credentials")
	if n := w.JMS.Writes() + w.ECS.Calls(""); n > 0 {
		w.Errorf("%d calls", n)
	}
}

// testConcurrentRuns overlaps two first runs in one process.
func testConcurrentRuns(w *world) {
	w.FillInstances(0, 30, "cn-beijing", "cn-hangzhou")
	w.JMS.SetLatency(5 * time.Millisecond)
	w.Start()
	var both sync.WaitGroup
	created := make([]int, 2)
	for i := range created {
		both.Go(func() {
			answer, err := w.Runtime.Invoke(w.Context(), newTimerEvent(time.Now(), ""), runtimetest.Options{})
			if err != nil || !answer.OK {
				w.Errorf("%v %s", err, answer.ErrorMessage)
				return
			}
			var r report.Report
			if err := json.Unmarshal(answer.Body, &r); err != nil || r.Outcome != report.OK {
				w.Errorf("%v %s", err, answer.Body)
			}
			created[i] = r.Created
		})
	}
	both.Wait()
	names := map[string]bool{}
	for _, h := range w.Hosts() {
		names[h.Name] = true
		if !slices.Equal(h.Nodes, []string{"/DEFAULT/阿里云/aliyun-prod"}) {
			w.Errorf("nodes %v", h.Nodes)
		}
	}
	if len(names) != 60 || len(w.Hosts()) != 60 || created[0]+created[1] < 60 {
		w.Errorf("%d hosts, %d names, created %v", len(w.Hosts()), len(names), created)
	}
	if r := w.Run("", report.OK, runtimetest.Options{}); r.Created+r.Updated != 0 || r.Unchanged != 60 {
		w.Errorf("a third run: %+v", r)
	}
	if n := len(w.Robot.Messages()); n == 0 || n > 2 { // one for each run that created hosts
		w.Errorf("%d cards", n)
	}
}

func testConfigurationFile(w *world) {
	w.FillInstances(0, 2, "cn-beijing")
	file := filepath.Join(w.TempDir(), "jms-sync.yaml")
	text := fmt.Sprintf(`
environment: {type: PRODUCTION}
jumpserver: {url: %q, access_key_id: %s, access_key_secret: "${BASTION_WORD}"}
clouds:
  - {type: aliyun, name: aliyun-prod, access_key_id: %s, access_key_secret: %s, regions: [cn-beijing], endpoint: %q}
`, w.Env["JUMPSERVER_URL"], jumpservertest.KeyID, cloudKey, cloudSecret, w.Env["CLOUDS_0_ENDPOINT"])
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		w.Fatal(err)
	}
	w.StartWith([]string{"JMS_SYNC_CONFIG=file://" + file, "BASTION_WORD=" + jumpservertest.KeySecret, "JMS_SYNC_LOG_JSON_FORMAT=true"})
	if r := w.Run("", report.OK, runtimetest.Options{}); r.Created != 2 {
		w.Errorf("%+v", r)
	}
	if !strings.Contains(w.Process.Stdout(), `"environment":"PRODUCTION"`) {
		w.Errorf("logs: %s", w.Process.Stdout())
	}
	if hosts := w.Hosts(); len(hosts) != 2 || hosts[0].Nodes[0] != "/DEFAULT/aliyun/aliyun-prod" {
		w.Errorf("%+v", hosts)
	}
}
