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

// stateChangeType is the detail-type of the events that are acted on.
const stateChangeType = "EC2 Instance State-change Notification"

// Events parses what EventBridge delivers: one event, an array of them, or an array of JSON texts.
// It never fails as a whole: each event is a target, ignored with a reason, or an error of its own.
//
// Targets are running and stopped, and terminated as released. The states between are ignored, as another
// event follows; so an instance that shuts down is there until it is terminated.
//
// The forms: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instance-state-changes.html
// and https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
func Events(payload []byte, _ cloud.Origin) []cloud.ParsedEvent {
	return cloud.ParseEvents(payload, parseEvent, func(err error) cloud.ParsedEvent { return newInvalidEvent(event{}, "", err) })
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
}

type eventDetail struct {
	Instance cloud.LenientText `json:"instance-id"`
	State    cloud.LenientText `json:"state"`
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
	if err := json.Unmarshal(cloud.UnquoteJSON(raw), &e); err != nil {
		return newInvalidEvent(e, "", fmt.Errorf("the event is not a JSON object: %w", err))
	}
	switch {
	case e.DetailType == "":
		return newInvalidEvent(e, "", errors.New("the event has no type (detail-type)"))
	case e.DetailType != stateChangeType:
		return newIgnoredEvent(e, string(e.DetailType), "not a change of an instance's state")
	case e.Source != "aws.ec2" && e.Source != "":
		return newIgnoredEvent(e, string(e.DetailType), "not an event of EC2")
	}
	return e.parseStateChange()
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
	id := target.InstanceIDs[0]
	if rest, ok := strings.CutPrefix(id, "i-"); id == "" {
		missing = append(missing, "the instance's id (detail.instance-id or resources)")
	} else if !ok || !cloud.ValidCharset(rest, cloud.LowerChars) {
		missing = append(missing, fmt.Sprintf("a valid instance id (%.64q is none)", id))
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
