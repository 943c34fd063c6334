package alibaba

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

// TestSamples decodes every sample of testdata/events, which are events as the cloud documents them, or derived from
// those; each file must be in the table.
func TestSamples(t *testing.T) {
	t.Parallel()
	const here, otherwise = "1690700000000030 cn-hangzhou ", "not a change of an instance's state or address"
	wants := map[string]string{
		"ali-actiontrail-deletedisk.data-only":                    "ActionTrail DeleteDisk | ignored: not a call that makes or releases instances",
		"ali-cloudmonitor-ecs-statechange-deleted":                "StateChange Deleted | " + here + "i-bp1ecr0000000005go2g gone",
		"ali-cloudmonitor-ecs-statechange-running":                "StateChange Running | " + here + "i-bp1ecr0000000005go2g",
		"ali-cloudmonitor-ecs-statechange-stopping":               "StateChange Stopping | ignored: not a state that is acted on",
		"ali-eventbridge-actiontrail-deleteinstance":              "ActionTrail DeleteInstance | " + here + "i-bp1aaaa0000000000001 gone",
		"ali-eventbridge-actiontrail-runinstances":                "ActionTrail RunInstances | " + here + "i-bp1aaaa0000000000001,i-bp1aaaa0000000000002",
		"ali-eventbridge-ecs-statechange-deleted":                 "StateChange Deleted | " + here + "i-bp1ecr0000000005go2g gone",
		"ali-eventbridge-ecs-statechange-pending":                 "StateChange Pending | ignored: not a state that is acted on",
		"ali-eventbridge-ecs-statechange-running":                 "StateChange Running | " + here + "i-bp1ecr0000000005go2g",
		"ali-eventbridge-ecs-statechange-starting":                "StateChange Starting | ignored: not a state that is acted on",
		"ali-eventbridge-ecs-statechange-stopped":                 "StateChange Stopped | " + here + "i-bp1ecr0000000005go2g",
		"ali-eventbridge-ecs-statechange-stopping":                "StateChange Stopping | ignored: not a state that is acted on",
		"ali-eventbridge-envelope.documented":                     "aliyuncvc:MeetingEvent:MemberOperate | ignored: " + otherwise,
		"fc-eventbridge-mns-single.documented":                    "mns:Queue:SendMessage | ignored: " + otherwise,
		"fc-eventbridge-streaming-array.documented":               "alikafka:Topic:Message | ignored: " + otherwise,
		"ali-cloudmonitor-ecs-systemmaintenance-reboot-scheduled": "ECS Instance:SystemMaintenance.Reboot:Scheduled | ignored: " + otherwise,
		"ali-cloudmonitor2-alert-running":                         "StateChange Running | 1234567890123456 us-east-1 i-2zefake0000000000001",
		"ali-eventbridge-systemfailure-delete":                    "SystemFailure.Delete Executed | 1234567890123456 cn-hangzhou i-bp1fake0000000000001 gone",
		"ali-eventbridge-vswitchchanged":                          "VSwitchChanged | 1234567890123456 cn-hangzhou i-bp1fake0000000000001",
		"ali-mns-queue-ecs-deleted-blank-id":                      "StateChange Deleted | 1234567890123456 cn-hangzhou i-bp1fake0000000000001 gone",
		"ali-eventbridge-ecs-statechange-running-nested-content":  "StateChange Running | " + here + "i-bp1ecr0000000005go2g",
		"fc-eventbridge-streaming-array-ecs": "StateChange Running | " + here + "i-bp1ecr0000000005go2g\n" +
			"StateChange Deleted | " + here + "i-bp1ecr0000000005go2h gone",
	}
	cloudtest.CheckRecorded(t, Events, cloud.Origin{}, wants)
}

// unknown is said of what no form fits.
const unknown = "no form of event that is known: a JSON object "

// Two whole events, for the tests to change a field or two.
const (
	runningEvent = `{"id":"e1","source":"acs.ecs","type":"ecs:Instance:StateChange",
		"subject":"acs:ecs:cn-beijing:123:instance/i-1","time":"2026-11-23T22:01:14+08:00",
		"data":{"resourceId":"i-1","resourceType":"ALIYUN::ECS::Instance","state":"Running"},
		"aliyunaccountid":"123","aliyunregionid":"cn-beijing"}`
	deletingEvent = `{"id":"e2","type":"actiontrail:ActionTrail:ApiCall","subject":"acs:actiontrail:cn-beijing:123:event/e2",
		"data":{"eventId":"e2","eventName":"DeleteInstances","serviceName":"Ecs","acsRegion":"cn-beijing",
		"referencedResources":{"ACS::ECS::Instance":["i-1","i-2"]},"userIdentity":{"accountId":"123"}},
		"aliyunaccountid":"123","aliyunregionid":"cn-beijing"}`
	monitoredEvent = `{"product":"ECS","name":"Instance:StateChange","id":"e3","regionId":"cn-beijing","userId":"123",
		"resourceId":"acs:ecs:cn-beijing:123:instance/i-1","content":{"resourceId":"i-1","state":"Stopped"},"ver":"1.0"}`
)

// eventForm is one way to write an event, and what is parsed of it.
type eventForm struct {
	name, event string
	fields      []string // for edit
	want        string
}

func checkForms(t *testing.T, forms []eventForm) {
	t.Helper()
	for _, f := range forms {
		if got := cloudtest.FormatEvents(Events([]byte(cloudtest.EditJSON(t, f.event, f.fields...)), cloud.Origin{})); got != f.want {
			t.Errorf("%s\n got %s\nwant %s", f.name, got, f.want)
		}
	}
}

// TestStateChange writes the same change in all the forms that are understood.
func TestStateChange(t *testing.T) {
	t.Parallel()
	const run = "StateChange Running | 123 cn-beijing i-1"
	checkForms(t, []eventForm{
		{"whole", runningEvent, nil, run},
		{"data as text", runningEvent, []string{"data", `"{\"resourceId\":\"i-1\",\"state\":\"Running\"}"`}, run},
		{"nested", runningEvent, []string{"data", `{"content":{"resourceId":"i-1","state":"Running"},"name":"x"}`}, run},
		{"nested as text", runningEvent, []string{"data", `{"content":"{\"resourceId\":\"i-1\",\"state\":\"Running\"}"}`}, run},
		{"half nested", runningEvent, []string{"data", `{"content":{"resourceId":"i-1"},"state":"Running"}`, "subject", ""}, run},
		{"other half nested", runningEvent, []string{"data", `{"content":{"state":"Running"},"resourceId":"i-1"}`, "subject", ""}, run},
		{"content is no object", runningEvent, []string{"data.content", `[1]`}, run},
		{"subject tells the id", runningEvent, []string{"data", `{"state":"Running"}`}, run},
		{"subject tells all", runningEvent, []string{"data.resourceId", "null", "aliyunaccountid", "", "aliyunregionid", ""}, run},
		{"data tells all by a name", runningEvent, []string{"data.resourceId", `"acs:ecs:cn-beijing:123:instance/i-1"`,
			"subject", "", "aliyunaccountid", "", "aliyunregionid", ""}, run},
		{"a bus of another account and region", runningEvent, []string{"aliyunaccountid", `"9"`, "aliyunregionid", `"cn-shanghai"`}, run},
		{"subject with placeholders", runningEvent, []string{"subject", `"acs:ecs:*:{AccountId}:instance/i-9"`}, run},
		{"subject is something else", runningEvent, []string{"subject", `"hello"`}, run},
		{"subject is no text", runningEvent, []string{"subject", `{"a":1}`}, run},
		{"numbers for strings", runningEvent, []string{"id", "7", "aliyunaccountid", "123", "subject", ""}, run},
		{"odd times", runningEvent, []string{"time", "1606792869798", "aliyunpublishtime", `"2020-11-19T21:04:42.179PRC"`}, run},
		{"unknown fields", runningEvent, []string{"extra", `{"id":[1]}`, "data.more", "[[]]", "content", `"x"`, "userIdentity", "5"}, run},
		{"released", runningEvent, []string{"data.state", `"Deleted"`}, "StateChange Deleted | 123 cn-beijing i-1 gone"},
		{"another state", runningEvent, []string{"data.state", `"Sleeping"`}, "StateChange Sleeping | ignored: not a state that is acted on"},
		{"another type", runningEvent, []string{"type", `"ecs:Disk:StateChange"`}, "ecs:Disk:StateChange | ignored: not a change of an instance's state or address"},
		{"masked account in the subject only", runningEvent, []string{"subject", `"acs:ecs:cn-beijing:12****:instance/i-1"`}, run},
	})
}

// TestStateChangeLacks: an error names everything that is missing.
func TestStateChangeLacks(t *testing.T) {
	t.Parallel()
	const lacks = "StateChange Running | error: alibaba event e1: the event lacks "
	checkForms(t, []eventForm{
		{"masked running", runningEvent, []string{"data.resourceId", `"i-bp1ecr********5go2go"`},
			lacks + `a valid instance id ("i-bp1ecr********5go2go" is none)`},
		{"a letter that only looks like k", runningEvent, []string{"data.resourceId", `"i-\u212a"`}, lacks + "a valid instance id (\"i-\u212a\" is none)"},
		{"a disk", runningEvent, []string{"data.resourceId", `"d-1"`}, lacks + `a valid instance id ("d-1" is none)`},
		{"an endless id", runningEvent, []string{"data.resourceId", `"i-` + strings.Repeat("1", 80) + `"`, "subject", ""},
			lacks + `a valid instance id ("i-` + strings.Repeat("1", 62) + `" is none)`},
		{"masked account", runningEvent, []string{"aliyunaccountid", `"12****"`, "subject", ""}, lacks + "the account's id (aliyunaccountid)"},
		{"no account, region, id", runningEvent, []string{"aliyunaccountid", "", "aliyunregionid", `""`, "subject", "", "data.resourceId", ""},
			lacks + "the account's id (aliyunaccountid), the region (aliyunregionid), the instance's id (data.resourceId or the subject)"},
		{"odd region", runningEvent, []string{"aliyunregionid", `"../x"`, "subject", ""}, lacks + "the region (aliyunregionid)"},
		{"no state", runningEvent, []string{"data.state", ""}, "StateChange | error: alibaba event e1: the event has no state (data.state)"},
		{"no data", runningEvent, []string{"data", "null"}, "StateChange | error: alibaba event e1: the event has no state (data.state)"},
		{"endless state", runningEvent, []string{"data.state", `"` + strings.Repeat("x", 1000) + `"`},
			"StateChange | error: alibaba event e1: the event has no state (data.state)"},
		{unknown, runningEvent, []string{"type", ""}, " | error: event: " + unknown + `with the keys "aliyunaccountid", "aliyunregionid", "data", "id", "source" and 2 more`},
		{"no id", runningEvent, []string{"id", "", "type", "true"}, " | error: event: " + unknown + `with the keys "aliyunaccountid", "aliyunregionid", "data", "source", "subject" and 2 more`},
	})
}

func TestActionTrail(t *testing.T) {
	t.Parallel()
	const del = "ActionTrail DeleteInstances | 123 cn-beijing i-1,i-2 gone"
	checkForms(t, []eventForm{
		{"whole trail", deletingEvent, nil, del},
		{"trail without an envelope", cloudtest.EditJSON(t, deletingEvent, "data.eventId", `"e2"`), []string{"id", "", "type", `"ecs:ActionTrail:AliyunServiceEvent"`}, del},
		{"trail with a single id", deletingEvent, []string{"data.referencedResources", `{"ACS::ECS::Instance":"i-1","ACS::ECS::Disk":{}}`},
			"ActionTrail DeleteInstances | 123 cn-beijing i-1 gone"},
		{"trail with ids twice and empty ones", deletingEvent, []string{"data.referencedResources", `{"ACS::ECS::Instance":["i-2",null,"i-1","","i-2"]}`}, del},
		{"trail with odd fields", deletingEvent, []string{"data.userIdentity", `"root"`, "data.eventAttributes", "[]", "data.eventVersion", `{}`}, del},
		{"trail where only the caller names the account", deletingEvent, []string{"subject", "", "aliyunaccountid", ""}, del},
		{"trail of another region than the bus", deletingEvent, []string{"data.acsRegion", `"cn-shanghai"`},
			"ActionTrail DeleteInstances | 123 cn-shanghai i-1,i-2 gone"},
		{"failed call", deletingEvent, []string{"data.errorCode", `"Forbidden.RAM"`}, "ActionTrail DeleteInstances | ignored: the call failed: Forbidden.RAM"},
		{"call of another service", deletingEvent, []string{"data.serviceName", `"Rds"`}, "ActionTrail DeleteInstances | ignored: not a call of ECS"},
		{"another call", deletingEvent, []string{"data.eventName", `"RebootInstance"`},
			"ActionTrail RebootInstance | ignored: not a call that makes or releases instances"},
		{"create", deletingEvent, []string{"data.eventName", `"CreateInstance"`, "data.serviceName", ""}, "ActionTrail CreateInstance | 123 cn-beijing i-1,i-2"},
		{"trail without a name", deletingEvent, []string{"data.eventName", ""}, "ActionTrail | error: alibaba event e2: the event has no name (data.eventName)"},
		{"trail without ids", deletingEvent, []string{"data.referencedResources", "[]"}, "ActionTrail DeleteInstances | error: alibaba event e2: " +
			"the event lacks the instance's id (data.resourceId or the subject)"},
	})
}

func TestCloudMonitor(t *testing.T) {
	t.Parallel()
	const stop = "StateChange Stopped | 123 cn-beijing i-1"
	checkForms(t, []eventForm{
		{"whole CloudMonitor", monitoredEvent, nil, stop},
		{"CloudMonitor of another product", monitoredEvent, []string{"product", `"RDS"`}, "RDS Instance:StateChange | ignored: not a change of an instance's state or address"},
		{"CloudMonitor in lower case", monitoredEvent, []string{"product", `"ecs"`, "userId", "123", "resourceId", ""}, stop},
		{"CloudMonitor without content", monitoredEvent, []string{"content", ""}, "StateChange | error: alibaba event e3: the event has no state (data.state)"},
		{"CloudMonitor without the inner id", monitoredEvent, []string{"content", `{"state":"Stopped"}`}, stop},
	})
}

// TestBatches: an array holds objects or JSON texts, and a broken one leaves the others alone.
func TestBatches(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(runningEvent)
	if err != nil {
		t.Fatal(err)
	}
	const run = "StateChange Running | 123 cn-beijing i-1"
	broken := cloudtest.EditJSON(t, runningEvent, "data.state", "")
	for payload, want := range map[string]string{
		" " + runningEvent + "\n": run,
		string(text):              run,
		"[" + runningEvent + "]":  run,
		"\n[" + string(text) + "," + broken + `,5,"x",null,[],` + monitoredEvent + "]": run +
			"\nStateChange | error: alibaba event e1: the event has no state (data.state)" +
			"\n | error: event: it is not a JSON object: json: cannot unmarshal number into Go value of type map[string]json.RawMessage" +
			"\n | error: event: it is not a JSON object: invalid character 'x' looking for beginning of value" +
			"\n | error: event: it is not a JSON object: unexpected end of JSON input" +
			"\n | error: event: it is not a JSON object: json: cannot unmarshal array into Go value of type map[string]json.RawMessage" +
			"\nStateChange Stopped | 123 cn-beijing i-1",
	} {
		if got := cloudtest.FormatEvents(Events([]byte(payload), cloud.Origin{})); got != want {
			t.Errorf("%s\n got %s\nwant %s", payload, got, want)
		}
	}
}

// TestAbsurd: what no platform sends is one error that says so, at once.
func TestAbsurd(t *testing.T) {
	t.Parallel()
	nested := func(open, inner, end string, n int) string {
		return strings.Repeat(open, n) + inner + strings.Repeat(end, n)
	}
	cloudtest.CheckInvalid(t, Events, cloud.Origin{}, map[string]string{
		"":                                     "it is empty",
		" \n":                                  "it is empty",
		"null":                                 "not a JSON object",
		"1":                                    "not a JSON object",
		"true":                                 "not a JSON object",
		`""`:                                   "not a JSON object",
		`"x"`:                                  "not a JSON object",
		"hello":                                "not a JSON object",
		"{":                                    "not a JSON object",
		"{}":                                   unknown,
		"[]":                                   "the batch is empty",
		"[":                                    "not JSON",
		"[null]":                               "not a JSON object",
		"[[]]":                                 "not a JSON object",
		"[" + runningEvent + ",]":              "not JSON",
		nested("[", "", "]", 9000):             "not a JSON object",
		nested("[", "", "]", 1<<19):            "not JSON",
		`"` + strings.Repeat("x", 1<<20) + `"`: "not a JSON object",
		nested(`{"content":`, "1", "}", 9000):  unknown,
		nested(`{"data":`, "1", "}", 9000):     unknown,
		`{"id":"` + strings.Repeat("é", 1<<19) + `"}`:                                              "event: " + unknown,
		`{"type":"ecs:Instance:StateChange","data":` + nested(`{"content":`, "1", "}", 9000) + "}": "no state",
	})
}

// FuzzEvents: nothing panics, every target is complete and well formed, and no error or ignored
// event carries one.
func FuzzEvents(f *testing.F) {
	cloudtest.FuzzEvents(f, Events, cloud.Origin{}, checkTarget,
		runningEvent, deletingEvent, monitoredEvent, "["+runningEvent+","+deletingEvent+",[]]", "", "null", "1", `""`, "[]", "[null]", "[[]]", "{}",
		`{"type":"ecs:Instance:StateChange","subject":"acs:ecs:::instance/","data":"{\"state\":\"Running\"}"}`,
		cloudtest.Envelopes(f, runningEvent)["SNS in SQS"], cloudtest.Envelopes(f, deletingEvent)["MNS queue, in Base64"], cloudtest.Envelopes(f, monitoredEvent)["HTTP trigger"],
		`{"resourceId":"i-1","resourceType":"ALIYUN::ECS::Instance","state":"Running"}`, `{"alert":{"eventName":"Instance:StateChange","arn":"acs:ecs:r:1:instance/i-1"}}`,
		`{"Records":[{"body":"[]","receiptHandle":1},{"Sns":{"Message":"W10="}},[],5]}`,
		`{"eventName":"RunInstances","referencedResources":{"ACS::ECS::Instance":[null,"i-1",5]},"userIdentity":{"accountId":1}}`,
	)
}

var (
	soundAccount  = regexp.MustCompile(`^[0-9]{1,64}$`)
	soundRegion   = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)
	soundInstance = regexp.MustCompile(`^i-[A-Za-z0-9-]{1,64}$`)
)

func checkTarget(h cloud.EventTarget) error {
	switch {
	case h.Cloud != inventory.Alibaba || !soundAccount.MatchString(h.AccountID) || !soundRegion.MatchString(h.Region):
		return errors.New("an odd cloud, account or region")
	case len(h.InstanceIDs) == 0 || !slices.IsSorted(h.InstanceIDs):
		return errors.New("no instances, or not in order")
	}
	for n, id := range h.InstanceIDs {
		if !soundInstance.MatchString(id) || n > 0 && h.InstanceIDs[n-1] == id {
			return fmt.Errorf("instance id %q, odd or twice", id)
		}
	}
	return nil
}

// TestEnvelopes: queues, topics and HTTP triggers deliver the same event as EventBridge does.
func TestEnvelopes(t *testing.T) {
	t.Parallel()
	for _, event := range []string{runningEvent, deletingEvent, monitoredEvent} {
		cloudtest.CheckEnvelopes(t, Events, cloud.Origin{}, event)
	}
}

// TestAddressChanges: an event that names an instance whose address changed makes the cloud be asked; one that only names
// the interface is left to the timer.
func TestAddressChanges(t *testing.T) {
	t.Parallel()
	const moved = `{"id":"e5","product":"ECS","resourceId":"acs:ecs:cn-beijing:123:eni/eni-1","name":"Instance:VSwitchChanged","userId":"123",
		"regionId":"cn-beijing","content":{"instanceId":"i-1","vswitchId":"vsw-1","privateIpAddress":"10.0.0.9"}}`
	const assigned = `{"id":"e6","product":"ECS","resourceId":"acs:ecs:cn-beijing:123:eni/eni-1","name":"NetworkInterface:PrivateIPAssigned",
		"userId":"123","regionId":"cn-beijing","content":{"eniId":"eni-1","primaryPrivateIp":"10.0.0.9"}}`
	const left = "ignored: it names the interface and no instance: left to the timer"
	checkForms(t, []eventForm{
		{"moved", moved, nil, "VSwitchChanged | 123 cn-beijing i-1"},
		{"moved, by EventBridge", runningEvent, []string{"type", `"ecs:Instance:VSwitchChanged"`, "data", `{"instanceId":"i-1"}`}, "VSwitchChanged | 123 cn-beijing i-1"},
		{"moved, without the instance", moved, []string{"content.instanceId", ""},
			"VSwitchChanged | error: alibaba event e5: the event lacks the instance's id (data.resourceId or the subject)"},
		{"assigned", assigned, nil, "PrivateIPAssigned | " + left},
		{"assigned, with the instance", assigned, []string{"content.instanceId", `"i-1"`}, "PrivateIPAssigned | 123 cn-beijing i-1"},
		{"taken off", assigned, []string{"name", `"NetworkInterface:PrivateIPUnassigned"`, "content.instanceId", `"i-1"`}, "PrivateIPUnassigned | 123 cn-beijing i-1"},
		{"assigned, the interface as resource", assigned, []string{"content", `{"resourceId":"eni-1"}`}, "PrivateIPAssigned | " + left},
	})
}

// TestCreationUndone: the system released what it could not make, once the event is executed.
func TestCreationUndone(t *testing.T) {
	t.Parallel()
	const kind = `"ecs:Instance:SystemFailure.Delete"`
	checkForms(t, []eventForm{
		{"executed", runningEvent, []string{"type", kind, "data", `{"instanceId":"i-1","eventStatus":"Executed"}`}, "SystemFailure.Delete Executed | 123 cn-beijing i-1 gone"},
		{"planned", runningEvent, []string{"type", kind, "data", `{"instanceId":"i-1","eventStatus":"Scheduled"}`}, "SystemFailure.Delete Scheduled | ignored: nothing is released yet"},
		{"no status", runningEvent, []string{"type", kind, "data", `{"instanceId":"i-1"}`}, "SystemFailure.Delete  | ignored: nothing is released yet"},
	})
}

// TestDataAlone: where only the data of an event is delivered, it happened where the function is.
func TestDataAlone(t *testing.T) {
	t.Parallel()
	const data = `{"resourceId":"i-1","resourceType":"ALIYUN::ECS::Instance","state":"Deleted"}`
	for want, from := range map[string]cloud.Origin{
		"StateChange Deleted | 123 cn-beijing i-1 gone": {AccountID: "123", Region: "cn-beijing"},
		"StateChange Deleted | error: alibaba event: the event lacks the account's id (aliyunaccountid), the region (aliyunregionid)": {},
	} {
		if got := cloudtest.FormatEvents(Events([]byte(data), from)); got != want {
			t.Errorf("%+v\n got %s\nwant %s", from, got, want)
		}
	}
	whole := cloudtest.EditJSON(t, runningEvent, "aliyunaccountid", "", "subject", "")
	want := "StateChange Running | error: alibaba event e1: the event lacks the account's id (aliyunaccountid)"
	if got := cloudtest.FormatEvents(Events([]byte(whole), cloud.Origin{AccountID: "9", Region: "cn-beijing"})); got != want {
		t.Errorf("a whole event of an account that is not named\n got %s\nwant %s", got, want)
	}
}

// TestAlert: an alert of CloudMonitor 2.0, whose content stands in two places.
func TestAlert(t *testing.T) {
	t.Parallel()
	const alert = `{"severity":"INFO","userId":"123","alert":{"product":"ECS","eventName":"Instance:StateChange","userId":"123","dedupId":"d1",
		"source":"SYS_EVENT","arn":"acs:ecs:cn-beijing:123:instance/i-1","eventContentMap":{"resourceId":"i-1","state":"Deleted"},
		"eventRawContent":"{\"resourceId\":\"i-1\",\"state\":\"Running\"}","meta":{"sysEventMeta":{"regionId":"cn-beijing","id":"e7"}}}}`
	checkForms(t, []eventForm{
		{"an object", alert, nil, "StateChange Deleted | 123 cn-beijing i-1 gone"},
		{"the text of the content", alert, []string{"alert.eventContentMap", ""}, "StateChange Running | 123 cn-beijing i-1"},
		{"no name of a resource", alert, []string{"alert.arn", ""}, "StateChange Deleted | 123 cn-beijing i-1 gone"},
		{"of another product", alert, []string{"alert.product", `"RDS"`}, "RDS Instance:StateChange | ignored: not a change of an instance's state or address"},
		{"of a metric", alert, []string{"alert.eventName", `"CPU"`}, "ECS CPU | ignored: not a change of an instance's state or address"},
	})
}
