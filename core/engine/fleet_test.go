package engine_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
	"github.com/jms-sync/jms-sync/core/storage/dir"
)

// newFleetWorld returns an account with regions of so many synced instances each.
func newFleetWorld(t *testing.T, sizes ...int) *stateWorld {
	t.Helper()
	var regions []string
	for n := range sizes {
		regions = append(regions, fmt.Sprintf("cn-r%02d", n))
	}
	w := enginetest.NewWorld(t, enginetest.Setup{Accounts: []enginetest.AccountSpec{{Name: "aliyun-prod", Regions: regions}}}, jumpservertest.V410)
	t.Cleanup(w.Close)
	w.Cloud.SetRegions(regions...)
	folder := t.TempDir()
	store, err := state.New(dir.Open(folder), "", state.Options{Now: w.RunClock.Now})
	if err != nil {
		t.Fatal(err)
	}
	r := &stateWorld{World: w, store: store, storeDir: folder, salt: "one"}
	for n, size := range sizes {
		for k := range size {
			r.putInstance(regions[n], 1000*n+k, nil)
		}
	}
	if rep := r.runWithApprovals(); rep.Outcome != report.OK {
		t.Fatalf("%s", enginetest.Describe(rep))
	}
	return r
}

// release releases the first instances of a region.
func (r *stateWorld) release(region, count int) {
	for k := range count {
		r.Accounts[0].Cloud.Remove(fmt.Sprintf("cn-r%02d", region), alibabatest.SampleInstance(1000*region+k).ID)
	}
}

// held counts the removals that a run holds, by a part of their reason.
func held(rep report.Report, text string) (n int) {
	for _, c := range rep.Changes {
		if c.Action == "hold" && strings.Contains(c.Reason, text) {
			n++
		}
	}
	return n
}

// TestSixteenRegionsBecomeEmpty: three assets in each of sixteen regions, all gone at once, are one loss that waits for a
// person, by whatever runs and with or without a store. What a person approved is labelled, and holds nothing later.
func TestSixteenRegionsBecomeEmpty(t *testing.T) {
	t.Parallel()
	r := newFleetWorld(t, slices.Repeat([]int{3}, 16)...)
	for n := range 16 {
		r.release(n, 3)
	}
	var rep report.Report
	for _, after := range []time.Duration{0, 11 * time.Minute, 2 * time.Hour} {
		r.RunClock.Advance(after)
		rep = r.runWithApprovals()
		if rep.Deactivated > 0 || held(rep, "一小时内有 16 个区域变空，共 48 个资产") != 48 {
			t.Fatalf("after %v: %s", after, enginetest.Describe(rep))
		}
	}
	for n := range 32 { // timers of one region each, without a store, twice in a quarter of an hour
		r.RunClock.Advance(30 * time.Second)
		out := r.NewEngine().Run(t.Context(), engine.Request{Regions: []string{fmt.Sprintf("cn-r%02d", n%16)}})
		if out.Report.Deactivated > 0 || out.Report.Held != 3 {
			t.Fatalf("narrowed run %d: %s", n, enginetest.Describe(out.Report))
		}
	}
	r.approveHeldSet(rep)
	rep = r.runWithApprovals()
	if rep.Deactivated != 48 || rep.Held > 0 {
		t.Fatalf("approved: %s", enginetest.Describe(rep))
	}
	labels := map[string]int{}
	for _, h := range r.JumpServer.Hosts(jumpservertest.DefaultOrg) {
		for _, l := range h.Labels {
			name, _, _ := strings.Cut(l, ":")
			labels[name]++
		}
	}
	if labels["jms-approved"] != 48 || labels["jms-missing"] != 0 || labels["jms-gone"] != 48 {
		t.Errorf("labels %v", slices.Sorted(maps.Keys(labels)))
	}
}

// meetingClouds are clouds whose proofs wait until all runs have come to theirs, so that nobody sees what another wrote.
type meetingClouds struct {
	engine.Clouds
	all *sync.WaitGroup
}

func (c meetingClouds) FindVerified(ctx context.Context, at inventory.Scope, ids []string) (inventory.FindResult, error) {
	c.all.Done()
	c.all.Wait()
	return c.Clouds.FindVerified(ctx, at, ids)
}

// TestNarrowedTimersAtOnce: four timers of a region each fire in the same second, so that none reads what another has
// closed. Together they close no more than per_run, which they share in the store; and who was refused blocks nobody.
func TestNarrowedTimersAtOnce(t *testing.T) {
	t.Parallel()
	r := newFleetWorld(t, 60, 60, 60, 60)
	var all, runs sync.WaitGroup
	all.Add(4)
	reports := make([]report.Report, 4)
	for n := range reports {
		r.release(n, 30)
		e := r.NewEngine()
		e.Limits.Percent, e.Limits.Fleet = 100, plan.Share{Percent: 100}
		e.Clouds = meetingClouds{e.Clouds, &all}
		e.ShardGroup = &engine.ShardGroup{Store: r.store, Name: "jms", FiredAt: r.RunClock.Now()}
		runs.Go(func() {
			reports[n] = e.Run(t.Context(), engine.Request{Regions: []string{fmt.Sprintf("cn-r%02d", n)}}).Report
		})
	}
	runs.Wait()
	closed, waiting := 0, 0
	for _, rep := range reports {
		closed += rep.Deactivated
		waiting += held(rep, "其他部分或缩小的运行")
	}
	if closed > 50 || closed+waiting != 120 || r.CountInactive() != closed {
		t.Errorf("%d closed, %d held", closed, waiting)
	}
	g, err := r.store.Quota("jms").Reserve(t.Context(), state.Reservation{ShardKey: "another", FiredAt: r.RunClock.Now()}, 50)
	if err != nil || g.OtherRemovals != closed {
		t.Errorf("%d removals count for others, %v", g.OtherRemovals, err)
	}
}

// TestHeldRegionHoldsNothingElsewhere: a release in another region is closed while a region of 51 that became empty is
// held, and while 60 assets fall due for deletion at once.
func TestHeldRegionHoldsNothingElsewhere(t *testing.T) {
	t.Parallel()
	t.Run("an empty region", func(t *testing.T) {
		t.Parallel()
		r := newFleetWorld(t, 51, 20)
		r.release(0, 51)
		r.release(1, 1)
		if rep := r.runWithApprovals(); rep.Deactivated != 1 || held(rep, "该区域列表为空") != 51 {
			t.Errorf("%s", enginetest.Describe(rep))
		}
	})
	t.Run("deletions", func(t *testing.T) {
		t.Parallel()
		r := newFleetWorld(t, 400, 20)
		for half := range 2 { // of the 60, as many as one run may close
			r.release(0, 30*(half+1))
			if rep := r.runWithApprovals(); rep.Deactivated != 30 {
				t.Fatalf("%s", enginetest.Describe(rep))
			}
			r.RunClock.Advance(12 * time.Minute)
		}
		r.RunClock.Advance(8 * 24 * time.Hour)
		r.release(1, 1)
		if rep := r.runWithApprovals(); rep.Deactivated != 1 || rep.Deleted > 0 || held(rep, "60 个资产宽限期满要删除，超过上限 50") != 60 {
			t.Errorf("%s", enginetest.Describe(rep))
		}
	})
}

// TestLostLabelsOfAssetsThatAreOff: labels that many deactivated assets have lost hold all removals, and every run says
// so until they are back, although no line speaks of these assets and nothing changes.
func TestLostLabelsOfAssetsThatAreOff(t *testing.T) {
	t.Parallel()
	r := newFleetWorld(t, 20)
	r.release(0, 8)
	r.approveHeldSet(r.runWithApprovals())
	if rep := r.runWithApprovals(); rep.Deactivated != 8 {
		t.Fatalf("%s", enginetest.Describe(rep))
	}
	for _, h := range r.JumpServer.Hosts(jumpservertest.DefaultOrg) {
		if !h.Active {
			r.JumpServer.Edit(jumpservertest.DefaultOrg, h.ID, func(h *jumpservertest.Host) {
				h.Labels = slices.DeleteFunc(h.Labels, func(l string) bool { return strings.HasPrefix(l, "jms-account:") })
			})
		}
	}
	for n, after := range []time.Duration{2 * time.Hour, 10 * time.Minute, 10 * time.Minute} {
		r.RunClock.Advance(after)
		rep := r.runWithApprovals()
		if lost := slices.ContainsFunc(rep.Errors, func(e report.ErrorEntry) bool { return e.Kind == inventory.MarksLost }); !lost || rep.Outcome != report.Partial {
			t.Errorf("run %d: %s", n, enginetest.Describe(rep))
		}
	}
}
