package huawei

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// functionOrigin is where the function of these tests runs.
var functionOrigin = cloud.Origin{ProjectID: "0605767b0000000000000000000000c1"}

// TestSamples decodes every sample of testdata/events, which are events as the cloud documents them, or derived from
// those; each file must be in the table.
func TestSamples(t *testing.T) {
	t.Parallel()
	const server = "b2b3853af40448fcb9e40dxj89505ba 0605767b0000000000000000000000c1 b0a9d2b4-2cae-4b66-a6ba-6af70f3bd7f8"
	wants := map[string]string{
		"huawei-cts-blank.documented":        "CTS | ignored: not a call of ECS",
		"huawei-cts.documented":              "CTS deleteGraph | ignored: not a call of ECS",
		"huawei-cts-ecs-createserver":        "CTS createServer | " + server,
		"huawei-cts-ecs-createserver-failed": "CTS createServer | ignored: the call did not succeed: incident",
		"huawei-cts-ecs-deleteserver":        "CTS deleteServer | " + server + " gone",
		"huawei-cts-in-smn":                  "CTS createServer | 0123456789abcdef0123456789abcdef ffffffffffffffffffffffffffffffff 00000000-0000-4000-8000-000000000001",
		"huawei-cts-no-envelope":             "CTS createServer | 0123456789abcdef0123456789abcdef fedcba9876543210fedcba9876543210 00000000-0000-4000-8000-000000000001",
		"huawei-timer":                       ` | error: event: no form of event that is known: a JSON object with the keys "time", "trigger_name", "trigger_type", "user_event", "version"`,
	}
	cloudtest.CheckRecorded(t, Events, functionOrigin, wants)
}

// Three servers, and a whole trace for the tests to change a field or two.
const (
	s1 = "b0a9d2b4-2cae-4b66-a6ba-6af70f3bd7f8"
	s2 = "42d39b4a-19b7-4ee2-b01b-a9f1353b4c54"
	s3 = "cbceb022-569f-44dd-a853-4a6160b7709c"

	createdEvent = `{"time":1795356000000,"user":{"name":"ops","id":"u","domain":{"name":"acme","id":"d1"}},"request":{},"response":{},"code":200,
		"service_type":"ECS","resource_type":"ecs","resource_name":"web-01","resource_id":"` + s1 + `","trace_name":"createServer",
		"trace_type":"ApiCall","record_time":1795356001000,"trace_id":"t1","trace_status":"normal"}`
)

// editTrace is cloudtest.EditJSON of a trace, which it puts under "cts".
func editTrace(t *testing.T, fields ...string) string {
	t.Helper()
	return `{"cts":` + cloudtest.EditJSON(t, createdEvent, fields...) + `}`
}

type eventForm struct {
	name   string
	fields []string // for edit
	want   string
}

func checkForms(t *testing.T, forms []eventForm) {
	t.Helper()
	for _, f := range forms {
		if got := cloudtest.FormatEvents(Events([]byte(editTrace(t, f.fields...)), cloud.Origin{ProjectID: "p0"})); got != f.want {
			t.Errorf("%s\n got %s\nwant %s", f.name, got, f.want)
		}
	}
}

// TestTraces writes calls in all the forms that are understood.
func TestTraces(t *testing.T) {
	t.Parallel()
	const create = "CTS createServer | d1 p0 " + s1
	checkForms(t, []eventForm{
		{"whole", nil, create},
		{"newer name of the status", []string{"trace_status", "", "trace_rating", `"normal"`}, create},
		{"the trace's own project and account", []string{"project_id", `"p7"`, "domain_id", `"d7"`}, "CTS createServer | d7 p7 " + s1},
		{"one account for another", []string{"resource_account_id", `"d9"`, "domain_id", `"d7"`}, "CTS createServer | d9 p0 " + s1},
		{"user as text", []string{"user", `"{\"domain\":{\"id\":\"d1\"}}"`}, create},
		{"upper case", []string{"resource_id", `"` + strings.ToUpper(s1) + `"`, "service_type", `"ecs"`, "resource_type", `"ECS"`}, create},
		{"odd times and types", []string{"time", `""`, "record_time", "{}", "code", `"200"`, "request", "7", "response", `"no json"`, "resource_type", "{}"}, create},
		{"no code", []string{"code", ""}, create},
		{"a version", []string{"trace_name", `"createServerV21"`}, "CTS createServerV21 | d1 p0 " + s1},
		{"start", []string{"trace_name", `"startServer"`}, "CTS startServer | d1 p0 " + s1},
		{"stop", []string{"trace_name", `"stopServer"`}, "CTS stopServer | d1 p0 " + s1},
		{"released", []string{"trace_name", `"deleteServerV2"`}, "CTS deleteServerV2 | d1 p0 " + s1 + " gone"},
		{"released by Nova", []string{"trace_name", `"deleteVmByNative"`}, "CTS deleteVmByNative | d1 p0 " + s1 + " gone"},
		{"an interface is taken away, not the server", []string{"trace_name", `"deleteNic"`}, "CTS deleteNic | d1 p0 " + s1},
		{"a server group is no server", []string{"trace_name", `"deleteServerGroup"`}, "CTS deleteServerGroup | ignored: not a call that makes, changes or releases servers"},
		{"a name that only begins so", []string{"trace_name", `"deleteServerTags"`}, "CTS deleteServerTags | ignored: not a call that makes, changes or releases servers"},
		{"another resource", []string{"resource_type", `"servergroup"`}, "CTS createServer | ignored: not a call that makes, changes or releases servers"},
		{"another service", []string{"service_type", `"EVS"`}, "CTS createServer | ignored: not a call of ECS"},
		{"warning", []string{"trace_status", `"warning"`}, "CTS createServer | ignored: the call did not succeed: warning"},
		{"refused", []string{"code", "403"}, "CTS createServer | ignored: the call did not succeed: HTTP 403"},
		{"refused, as text", []string{"code", `"400"`}, "CTS createServer | ignored: the call did not succeed: HTTP 400"},
	})
}

// TestServersOfTraces: where the ids of servers stand, and where ids of other things do.
func TestServersOfTraces(t *testing.T) {
	t.Parallel()
	const left = "ignored: it names no server: left to the timer"
	checkForms(t, []eventForm{
		{"none", []string{"resource_id", `""`}, "CTS createServer | " + left},
		{"no resource", []string{"resource_id", "", "response", `{"job_id":"` + s2 + `"}`}, "CTS createServer | " + left},
		{"an object", []string{"resource_id", "{}"}, "CTS createServer | " + left},
		{"a job's id", []string{"resource_id", `"4010b39d58b855980158b8574b270018"`}, "CTS createServer | " + left},
		{"an endless one", []string{"resource_id", `"` + strings.Repeat(s1, 100) + `"`}, "CTS createServer | " + left},
		{"a job that has ended", []string{"trace_name", `"createSingleServer"`, "resource_id", "", "response",
			`{"status":"SUCCESS","entities":{"server_id":"` + s2 + `"},"job_id":"4010b39d58b855980158b8574b270018"}`}, "CTS createSingleServer | d1 p0 " + s2},
		{"a job that begins, as text", []string{"resource_id", "", "response", `"{\"job_id\":\"x\",\"serverIds\":[\"` + s3 + `\",\"` + s2 + `\",\"x\",7,null]}"`},
			"CTS createServer | d1 p0 " + s2 + "," + s3},
		{"sub-jobs", []string{"resource_id", "", "response", `{"entities":{"sub_jobs":[{"entities":{"server_id":"` + s2 + `"}},{"entities":{"server_id":"` + s3 + `"}}]}}`},
			"CTS createServer | d1 p0 " + s2 + "," + s3},
		{"several released", []string{"trace_name", `"deleteServer"`, "request", `"{\"servers\":[{\"id\":\"` + s2 + `\"},{\"id\":\"` + s1 + `\"}],\"delete_volume\":true}"`},
			"CTS deleteServer | d1 p0 " + s2 + "," + s1 + " gone"},
		{"other ids of a request", []string{"resource_id", "", "request",
			`{"server":{"name":"a","vpcid":"` + s1 + `","security_groups":[{"id":"` + s2 + `"}],"nics":[{"subnet_id":"` + s3 + `"}]},"volumes":[{"id":"` + s3 + `"}]}`},
			"CTS createServer | " + left},
	})
}

// TestTracesLack: an error names everything that is missing.
func TestTracesLack(t *testing.T) {
	t.Parallel()
	checkForms(t, []eventForm{
		{"no account", []string{"user", ""}, "CTS createServer | error: huawei event t1: the event lacks the account's id (user.domain.id)"},
		{"a masked account", []string{"user", `{"domain":{"id":"7e0d78c85***d0b9b7cba"}}`},
			"CTS createServer | error: huawei event t1: the event lacks the account's id (user.domain.id)"},
		{"an odd project", []string{"project_id", `"../x"`},
			"CTS createServer | error: huawei event t1: the event lacks the project's id (project_id, or RUNTIME_PROJECT_ID of the function)"},
		{"no service", []string{"service_type", ""}, "CTS createServer | error: huawei event t1: the trace has no service_type"},
		{"no name", []string{"trace_name", `""`}, "CTS | error: huawei event t1: the trace has no trace_name"},
		{"no status", []string{"trace_status", "{}"}, "CTS createServer | error: huawei event t1: the trace has no trace_status"},
		{"no id", []string{"trace_id", "", "trace_name", "5", "service_type", "[]"}, "CTS 5 | error: huawei event: the trace has no service_type"},
	})
	events := Events([]byte(editTrace(t, "user", `{"domain":5}`)), cloud.Origin{})
	const want = "CTS createServer | error: huawei event t1: the event lacks the account's id (user.domain.id), " +
		"the project's id (project_id, or RUNTIME_PROJECT_ID of the function)"
	if got := cloudtest.FormatEvents(events); got != want || inventory.KindOf(events[0].Err) != inventory.Invalid {
		t.Errorf("%s", got)
	}
}

// TestAbsurd: what no platform sends is one error that says so, at once.
func TestAbsurd(t *testing.T) {
	t.Parallel()
	nested := func(open, inner, end string, n int) string {
		return strings.Repeat(open, n) + inner + strings.Repeat(end, n)
	}
	text, err := json.Marshal(editTrace(t))
	if err != nil {
		t.Fatal(err)
	}
	if got := cloudtest.FormatEvents(Events(text, functionOrigin)); !strings.HasSuffix(got, s1) {
		t.Errorf("a trace as text: %s", got)
	}
	cloudtest.CheckInvalid(t, Events, functionOrigin, map[string]string{
		"": "is empty", " \n": "is empty", "1": "not a JSON object", "true": "not a JSON object", `"x"`: "not a JSON object", "hello": "not a JSON object",
		"{": "not a JSON object", "[]": "the batch is empty", "null": "not a JSON object", "{}": "no form of event", `{"cts":null}`: "cts is not a JSON object", `{"cts":7}`: "cts is not a JSON object",
		`{"cts":[]}`: "cts is not a JSON object", `{"cts":"x"}`: "cts is not a JSON object", `{"cts":{}}`: "no service_type",
		nested("[", "", "]", 1<<19): "not JSON", nested(`{"cts":`, "1", "}", 9000): "no service_type",
		`{"cts":{"trace_id":"` + strings.Repeat("é", 1<<19) + `"}}`: "huawei event: the trace has no service_type",
	})
}

// FuzzEvents: nothing panics, every target is complete and well formed, and no error or ignored
// event carries one.
func FuzzEvents(f *testing.F) {
	for _, raw := range cloudtest.RecordedEvents(f) {
		f.Add(raw)
	}
	for _, payload := range []string{
		`{"cts":` + createdEvent + `}`, createdEvent, cloudtest.Envelopes(f, createdEvent)["SMN"], cloudtest.Envelopes(f, createdEvent)["HTTP trigger"], "", "null", "1", `""`, "[]", "{}", `{"cts":{}}`, `{"cts":"{\"service_type\":\"ECS\",\"trace_name\":\"createServer\"}"}`,
		`{"cts":{"service_type":"ECS","trace_name":"deleteServer","trace_status":"normal","request":{"servers":[{"id":"` + s1 + `"}]},"domain_id":"d"}}`,
		`{"cts":{"service_type":"ECS","trace_name":"createServer","trace_rating":"normal","response":[[{"server_ids":["` + s1 + `",[]]}]],"user":"{\"domain\":{\"id\":1}}"}}`,
	} {
		f.Add([]byte(payload))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		events := Events(payload, functionOrigin)
		if len(events) == 0 {
			t.Fatal("nothing was heard")
		}
		for _, e := range events {
			if err := cloudtest.CheckEvent(e, checkTarget); err != nil {
				t.Fatalf("%v: %+v", err, e)
			}
		}
	})
}

var soundID = regexp.MustCompile(`^[A-Za-z0-9]{1,64}$`)

func checkTarget(h cloud.EventTarget) error {
	switch {
	case h.Cloud != inventory.Huawei || !soundID.MatchString(h.AccountID) || h.Region != "" || !soundID.MatchString(h.ProjectID):
		return errors.New("an odd cloud, account, region or project")
	case len(h.InstanceIDs) == 0 || !slices.IsSorted(h.InstanceIDs):
		return errors.New("no instances, or not in order")
	}
	for n, id := range h.InstanceIDs {
		if !serverIDPattern.MatchString(id) || n > 0 && h.InstanceIDs[n-1] == id {
			return fmt.Errorf("instance id %q, odd or twice", id)
		}
	}
	return nil
}

// TestEnvelopes: a trace is the same without its key, in messages of SMN, and by HTTP.
func TestEnvelopes(t *testing.T) {
	t.Parallel()
	cloudtest.CheckEnvelopes(t, Events, functionOrigin, editTrace(t))
	cloudtest.CheckEnvelopes(t, Events, functionOrigin, createdEvent)
	const want = "CTS createServer | d1 p0 " + s1
	withMessage := cloudtest.EditJSON(t, createdEvent, "message", `"{\"success\":true}"`, "body", `"{}"`)
	if got := cloudtest.FormatEvents(Events([]byte(withMessage), cloud.Origin{ProjectID: "p0"})); got != want {
		t.Errorf("a trace whose own message is JSON: %s", got)
	}
}
