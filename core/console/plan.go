package console

import (
	"time"

	"github.com/jms-sync/jms-sync/core/access"
)

// PlanOrder is the body of POST /api/plan; {} means everything.
type PlanOrder struct {
	Accounts []string `json:"accounts,omitempty"`
	Regions  []string `json:"regions,omitempty"`
	Only     []string `json:"only,omitempty"`   // instances and assets by id, name or address
	Access   bool     `json:"access,omitempty"` // ask who gains and loses access also where there are no rules
}

// ApplyOrder is the body of POST /api/plan/{id}/apply: the ticked rows, by PlanRow.Apply. Held is how many of them the
// guard holds: a person who ticks held rows says their number, as with jms-sync apply.
type ApplyOrder struct {
	Rows []int `json:"rows,omitempty"`
	// Ranges are rows from the first to the last, for who ticks thousands.
	Ranges [][2]int `json:"ranges,omitempty"`
	Held   int      `json:"held"`
}

// Stage is the event "stage": what the run does now.
type Stage struct {
	Name string `json:"name"` // jumpserver, clouds, plan, apply, …
	Text Text   `json:"text"`
}

// Progress is the event "progress": how much of a stage is done.
type Progress struct {
	Done  int `json:"done"`
	Total int `json:"total"`
}

// PlanRows is the event "rows": some of the plan's rows, in the order in which people should see them. Texts and places
// stand once: those of an event are added to the ones before it, and rows name them by their number.
type PlanRows struct {
	Texts  []Text    `json:"texts"`
	Places []Place   `json:"places"`
	Rows   []PlanRow `json:"rows"`
}

// Place is where rows are.
type Place struct {
	Cloud   string `json:"cloud"`
	Account string `json:"account"`
	Region  string `json:"region"`
}

// PlanRow is a change, or what is not changed, and why.
type PlanRow struct {
	Action   string `json:"action"`
	Why      int    `json:"why"`   // number of a text
	Place    int    `json:"place"` // number of a place
	Instance string `json:"instance"`
	Asset    string `json:"asset"` // "" = it is yet to be made
	Name     string `json:"name"`
	Address  string `json:"address"`
	Platform string `json:"platform"`
	// Values are the fields that the change sets: name, before, after.
	Values [][3]string `json:"values,omitempty"`
	// Apply is the number by which the row is ticked; null = it cannot be, as nothing is changed, or no person may let it pass.
	Apply *int `json:"apply"`
	// Held says that the guard holds it: it is made only where ApplyOrder.Held counts it.
	Held bool `json:"held,omitempty"`
}

// PlanResult is the event "result" of a plan, the last one.
type PlanResult struct {
	// ID is for POST /api/plan/{id}/apply; "" = the plan cannot be applied, and NotKept says why.
	ID        string          `json:"id"`
	NotKept   *Text           `json:"not_kept"`
	Until     *time.Time      `json:"until"` // when it can no longer be applied; null = it cannot
	Run       RunRow          `json:"run"`
	Actions   map[string]Text `json:"actions"`
	Scopes    []ScopeResult   `json:"scopes"`
	Errors    []RunError      `json:"errors"`
	Pause     *Text           `json:"pause"`  // null = nothing is paused
	Access    *access.Diff    `json:"access"` // who gains and who loses hosts; null = nobody asked
	MadeRules bool            `json:"rules"`  // the configuration has mapping rules
}

// ScopeResult is a scope of a run.
type ScopeResult struct {
	Cloud     string `json:"cloud"`
	Account   string `json:"account"`
	Region    string `json:"region"`
	Complete  bool   `json:"complete"`
	Instances int    `json:"instances"`
	Kind      Text   `json:"kind"`
	Message   Text   `json:"message"`
}

// RunError is an error of a run.
type RunError struct {
	Kind     Text   `json:"kind"`
	Message  Text   `json:"message"`
	Instance string `json:"instance"`
	Warning  bool   `json:"warning"`
}

// ApplyResult is the event "result" of an apply, the last one. The rows of what was done came before it.
type ApplyResult struct {
	Run     RunRow          `json:"run"`
	Actions map[string]Text `json:"actions"`
	Scopes  []ScopeResult   `json:"scopes"`
	Errors  []RunError      `json:"errors"`
	Asked   int             `json:"asked"` // ticked rows
}
