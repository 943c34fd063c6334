package chaos

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/report"
)

// Errorf notes a violation. It makes a world what emulators need of a test.
func (w *world) Errorf(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if !w.isExpected(text) {
		w.Diary.Errorf("%s", text)
	}
}

// isExpected reports whether an emulator complains of what a client does that could not read the schema which says whether
// there are zones or domains (as of v4.7 there is no such path), or of a cloud's request at another cloud's endpoint.
func (w *world) isExpected(text string) bool {
	mistaken := slices.ContainsFunc(w.accounts, func(a *account) bool { return a.now.endpoint != "" })
	return mistaken && strings.Contains(text, ": unexpected request: ") || strings.HasSuffix(text, "GET /api/v1/assets/zones/: no such path")
}

// serveChecked lets an emulator answer, and checks what a write to JumpServer did to each organisation there. The lock of
// the emulators is held.
func (w *world) serveChecked(r *http.Request, key string, answer func()) {
	served := slices.IndexFunc(w.sites, func(s *site) bool { return key == s.name+s.org })
	if served < 0 {
		answer()
		return
	}
	of := w.sites[served]
	for _, s := range w.sites {
		if s.server == of.server && s.watch != of.watch {
			inner := answer
			answer = func() { s.watch.Serve(r, inner) }
		}
	}
	did := of.watch.Serve(r, answer)
	w.checkEventWrite(r, did)
	w.checkEarly(of, did)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.notified.count(of.watch, did)
	for _, removal := range did.Removed {
		delete(of.open, removal.Host.ID)
		if at := slices.Index(w.watched, removal.Machine); at >= 0 && removal.Deleted && w.machines[at].hasBin() && w.machines[at].isInBin() {
			w.Errorf("%s is deleted while its instance %s is in the recycle bin", removal.Host.Name, removal.Machine.ID)
		}
		if removal.Machine != nil {
			of.removed = append(of.removed, removal)
			w.counters.countClosed(!removal.Deleted)
		}
	}
}

// converge ends all faults and mistakes: the first run puts right what they left, the second writes nothing,
// and then JumpServer is as the clouds are, but for what is held or left alone, and told.
func (w *world) converge() {
	w.healAll()
	mended := make([]engine.RunResult, len(w.sites))
	for n, s := range w.sites {
		time.Sleep(3 * time.Hour)
		mending, _ := w.runWithFaults(s, nil, 10*time.Minute)
		if mending.Err != nil || mending.Report.Failures > 0 {
			w.Errorf("a clean run fails: %v %+v", mending.Err, mending.Report.Errors)
		}
		mended[n] = mending
	}
	w.checkNotified()
	for n, s := range w.sites {
		w.convergeSite(s, mended[n])
	}
}

// convergeSite lets a site settle after a clean run.
func (w *world) convergeSite(s *site, before engine.RunResult) {
	held := before.Report.Held
	s.store = nil // what it remembers must hide nothing
	time.Sleep(2 * time.Minute)
	out, _ := w.runWithFaults(s, nil, 10*time.Minute)
	if w.ruled && (before.Report.Deactivated > 0 || sparedByLabel(before)) {
		time.Sleep(2 * time.Minute)
		out, _ = w.runWithFaults(s, nil, 10*time.Minute)
	}
	if n := s.server.Writes(); n > 0 && held == 0 && len(w.sites) == 1 { // with several sites, hours lie between the two
		w.Errorf("the second clean run makes %d writes, %q: %v", n, changesOf(out), s.server.Calls())
	}
	// What is held passes when the scope has become larger, or its absence is proved a second time; then a grace passes, and
	// a name is free.
	for n := 0; s.server.Writes() > 0 && n < 5; n++ {
		time.Sleep(12 * time.Minute)
		out, _ = w.runWithFaults(s, nil, 10*time.Minute)
	}
	if n := s.server.Writes(); n > 0 {
		w.Errorf("the last clean run makes %d writes, %q: %v", n, changesOf(out), s.server.Calls())
	}
	w.checkRuled(s, out)
	held = s.watch.CheckConverged(out, enginetest.Convergence{Lang: w.rules.Lang, Drifts: w.ruled, Lists: func(m *enginetest.Machine) bool {
		at := slices.Index(w.watched, m)
		return s.reaches(w.machines[at])
	}})
	w.counters.countHeld(held)
}

// sparedByLabel reports whether a run left an asset active, although a rule wants it inactive, for a reason that may be a
// label which the same run took away, such as jms-protected. Such an asset, and what else the rules want of one that they
// deactivate, is the next run's.
func sparedByLabel(out engine.RunResult) bool {
	for l := range out.PlanLines {
		if l.Action == plan.Drift && l.Reason.Code == reason.RuledOffSpared {
			return true
		}
	}
	return false
}

// changesOf tells what a run has planned to write.
func changesOf(out engine.RunResult) (all []string) {
	for l := range out.PlanLines {
		if l.Action != plan.Skip && l.Action != plan.Keep && l.Action != plan.Hold && l.Action != plan.Drift {
			all = append(all, fmt.Sprintf("%s %s %v %s", l.Action, l.Name, l.Fields, l.Reason.Code))
		}
	}
	return all
}

// checkNamed: each asset of ours that is open although its instance is gone is named by every run that compared all of
// JumpServer, once: as held, as an orphan or as what stays open, or its scope failed and says so.
func (w *world) checkNamed(s *site, out engine.RunResult, faults []*fault) {
	clean := len(faults) == 0
	saysEmpty := slices.ContainsFunc(faults, func(f *fault) bool { return f.kind == blind && f.peerLine == jumpServer && f.hit })
	if out.Err != nil || !out.Report.Compared() || saysEmpty { // JumpServer says with a whole answer that it has no assets
		return
	}
	edits := slices.ContainsFunc(faults, func(f *fault) bool { return f.kind == people && f.hit })
	named := map[string]int{}
	for _, a := range out.Report.OpenAssets() {
		named[a.AssetID]++
	}
	grouped := 0
	for _, g := range out.Report.StaysOpen {
		grouped += g.Assets
	}
	if grouped != len(out.Report.OpenAssets()) {
		w.Errorf("%d assets stay open, and their groups have %d", len(out.Report.OpenAssets()), grouped)
	}
	still := map[string]int{}
	for _, h := range s.server.Hosts(s.org) {
		m := s.watch.MachineOf(h)
		if m == nil || m.Alive || !h.Active {
			continue
		}
		still[h.ID] = s.open[h.ID] + 1
		switch {
		case named[h.ID] > 1:
			w.Errorf("%s (%s) is named %d times as open", h.Name, m.ID, named[h.ID])
		case named[h.ID] == 1 || scopeFailed(out.Report, h, m):
			w.counters.named.Add(1)
		case edits: // a person may have switched it on after it was read; the next run names it
		case still[h.ID] >= maxUnnamedRuns || clean:
			w.Errorf("%s (%s) is gone, its asset is open after %d runs, and this one does not name it: %v", h.Name, m.ID, still[h.ID], h.Labels)
		}
	}
	s.open = still
}

// maxUnnamedRuns is in how many runs with faults an asset may be open without a word: it may have been changed meanwhile.
const maxUnnamedRuns = 3

// scopeFailed reports whether a run says that it could not read a scope where a machine may be: one of its cloud and region,
// or any, where its asset has lost its marks.
func scopeFailed(r report.Report, h jumpservertest.Host, m *enginetest.Machine) bool {
	marked := plan.IsOurs(enginetest.AssetOf(h))
	return slices.ContainsFunc(r.Scopes, func(s report.Scope) bool {
		return !s.Complete && (!marked || s.Cloud == m.Cloud && (s.Region == "" || s.Region == m.Region))
	})
}

// isInScope reports whether the labels of a host name a scope's account and region.
func isInScope(h jumpservertest.Host, s report.Scope) bool {
	has := func(name, value string) bool {
		return slices.ContainsFunc(h.Labels, func(l string) bool { return strings.EqualFold(l, name+":"+value) })
	}
	return has("jms-account", s.Account) && has("jms-cloud", string(s.Cloud)) && (s.Region == "" || has("jms-region", s.Region))
}
