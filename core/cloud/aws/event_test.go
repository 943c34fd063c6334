package aws

import (
	"encoding/json"
	"errors"
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
	const here, between = "123456789012 us-east-1 i-1234567890abcdef0", "ignored: not a state that is acted on"
	wants := map[string]string{
		"aws-cn-ec2-statechange-running":          "State-change running | 123456789012 cn-north-1 i-1234567890abcdef0",
		"aws-ec2-statechange-pending":             "State-change pending | " + between,
		"aws-ec2-statechange-running":             "State-change running | " + here,
		"aws-ec2-statechange-shutting-down":       "State-change shutting-down | " + between,
		"aws-ec2-statechange-stopped":             "State-change stopped | " + here,
		"aws-ec2-statechange-terminated":          "State-change terminated | " + here + " gone",
		"aws-cloudtrail-record-bare-runinstances": "CloudTrail RunInstances | 123456789012 us-west-1 i-784cdacd",
		"aws-scheduled-event":                     "Scheduled Event | ignored: not a change of an instance's state",
	}
	cloudtest.CheckRecorded(t, Events, cloud.Origin{}, wants)
}

// unknown is said of what no form fits.
const unknown = "no form of event that is known: a JSON object "

// runningEvent is a whole event, for the tests to change a field or two.
const runningEvent = `{"version":"0","id":"e1","detail-type":"EC2 Instance State-change Notification","source":"aws.ec2",
	"account":"123","time":"2026-11-23T22:01:14Z","region":"eu-west-1",
	"resources":["arn:aws:ec2:eu-west-1:123:instance/i-1"],"detail":{"instance-id":"i-1","state":"running"}}`

// TestForms writes a change in all the forms that are understood, and in those that are not.
func TestForms(t *testing.T) {
	t.Parallel()
	const run, lacks = "State-change running | 123 eu-west-1 i-1", "State-change running | error: aws event e1: the event lacks "
	for name, f := range map[string]struct {
		fields []string
		want   string
	}{
		"whole":                       {nil, run},
		"ARN tells the id":            {[]string{"detail.instance-id", ""}, run},
		"ARN tells all":               {[]string{"detail.instance-id", "null", "account", "", "region", ""}, run},
		"no ARN":                      {[]string{"resources", "[]"}, run},
		"resources are no list":       {[]string{"resources", `"arn:aws:ec2:eu-west-1:9:instance/i-1"`}, run},
		"odd resources":               {[]string{"resources", `[null,5,{},"x","arn:aws:s3:::b","arn:aws:ec2:::instance/","arn:aws:ec2:eu-west-1:123:volume/vol-1"]`}, run},
		"a bus of another account":    {[]string{"account", `"9"`, "region", `"us-east-1"`}, run},
		"ARN of another instance":     {[]string{"resources", `["arn:aws:ec2:us-east-1:9:instance/i-9"]`}, run},
		"the second ARN":              {[]string{"resources", `["arn:aws:ec2:us-east-1:9:instance/i-9","arn:aws:ec2:eu-west-1:123:instance/i-1"]`, "account", "", "region", ""}, run},
		"ARN with odd parts":          {[]string{"resources", `["arn:aws:ec2:*:12****:instance/i-1"]`}, run},
		"GovCloud":                    {[]string{"resources", `["arn:aws-us-gov:ec2:us-gov-west-1:123:instance/i-1"]`}, "State-change running | 123 us-gov-west-1 i-1"},
		"numbers for strings":         {[]string{"id", "7", "account", "123", "resources", ""}, run},
		"unknown fields":              {[]string{"extra", `{"id":[1]}`, "detail.more", "[[]]", "time", "5"}, run},
		"no source":                   {[]string{"source", ""}, run},
		"terminated":                  {[]string{"detail.state", `"terminated"`}, "State-change terminated | 123 eu-west-1 i-1 gone"},
		"another state":               {[]string{"detail.state", `"rebooting"`}, "State-change rebooting | ignored: not a state that is acted on"},
		"another source":              {[]string{"source", `"my.app"`}, "EC2 Instance State-change Notification | ignored: not an event of EC2"},
		"another type":                {[]string{"detail-type", `"EC2 Spot Instance Interruption Warning"`}, "EC2 Spot Instance Interruption Warning | ignored: not a change of an instance's state"},
		"no state":                    {[]string{"detail.state", ""}, "State-change | error: aws event e1: the event has no state (detail.state)"},
		"no detail":                   {[]string{"detail", "null"}, "State-change | error: aws event e1: the event has no state (detail.state)"},
		"detail is a list":            {[]string{"detail", "[1]"}, "State-change | error: aws event e1: the event has no state (detail.state)"},
		"endless state":               {[]string{"detail.state", `"` + strings.Repeat("x", 1000) + `"`}, "State-change | error: aws event e1: the event has no state (detail.state)"},
		unknown:                       {[]string{"detail-type", ""}, " | error: event: " + unknown + `with the keys "account", "detail", "id", "region", "resources" and 3 more`},
		"no id":                       {[]string{"id", "", "detail-type", "true"}, " | error: event: " + unknown + `with the keys "account", "detail", "detail-type", "region", "resources" and 3 more`},
		"no account, region, id":      {[]string{"account", "", "region", `""`, "resources", "", "detail.instance-id", ""}, lacks + "the account's id (account), the region (region), the instance's id (detail.instance-id, resources or instancesSet)"},
		"odd region":                  {[]string{"region", `"../x"`, "resources", ""}, lacks + "the region (region)"},
		"odd account":                 {[]string{"account", `"12****"`, "resources", ""}, lacks + "the account's id (account)"},
		"a volume":                    {[]string{"detail.instance-id", `"vol-1"`}, lacks + `a valid instance id ("vol-1" is none)`},
		"a wildcard":                  {[]string{"detail.instance-id", `"i-*"`}, lacks + `a valid instance id ("i-*" is none)`},
		"a letter that looks like k":  {[]string{"detail.instance-id", `"i-\u212a"`}, lacks + "a valid instance id (\"i-\u212a\" is none)"},
		"an endless id":               {[]string{"detail.instance-id", `"i-` + strings.Repeat("1", 80) + `"`}, lacks + `a valid instance id ("i-` + strings.Repeat("1", 62) + `" is none)`},
		"an id longer than any field": {[]string{"detail.instance-id", `"i-` + strings.Repeat("1", 300) + `"`}, run},
	} {
		if got := cloudtest.FormatEvents(Events([]byte(cloudtest.EditJSON(t, runningEvent, f.fields...)), cloud.Origin{})); got != f.want {
			t.Errorf("%s\n got %s\nwant %s", name, got, f.want)
		}
	}
}

// TestBatches: an array holds objects or JSON texts, and a broken one leaves the others alone.
func TestBatches(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(runningEvent)
	if err != nil {
		t.Fatal(err)
	}
	const run = "State-change running | 123 eu-west-1 i-1"
	for payload, want := range map[string]string{
		" " + runningEvent + "\n": run,
		string(text):              run,
		"[" + runningEvent + "]":  run,
		"\n[" + string(text) + `,5,"x",null,[],` + cloudtest.EditJSON(t, runningEvent, "detail.state", `"terminated"`) + "]": run +
			"\n | error: event: it is not a JSON object: json: cannot unmarshal number into Go value of type map[string]json.RawMessage" +
			"\n | error: event: it is not a JSON object: invalid character 'x' looking for beginning of value" +
			"\n | error: event: it is not a JSON object: unexpected end of JSON input" +
			"\n | error: event: it is not a JSON object: json: cannot unmarshal array into Go value of type map[string]json.RawMessage" +
			"\nState-change terminated | 123 eu-west-1 i-1 gone",
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
		`""`:                                   "not a JSON object",
		"hello":                                "not a JSON object",
		"{":                                    "not a JSON object",
		"{}":                                   unknown,
		`{"Records":[{"body":"{}"}]}`:          unknown,
		"[]":                                   "the batch is empty",
		"[":                                    "not JSON",
		"[null]":                               "not a JSON object",
		"[" + runningEvent + ",]":              "not JSON",
		nested("[", "", "]", 9000):             "not a JSON object",
		nested("[", "", "]", 1<<19):            "not JSON",
		nested(`{"detail":`, "1", "}", 9000):   unknown,
		`"` + strings.Repeat("x", 1<<20) + `"`: "not a JSON object",
	})
}

// FuzzEvents: nothing panics, every target is complete and well formed, and no error or ignored
// event carries one.
func FuzzEvents(f *testing.F) {
	cloudtest.FuzzEvents(f, Events, cloud.Origin{}, checkTarget,
		runningEvent, "["+runningEvent+",[]]", "", "null", "1", `""`, "[]", "[null]", "[[]]", "{}",
		`{"detail-type":"EC2 Instance State-change Notification","resources":["arn:aws:ec2:::instance/"],"detail":{"state":"running"}}`,
		terminatingRecord, `{"Records":[`+terminatingRecord+`,5,[]]}`, cloudtest.Envelopes(f, runningEvent)["SNS in SQS"], cloudtest.Envelopes(f, terminatingRecord)["SNS"],
		`{"eventSource":"ec2.amazonaws.com","eventName":"RunInstances","responseElements":{"instancesSet":{"items":[{"instanceId":5},[]]}}}`,
	)
}

var (
	soundAccount  = regexp.MustCompile(`^[0-9]{1,64}$`)
	soundRegion   = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)
	soundInstance = regexp.MustCompile(`^i-[a-z0-9-]{1,64}$`)
)

func checkTarget(h cloud.EventTarget) error {
	switch {
	case h.Cloud != inventory.AWS || !soundAccount.MatchString(h.AccountID) || !soundRegion.MatchString(h.Region):
		return errors.New("an odd cloud, account or region")
	case len(h.InstanceIDs) == 0 || !slices.IsSorted(h.InstanceIDs) || len(slices.Compact(slices.Clone(h.InstanceIDs))) != len(h.InstanceIDs):
		return errors.New("no instances, twice or not in order")
	}
	for _, id := range h.InstanceIDs {
		if !soundInstance.MatchString(id) {
			return errors.New("an odd instance")
		}
	}
	return nil
}

// A record of CloudTrail, alone and as EventBridge brings it.
const terminatingRecord = `{"eventVersion":"1.08","eventSource":"ec2.amazonaws.com","eventName":"TerminateInstances","awsRegion":"eu-west-1",
	"requestParameters":{"instancesSet":{"items":[{"instanceId":"i-2"},{"instanceId":"i-1"}]}},
	"responseElements":{"instancesSet":{"items":[{"instanceId":"i-2","currentState":{"code":32,"name":"shutting-down"}},{"instanceId":"i-1"}]}},
	"eventID":"c1","eventType":"AwsApiCall","recipientAccountId":"123"}`

// TestCloudTrail: calls that make or release instances, in the forms in which records come.
func TestCloudTrail(t *testing.T) {
	t.Parallel()
	const gone = "CloudTrail TerminateInstances | 123 eu-west-1 i-1,i-2 gone"
	for name, f := range map[string]struct {
		fields []string
		want   string
	}{
		"released":             {nil, gone},
		"no answer":            {[]string{"responseElements", "null"}, gone},
		"made":                 {[]string{"eventName", `"RunInstances"`}, "CloudTrail RunInstances | 123 eu-west-1 i-1,i-2"},
		"made, without answer": {[]string{"eventName", `"RunInstances"`, "responseElements", ""}, "CloudTrail RunInstances | error: aws event c1: the event lacks the instance's id (detail.instance-id, resources or instancesSet)"},
		"twice and odd":        {[]string{"responseElements", `{"instancesSet":{"items":[{"instanceId":"i-2"},5,null,{"instanceId":"i-2"},{"instanceId":"i-1"}]}}`}, gone},
		"refused":              {[]string{"errorCode", `"Client.UnauthorizedOperation"`}, "CloudTrail TerminateInstances | ignored: the call failed: Client.UnauthorizedOperation"},
		"only tried":           {[]string{"errorCode", `"Client.DryRunOperation"`}, "CloudTrail TerminateInstances | ignored: the call failed: Client.DryRunOperation"},
		"another call":         {[]string{"eventName", `"CreateTags"`}, "CloudTrail CreateTags | ignored: not a call that makes or releases instances"},
		"another service":      {[]string{"eventSource", `"rds.amazonaws.com"`}, "CloudTrail TerminateInstances | ignored: not a call of EC2"},
		"no account":           {[]string{"recipientAccountId", ""}, "CloudTrail TerminateInstances | error: aws event c1: the event lacks the account's id (account)"},
		"a volume":             {[]string{"responseElements", `{"instancesSet":{"items":[{"instanceId":"vol-1"}]}}`}, "CloudTrail TerminateInstances | error: aws event c1: the event lacks a valid instance id (\"vol-1\" is none)"},
	} {
		record := cloudtest.EditJSON(t, terminatingRecord, f.fields...)
		want := f.want
		if got := cloudtest.FormatEvents(Events([]byte(record), cloud.Origin{})); got != want {
			t.Errorf("%s\n got %s\nwant %s", name, got, want)
		}
		if got := cloudtest.FormatEvents(Events([]byte(`{"Records":[`+record+`]}`), cloud.Origin{})); got != want {
			t.Errorf("%s, in a file\n got %s\nwant %s", name, got, want)
		}
	}
	bus := `{"id":"e2","detail-type":"AWS API Call via CloudTrail","source":"aws.ec2","account":"9","region":"us-east-1","detail":` + terminatingRecord + `}`
	if got := cloudtest.FormatEvents(Events([]byte(bus), cloud.Origin{})); got != gone {
		t.Errorf("on a bus of another account: %s", got)
	}
}

// TestEnvelopes: queues, topics and HTTP triggers deliver the same event as EventBridge does.
func TestEnvelopes(t *testing.T) {
	t.Parallel()
	cloudtest.CheckEnvelopes(t, Events, cloud.Origin{}, runningEvent)
	cloudtest.CheckEnvelopes(t, Events, cloud.Origin{}, terminatingRecord)
}
