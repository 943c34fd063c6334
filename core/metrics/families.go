// Package metrics tells monitoring systems what runs did: it keeps their numbers, writes them as Prometheus and OpenMetrics
// want them, and brings them to where they are read. Nothing is decided by them.
package metrics

import (
	"slices"
	"sort"
)

// Kind is the type of a family, as Prometheus names it.
type Kind string

// The kinds.
const (
	Counter   Kind = "counter"
	Gauge     Kind = "gauge"
	Histogram Kind = "histogram"
)

// Family is what several series have in common.
type Family struct {
	Name    string // with _total, where it is a counter
	Kind    Kind
	Unit    string // "seconds"; "" = a number
	Labels  []string
	Buckets []float64 // upper bounds, of a histogram
	Help    string
}

// The names of the families. docs/metrics.md says more of each.
const (
	runs             = "jms_sync_runs_total"
	changes          = "jms_sync_changes_total"
	failedChanges    = "jms_sync_failed_changes_total"
	unannounced      = "jms_sync_unannounced_changes_total"
	events           = "jms_sync_events_total"
	notifyFailures   = "jms_sync_notification_failures_total"
	peerCalls        = "jms_sync_peer_calls_total"
	peerThrottled    = "jms_sync_peer_throttled_calls_total"
	peerFailed       = "jms_sync_peer_failed_calls_total"
	peerSeconds      = "jms_sync_peer_call_seconds_total"
	runDuration      = "jms_sync_run_duration_seconds"
	stageDuration    = "jms_sync_stage_duration_seconds"
	eventLatency     = "jms_sync_event_latency_seconds"
	lastRun          = "jms_sync_last_run_timestamp_seconds"
	lastRunDuration  = "jms_sync_last_run_duration_seconds"
	lastRunOutcome   = "jms_sync_last_run_outcome"
	held             = "jms_sync_held_changes"
	drifted          = "jms_sync_drifted_assets"
	orphans          = "jms_sync_orphaned_assets"
	staysOpen        = "jms_sync_assets_left_open"
	paused           = "jms_sync_paused"
	scopeComplete    = "jms_sync_scope_complete"
	instances        = "jms_sync_instances"
	assets           = "jms_sync_assets"
	lastCompleteRun  = "jms_sync_last_complete_run_timestamp_seconds"
	lastEvent        = "jms_sync_last_event_timestamp_seconds"
	metricsSince     = "jms_sync_metrics_since_timestamp_seconds"
	histogramBound   = "le"
	bucketSuffix     = "_bucket"
	sumSuffix        = "_sum"
	countSuffix      = "_count"
	infinity         = "+Inf"
	stateActive      = "active"
	stateInactive    = "inactive"
	kindCreated      = "created"
	kindUpdated      = "updated"
	kindDeactivated  = "deactivated"
	kindDeleted      = "deleted"
	counterSuffix    = "_total"
	jumpServerLabel  = "jumpserver"
	organisationName = "organisation"
)

// Families returns all families, sorted by name.
func Families() []Family {
	scope := []string{"cloud", "account", "region"}
	part := []string{"part"}
	all := []Family{
		{Name: runs, Kind: Counter, Labels: []string{"outcome"}, Help: "Full runs, by outcome."},
		{Name: changes, Kind: Counter, Labels: []string{"by", "kind"}, Help: "Changes of assets that were made, by what made them (run, event, order) and by kind."},
		{Name: failedChanges, Kind: Counter, Labels: []string{"by"}, Help: "Changes of assets that failed."},
		{Name: unannounced, Kind: Counter, Help: "Instances that a full run found new or gone in a scope that has events, although no event had led to it."},
		{Name: events, Kind: Counter, Labels: []string{"outcome"}, Help: "Events, by outcome."},
		{Name: notifyFailures, Kind: Counter, Help: "Cards that could not be sent."},
		{Name: peerCalls, Kind: Counter, Labels: []string{"peer"}, Help: "Requests of full runs, by host; repeated ones included."},
		{Name: peerThrottled, Kind: Counter, Labels: []string{"peer"}, Help: "Requests that the host refused because there were too many."},
		{Name: peerFailed, Kind: Counter, Labels: []string{"peer"}, Help: "Requests without a whole answer, or with a status of the 500s."},
		{Name: peerSeconds, Kind: Counter, Unit: "seconds", Labels: []string{"peer"}, Help: "Time of all requests together, also of those side by side."},
		{Name: runDuration, Kind: Histogram, Unit: "seconds", Buckets: []float64{1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 900}, Help: "Duration of full runs."},
		{Name: stageDuration, Kind: Histogram, Unit: "seconds", Labels: []string{"stage"}, Buckets: []float64{0.1, 0.5, 1, 5, 10, 30, 60, 300, 900},
			Help: "Duration of the stages of full runs."},
		{Name: eventLatency, Kind: Histogram, Unit: "seconds", Buckets: []float64{1, 2, 5, 10, 20, 30, 60, 120, 300, 900, 3600},
			Help: "Time from an event, as its cloud dates it, until its asset was as it should be."},
		{Name: lastRun, Kind: Gauge, Unit: "seconds", Labels: part, Help: "When the last full run of the part ended."},
		{Name: lastRunDuration, Kind: Gauge, Unit: "seconds", Labels: part, Help: "How long the last full run of the part took."},
		{Name: lastRunOutcome, Kind: Gauge, Labels: []string{"part", "outcome"}, Help: "1 for the outcome of the last full run of the part, 0 for all others."},
		{Name: held, Kind: Gauge, Labels: part, Help: "Changes that the last full run of the part held."},
		{Name: drifted, Kind: Gauge, Labels: part, Help: "Assets that differ where people decide."},
		{Name: orphans, Kind: Gauge, Labels: part, Help: "Assets whose account or region is no longer configured."},
		{Name: staysOpen, Kind: Gauge, Labels: []string{"part", "reason"}, Help: "Assets that are active although no listing has their instance, by reason."},
		{Name: paused, Kind: Gauge, Labels: part, Help: "1 while a person has paused writes or removals."},
		{Name: scopeComplete, Kind: Gauge, Labels: scope, Help: "1 where the scope was read as a whole, otherwise 0."},
		{Name: instances, Kind: Gauge, Labels: scope, Help: "Instances that the cloud listed in the scope."},
		{Name: assets, Kind: Gauge, Labels: append(slices.Clone(scope), "state"), Help: "Assets of ours in JumpServer, by state (active, inactive)."},
		{Name: lastCompleteRun, Kind: Gauge, Unit: "seconds", Labels: scope, Help: "When a full run without an error last read the scope as a whole."},
		{Name: lastEvent, Kind: Gauge, Unit: "seconds", Labels: scope, Help: "When an event last led to something in the scope."},
		{Name: metricsSince, Kind: Gauge, Unit: "seconds", Help: "When the counters began."},
	}
	sort.Slice(all, func(x, y int) bool { return all[x].Name < all[y].Name }) // slices.SortFunc is 20 KiB of a function for each type
	return all
}
