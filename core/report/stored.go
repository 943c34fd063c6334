package report

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
)

// storedReport is a report as it is stored for another process to deliver, with the fields that only a message
// shows.
type storedReport struct {
	Report
	Environment string       `json:"environment"`
	RunErrors   []ErrorEntry `json:"run"`
	Warnings    []ErrorEntry `json:"warnings"`
	NotReached  int          `json:"late"`
	Placeholder bool         `json:"told_elsewhere"`
	KnownScopes []int        `json:"quiet,omitempty"` // indices of scopes
	Compared    bool         `json:"compared,omitempty"`
	Open        []OpenAsset  `json:"open,omitempty"` // their ids, actions and codes
}

// Marshal encodes a report for Unmarshal. If that is more than limit bytes, changes that a message only counts are
// left out; if it is still too much the error is of kind Limit.
func Marshal(r Report, limit int) ([]byte, error) {
	data, err := r.marshalStored()
	if err == nil && len(data) > limit {
		r.Changes, r.open = shownChanges(r.Changes), nil
		data, err = r.marshalStored()
	}
	switch {
	case err != nil:
		return nil, &inventory.Error{Kind: inventory.Invalid, Message: "keep a report", Err: err}
	case len(data) > limit:
		return nil, &inventory.Error{Kind: inventory.Limit, Message: "the report is too large to be kept"}
	}
	return data, nil
}

func (r Report) marshalStored() ([]byte, error) {
	k := storedReport{
		Report: r, Environment: r.environment, RunErrors: r.runErrors, Warnings: r.warnings, NotReached: r.notReached, Placeholder: r.placeholder,
		Compared: r.compared,
	}
	for _, a := range r.open {
		k.Open = append(k.Open, OpenAsset{Change: Change{AssetID: a.AssetID, Action: a.Action}, Code: a.Code})
	}
	for n, s := range r.Scopes {
		if s.alreadyNotified {
			k.KnownScopes = append(k.KnownScopes, n)
		}
	}
	return json.Marshal(k)
}

// shownChanges returns the changes without those made changes that are counted anyway and that no message shows.
// Those that failed, are held or are orphans stay, because they are counted by scope.
func shownChanges(changes []Change) []Change {
	many := map[plan.Action]int{}
	return slices.DeleteFunc(slices.Clone(changes), func(c Change) bool {
		switch c.Action {
		case Fail, Unknown, plan.Hold, plan.Orphan:
			return false
		case plan.Skip, plan.Drift:
			return true // only counted
		}
		many[c.Action]++
		return many[c.Action] > maxAssetRows+1
	})
}

// historyDocument is the results document in the history: with the ids of all that was removed.
type historyDocument struct {
	Report
	Removals []RemovalBatch `json:"closed,omitempty"`
}

// HistoryDocument returns the results document in one line of JSON, for the history. If that is more than limit
// bytes, changes that a message only counts are left out, removals last, and then all changes and most errors: the
// numbers stay, so that a big run can be found again. The ids of removed assets stay if they fit into most of the
// limit; otherwise their number and time.
func HistoryDocument(r Report, limit int) ([]byte, error) {
	const mostErrors, leastChange = 100, 150 // bytes of a change with all texts empty
	d := historyDocument{Report: r, Removals: dropIDs(r.removals, limit/4*3)}
	var data []byte
	var err error
	if len(r.Changes) <= limit/leastChange { // otherwise encoding it is useless
		data, err = json.Marshal(d)
	}
	for _, fewer := range []func([]Change) []Change{removedOrShown, shownChanges} {
		if err == nil && (data == nil || len(data) > limit) {
			d.Changes = fewer(d.Changes)
			if len(d.Changes) <= limit/leastChange {
				data, err = json.Marshal(d)
			}
		}
	}
	if err == nil && (data == nil || len(data) > limit) {
		d.Changes, d.Errors = []Change{}, r.Errors[:min(len(r.Errors), mostErrors)]
		data, err = json.Marshal(d)
	}
	if err != nil {
		return nil, &inventory.Error{Kind: inventory.Invalid, Message: "a results document", Err: err}
	}
	return data, nil
}

// dropIDs returns removals, without their ids if these take more than limit bytes.
func dropIDs(all []RemovalBatch, limit int) []RemovalBatch {
	const ofID = 39 // bytes of an id in a list
	size := 0
	for _, c := range all {
		size += len(c.GoneLabel) + len(c.Approved) + 100 + ofID*len(c.AssetIDs)
	}
	if size <= limit {
		return all
	}
	all = slices.Clone(all)
	for n := range all {
		all[n].AssetIDs = nil
	}
	return all
}

// removedOrShown returns the changes without those that no message shows, except removals.
func removedOrShown(changes []Change) []Change {
	removed := func(c Change) bool { return c.Action == plan.Deactivate || c.Action == plan.Delete }
	out := shownChanges(slices.DeleteFunc(slices.Clone(changes), removed))
	for _, c := range changes {
		if removed(c) {
			out = append(out, c)
		}
	}
	return out
}

// countOf returns how many changes of one action a report counts.
func (r Report) countOf(a plan.Action) int {
	switch a {
	case plan.Create:
		return r.Created
	case plan.Update:
		return r.Updated
	case plan.Deactivate:
		return r.Deactivated
	case plan.Delete:
		return r.Deleted
	}
	return 0
}

// Unmarshal decodes a report that Marshal encoded.
func Unmarshal(data []byte) (Report, error) {
	var k storedReport
	if err := json.Unmarshal(data, &k); err != nil {
		return Report{}, &inventory.Error{Kind: inventory.Invalid, Message: "a kept report", Err: err}
	}
	r := k.Report
	started, err := time.Parse(time.RFC3339, r.StartedAt)
	if err != nil {
		return Report{}, &inventory.Error{Kind: inventory.Invalid, Message: "a kept report", Err: err}
	}
	r.started, r.environment, r.runErrors, r.warnings, r.notReached, r.placeholder = started, k.Environment, k.RunErrors, k.Warnings, k.NotReached, k.Placeholder
	r.compared, r.open = k.Compared, k.Open
	for _, n := range k.KnownScopes {
		if n >= 0 && n < len(r.Scopes) {
			r.Scopes[n].alreadyNotified = true
		}
	}
	return r, nil
}

// NewPlaceholder returns a report that replaces one too large to be stored, which was delivered by itself: it says
// that there was one.
func NewPlaceholder(r Report) Report {
	stub := newReport(r.started)
	stub.Outcome, stub.environment, stub.DryRun, stub.placeholder = r.Outcome, r.environment, r.DryRun, true
	return stub
}

// IsPlaceholder reports whether a report replaces one that was delivered by itself.
func (r Report) IsPlaceholder() bool { return r.placeholder }
