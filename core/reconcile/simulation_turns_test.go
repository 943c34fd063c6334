package reconcile_test

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"

	"github.com/jms-sync/jms-sync/core/engine/enginetest"
)

// turnScheduler lets one request at a time through, in the order that the interleaving chooses: all
// clients wait here before each of their requests.
type turnScheduler struct {
	mu      sync.Mutex
	waiting []*waitingRequest
}

// waitingRequest is one request that waits.
type waitingRequest struct {
	run  int // who asks
	what string
	open chan struct{}
}

// acquire waits until this request is let through.
func (t *turnScheduler) acquire(ctx context.Context, run int, what string) error {
	mine := &waitingRequest{run: run, what: what, open: make(chan struct{})}
	t.mu.Lock()
	t.waiting = append(t.waiting, mine)
	t.mu.Unlock()
	select {
	case <-mine.open:
		return nil
	case <-ctx.Done():
		t.mu.Lock()
		defer t.mu.Unlock()
		t.waiting = slices.DeleteFunc(t.waiting, func(x *waitingRequest) bool { return x == mine })
		return context.Cause(ctx)
	}
}

// releaseNext lets one of those through that wait, chosen by a number; false = nobody waits.
func (t *turnScheduler) releaseNext(choose func(n int) int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.waiting) == 0 {
		return false
	}
	slices.SortFunc(t.waiting, func(x, y *waitingRequest) int {
		return cmp.Or(cmp.Compare(x.run, y.run), strings.Compare(x.what, y.what))
	})
	at := choose(len(t.waiting))
	close(t.waiting[at].open)
	t.waiting = slices.Delete(t.waiting, at, at+1)
	return true
}

// isWaiting reports whether a request waits.
func (t *turnScheduler) isWaiting(what string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.ContainsFunc(t.waiting, func(x *waitingRequest) bool { return x.what == what })
}

// runKey is the context's key of the number of a run, eventKey marks one on events.
type (
	runKey   struct{}
	eventKey struct{}
)

func runNumberOf(ctx context.Context) int {
	n, _ := ctx.Value(runKey{}).(int)
	return n
}

// scheduledTransport is an http.RoundTripper that calls a handler in this process, when its turn has come.
type scheduledTransport struct {
	scheduler *turnScheduler
	handler   http.Handler
	serve     func(r *http.Request, answer func())
	loses     func(*http.Request) (before, after bool) // whether the request, or its answer, gets lost
	version   string
	answers   *enginetest.AnswerCache
}

var errLost = errors.New("the connection broke")

// RoundTrip implements http.RoundTripper.
func (w *scheduledTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := w.scheduler.acquire(r.Context(), runNumberOf(r.Context()), r.Method+" "+r.URL.RequestURI()); err != nil {
		return nil, err
	}
	before, after := w.loses(r)
	if before {
		return nil, errLost
	}
	answer := w.answers.Serve(r, w.version, func(answer *httptest.ResponseRecorder) {
		w.serve(r, func() { w.handler.ServeHTTP(answer, r) })
	})
	if after {
		return nil, errLost
	}
	return answer.Result(), nil
}
