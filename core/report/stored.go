package report

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
)

// storedReport is a report as it is stored for another process to deliver, with the fields that only a message
// shows.
type storedReport struct {
	Report
	Environment string          `json:"environment"`
	RunErrors   []ErrorEntry    `json:"run"`
	Warnings    []ErrorEntry    `json:"warnings"`
	NotReached  int             `json:"late"`
	Placeholder bool            `json:"told_elsewhere"`
	KnownScopes []int           `json:"quiet,omitempty"` // indices of scopes
	Compared    bool            `json:"compared,omitempty"`
	Open        []OpenAsset     `json:"open,omitempty"`            // their ids, actions and codes
	ComparedIn  []int           `json:"compared_scopes,omitempty"` // indices of scopes
	Conditions  []Condition     `json:"conditions,omitempty"`
	Looks       []look          `json:"looks,omitempty"`
	News        *News           `json:"news,omitempty"`
	Page        string          `json:"page,omitempty"`
	Lang        string          `json:"lang,omitempty"`
	Other       json.RawMessage `json:"other,omitempty"` // the same in another language, if there is room
}

// Marshal encodes a report for Unmarshal. If that is more than limit bytes, changes that a message only counts are
// left out; if it is still too much the error is of kind Limit.
func Marshal(r Report, limit int) ([]byte, error) {
	data, err := r.marshalStored()
	if err == nil && len(data) > limit && r.other != nil {
		r.other = nil
		data, err = r.marshalStored()
	}
	if err == nil && len(data) > limit {
		r.Changes, r.open, r.Access = shownChanges(r.Changes), nil, r.Access.Shortened(maxAssetRows+1, maxNames+1)
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
		Compared: r.compared, Conditions: r.conditions, Looks: r.looks, News: r.news, Lang: string(r.lang), Page: r.pageURL(),
	}
	if r.other != nil {
		other, err := r.other.marshalStored()
		if err != nil {
			return nil, err
		}
		k.Other = other
	}
	for _, a := range r.open {
		k.Open = append(k.Open, OpenAsset{Change: Change{AssetID: a.AssetID, Action: a.Action}, Code: a.Code})
	}
	for n, s := range r.Scopes {
		if s.alreadyNotified {
			k.KnownScopes = append(k.KnownScopes, n)
		}
		if s.compared {
			k.ComparedIn = append(k.ComparedIn, n)
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
	r.compared, r.open, r.conditions, r.looks = k.Compared, k.Open, k.Conditions, k.Looks
	for n := range r.Scopes {
		r.Scopes[n].alreadyNotified, r.Scopes[n].compared = slices.Contains(k.KnownScopes, n), slices.Contains(k.ComparedIn, n)
	}
	if len(k.Other) > 0 {
		other, err := Unmarshal(k.Other)
		if err != nil {
			return Report{}, err
		}
		r.other = &other
	}
	r.lang = language.Lang(k.Lang)
	if k.Page != "" {
		r.page = &k.Page
	}
	if k.News != nil {
		r = r.WithNews(*k.News)
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
