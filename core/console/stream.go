package console

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/jms-sync/jms-sync/core/language"
)

// heartbeat is how long a stream says nothing at most: proxies end one that does.
const heartbeat = 10 * time.Second

// stream writes the events of one answer.
type stream struct {
	h *handler

	mu     sync.Mutex
	to     io.Writer
	packed *gzip.Writer // nil = not compressed
	flush  func() error
	done   chan struct{}
	closed bool
}

// newStream begins an answer of events, and keeps it alive until it is closed.
func (h *handler) newStream(w http.ResponseWriter, r *http.Request) *stream {
	s := &stream{h: h, to: w, flush: http.NewResponseController(w).Flush, done: make(chan struct{})}
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	w.Header().Set("X-Accel-Buffering", "no")
	if takesGzip(r) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Add("Vary", "Accept-Encoding")
		s.packed = gzip.NewWriter(w)
		s.to = s.packed
	}
	w.WriteHeader(http.StatusOK)
	s.send(": begin\n\n")
	go s.beat()
	return s
}

func (s *stream) beat() {
	ticker := time.NewTicker(heartbeat)
	defer ticker.Stop()
	for {
		select {
		case <-s.done:
			return
		case <-ticker.C:
			s.send(":\n\n")
		}
	}
}

// send writes a text at once. Whoever went away hears nothing.
func (s *stream) send(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	_, _ = io.WriteString(s.to, text)
	if s.packed != nil {
		_ = s.packed.Flush()
	}
	_ = s.flush() // a runtime that does not buffer has nothing to flush
}

// event writes one event.
func (s *stream) event(name string, data any) {
	text, err := s.h.encode(data)
	if err != nil {
		s.h.Log.Error("an event cannot be encoded", "event", name, "error", err)
		return
	}
	s.send("event: " + name + "\ndata: " + string(text) + "\n\n")
}

// end writes the last event: the result, or why there is none.
func (s *stream) end(result any, err error) {
	if err != nil {
		f := failureOf(err)
		s.h.Log.Warn("a run of the console failed", "code", f.Code, "error", s.h.Scrub(err.Error()))
		s.event("error", f.Problem)
	} else {
		s.event("result", result)
	}
	s.close()
}

// close ends the answer, also where a run broke.
func (s *stream) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	close(s.done)
	if s.packed != nil {
		_ = s.packed.Close()
	}
}

// watch returns a Watch that writes events. Progress is told at most some times a second.
func (s *stream) watch() Watch {
	const least = 200 * time.Millisecond
	var last time.Time
	return Watch{
		Stage: func(e Stage) { s.event("stage", e) },
		Rows:  func(e PlanRows) { s.event("rows", e) },
		Progress: func(p Progress) {
			now := time.Now()
			if p.Done < p.Total && now.Sub(last) < least {
				return
			}
			last = now
			s.event("progress", p)
		},
	}
}

// plan makes a dry run, and tells what it does.
func (h *handler) plan(w http.ResponseWriter, r *http.Request) {
	var o PlanOrder
	err := readBody(r, &o)
	if err == nil {
		err = h.askLimit(r)
	}
	if err != nil {
		h.fail(w, r, err)
		return
	}
	s := h.newStream(w, r)
	defer s.close()
	result, err := h.backend.Plan(r.Context(), o, s.watch())
	s.end(result, err)
}

// apply makes the ticked rows of a plan, and tells what it does.
func (h *handler) apply(w http.ResponseWriter, r *http.Request) {
	var o ApplyOrder
	id := r.PathValue("id")
	err := readBody(r, &o)
	if err == nil && len(o.Rows)+len(o.Ranges) == 0 {
		err = newFailure(http.StatusBadRequest, CodeBadRequest, language.New("没有勾选任何一行", "no row is ticked"))
	}
	if err != nil {
		h.fail(w, r, err)
		return
	}
	session := sessionOf(r)
	by := Person{ID: session.ID, Name: session.Name, Role: h.roleOf(session)}
	end, err := h.beginAct(r, by, AuditEntry{Action: "apply", Target: shorten(id, maxReason), Detail: applyDetail(o)})
	if err != nil {
		h.fail(w, r, err)
		return
	}
	s := h.newStream(w, r)
	defer s.close()
	ctx, cancel := outlive(r.Context())
	defer cancel()
	result, err := h.backend.Apply(ctx, by, id, o, s.watch())
	end(err)
	s.end(result, err)
}

// outlive returns a context for what goes on where the browser went away: it ends only with the deadline of the platform.
func outlive(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, bounded := ctx.Deadline()
	ctx = context.WithoutCancel(ctx)
	if bounded {
		return context.WithDeadline(ctx, deadline)
	}
	return ctx, func() {}
}
