package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/aws/awstest"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/storage/storagetest"
	"github.com/jms-sync/jms-sync/functions/internal/functiontest"
	"github.com/jms-sync/jms-sync/functions/runtimetest"
)

// product links main, and with it the whole program, into the test's binary. The tests build the program themselves, so
// without this go test would not notice a change and would report cached results.
var product = main

// TestFunction drives the built program as Lambda does. All scenarios share one program; each has
// its own process and its own world.
func TestFunction(t *testing.T) {
	t.Parallel()
	runtime.KeepAlive(product)
	program := functiontest.Build(t)
	scenarios := functiontest.Scenarios()
	scenarios["refused"] = testRefusedEvents
	scenarios["forms of a tick"] = testTimerForms
	scenarios["instance event of nobody"] = testInstanceEvent
	scenarios["instance events"] = testOwnInstance
	scenarios["role reads configuration and state"] = testRole
	for name, scenario := range scenarios {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := functiontest.Host{Function: "lambda", Open: runtimetest.NewLambda, TimerEvent: newScheduleInput}
			scenario(functiontest.New(t, host, program, "1234567890123456"))
		})
	}
}

// newScheduleInput returns the input of a schedule.
func newScheduleInput(at time.Time, payload string) []byte {
	return fmt.Appendf(nil, `{"time":%q,"payload":%q}`, at.UTC().Format(time.RFC3339), payload)
}

// newScheduledEvent returns the Scheduled Event of a rule.
func newScheduledEvent(at time.Time) []byte {
	return fmt.Appendf(nil, `{"version":"0","id":"89d1a02d-5ec7-412e-82f5-13505f849b41","detail-type":"Scheduled Event","source":"aws.events",
		"account":"123456789012","time":%q,"region":"us-east-1","resources":["arn:aws:events:us-east-1:123456789012:rule/SampleRule"],
		"detail":{}}`, at.UTC().Format(time.RFC3339))
}

func testRefusedEvents(w *functiontest.World) {
	w.WantRefused("this function takes EventBridge's",
		`{}`, `[]`, `"hello"`, `null`, `{"key1":"value1"}`, `{"payload":{"clouds":["aliyun-prod"],"part":"1/2"}}`,
		`{"source":"aws.s3","detail-type":"Object Created"}`, `{"detail-type":"Scheduled Event","source":"aws.events"}`)
}

// testTimerForms sends all forms of a timer: a rule's event, which may be stale, and inputs with and without a time.
func testTimerForms(w *functiontest.World) {
	w.FillInstances(0, 2, "cn-beijing", "cn-hangzhou")
	w.Start()
	saved, err := os.ReadFile("testdata/aws-scheduled-event.json")
	if err != nil {
		w.Fatal(err)
	}
	w.ReadReport(w.Send(saved, runtimetest.Options{}), report.TooLate) // it is of 2016
	w.WantUntouched()
	input := `{"payload":{"regions":["cn-beijing"]}}` // without a time it cannot be stale
	if r := w.ReadReport(w.Send([]byte(input), runtimetest.Options{}), report.OK); r.Created != 2 {
		w.Errorf("%+v", r)
	}
	if r := w.ReadReport(w.Send(newScheduledEvent(time.Now()), runtimetest.Options{}), report.OK); r.Created != 2 || r.Unchanged != 2 {
		w.Errorf("%+v", r)
	}
	// aws-lambda-go itself refuses what is no JSON, before the function sees it.
	w.WantError(w.Send([]byte("{"), runtimetest.Options{}), "unexpected EOF")
}

func testInstanceEvent(w *functiontest.World) {
	names, err := filepath.Glob("testdata/aws-*running.json")
	if err != nil || len(names) != 2 {
		w.Fatal(names, err)
	}
	for _, name := range names {
		event, err := os.ReadFile(name)
		if err != nil {
			w.Fatal(err)
		}
		w.WantIgnored(event, "123456789012")
	}
}

// testOwnInstance: events of EventBridge make one EC2 instance known and another one released.
func testOwnInstance(w *functiontest.World) {
	const region, id = "us-east-1", "i-1234567890abcdef0"
	cloud := awstest.New(awstest.Options{Reporter: w})
	w.Cleanup(cloud.Close)
	account := cloud.AddAccount(awstest.Key{
		AccountID: "123456789012", AccessKeyID: functiontest.RoleKey, AccessKeySecret: functiontest.RoleSecret, SessionToken: functiontest.RoleToken,
	})
	instance := awstest.SampleInstance(1)
	instance.ID = id
	w.Environ = []string{
		"AWS_ACCESS_KEY_ID=" + functiontest.RoleKey, "AWS_SECRET_ACCESS_KEY=" + functiontest.RoleSecret, "AWS_SESSION_TOKEN=" + functiontest.RoleToken,
	}
	event := func(state string) []byte {
		text, err := os.ReadFile("testdata/aws-ec2-statechange-" + state + ".json")
		if err != nil {
			w.Fatal(err)
		}
		return []byte(regexp.MustCompile("i-[0-9a-f]{17}").ReplaceAllString(string(text), id))
	}
	w.WantLifeByEvents(functiontest.InstanceLife{
		Account:  map[string]string{"TYPE": "aws", "NAME": "aws-prod", "REGIONS": region},
		Emulator: cloud, Put: func() { account.Put(region, instance) }, Remove: func() { account.Remove(region, id) },
		CreateEvent: event("running"), ReleaseEvent: event("terminated"), Node: "/DEFAULT/aws/aws-prod",
	})
}

// testRole reads configuration and state from S3 with the credentials of the process.
func testRole(w *functiontest.World) {
	w.FillInstances(0, 2, "cn-beijing")
	store := storagetest.NewServer(w, storagetest.S3)
	store.RequireToken(storagetest.GoodToken)
	store.SetObject("conf/jms-sync.yaml", fmt.Appendf(nil, `
jumpserver: {url: %q, access_key_id: %s, access_key_secret: "${BASTION_WORD}"}
clouds:
  - {type: aliyun, name: aliyun-prod, access_key_id: %s, access_key_secret: %s, regions: [cn-beijing], endpoint: %q}
`, w.Env["JUMPSERVER_URL"], jumpservertest.KeyID, functiontest.CloudKey, functiontest.CloudSecret, w.CloudURL))
	env := []string{
		"JMS_SYNC_CONFIG=" + store.Ref("conf/jms-sync.yaml"), "JMS_SYNC_STATE=" + store.Ref("state/"),
		"BASTION_WORD=" + jumpservertest.KeySecret,
	}
	w.StartWith(env)
	w.WantError(w.Invoke("", runtimetest.Options{}), "AWS_ACCESS_KEY_ID")
	w.WantUntouched()
	w.StartWith(append(env, "AWS_ACCESS_KEY_ID="+storagetest.GoodID, "AWS_SECRET_ACCESS_KEY="+storagetest.GoodSecret,
		"AWS_SESSION_TOKEN="+storagetest.GoodToken))
	if r := w.Run("", report.OK, runtimetest.Options{}); r.Created != 2 {
		w.Errorf("%+v", r)
	}
	before := w.JMS.Requests()
	if r := w.Run("", report.OK, runtimetest.Options{}); r.Unchanged != 2 || w.JMS.Requests() != before+1 {
		w.Errorf("%d requests, %+v", w.JMS.Requests()-before, r)
	}
	for _, hidden := range []string{storagetest.GoodID, storagetest.GoodSecret, storagetest.GoodToken} {
		if strings.Contains(w.Process.Output(), hidden) {
			w.Errorf("the output holds %q", hidden)
		}
	}
}
