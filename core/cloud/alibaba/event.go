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

// Events reads what EventBridge or CloudMonitor deliver: one CloudEvent, an array of them, an
// array of JSON texts (event streams), or CloudMonitor's own notification. It never fails as a
// whole: each event is a hint, ignored with a reason, or an error of its own.
//
// The forms: https://help.aliyun.com/document_detail/181428.html (envelope),
// https://help.aliyun.com/en/eventbridge/user-guide/ecs-events (types),
// https://help.aliyun.com/document_detail/116628.htm (CloudMonitor),
// https://www.alibabacloud.com/help/doc-detail/204963.htm (ActionTrail).
func Events(payload []byte, _ cloud.Origin) []cloud.Heard {
	return cloud.HearBatch(payload, hear, func(err error) cloud.Heard { return broken(event{}, "", err) })
}

// event holds the fields of all forms. Fields that we do not need, and times, are not looked at.
type event struct {
	ID      cloud.Text `json:"id"`
	Type    cloud.Text `json:"type"`
	Subject cloud.Text `json:"subject"`
	Account cloud.Text `json:"aliyunaccountid"`
	Region  cloud.Text `json:"aliyunregionid"`
	Data    body       `json:"data"`

	// CloudMonitor's own form
	Product  cloud.Text `json:"product"`
	Name     cloud.Text `json:"name"`
	RegionID cloud.Text `json:"regionId"`
	Resource cloud.Text `json:"resourceId"`
	UserID   cloud.Text `json:"userId"`
	Content  body       `json:"content"`

	// ActionTrail's data delivered without an envelope
	trail
}

// body is the data of an event: of a state change, perhaps nested once more, or of ActionTrail.
type body struct {
	change
	Content cloud.Loose[change] `json:"content"`
	trail
}

type change struct {
	ResourceID cloud.Text `json:"resourceId"`
	State      cloud.Text `json:"state"`
}

type trail struct {
	EventID    cloud.Text                       `json:"eventId"`
	EventName  cloud.Text                       `json:"eventName"`
	Service    cloud.Text                       `json:"serviceName"`
	TrailFor   cloud.Text                       `json:"acsRegion"`
	ErrorCode  cloud.Text                       `json:"errorCode"`
	Referenced cloud.Loose[map[string]nameList] `json:"referencedResources"`
	Identity   cloud.Loose[identity]            `json:"userIdentity"`
}

type identity struct {
	AccountID cloud.Text `json:"accountId"`
}

// UnmarshalJSON is that of cloud.Loose.
func (b *body) UnmarshalJSON(raw []byte) error {
	type plain body
	var l cloud.Loose[plain]
	err := l.UnmarshalJSON(raw)
	*b = body(l.Is)
	return err
}

// nameList is a list of texts, or a single one.
type nameList []string

func (l *nameList) UnmarshalJSON(raw []byte) error {
	var many []cloud.Text
	if json.Unmarshal(raw, &many) != nil {
		many = make([]cloud.Text, 1)
		if err := many[0].UnmarshalJSON(raw); err != nil {
			return err
		}
	}
	for _, name := range many {
		*l = append(*l, string(name))
	}
	return nil
}

func hear(raw []byte) cloud.Heard {
	var e event
	if err := json.Unmarshal(cloud.Unquoted(raw), &e); err != nil {
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
	state := cmp.Or(b.State, b.Content.Is.State)
	if state == "" {
		return broken(e, "StateChange", errors.New("the event has no state (data.state)"))
	}
	what := "StateChange " + string(state)
	if !slices.Contains([]cloud.Text{"Running", "Stopped", "Deleted"}, state) {
		return ignored(e, what, "not a state that is acted on")
	}
	id := string(cmp.Or(b.ResourceID, b.Content.Is.ResourceID))
	where := e.where(cloud.Text(id))
	if named := parse(cloud.Text(id)).instance; named != "" {
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
		AccountID: cmp.Or(where.account, string(t.Identity.Is.AccountID)),
		Region:    cmp.Or(string(t.TrailFor), where.region),
		Instances: t.Referenced.Is["ACS::ECS::Instance"], Gone: gone,
	})
}

// resource is what a resource's name says.
type resource struct{ account, region, instance string }

// parse reads a resource's name (acs:ecs:<region>:<account>:instance/<id>); anything else says
// nothing, nor does a part that is a placeholder.
func parse(name cloud.Text) resource {
	parts := strings.SplitN(string(name), ":", 5)
	if len(parts) < 5 || parts[0] != "acs" {
		return resource{}
	}
	var p resource
	if cloud.Only(parts[3], cloud.Digits) {
		p.account = parts[3]
	}
	if cloud.Only(parts[2], cloud.Lower) {
		p.region = parts[2]
	}
	if id, ok := strings.CutPrefix(parts[4], "instance/"); ok {
		p.instance = id
	}
	return p
}

// where finds whose and where the instance is. Resources' names are asked first: they name its
// own account and region also where a bus collects events of several.
func (e event) where(named cloud.Text) resource {
	var p resource
	for _, name := range []cloud.Text{e.Subject, e.Resource, named} {
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
	if !cloud.Only(h.AccountID, cloud.Digits) {
		missing = append(missing, "the account's id (aliyunaccountid)")
	}
	if !cloud.Only(h.Region, cloud.Lower) {
		missing = append(missing, "the region (aliyunregionid)")
	}
	if len(h.Instances) == 0 {
		missing = append(missing, "the instance's id (data.resourceId or the subject)")
	}
	for _, id := range h.Instances {
		if rest, ok := strings.CutPrefix(id, "i-"); !ok || !cloud.Only(rest, cloud.Lower+cloud.Upper) {
			missing = append(missing, fmt.Sprintf("a valid instance id (%.64q is none)", id))
			break
		}
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
	return cloud.Unheard(inventory.Alibaba, string(e.ID), cmp.Or(what, string(e.Type)), err)
}
