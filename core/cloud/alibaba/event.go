package alibaba

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

// Events parses what EventBridge or CloudMonitor deliver: one CloudEvent, an array of them, an
// array of JSON texts (event streams), or CloudMonitor's own notification. It never fails as a
// whole: each event is a target, ignored with a reason, or an error of its own.
//
// The forms: https://help.aliyun.com/document_detail/181428.html (envelope),
// https://help.aliyun.com/en/eventbridge/user-guide/ecs-events (types),
// https://help.aliyun.com/document_detail/116628.htm (CloudMonitor),
// https://www.alibabacloud.com/help/doc-detail/204963.htm (ActionTrail).
func Events(payload []byte, _ cloud.Origin) []cloud.ParsedEvent {
	return cloud.ParseEvents(payload, parseEvent, func(err error) cloud.ParsedEvent { return newInvalidEvent(event{}, "", err) })
}

// event holds the fields of all forms that are needed.
type event struct {
	ID      cloud.LenientText `json:"id"`
	Type    cloud.LenientText `json:"type"`
	Subject cloud.LenientText `json:"subject"`
	Account cloud.LenientText `json:"aliyunaccountid"`
	Region  cloud.LenientText `json:"aliyunregionid"`
	Data    eventData         `json:"data"`

	// CloudMonitor's own form
	Product  cloud.LenientText `json:"product"`
	Name     cloud.LenientText `json:"name"`
	RegionID cloud.LenientText `json:"regionId"`
	Resource cloud.LenientText `json:"resourceId"`
	UserID   cloud.LenientText `json:"userId"`
	Content  eventData         `json:"content"`

	// ActionTrail's data delivered without an envelope
	trailData
}

// eventData is the data of an event: of a state change, perhaps nested once more, or of ActionTrail.
type eventData struct {
	stateData
	Content cloud.Lenient[stateData] `json:"content"`
	trailData
}

type stateData struct {
	ResourceID cloud.LenientText `json:"resourceId"`
	State      cloud.LenientText `json:"state"`
}

type trailData struct {
	EventID    cloud.LenientText                  `json:"eventId"`
	EventName  cloud.LenientText                  `json:"eventName"`
	Service    cloud.LenientText                  `json:"serviceName"`
	TrailFor   cloud.LenientText                  `json:"acsRegion"`
	ErrorCode  cloud.LenientText                  `json:"errorCode"`
	Referenced cloud.Lenient[map[string]nameList] `json:"referencedResources"`
	Identity   cloud.Lenient[trailIdentity]       `json:"userIdentity"`
}

type trailIdentity struct {
	AccountID cloud.LenientText `json:"accountId"`
}

// UnmarshalJSON is that of cloud.Lenient.
func (data *eventData) UnmarshalJSON(raw []byte) error {
	type plain eventData
	var l cloud.Lenient[plain]
	err := l.UnmarshalJSON(raw)
	*data = eventData(l.Value)
	return err
}

// nameList is a list of texts, or a single one.
type nameList []string

func (l *nameList) UnmarshalJSON(raw []byte) error {
	var many []cloud.LenientText
	if json.Unmarshal(raw, &many) != nil {
		many = make([]cloud.LenientText, 1)
		if err := many[0].UnmarshalJSON(raw); err != nil {
			return err
		}
	}
	for _, name := range many {
		*l = append(*l, string(name))
	}
	return nil
}

func parseEvent(raw []byte) cloud.ParsedEvent {
	var e event
	if err := json.Unmarshal(cloud.UnquoteJSON(raw), &e); err != nil {
		return newInvalidEvent(e, "", fmt.Errorf("the event is not a JSON object: %w", err))
	}
	switch {
	case e.Type == "ecs:Instance:StateChange":
		return e.parseStateChange(e.Data)
	case strings.Contains(string(e.Type), ":ActionTrail:"):
		return e.parseActionTrail(e.Data.trailData)
	case e.Type != "":
		return newIgnoredEvent(e, string(e.Type), "not a change of an instance's state")
	case strings.EqualFold(string(e.Product), "ECS") && e.Name == "Instance:StateChange":
		return e.parseStateChange(e.Content)
	case e.Product != "":
		return newIgnoredEvent(e, string(e.Product+" "+e.Name), "not a change of an instance's state")
	case e.EventName != "":
		return e.parseActionTrail(e.trailData)
	}
	return newInvalidEvent(e, "", errors.New("the event has no type"))
}

// parseStateChange parses a change of state. Where data does not name the instance, subject does.
func (e event) parseStateChange(data eventData) cloud.ParsedEvent {
	state := cmp.Or(data.State, data.Content.Value.State)
	if state == "" {
		return newInvalidEvent(e, "StateChange", errors.New("the event has no state (data.state)"))
	}
	what := "StateChange " + string(state)
	if !slices.Contains([]cloud.LenientText{"Running", "Stopped", "Deleted"}, state) {
		return newIgnoredEvent(e, what, "not a state that is acted on")
	}
	id := string(cmp.Or(data.ResourceID, data.Content.Value.ResourceID))
	resource := e.findResource(cloud.LenientText(id))
	if named := parseResourceName(cloud.LenientText(id)).instance; named != "" {
		id = named
	}
	return newTargetEvent(e, what, cloud.EventTarget{
		AccountID: resource.account, Region: resource.region, InstanceIDs: []string{cmp.Or(id, resource.instance)},
		IsReleased: state == "Deleted",
	})
}

// parseActionTrail parses an API call that created or released instances. It was recorded when the API
// answered: a new instance may not be there yet, a released one still be.
func (e event) parseActionTrail(t trailData) cloud.ParsedEvent {
	what := "ActionTrail " + string(t.EventName)
	e.ID = cmp.Or(e.ID, t.EventID)
	gone := false
	switch t.EventName {
	case "RunInstances", "CreateInstance":
	case "DeleteInstance", "DeleteInstances":
		gone = true
	case "":
		return newInvalidEvent(e, "ActionTrail", errors.New("the event has no name (data.eventName)"))
	default:
		return newIgnoredEvent(e, what, "not a call that makes or releases instances")
	}
	if !strings.EqualFold(string(t.Service), "ecs") && t.Service != "" {
		return newIgnoredEvent(e, what, "not a call of ECS")
	}
	if t.ErrorCode != "" {
		return newIgnoredEvent(e, what, "the call failed: "+string(t.ErrorCode))
	}
	resource := e.findResource("")
	return newTargetEvent(e, what, cloud.EventTarget{
		AccountID:   cmp.Or(resource.account, string(t.Identity.Value.AccountID)),
		Region:      cmp.Or(string(t.TrailFor), resource.region),
		InstanceIDs: t.Referenced.Value["ACS::ECS::Instance"], IsReleased: gone,
	})
}

// resourceName holds the parts of a resource's name.
type resourceName struct{ account, region, instance string }

// parseResourceName parses a resource's name (acs:ecs:<region>:<account>:instance/<id>). Every part is "" for
// anything else, and a part that is a placeholder is "" too.
func parseResourceName(name cloud.LenientText) resourceName {
	parts := strings.SplitN(string(name), ":", 5)
	if len(parts) < 5 || parts[0] != "acs" {
		return resourceName{}
	}
	var p resourceName
	if cloud.ValidCharset(parts[3], cloud.DigitChars) {
		p.account = parts[3]
	}
	if cloud.ValidCharset(parts[2], cloud.LowerChars) {
		p.region = parts[2]
	}
	if id, ok := strings.CutPrefix(parts[4], "instance/"); ok {
		p.instance = id
	}
	return p
}

// findResource returns account, region and id of the instance. Resources' names come first: they have the
// resource's own account and region even where a bus collects the events of several.
func (e event) findResource(named cloud.LenientText) resourceName {
	var p resourceName
	for _, name := range []cloud.LenientText{e.Subject, e.Resource, named} {
		r := parseResourceName(name)
		p.account = cmp.Or(p.account, r.account)
		p.region = cmp.Or(p.region, r.region)
		p.instance = cmp.Or(p.instance, r.instance)
	}
	p.account = cmp.Or(p.account, string(e.Account), string(e.UserID))
	p.region = cmp.Or(p.region, string(e.Region), string(e.RegionID))
	return p
}

// newTargetEvent returns the target of an event, or an error that names the fields which it lacks.
func newTargetEvent(e event, what string, target cloud.EventTarget) cloud.ParsedEvent {
	target.Cloud = inventory.Alibaba
	target.InstanceIDs = slices.DeleteFunc(slices.Clone(target.InstanceIDs), func(id string) bool { return id == "" })
	slices.Sort(target.InstanceIDs)
	target.InstanceIDs = slices.Compact(target.InstanceIDs)
	var missing []string
	if !cloud.ValidCharset(target.AccountID, cloud.DigitChars) {
		missing = append(missing, "the account's id (aliyunaccountid)")
	}
	if !cloud.ValidCharset(target.Region, cloud.LowerChars) {
		missing = append(missing, "the region (aliyunregionid)")
	}
	if len(target.InstanceIDs) == 0 {
		missing = append(missing, "the instance's id (data.resourceId or the subject)")
	}
	for _, id := range target.InstanceIDs {
		if rest, ok := strings.CutPrefix(id, "i-"); !ok || !cloud.ValidCharset(rest, cloud.LowerChars+cloud.UpperChars) {
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
	return cloud.NewInvalidEvent(inventory.Alibaba, string(e.ID), cmp.Or(what, string(e.Type)), err)
}
