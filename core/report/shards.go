package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
)

// MergeShards makes one report of the parts of one run, which worked side by side, each on scopes of its
// own. It takes the time from the first beginning to the last end; what several parts say of the same
// thing (an asset of no part, a warning) stands there once; and where some parts failed and others
// did not, the run was done in part. Missing parts are a failure that it names.
func MergeShards(at time.Time, parts []Report, missing []int, of int, lang plan.Lang) Report {
	m := newReport(at)
	m.Outcome = OK
	if len(parts) > 0 {
		m = Merge(parts)
		m.Outcome = shardsOutcome(parts)
		m.setTimeSpan(parts)
		m.dedupe()
	}
	if len(missing) == 0 {
		return m
	}
	names := make([]string, len(missing))
	for n, part := range missing {
		names[n] = fmt.Sprintf("%d/%d", part, of)
	}
	w := textsOf(lang)
	gap := ErrorEntry{Kind: inventory.Incomplete, Message: fmt.Sprintf(w.missingShardsF, of, len(missing), strings.Join(names, w.comma))}
	m.runErrors, m.Errors = append([]ErrorEntry{gap}, m.runErrors...), append([]ErrorEntry{gap}, m.Errors...)
	m.Outcome = worseOutcome(m.Outcome, Partial)
	return m
}

// shardsOutcome gives the outcome of parts: the worst; but failed only where all of them did.
func shardsOutcome(parts []Report) Outcome {
	worst, all := TooLate, true
	for _, p := range parts {
		worst = worseOutcome(worst, p.Outcome)
		all = all && p.Outcome == Failed
	}
	if worst == Failed && !all {
		return Partial
	}
	return worst
}

// setTimeSpan sets the beginning and the duration of a report that was merged of parts side by side.
func (r *Report) setTimeSpan(parts []Report) {
	first, last := parts[0].started, parts[0].started
	for _, p := range parts {
		if p.started.Before(first) {
			first = p.started
		}
		if end := p.started.Add(time.Duration(p.Duration * float64(time.Second))); end.After(last) {
			last = end
		}
	}
	r.started, r.StartedAt = first, first.UTC().Format(time.RFC3339)
	r.Duration = math.Round(last.Sub(first).Seconds()*1000) / 1000
}

// dedupe takes out what several parts say alike.
func (r *Report) dedupe() {
	r.runErrors, r.warnings, r.Errors, r.Nodes = distinct(r.runErrors), distinct(r.warnings), distinct(r.Errors), distinct(r.Nodes)
	type line struct{ asset, instance, reason string }
	seen := map[line]bool{}
	r.Scopes = slices.Clone(r.Scopes)
	r.Changes = slices.DeleteFunc(slices.Clone(r.Changes), func(c Change) bool {
		l := line{c.AssetID, c.InstanceID, c.Reason}
		if c.Action != plan.Skip && c.Action != plan.Orphan {
			return false
		}
		if !seen[l] {
			seen[l] = true
			return false
		}
		if c.Action == plan.Skip {
			r.Skipped--
		} else {
			r.Orphans--
		}
		return true
	})
	slices.SortStableFunc(r.Scopes, func(x, y Scope) int {
		return strings.Compare(x.Account+"\x00"+x.Region, y.Account+"\x00"+y.Region)
	})
}

func distinct[T comparable](all []T) []T {
	seen := map[T]bool{}
	return slices.DeleteFunc(slices.Clone(all), func(one T) bool {
		was := seen[one]
		seen[one] = true
		return was
	})
}
