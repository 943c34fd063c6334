package metrics

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
)

func noon() time.Time { return time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC) }

func scopeAt(region string) inventory.Scope {
	return inventory.Scope{Cloud: inventory.Alibaba, Account: "prod", Region: region}
}

// listed returns a complete listing with so many instances.
func listed(region string, n int) inventory.Listing {
	return inventory.Listing{Scope: scopeAt(region), Instances: make([]inventory.Instance, n)}
}

func done(action plan.Action, region string, fields ...string) apply.Item {
	return apply.Item{State: apply.Done, Change: plan.Change{Action: action, Scope: scopeAt(region), InstanceID: "i-1", AssetID: "a-1", Fields: fields}}
}

// fullRun returns a run that compared two regions, and made one change of each kind in the first.
func fullRun(now time.Time) Run {
	return Run{By: ByRun, Part: "run", Now: now, Report: report.Build(report.Input{
		Started: now.Add(-12 * time.Second), Duration: 12 * time.Second, Compared: true,
		Listings: []inventory.Listing{listed("cn-beijing", 10), listed("cn-hangzhou", 5)},
		Items: []apply.Item{
			done(plan.Create, "cn-beijing"), done(plan.Update, "cn-beijing", "name"), done(plan.Update, "cn-beijing", "is_active"),
			done(plan.Deactivate, "cn-beijing"), done(plan.Delete, "cn-beijing"),
		},
		Assets: []report.AssetCount{{Scope: scopeAt("cn-beijing"), Active: 10, Inactive: 4}, {Scope: scopeAt("cn-elsewhere"), Active: 1}},
		Stages: []report.Stage{{Name: "clouds", Seconds: 7}, {Name: "apply", Seconds: 0.3}},
		Peers:  []report.Peer{{Host: "ecs.aliyuncs.com", Calls: 9, Throttled: 2, Failed: 1, Seconds: 3.5}},
	})}
}

// texts returns the series as lines, without those that are 0.
func texts(m state.Metrics) map[string]string {
	lines := map[string]string{}
	for _, s := range All(m) {
		if s.Value != 0 {
			lines[s.Name+"{"+strings.Join(s.Labels, " ")+"}"] = formatValue(s.Value)
		}
	}
	return lines
}

// wantSeries wants these values among the metrics; "" = none, or 0.
func wantSeries(t *testing.T, when string, m state.Metrics, want map[string]string) {
	t.Helper()
	got := texts(m)
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if got[key] != want[key] {
			t.Errorf("%s: %s is %q, want %q", when, key, got[key], want[key])
		}
	}
}

// TestRunsAddUp: totals grow with each run, the numbers of its part are replaced, and assets are those read plus those made.
func TestRunsAddUp(t *testing.T) {
	t.Parallel()
	m := Record(Record(state.Metrics{}, fullRun(noon())), fullRun(noon().Add(10*time.Minute)))
	const beijing = "cloud alibaba account prod region cn-beijing"
	wantSeries(t, "two runs", m, map[string]string{
		runs + "{outcome ok}":                                                    "2",
		changes + "{by run kind created}":                                        "2",
		changes + "{by run kind updated}":                                        "4",
		changes + "{by run kind deactivated}":                                    "2",
		changes + "{by run kind deleted}":                                        "2",
		peerCalls + "{peer ecs.aliyuncs.com}":                                    "18",
		peerThrottled + "{peer ecs.aliyuncs.com}":                                "4",
		peerFailed + "{peer ecs.aliyuncs.com}":                                   "2",
		peerSeconds + "{peer ecs.aliyuncs.com}":                                  "7",
		runDuration + "_bucket{le 10}":                                           "",
		runDuration + "_bucket{le 20}":                                           "2",
		runDuration + "_bucket{le +Inf}":                                         "2",
		runDuration + "_sum{}":                                                   "24",
		runDuration + "_count{}":                                                 "2",
		stageDuration + "_bucket{stage apply le 0.5}":                            "2",
		stageDuration + "_sum{stage clouds}":                                     "14",
		lastRun + "{part run}":                                                   fmt.Sprint(float64(noon().Add(10 * time.Minute).Unix())),
		lastRunDuration + "{part run}":                                           "12",
		lastRunOutcome + "{part run outcome ok}":                                 "1",
		instances + "{" + beijing + "}":                                          "10",
		assets + "{" + beijing + " state active}":                                "11", // 10 + created + reactivated − deactivated
		assets + "{" + beijing + " state inactive}":                              "3",  // 4 − reactivated + deactivated − deleted
		scopeComplete + "{" + beijing + "}":                                      "1",
		lastCompleteRun + "{" + beijing + "}":                                    formatValue(float64(noon().Add(10 * time.Minute).Unix())),
		assets + "{cloud alibaba account prod region cn-elsewhere state active}": "",
		unannounced + "{}":                                                       "",
		metricsSince + "{}":                                                      formatValue(float64(noon().Unix())),
	})
}

// TestRunsThatSeeLess: what a run did not read stays as it was known, and is not taken for 0.
func TestRunsThatSeeLess(t *testing.T) {
	t.Parallel()
	first := Record(state.Metrics{}, fullRun(noon()))
	const beijing = "cloud alibaba account prod region cn-beijing"
	complete := formatValue(float64(noon().Unix()))
	later := noon().Add(time.Hour)
	denied := listed("cn-beijing", 0)
	denied.Err = &inventory.Error{Kind: inventory.Denied}
	account := inventory.Listing{Scope: inventory.Scope{Cloud: inventory.Alibaba, Account: "prod", Region: inventory.AnyRegion}, Err: denied.Err}
	for name, c := range map[string]struct {
		in      report.Input
		stopped bool
		want    map[string]string
	}{
		"a failed scope": {report.Input{Listings: []inventory.Listing{denied}}, false, map[string]string{
			scopeComplete + "{" + beijing + "}": "", lastCompleteRun + "{" + beijing + "}": complete, instances + "{" + beijing + "}": "10",
			assets + "{" + beijing + " state active}": "11",
		}},
		"a failed account": {report.Input{Listings: []inventory.Listing{account}}, false, map[string]string{
			scopeComplete + "{" + beijing + "}": "", lastCompleteRun + "{" + beijing + "}": complete, instances + "{" + beijing + "}": "10",
		}},
		"no JumpServer": {report.Input{Stopped: denied.Err}, true, map[string]string{
			lastCompleteRun + "{" + beijing + "}": complete, assets + "{" + beijing + " state active}": "11", lastRunOutcome + "{part run outcome failed}": "1",
			lastRunOutcome + "{part run outcome ok}": "",
		}},
		"an incremental run that made one": {report.Input{
			Listings: []inventory.Listing{listed("cn-beijing", 11)}, Items: []apply.Item{done(plan.Create, "cn-beijing")},
		}, false, map[string]string{
			instances + "{" + beijing + "}": "11", assets + "{" + beijing + " state active}": "12", assets + "{" + beijing + " state inactive}": "3",
		}},
		"a run that stopped behind its listing": {report.Input{Listings: []inventory.Listing{listed("cn-beijing", 11)}, Stopped: denied.Err}, true, map[string]string{
			lastCompleteRun + "{" + beijing + "}": complete,
		}},
		"a region that is no longer configured": {report.Input{Listings: []inventory.Listing{listed("cn-hangzhou", 1)}}, false, map[string]string{
			lastCompleteRun + "{" + beijing + "}": "", assets + "{" + beijing + " state active}": "", instances + "{" + beijing + "}": "",
		}},
	} {
		c.in.Started = later
		wantSeries(t, name, Record(first, Run{By: ByRun, Part: "run", Now: later, Report: report.Build(c.in), Stopped: c.stopped}), c.want)
	}
}

// TestEvents: events count, the time since they happened is observed, and a full run that finds what none announced counts it.
func TestEvents(t *testing.T) {
	t.Parallel()
	m := Record(state.Metrics{}, fullRun(noon()))
	at := noon().Add(time.Minute)
	m = Record(m, Run{By: ByEvent, Now: at,
		Report: report.Build(report.Input{Started: at, Items: []apply.Item{done(plan.Create, "cn-beijing")}}),
		Events: []Event{
			{Outcome: "done", Done: true, At: at.Add(-8 * time.Second)}, {Outcome: "done", Done: true}, {Outcome: "later", At: at.Add(-time.Hour)},
			{Outcome: "done", Done: true, At: at.Add(time.Hour)}, // a clock that is ahead says nothing
		},
	})
	const beijing = "cloud alibaba account prod region cn-beijing"
	wantSeries(t, "events", m, map[string]string{
		events + "{outcome done}": "3", events + "{outcome later}": "1",
		eventLatency + "_count{}": "1", eventLatency + "_bucket{le 5}": "", eventLatency + "_bucket{le 10}": "1", eventLatency + "_sum{}": "8",
		changes + "{by event kind created}": "1", assets + "{" + beijing + " state active}": "12",
		lastEvent + "{" + beijing + "}": formatValue(float64(at.Unix())), runs + "{outcome ok}": "1",
	})
	wantSeries(t, "a run that found two", Record(m, fullRun(at.Add(time.Minute))), map[string]string{unannounced + "{}": "2"})
	wantSeries(t, "a run long after the last event", Record(m, fullRun(at.Add(31*24*time.Hour))), map[string]string{unannounced + "{}": ""})
}

// TestOrders: what a person ordered counts as such, and changes the number of assets of every part.
func TestOrders(t *testing.T) {
	t.Parallel()
	m := Record(state.Metrics{}, fullRun(noon()))
	m = Record(m, Run{By: ByOrder, Now: noon(), Report: report.Build(report.Input{Started: noon(), Items: []apply.Item{done(plan.Delete, "cn-beijing")}})})
	wantSeries(t, "an order", m, map[string]string{
		changes + "{by order kind deleted}": "1", changes + "{by run kind deleted}": "1", runs + "{outcome ok}": "1",
		assets + "{cloud alibaba account prod region cn-beijing state inactive}": "2",
	})
}

// TestParts: each part has its own numbers; a part that no run replaces is forgotten after a week; of two that list the same
// scope the newer one counts.
func TestParts(t *testing.T) {
	t.Parallel()
	one := fullRun(noon())
	m := Record(state.Metrics{}, one)
	two := one
	two.Part, two.Now = "run prod cn-beijing", noon().Add(time.Hour)
	two.Report = report.Build(report.Input{Started: two.Now, Listings: []inventory.Listing{listed("cn-beijing", 99)}})
	m = Record(m, two)
	const beijing = "cloud alibaba account prod region cn-beijing"
	wantSeries(t, "two parts", m, map[string]string{
		instances + "{" + beijing + "}": "99", instances + "{cloud alibaba account prod region cn-hangzhou}": "5",
		lastRunOutcome + "{part run outcome ok}": "1", lastRunOutcome + "{part run prod cn-beijing outcome ok}": "1",
	})
	one.Now = noon().Add(8 * 24 * time.Hour)
	wantSeries(t, "a week later", Record(m, one), map[string]string{
		instances + "{" + beijing + "}": "10", lastRunOutcome + "{part run prod cn-beijing outcome ok}": "",
	})
}

// TestNotificationThatFailed: a card that was lost counts once for its run.
func TestNotificationThatFailed(t *testing.T) {
	t.Parallel()
	r := fullRun(noon())
	r.Report = r.Report.WithNotifyError(fmt.Errorf("no answer"))
	wantSeries(t, "a lost card", Record(state.Metrics{}, r), map[string]string{notifyFailures + "{}": "1"})
}
