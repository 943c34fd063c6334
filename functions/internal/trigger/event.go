package trigger

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// EventKind is what started a function that serves both timers and changes.
type EventKind string

// The kinds.
const (
	TimerFired      EventKind = "tick"   // by a timer
	InstanceChanged EventKind = "change" // of an instance; the cloud's own decoder reads it
)

// EventBridge's events are recognised by their detail-type and source.
const (
	awsScheduled = "Scheduled Event"
	awsSource    = "aws.ec2"
)

// awsAcceptedText is added to the error of every event that Lambda's function does not accept.
const awsAcceptedText = `this function takes EventBridge's "Scheduled Event", ` +
	`{"time":"<aws.scheduler.scheduled-time>","payload":{"clouds":["account"]}} of a schedule, and events of aws.ec2, ` +
	`also as CloudTrail's records and in messages of SQS, SNS and HTTP`

// ParseAWS decodes what starts the function on AWS Lambda. The Timer is set only for TimerFired. A timer is
//
//   - EventBridge's Scheduled Event, of a rule or of EventBridge Scheduler, which asks for everything
//     (https://docs.aws.amazon.com/eventbridge/latest/userguide/event-reference.html);
//   - the input of a schedule (or of a rule's constant or transformed input), {"time":…,"payload":…} with one of them at
//     least: the payload narrows as on the other platforms, and is an object or a text; the time is what EventBridge
//     Scheduler puts for <aws.scheduler.scheduled-time>
//     (https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html).
//     A rule's constant input has no time: it is never stale and cannot be a part.
//
// A change is any event of EC2 (source aws.ec2), a record of CloudTrail, and what brings these: records of SQS and SNS,
// a message of SNS, a request by HTTP. The cloud's own decoder looks inside.
func ParseAWS(event []byte) (EventKind, Timer, error) {
	kind, tick, err := decodeAWS(event)
	if err != nil {
		return "", Timer{}, fmt.Errorf("event: %w; %s", err, awsAcceptedText)
	}
	return kind, tick, nil
}

func decodeAWS(event []byte) (EventKind, Timer, error) {
	fields, err := parseObject(event)
	if err != nil {
		return "", Timer{}, err
	}
	if err := fields.checkKeyCase("detail-type", "source", "time", "payload"); err != nil {
		return "", Timer{}, err
	}
	if err := fields.checkRecords(); err != nil {
		return "", Timer{}, err
	}
	if fields.hasAny("Records", "TopicArn", "awsRegion", "requestContext") {
		return InstanceChanged, Timer{}, nil
	}
	if fields["detail-type"] == nil {
		tick, err := parseAWSInput(fields)
		return TimerFired, tick, err
	}
	detailType, err := decodeValue[string](fields["detail-type"])
	source, err2 := decodeValue[string](fields["source"])
	switch {
	case err != nil || err2 != nil:
		return "", Timer{}, errors.New("detail-type and source must be texts")
	case source == awsSource:
		return InstanceChanged, Timer{}, nil
	case detailType == awsScheduled && (source == "aws.events" || source == "aws.scheduler"):
		tick, err := parseAWSTimer(fields)
		return TimerFired, tick, err
	}
	return "", Timer{}, fmt.Errorf("%q of %q is neither a schedule nor an instance", detailType, source)
}

// parseAWSInput parses the input that somebody wrote into a rule or schedule. It ignores no key.
func parseAWSInput(fields jsonObject) (Timer, error) {
	for _, key := range fields.sortedKeys() {
		if key != "time" && key != "payload" {
			return Timer{}, fmt.Errorf("%q: no such key beside time and payload", key)
		}
	}
	if len(fields) == 0 {
		return Timer{}, errors.New("it is empty")
	}
	return parseAWSTimer(fields)
}

func parseAWSTimer(fields jsonObject) (Timer, error) {
	at, err := parseFiredAt(fields, "time")
	if err != nil {
		return Timer{}, err
	}
	_, timed := fields["time"]
	if timed && at.IsZero() || !timed && fields["detail-type"] != nil {
		return Timer{}, errors.New("time is missing")
	}
	tick := Timer{FiredAt: at, Name: awsRuleName(fields["resources"])}
	raw, narrow := fields["payload"]
	if !narrow {
		return tick, nil
	}
	text := string(raw)
	if quoted, err := decodeValue[*string](raw); err == nil && quoted != nil {
		text = *quoted
	}
	tick.Request, err = parseRequestText("payload", text)
	if err != nil {
		return Timer{}, err
	}
	if tick.Request.Shard != (inventory.Shard{}) && !timed {
		return Timer{}, errors.New(`payload: "part": parts of one run know each other by the time of their tick, which is missing`)
	}
	return tick, nil
}

// awsRuleName returns the name of the rule or schedule: what follows the last / of its ARN.
func awsRuleName(raw json.RawMessage) string {
	arns, err := decodeValue[[]string](raw)
	if err != nil || len(arns) == 0 {
		return ""
	}
	return arns[0][strings.LastIndex(arns[0], "/")+1:]
}

// huaweiAcceptedText is added to the error of every event that FunctionGraph's function does not accept.
const huaweiAcceptedText = `this function takes the events of TIMER and CTS triggers, and CTS traces in messages of SMN and APIG`

// ParseHuawei decodes what starts the function on Huawei FunctionGraph. The Timer is set only for TimerFired. A timer is
// {"trigger_type":"TIMER","time":…,"trigger_name":…,"user_event":"…"}, whose user_event is the narrowing payload, a text
// as on the other platforms. A change is what a CTS trigger sends, an object under "cts"
// (https://support.huaweicloud.com/intl/en-us/usermanual-functiongraph/functiongraph_01_0209.html), such an object alone,
// and a message of SMN or a request by APIG, which bring one. The cloud's own decoder looks inside.
func ParseHuawei(event []byte) (EventKind, Timer, error) {
	kind, tick, err := decodeHuawei(event)
	if err != nil {
		return "", Timer{}, fmt.Errorf("event: %w; %s", err, huaweiAcceptedText)
	}
	return kind, tick, nil
}

func decodeHuawei(event []byte) (EventKind, Timer, error) {
	fields, err := parseObject(event)
	if err != nil {
		return "", Timer{}, err
	}
	if err := fields.checkKeyCase("cts", "trigger_type", "time", "trigger_name", "user_event"); err != nil {
		return "", Timer{}, err
	}
	by, err := decodeValue[string](fields["trigger_type"])
	_, cts := fields["cts"]
	switch {
	case err != nil:
		return "", Timer{}, errors.New("trigger_type must be a text")
	case by == "" && (cts || fields.hasAny("trace_name", "record", "topic_urn", "requestContext")):
		return InstanceChanged, Timer{}, nil
	case by != "TIMER" || cts:
		return "", Timer{}, fmt.Errorf("a trigger of the type %q", by)
	}
	tick, err := parseHuaweiTimer(fields)
	return TimerFired, tick, err
}

func parseHuaweiTimer(fields jsonObject) (Timer, error) {
	at, err := parseFiredAt(fields, "time")
	if err != nil {
		return Timer{}, err
	}
	if at.IsZero() {
		return Timer{}, errors.New("time is missing")
	}
	name, err := decodeValue[string](fields["trigger_name"])
	if err != nil {
		return Timer{}, errors.New("trigger_name must be a text")
	}
	request, err := parseRequestField(fields, "user_event")
	return Timer{FiredAt: at, Name: name, Request: request}, err
}
