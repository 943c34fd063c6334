package runtimetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// dialect is what differs between platforms.
type dialect struct {
	variable     string // of the program's environment, that carries Addr
	acceptStatus int    // status of a taken answer
	// route returns which call a request is, and of which invocation.
	route func(method, path string) (apiCall, string)
	// headers returns the headers of the reply to next, beside the event itself.
	headers func(id string, deadline time.Time, o Options) http.Header
	// check refuses an answer whose form the platform, or its SDK, does not have.
	check func(req *http.Request, what apiCall) error
	// environ returns the variables, beside the one above, that the platform sets for every program.
	environ func(limit time.Duration) []string
	// maxAnswerBytes is how many bytes an answer may have; 0 = any number.
	maxAnswerBytes int
	// lifecycleHooks: the platform sends other kinds than Event, and limits may differ between invocations.
	lifecycleHooks bool
	// streams: an answer may be a stream for a function URL.
	streams bool
}

// apiCall is one of the calls that every platform has under its own path.
type apiCall int

const (
	noCall apiCall = iota
	nextCall
	responseCall
	errorCall
	registerCall // of Lambda's extensions
	lifeCall
)

// ServeHTTP is the runtime API.
func (r *Runtime) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	call, id := r.dialect.route(req.Method, req.URL.Path)
	switch {
	case call == noCall || req.URL.RawQuery != "":
		r.refuseRequest(w, req, http.StatusNotFound, "no such call")
	case call == nextCall:
		r.serveNext(w, req)
	case call == registerCall:
		r.registerExtension(w, req)
	case call == lifeCall:
		r.holdExtension(w, req)
	default:
		r.receiveAnswer(w, req, call, id)
	}
}

// processKey is where a request's context has the process whose address was asked.
type processKey struct{}

// processContext ties requests to a process's own address to that process.
func (r *Runtime) processContext(l net.Listener) context.Context {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.processes {
		if p.listener == l {
			return context.WithValue(context.Background(), processKey{}, p)
		}
	}
	return context.Background()
}

// processOf returns the process that a request came from.
func (r *Runtime) processOf(req *http.Request) *Process {
	if p, ok := req.Context().Value(processKey{}).(*Process); ok {
		return p
	}
	return r.orphan
}

// serveEmptyPoll answers a poll without an event, as often as EmptyPolls says. It reports whether it did.
func (r *Runtime) serveEmptyPoll(w http.ResponseWriter) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.emptyPolls) == 0 {
		return false
	}
	status := r.emptyPolls[0]
	r.emptyPolls = r.emptyPolls[1:]
	w.WriteHeader(status)
	return true
}

// serveNext holds the poll open until there is an event. A poll ends with its own program, so that an event never goes
// to a connection whose program is gone.
func (r *Runtime) serveNext(w http.ResponseWriter, req *http.Request) {
	p := r.processOf(req)
	if !p.beginPoll() {
		http.Error(w, "the program was stopped", http.StatusServiceUnavailable)
		return
	}
	defer p.polls.Done()
	if r.serveEmptyPoll(w) {
		return
	}
	select {
	case i := <-r.queue:
		r.deliverEvent(w, i, p)
	case <-req.Context().Done():
	case <-p.gone:
	case <-r.done:
	}
}

// deliverEvent sends an event to the program. Its time begins here, as on the platforms, and not while it waits for its
// turn.
func (r *Runtime) deliverEvent(w http.ResponseWriter, i *invocation, p *Process) {
	deadline := i.options.Deadline
	if deadline.IsZero() {
		deadline = time.Now().Add(i.options.Timeout)
	}
	r.mu.Lock()
	i.deadline = deadline
	r.known[i.id] = i
	r.mu.Unlock()
	i.taken <- assignment{deadline: deadline, process: p}
	for name, values := range r.dialect.headers(i.id, deadline, i.options) {
		w.Header()[name] = values
	}
	_, _ = w.Write(i.event) // a program that is gone is noticed by its end
}

// receiveAnswer reads the answer to an invocation. An answer that no platform would accept also ends the invocation,
// with an error, so that a test need not wait for the deadline.
func (r *Runtime) receiveAnswer(w http.ResponseWriter, req *http.Request, what apiCall, id string) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		r.refuseRequest(w, req, http.StatusBadRequest, err.Error())
		return
	}
	r.mu.Lock()
	i := r.known[id]
	twice := i != nil && i.answered
	late := false
	if i != nil {
		i.answered = true
		late = time.Now().After(i.deadline)
	}
	r.mu.Unlock()
	switch {
	case i == nil:
		r.refuseRequest(w, req, http.StatusNotFound, "an answer to an invocation that nobody made")
		return
	case twice:
		r.refuseRequest(w, req, http.StatusConflict, "the invocation has its answer already")
		return
	}
	if r.dialect.maxAnswerBytes > 0 && len(body) > r.dialect.maxAnswerBytes {
		i.outcome <- outcome{err: fmt.Errorf("the answer has %d bytes, the platform takes %d", len(body), r.dialect.maxAnswerBytes)}
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	answer, err := r.decodeAnswer(req, what, body)
	if err != nil {
		i.outcome <- outcome{err: fmt.Errorf("the answer was refused: %w", err)}
		r.refuseRequest(w, req, http.StatusBadRequest, err.Error())
		return
	}
	answer.Late = late
	i.outcome <- outcome{answer: answer}
	w.WriteHeader(r.dialect.acceptStatus)
}

// requireLength requires the length of an answer before it.
func requireLength(req *http.Request, _ apiCall) error {
	if req.ContentLength < 0 || req.Header.Get("Content-Length") == "" {
		return errors.New("no Content-Length")
	}
	return nil
}

// decodeAnswer checks an answer's form and decodes it.
func (r *Runtime) decodeAnswer(req *http.Request, what apiCall, body []byte) (Answer, error) {
	if what == responseCall && r.dialect.streams && req.Header.Get("Content-Type") == streamedType {
		return decodeStreamed(body)
	}
	if kind := req.Header.Get("Content-Type"); kind != "application/json" {
		return Answer{}, fmt.Errorf("content type %q, want application/json", kind)
	}
	if err := r.dialect.check(req, what); err != nil {
		return Answer{}, err
	}
	if what == responseCall {
		if len(body) > 0 && !json.Valid(body) {
			return Answer{}, errors.New("the response is not JSON")
		}
		return Answer{OK: true, Body: body}, nil
	}
	var e struct {
		Type       *string `json:"errorType"`
		Message    *string `json:"errorMessage"`
		StackTrace []Frame `json:"stackTrace"`
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return Answer{}, fmt.Errorf("the error is not as documented: %w", err)
	}
	if e.Type == nil || e.Message == nil {
		return Answer{}, errors.New("the error has no errorType or no errorMessage")
	}
	return Answer{ErrorType: *e.Type, ErrorMessage: *e.Message, StackTrace: e.StackTrace}, nil
}

// refuseRequest records a request that no platform would understand. After Close it reports to nobody, because the test
// may be over.
func (r *Runtime) refuseRequest(w http.ResponseWriter, req *http.Request, status int, why string) {
	note := fmt.Sprintf("%s %s: %s", req.Method, req.URL.RequestURI(), why)
	r.mu.Lock()
	if !r.closed {
		r.unexpected = append(r.unexpected, note)
		if r.tb != nil {
			r.tb.Helper()
			r.tb.Errorf("runtime API: %s", note)
		}
	}
	r.mu.Unlock()
	http.Error(w, why, status)
}
