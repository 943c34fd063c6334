// Package posttest is the part of an emulated robot that is the same for all: it counts requests, plays faults, and keeps what
// was accepted. What a request must be, and what is answered, is each robot's own.
package posttest

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// maxBytes bounds what is read of a request, far over any limit.
const maxBytes = 1 << 20

// Answer is an answer to a request.
type Answer struct {
	Status int // 0 = 200
	Body   string
	Header map[string]string
	// Drop breaks the connection without an answer, Blocked delays it until it is closed.
	Drop    bool
	Blocked <-chan struct{}
}

// Repeat returns n times the same answer.
func Repeat(n int, a Answer) []Answer {
	all := make([]Answer, n)
	for i := range all {
		all[i] = a
	}
	return all
}

// Robot is an http.Handler that accepts messages of one kind. It is safe for concurrent use.
type Robot[M any] struct {
	// Check returns the message of a request, or the answer of a refusal. It reports what no correct client sends.
	Check func(r *http.Request, body []byte) (M, *Answer)
	// Accepted is answered to a message that is accepted, TooFast to one that is too many in a minute.
	Accepted, TooFast Answer
	PerMinute         int              // 0 = any number
	Now               func() time.Time // nil = time.Now
	ReportUnexpected  func(format string, args ...any)

	mu       sync.Mutex
	faults   []Answer
	messages []M
	calls    int
	sentAt   []time.Time
}

// QueueFaults answers the next requests so, one each.
func (r *Robot[M]) QueueFaults(faults ...Answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faults = append(r.faults, faults...)
}

// Messages returns the accepted messages, in order.
func (r *Robot[M]) Messages() []M {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]M{}, r.messages...)
}

// Calls returns the number of requests of any kind.
func (r *Robot[M]) Calls() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.calls
}

// ServeHTTP accepts or refuses one message. The request is checked before a fault is played: a fault hides no wrong request.
func (r *Robot[M]) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(io.LimitReader(request.Body, maxBytes))
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls++
	kind, _, typeErr := mime.ParseMediaType(request.Header.Get("Content-Type"))
	if err != nil || request.Method != http.MethodPost || typeErr != nil || kind != "application/json" || !utf8.Valid(body) {
		r.Report("%s %q: %v", request.Method, kind, err)
	}
	message, refusal := r.Check(request, body)
	switch {
	case len(r.faults) > 0:
		fault := r.faults[0]
		r.faults = r.faults[1:]
		fault.respond(w)
	case refusal != nil:
		refusal.respond(w)
	case r.isTooFast():
		r.TooFast.respond(w)
	default:
		r.messages = append(r.messages, message)
		r.Accepted.respond(w)
	}
}

// Report tells of what no correct client sends.
func (r *Robot[M]) Report(format string, args ...any) {
	if r.ReportUnexpected != nil {
		r.ReportUnexpected("robot: "+format, args...)
	}
}

func (r *Robot[M]) isTooFast() bool {
	now := time.Now()
	if r.Now != nil {
		now = r.Now()
	}
	recent := r.sentAt[:0]
	for _, at := range r.sentAt {
		if now.Sub(at) < time.Minute {
			recent = append(recent, at)
		}
	}
	r.sentAt = append(recent, now)
	return r.PerMinute > 0 && len(r.sentAt) > r.PerMinute
}

func (a Answer) respond(w http.ResponseWriter) {
	if a.Blocked != nil {
		<-a.Blocked
	}
	if a.Drop {
		panic(http.ErrAbortHandler) // a handler has no other way to break a connection
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if strings.HasPrefix(a.Body, "{") {
		w.Header().Set("Content-Type", "application/json")
	}
	for key, value := range a.Header {
		w.Header().Set(key, value)
	}
	if a.Status != 0 {
		w.WriteHeader(a.Status)
	}
	_, _ = fmt.Fprint(w, a.Body)
}
