package console

import (
	"encoding/json"
	"time"
)

// RunCounts are the numbers of a run.
type RunCounts struct {
	Total       int `json:"total"`
	Created     int `json:"created"`
	Updated     int `json:"updated"`
	Deactivated int `json:"deactivated"`
	Deleted     int `json:"deleted"`
	Unchanged   int `json:"unchanged"`
	Skipped     int `json:"skipped"`
	Held        int `json:"held"`
	Failed      int `json:"failed"`
	Unknown     int `json:"unknown"`
	Orphans     int `json:"orphans"`
	Drifted     int `json:"drifted"`
}

// RunRow is a run in the list of runs.
type RunRow struct {
	ID          string    `json:"id"` // for GET /api/runs/{id}; of its start, as cards name it
	StartedAt   time.Time `json:"started_at"`
	Duration    float64   `json:"duration_seconds"`
	Outcome     string    `json:"outcome"` // ok, held, partial, failed, stale
	OutcomeText Text      `json:"outcome_text"`
	Counts      RunCounts `json:"counts"`
	Scopes      int       `json:"scopes"`
	Incomplete  int       `json:"incomplete"` // scopes that could not be read
	Errors      int       `json:"errors"`
}

// Runs is the answer of GET /api/runs?days=7: the newest runs, at most 100, newest first.
type Runs struct {
	Runs []RunRow `json:"runs"`
	// More says that there are older runs in these days that are not in Runs.
	More bool `json:"more"`
	// Days are the sums by day for charts, the oldest first, of all runs.
	Days     []Day  `json:"days"`
	Problems []Text `json:"problems"`
}

// Day is the sum of the runs of one day in the time zone of Me.
type Day struct {
	Date        string         `json:"date"` // 2026-11-28
	Runs        int            `json:"runs"`
	Outcomes    map[string]int `json:"outcomes"`
	Created     int            `json:"created"`
	Updated     int            `json:"updated"`
	Deactivated int            `json:"deactivated"`
	Deleted     int            `json:"deleted"`
	Held        int            `json:"held"` // at most by one run
	Failed      int            `json:"failed"`
	Longest     float64        `json:"longest_seconds"`
}

// Run is the answer of GET /api/runs/{id}: the row, and the results document as the history keeps it (docs/results.md):
// with the texts in the language of the run, and Shortened naming the lists that are not whole.
type Run struct {
	RunRow
	Document  json.RawMessage `json:"document"`
	Shortened []string        `json:"shortened"`
	// Actions are the names of the actions of the document's changes.
	Actions map[string]Text `json:"actions"`
}
