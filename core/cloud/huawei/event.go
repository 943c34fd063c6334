package huawei

import (
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// Events parses what a CTS trigger of FunctionGraph delivers: one trace, the record of one API call,
// under the key "cts"; and traces without that key, or in messages of SMN. It never fails as a whole: each trace is a
// target, ignored with a reason, or an error that names what it lacks.
//
// A trace names no region but a project, and an older form not even that: then the project is that of
// the function (from.ProjectID), which gets the calls of no other region. A call that creates servers is
// answered before they exist; a trace that names none is left to the timer.
//
// The forms: https://support.huaweicloud.com/usermanual-functiongraph/functiongraph_01_0209.html (trigger),
// https://support.huaweicloud.com/usermanual-cts/cts_03_0010.html (fields; request and response are
// texts that hold JSON, or JSON), https://support.huaweicloud.com/usermanual-ecs/ecs_03_1101.html (names).
func Events(payload []byte, from cloud.Origin) []cloud.ParsedEvent {
	return cloud.ParseEvents(payload, func(raw []byte) cloud.ParsedEvent { return parseEvent(raw, from) })
}

// eventForms returns what Huawei Cloud's services send.
func eventForms() []inventory.EventForm {
	return []inventory.EventForm{
		{Key: "cts", Name: "a trace of Huawei Cloud's CTS"},
		{Key: "trace_id", Name: "a trace of Huawei Cloud's CTS"},
		{Key: "trigger_type", Name: "a tick of FunctionGraph's timer"},
		{Key: "topic_urn", Name: "a message of Huawei Cloud's SMN"},
		{Key: "smn", Name: "a message of Huawei Cloud's SMN"},
		{Key: "source", Holds: `"HC.`, Name: "an event of Huawei Cloud's EventGrid"},
		{Key: "alarm_id", Name: "an alarm of Huawei Cloud's CES"},
	}
}

func parseEvent(raw []byte, from cloud.Origin) cloud.ParsedEvent {
	var envelope struct {
		CTS  json.RawMessage   `json:"cts"`
		ID   cloud.LenientText `json:"trace_id"`
		Name cloud.LenientText `json:"trace_name"`
	}
	if json.Unmarshal(raw, &envelope) != nil {
		return cloud.NewUnknownEvent(raw)
	}
	switch {
	case len(envelope.CTS) > 0:
		raw = cloud.UnquoteJSON(envelope.CTS)
	case envelope.ID == "" || envelope.Name == "":
		return cloud.NewUnknownEvent(raw)
	}
	var t trace
	if err := json.Unmarshal(raw, &t); err != nil {
		return newInvalidEvent(t, errors.New("cts is not a JSON object"))
	}
	return t.parse(from)
}

// trace is a record of CTS, with the fields that are needed.
type trace struct {
	ID       cloud.LenientText        `json:"trace_id"`
	Name     cloud.LenientText        `json:"trace_name"`
	Status   cloud.LenientText        `json:"trace_status"`
	Rating   cloud.LenientText        `json:"trace_rating"` // the newer name of trace_status
	Code     cloud.LenientText        `json:"code"`         // the call's HTTP status
	Service  cloud.LenientText        `json:"service_type"`
	Type     cloud.LenientText        `json:"resource_type"`
	Resource cloud.LenientText        `json:"resource_id"`
	Owner    cloud.LenientText        `json:"resource_account_id"` // where one account calls for another
	Domain   cloud.LenientText        `json:"domain_id"`
	Project  cloud.LenientText        `json:"project_id"`
	User     cloud.Lenient[traceUser] `json:"user"`
	Request  cloud.Lenient[any]       `json:"request"`
	Response cloud.Lenient[any]       `json:"response"`
}

type traceUser struct {
	Domain struct {
		ID cloud.LenientText `json:"id"`
	} `json:"domain"`
}

// callVersion matches the version at the end of a call's name: createServerV21.
var callVersion = regexp.MustCompile(`V[0-9]+$`)

// actedCalls returns the calls that are acted on, and whether they release servers. Calls that change
// a server (deleteNic!) never do.
func actedCalls() map[string]bool {
	return map[string]bool{
		"createServer": false, "createServers": false, "createSingleServer": false,
		"startServer": false, "stopServer": false, "rebootServer": false, "resizeServer": false, "updateServer": false,
		"changeOs": false, "reinstallOs": false, "reInitOs": false, "addNic": false, "deleteNic": false, "delNic": false,
		"updateMetadata": false,
		"deleteServer":   true, "deleteServers": true, "deleteSingleServer": true, "deleteVmByNative": true,
	}
}

// parse returns the event of a trace.
func (t trace) parse(from cloud.Origin) cloud.ParsedEvent {
	gone, known := actedCalls()[callVersion.ReplaceAllString(string(t.Name), "")]
	status := cmp.Or(t.Status, t.Rating)
	code, _ := strconv.Atoi(string(t.Code))
	switch {
	case t.Service == "":
		return newInvalidEvent(t, errors.New("the trace has no service_type"))
	case !strings.EqualFold(string(t.Service), "ECS"):
		return t.newIgnoredEvent("not a call of ECS")
	case t.Name == "":
		return newInvalidEvent(t, errors.New("the trace has no trace_name"))
	case !known || t.Type != "" && !strings.EqualFold(string(t.Type), "ecs"):
		return t.newIgnoredEvent("not a call that makes, changes or releases servers")
	case status == "":
		return newInvalidEvent(t, errors.New("the trace has no trace_status"))
	case status != "normal":
		return t.newIgnoredEvent("the call did not succeed: " + string(status))
	case code >= 400:
		return t.newIgnoredEvent("the call did not succeed: HTTP " + strconv.Itoa(code))
	}
	servers := t.serverIDs()
	if len(servers) == 0 {
		return t.newIgnoredEvent("it names no server: left to the timer")
	}
	return t.newTargetEvent(cloud.EventTarget{
		Cloud: inventory.Huawei, InstanceIDs: servers, IsReleased: gone,
		AccountID: string(cmp.Or(t.Owner, t.Domain, t.User.Value.Domain.ID)),
		ProjectID: cmp.Or(string(t.Project), from.ProjectID),
	})
}

// newTargetEvent returns the target of an event, or an error that names the fields which it lacks.
func (t trace) newTargetEvent(target cloud.EventTarget) cloud.ParsedEvent {
	var missing []string
	if !cloud.ValidCharset(target.AccountID, alphanumericChars) {
		missing = append(missing, "the account's id (user.domain.id)")
	}
	if !cloud.ValidCharset(target.ProjectID, alphanumericChars) {
		missing = append(missing, "the project's id (project_id, or RUNTIME_PROJECT_ID of the function)")
	}
	if err := cloud.MissingFieldsError(missing); err != nil {
		return newInvalidEvent(t, err)
	}
	return cloud.ParsedEvent{ID: string(t.ID), Description: t.description(), Target: target}
}

// serverIDPattern matches a server's id.
var serverIDPattern = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// serverIDs returns the ids of the servers that the trace names, sorted, each once: as the resource,
// in the response (entities.server_id of a job that has ended, serverIds of one that begins), and
// in the request (servers of a call that releases several).
func (t trace) serverIDs() []string {
	found := map[string]bool{}
	if id := strings.ToLower(string(t.Resource)); serverIDPattern.MatchString(id) {
		found[id] = true
	}
	collectServerIDs(t.Response.Value, "", found)
	collectServerIDs(t.Request.Value, "", found)
	return slices.Sorted(maps.Keys(found))
}

// collectServerIDs collects the ids in a JSON value whose names are only those of servers' ids.
// under is the name of the value.
func collectServerIDs(value any, under string, found map[string]bool) {
	switch v := value.(type) {
	case map[string]any:
		for name, inner := range v {
			if name == "id" && under == "servers" {
				name = "server_id"
			}
			collectServerIDs(inner, name, found)
		}
	case []any:
		for _, inner := range v {
			collectServerIDs(inner, under, found)
		}
	case string:
		switch under {
		case "server_id", "serverId", "server_ids", "serverIds":
			if id := strings.ToLower(v); serverIDPattern.MatchString(id) {
				found[id] = true
			}
		}
	}
}

func (t trace) description() string {
	if t.Name == "" {
		return "CTS"
	}
	return "CTS " + string(t.Name)
}

func (t trace) newIgnoredEvent(why string) cloud.ParsedEvent {
	return cloud.ParsedEvent{ID: string(t.ID), Description: t.description(), IgnoredReason: why}
}

func newInvalidEvent(t trace, err error) cloud.ParsedEvent {
	return cloud.NewInvalidEvent(inventory.Huawei, string(t.ID), t.description(), err)
}
