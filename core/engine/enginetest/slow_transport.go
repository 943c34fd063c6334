package enginetest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/jms-sync/jms-sync/core/httpx/httpxtest"
)

// slowTransport is the way to JumpServer, in memory: a request goes on there although its client has gone.
type slowTransport struct {
	handler http.Handler
	working sync.WaitGroup

	mu             sync.Mutex
	Rows           map[string][]int           // of each write, by method
	Durations      map[string][]time.Duration // that were answered
	killAfterWrite bool                       // the process dies when the next write of hosts has been sent
	dead           bool
}

var errDead = errors.New("the process is no more")

func (l *slowTransport) isDead() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dead
}

func (l *slowTransport) set(kill, dead bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.killAfterWrite, l.dead = kill, dead
}

// Reset forgets what was sent.
func (l *slowTransport) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.Rows, l.Durations = map[string][]int{}, map[string][]time.Duration{}
}

// RoundTrip implements http.RoundTripper.
func (l *slowTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Context().Err() != nil {
		return nil, r.Context().Err()
	}
	write := r.Method != http.MethodGet && r.Method != http.MethodOptions && strings.Contains(r.URL.Path, "/assets/hosts/")
	l.mu.Lock()
	if l.dead {
		l.mu.Unlock()
		return nil, errDead
	}
	dies := l.killAfterWrite && write
	if dies {
		l.dead = true
	}
	l.mu.Unlock()
	if write {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		l.recordWrite(r.Method, countRows(body))
	}
	if dies {
		l.start(r)
		return nil, errDead
	}
	begun := time.Now()
	resp, err := httpxtest.Transport{Handler: l.handler, Go: l.working.Go}.RoundTrip(r)
	if err == nil {
		l.recordDuration(r.Method, time.Since(begun))
	}
	return resp, err
}

// start sends a request whose client has gone.
func (l *slowTransport) start(r *http.Request) {
	sent := r.Clone(context.WithoutCancel(r.Context()))
	l.working.Go(func() { _, _ = httpxtest.Transport{Handler: l.handler, Go: l.working.Go}.RoundTrip(sent) }) //nolint:bodyclose // in memory
}

func countRows(body []byte) int {
	var rows []json.RawMessage
	if json.Unmarshal(body, &rows) != nil {
		return 1
	}
	return len(rows)
}

func (l *slowTransport) recordWrite(method string, rows int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.Rows[method] = append(l.Rows[method], rows)
}

func (l *slowTransport) recordDuration(method string, d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.Durations == nil {
		l.Durations = map[string][]time.Duration{}
	}
	l.Durations[method] = append(l.Durations[method], d)
}
