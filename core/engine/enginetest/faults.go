package enginetest

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/notify/dingtalk/dingtalktest"
)

// CloudFault is a misbehaviour of Alibaba's APIs; "" means any, or the default.
type CloudFault struct {
	Kind    alibabatest.Kind `json:"kind"`
	Action  string           `json:"action"` // "" = DescribeInstances, "any" = any
	Region  string           `json:"region"`
	Account string           `json:"account"`
	After   int              `json:"after"`
	Times   int              `json:"times"`
	Gives   string           `json:"gives"` // with each: the kind of error that comes of it
}

// BastionFault is a misbehaviour of JumpServer.
type BastionFault struct {
	Method      string `json:"method"`
	Part        string `json:"part"`  // of the request's target
	Times       int    `json:"times"` // 0 = always
	Status      int    `json:"status"`
	Answer      string `json:"answer"`
	RetryAfter  string `json:"retry_after"`
	Location    string `json:"location"`
	Cut         bool   `json:"cut"`
	Hang        bool   `json:"hang"`
	AfterCommit bool   `json:"after_commit"` // the request is carried out first
	Edit        string `json:"edit"`         // of the true answer, see bodyEdits
	Front       string `json:"front"`        // a page of something in front of JumpServer, see jumpservertest.RecordedPages
	Gives       string `json:"gives"`        // with each: the kind of error that comes of it
}

// Faults are what goes wrong from now on.
type Faults struct {
	CloudFaults   []CloudFault   `json:"cloud_faults"`
	BastionFaults []BastionFault `json:"jumpserver_faults"`
	RobotFaults   []string       `json:"robot_faults"` // recorded answers, "busy", "drop", "500"
}

// InjectFaults lets things go wrong from now on.
func (w *World) InjectFaults(st Faults) {
	w.T.Helper()
	for _, f := range st.CloudFaults {
		w.InjectCloudFault(f)
	}
	for _, f := range st.BastionFaults {
		w.InjectBastionFault(f)
	}
	for _, name := range st.RobotFaults {
		switch name {
		case "drop":
			w.Robot.QueueFaults(dingtalktest.DropFaults(1)...)
		case "busy":
			w.Robot.QueueFaults(dingtalktest.BusyFault())
		case "500":
			w.Robot.QueueFaults(dingtalktest.Fault{Status: http.StatusInternalServerError, Body: "<html></html>"})
		default:
			w.Robot.QueueFaults(dingtalktest.AnswerFaults(1, name)...)
		}
	}
}

// InjectCloudFault lets the cloud misbehave.
func (w *World) InjectCloudFault(f CloudFault) {
	fault := alibabatest.Fault{Kind: f.Kind, Action: f.Action, Region: f.Region, After: f.After, Times: f.Times}
	switch f.Action {
	case "":
		fault.Action = alibabatest.DescribeInstances
	case "any":
		fault.Action = ""
	}
	if f.Account != "" {
		fault.Key = AccessKeyOf(f.Account)
	}
	w.Cloud.Break(fault)
}

// InjectBastionFault lets JumpServer misbehave.
func (w *World) InjectBastionFault(f BastionFault) {
	w.T.Helper()
	fault := jumpservertest.Fault{
		Status: f.Status, Body: f.Answer, RetryAfter: f.RetryAfter, Location: f.Location, Cut: f.Cut, Hang: f.Hang,
		After: f.AfterCommit,
	}
	if f.Front != "" {
		fault.Front = jumpservertest.RecordedPages()[f.Front]
		if fault.Front.Status == 0 {
			w.T.Fatalf("nothing in front of JumpServer is called %q", f.Front)
		}
	}
	if f.Edit != "" {
		fault.Edit = bodyEdits()[f.Edit]
		if fault.Edit == nil {
			w.T.Fatalf("no edit of answers is called %q", f.Edit)
		}
	}
	if f.Times == 0 {
		f.Times = -1
	}
	w.JumpServer.Fail(jumpservertest.MatchRequest(f.Method, f.Part), f.Times, fault)
}

// bodyEdits are the ways in which a true answer is spoiled.
func bodyEdits() map[string]func(int, []byte) (int, []byte) {
	return map[string]func(int, []byte) (int, []byte){
		"truncated":  jumpservertest.TruncateJSON,
		"fewer rows": editRows(func(rows []any) []any { return rows[:len(rows)-1] }),
		"twice":      editRows(func(rows []any) []any { return append(rows[:len(rows)-1], rows[0]) }),
		"other organisation": editRows(func(rows []any) []any {
			rows[0].(map[string]any)["org_id"] = "11111111-0000-0000-0000-000000000009"
			return rows
		}),
		"other organisation id": func(status int, body []byte) (int, []byte) {
			return status, bytes.Replace(body, []byte(jumpservertest.DefaultOrg), []byte("11111111-0000-0000-0000-000000000009"), 1)
		},
		"stranger": editRows(func(rows []any) []any {
			rows[0].(map[string]any)["id"] = "11111111-0000-0000-0000-000000000008"
			return rows
		}),
		"bare list": func(status int, body []byte) (int, []byte) {
			var page map[string]json.RawMessage
			if json.Unmarshal(body, &page) != nil {
				return status, body
			}
			return status, page["results"]
		},
		"no id": func(status int, body []byte) (int, []byte) {
			return status, bytes.ReplaceAll(body, []byte(`"id":`), []byte(`"identity":`))
		},
		"no spm": func(status int, _ []byte) (int, []byte) { return status, []byte(`{}`) },
		"lost spm": func(status int, _ []byte) (int, []byte) {
			return status, []byte(`{"spm":"22222222-0000-0000-0000-000000000009"}`)
		},
	}
}

// editRows spoils the rows of a page that has any, and leaves its count.
func editRows(spoil func([]any) []any) func(int, []byte) (int, []byte) {
	return func(status int, body []byte) (int, []byte) {
		var page map[string]any
		if json.Unmarshal(body, &page) != nil {
			return status, body
		}
		rows, _ := page["results"].([]any)
		if len(rows) == 0 {
			return status, body
		}
		page["results"] = spoil(rows)
		spoilt, err := json.Marshal(page)
		if err != nil {
			return status, body
		}
		return status, spoilt
	}
}
