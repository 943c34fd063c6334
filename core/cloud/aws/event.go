package aws

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// stateChange is the detail-type of the events that are acted on.
const stateChange = "EC2 Instance State-change Notification"

// Events reads what EventBridge delivers: one event, an array of them, or an array of JSON texts.
// It never fails as a whole: each event is a hint, ignored with a reason, or an error of its own.
//
// Acted on are running and stopped, and terminated as gone. What is between them is ignored, as
// its end is told by another event; so an instance that shuts down is there until it is terminated.
//
// The forms: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instance-state-changes.html
// and https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
func Events(payload []byte, _ cloud.Origin) []cloud.Heard {
	payload = bytes.TrimSpace(payload)
	if len(payload) == 0 {
		return []cloud.Heard{broken(event{}, "", errors.New("the event is empty"))}
	}
	if payload[0] != '[' {
		return []cloud.Heard{hear(payload)}
	}
	var batch []json.RawMessage
	if err := json.Unmarshal(payload, &batch); err != nil {
		return []cloud.Heard{broken(event{}, "", fmt.Errorf("the event is not JSON: %w", err))}
	}
	heard := make([]cloud.Heard, 0, len(batch))
	for _, raw := range batch {
		heard = append(heard, hear(raw))
	}
	if len(heard) == 0 {
		heard = append(heard, broken(event{}, "", errors.New("the batch is empty")))
	}
	return heard
}

// event holds the fields of an EventBridge event. Those that we do not need, and times, are not
// looked at.
type event struct {
	ID         text   `json:"id"`
	DetailType text   `json:"detail-type"`
	Source     text   `json:"source"`
	Account    text   `json:"account"`
	Region     text   `json:"region"`
	Resources  texts  `json:"resources"`
	Detail     detail `json:"detail"`
}

type detail struct {
	Instance text `json:"instance-id"`
	State    text `json:"state"`
}

// UnmarshalJSON reads an odd detail as an empty one, so that it does not take the event with it.
func (d *detail) UnmarshalJSON(raw []byte) error {
	type plain detail
	var is plain
	if json.Unmarshal(raw, &is) == nil {
		*d = detail(is)
	}
	return nil
}

// longest is more than any field that we look at has; what is longer is none of them, and must
// not reach a log or a card either.
const longest = 256

// text is a string, or a number taken as one; anything else, and what is too long, reads as "".
type text string

func (t *text) UnmarshalJSON(raw []byte) error {
	var s string
	var n json.Number
	switch {
	case json.Unmarshal(raw, &s) == nil:
	case json.Unmarshal(raw, &n) == nil:
		s = n.String()
	}
	if s = strings.TrimSpace(s); len(s) <= longest {
		*t = text(s)
	}
	return nil
}

// texts is a list of texts; anything else reads as an empty one.
type texts []text

func (t *texts) UnmarshalJSON(raw []byte) error {
	var many []text
	if json.Unmarshal(raw, &many) == nil {
		*t = many
	}
	return nil
}

// unquoted gives the JSON that a JSON text holds, or what is no text as it is.
func unquoted(raw []byte) []byte {
	var inner string
	if json.Unmarshal(raw, &inner) == nil {
		return []byte(inner)
	}
	return raw
}

func hear(raw []byte) cloud.Heard {
	var e event
	if err := json.Unmarshal(unquoted(raw), &e); err != nil {
		return broken(e, "", fmt.Errorf("the event is not a JSON object: %w", err))
	}
	switch {
	case e.DetailType == "":
		return broken(e, "", errors.New("the event has no type (detail-type)"))
	case e.DetailType != stateChange:
		return ignored(e, string(e.DetailType), "not a change of an instance's state")
	case e.Source != "aws.ec2" && e.Source != "":
		return ignored(e, string(e.DetailType), "not an event of EC2")
	}
	return e.stateChange()
}

// stateChange reads a change of state. Where detail does not tell the instance, its ARN does.
func (e event) stateChange() cloud.Heard {
	const what = "State-change"
	state := e.Detail.State
	if state == "" {
		return broken(e, what, errors.New("the event has no state (detail.state)"))
	}
	if !slices.Contains([]text{"running", "stopped", terminated}, state) {
		return ignored(e, what+" "+string(state), "not a state that is acted on")
	}
	where := e.where()
	return hint(e, what+" "+string(state), cloud.Hint{
		Cloud: inventory.AWS, AccountID: where.account, Region: where.region,
		Instances: []string{cmp.Or(string(e.Detail.Instance), where.instance)}, Gone: state == terminated,
	})
}

// resource is what an ARN says.
type resource struct{ account, region, instance string }

// where finds whose and where the instance is. The ARN is asked first: it names the instance's
// own account and region also where a bus collects events of several.
func (e event) where() resource {
	var found resource
	for _, name := range e.Resources {
		if r := parse(name); r.instance != "" && (e.Detail.Instance == "" || r.instance == string(e.Detail.Instance)) {
			found = r
			break
		}
	}
	return resource{
		account: cmp.Or(found.account, string(e.Account)), region: cmp.Or(found.region, string(e.Region)), instance: found.instance,
	}
}

// parse reads an instance's ARN (arn:<partition>:ec2:<region>:<account>:instance/<id>); anything
// else says nothing, nor does a part that is not well-formed.
func parse(name text) resource {
	parts := strings.SplitN(string(name), ":", 6)
	if len(parts) < 6 || parts[0] != "arn" || parts[2] != "ec2" {
		return resource{}
	}
	var r resource
	if only(parts[3], lower) {
		r.region = parts[3]
	}
	if only(parts[4], digits) {
		r.account = parts[4]
	}
	if id, ok := strings.CutPrefix(parts[5], "instance/"); ok {
		r.instance = id
	}
	return r
}

// hint checks that all is there that a question to the cloud needs.
func hint(e event, what string, h cloud.Hint) cloud.Heard {
	var missing []string
	if !only(h.AccountID, digits) {
		missing = append(missing, "the account's id (account)")
	}
	if !only(h.Region, lower) {
		missing = append(missing, "the region (region)")
	}
	id := h.Instances[0]
	if rest, ok := strings.CutPrefix(id, "i-"); id == "" {
		missing = append(missing, "the instance's id (detail.instance-id or resources)")
	} else if !ok || !only(rest, lower) {
		missing = append(missing, fmt.Sprintf("a valid instance id (%.64q is none)", id))
	}
	if len(missing) > 0 {
		return broken(e, what, errors.New("the event lacks "+strings.Join(missing, ", ")))
	}
	return cloud.Heard{ID: string(e.ID), What: what, Hint: h}
}

// The signs of which accounts, and regions and instance ids consist.
const (
	digits = "0123456789"
	lower  = "abcdefghijklmnopqrstuvwxyz0123456789-"
)

func only(s, letters string) bool {
	return s != "" && len(s) <= 64 && strings.Trim(s, letters) == ""
}

func ignored(e event, what, why string) cloud.Heard {
	return cloud.Heard{ID: string(e.ID), What: what, Ignored: why}
}

func broken(e event, what string, err error) cloud.Heard {
	message := "aws event"
	if e.ID != "" {
		message += " " + string(e.ID)
	}
	return cloud.Heard{ID: string(e.ID), What: cmp.Or(what, string(e.DetailType)), Err: &inventory.Error{
		Kind: inventory.Invalid, Message: message, Err: err,
	}}
}
