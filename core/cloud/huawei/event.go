package huawei

import (
	"bytes"
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

// Events reads what a CTS trigger of FunctionGraph delivers: one trace, the record of one API call,
// under the key "cts". It never fails as a whole: the trace is a hint, ignored with a reason, or an
// error that names what it lacks.
//
// A trace names no region but a project, and an older form of it not even that: then the project
// is that of the function (from.ProjectID), which hears of no other region's calls. A call that
// makes servers is answered before they exist; a trace that names none is left to the timer.
//
// The forms: https://support.huaweicloud.com/usermanual-functiongraph/functiongraph_01_0209.html (trigger),
// https://support.huaweicloud.com/usermanual-cts/cts_03_0010.html (fields; request and response are
// texts that hold JSON, or JSON), https://support.huaweicloud.com/usermanual-ecs/ecs_03_1101.html (names).
func Events(payload []byte, from cloud.Origin) []cloud.Heard {
	return []cloud.Heard{hear(bytes.TrimSpace(payload), from)}
}

func hear(payload []byte, from cloud.Origin) cloud.Heard {
	if len(payload) == 0 {
		return broken(trace{}, errors.New("the event is empty"))
	}
	var envelope struct {
		CTS json.RawMessage `json:"cts"`
	}
	if json.Unmarshal(cloud.Unquoted(payload), &envelope) != nil {
		return broken(trace{}, errors.New("the event is not a JSON object"))
	}
	if len(envelope.CTS) == 0 {
		return broken(trace{}, errors.New("the event has no cts: it is none of Cloud Trace Service"))
	}
	var t trace
	if err := json.Unmarshal(cloud.Unquoted(envelope.CTS), &t); err != nil {
		return broken(t, errors.New("cts is not a JSON object"))
	}
	return t.heard(from)
}

// trace is a record of CTS. Fields that we do not need, and times, are not looked at.
type trace struct {
	ID       cloud.Text        `json:"trace_id"`
	Name     cloud.Text        `json:"trace_name"`
	Status   cloud.Text        `json:"trace_status"`
	Rating   cloud.Text        `json:"trace_rating"` // the newer name of trace_status
	Code     cloud.Text        `json:"code"`         // the call's HTTP status
	Service  cloud.Text        `json:"service_type"`
	Type     cloud.Text        `json:"resource_type"`
	Resource cloud.Text        `json:"resource_id"`
	Owner    cloud.Text        `json:"resource_account_id"` // where one account calls for another
	Domain   cloud.Text        `json:"domain_id"`
	Project  cloud.Text        `json:"project_id"`
	User     cloud.Loose[user] `json:"user"`
	Request  cloud.Loose[any]  `json:"request"`
	Response cloud.Loose[any]  `json:"response"`
}

type user struct {
	Domain struct {
		ID cloud.Text `json:"id"`
	} `json:"domain"`
}

// version matches the end of a name that tells the version of the call: createServerV21.
var version = regexp.MustCompile(`V[0-9]+$`)

// releases tells of the calls that are acted on whether they release servers. Calls that change
// a server (deleteNic!) never do.
func releases() map[string]bool {
	return map[string]bool{
		"createServer": false, "createServers": false, "createSingleServer": false,
		"startServer": false, "stopServer": false, "rebootServer": false, "resizeServer": false, "updateServer": false,
		"changeOs": false, "reinstallOs": false, "reInitOs": false, "addNic": false, "deleteNic": false, "delNic": false,
		"updateMetadata": false,
		"deleteServer":   true, "deleteServers": true, "deleteSingleServer": true, "deleteVmByNative": true,
	}
}

// heard judges a trace.
func (t trace) heard(from cloud.Origin) cloud.Heard {
	gone, known := releases()[version.ReplaceAllString(string(t.Name), "")]
	status := cmp.Or(t.Status, t.Rating)
	code, _ := strconv.Atoi(string(t.Code))
	switch {
	case t.Service == "":
		return broken(t, errors.New("the trace has no service_type"))
	case !strings.EqualFold(string(t.Service), "ECS"):
		return t.ignored("not a call of ECS")
	case t.Name == "":
		return broken(t, errors.New("the trace has no trace_name"))
	case !known || t.Type != "" && !strings.EqualFold(string(t.Type), "ecs"):
		return t.ignored("not a call that makes, changes or releases servers")
	case status == "":
		return broken(t, errors.New("the trace has no trace_status"))
	case status != "normal":
		return t.ignored("the call did not succeed: " + string(status))
	case code >= 400:
		return t.ignored("the call did not succeed: HTTP " + strconv.Itoa(code))
	}
	servers := t.servers()
	if len(servers) == 0 {
		return t.ignored("it names no server: left to the timer")
	}
	return t.hint(cloud.Hint{
		Cloud: inventory.Huawei, Instances: servers, Gone: gone,
		AccountID: string(cmp.Or(t.Owner, t.Domain, t.User.Is.Domain.ID)),
		ProjectID: cmp.Or(string(t.Project), from.ProjectID),
	})
}

// hint checks that all is there that a question to the cloud needs.
func (t trace) hint(h cloud.Hint) cloud.Heard {
	var missing []string
	if !cloud.Only(h.AccountID, alphanumeric) {
		missing = append(missing, "the account's id (user.domain.id)")
	}
	if !cloud.Only(h.ProjectID, alphanumeric) {
		missing = append(missing, "the project's id (project_id, or RUNTIME_PROJECT_ID of the function)")
	}
	if err := cloud.Lacks(missing); err != nil {
		return broken(t, err)
	}
	return cloud.Heard{ID: string(t.ID), What: t.what(), Hint: h}
}

// uuid matches a server's id.
var uuid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// servers gives the ids of the servers that the trace names, sorted, each once: as the resource,
// in the response (entities.server_id of a job that has ended, serverIds of one that begins), and
// in the request (servers of a call that releases several).
func (t trace) servers() []string {
	found := map[string]bool{}
	if id := strings.ToLower(string(t.Resource)); uuid.MatchString(id) {
		found[id] = true
	}
	named(t.Response.Is, "", found)
	named(t.Request.Is, "", found)
	return slices.Sorted(maps.Keys(found))
}

// named collects the ids that stand in a JSON value under names that only servers' ids have.
// under is the name below which the value stands.
func named(value any, under string, found map[string]bool) {
	switch v := value.(type) {
	case map[string]any:
		for name, inner := range v {
			if name == "id" && under == "servers" {
				name = "server_id"
			}
			named(inner, name, found)
		}
	case []any:
		for _, inner := range v {
			named(inner, under, found)
		}
	case string:
		switch under {
		case "server_id", "serverId", "server_ids", "serverIds":
			if id := strings.ToLower(v); uuid.MatchString(id) {
				found[id] = true
			}
		}
	}
}

func (t trace) what() string {
	if t.Name == "" {
		return "CTS"
	}
	return "CTS " + string(t.Name)
}

func (t trace) ignored(why string) cloud.Heard {
	return cloud.Heard{ID: string(t.ID), What: t.what(), Ignored: why}
}

func broken(t trace, err error) cloud.Heard {
	return cloud.Unheard(inventory.Huawei, string(t.ID), t.what(), err)
}
