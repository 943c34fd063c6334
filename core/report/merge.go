package report

import (
	"slices"

	"github.com/jms-sync/jms-sync/core/access"
	"github.com/jms-sync/jms-sync/core/plan"
)

// Merge returns one report of several, for one card: counts are summed, the worst outcome counts, and a scope that
// several reports name is failed if it failed in any of them.
func Merge(reports []Report) Report {
	if len(reports) == 1 {
		return reports[0]
	}
	var m Report
	for n, r := range reports {
		if n == 0 {
			m = newReport(r.started)
			m.Outcome, m.environment, m.DryRun = OK, r.environment, r.DryRun
		}
		m.Outcome = worseOutcome(m.Outcome, r.Outcome)
		m.Duration += r.Duration
		m.Total += r.Total
		m.Created += r.Created
		m.Updated += r.Updated
		m.Deactivated += r.Deactivated
		m.Deleted += r.Deleted
		m.Unchanged += r.Unchanged
		m.Skipped += r.Skipped
		m.Held += r.Held
		m.Orphans += r.Orphans
		m.Drifted += r.Drifted
		m.Failures += r.Failures
		m.Unknown += r.Unknown
		m.notReached += r.notReached
		m.Pause = strongerPause(m.Pause, r.Pause)
		m.HeldSets = append(m.HeldSets, r.HeldSets...)
		m.Expected = append(m.Expected, r.Expected...)
		for _, u := range r.Undo {
			m.Undo = mergeUndo(m.Undo, u)
		}
		m.StaysOpen = mergeOpen(m.StaysOpen, r.StaysOpen)
		m.open, m.compared = append(m.open, r.open...), (n == 0 || m.compared) && r.compared
		for _, g := range r.MadeWithout {
			m.MadeWithout = addWithoutGroup(m.MadeWithout, g)
		}
		m.Nodes = append(m.Nodes, r.Nodes...)
		m.Access = access.Merge(m.Access, r.Access)
		m.Peers = mergePeers(m.Peers, r.Peers)
		m.Changes = append(m.Changes, r.Changes...)
		m.Errors = append(m.Errors, r.Errors...)
		m.runErrors = append(m.runErrors, r.runErrors...)
		m.warnings = append(m.warnings, r.warnings...)
		m.conditions = append(m.conditions, r.conditions...)
		m.looks = append(m.looks, r.looks...)
		m.mergeScopes(r.Scopes)
	}
	m.lang, m.other = reports[0].lang, mergeOthers(reports, Merge)
	return m
}

// mergeOthers returns the reports in their other language as one, if each has one.
func mergeOthers(reports []Report, merge func([]Report) Report) *Report {
	others := make([]Report, 0, len(reports))
	for _, r := range reports {
		if r.other == nil {
			return nil
		}
		others = append(others, *r.other)
	}
	m := merge(others)
	return &m
}

// MergeUntold returns one report of several that were not told yet, oldest first, for one card. Numbers that say how things
// are, as the total, are those of the newest.
func MergeUntold(reports []Report) Report {
	m := Merge(reports)
	if len(reports) < 2 {
		return m
	}
	last, news := reports[len(reports)-1], reports[0].news
	for _, r := range reports[1:] {
		news = mergeNews(news, r.news)
	}
	m.Total, m.Unchanged, m.Skipped, m.Orphans, m.Drifted, m.StaysOpen = last.Total, last.Unchanged, last.Skipped, last.Orphans, last.Drifted, last.StaysOpen
	m.runErrors, m.warnings, m.Errors, m.Nodes = distinct(m.runErrors), distinct(m.warnings), distinct(m.Errors), distinct(m.Nodes)
	m.HeldSets, m.Expected = distinct(m.HeldSets), distinct(m.Expected)
	m.dropRepeatedLines()
	m.other = mergeOthers(reports, MergeUntold)
	if news == nil {
		return m
	}
	return m.WithNews(*news)
}

// dropRepeatedLines takes out what several runs report alike because it lasts.
func (r *Report) dropRepeatedLines() {
	type line struct {
		action                  plan.Action
		asset, instance, reason string
	}
	seen := map[line]bool{}
	r.Held = 0
	r.Changes = slices.DeleteFunc(slices.Clone(r.Changes), func(c Change) bool {
		if !slices.Contains([]plan.Action{plan.Hold, plan.Skip, plan.Orphan, plan.Drift}, c.Action) {
			return false
		}
		l := line{c.Action, c.AssetID, c.InstanceID, c.Reason}
		twice := seen[l]
		seen[l] = true
		if c.Action == plan.Hold && !twice {
			r.Held++
		}
		return twice
	})
}

func (r *Report) mergeScopes(scopes []Scope) {
	for _, s := range scopes {
		at := slices.IndexFunc(r.Scopes, func(have Scope) bool {
			return have.Cloud == s.Cloud && have.Account == s.Account && have.Region == s.Region
		})
		switch {
		case at < 0:
			r.Scopes = append(r.Scopes, s)
		case !s.Complete && r.Scopes[at].Complete:
			r.Scopes[at] = s
		case s.Complete && r.Scopes[at].Complete:
			r.Scopes[at].Instances += s.Instances
		}
	}
}

// worseOutcome returns the worse of two outcomes; from the worst: failed, partial, held, ok, stale.
func worseOutcome(x, y Outcome) Outcome {
	order := []Outcome{TooLate, OK, Held, Partial, Failed}
	if slices.Index(order, y) > slices.Index(order, x) {
		return y
	}
	return x
}
