package jumpservertest

import (
	"maps"
	"net/http"
	"slices"
	"time"
)

// countRequest counts a request and lets the test change the world in the middle of a run.
func (s *Server) countRequest(r *http.Request) {
	name := r.Method + " " + s.ids.ReplaceAllString(r.URL.Path, "{id}")
	s.mu.Lock()
	s.requests++
	s.calls[name]++
	if r.Method != http.MethodGet && r.Method != http.MethodOptions && r.URL.Path != "/api/v1/common/resources/cache/" {
		s.writes++
	}
	hook := s.onRequest
	s.mu.Unlock()
	if hook != nil {
		hook(r)
	}
}

// OnRequest sets a function that sees every request before it is answered; it may call the
// server's other methods. nil takes it away.
func (s *Server) OnRequest(hook func(*http.Request)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onRequest = hook
}

// Calls counts requests by method and path, with ids as {id}.
func (s *Server) Calls() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.calls)
}

// Requests counts all requests.
func (s *Server) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// Writes counts the requests that may have changed something; parking ids is not one.
func (s *Server) Writes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.writes
}

// ResetCounts begins the counts anew.
func (s *Server) ResetCounts() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls, s.requests, s.writes = map[string]int{}, 0, 0
}

// Unexpected lists what no careful client would have sent.
func (s *Server) Unexpected() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.unexpected)
}

// AllowUnexpected stops such requests from failing the test, for tests that send them.
func (s *Server) AllowUnexpected() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lenient = true
}

// SetLatency changes the time that every request takes.
func (s *Server) SetLatency(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.options.Latency = d
}

func (s *Server) latency() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.options.Latency
}
