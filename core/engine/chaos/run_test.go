package chaos

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/report"
)

// playRuns lives through one world: runs without faults, then some with, and then again without,
// which must put everything right.
func (w *world) playRuns() {
	w.runChecked(nil, 10*time.Minute)
	for range 1 + w.rand.IntN(5) {
		w.changeCloud()
	}
	w.editSomeHosts()
	w.passTime()
	calls := w.runChecked(nil, 10*time.Minute)
	for range 1 + w.rand.IntN(4) {
		for range w.rand.IntN(5) {
			w.changeCloud()
		}
		w.editSomeHosts()
		w.passTime()
		faults := w.planFaults(calls)
		limit := []time.Duration{45 * time.Second, 2 * time.Minute, 10 * time.Minute}[w.rand.IntN(3)]
		calls = w.runChecked(faults, limit)
		w.schedule.mu.Lock()
		w.schedule.dead = false
		w.schedule.mu.Unlock()
		if w.rand.IntN(2) == 0 {
			w.client = nil // the next run is in a new process
		}
		if w.rand.IntN(3) == 0 {
			w.setClock(0)
		}
	}
	w.converge()
}

func (w *world) editSomeHosts() {
	for range w.rand.IntN(3) {
		w.editAsPerson()
	}
}

// passTime lets the time of a few timers pass, sometimes of many.
func (w *world) passTime() {
	time.Sleep([]time.Duration{time.Minute, 20 * time.Minute, 2 * time.Hour, 200 * time.Hour}[w.rand.IntN(4)])
}

// planFaults chooses what goes wrong in a run that will make about these calls.
func (w *world) planFaults(calls map[string]int) []*fault {
	lines := slices.Sorted(maps.Keys(calls))
	if len(lines) == 0 {
		return nil
	}
	byPeer := map[string][]string{}
	for _, l := range lines {
		byPeer[peerOf(l)] = append(byPeer[peerOf(l)], l)
	}
	peers := slices.Sorted(maps.Keys(byPeer))
	var faults []*fault
	for range 1 + w.rand.IntN(3) {
		peers := peers
		if w.rand.IntN(3) == 0 { // the clouds' word counts most
			peers = slices.DeleteFunc(slices.Clone(peers), func(p string) bool { return p != alibabaCSP && p != tencentCSP })
		}
		if len(peers) == 0 {
			continue
		}
		some := byPeer[peers[w.rand.IntN(len(peers))]]
		f := &fault{peerLine: some[w.rand.IntN(len(some))]}
		f.firstCall = w.rand.IntN(calls[f.peerLine] + 2)
		all := faultKinds(peerOf(f.peerLine))
		f.kind = all[w.rand.IntN(len(all))]
		f.times = []int{1, 1, 1, 2, 4, -1}[w.rand.IntN(6)]
		f.wait = time.Duration(1+w.rand.IntN(60)) * time.Second
		switch f.kind {
		case killed, killedAfter, pastDeadline, otherKey, restart:
			f.times = 1
		case blind: // a right does not come and go within one run
			f.times = -1
		case clockJump:
			f.times = 1
			f.wait = []time.Duration{-240 * time.Hour, -time.Hour, -10 * time.Minute, 10 * time.Minute, 2 * time.Hour, 240 * time.Hour}[w.rand.IntN(6)]
		}
		w.Note("planned: %s", f)
		faults = append(faults, f)
	}
	return faults
}

// runChecked makes one run, of which it checks what must hold of every run, and returns its calls.
func (w *world) runChecked(faults []*fault, limit time.Duration) map[string]int {
	_, calls := w.runWithFaults(faults, limit)
	return calls
}

func (w *world) runWithFaults(faults []*fault, limit time.Duration) (engine.RunResult, map[string]int) {
	w.schedule.mu.Lock()
	w.schedule.faults, w.schedule.calls, w.schedule.restartUntil, w.schedule.dead = faults, map[string]int{}, time.Time{}, false
	w.schedule.mu.Unlock()
	w.watch.BeginRun()
	w.mu.Lock()
	w.removed, w.writes = nil, false
	w.mu.Unlock()
	w.jumpserver.ResetCounts()
	cards := len(w.robot.Messages())
	e := w.newEngine()
	end := time.Now().Add(limit)
	w.deadline = end.Add(-e.Reserve)
	ctx, cancel := context.WithDeadline(context.Background(), end)
	defer cancel()
	w.cancel = cancel
	w.Note("run with %d faults, %v", len(faults), limit)
	out := w.recoverPanic(func() engine.RunResult { return e.Run(ctx, engine.Request{}) })
	for _, f := range faults {
		w.Note("%s", f)
	}
	w.Note("ended %s: %+v", out.Report.Outcome, out.Report.Scopes)
	w.checkRun(out, len(w.robot.Messages())-cards, time.Until(end))
	w.schedule.mu.Lock()
	defer w.schedule.mu.Unlock()
	return out, w.schedule.calls
}

// recoverPanic makes a panic a violation.
func (w *world) recoverPanic(run func() engine.RunResult) (out engine.RunResult) {
	defer func() {
		if p := recover(); p != nil {
			w.Errorf("panic: %v", p)
			w.SearchSecrets("a panic", fmt.Sprint(p))
		}
	}()
	return run()
}

// checkRun checks what must hold of every run: it ended in time, it is told or says that it could
// not be, what could not be read lost nothing, and no secret is in its results.
func (w *world) checkRun(out engine.RunResult, cards int, left time.Duration) {
	var results bytes.Buffer
	if err := out.Report.JSON(&results); err != nil {
		w.Errorf("results: %v", err)
	}
	w.SearchSecrets("the results", results.String())
	w.SearchSecrets("an error", fmt.Sprintf("%v %+v", out.Err, out.Err))
	if out.PlanLines != nil {
		for l := range out.PlanLines {
			w.SearchSecrets("a line of the plan", fmt.Sprintf("%+v %s", l, l.Reason.Text(w.rules.Lang)))
		}
	}
	for _, m := range w.robot.Messages() {
		w.SearchSecrets("a card", m.Title+m.Text+m.SingleTitle+m.SingleURL)
	}
	lost := slices.ContainsFunc(out.Report.Errors, func(f report.ErrorEntry) bool { return f.Kind == "notification" })
	if cards == 0 && !lost && !w.isDead() {
		w.Errorf("no card went out, and the results do not say so: %s", results.String())
	}
	if left < -time.Second && !w.isDead() {
		w.Errorf("the run ended %v too late", -left)
	}
	if len(w.removed) > w.limits.PerRun {
		w.Errorf("%d assets were removed in a run, and %d may be", len(w.removed), w.limits.PerRun)
	}
	for _, c := range w.removed {
		for _, s := range out.Report.Scopes {
			if s.Account == c.Machine.Account && (s.Region == c.Machine.Region || s.Region == "") && !s.Complete {
				w.Errorf("%s was removed, and its scope was not read: %+v", c.Host.Name, s)
			}
		}
	}
}
