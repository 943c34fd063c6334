package alibaba

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

// Events reads what EventBridge or CloudMonitor deliver: one CloudEvent, an array of them, an
// array of JSON texts (event streams), or CloudMonitor's own notification. It never fails as a
// whole: each event is a hint, ignored with a reason, or an error of its own.
//
// The forms: https://help.aliyun.com/document_detail/181428.html (envelope),
// https://help.aliyun.com/en/eventbridge/user-guide/ecs-events (types),
// https://help.aliyun.com/document_detail/116628.htm (CloudMonitor),
// https://www.alibabacloud.com/help/doc-detail/204963.htm (ActionTrail).
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

// event holds the fields of all forms. Fields that we do not need, and times, are not looked at.
type event struct {
	ID      text `json:"id"`
	Type    text `json:"type"`
	Subject text `json:"subject"`
	Account text `json:"aliyunaccountid"`
	Region  text `json:"aliyunregionid"`
	Data    body `json:"data"`

	// CloudMonitor's own form
	Product  text `json:"product"`
	Name     text `json:"name"`
	RegionID text `json:"regionId"`
	Resource text `json:"resourceId"`
	UserID   text `json:"userId"`
	Content  body `json:"content"`

	// ActionTrail's data delivered without an envelope
	trail
}

// body is the data of an event: of a state change, perhaps nested once more, or of ActionTrail.
type body struct {
	change
	Content loose[change] `json:"content"`
	trail
}

type change struct {
	ResourceID text `json:"resourceId"`
	State      text `json:"state"`
}

type trail struct {
	EventID    text                       `json:"eventId"`
	EventName  text                       `json:"eventName"`
	Service    text                       `json:"serviceName"`
	TrailFor   text                       `json:"acsRegion"`
	ErrorCode  text                       `json:"errorCode"`
	Referenced loose[map[string]nameList] `json:"referencedResources"`
	Identity   loose[identity]            `json:"userIdentity"`
}

type identity struct {
	AccountID text `json:"accountId"`
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

// loose is a value of the form T, or a JSON text that holds one; anything else reads as empty,
// so that an odd field does not take the others with it.
type loose[T any] struct{ is T }

func (l *loose[T]) UnmarshalJSON(raw []byte) error {
	var is T
	if json.Unmarshal(unquoted(raw), &is) == nil {
		l.is = is
	}
	return nil
}

// UnmarshalJSON is that of loose.
func (b *body) UnmarshalJSON(raw []byte) error {
	type plain body
	var l loose[plain]
	err := l.UnmarshalJSON(raw)
	*b = body(l.is)
	return err
}

// nameList is a list of texts, or a single one.
type nameList []string

func (l *nameList) UnmarshalJSON(raw []byte) error {
	var many []text
	if json.Unmarshal(raw, &many) != nil {
		many = make([]text, 1)
		if err := many[0].UnmarshalJSON(raw); err != nil {
			return err
		}
	}
	for _, name := range many {
		*l = append(*l, string(name))
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
	case e.Type == "ecs:Instance:StateChange":
		return e.stateChange(e.Data)
	case strings.Contains(string(e.Type), ":ActionTrail:"):
		return e.actionTrail(e.Data.trail)
	case e.Type != "":
		return ignored(e, string(e.Type), "not a change of an instance's state")
	case strings.EqualFold(string(e.Product), "ECS") && e.Name == "Instance:StateChange":
		return e.stateChange(e.Content)
	case e.Product != "":
		return ignored(e, string(e.Product+" "+e.Name), "not a change of an instance's state")
	case e.EventName != "":
		return e.actionTrail(e.trail)
	}
	return broken(e, "", errors.New("the event has no type"))
}

// stateChange reads a change of state. Where data does not tell, the subject does.
func (e event) stateChange(b body) cloud.Heard {
	state := cmp.Or(b.State, b.Content.is.State)
	if state == "" {
		return broken(e, "StateChange", errors.New("the event has no state (data.state)"))
	}
	what := "StateChange " + string(state)
	if !slices.Contains([]text{"Running", "Stopped", "Deleted"}, state) {
		return ignored(e, what, "not a state that is acted on")
	}
	id := string(cmp.Or(b.ResourceID, b.Content.is.ResourceID))
	where := e.where(text(id))
	if named := parse(text(id)).instance; named != "" {
		id = named
	}
	return hint(e, what, cloud.Hint{
		AccountID: where.account, Region: where.region, Instances: []string{cmp.Or(id, where.instance)},
		Gone: state == "Deleted",
	})
}

// actionTrail reads an API call that made or released instances. It was recorded when the API
// answered: the instance may not be there yet, or still be.
func (e event) actionTrail(t trail) cloud.Heard {
	what := "ActionTrail " + string(t.EventName)
	e.ID = cmp.Or(e.ID, t.EventID)
	gone := false
	switch t.EventName {
	case "RunInstances", "CreateInstance":
	case "DeleteInstance", "DeleteInstances":
		gone = true
	case "":
		return broken(e, "ActionTrail", errors.New("the event has no name (data.eventName)"))
	default:
		return ignored(e, what, "not a call that makes or releases instances")
	}
	if !strings.EqualFold(string(t.Service), "ecs") && t.Service != "" {
		return ignored(e, what, "not a call of ECS")
	}
	if t.ErrorCode != "" {
		return ignored(e, what, "the call failed: "+string(t.ErrorCode))
	}
	where := e.where("")
	return hint(e, what, cloud.Hint{
		AccountID: cmp.Or(where.account, string(t.Identity.is.AccountID)),
		Region:    cmp.Or(string(t.TrailFor), where.region),
		Instances: t.Referenced.is["ACS::ECS::Instance"], Gone: gone,
	})
}

// resource is what a resource's name says.
type resource struct{ account, region, instance string }

// parse reads a resource's name (acs:ecs:<region>:<account>:instance/<id>); anything else says
// nothing, nor does a part that is a placeholder.
func parse(name text) resource {
	parts := strings.SplitN(string(name), ":", 5)
	if len(parts) < 5 || parts[0] != "acs" {
		return resource{}
	}
	var p resource
	if only(parts[3], digits) {
		p.account = parts[3]
	}
	if only(parts[2], lower) {
		p.region = parts[2]
	}
	if id, ok := strings.CutPrefix(parts[4], "instance/"); ok {
		p.instance = id
	}
	return p
}

// where finds whose and where the instance is. Resources' names are asked first: they name its
// own account and region also where a bus collects events of several.
func (e event) where(named text) resource {
	var p resource
	for _, name := range []text{e.Subject, e.Resource, named} {
		r := parse(name)
		p.account = cmp.Or(p.account, r.account)
		p.region = cmp.Or(p.region, r.region)
		p.instance = cmp.Or(p.instance, r.instance)
	}
	p.account = cmp.Or(p.account, string(e.Account), string(e.UserID))
	p.region = cmp.Or(p.region, string(e.Region), string(e.RegionID))
	return p
}

// hint checks that all is there that a question to the cloud needs.
func hint(e event, what string, h cloud.Hint) cloud.Heard {
	h.Cloud = inventory.Alibaba
	h.Instances = slices.DeleteFunc(slices.Clone(h.Instances), func(id string) bool { return id == "" })
	slices.Sort(h.Instances)
	h.Instances = slices.Compact(h.Instances)
	var missing []string
	if !only(h.AccountID, digits) {
		missing = append(missing, "the account's id (aliyunaccountid)")
	}
	if !only(h.Region, lower) {
		missing = append(missing, "the region (aliyunregionid)")
	}
	if len(h.Instances) == 0 {
		missing = append(missing, "the instance's id (data.resourceId or the subject)")
	}
	for _, id := range h.Instances {
		if rest, ok := strings.CutPrefix(id, "i-"); !ok || !only(rest, lower+upper) {
			missing = append(missing, fmt.Sprintf("a valid instance id (%.64q is none)", id))
			break
		}
	}
	if len(missing) > 0 {
		return broken(e, what, errors.New("the event lacks "+strings.Join(missing, ", ")))
	}
	return cloud.Heard{ID: string(e.ID), What: what, Hint: h}
}

// The signs of which accounts, regions and (with upper) instance ids consist.
const (
	digits = "0123456789"
	lower  = "abcdefghijklmnopqrstuvwxyz0123456789-"
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

func only(s, letters string) bool {
	return s != "" && len(s) <= 64 && strings.Trim(s, letters) == ""
}

func ignored(e event, what, why string) cloud.Heard {
	return cloud.Heard{ID: string(e.ID), What: what, Ignored: why}
}

func broken(e event, what string, err error) cloud.Heard {
	message := "alibaba event"
	if e.ID != "" {
		message += " " + string(e.ID)
	}
	return cloud.Heard{ID: string(e.ID), What: cmp.Or(what, string(e.Type)), Err: &inventory.Error{
		Kind: inventory.Invalid, Message: message, Err: err,
	}}
}
