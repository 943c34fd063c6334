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
	return cloud.HearBatch(payload, hear, func(err error) cloud.Heard { return broken(event{}, "", err) })
}

// event holds the fields of an EventBridge event. Those that we do not need, and times, are not
// looked at.
type event struct {
	ID         cloud.Text `json:"id"`
	DetailType cloud.Text `json:"detail-type"`
	Source     cloud.Text `json:"source"`
	Account    cloud.Text `json:"account"`
	Region     cloud.Text `json:"region"`
	Resources  texts      `json:"resources"`
	Detail     detail     `json:"detail"`
}

type detail struct {
	Instance cloud.Text `json:"instance-id"`
	State    cloud.Text `json:"state"`
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

// texts is a list of texts; anything else reads as an empty one.
type texts []cloud.Text

func (t *texts) UnmarshalJSON(raw []byte) error {
	var many []cloud.Text
	if json.Unmarshal(raw, &many) == nil {
		*t = many
	}
	return nil
}

func hear(raw []byte) cloud.Heard {
	var e event
	if err := json.Unmarshal(cloud.Unquoted(raw), &e); err != nil {
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
	if !slices.Contains([]cloud.Text{"running", "stopped", terminated}, state) {
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
func parse(name cloud.Text) resource {
	parts := strings.SplitN(string(name), ":", 6)
	if len(parts) < 6 || parts[0] != "arn" || parts[2] != "ec2" {
		return resource{}
	}
	var r resource
	if cloud.Only(parts[3], cloud.Lower) {
		r.region = parts[3]
	}
	if cloud.Only(parts[4], cloud.Digits) {
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
	if !cloud.Only(h.AccountID, cloud.Digits) {
		missing = append(missing, "the account's id (account)")
	}
	if !cloud.Only(h.Region, cloud.Lower) {
		missing = append(missing, "the region (region)")
	}
	id := h.Instances[0]
	if rest, ok := strings.CutPrefix(id, "i-"); id == "" {
		missing = append(missing, "the instance's id (detail.instance-id or resources)")
	} else if !ok || !cloud.Only(rest, cloud.Lower) {
		missing = append(missing, fmt.Sprintf("a valid instance id (%.64q is none)", id))
	}
	if err := cloud.Lacks(missing); err != nil {
		return broken(e, what, err)
	}
	return cloud.Heard{ID: string(e.ID), What: what, Hint: h}
}

func ignored(e event, what, why string) cloud.Heard {
	return cloud.Heard{ID: string(e.ID), What: what, Ignored: why}
}

func broken(e event, what string, err error) cloud.Heard {
	return cloud.Unheard(inventory.AWS, string(e.ID), cmp.Or(what, string(e.DetailType)), err)
}
