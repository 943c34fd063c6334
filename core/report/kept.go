package report

import (
	"encoding/json"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// kept is a report with what its results document does not show, for those that wait in a store
// until they are told in one card with others.
type kept struct {
	Report      Report    `json:"report"`
	Environment string    `json:"environment"`
	Started     time.Time `json:"started"`
	Run         []Fault   `json:"run"`
	Warnings    []Fault   `json:"warnings"`
	Late        int       `json:"late"`
}

// Keep gives the report as JSON that Kept reads, whole.
func (r Report) Keep() ([]byte, error) {
	return json.Marshal(kept{
		Report: r, Environment: r.environment, Started: r.started, Run: r.run, Warnings: r.warnings, Late: r.late,
	})
}

// Kept gives the report that Keep wrote. Its error is of kind Invalid.
func Kept(data []byte) (Report, error) {
	var k kept
	if err := json.Unmarshal(data, &k); err != nil {
		return Report{}, &inventory.Error{Kind: inventory.Invalid, Message: "a kept report", Err: err}
	}
	r := k.Report
	if r.Outcome == "" || r.Scopes == nil || r.Changes == nil || r.Errors == nil {
		return Report{}, &inventory.Error{Kind: inventory.Invalid, Message: "a kept report lacks its outcome or a list"}
	}
	r.environment, r.started, r.run, r.warnings, r.late = k.Environment, k.Started, k.Run, k.Warnings, k.Late
	return r, nil
}
