// Package alibabatest is an emulator of the Alibaba Cloud RPC APIs that the lister uses: ECS
// DescribeRegions and DescribeInstances, and STS GetCallerIdentity. It checks signatures as the
// real one does, fails on demand, and records every request that nobody expected.
// Only tests and the demo import it.
package alibabatest

import (
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// The calls that are emulated, as names for Fault.Action and Calls.
const (
	DescribeRegions   = "DescribeRegions"
	DescribeInstances = "DescribeInstances"
	GetCallerIdentity = "GetCallerIdentity"
)

// Reporter takes a failure at once; a testing.TB is one.
type Reporter interface {
	Errorf(format string, args ...any)
}

// Options are the fixed properties of a server. The zero value is usable.
type Options struct {
	Regions  []string         // the regions that exist; nil = cn-beijing, cn-hangzhou, cn-shanghai
	Reporter Reporter         // is told of unexpected requests; may be nil
	Now      func() time.Time // nil = time.Now
}

// Server is the emulator, an http.Handler. Its world can be changed while it runs, by any
// goroutine.
type Server struct {
	regions  []string
	reporter Reporter
	now      func() time.Time
	closed   chan struct{}

	mu         sync.Mutex
	accounts   map[string]*Account // by access key id
	nonces     map[string]bool
	faults     []*Fault
	latency    time.Duration
	calls      map[string]int
	requests   int
	unexpected []string
}

// New makes a server without accounts.
func New(o Options) *Server {
	s := &Server{
		regions: o.Regions, reporter: o.Reporter, now: o.Now, closed: make(chan struct{}),
		accounts: map[string]*Account{}, nonces: map[string]bool{}, calls: map[string]int{},
	}
	if s.regions == nil {
		s.regions = []string{"cn-beijing", "cn-hangzhou", "cn-shanghai"}
	}
	if s.now == nil {
		s.now = time.Now
	}
	return s
}

// Close lets hanging requests go. Call it before the http server's own Close.
func (s *Server) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.closed:
	default:
		close(s.closed)
	}
}

// SetLatency makes every answer wait.
func (s *Server) SetLatency(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.latency = d
}

// Calls tells how many calls of an action were made; "" = of all.
func (s *Server) Calls(action string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if action == "" {
		return s.requests
	}
	return s.calls[action]
}

// Unexpected gives what was asked that no lister should ask.
func (s *Server) Unexpected() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.unexpected...)
}

// call is one request, understood.
type call struct {
	w       http.ResponseWriter
	r       *http.Request
	params  map[string]string
	action  string
	region  string
	id      string // of the request
	account *Account
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	params, err := readParams(r)
	s.mu.Lock()
	s.requests++
	number, latency := s.requests, s.latency
	s.calls[params["Action"]]++
	s.mu.Unlock()
	c := &call{w: w, r: r, params: params, action: params["Action"], region: params["RegionId"]}
	c.id = fmt.Sprintf("%08X-0000-4000-8000-%012X", number, number)
	if !s.wait(r, latency) {
		return
	}
	if err == nil {
		err = expected(r, params)
	}
	if err != nil {
		s.record(c, err)
		c.refuse(refusal{http.StatusBadRequest, "InvalidParameter", "The specified parameter is not valid: " + err.Error()})
		return
	}
	if refused := s.authenticate(c); refused != nil {
		c.refuse(*refused)
		return
	}
	if f := s.fault(c); f != nil && s.misbehave(c, *f) {
		return
	}
	s.answer(c, Fault{})
}

// wait waits for d; false = the client or the server went away.
func (s *Server) wait(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
	case <-s.closed:
	}
	return false
}

// record keeps an unexpected request, without its query, which holds a signature.
func (s *Server) record(c *call, err error) {
	text := fmt.Sprintf("%s %s action %q: %v", c.r.Method, c.r.URL.Path, c.action, err)
	s.mu.Lock()
	s.unexpected = append(s.unexpected, text)
	reporter := s.reporter
	s.mu.Unlock()
	if reporter != nil {
		reporter.Errorf("alibabatest: unexpected request: %s", text)
	}
}

// readParams joins query and form. A parameter that is given twice is an error.
func readParams(r *http.Request) (map[string]string, error) {
	params := map[string]string{}
	if err := r.ParseForm(); err != nil {
		return params, fmt.Errorf("unreadable parameters: %w", err)
	}
	for name, values := range map[string][]string(url.Values(r.Form)) {
		if len(values) != 1 {
			return params, fmt.Errorf("parameter %s is given %d times", name, len(values))
		}
		params[name] = values[0]
	}
	return params, nil
}
