// Package peertest is the ground on which the emulators of the clouds stand: faults on demand,
// latency, counted calls, and a record of every request that nobody expected. What is a cloud's
// own (signatures, documents, error codes) is in the emulator beside the cloud.
// Only emulators, tests and the demo import it.
package peertest

import (
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Reporter takes a failure at once; a testing.TB is one.
type Reporter interface {
	Errorf(format string, args ...any)
}

// RecordingReporter is a Reporter that only remembers.
type RecordingReporter struct{ Lines []string }

// Errorf implements Reporter.
func (n *RecordingReporter) Errorf(format string, args ...any) {
	n.Lines = append(n.Lines, fmt.Sprintf(format, args...))
}

// Options are the fixed properties of a Ground. The zero value is usable.
type Options struct {
	Name     string           // of the emulator, for Reporter
	Reporter Reporter         // is told of unexpected requests; may be nil
	Now      func() time.Time // nil = time.Now
}

// Base is to be embedded in an emulator. Its methods may be called by any goroutine.
type Base struct {
	name     string
	reporter Reporter
	now      func() time.Time
	closed   chan struct{}

	mu         sync.Mutex
	faults     []*Fault
	latency    time.Duration
	clockAhead time.Duration
	dateAhead  time.Duration // by which a Date is further ahead
	calls      map[string]int
	requests   int
	unexpected []string
}

// New makes a ground without faults.
func New(o Options) *Base {
	g := &Base{name: o.Name, reporter: o.Reporter, now: o.Now, closed: make(chan struct{}), calls: map[string]int{}}
	if g.now == nil {
		g.now = time.Now
	}
	return g
}

// Now tells the emulator's time.
func (g *Base) Now() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.now().Add(g.clockAhead)
}

// SetClockAhead puts the emulator's clock ahead: it judges signatures by it, and its answers have its Date.
func (g *Base) SetClockAhead(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.clockAhead = d
}

// SetDateAhead puts only the Date of answers ahead, so that a cloud answers which looks at no signature's time.
func (g *Base) SetDateAhead(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.dateAhead = d
}

// setDateHeader returns an answer a Date, where it is not the one that net/http gives.
func (g *Base) setDateHeader(w http.ResponseWriter) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.clockAhead != 0 || g.dateAhead != 0 {
		w.Header().Set("Date", g.now().Add(g.clockAhead+g.dateAhead).UTC().Format(http.TimeFormat))
	}
}

// Close lets hanging requests go. Call it before the http server's own Close.
func (g *Base) Close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-g.closed:
	default:
		close(g.closed)
	}
}

// SetLatency makes every answer wait.
func (g *Base) SetLatency(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.latency = d
}

// Calls tells how many calls of an action were made; "" = of all.
func (g *Base) Calls(action string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	if action == "" {
		return g.requests
	}
	return g.calls[action]
}

// Unexpected gives what was asked that no lister should ask.
func (g *Base) Unexpected() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]string(nil), g.unexpected...)
}

// BeginRequest counts a request, gives its number (from 1), dates its answer, and waits for the latency; false =
// the client or the emulator went away meanwhile.
func (g *Base) BeginRequest(w http.ResponseWriter, r *http.Request, action string) (number int, ok bool) {
	g.setDateHeader(w)
	g.mu.Lock()
	g.requests++
	g.calls[action]++
	number, latency := g.requests, g.latency
	g.mu.Unlock()
	return number, g.Wait(r, latency)
}

// Wait waits for d; false = the client or the emulator went away.
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

// RecordUnexpected keeps an unexpected request, without its query, which may hold a signature.
func (g *Base) RecordUnexpected(r *http.Request, action string, err error) {
	text := fmt.Sprintf("%s %s action %q: %v", r.Method, r.URL.Path, action, err)
	g.mu.Lock()
	g.unexpected = append(g.unexpected, text)
	g.mu.Unlock()
	if g.reporter != nil {
		g.reporter.Errorf("%s: unexpected request: %s", g.name, text)
	}
}
