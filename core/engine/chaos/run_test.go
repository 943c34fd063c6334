package chaos

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
)

// playRuns lives through one world: runs without faults, then some with, and then again without,
// which must put everything right.
func (w *world) playRuns() {
	for _, s := range w.sites {
		w.runWithFaults(s, nil, 10*time.Minute)
	}
	w.changeClouds(1 + w.rand.IntN(5))
	w.editBetweenRuns()
	w.changeRuled()
	w.passTime()
	_, calls := w.runWithFaults(w.sites[0], nil, 10*time.Minute)
	for range 1 + w.rand.IntN(4) {
		w.changeClouds(w.rand.IntN(5))
		w.editBetweenRuns()
		w.changePolicy()
		w.changeRuled()
		w.passTime()
		s := enginetest.Pick(w.rand, w.sites...)
		if w.rand.IntN(3) == 0 {
			w.deliverEvents(s, w.planFaults(calls))
			w.endProcess()
		}
		limit := enginetest.Pick(w.rand, 45*time.Second, 2*time.Minute, 10*time.Minute)
		var faults []*fault
		if w.rand.IntN(4) > 0 {
			faults = w.planFaults(calls)
		}
		_, calls = w.runWithFaults(s, faults, limit)
		w.endProcess()
	}
	w.converge()
}

// changePolicy lets people change the configuration, pause what is written, or set the clock.
func (w *world) changePolicy() {
	if w.rand.IntN(2) == 0 {
		for range 1 + w.rand.IntN(2) {
			w.changeConfig()
		}
	}
	if w.rand.IntN(6) == 0 {
		w.pauseOrResume()
	}
	if s := enginetest.Pick(w.rand, w.sites...); s.store != nil && w.rand.IntN(2) == 0 {
		s.approveHeld()
	}
	if w.rand.IntN(12) == 0 {
		w.setClock(enginetest.Pick(w.rand, -240*time.Hour, -time.Hour, -3*time.Minute, 3*time.Minute, time.Hour, 240*time.Hour))
		w.notified.mayMiss = true
		w.Note("our clock is %v ahead", w.ahead)
	}
}

// endProcess ends what a killed process was, and sometimes makes the next run that of a new one.
func (w *world) endProcess() {
	w.schedule.mu.Lock()
	w.schedule.dead = false
	w.schedule.mu.Unlock()
	if w.rand.IntN(2) == 0 {
		w.forgetClients()
	}
	if w.rand.IntN(3) == 0 {
		w.setClock(0)
	}
}

// passTime lets the time of a few timers pass, sometimes of many.
func (w *world) passTime() {
	time.Sleep([]time.Duration{time.Minute, 20 * time.Minute, 2 * time.Hour, 200 * time.Hour}[w.rand.IntN(4)])
}

// planFaults chooses what goes wrong in a run that will make about these calls.
func (w *world) planFaults(calls map[string]int) []*fault {
	lines := sortedKeys(calls)
	if len(lines) == 0 {
		return nil
	}
	byPeer := map[string][]string{}
	for _, l := range lines {
		byPeer[peerOf(l)] = append(byPeer[peerOf(l)], l)
	}
	peers := sortedKeys(byPeer)
	var faults []*fault
	for range 1 + w.rand.IntN(3) {
		peers := peers
		if w.rand.IntN(3) == 0 { // the clouds' word counts most
			peers = slices.DeleteFunc(slices.Clone(peers), func(p string) bool { return !isCloud(p) })
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

// beginRun prepares a run of a site, with faults.
func (w *world) beginRun(s *site, faults []*fault) {
	w.schedule.mu.Lock()
	w.schedule.faults, w.schedule.calls, w.schedule.restartUntil, w.schedule.dead = faults, map[string]int{}, time.Time{}, false
	w.schedule.mu.Unlock()
	s.watch.BeginRun()
	w.mu.Lock()
	s.removed, w.writes, w.running = nil, false, s
	w.mu.Unlock()
	s.server.ResetCounts()
	w.noteOrders(s, faults)
}

func (w *world) noteFaults(faults []*fault) {
	for _, f := range faults {
		w.Note("%s", f)
	}
}

// runWithFaults makes one run, of which it checks what must hold of every run, and returns its calls.
func (w *world) runWithFaults(s *site, faults []*fault, limit time.Duration) (engine.RunResult, map[string]int) {
	w.beginRun(s, faults)
	cards := len(w.robot.Messages())
	e := s.newFullEngine()
	end := time.Now().Add(limit)
	w.deadline = end.Add(-e.Reserve)
	ctx, cancel := context.WithDeadline(context.Background(), end)
	defer cancel()
	w.cancel = cancel
	w.Note("run of %s %s with %d faults, %v", s.name, s.org, len(faults), limit)
	reading := enginetest.Observe(&e)
	out := recoverPanic(w, func() engine.RunResult { return e.Run(ctx, engine.Request{}) })
	for _, text := range reading.Unaccounted(out) {
		w.Errorf("unaccounted: %s", text)
		for l := range out.PlanLines {
			if l.AssetID != "" && strings.Contains(text, l.AssetID) {
				w.Note("its line: %s %s %s", l.Action, l.Reason.Code, l.Reason.Text(w.rules.Lang))
			}
		}
	}
	w.noteFaults(faults)
	w.Note("ended %s: %+v", out.Report.Outcome, out.Report.Scopes)
	w.checkRun(s, out, len(w.robot.Messages())-cards, time.Until(end))
	w.checkNamed(s, out, faults)
	w.schedule.mu.Lock()
	defer w.schedule.mu.Unlock()
	return out, w.schedule.calls
}

// recoverPanic makes a panic a violation.
func recoverPanic[T any](w *world, run func() T) (out T) {
	defer func() {
		if p := recover(); p != nil {
			w.Errorf("panic: %v\n%s", p, debug.Stack())
			w.SearchSecrets("a panic", fmt.Sprint(p))
		}
	}()
	return run()
}

// checkTexts looks for secrets in all that a run says.
func (w *world) checkTexts(s *site, r report.Report, lines iter.Seq[plan.Change]) {
	var results bytes.Buffer
	if err := r.JSON(&results); err != nil {
		w.Errorf("results: %v", err)
	}
	w.SearchSecrets("the results", results.String())
	if lines != nil {
		for l := range lines {
			w.SearchSecrets("a line of the plan", fmt.Sprintf("%+v %s", l, l.Reason.Text(w.rules.Lang)))
		}
	}
	for _, m := range w.robot.Messages() {
		w.SearchSecrets("a card", m.Title+m.Text+m.SingleTitle+m.SingleURL)
	}
	w.checkOrders(s)
}

// checkRun checks what must hold of every run: it ended in time, it is told or says that it could
// not be, what could not be read lost nothing, and no secret is in its results.
func (w *world) checkRun(s *site, out engine.RunResult, cards int, left time.Duration) {
	w.checkTexts(s, out.Report, out.PlanLines)
	w.SearchSecrets("an error", fmt.Sprintf("%v %+v", out.Err, out.Err))
	lost := slices.ContainsFunc(out.Report.Errors, func(f report.ErrorEntry) bool { return f.Kind == "notification" })
	if cards == 0 && !lost && !w.isDead() {
		w.Errorf("no card went out, and the results do not say so: %+v", out.Report)
	}
	if left < -time.Second && !w.isDead() {
		w.Errorf("the run ended %v too late", -left)
	}
	for _, c := range s.removed {
		for _, scope := range out.Report.Scopes {
			if isInScope(c.Host, scope) && !scope.Complete && !w.isShownElsewhere(c, out.Report.Scopes) {
				w.Errorf("%s was removed, and its scope was not read: %+v", c.Host.Name, scope)
			}
		}
	}
	unapproved := map[bool]int{} // by whether an earlier run had deactivated it
	for _, r := range s.removed {
		byAnyone := func(other *site) bool { // several configurations of one organisation share its approvals
			return other.server == s.server && other.org == s.org && other.approved[r.Host.ID]
		}
		if !slices.ContainsFunc(w.sites, byAnyone) {
			unapproved[enginetest.IsGone(r.Host)]++
		}
	}
	if most := max(unapproved[false], unapproved[true]); most > w.limits.PerRun {
		w.Errorf("%d assets of one kind were removed in a run, and %d may be", most, w.limits.PerRun)
	}
}

// isShownElsewhere reports whether another account of a machine's owner, whose listing is whole, shows the machine, as one that a
// rule wants inactive, or as closed. Then nothing was concluded from its absence.
func (w *world) isShownElsewhere(r enginetest.Removal, scopes []report.Scope) bool {
	at := slices.Index(w.watched, r.Machine)
	if at < 0 || r.Deleted || !r.Machine.Alive && !(w.machines[at].hasBin() && w.machines[at].isInBin()) {
		return false
	}
	return slices.ContainsFunc(w.accounts, func(a *account) bool {
		return a.opens == w.machines[at].tenant && slices.ContainsFunc(scopes, func(s report.Scope) bool {
			return s.Complete && s.Account == a.now.name && s.Cloud == r.Machine.Cloud && s.Region == r.Machine.Region && s.Instances > 0
		})
	})
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
