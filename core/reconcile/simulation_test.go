package reconcile_test

import (
	"context"
	"flag"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
)

var seed = flag.Uint64("seed", 0, "replay one interleaving of TestInterleavings by its seed")

const (
	interleavings        = 1000 // at least
	interleavingsTime    = 4 * time.Second
	changesPerSimulation = 20
)

// TestInterleavings plays random stories: instances come, change and go, permission and regions
// fail and come back, events are dropped, doubled, late, reordered and forged, and several timer
// and event runs are under way at once, their requests in any order. After each write: no asset of a living
// instance was closed, none doubled, nothing of people's touched, and no event has deleted.
// At the end JumpServer equals the clouds, and a further run writes nothing.
// Invariants: 2, 4.
func TestInterleavings(t *testing.T) {
	t.Parallel()
	if *seed != 0 {
		synctest.Test(t, func(t *testing.T) { runSimulation(t, *seed, &counters{}) })
		return
	}
	first := rand.Uint64()
	t.Logf("seeds from %d on", first)
	var played atomic.Uint64
	var seen counters
	end := time.Now().Add(interleavingsTime)
	for _, part := range []string{"a", "b"} {
		t.Run(part, func(t *testing.T) {
			t.Parallel()
			for !t.Failed() {
				n := played.Add(1)
				if n > uint64(interleavings/raceFactor) && time.Now().After(end) {
					return
				}
				synctest.Test(t, func(t *testing.T) { runSimulation(t, first+n, &seen) })
				if t.Failed() {
					t.Logf("replay: go test ./core/reconcile -run TestInterleavings -seed %d", first+n)
				}
			}
		})
	}
	t.Cleanup(func() {
		t.Logf("%d interleavings: by events %d created, %d closed; by timers %d created, %d closed, %d deleted; %d held at the end; "+
			"%d runs read a few assets, %d only counted them",
			played.Load(), seen.made[1].Load(), seen.closed[1].Load(), seen.made[0].Load(), seen.closed[0].Load(), seen.deleted.Load(), seen.held.Load(),
			seen.changedOnly.Load(), seen.unchanged.Load())
		if !t.Failed() && slices.Contains(seen.all(), 0) {
			t.Error("the stories leave out what they are about")
		}
	})
}

// counters counts what happened in all stories, so that stories in which nothing happens are noticed.
type counters struct {
	made, closed           [2]atomic.Int64 // by timers, by events
	deleted, held          atomic.Int64
	changedOnly, unchanged atomic.Int64 // runs with state that read a few assets, or only counted them
	answers                enginetest.AnswerCache
}

func (c *counters) all() []int64 {
	return []int64{
		c.made[0].Load(), c.made[1].Load(), c.closed[0].Load(), c.closed[1].Load(), c.deleted.Load(), c.held.Load(),
		c.changedOnly.Load(), c.unchanged.Load(),
	}
}

// runSimulation plays one story.
func runSimulation(t *testing.T, seed uint64, seen *counters) {
	t.Helper()
	s := newSimulation(t, seed, seen)
	defer s.tellViolations(seed)
	s.remainingLosses = 2 // a call survives that many losses, even if all are its own
	if s.runAlone(s.fullRun); s.hasFailed() {
		s.Errorf("the first run failed")
		return
	}
	s.remainingLosses = -1
	crowd := 1 + s.rand.IntN(4) // runs at once, at most
	for n := 0; n < changesPerSimulation && !s.hasFailed(); {
		synctest.Wait()
		if s.rand.IntN(4) == 0 {
			s.togglePermissionAtProbe()
		}
		if s.act(crowd) {
			n++
		}
	}
	s.finish()
	s.healAll()
	time.Sleep(fullEvery)
	var out engine.RunResult
	for range 2 {
		out = s.runAlone(s.fullRun)
	}
	if s.store != nil { // what was remembered must have hidden nothing
		s.store = nil
		s.server.ResetCounts()
		out = s.runAlone(s.fullRun)
		if writes := s.server.Writes(); writes > 0 {
			s.Errorf("a run without state makes %d more writes: %v\n%s", writes, s.server.Calls(), enginetest.Describe(out.Report))
		}
	}
	s.checkConverged(out)
	s.server.ResetCounts()
	s.runAlone(s.fullRun)
	if writes := s.server.Writes(); writes > 0 {
		s.Errorf("one more run makes %d writes: %v\n%s", writes, s.server.Calls(), enginetest.Describe(out.Report))
	}
}

func (s *simulation) hasFailed() bool { return len(s.Violations()) > 0 || s.t.Failed() }

// tellViolations makes the violations failures of the test.
func (s *simulation) tellViolations(seed uint64) {
	s.t.Helper()
	for _, text := range s.Violations() {
		s.t.Error(text)
	}
	if s.t.Failed() {
		s.t.Logf("seed %d:\n%s", seed, s.Text())
	}
}

// act lets a request through, or (true) something happen beside the runs under way.
func (s *simulation) act(crowd int) bool {
	k := s.rand.IntN(100)
	switch {
	case k < 55 && s.scheduler.releaseNext(s.rand.IntN):
		return false
	case k < 70:
		s.changeCloud()
	case k < 74:
		s.editAsPerson()
	case k < 77:
		time.Sleep(time.Duration(s.rand.IntN(20)) * time.Second / 10)
	case s.activeRuns() == 0 && k < 82:
		time.Sleep(time.Duration(s.rand.IntN(600)) * time.Second)
	case s.activeRuns() >= crowd:
		s.stepOnce()
		return false
	case k < 85, s.store != nil && k < 93:
		s.startRun("timer", func(ctx context.Context) { s.fullRun(ctx) })
	default:
		s.deliverEvents()
	}
	return true
}

// stepOnce lets somebody go on: a request, or else those who sleep.
func (s *simulation) stepOnce() {
	if !s.scheduler.releaseNext(s.rand.IntN) {
		time.Sleep(time.Second)
	}
}

// finish lets all runs end.
func (s *simulation) finish() {
	for synctest.Wait(); s.activeRuns() > 0; synctest.Wait() {
		s.stepOnce()
	}
	s.running.Wait()
}

// runAlone makes a run with nothing beside it.
func (s *simulation) runAlone(run func(context.Context) engine.RunResult) engine.RunResult {
	var out engine.RunResult
	s.startRun("alone", func(ctx context.Context) {
		out = run(ctx)
	})
	s.finish()
	if out.Err != nil || out.Report.Failures > 0 {
		s.Errorf("a run with nothing in its way: %v\n%s", out.Err, enginetest.Describe(out.Report))
	}
	return out
}
