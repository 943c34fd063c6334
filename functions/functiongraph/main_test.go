package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/huawei/huaweitest"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/storage/storagetest"
	"github.com/jms-sync/jms-sync/functions/internal/functiontest"
	"github.com/jms-sync/jms-sync/functions/runtimetest"
)

// product links main, and with it the whole program, into the test's binary. The tests build the program themselves, so
// without this go test would not notice a change and would report cached results.
var product = main

// TestFunction drives the built program as FunctionGraph's custom runtime does. All scenarios share
// one program; each has its own process and its own world.
func TestFunction(t *testing.T) {
	t.Parallel()
	runtime.KeepAlive(product)
	program := functiontest.Build(t)
	scenarios := functiontest.Scenarios()
	scenarios["refused"] = testRefusedEvents
	scenarios["instance event of nobody"] = testInstanceEvent
	scenarios["instance events"] = testOwnInstance
	scenarios["agency reads configuration and state"] = testAgency
	scenarios["polls without an event"] = testEmptyPolls
	scenarios["no number of seconds"] = testNoTimeout
	for name, scenario := range scenarios {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := functiontest.Host{Function: "functiongraph", Open: runtimetest.NewFunctionGraph, TimerEvent: newTimerEvent}
			scenario(functiontest.New(t, host, program, "1234567890123456"))
		})
	}
}

// newTimerEvent returns what a TIMER trigger sends.
func newTimerEvent(at time.Time, payload string) []byte {
	return fmt.Appendf(nil, `{"version":"v1.0","time":%q,"trigger_type":"TIMER","trigger_name":"Timer_001","user_event":%q}`,
		at.Format(time.RFC3339), payload)
}

func readSample(w *functiontest.World, name string) []byte {
	w.Helper()
	text, err := os.ReadFile("testdata/huawei-" + name + ".json")
	if err != nil {
		w.Fatal(err)
	}
	return text
}

// testRefusedEvents: all other events are refused. So is the documented sample of the timer, whose user_event is no
// request.
func testRefusedEvents(w *functiontest.World) {
	w.WantRefused("this function takes the events of TIMER and CTS triggers",
		"", `{}`, `[]`, `hello`, `null`, `{"trigger_type":"OBS"}`, `{"trigger_type":"TIMER","user_event":""}`, `{"Records":[]}`,
		string(readSample(w, "timer")))
}

func testInstanceEvent(w *functiontest.World) {
	w.WantIgnored(readSample(w, "cts-ecs-createserver"), "b2b3853af40448fcb9e40dxj89505ba")
}

// testOwnInstance: traces of CTS make one server known and another one released. No trace names a region: that of the
// function's project counts.
func testOwnInstance(w *functiontest.World) {
	const region, id, domain = "cn-north-4", "b0a9d2b4-2cae-4b66-a6ba-6af70f3bd7f8", "b2b3853af40448fcb9e40dxj89505ba"
	cloud := huaweitest.New(huaweitest.Options{Reporter: w})
	w.Cleanup(cloud.Close)
	account := cloud.AddAccount(huaweitest.Key{DomainID: domain, AccessKeyID: "HWKEY000000000000001", AccessKeySecret: functiontest.CloudSecret})
	w.Environ = []string{"RUNTIME_PROJECT_ID=" + account.AddProject(region)}
	account.AddProject("cn-east-3")
	server := huaweitest.SampleInstance(1)
	server.ID = id
	w.WantLifeByEvents(functiontest.InstanceLife{
		Account: map[string]string{
			"TYPE": "华为云", "NAME": "huawei-prod", "REGIONS": "cn-east-3,cn-north-4",
			"ACCESS_KEY_ID": "HWKEY000000000000001", "ACCESS_KEY_SECRET": functiontest.CloudSecret,
		},
		Emulator: cloud, Put: func() { account.Put(region, server) }, Remove: func() { account.Remove(region, id) },
		CreateEvent: readSample(w, "cts-ecs-createserver"), ReleaseEvent: readSample(w, "cts-ecs-deleteserver"), Node: "/DEFAULT/华为云/huawei-prod",
	})
}

// testAgency reads configuration and state from OBS with the credentials of each invocation, whether they are in the new
// headers or only in the old ones.
func testAgency(w *functiontest.World) {
	w.FillInstances(0, 2, "cn-beijing")
	store := storagetest.NewServer(w, storagetest.OBS)
	store.RequireToken(storagetest.GoodToken)
	store.SetObject("conf/jms-sync.yaml", fmt.Appendf(nil, `
jumpserver: {url: %q, access_key_id: %s, access_key_secret: "${BASTION_WORD}"}
clouds:
  - {type: aliyun, name: aliyun-prod, access_key_id: %s, access_key_secret: %s, regions: [cn-beijing], endpoint: %q}
`, w.Env["JUMPSERVER_URL"], jumpservertest.KeyID, functiontest.CloudKey, functiontest.CloudSecret, w.CloudURL))
	w.StartWith([]string{
		"JMS_SYNC_CONFIG=" + store.Ref("conf/jms-sync.yaml"), "JMS_SYNC_STATE=" + store.Ref("state/"),
		"BASTION_WORD=" + jumpservertest.KeySecret,
	})
	w.WantError(w.Invoke("", runtimetest.Options{}), "HUAWEICLOUD_SDK_AK")
	w.WantUntouched()
	o := runtimetest.Options{KeyID: storagetest.GoodID, KeySecret: storagetest.GoodSecret, Token: storagetest.GoodToken}
	if r := w.Run("", report.OK, o); r.Created != 2 {
		w.Errorf("%+v", r)
	}
	before := w.JMS.Requests()
	o.LegacyHeaders = true
	if r := w.Run("", report.OK, o); r.Unchanged != 2 || w.JMS.Requests() != before+1 {
		w.Errorf("%d requests, %+v", w.JMS.Requests()-before, r)
	}
	for _, hidden := range []string{storagetest.GoodID, storagetest.GoodSecret, storagetest.GoodToken} {
		if strings.Contains(w.Process.Output(), hidden) {
			w.Errorf("the output holds %q", hidden)
		}
	}
}

// testEmptyPolls: the first polls have no event, as the platform may answer.
func testEmptyPolls(w *functiontest.World) {
	w.FillInstances(0, 1, "cn-beijing")
	w.Start(runtimetest.EmptyPolls(200, 204, 500, 200))
	if r := w.Run("", report.OK, runtimetest.Options{}); r.Created != 1 {
		w.Errorf("%+v", r)
	}
}

// testNoTimeout: without a readable time limit runs have no deadline, and the log says so.
func testNoTimeout(w *functiontest.World) {
	w.FillInstances(0, 1, "cn-beijing")
	w.Environ = []string{"RUNTIME_TIMEOUT=3s"}
	w.Start()
	if r := w.Run("", report.OK, runtimetest.Options{}); r.Created != 1 || !strings.Contains(w.Process.Stderr(), "RUNTIME_TIMEOUT") {
		w.Errorf("%+v\n%s", r, w.OutputTail())
	}
}
