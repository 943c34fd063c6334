package engine

import (
	"sync"
	"time"

	"github.com/jms-sync/jms-sync/core/httpx"
	"github.com/jms-sync/jms-sync/core/report"
)

// watch observes one run: when its stages began, and whom it asked.
type watch struct {
	started time.Time
	now     func() time.Time
	onStage func(name string) // of the engine; may be nil
	calls   *httpx.Calls

	mu      sync.Mutex
	entered []enteredStage
}

type enteredStage struct {
	name string
	at   time.Time
}

func (e Engine) watch(started time.Time) *watch {
	return &watch{started: started, now: e.Now, onStage: e.OnStage, calls: httpx.NewCalls()}
}

// enter notes that a stage begins. Without another it is the same one that goes on.
func (w *watch) enter(name string) {
	w.mu.Lock()
	if len(w.entered) == 0 || w.entered[len(w.entered)-1].name != name {
		w.entered = append(w.entered, enteredStage{name, w.now()})
	}
	w.mu.Unlock()
	if w.onStage != nil {
		w.onStage(name)
	}
}

// stages returns the stages of a run that ends at a time. Each lasts until the next one begins.
func (w *watch) stages(end time.Time) []report.Stage {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := make([]report.Stage, 0, len(w.entered))
	for n, s := range w.entered {
		until := end
		if n+1 < len(w.entered) {
			until = w.entered[n+1].at
		}
		all = append(all, report.Stage{Name: s.name, Start: report.RoundSeconds(s.at.Sub(w.started)), Seconds: report.RoundSeconds(until.Sub(s.at))})
	}
	return all
}

// peers returns whom the run asked.
func (w *watch) peers() []report.Peer {
	hosts := w.calls.ByHost()
	all := make([]report.Peer, 0, len(hosts))
	for _, h := range hosts {
		all = append(all, report.Peer{Host: h.Host, Calls: h.Calls, Throttled: h.Throttled, Failed: h.Failed, Seconds: report.RoundSeconds(h.Took)})
	}
	return all
}
