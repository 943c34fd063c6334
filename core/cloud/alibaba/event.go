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
// array of JSON texts (event streams), CloudMonitor's own notification, its alert (2.0), or only the data of an event,
// which happened in the function's own account and region. It never fails as a whole: each event is a target, ignored
// with a reason, or an error of its own.
//
// The forms: https://help.aliyun.com/document_detail/181428.html (envelope),
// https://help.aliyun.com/en/eventbridge/user-guide/ecs-events (types),
// https://help.aliyun.com/document_detail/116628.htm (CloudMonitor),
// https://help.aliyun.com/en/ecs/user-guide/vswitch-event-notifications and ip-address-event-notification (addresses),
// https://www.alibabacloud.com/help/doc-detail/204963.htm (ActionTrail).
func Events(payload []byte, from cloud.Origin) []cloud.ParsedEvent {
	return cloud.ParseEvents(payload, func(raw []byte) cloud.ParsedEvent { return parseEvent(raw, from) })
}

// eventForms returns what Alibaba Cloud's services send.
func eventForms() []inventory.EventForm {
	return []inventory.EventForm{
		{Key: "aliyunaccountid", Name: "an event of Alibaba Cloud's EventBridge"},
		{Key: "aliyunregionid", Name: "an event of Alibaba Cloud's EventBridge"},
		{Key: "source", Holds: `"acs.`, Name: "an event of Alibaba Cloud's EventBridge"},
		{Key: "type", Holds: `"ecs:`, Name: "an event of Alibaba Cloud's EventBridge"},
		{Key: "acsRegion", Name: "a record of Alibaba Cloud's ActionTrail"},
		{Key: "alert", Holds: "SYS_EVENT", Name: "an alert of Alibaba Cloud's CloudMonitor"},
		{Key: "product", Name: "a notification of Alibaba Cloud's CloudMonitor"},
		{Key: "resourceId", Holds: `"acs:`, Name: "a notification of Alibaba Cloud's CloudMonitor"},
		{Key: "resourceType", Holds: `"ALIYUN::`, Name: "the data of an event of Alibaba Cloud, without the rest"},
		{Key: "resourceId", Holds: `"i-`, Name: "the data of an event of Alibaba Cloud, without the rest"},
		{Key: "triggerTime", Name: "a tick of Function Compute's timer"},
		{Key: "TopicOwner", Name: "a message of Alibaba Cloud's MNS"},
	}
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

	// CloudMonitor 2.0: the alert, a text, has a notification of CloudMonitor in other words
	Alert cloud.Lenient[alert] `json:"alert"`

	// data delivered without an envelope: of a change, which has no field of its own for the instance, or ActionTrail's
	State        cloud.LenientText `json:"state"`
	ResourceType cloud.LenientText `json:"resourceType"`
	trailData
}

// alert is an alert of CloudMonitor 2.0 about a system's event. Of the content, the map is the text's.
type alert struct {
	EventName cloud.LenientText        `json:"eventName"`
	Product   cloud.LenientText        `json:"product"`
	UserID    cloud.LenientText        `json:"userId"`
	ARN       cloud.LenientText        `json:"arn"`
	Dedup     cloud.LenientText        `json:"dedupId"`
	Content   cloud.Lenient[eventData] `json:"eventContentMap"`
	Raw       cloud.Lenient[eventData] `json:"eventRawContent"`
	Meta      cloud.Lenient[struct {
		Event struct {
			ID       cloud.LenientText `json:"id"`
			RegionID cloud.LenientText `json:"regionId"`
			Resource cloud.LenientText `json:"resourceId"`
		} `json:"sysEventMeta"`
	}] `json:"meta"`
}

// notification returns the notification that an alert holds.
func (a alert) notification() event {
	meta := a.Meta.Value.Event
	content := a.Content.Value
	if content.State == "" && content.ResourceID == "" && content.InstanceID == "" {
		content = a.Raw.Value
	}
	return event{
		ID: cmp.Or(meta.ID, a.Dedup), Product: cmp.Or(a.Product, "ECS"), Name: a.EventName, RegionID: meta.RegionID,
		Resource: cmp.Or(a.ARN, meta.Resource), UserID: a.UserID, Content: content,
	}
}

// eventData is the data of an event: of a state change, perhaps nested once more, or of ActionTrail.
type eventData struct {
	stateData
	Content cloud.Lenient[stateData] `json:"content"`
	trailData
}

type stateData struct {
	ResourceID cloud.LenientText `json:"resourceId"`
	InstanceID cloud.LenientText `json:"instanceId"`
	State      cloud.LenientText `json:"state"`
	Status     cloud.LenientText `json:"eventStatus"` // of an event that takes time
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

func parseEvent(raw []byte, from cloud.Origin) cloud.ParsedEvent {
	var e event
	if err := json.Unmarshal(raw, &e); err != nil {
		return cloud.NewUnknownEvent(raw)
	}
	kind, ofInstance := strings.CutPrefix(string(e.Type), "ecs:")
	switch {
	case ofInstance && isActedOn(kind):
		return e.parseChange(kind, e.Data)
	case strings.Contains(string(e.Type), ":ActionTrail:"):
		return e.parseActionTrail(e.Data.trailData)
	case e.Type != "":
		return newIgnoredEvent(e, string(e.Type), "not a change of an instance's state or address")
	case e.Alert.Value.EventName != "":
		return e.Alert.Value.notification().parseNotification()
	case e.Product != "":
		return e.parseNotification()
	case e.EventName != "":
		return e.parseActionTrail(e.trailData)
	case e.State != "" && (e.ResourceType == "ALIYUN::ECS::Instance" || strings.HasPrefix(string(e.Resource), "i-")):
		e.Account, e.Region = cloud.LenientText(from.AccountID), cloud.LenientText(from.Region)
		return e.parseChange(stateChange, eventData{stateData: stateData{ResourceID: e.Resource, State: e.State}})
	}
	return cloud.NewUnknownEvent(raw)
}

// parseNotification parses a notification of CloudMonitor.
func (e event) parseNotification() cloud.ParsedEvent {
	if strings.EqualFold(string(e.Product), "ECS") && isActedOn(string(e.Name)) {
		return e.parseChange(string(e.Name), e.Content)
	}
	return newIgnoredEvent(e, string(e.Product+" "+e.Name), "not a change of an instance's state or address")
}

// The events that are acted on, as CloudMonitor names them; their types of EventBridge begin with "ecs:".
const (
	stateChange     = "Instance:StateChange"
	creationUndone  = "Instance:SystemFailure.Delete" // released by the system, as it could not be made
	vSwitchChanged  = "Instance:VSwitchChanged"
	addressAdded    = "NetworkInterface:PrivateIPAssigned"
	addressTakenOff = "NetworkInterface:PrivateIPUnassigned"
)

func isActedOn(kind string) bool {
	return slices.Contains([]string{stateChange, creationUndone, vSwitchChanged, addressAdded, addressTakenOff}, kind)
}

// parseChange parses an event that is acted on. What it says of the new state or address is not used.
func (e event) parseChange(kind string, data eventData) cloud.ParsedEvent {
	inner := data.Content.Value
	state := cmp.Or(data.State, inner.State)
	status := cmp.Or(data.Status, inner.Status)
	_, what, _ := strings.Cut(kind, ":")
	target := e.changeTarget(data)
	switch kind {
	case stateChange:
		return e.parseStateChange(what, state, target)
	case creationUndone:
		what += " " + string(status)
		if status != "Executed" {
			return newIgnoredEvent(e, what, "nothing is released yet")
		}
		target.IsReleased = true
	case addressAdded, addressTakenOff:
		if target.InstanceIDs[0] == "" {
			return newIgnoredEvent(e, what, "it names the interface and no instance: left to the timer")
		}
	}
	return newTargetEvent(e, what, target)
}

// parseStateChange parses a change of state.
func (e event) parseStateChange(what string, state cloud.LenientText, target cloud.EventTarget) cloud.ParsedEvent {
	if state == "" {
		return newInvalidEvent(e, what, errors.New("the event has no state (data.state)"))
	}
	what += " " + string(state)
	if !slices.Contains([]cloud.LenientText{"Running", "Stopped", "Deleted"}, state) {
		return newIgnoredEvent(e, what, "not a state that is acted on")
	}
	target.IsReleased = state == "Deleted"
	return newTargetEvent(e, what, target)
}

// changeTarget returns whose event it is. Where data does not name the instance, subject does. A resource that is not
// an instance is none, but for a name that is none at all, so that the error quotes it.
func (e event) changeTarget(data eventData) cloud.EventTarget {
	inner := data.Content.Value
	id := string(cmp.Or(data.InstanceID, inner.InstanceID, data.ResourceID, inner.ResourceID))
	resource := e.findResource(cloud.LenientText(id))
	if strings.HasPrefix(id, "acs:") || strings.HasPrefix(id, "eni-") {
		id = parseResourceName(cloud.LenientText(id)).instance
	}
	return cloud.EventTarget{AccountID: resource.account, Region: resource.region, InstanceIDs: []string{cmp.Or(id, resource.instance)}}
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
