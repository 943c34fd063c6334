package metrics

import (
	"slices"
	"sort"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
)

// What makes changes.
const (
	ByRun   = "run"
	ByEvent = "event"
	ByOrder = "order" // of a person
)

const (
	// partRetention is how long the numbers of a part are kept that no run replaces: those of a shard that is gone.
	partRetention = 7 * 24 * time.Hour
	// eventsRetention is how long a scope counts as one that has events after the last one.
	eventsRetention = 30 * 24 * time.Hour
	// eventsPart has the numbers of events.
	eventsPart = "events"
)

// Run is what metrics take from a run, from events, or from a person's order.
type Run struct {
	By      string
	Part    string // of the accounts, with ByRun
	Report  report.Report
	Stopped bool // it ended before it did its work
	Events  []Event
	Now     time.Time
}

// Event is what became of one event.
type Event struct {
	Outcome string
	Done    bool
	At      time.Time // zero = not known
}

// Record returns the metrics with one more run in them.
func Record(m state.Metrics, r Run) state.Metrics {
	if m.Since.IsZero() {
		m.Since = r.Now.UTC()
	}
	totals := newValues(m.Totals)
	r.addTotals(totals, m)
	next := state.Metrics{Since: m.Since, Totals: totals.sorted()}
	name := r.partName()
	var known state.MetricPart
	for _, p := range m.Parts {
		switch {
		case p.Name == name:
			known = p
		case r.Now.Sub(p.At) < partRetention || p.Name == eventsPart:
			p.Series = r.moveAssets(p.Series)
			next.Parts = append(next.Parts, p)
		}
	}
	if name != "" {
		next.Parts = append(next.Parts, state.MetricPart{Name: name, At: r.Now.UTC(), Series: r.partSeries(known)})
	}
	sort.Slice(next.Parts, func(x, y int) bool { return next.Parts[x].Name < next.Parts[y].Name })
	return next
}

// partName returns the name of the part whose numbers the run replaces; "" = none.
func (r Run) partName() string {
	switch r.By {
	case ByRun:
		return r.Part
	case ByEvent:
		return eventsPart
	}
	return ""
}

// addTotals adds what only grows.
func (r Run) addTotals(v *values, m state.Metrics) {
	for kind, n := range map[string]int{
		kindCreated: r.Report.Created, kindUpdated: r.Report.Updated, kindDeactivated: r.Report.Deactivated, kindDeleted: r.Report.Deleted,
	} {
		v.add(changes, float64(n), "by", r.By, "kind", kind)
	}
	v.add(failedChanges, float64(r.Report.Failures), "by", r.By)
	lost := slices.IndexFunc(r.Report.Errors, report.ErrorEntry.IsOfNotification)
	v.add(notifyFailures, float64(min(lost+1, 1)))
	switch r.By {
	case ByRun:
		r.addRun(v, m)
	case ByEvent:
		r.addEvents(v)
	}
}

// addRun adds a full run.
func (r Run) addRun(v *values, m state.Metrics) {
	for _, o := range outcomes() {
		v.add(runs, 0, "outcome", o)
	}
	v.add(runs, 1, "outcome", string(r.Report.Outcome))
	v.observe(runDuration, r.Report.Duration)
	for _, s := range r.Report.Stages {
		v.observe(stageDuration, s.Seconds, "stage", s.Name)
	}
	for _, p := range r.Report.Peers {
		v.add(peerCalls, float64(p.Calls), "peer", p.Host)
		v.add(peerThrottled, float64(p.Throttled), "peer", p.Host)
		v.add(peerFailed, float64(p.Failed), "peer", p.Host)
		v.add(peerSeconds, p.Seconds, "peer", p.Host)
	}
	v.add(unannounced, float64(r.countUnannounced(m)))
}

// outcomes returns those of full runs. Each has a series from the first run on: an increase from nothing is not seen.
func outcomes() []string {
	return []string{string(report.OK), string(report.Held), string(report.Partial), string(report.Failed), string(report.TooLate)}
}

// countUnannounced returns how many instances a run found new or gone in scopes that have events.
func (r Run) countUnannounced(m state.Metrics) int {
	var known *values
	for _, p := range m.Parts {
		if p.Name == eventsPart {
			known = newValues(p.Series)
		}
	}
	if known == nil {
		return 0
	}
	n := 0
	for _, c := range r.Report.Changes {
		if c.Action != plan.Create && c.Action != plan.Deactivate {
			continue
		}
		at, has := known.get(lastEvent, scopeLabels(scopeOf(c))...)
		if has && r.Now.Sub(time.Unix(int64(at), 0)) < eventsRetention {
			n++
		}
	}
	return n
}

func (r Run) addEvents(v *values) {
	for _, e := range r.Events {
		v.add(events, 1, "outcome", e.Outcome)
		if latency := r.Now.Sub(e.At); e.Done && !e.At.IsZero() && latency >= 0 {
			v.observe(eventLatency, latency.Seconds())
		}
	}
}

func scopeOf(c report.Change) inventory.Scope {
	return inventory.Scope{Cloud: c.Cloud, Account: c.Account, Region: c.Region}
}

func scopeLabels(s inventory.Scope) []string {
	return []string{"cloud", string(s.Cloud), "account", s.Account, "region", s.Region}
}

// partSeries returns the numbers of the part, of which known are those of the run before.
func (r Run) partSeries(known state.MetricPart) []state.Series {
	before := newValues(known.Series)
	if r.By == ByEvent {
		return r.eventSeries(before)
	}
	v := newValues(nil)
	part := []string{"part", r.Part}
	v.set(lastRun, float64(r.Now.Unix()), part...)
	v.set(lastRunDuration, r.Report.Duration, part...)
	for _, o := range outcomes() {
		v.set(lastRunOutcome, boolValue(o == string(r.Report.Outcome)), append(slices.Clone(part), "outcome", o)...)
	}
	v.set(paused, boolValue(r.Report.Pause != nil && r.Report.Pause.Stands), part...)
	v.set(held, float64(r.Report.Held), part...)
	if r.Report.Compared() {
		v.set(drifted, float64(r.Report.Drifted), part...)
		v.set(orphans, float64(r.Report.Orphans), part...)
		for _, g := range r.Report.StaysOpen {
			v.add(staysOpen, float64(g.Assets), append(slices.Clone(part), "reason", string(g.Code))...)
		}
	} else {
		v.take(before, drifted, orphans, staysOpen)
	}
	r.addScopes(v, before)
	return v.sorted()
}

// take takes the series of some families over.
func (v *values) take(from *values, names ...string) {
	for key, s := range from.series {
		if slices.Contains(names, s.Name) {
			v.series[key] = s
		}
	}
}

// addScopes adds what is known of each scope that the run listed.
func (r Run) addScopes(v, before *values) {
	for _, s := range r.Report.Scopes {
		if s.Region == "" && !s.Complete {
			r.keepAccount(v, before, s)
			continue
		}
		labels := scopeLabels(inventory.Scope{Cloud: s.Cloud, Account: s.Account, Region: s.Region})
		complete, known := before.get(lastCompleteRun, labels...)
		v.set(scopeComplete, boolValue(s.Complete), labels...)
		n, wasKnown := before.get(instances, labels...)
		switch {
		case s.Complete:
			v.set(instances, float64(s.Instances), labels...)
		case wasKnown:
			v.set(instances, n, labels...)
		}
		if s.Complete && !r.Stopped {
			complete, known = float64(r.Now.Unix()), true
		}
		if known {
			v.set(lastCompleteRun, complete, labels...)
		}
		for _, state := range []string{stateActive, stateInactive} {
			n, _ := before.get(assets, append(slices.Clone(labels), "state", state)...)
			v.set(assets, n, append(slices.Clone(labels), "state", state)...)
		}
	}
	if len(r.Report.Scopes) == 0 { // JumpServer did not answer, say: what was known of the scopes stays
		v.take(before, scopeComplete, instances, lastCompleteRun, assets)
	}
	for _, c := range r.Report.AssetCounts() {
		labels := scopeLabels(c.Scope)
		if _, listed := v.get(scopeComplete, labels...); listed {
			v.set(assets, float64(c.Active), append(slices.Clone(labels), "state", stateActive)...)
			v.set(assets, float64(c.Inactive), append(slices.Clone(labels), "state", stateInactive)...)
		}
	}
	r.addWrites(v)
}

// keepAccount keeps what was known of the scopes of an account that failed as a whole, none of which is complete.
func (r Run) keepAccount(v, before *values, failed report.Scope) {
	v.set(scopeComplete, 0, scopeLabels(inventory.Scope{Cloud: failed.Cloud, Account: failed.Account})...)
	for key, s := range before.series {
		if len(s.Labels) < 6 || s.Labels[1] != string(failed.Cloud) || s.Labels[3] != failed.Account {
			continue
		}
		if s.Name == scopeComplete {
			s.Value = 0
		}
		if s.Name != scopeComplete || s.Labels[5] != "" {
			v.series[key] = s
		}
	}
}

// addWrites changes the numbers of assets by what was made of them.
func (r Run) addWrites(v *values) {
	for _, c := range r.Report.Changes {
		active, inactive := effectOf(c)
		if active != 0 || inactive != 0 {
			v.move(scopeLabels(scopeOf(c)), stateActive, float64(active))
			v.move(scopeLabels(scopeOf(c)), stateInactive, float64(inactive))
		}
	}
}

// effectOf returns how many more active and inactive assets there are by a change that was made.
func effectOf(c report.Change) (active, inactive int) {
	switch {
	case c.Action == plan.Create:
		return 1, 0
	case c.Action == plan.Deactivate:
		return -1, 1
	case c.Action == plan.Delete:
		return 0, -1
	case c.Action == plan.Update && slices.Contains(c.Fields, "is_active"):
		return 1, -1
	}
	return 0, 0
}

// move changes the number of assets of a scope that is known. It never falls below zero.
func (v *values) move(scope []string, state string, by float64) {
	labels := append(slices.Clone(scope), "state", state)
	n, known := v.get(assets, labels...)
	if known {
		v.set(assets, max(n+by, 0), labels...)
	}
}

// moveAssets changes the numbers of assets in another part, by what events or a person's order made of them.
func (r Run) moveAssets(series []state.Series) []state.Series {
	if r.By == ByRun || len(r.Report.Changes) == 0 {
		return series
	}
	v := newValues(series)
	r.addWrites(v)
	return v.sorted()
}

// eventSeries notes the scopes in which events led to something.
func (r Run) eventSeries(v *values) []state.Series {
	note := func(s inventory.Scope) { v.set(lastEvent, float64(r.Now.Unix()), scopeLabels(s)...) }
	for _, s := range r.Report.Scopes {
		if s.Complete {
			note(inventory.Scope{Cloud: s.Cloud, Account: s.Account, Region: s.Region})
		}
	}
	for _, c := range r.Report.Changes {
		if c.Account != "" {
			note(scopeOf(c))
		}
	}
	for key, s := range v.series {
		if r.Now.Sub(time.Unix(int64(s.Value), 0)) >= eventsRetention {
			delete(v.series, key)
		}
	}
	return v.sorted()
}

func boolValue(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
