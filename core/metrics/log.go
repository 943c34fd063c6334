package metrics

import (
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/report"
)

// LogFields returns the main numbers of a run for one line of a log: names and values by turns, all of them flat, so that a
// log service can index each.
func (r Run) LogFields() []any {
	rep := r.Report
	complete, calls, throttled := 0, 0, 0
	for _, s := range rep.Scopes {
		if s.Complete {
			complete++
		}
	}
	for _, p := range rep.Peers {
		calls += p.Calls
		throttled += p.Throttled
	}
	fields := []any{
		"by", r.By, "part", r.Part, "outcome", string(rep.Outcome), "seconds", rep.Duration, "instances", rep.Total,
		"created", rep.Created, "updated", rep.Updated, "deactivated", rep.Deactivated, "deleted", rep.Deleted, "failed", rep.Failures,
		"held", rep.Held, "drifted", rep.Drifted, "orphans", rep.Orphans, "left_open", openAssets(rep),
		"scopes_complete", complete, "scopes_failed", len(rep.Scopes) - complete, "calls", calls, "throttled", throttled,
	}
	fields = append(fields, assetFields(rep)...)
	fields = append(fields, stageFields(rep)...)
	return append(fields, r.eventFields()...)
}

// assetFields returns how many assets there are after the run, where it read all of them.
func assetFields(rep report.Report) []any {
	counts := rep.AssetCounts()
	if counts == nil {
		return nil
	}
	active, inactive := 0, 0
	for _, c := range counts {
		active += c.Active
		inactive += c.Inactive
	}
	for _, c := range rep.Changes {
		more, closed := effectOf(c)
		active += more
		inactive += closed
	}
	return []any{"assets_active", active, "assets_inactive", max(inactive, 0)}
}

// stageFields returns how long each stage took; a stage that was entered twice is one.
func stageFields(rep report.Report) []any {
	var names []string
	seconds := map[string]float64{}
	for _, s := range rep.Stages {
		if _, again := seconds[s.Name]; !again {
			names = append(names, s.Name)
		}
		seconds[s.Name] += s.Seconds
	}
	var fields []any
	for _, name := range names {
		fields = append(fields, "stage_"+strings.ReplaceAll(name, " ", "_")+"_seconds", report.RoundSeconds(time.Duration(seconds[name]*float64(time.Second))))
	}
	return fields
}

func openAssets(rep report.Report) int {
	n := 0
	for _, g := range rep.StaysOpen {
		n += g.Assets
	}
	return n
}

// eventFields returns how many events there were, and the longest time from one to its end.
func (r Run) eventFields() []any {
	if r.By != ByEvent {
		return nil
	}
	longest, known := 0.0, false
	for _, e := range r.Events {
		if e.Done && !e.At.IsZero() {
			longest, known = max(longest, r.Now.Sub(e.At).Seconds()), true
		}
	}
	fields := []any{"events", len(r.Events)}
	if known {
		fields = append(fields, "longest_latency_seconds", longest)
	}
	return fields
}
