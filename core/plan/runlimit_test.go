package plan

import (
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// TestPilesHoldNothingElsewhere: what is held anyway, or falls due, holds no fresh release.
func TestPilesHoldNothingElsewhere(t *testing.T) {
	t.Parallel()
	const week = 8 * 24 * time.Hour
	runGuardRows(t, []guardRow{
		{"a region of 51 became empty", func(w *world) { w.fleet("a", 51, 51); w.fleet("b", 20, 1) },
			map[string]int{"hold guard_empty": 51, "deactivate instance_gone": 1}},
		{"a region lost 60 of 100", func(w *world) { w.fleet("a", 100, 60); w.fleet("b", 20, 1) },
			map[string]int{"hold guard_share": 60, "deactivate instance_gone": 1}},
		{"60 fall due at once", func(w *world) { w.fleet("a", 100, 60, deactivatedFor(week)); w.fleet("b", 20, 1) },
			map[string]int{"hold guard_run_deletes": 60, "deactivate instance_gone": 1}},
		{"60 losses hold no delete", func(w *world) { w.fleet("a", 400, 60); w.fleet("b", 20, 1, deactivatedFor(week)) },
			map[string]int{"hold guard_run": 60, "delete grace_over": 1}},
		{"50 of each kind", func(w *world) { w.fleet("a", 400, 50); w.fleet("b", 100, 50, deactivatedFor(week)) },
			map[string]int{"deactivate instance_gone": 50, "delete grace_over": 50}},
		{"60 without proof", func(w *world) {
			w.fleet("a", 400, 60)
			w.fleet("b", 20, 1)
			w.proof = func(c Change) (Proof, bool) { return Proof{Absent: true}, c.Scope.Region == "b" }
		}, map[string]int{"hold guard_not_asked": 60, "deactivate instance_gone": 1}},
		{"60 that wait for a person", func(w *world) {
			w.limits.Approval = ApproveRemovals
			w.fleet("a", 400, 60)
		}, map[string]int{"hold guard_asks": 60}},
	})
}

// TestRunLimitIsShared: what other runs deactivated within ten minutes counts, unless a person approved it or events did
// it. It counts for losses only.
func TestRunLimitIsShared(t *testing.T) {
	t.Parallel()
	const week = 8 * 24 * time.Hour
	event := withExtraLabel(inventory.LabelEvent, "closed")
	runGuardRows(t, []guardRow{
		{"with those of another run", func(w *world) {
			w.fleet("a", 400, 45, deactivatedFor(5*time.Minute))
			w.fleet("b", 400, 6)
		}, map[string]int{"keep in_grace": 45, "hold guard_run_lately": 6}},
		{"up to the limit", func(w *world) { w.fleet("a", 400, 45, deactivatedFor(5*time.Minute)); w.fleet("b", 400, 5) },
			map[string]int{"keep in_grace": 45, "deactivate instance_gone": 5}},
		{"ten minutes later", func(w *world) { w.fleet("a", 400, 45, deactivatedFor(10*time.Minute)); w.fleet("b", 400, 6) },
			map[string]int{"keep in_grace": 45, "deactivate instance_gone": 6}},
		{"approved", func(w *world) {
			w.fleet("a", 400, 45, bothEdits(approvedEdit, deactivatedFor(time.Minute)))
			w.fleet("b", 400, 6)
		}, map[string]int{"keep in_grace": 45, "deactivate instance_gone": 6}},
		{"by events, which have a limit of their own", func(w *world) {
			w.fleet("a", 400, 45, bothEdits(event, deactivatedFor(time.Minute)))
			w.fleet("b", 400, 6)
		}, map[string]int{"keep in_grace": 45, "deactivate instance_gone": 6}},
		{"deletes are no losses", func(w *world) {
			w.fleet("a", 400, 45, deactivatedFor(time.Minute))
			w.fleet("b", 20, 6, deactivatedFor(week))
		}, map[string]int{"keep in_grace": 45, "delete grace_over": 6}},
		{"a part that shares with nobody has its share", func(w *world) { w.limits.Parts = 4; w.fleet("a", 400, 13) },
			map[string]int{"hold guard_run": 13}},
		{"and counts the others by their marks", func(w *world) {
			w.limits.Parts = 4
			w.fleet("a", 400, 39, deactivatedFor(time.Minute))
			w.fleet("b", 400, 12)
		}, map[string]int{"keep in_grace": 39, "hold guard_run_lately": 12}},
	})
	t.Run("four timers", func(t *testing.T) {
		t.Parallel()
		w := newWorld()
		w.listings, w.limits = nil, defaultLimits()
		for n := range 4 {
			w.fleet(regionOf(n), 300, 45)
		}
		own := func(run int, region string) bool { return region == regionOf(run) }
		got := w.runsAt(t, own, 0, 2*time.Minute, 4*time.Minute, 6*time.Minute)
		held := map[string]int{"hold guard_run_lately": 45}
		wantRuns(t, got, map[string]int{"deactivate instance_gone": 45}, held, held, held)
	})
}

// fleetHolds: losses of several scopes, together with those of the last day, are no larger share of all assets than may be.
func fleetHolds(t *testing.T, w *world, a Approved) {
	scopes, lost, recent, assets := map[string]bool{}, 0, 0, 0
	for _, c := range a.Removals() {
		if c.Before.LabelCount(inventory.LabelGone) == 0 {
			lost++
			scopes[c.Scope.String()] = true
		}
	}
	seen := map[string]bool{}
	for _, l := range w.listings {
		for _, i := range l.Instances {
			seen[i.ID] = true
		}
	}
	for _, asset := range w.assets {
		m, ours := parseOwnership(asset)
		since, gone, readable := parseDeactivatedAt(asset, now())
		switch {
		case !ours:
		case !gone:
			assets++
		case readable && !asset.Active && !seen[m.instanceID] && now().Sub(since) < recentLossWindow:
			recent++
			scopes[inventory.Scope{Cloud: m.cloud, Account: m.account, Region: m.region}.String()] = true
		}
	}
	f := w.limits.Fleet
	if all := lost + recent; lost > 0 && len(scopes) > 1 && all > f.Min && all*100 > f.Percent*(assets+recent) {
		t.Errorf("%d scopes lose %d of %d within a day, limits %+v", len(scopes), all, assets+recent, f)
	}
}
