package fgruntime

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"
)

// fakePlatform is a runtime API that answers polls from a list, and then holds them open.
type fakePlatform struct {
	*testing.T
	loop pollLoop
	log  bytes.Buffer

	mu     sync.Mutex
	polls  []func(http.ResponseWriter)
	posts  []string // "path body"
	waits  []time.Duration
	status int // of what is posted
	cancel context.CancelFunc
}

// answerEvent answers a poll with an event.
func answerEvent(id, body string, headers ...string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("X-Cff-Request-Id", id)
		for n := 0; n < len(headers); n += 2 {
			w.Header().Set(headers[n], headers[n+1])
		}
		_, _ = io.WriteString(w, body)
	}
}

// answerNoEvent answers a poll without an event.
func answerNoEvent(status int) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.WriteHeader(status)
	}
}

func newFakePlatform(t *testing.T, polls ...func(http.ResponseWriter)) *fakePlatform {
	t.Helper()
	p := &fakePlatform{T: t, polls: polls, status: http.StatusOK}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	var err error
	p.loop, err = newPollLoop([]string{"RUNTIME_TIMEOUT=60", "RUNTIME_API_ADDR=" + strings.TrimPrefix(server.URL, "http://")}, &p.log)
	if err != nil {
		t.Fatal(err)
	}
	p.loop.sleep = func(ctx context.Context, d time.Duration) error {
		p.waits = append(p.waits, d)
		return ctx.Err()
	}
	return p
}

func (p *fakePlatform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	what, ok := strings.CutPrefix(r.URL.Path, "/v1/runtime/invocation/")
	switch {
	case !ok:
		p.Errorf("%s %s", r.Method, r.URL)
	case r.Method == http.MethodGet && what == "request":
		if len(p.polls) == 0 {
			p.cancel() // nothing more will come
			<-r.Context().Done()
			return
		}
		next := p.polls[0]
		p.polls = p.polls[1:]
		next(w)
	default:
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" || int64(len(body)) != r.ContentLength {
			p.Errorf("%s %s: %v %v", r.Method, r.URL, r.Header, err)
		}
		p.posts = append(p.posts, what+" "+string(body))
		w.WriteHeader(p.status)
	}
}

// serveAllPolls serves all polls of the list.
func (p *fakePlatform) serveAllPolls(handle Handler) {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.Context(), time.Minute)
	defer cancel()
	p.cancel = cancel
	p.loop.run(ctx, handle)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		p.Error("the loop did not end")
	}
}

// wantAnswers wants exactly these answers.
func (p *fakePlatform) wantAnswers(want ...string) {
	p.Helper()
	if !slices.Equal(p.posts, want) {
		p.Errorf("answers\n%s\nwant\n%s", strings.Join(p.posts, "\n"), strings.Join(want, "\n"))
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	p := newFakePlatform(t, answerEvent("1", "a"), answerEvent("2", "fail"), answerEvent("3", "panic"), answerEvent("4", "unfit"), answerEvent("5/6", ""), answerEvent("7", "nothing"))
	p.serveAllPolls(func(ctx context.Context, in Invocation) (any, error) {
		if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) > time.Minute {
			t.Errorf("deadline %s", deadline)
		}
		switch string(in.Event) {
		case "fail":
			return "beside an error", errors.New(`not "well"`)
		case "panic":
			panic(errors.New("at the disco"))
		case "unfit":
			return make(chan int), nil
		case "nothing":
			return nil, nil
		}
		return map[string]string{"id": in.RequestID, "event": string(in.Event)}, nil
	})
	p.wantAnswers(`response/1 {"event":"a","id":"1"}`, `error/2 {"errorMessage":"not \"well\"","errorType":"error"}`,
		`error/3 {"errorMessage":"at the disco","errorType":"panic"}`,
		`error/4 {"errorMessage":"json: unsupported type: chan int","errorType":"error"}`,
		`response/5/6 {"event":"","id":"5/6"}`, `response/7 null`)
	if out := p.log.String(); !strings.Contains(out, "request 3: panic: at the disco") || !strings.Contains(out, "fgruntime_test.go") || len(p.waits) > 0 {
		t.Errorf("waits %v, log %s", p.waits, out)
	}
}

func TestAgency(t *testing.T) {
	t.Parallel()
	const token = "X-CFF-Security-Token"
	p := newFakePlatform(t,
		answerEvent("1", "", "X-CFF-Access-Key", "old", "X-CFF-Secret-Key", "older", token, "t"),
		answerEvent("2", "", "X-CFF-Access-Key", "old", "X-CFF-Secret-Key", "older", token, "t", "X-CFF-Security-Access-Key", "new", "X-CFF-Security-Secret-Key", "newer"),
		answerEvent("3", ""))
	var got []string
	p.serveAllPolls(func(_ context.Context, in Invocation) (any, error) {
		got = append(got, in.AccessKey+" "+in.SecretKey+" "+in.SecurityToken)
		return nil, nil
	})
	if want := []string{"old older t", "new newer t", "  "}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestPollsWithoutEvent: polls without an event are repeated, less and less often, and logged once; an event starts this
// over.
func TestPollsWithoutEvent(t *testing.T) {
	t.Parallel()
	polls := slices.Repeat([]func(http.ResponseWriter){answerNoEvent(500)}, 8)
	polls = append(polls, answerEvent("1", ""), answerNoEvent(200), answerNoEvent(204), answerEvent("2", ""), answerNoEvent(503))
	p := newFakePlatform(t, polls...)
	p.serveAllPolls(func(context.Context, Invocation) (any, error) { return 1, nil })
	p.wantAnswers("response/1 1", "response/2 1")
	ms := time.Millisecond
	want := []time.Duration{50 * ms, 100 * ms, 200 * ms, 400 * ms, 800 * ms, 1000 * ms, 1000 * ms, 1000 * ms, 50 * ms, 100 * ms, 50 * ms}
	if !slices.Equal(p.waits, want) {
		t.Errorf("waits %v, want %v", p.waits, want)
	}
	// A status 204 is logged once, too: no documented platform answers so.
	if out := p.log.String(); strings.Count(out, "\n") != 3 || strings.Count(out, "status 500") != 1 || !strings.Contains(out, "status 503") {
		t.Errorf("log: %s", out)
	}
}

// TestHalfAnEvent: an event that breaks off has no answer, and nothing is run on half of it.
func TestHalfAnEvent(t *testing.T) {
	t.Parallel()
	p := newFakePlatform(t, func(w http.ResponseWriter) {
		w.Header().Set("X-Cff-Request-Id", "1")
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "{half")
	}, answerEvent("2", ""))
	p.serveAllPolls(func(_ context.Context, in Invocation) (any, error) { return in.RequestID, nil })
	p.wantAnswers(`response/2 "2"`)
	if !strings.Contains(p.log.String(), "the event of request 1 broke off") {
		t.Error(p.log.String())
	}
}

func TestAnswerNotTaken(t *testing.T) {
	t.Parallel()
	p := newFakePlatform(t, answerEvent("1", ""), answerEvent("2", ""))
	p.status = http.StatusConflict
	p.serveAllPolls(func(context.Context, Invocation) (any, error) { return 1, nil })
	p.wantAnswers("response/1 1", "response/2 1")
	if strings.Count(p.log.String(), "was not taken: status 409") != 2 {
		t.Error(p.log.String())
	}
}

// TestEndAtWork: a handler at work when the loop ends is cancelled, and its answer is still sent.
func TestEndAtWork(t *testing.T) {
	t.Parallel()
	p := newFakePlatform(t, answerEvent("1", ""))
	p.serveAllPolls(func(ctx context.Context, _ Invocation) (any, error) {
		p.cancel()
		<-ctx.Done()
		return "as far as it came", nil
	})
	p.wantAnswers(`response/1 "as far as it came"`)
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	for _, environ := range [][]string{nil, {"RUNTIME_TIMEOUT=3"}, {"AWS_LAMBDA_RUNTIME_API=x"}} {
		err := Run(t.Context(), environ, func(context.Context, Invocation) (any, error) { return nil, nil })
		if err == nil || !strings.Contains(err.Error(), "RUNTIME_API_ADDR is not set") {
			t.Errorf("%q: %v", environ, err)
		}
	}
	for text, want := range map[string]time.Duration{"900": 15 * time.Minute, "0": 0, "-3": 0, "3s": 0, "": 0, "99999999999": 0} {
		l, err := newPollLoop([]string{"RUNTIME_API_ADDR=x:1", "RUNTIME_TIMEOUT=" + text}, io.Discard)
		if err != nil || l.timeout != want || l.base != "http://x:1/v1/runtime/invocation/" {
			t.Errorf("%q: %+v %v", text, l, err)
		}
		if l.client.Transport.(*http.Transport).Proxy != nil {
			t.Error("the runtime API is asked by a proxy")
		}
	}
	unbound := pollLoop{}
	ctx, cancel := unbound.withDeadline(t.Context())
	defer cancel()
	if _, bounded := ctx.Deadline(); bounded {
		t.Error("a deadline that nobody told")
	}
}

// FuzzFailure: whatever an error says reaches the platform unchanged.
func FuzzFailure(f *testing.F) {
	f.Add("plain")
	f.Add("\"\\\n\x00\u2028")
	f.Fuzz(func(t *testing.T, text string) {
		var got struct{ ErrorType, ErrorMessage string }
		if err := json.Unmarshal(errorBody(errors.New(text)), &got); err != nil || got.ErrorType != "error" || utf8.ValidString(text) && got.ErrorMessage != text {
			t.Errorf("%q: %+v %v", text, got, err)
		}
	})
}
