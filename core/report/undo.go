package report

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
)

// Undo is the command by which a person activates again what a run deactivated.
type Undo struct {
	Run string `json:"run,omitempty"` // RunID of a run with a record in the history
	// Without a record: the account, and the first and last value of jms-gone that were written there.
	Account string `json:"account,omitempty"`
	Since   string `json:"since,omitempty"`
	Until   string `json:"until,omitempty"`
}

// runIDLayout is the form of a run's id.
const runIDLayout = "20060102T150405Z"

// RunID returns the id of the run that began at this time, as cards and jms-sync reactivate use it:
// "20261128T143507Z".
func RunID(started time.Time) string { return started.UTC().Format(runIDLayout) }

// ParseRunID returns when a run began. It takes the run's id, in any case, or started_at of the results document.
func ParseRunID(text string) (time.Time, error) {
	text = strings.ToUpper(strings.TrimSpace(text))
	at, err := time.Parse(runIDLayout, text)
	if err == nil {
		return at, nil
	}
	return time.Parse(time.RFC3339, text)
}

// Command returns the command line.
func (u Undo) Command() string {
	if u.Run != "" {
		return "jms-sync reactivate " + u.Run
	}
	account := sanitizeLine(u.Account)
	if strings.ContainsAny(account, " '\"$\\;&|<>()*?`") {
		account = "'" + strings.ReplaceAll(account, "'", `'\''`) + "'"
	}
	return fmt.Sprintf("jms-sync reactivate --account %s --since %s --until %s", account, u.Since, u.Until)
}

// RemovalBatch is a group of removals by one run, as the history stores it: by asset ids, which are short.
type RemovalBatch struct {
	Action    plan.Action `json:"action"`             // deactivate or delete
	GoneLabel string      `json:"gone,omitempty"`     // the value of jms-gone that a deactivation wrote
	Approved  string      `json:"approved,omitempty"` // hash of the set that a person approved
	Count     int         `json:"count"`
	AssetIDs  []string    `json:"assets,omitempty"` // their ids; none = there were too many
}

// addRemoval records a removal that was made.
func (r *Report) addRemoval(i apply.Item, approved string) {
	c := i.Change
	if i.State != apply.Done || r.DryRun || c.Action != plan.Deactivate && c.Action != plan.Delete {
		return
	}
	gone := ""
	if c.Patch != nil {
		gone, _ = inventory.Asset{Labels: c.Patch.Labels}.Label(inventory.LabelGone)
	}
	at := slices.IndexFunc(r.removals, func(k RemovalBatch) bool {
		return k.Action == c.Action && k.GoneLabel == gone && k.Approved == approved
	})
	if at < 0 {
		at = len(r.removals)
		r.removals = append(r.removals, RemovalBatch{Action: c.Action, GoneLabel: gone, Approved: approved})
	}
	r.removals[at].Count++
	r.removals[at].AssetIDs = append(r.removals[at].AssetIDs, c.AssetID)
	if gone != "" {
		r.Undo = mergeUndo(r.Undo, Undo{Account: c.Scope.Account, Since: gone, Until: gone})
	}
}

// mergeUndo adds a command to others; those without a record become one for each account.
func mergeUndo(all []Undo, u Undo) []Undo {
	at := slices.IndexFunc(all, func(have Undo) bool { return have.Run == u.Run && have.Account == u.Account })
	if at < 0 {
		return append(all, u)
	}
	all[at].Since, all[at].Until = min(all[at].Since, u.Since), max(all[at].Until, u.Until)
	return all
}

// undoCommands returns the commands that undo a report's deactivations, for people.
func (r Report) undoCommands() []string {
	var lines []string
	for n, u := range r.Undo {
		if n == maxHeldSets {
			return append(lines, fmt.Sprintf("… %d/%d", n, len(r.Undo)))
		}
		lines = append(lines, u.Command())
	}
	return lines
}

// Record is what the history stores of a run that removed something.
type Record struct {
	Started  time.Time
	Removals []RemovalBatch
	scopes   []Scope
	changes  []Change
}

// ParseRecord parses a document of HistoryDocument.
func ParseRecord(document []byte) (Record, error) {
	var d struct {
		StartedAt string         `json:"started_at"`
		Scopes    []Scope        `json:"scopes"`
		Changes   []Change       `json:"changes"`
		Closed    []RemovalBatch `json:"closed"`
	}
	err := json.Unmarshal(document, &d)
	started, bad := time.Parse(time.RFC3339, d.StartedAt)
	if err != nil || bad != nil || len(d.Closed) == 0 {
		return Record{}, &inventory.Error{Kind: inventory.Incomplete, Message: "a run of the history does not say what it took away"}
	}
	return Record{Started: started, Removals: d.Closed, scopes: d.Scopes, changes: d.Changes}, nil
}

// ID returns the run's id.
func (r Record) ID() string { return RunID(r.Started) }

// Count returns how many assets were deactivated, and how many deleted.
func (r Record) Count() (deactivated, deleted int) {
	for _, c := range r.Removals {
		if c.Action == plan.Delete {
			deleted += c.Count
		} else {
			deactivated += c.Count
		}
	}
	return deactivated, deleted
}

// HasScopeOf reports whether the run listed any scope of an account and region, or changed anything there; "" = any.
func (r Record) HasScopeOf(account, region string) bool {
	if slices.ContainsFunc(r.changes, func(c Change) bool { // of retire: the account may be in no listing
		return (account == "" || c.Account == account) && (region == "" || c.Region == region)
	}) {
		return true
	}
	return account == "" && region == "" || slices.ContainsFunc(r.scopes, func(s Scope) bool {
		return (account == "" || s.Account == account) && (region == "" || s.Region == region)
	})
}

// ApprovedHashes returns the hashes with this prefix of the sets that people approved and of which the run removed
// any.
func (r Record) ApprovedHashes(prefix string) []string {
	var all []string
	for _, c := range r.Removals {
		if c.Approved != "" && strings.HasPrefix(c.Approved, prefix) && !slices.Contains(all, c.Approved) {
			all = append(all, c.Approved)
		}
	}
	return all
}

// Reopening returns a Reopening with the run's removals added; approved, if not "", is the hash of the only set
// that is added. unnamed is how many deletions the record has no ids of.
func (r Record) Reopening(to plan.Reopening, approved string) (what plan.Reopening, unnamed int) {
	byID := map[string]Change{}
	for _, c := range r.changes {
		byID[c.AssetID] = c
	}
	what = to
	for _, c := range r.Removals {
		switch {
		case approved != "" && c.Approved != approved:
			continue
		case len(c.AssetIDs) == 0 && c.Action == plan.Delete:
			unnamed += c.Count
		case len(c.AssetIDs) == 0:
			what.GoneLabels = append(what.GoneLabels, c.GoneLabel)
			what.Scopes = append(what.Scopes, r.listedScopes()...)
		}
		for _, id := range c.AssetIDs {
			t := byID[id]
			what.Recorded = append(what.Recorded, plan.RecordedRemoval{
				AssetID: id, Action: c.Action, GoneLabel: c.GoneLabel, InstanceID: t.InstanceID, Name: t.Name,
				Scope: inventory.Scope{Cloud: t.Cloud, Account: t.Account, Region: t.Region},
			})
		}
	}
	return what, unnamed
}

func (r Record) listedScopes() []inventory.Scope {
	out := make([]inventory.Scope, 0, len(r.scopes))
	for _, s := range r.scopes {
		out = append(out, inventory.Scope{Cloud: s.Cloud, Account: s.Account, Region: s.Region})
	}
	return out
}
