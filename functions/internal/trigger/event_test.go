package trigger

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// readSample returns a saved sample.
func readSample(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// listSamples returns the names of the saved samples that match a pattern, at least n.
func listSamples(t testing.TB, pattern string, n int) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", pattern))
	if err != nil || len(files) < n {
		t.Fatalf("%s: %q %v", pattern, files, err)
	}
	names := make([]string, 0, len(files))
	for _, f := range files {
		names = append(names, filepath.Base(f))
	}
	return names
}

func TestAWSSamples(t *testing.T) {
	t.Parallel()
	kind, tick, err := ParseAWS(readSample(t, "aws-scheduled-event.json"))
	want := Timer{FiredAt: time.Date(2016, 12, 30, 18, 44, 49, 0, time.UTC), Name: "SampleRule"}
	if err != nil || kind != TimerFired || !reflect.DeepEqual(tick, want) {
		t.Errorf("scheduled: %s %+v %v", kind, tick, err)
	}
	for _, name := range listSamples(t, "aws-*statechange*.json", 6) {
		if kind, tick, err := ParseAWS(readSample(t, name)); err != nil || kind != InstanceChanged || !reflect.DeepEqual(tick, Timer{}) {
			t.Errorf("%s: %s %+v %v", name, kind, tick, err)
		}
	}
	for _, name := range listSamples(t, "huawei-*.json", 5) {
		if kind, _, err := ParseAWS(readSample(t, name)); err == nil || kind != "" || !strings.Contains(err.Error(), awsAcceptedText) {
			t.Errorf("%s: %s %v", name, kind, err)
		}
	}
}

func TestParseAWSTimer(t *testing.T) {
	t.Parallel()
	const scheduler = `{"version":"0","id":"x","detail-type":"Scheduled Event","source":"aws.scheduler","account":"1","time":"2026-11-23T10:00:00Z",` +
		`"region":"us-east-1","resources":["arn:aws:scheduler:us-east-1:1:schedule/default/hourly"],"detail":"{}"}`
	narrow := Request{Clouds: []string{"prod"}, Regions: []string{"us-east-1"}, DryRun: true}
	for text, want := range map[string]Timer{
		scheduler: {FiredAt: testFiredAt, Name: "hourly"},
		`{"time":"2026-11-23T10:00:00Z","payload":{"clouds":["prod"],"regions":["us-east-1"],"dry_run":true}}`:             {FiredAt: testFiredAt, Request: narrow},
		`{"time":"2026-11-23T10:00:00Z","payload":"{\"clouds\":[\"prod\"],\"regions\":[\"us-east-1\"],\"dry_run\":true}"}`: {FiredAt: testFiredAt, Request: narrow},
		`{"payload":{"clouds":["prod"],"regions":["us-east-1"],"dry_run":true}}`:                                           {Request: narrow},
		`{"payload":""}`:                  {},
		`{"payload":{}}`:                  {},
		`{"time":"2026-11-23T10:00:00Z"}`: {FiredAt: testFiredAt},
		`{"time":"2026-11-23T18:00:00+08:00","payload":{"regions":["r"],"part":"2/4"}}`: {
			FiredAt: testFiredAt, Request: Request{Regions: []string{"r"}, Shard: inventory.Shard{Number: 2, Count: 4}},
		},
		`{"detail-type":"Scheduled Event","source":"aws.events","time":"2026-11-23T10:00:00Z","payload":{"dry_run":true}}`: {
			FiredAt: testFiredAt, Request: Request{DryRun: true},
		},
		`{"detail-type":"Scheduled Event","source":"aws.events","time":"2026-11-23T10:00:00Z","resources":7}`: {FiredAt: testFiredAt},
	} {
		kind, tick, err := ParseAWS([]byte(text))
		if !tick.FiredAt.IsZero() {
			tick.FiredAt = tick.FiredAt.UTC()
		}
		if err != nil || kind != TimerFired || !reflect.DeepEqual(tick, want) {
			t.Errorf("%s: %s %+v %v", text, kind, tick, err)
		}
	}
}

// TestAWSRefuses: what cannot be read runs nothing, and the error says what is allowed.
func TestAWSRefuses(t *testing.T) {
	t.Parallel()
	const at = `"time":"2026-11-23T10:00:00Z"`
	for text, want := range map[string]string{
		"":                            "it is empty",
		"null":                        "not a JSON object",
		"[]":                          "not a JSON object",
		`"x"`:                         "not a JSON object",
		`{`:                           "not valid JSON",
		`{}`:                          "it is empty",
		`{"key1":"value1"}`:           `"key1": no such key`, // what the console's test event says
		`{"clouds":["a"]}`:            `"clouds": no such key`,
		`{"Payload":{}}`:              `"Payload" must be written "payload"`,
		`{"TIME":""}`:                 `"TIME" must be written "time"`,
		`{"payload":{},"payload":""}`: `"payload" stands there twice`,
		`{"payload":null}`:            "payload: it is not a JSON object",
		`{"payload":[]}`:              "payload: it is not a JSON object",
		`{"payload":1}`:               "payload: it is not a JSON object",
		`{"payload":"null"}`:          "payload: it is not a JSON object",
		`{"payload":{"cloud":["a"]}}`: `payload: "cloud": no such key`,
		`{"payload":{"clouds":[]}}`:   "payload: \"clouds\": the list is empty",
		`{"payload":{"dry_run":true,"dry_run":false}}`:                   `"dry_run" stands there twice`,
		`{"payload":{"regions":["r"],"part":"1/2"}}`:                     "the time of their tick, which is missing",
		`{"time":null,"payload":{}}`:                                     "time is missing",
		`{"time":""}`:                                                    "time must be a time",
		`{"time":"<aws.scheduler.scheduled-time>"}`:                      "time must be a time",
		`{"time":"0001-01-01T00:00:00Z"}`:                                "time must be a time",
		`{"detail-type":"Scheduled Event","source":"aws.events"}`:        "time is missing",
		`{"detail-type":"Scheduled Event","source":"my.app",` + at + `}`: `"Scheduled Event" of "my.app"`,
		`{"detail-type":"Scheduled Event",` + at + `}`:                   `"Scheduled Event" of ""`,
		`{"detail-type":1,` + at + `}`:                                   "must be texts",
		`{"detail-type":"S3 Object Created","source":"aws.s3"}`:          `"S3 Object Created" of "aws.s3"`,
		`{"detail-type":"EC2 Instance State-change Notification"}`:       `"EC2 Instance State-change Notification" of ""`,
		`{"Records":[{"eventSource":"aws:s3"}]}`:                         `a record of "aws:s3"`,
		`{"Records":[{"eventSource":"aws:sqs"},{"eventSource":""}]}`:     `a record of ""`,
		`{"Records":[]}`:   "Records must be a list",
		`{"Records":7}`:    "Records must be a list",
		`{"Records":null}`: "Records must be a list",
		`{"triggerTime":"2026-11-23T10:00:00Z","payload":""}`: `"triggerTime": no such key`,
	} {
		kind, tick, err := ParseAWS([]byte(text))
		if err == nil || kind != "" || !reflect.DeepEqual(tick, Timer{}) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), awsAcceptedText) {
			t.Errorf("%s: %s %+v %v, want %q", text, kind, tick, err, want)
		}
	}
}

func TestHuaweiSamples(t *testing.T) {
	t.Parallel()
	documented := readSample(t, "huawei-timer.json") // whose user_event is nobody's request
	if _, _, err := ParseHuawei(documented); err == nil || !strings.Contains(err.Error(), "user_event: it is not a JSON object") {
		t.Errorf("documented sample: %v", err)
	}
	kind, tick, err := ParseHuawei([]byte(strings.Replace(string(documented), "User Event", "", 1)))
	at := time.Date(2018, 6, 1, 0, 30, 0, 0, time.UTC)
	if err != nil || kind != TimerFired || !tick.FiredAt.Equal(at) || tick.Name != "Timer_001" || !reflect.DeepEqual(tick.Request, Request{}) {
		t.Errorf("documented sample without its payload: %s %+v %v", kind, tick, err)
	}
	for _, name := range listSamples(t, "huawei-cts*.json", 5) {
		if kind, tick, err := ParseHuawei(readSample(t, name)); err != nil || kind != InstanceChanged || !reflect.DeepEqual(tick, Timer{}) {
			t.Errorf("%s: %s %+v %v", name, kind, tick, err)
		}
	}
	for _, name := range listSamples(t, "aws-*.json", 7) {
		if kind, _, err := ParseHuawei(readSample(t, name)); err == nil || kind != "" || !strings.Contains(err.Error(), huaweiAcceptedText) {
			t.Errorf("%s: %s %v", name, kind, err)
		}
	}
}

func TestParseHuaweiTimer(t *testing.T) {
	t.Parallel()
	const head = `{"version":"v1.0","time":"2026-11-23T18:00:00+08:00","trigger_type":"TIMER"`
	for text, want := range map[string]Timer{
		head + `}`: {FiredAt: testFiredAt},
		head + `,"trigger_name":"T","user_event":"{\"regions\":[\"cn-north-4\"],\"part\":\"1/2\"}"}`: {
			FiredAt: testFiredAt, Name: "T", Request: Request{Regions: []string{"cn-north-4"}, Shard: inventory.Shard{Number: 1, Count: 2}},
		},
		head + `,"trigger_name":null,"user_event":null}`: {FiredAt: testFiredAt},
	} {
		kind, tick, err := ParseHuawei([]byte(text))
		tick.FiredAt = tick.FiredAt.UTC()
		if err != nil || kind != TimerFired || !reflect.DeepEqual(tick, want) {
			t.Errorf("%s: %s %+v %v", text, kind, tick, err)
		}
	}
}

func TestHuaweiRefuses(t *testing.T) {
	t.Parallel()
	const timer = `{"trigger_type":"TIMER","time":"2026-11-23T10:00:00Z"`
	for text, want := range map[string]string{
		"":                                     "it is empty",
		"hello":                                "not a JSON object",
		`[{"cts":{}}]`:                         "not a JSON object",
		`{}`:                                   `a trigger of the type ""`,
		`{"user_event":""}`:                    `a trigger of the type ""`,
		`{"trigger_type":"OBS"}`:               `a trigger of the type "OBS"`,
		`{"trigger_type":"timer"}`:             `a trigger of the type "timer"`,
		`{"trigger_type":1}`:                   "trigger_type must be a text",
		`{"CTS":{}}`:                           `"CTS" must be written "cts"`,
		`{"trigger_type":"TIMER","cts":{}}`:    `a trigger of the type "TIMER"`,
		`{"trigger_type":"TIMER"}`:             "time is missing",
		`{"trigger_type":"TIMER","time":null}`: "time is missing",
		`{"trigger_type":"TIMER","time":"8"}`:  "time must be a time",
		timer + `,"trigger_name":1}`:           "trigger_name must be a text",
		timer + `,"user_event":{}}`:            "user_event must be a text",
		timer + `,"user_event":"x"}`:           "user_event: it is not a JSON object",
		timer + `,"User_Event":""}`:            `"User_Event" must be written "user_event"`,
		timer + `,"user_event":"{\"part\":\"1/2\"}"}`: `user_event: "part": a part without clouds or regions`,
	} {
		kind, tick, err := ParseHuawei([]byte(text))
		if err == nil || kind != "" || !reflect.DeepEqual(tick, Timer{}) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), huaweiAcceptedText) {
			t.Errorf("%s: %s %+v %v, want %q", text, kind, tick, err, want)
		}
	}
}

// TestWrappedChanges: what brings events from queues, topics and HTTP is a change, and the cloud's decoder looks inside.
func TestWrappedChanges(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		parse func([]byte) (EventKind, Timer, error)
		event string
	}{
		"CloudTrail's record":          {ParseAWS, string(readSample(t, "aws-cloudtrail-record-bare-runinstances.json"))},
		"CloudTrail's file":            {ParseAWS, `{"Records":[` + string(readSample(t, "aws-cloudtrail-record-bare-runinstances.json")) + `]}`},
		"SQS":                          {ParseAWS, `{"Records":[{"eventSource":"aws:sqs","body":"{}"}]}`},
		"SNS":                          {ParseAWS, `{"Records":[{"EventSource":"aws:sns","Sns":{"Message":"{}"}}]}`},
		"SNS by HTTP":                  {ParseAWS, `{"Type":"Notification","TopicArn":"arn:aws:sns:r:1:t","Message":"{}"}`},
		"a function's URL":             {ParseAWS, `{"version":"2.0","requestContext":{},"body":"{}"}`},
		"CTS without its key":          {ParseHuawei, string(readSample(t, "huawei-cts-no-envelope.json"))},
		"CTS behind a byte order mark": {ParseHuawei, "\xef\xbb\xbf" + string(readSample(t, "huawei-cts-in-smn.json"))},
		"SMN":                          {ParseHuawei, `{"record":[{"event_source":"smn","smn":{"message":"{}"}}]}`},
		"SMN by HTTP":                  {ParseHuawei, `{"type":"Notification","topic_urn":"urn:smn:r:p:t","message":"{}"}`},
		"APIG":                         {ParseHuawei, `{"httpMethod":"POST","requestContext":{},"isBase64Encoded":true,"body":"e30="}`},
	} {
		if kind, tick, err := c.parse([]byte(c.event)); err != nil || kind != InstanceChanged || !reflect.DeepEqual(tick, Timer{}) {
			t.Errorf("%s: %s %+v %v", name, kind, tick, err)
		}
	}
}
