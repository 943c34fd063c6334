package reconcile_test

import (
	"net/http"
	"time"

	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/reason"
)

// serve lets JumpServer answer a request, checks right after a write what may never be, and counts what was seen.
func (s *simulation) serve(r *http.Request, answer func()) {
	s.clouds.mu.Lock()
	defer s.clouds.mu.Unlock()
	by := 0
	if events, _ := r.Context().Value(eventKey{}).(bool); events {
		by = 1
	}
	if by == 1 && r.Method == http.MethodDelete {
		s.Errorf("an event deletes: %s", r.URL)
	}
	did := s.watch.Serve(r, answer)
	s.seen.made[by].Add(max(0, int64(len(did.After)-len(did.Before))))
	for _, removal := range did.Removed {
		if removal.Deleted {
			s.seen.deleted.Add(1)
		} else {
			s.seen.closed[by].Add(1)
		}
	}
}

// checkConverged compares JumpServer with the clouds after the last run. What is kept is labelled by a person, and what is
// not proved had its comment edited by one before its instance went.
func (s *simulation) checkConverged(last engine.RunResult) {
	s.seen.held.Add(int64(s.watch.CheckConverged(last, enginetest.Convergence{Lang: language.English, Excuses: []reason.Code{reason.KeptByLabel, reason.OursUnproved}})))
}

// healAll heals everything and lets all that was slow come to pass.
func (s *simulation) healAll() {
	s.clouds.mu.Lock()
	defer s.clouds.mu.Unlock()
	for _, r := range s.clouds.regions {
		r.blind, r.failing, r.leaky = false, false, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.healed = true
	time.Sleep(time.Minute)
}
