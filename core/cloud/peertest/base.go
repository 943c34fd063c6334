// Package peertest is the common part of the clouds' emulators: faults on demand,
// latency, counted calls, and a record of every unexpected request. What is specific to a
// cloud (signatures, documents, error codes) is in its emulator.
// Only emulators, tests and the demo import it.
package peertest

import (
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Reporter is notified of a failure at once; a testing.TB is one.
type Reporter interface {
	Errorf(format string, args ...any)
}

// RecordingReporter is a Reporter that only records.
type RecordingReporter struct{ Lines []string }

// Errorf implements Reporter.
func (n *RecordingReporter) Errorf(format string, args ...any) {
	n.Lines = append(n.Lines, fmt.Sprintf(format, args...))
}

// Options are the fixed properties of a Base. The zero value is usable.
type Options struct {
	Name     string           // of the emulator, for Reporter
	Reporter Reporter         // is notified of unexpected requests; may be nil
	Now      func() time.Time // nil = time.Now
}

// Base is embedded in an emulator. It is safe for concurrent use.
type Base struct {
	name     string
	reporter Reporter
	now      func() time.Time
	closed   chan struct{}

	mu         sync.Mutex
	faults     []*Fault
	latency    time.Duration
	clockAhead time.Duration
	dateAhead  time.Duration // of a Date, on top of clockAhead
	calls      map[string]int
	requests   int
	unexpected []string
}

// New returns a Base without faults.
func New(o Options) *Base {
	g := &Base{name: o.Name, reporter: o.Reporter, now: o.Now, closed: make(chan struct{}), calls: map[string]int{}}
	if g.now == nil {
		g.now = time.Now
	}
	return g
}

// Now returns the emulator's time.
func (g *Base) Now() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.now().Add(g.clockAhead)
}

// SetClockAhead sets the emulator's clock ahead: it verifies signatures by it, and its answers have its Date.
func (g *Base) SetClockAhead(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.clockAhead = d
}

// SetDateAhead sets only the Date of answers ahead, for a cloud that verifies no signature's time.
func (g *Base) SetDateAhead(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.dateAhead = d
}

// setDateHeader sets an answer's Date if it differs from the one that net/http sets.
func (g *Base) setDateHeader(w http.ResponseWriter) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.clockAhead != 0 || g.dateAhead != 0 {
		w.Header().Set("Date", g.now().Add(g.clockAhead+g.dateAhead).UTC().Format(http.TimeFormat))
	}
}

// Close ends hanging requests. Call it before the http server's own Close.
func (g *Base) Close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-g.closed:
	default:
		close(g.closed)
	}
}

// SetLatency delays every answer.
func (g *Base) SetLatency(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.latency = d
}

// Calls returns how many calls of an action were made; "" = of all.
func (g *Base) Calls(action string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	if action == "" {
		return g.requests
	}
	return g.calls[action]
}

// Unexpected returns the requests that no lister should make.
func (g *Base) Unexpected() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]string(nil), g.unexpected...)
}

// BeginRequest counts a request, returns its number (from 1), dates its answer, and waits for the latency; ok is false
// if the client or the emulator ended meanwhile.
func (g *Base) BeginRequest(w http.ResponseWriter, r *http.Request, action string) (number int, ok bool) {
	g.setDateHeader(w)
	g.mu.Lock()
	g.requests++
	g.calls[action]++
	number, latency := g.requests, g.latency
	g.mu.Unlock()
	return number, g.Wait(r, latency)
}

// Wait waits for d; false = the client or the emulator ended meanwhile.
func (g *Base) Wait(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
	case <-g.closed:
	}
	return false
}

// RecordUnexpected records an unexpected request without its query, which may contain a signature.
func (g *Base) RecordUnexpected(r *http.Request, action string, err error) {
	text := fmt.Sprintf("%s %s action %q: %v", r.Method, r.URL.Path, action, err)
	g.mu.Lock()
	g.unexpected = append(g.unexpected, text)
	g.mu.Unlock()
	if g.reporter != nil {
		g.reporter.Errorf("%s: unexpected request: %s", g.name, text)
	}
}
