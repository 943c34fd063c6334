package trigger

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// Kind is what an event wants of a function that is started both by timers and by changes.
type Kind string

// The kinds.
const (
	Tick   Kind = "tick"   // of a timer
	Change Kind = "change" // of an instance, to be read by the cloud's own decoder
)

// EventBridge's events are known by their detail-type and source.
const (
	awsScheduled = "Scheduled Event"
	awsSource    = "aws.ec2"
)

// awsTakes is told with every event that Lambda's function does not take.
const awsTakes = `this function takes EventBridge's "Scheduled Event", ` +
	`{"time":"<aws.scheduler.scheduled-time>","payload":{"clouds":["account"]}} of a schedule, and events of aws.ec2`

// AWS decodes what starts the function on AWS Lambda; the tick is only of a Tick. A timer is
//
//   - EventBridge's Scheduled Event, of a rule or of EventBridge Scheduler, which asks for everything
//     (https://docs.aws.amazon.com/eventbridge/latest/userguide/event-reference.html);
//   - the input of a schedule (or of a rule's constant or transformed input), {"time":…,"payload":…}
//     with one of them at least: the payload narrows as on the other platforms, and is an object or
//     a text; the time is what EventBridge Scheduler puts for <aws.scheduler.scheduled-time>
//     (https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html).
//     A constant input of a rule knows no time. Then its tick cannot be stale, and cannot be a part.
//
// A change is any event of EC2 (source aws.ec2).
func AWS(event []byte) (Kind, Timer, error) {
	kind, tick, err := aws(event)
	if err != nil {
		return "", Timer{}, fmt.Errorf("event: %w; %s", err, awsTakes)
	}
	return kind, tick, nil
}

func aws(event []byte) (Kind, Timer, error) {
	fields, err := members(event)
	if err != nil {
		return "", Timer{}, err
	}
	if err := fields.exactly("detail-type", "source", "time", "payload"); err != nil {
		return "", Timer{}, err
	}
	if fields["detail-type"] == nil {
		tick, err := awsInput(fields)
		return Tick, tick, err
	}
	what, err := decode[string](fields["detail-type"])
	source, err2 := decode[string](fields["source"])
	switch {
	case err != nil || err2 != nil:
		return "", Timer{}, errors.New("detail-type and source must be texts")
	case source == awsSource:
		return Change, Timer{}, nil
	case what == awsScheduled && (source == "aws.events" || source == "aws.scheduler"):
		tick, err := awsTick(fields)
		return Tick, tick, err
	}
	return "", Timer{}, fmt.Errorf("%q of %q is neither a schedule nor an instance", what, source)
}

// awsInput reads the input that somebody wrote into a rule or schedule: no key is ignored.
func awsInput(fields object) (Timer, error) {
	for _, key := range fields.keys() {
		if key != "time" && key != "payload" {
			return Timer{}, fmt.Errorf("%q: no such key beside time and payload", key)
		}
	}
	if len(fields) == 0 {
		return Timer{}, errors.New("it is empty")
	}
	return awsTick(fields)
}

// awsTick reads time and payload.
func awsTick(fields object) (Timer, error) {
	at, err := when(fields, "time")
	if err != nil {
		return Timer{}, err
	}
	_, timed := fields["time"]
	if timed && at.IsZero() || !timed && fields["detail-type"] != nil {
		return Timer{}, errors.New("time is missing")
	}
	tick := Timer{At: at, Name: awsName(fields["resources"])}
	raw, narrow := fields["payload"]
	if !narrow {
		return tick, nil
	}
	text := string(raw)
	if quoted, err := decode[*string](raw); err == nil && quoted != nil {
		text = *quoted
	}
	if tick.Request, err = narrowed("payload", text); err != nil {
		return Timer{}, err
	}
	if tick.Request.Part != (Part{}) && !timed {
		return Timer{}, errors.New(`payload: "part": parts of one run know each other by the time of their tick, which is missing`)
	}
	return tick, nil
}

// awsName gives the name of the rule or schedule: what follows the last / of its ARN.
func awsName(raw json.RawMessage) string {
	arns, err := decode[[]string](raw)
	if err != nil || len(arns) == 0 {
		return ""
	}
	return arns[0][strings.LastIndex(arns[0], "/")+1:]
}

// huaweiTakes is told with every event that FunctionGraph's function does not take.
const huaweiTakes = `this function takes the events of TIMER and CTS triggers`

// Huawei decodes what starts the function on Huawei FunctionGraph; the tick is only of a Tick.
// A timer is {"trigger_type":"TIMER","time":…,"trigger_name":…,"user_event":"…"}, whose user_event
// is the narrowing payload, a text as on the other platforms; a change is what a CTS trigger
// sends, an object below "cts"
// (https://support.huaweicloud.com/intl/en-us/usermanual-functiongraph/functiongraph_01_0209.html).
func Huawei(event []byte) (Kind, Timer, error) {
	kind, tick, err := huawei(event)
	if err != nil {
		return "", Timer{}, fmt.Errorf("event: %w; %s", err, huaweiTakes)
	}
	return kind, tick, nil
}

func huawei(event []byte) (Kind, Timer, error) {
	fields, err := members(event)
	if err != nil {
		return "", Timer{}, err
	}
	if err := fields.exactly("cts", "trigger_type", "time", "trigger_name", "user_event"); err != nil {
		return "", Timer{}, err
	}
	by, err := decode[string](fields["trigger_type"])
	_, cts := fields["cts"]
	switch {
	case err != nil:
		return "", Timer{}, errors.New("trigger_type must be a text")
	case cts && by == "":
		return Change, Timer{}, nil
	case by != "TIMER" || cts:
		return "", Timer{}, fmt.Errorf("a trigger of the type %q", by)
	}
	tick, err := huaweiTick(fields)
	return Tick, tick, err
}

func huaweiTick(fields object) (Timer, error) {
	at, err := when(fields, "time")
	if err != nil {
		return Timer{}, err
	}
	if at.IsZero() {
		return Timer{}, errors.New("time is missing")
	}
	name, err := decode[string](fields["trigger_name"])
	if err != nil {
		return Timer{}, errors.New("trigger_name must be a text")
	}
	request, err := narrowing(fields, "user_event")
	return Timer{At: at, Name: name, Request: request}, err
}

// Sender tells by its form whose event a saved event is: EventBridge of AWS tells a detail-type,
// Huawei's CTS puts all below "cts". Everything else, be it readable or not, is Alibaba's, whose
// events have several forms.
func Sender(event []byte) inventory.Cloud {
	fields, err := members(event)
	switch {
	case err != nil:
		return inventory.Alibaba
	case fields["cts"] != nil:
		return inventory.Huawei
	case fields["detail-type"] != nil:
		return inventory.AWS
	}
	return inventory.Alibaba
}
