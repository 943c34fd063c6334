package engine_test

import (
	"net/http"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
)

// TestAllRegionsAreListedOnce: nor are the clouds asked twice where only they know the regions, and
// something is open.
func TestAllRegionsAreListedOnce(t *testing.T) {
	t.Parallel()
	r := newStateWorld(t)
	r.Accounts[0].Regions = []string{}
	r.JumpServer.Seed(jumpservertest.DefaultOrg, jumpservertest.Host{
		Name: "by hand", Address: "10.0.0.1", Active: true, Comment: "instance_id: " + alibabatest.SampleInstance(0).ID,
	})
	for _, run := range []string{"the first run", "one with an open scope"} {
		lists := map[string]int{}
		hook := func(q *http.Request) {
			_ = q.ParseForm()
			if q.Form.Get("Action") == alibabatest.DescribeInstances && q.Form.Get("DryRun") == "" {
				lists[q.Form.Get("RegionId")]++
			}
		}
		r.OnCloud.Store(&hook)
		if rep, _ := r.runIncremental(); rep.Skipped != 1 || lists["cn-beijing"] != 1 || lists["cn-hangzhou"] != 1 || lists["cn-shanghai"] != 1 {
			t.Errorf("%s lists %v\n%s", run, lists, enginetest.Describe(rep))
		}
	}
}

// TestFailedRunWithUnknownRegions: after a run that failed, all is compared, also where the regions of
// another account were not known.
func TestFailedRunWithUnknownRegions(t *testing.T) {
	t.Parallel()
	r := newStateWorld(t)
	r.AddAccount(enginetest.AccountSpec{Name: "two", Owner: "42", Regions: []string{}})
	r.runIncremental()
	r.expectOneCall("nothing changed")
	r.Cloud.Break(alibabatest.Fault{Kind: alibabatest.Forbidden, Action: alibabatest.DescribeRegions})
	r.JumpServer.Fail(jumpservertest.MatchRequest("", "/"), -1, jumpservertest.Fault{Status: http.StatusForbidden, Body: "{}"})
	e := r.NewEngine()
	e.Incremental = enginetest.Incremental(r.store, r.salt)
	if out := e.Run(t.Context(), engine.Request{}); out.Report.Outcome != report.Failed {
		t.Fatalf("%s", enginetest.Describe(out.Report))
	}
	healAll(r.World)
	if rep, calls := r.runIncremental(); calls == 0 || rep.Unchanged != 40 {
		t.Errorf("%d calls; %s", calls, enginetest.Describe(rep))
	}
	r.expectOneCall("compared")
}
