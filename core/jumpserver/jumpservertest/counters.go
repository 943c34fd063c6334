package jumpservertest

import (
	"maps"
	"net/http"
	"slices"
	"time"
)

// countRequest counts a request and lets the test change the server in the middle of a run.
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

// OnRequest sets a function that is called with every request before it is answered; it may call the
// server's other methods. nil removes it.
func (s *Server) OnRequest(hook func(*http.Request)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onRequest = hook
}

// Calls returns the number of requests by method and path, with ids as {id}.
func (s *Server) Calls() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.calls)
}

// Requests returns the number of all requests.
func (s *Server) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// Writes returns the number of requests that may have changed something; parking ids does not count.
func (s *Server) Writes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.writes
}

// ResetCounts sets all counts to zero.
func (s *Server) ResetCounts() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls, s.requests, s.writes = map[string]int{}, 0, 0
}

// Unexpected returns the requests that no careful client would send.
func (s *Server) Unexpected() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.unexpected)
}

// AllowUnexpected lets such requests pass, for tests that send them.
func (s *Server) AllowUnexpected() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lenient = true
}

// SetLatency sets the latency of every request.
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
