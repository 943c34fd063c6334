package aws

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// The detail-types of the events that are acted on.
const (
	stateChangeType = "EC2 Instance State-change Notification"
	apiCallType     = "AWS API Call via CloudTrail"
)

// Events parses what EventBridge delivers: one event, an array of them, or an array of JSON texts; and CloudTrail's
// records, by EventBridge or alone. It never fails as a whole: each event is a target, ignored with a reason, or an error
// of its own.
//
// Targets are running and stopped, and terminated as released. The states between are ignored, as another
// event follows; so an instance that shuts down is there until it is terminated. Of CloudTrail's, targets are RunInstances,
// and TerminateInstances as released: they were recorded when the API answered, so that the cloud is asked until it shows it.
//
// The forms: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instance-state-changes.html,
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html and
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
func Events(payload []byte, _ cloud.Origin) []cloud.ParsedEvent {
	return cloud.ParseEvents(payload, parseEvent)
}

// eventForms returns what AWS's services send.
func eventForms() []inventory.EventForm {
	return []inventory.EventForm{
		{Key: "detail-type", Name: "an event of AWS EventBridge"},
		{Key: "eventSource", Holds: ".amazonaws.com", Name: "a record of AWS CloudTrail"},
		{Key: "eventSource", Holds: `"aws:s3`, Name: "a notification of AWS S3"},
		{Key: "eventSource", Holds: `"aws:`, Name: "a record of an AWS queue or stream"},
		{Key: "EventSource", Holds: `"aws:`, Name: "a message of AWS SNS"},
		{Key: "TopicArn", Holds: `"arn:aws`, Name: "a message of AWS SNS"},
		{Key: "AlarmName", Name: "an alarm of AWS CloudWatch"},
		{Key: "instance-id", Name: "the detail of an event of AWS EventBridge, without the rest"},
	}
}

// event is an EventBridge event with the fields that are needed.
type event struct {
	ID         cloud.LenientText `json:"id"`
	DetailType cloud.LenientText `json:"detail-type"`
	Source     cloud.LenientText `json:"source"`
	Account    cloud.LenientText `json:"account"`
	Region     cloud.LenientText `json:"region"`
	Resources  textList          `json:"resources"`
	Detail     eventDetail       `json:"detail"`

	trailRecord // without EventBridge
}

type eventDetail struct {
	Instance cloud.LenientText `json:"instance-id"`
	State    cloud.LenientText `json:"state"`
	trailRecord
}

// trailRecord is a record of CloudTrail, one call of an API.
type trailRecord struct {
	EventID   cloud.LenientText             `json:"eventID"`
	Service   cloud.LenientText             `json:"eventSource"`
	Call      cloud.LenientText             `json:"eventName"`
	CalledIn  cloud.LenientText             `json:"awsRegion"`
	Recipient cloud.LenientText             `json:"recipientAccountId"`
	ErrorCode cloud.LenientText             `json:"errorCode"`
	Asked     cloud.Lenient[namedInstances] `json:"requestParameters"`
	Answered  cloud.Lenient[namedInstances] `json:"responseElements"`
}

type namedInstances struct {
	Set struct {
		Items []cloud.Lenient[struct {
			ID cloud.LenientText `json:"instanceId"`
		}] `json:"items"`
	} `json:"instancesSet"`
}

// ids returns the ids, sorted, each once.
func (n namedInstances) ids() []string {
	var ids []string
	for _, item := range n.Set.Items {
		if id := string(item.Value.ID); id != "" {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// UnmarshalJSON reads an odd detail as an empty one, so that the rest of the event is not lost.
func (d *eventDetail) UnmarshalJSON(raw []byte) error {
	type plain eventDetail
	var is plain
	if json.Unmarshal(raw, &is) == nil {
		*d = eventDetail(is)
	}
	return nil
}

// textList is a list of texts; anything else reads as an empty one.
type textList []cloud.LenientText

func (t *textList) UnmarshalJSON(raw []byte) error {
	var many []cloud.LenientText
	if json.Unmarshal(raw, &many) == nil {
		*t = many
	}
	return nil
}

func parseEvent(raw []byte) cloud.ParsedEvent {
	var e event
	if err := json.Unmarshal(raw, &e); err != nil {
		return cloud.NewUnknownEvent(raw)
	}
	switch {
	case e.DetailType == apiCallType:
		e.ID = cmp.Or(e.ID, e.Detail.EventID)
		return e.parseCall(e.Detail.trailRecord)
	case e.DetailType == "" && e.Call != "" && strings.HasSuffix(string(e.Service), ".amazonaws.com"):
		e.ID = cmp.Or(e.ID, e.EventID)
		return e.parseCall(e.trailRecord)
	case e.DetailType == "":
		return cloud.NewUnknownEvent(raw)
	case e.DetailType != stateChangeType:
		return newIgnoredEvent(e, string(e.DetailType), "not a change of an instance's state")
	case e.Source != "aws.ec2" && e.Source != "":
		return newIgnoredEvent(e, string(e.DetailType), "not an event of EC2")
	}
	return e.parseStateChange()
}

// parseCall parses a record of CloudTrail. Its account is that of whom the instances are; the envelope's is a bus's.
func (e event) parseCall(t trailRecord) cloud.ParsedEvent {
	what := "CloudTrail " + string(t.Call)
	target := cloud.EventTarget{
		Cloud: inventory.AWS, AccountID: string(cmp.Or(t.Recipient, e.Account)), Region: string(cmp.Or(t.CalledIn, e.Region)),
		InstanceIDs: t.Answered.Value.ids(),
	}
	switch {
	case t.Service != "ec2.amazonaws.com":
		return newIgnoredEvent(e, what, "not a call of EC2")
	case t.ErrorCode != "":
		return newIgnoredEvent(e, what, "the call failed: "+string(t.ErrorCode))
	case t.Call == "TerminateInstances":
		target.IsReleased = true
		if len(target.InstanceIDs) == 0 {
			target.InstanceIDs = t.Asked.Value.ids()
		}
	case t.Call != "RunInstances":
		return newIgnoredEvent(e, what, "not a call that makes or releases instances")
	}
	return newTargetEvent(e, what, target)
}

// parseStateChange parses a change of state. Where detail does not name the instance, its ARN does.
func (e event) parseStateChange() cloud.ParsedEvent {
	const what = "State-change"
	state := e.Detail.State
	if state == "" {
		return newInvalidEvent(e, what, errors.New("the event has no state (detail.state)"))
	}
	if !slices.Contains([]cloud.LenientText{"running", "stopped", stateTerminated}, state) {
		return newIgnoredEvent(e, what+" "+string(state), "not a state that is acted on")
	}
	resource := e.findResource()
	return newTargetEvent(e, what+" "+string(state), cloud.EventTarget{
		Cloud: inventory.AWS, AccountID: resource.account, Region: resource.region,
		InstanceIDs: []string{cmp.Or(string(e.Detail.Instance), resource.instance)}, IsReleased: state == stateTerminated,
	})
}

// resourceName holds the parts of an ARN.
type resourceName struct{ account, region, instance string }

// findResource returns account, region and id of the instance. The ARN comes first: it has the instance's
// own account and region even where a bus collects the events of several.
func (e event) findResource() resourceName {
	var found resourceName
	for _, name := range e.Resources {
		if r := parseResourceName(name); r.instance != "" && (e.Detail.Instance == "" || r.instance == string(e.Detail.Instance)) {
			found = r
			break
		}
	}
	return resourceName{
		account: cmp.Or(found.account, string(e.Account)), region: cmp.Or(found.region, string(e.Region)), instance: found.instance,
	}
}

// parseResourceName parses an instance's ARN (arn:<partition>:ec2:<region>:<account>:instance/<id>). Every part is
// "" for anything else, and a part that is not well-formed is "" too.
func parseResourceName(name cloud.LenientText) resourceName {
	parts := strings.SplitN(string(name), ":", 6)
	if len(parts) < 6 || parts[0] != "arn" || parts[2] != "ec2" {
		return resourceName{}
	}
	var r resourceName
	if cloud.ValidCharset(parts[3], cloud.LowerChars) {
		r.region = parts[3]
	}
	if cloud.ValidCharset(parts[4], cloud.DigitChars) {
		r.account = parts[4]
	}
	if id, ok := strings.CutPrefix(parts[5], "instance/"); ok {
		r.instance = id
	}
	return r
}

// newTargetEvent returns the target of an event, or an error that names the fields which it lacks.
func newTargetEvent(e event, what string, target cloud.EventTarget) cloud.ParsedEvent {
	var missing []string
	if !cloud.ValidCharset(target.AccountID, cloud.DigitChars) {
		missing = append(missing, "the account's id (account)")
	}
	if !cloud.ValidCharset(target.Region, cloud.LowerChars) {
		missing = append(missing, "the region (region)")
	}
	if len(target.InstanceIDs) == 0 || target.InstanceIDs[0] == "" {
		missing = append(missing, "the instance's id (detail.instance-id, resources or instancesSet)")
		target.InstanceIDs = nil
	}
	for _, id := range target.InstanceIDs {
		if rest, ok := strings.CutPrefix(id, "i-"); !ok || !cloud.ValidCharset(rest, cloud.LowerChars) {
			missing = append(missing, fmt.Sprintf("a valid instance id (%.64q is none)", id))
			break
		}
	}
	if err := cloud.MissingFieldsError(missing); err != nil {
		return newInvalidEvent(e, what, err)
	}
	return cloud.ParsedEvent{ID: string(e.ID), Description: what, Target: target}
}

func newIgnoredEvent(e event, what, why string) cloud.ParsedEvent {
	return cloud.ParsedEvent{ID: string(e.ID), Description: what, IgnoredReason: why}
}

func newInvalidEvent(e event, what string, err error) cloud.ParsedEvent {
	return cloud.NewInvalidEvent(inventory.AWS, string(e.ID), cmp.Or(what, string(e.DetailType)), err)
}
