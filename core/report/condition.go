package report

import (
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/sorting"
)

// ConditionKind says what it is that lasts.
type ConditionKind string

// The kinds. All but the last six need a person at once, see Condition.IsUrgent.
const (
	RunFailed    ConditionKind = "run_failed"   // nothing was done
	RunProblem   ConditionKind = "run_problem"  // part of a run's work could not be done, or its clock is wrong
	ScopeFailed  ConditionKind = "scope_failed" // a scope could not be read
	ChangeFailed ConditionKind = "change_failed"
	Holding      ConditionKind = "hold"
	StaysOpen    ConditionKind = "stays_open" // assets that are active although their instances are gone
	Orphaned     ConditionKind = "orphan"
	Drifting     ConditionKind = "drift"
	Skipping     ConditionKind = "skip" // instances and assets that are left alone until a person acts
	Warned       ConditionKind = "warning"
	Paused       ConditionKind = "pause" // it has a reminder of its own, see engine.Halt
)

// Condition is something that is true beyond one run: it begins, lasts and ends.
type Condition struct {
	// Key is the same in every run and in every language: it holds no numbers and no times.
	Key  string        `json:"key"`
	Kind ConditionKind `json:"kind"`
	// Code says how it is: another one makes the condition another. "" = as before, whatever it was.
	Code string `json:"code,omitempty"`
	// The scope that it concerns; without an account it concerns the run. A region "" is all of the account's.
	Cloud   inventory.Cloud `json:"cloud,omitempty"`
	Account string          `json:"account,omitempty"`
	Region  string          `json:"region,omitempty"`
	// Slice names the runs that can see it, where others list other accounts and regions; "" = all runs.
	Slice string `json:"slice,omitempty"`
	Size  int    `json:"size,omitempty"` // the assets or instances concerned
	Text  string `json:"text"`           // for people, in one line; numbers and times may change
	// Patient conditions mostly end by themselves: people are notified of those that last for an hour.
	Patient bool `json:"patient,omitempty"`
}

// IsUrgent reports whether a person must act at once: something failed, or is held.
func (c Condition) IsUrgent() bool {
	switch c.Kind {
	case RunFailed, RunProblem, ScopeFailed, ChangeFailed, Holding:
		return true
	}
	return false
}

// Conditions returns what lasts beyond this run, each key once, sorted by key.
func (r Report) Conditions() []Condition {
	all := sorting.StableSorted(r.conditions, func(x, y Condition) int { return strings.Compare(x.Key, y.Key) })
	return slices.CompactFunc(all, func(x, y Condition) bool { return x.Key == y.Key })
}

// HasSeen reports whether a run looked at what a condition is about, so that it has ended if the run does not report it. A
// run that was stopped, or that did not list or compare a scope, has seen nothing of it.
func (r Report) HasSeen(c Condition) bool {
	switch c.Kind {
	case RunFailed, RunProblem:
		return slices.ContainsFunc(r.looks, func(l look) bool { return !l.Stopped && (c.Slice == "" || c.Slice == l.Slice) })
	case ScopeFailed:
		return r.hasScope(c, false)
	case ChangeFailed, Holding, Drifting, Skipping:
		return r.hasScope(c, true)
	case StaysOpen: // of an asset whose scope failed the run says only that
		return r.hasCompared(c.Slice) && !slices.ContainsFunc(r.Scopes, func(s Scope) bool { return !s.Complete })
	case Orphaned:
		return r.hasCompared(c.Slice) && (c.Code != string(reason.RegionNotNamed) || !r.hasFailedAccount(c))
	}
	return r.hasCompared(c.Slice)
}

// hasCompared reports whether a run of a slice, "" being any, compared all of JumpServer.
func (r Report) hasCompared(slice string) bool {
	return slices.ContainsFunc(r.looks, func(l look) bool { return l.Compared && (slice == "" || slice == l.Slice) })
}

// hasFailedAccount reports whether the regions of a condition's account could not be listed.
func (r Report) hasFailedAccount(c Condition) bool {
	return slices.ContainsFunc(r.Scopes, func(s Scope) bool {
		return s.Cloud == c.Cloud && s.Account == c.Account && s.Region == "" && !s.Complete
	})
}

// hasScope reports whether the scope of a condition, or any of its account's where it names no region, was listed, and
// compared with JumpServer if asked. A run of everything that does not name the scope at all has seen that it is no longer
// configured.
func (r Report) hasScope(c Condition, compared bool) bool {
	named := false
	for _, s := range r.Scopes {
		if s.Cloud != c.Cloud || s.Account != c.Account {
			continue
		}
		of := c.Region == "" || s.Region == c.Region
		if of && s.Complete && (s.compared || !compared) {
			return true
		}
		named = named || of || s.Region == "" // all of the account failed
	}
	return !named && slices.ContainsFunc(r.looks, func(l look) bool { return l.Slice == WholeSlice && !l.Stopped && (l.Compared || !compared) })
}

// WholeSlice is the slice of runs that list everything that is configured.
const WholeSlice = "all"

// look is which runs a report is of, and how much they saw.
type look struct {
	Slice    string `json:"slice"`
	Stopped  bool   `json:"stopped,omitempty"`
	Compared bool   `json:"compared,omitempty"` // all of JumpServer was read and compared
}
