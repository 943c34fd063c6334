package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/sorting"
)

// MergeShards returns one report of the shards of one run, which worked in parallel, each on scopes of its own. It
// spans the time from the first start to the last end; what several shards report alike (an asset of no shard, a
// warning) stands there once; and if some shards failed and others did not, the run is partial. Missing shards are
// an error that names them.
func MergeShards(at time.Time, parts []Report, missing []int, of int, lang language.Lang) Report {
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

// shardsOutcome returns the outcome of shards: the worst, but failed only if all of them failed.
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

// setTimeSpan sets start and duration of a report merged from parallel shards.
func (r *Report) setTimeSpan(parts []Report) {
	first, last := parts[0].started, parts[0].started
	for _, p := range parts {
		if p.started.Before(first) {
			first = p.started
		}
		end := p.started.Add(time.Duration(p.Duration * float64(time.Second)))
		if end.After(last) {
			last = end
		}
	}
	r.started, r.StartedAt = first, first.UTC().Format(time.RFC3339)
	r.Duration = math.Round(last.Sub(first).Seconds()*1000) / 1000
}

// dedupe removes what several shards report alike.
func (r *Report) dedupe() {
	r.runErrors, r.warnings, r.Errors, r.Nodes = distinct(r.runErrors), distinct(r.warnings), distinct(r.Errors), distinct(r.Nodes)
	type line struct{ asset, instance, reason string }
	seen := map[line]bool{}
	r.dropRepeated()
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
	sorting.StableBy(r.Scopes, func(x, y Scope) int {
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
