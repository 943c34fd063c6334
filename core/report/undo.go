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

// Undo says by which command a person switches on again what a run deactivated.
type Undo struct {
	Run string `json:"run,omitempty"` // RunID of a run whose record the history holds
	// Without a record: the account, and the first and last value of jms-gone that were written there.
	Account string `json:"account,omitempty"`
	Since   string `json:"since,omitempty"`
	Until   string `json:"until,omitempty"`
}

// runTime is the form of the id of a run.
const runTime = "20060102T150405Z"

// RunID returns what a run that began then is called on cards and by jms-sync reactivate: "20261128T143507Z".
func RunID(started time.Time) string { return started.UTC().Format(runTime) }

// ParseRunID returns the beginning of a run: its id, in any case, or started_at of the results document.
func ParseRunID(text string) (time.Time, error) {
	text = strings.ToUpper(strings.TrimSpace(text))
	at, err := time.Parse(runTime, text)
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

// Closing is what a run took away at once, as the history keeps it: by asset ids, which are small.
type Closing struct {
	Action   plan.Action `json:"action"`             // deactivate or delete
	Gone     string      `json:"gone,omitempty"`     // the value of jms-gone that a deactivation wrote
	Approved string      `json:"approved,omitempty"` // hash of the set that a person approved
	Count    int         `json:"count"`
	Assets   []string    `json:"assets,omitempty"` // their ids; none = there were too many
}

// addClosing notes a removal that was made.
func (r *Report) addClosing(i apply.Item, approved string) {
	c := i.Change
	if i.State != apply.Done || r.DryRun || c.Action != plan.Deactivate && c.Action != plan.Delete {
		return
	}
	gone := ""
	if c.Patch != nil {
		gone, _ = inventory.Asset{Labels: c.Patch.Labels}.Label(inventory.LabelGone)
	}
	at := slices.IndexFunc(r.closings, func(k Closing) bool {
		return k.Action == c.Action && k.Gone == gone && k.Approved == approved
	})
	if at < 0 {
		at = len(r.closings)
		r.closings = append(r.closings, Closing{Action: c.Action, Gone: gone, Approved: approved})
	}
	r.closings[at].Count++
	r.closings[at].Assets = append(r.closings[at].Assets, c.AssetID)
	if gone != "" {
		r.Undo = undoing(r.Undo, Undo{Account: c.Scope.Account, Since: gone, Until: gone})
	}
}

// undoing adds a command to others; those without a record become one for each account.
func undoing(all []Undo, u Undo) []Undo {
	at := slices.IndexFunc(all, func(have Undo) bool { return have.Run == u.Run && have.Account == u.Account })
	if at < 0 {
		return append(all, u)
	}
	all[at].Since, all[at].Until = min(all[at].Since, u.Since), max(all[at].Until, u.Until)
	return all
}

// undo returns the commands that undo a report's deactivations, for people.
func (r Report) undo() []string {
	var lines []string
	for n, u := range r.Undo {
		if n == maxHeldSets {
			return append(lines, fmt.Sprintf("… %d/%d", n, len(r.Undo)))
		}
		lines = append(lines, u.Command())
	}
	return lines
}

// Record is what the history holds of a run that took something away.
type Record struct {
	Started  time.Time
	Closings []Closing
	scopes   []Scope
	changes  []Change
}

// Recorded reads a document that Document made.
func Recorded(document []byte) (Record, error) {
	var d struct {
		StartedAt string    `json:"started_at"`
		Scopes    []Scope   `json:"scopes"`
		Changes   []Change  `json:"changes"`
		Closed    []Closing `json:"closed"`
	}
	err := json.Unmarshal(document, &d)
	started, bad := time.Parse(time.RFC3339, d.StartedAt)
	if err != nil || bad != nil || len(d.Closed) == 0 {
		return Record{}, &inventory.Error{Kind: inventory.Incomplete, Message: "a run of the history does not say what it took away"}
	}
	return Record{Started: started, Closings: d.Closed, scopes: d.Scopes, changes: d.Changes}, nil
}

// ID returns the run's id.
func (r Record) ID() string { return RunID(r.Started) }

// Count returns how many assets were deactivated, and how many deleted.
func (r Record) Count() (deactivated, deleted int) {
	for _, c := range r.Closings {
		if c.Action == plan.Delete {
			deleted += c.Count
		} else {
			deactivated += c.Count
		}
	}
	return deactivated, deleted
}

// About reports whether the run listed any scope of an account and region; "" = any.
func (r Record) About(account, region string) bool {
	return account == "" && region == "" || slices.ContainsFunc(r.scopes, func(s Scope) bool {
		return (account == "" || s.Account == account) && (region == "" || s.Region == region)
	})
}

// Hashes returns the sets approved by people of which the run removed any whose hash begins so.
func (r Record) Hashes(prefix string) []string {
	var all []string
	for _, c := range r.Closings {
		if c.Approved != "" && strings.HasPrefix(c.Approved, prefix) && !slices.Contains(all, c.Approved) {
			all = append(all, c.Approved)
		}
	}
	return all
}

// Reopening adds to what is to be switched on again what the run took away; approved: only of that set. unnamed is how
// many deletions the record has no ids of.
func (r Record) Reopening(to plan.Reopening, approved string) (what plan.Reopening, unnamed int) {
	told := map[string]Change{}
	for _, c := range r.changes {
		told[c.AssetID] = c
	}
	what = to
	for _, c := range r.Closings {
		switch {
		case approved != "" && c.Approved != approved:
			continue
		case len(c.Assets) == 0 && c.Action == plan.Delete:
			unnamed += c.Count
		case len(c.Assets) == 0:
			what.GoneLabels = append(what.GoneLabels, c.Gone)
			what.Scopes = append(what.Scopes, r.within()...)
		}
		for _, id := range c.Assets {
			t := told[id]
			what.Recorded = append(what.Recorded, plan.RecordedRemoval{
				AssetID: id, Action: c.Action, GoneLabel: c.Gone, InstanceID: t.InstanceID, Name: t.Name,
				Scope: inventory.Scope{Cloud: t.Cloud, Account: t.Account, Region: t.Region},
			})
		}
	}
	return what, unnamed
}

func (r Record) within() []inventory.Scope {
	out := make([]inventory.Scope, 0, len(r.scopes))
	for _, s := range r.scopes {
		out = append(out, inventory.Scope{Cloud: s.Cloud, Account: s.Account, Region: s.Region})
	}
	return out
}
