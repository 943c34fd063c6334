package chaos

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// faultKind is a way in which a request goes wrong.
type faultKind string

// The ways. "after" means that the other side did the work, and only its answer was lost.
const (
	timeoutFault  faultKind = "time-out"
	timeoutAfter  faultKind = "time-out after the work"
	reset         faultKind = "reset"
	resetAfter    faultKind = "reset after the work"
	tooMany       faultKind = "429"
	tooManyWait   faultKind = "429 with Retry-After"
	error500      faultKind = "500"
	error503      faultKind = "503 HTML"
	error503After faultKind = "503 HTML after the work"
	emptyBody     faultKind = "200 with an empty body"
	truncated     faultKind = "truncated JSON"
	redirect      faultKind = "redirect"
	pageRepeated  faultKind = "a page repeated"
	pageMissing   faultKind = "a page missing"
	wrongTotal    faultKind = "wrong total"
	blind         faultKind = "permission lost in silence"
	otherKey      faultKind = "key of another account"
	restart       faultKind = "restart"
	killed        faultKind = "process killed"
	killedAfter   faultKind = "process killed after the work"
	pastDeadline  faultKind = "deadline in the middle"
	clockJump     faultKind = "clock jump"
	people        faultKind = "people edit meanwhile"
	oldObject     faultKind = "an old object"
	readOnly      faultKind = "read-only"
)

// faultKinds returns those that can happen to a peer.
func faultKinds(peer string) []faultKind {
	all := []faultKind{
		timeoutFault, timeoutAfter, reset, resetAfter, tooMany, tooManyWait, error500, error503, error503After, emptyBody, truncated,
		redirect, killed, killedAfter, pastDeadline, clockJump, people,
	}
	switch peer {
	case jumpServer:
		return append(all, pageRepeated, pageMissing, wrongTotal, blind, restart, firewall, firewallAfter, login, portalPage, gateway, gatewayAfter, tooLong)
	case dingTalk:
		return append(all, blind) // the robot's token is withdrawn
	case stateStore:
		return append(all, blind, oldObject, readOnly, readOnly)
	}
	return append(all, pageRepeated, pageMissing, wrongTotal, blind, otherKey)
}

// The peers beside the clouds.
const (
	jumpServer = "jumpserver"
	dingTalk   = "dingtalk"
	stateStore = "state"
)

// peerOf returns the peer of a line ("alibaba one cn-a" is one of alibaba's).
func peerOf(line string) string {
	name, _, _ := strings.Cut(line, " ")
	return name
}

// fault is one thing that goes wrong in a run.
type fault struct {
	peerLine  string
	firstCall int // the first call on the line that it hits, from 0
	times     int // how many; negative = all that follow
	kind      faultKind
	wait      time.Duration // of Retry-After, a restart, a jump of the clock
	hit       bool
}

func (f *fault) String() string {
	return fmt.Sprintf("%s at call %d of %s, %d times, %v, hit %t", f.kind, f.firstCall, f.peerLine, f.times, f.wait, f.hit)
}

// faultSchedule are the faults of the run under way, and the calls made so far.
type faultSchedule struct {
	mu           sync.Mutex
	faults       []*fault
	calls        map[string]int
	parked       int       // how often hosts were put aside for a deletion, in all runs
	restartUntil time.Time // JumpServer restarts until then
	dead         bool      // the process was killed: nothing leaves any more
}

// nextFault counts a call and returns its fault, or none.
func (w *world) nextFault(line string) *fault {
	c := &w.schedule
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.calls[line]
	c.calls[line]++
	if line == jumpServer && time.Now().Before(c.restartUntil) {
		return &fault{peerLine: line, firstCall: n, kind: restart}
	}
	for _, f := range c.faults {
		if f.peerLine == line && n >= f.firstCall && (f.times < 0 || n < f.firstCall+f.times) {
			if f.kind == restart && !f.hit {
				c.restartUntil = time.Now().Add(f.wait)
			}
			first := !f.hit
			f.hit = true
			w.counters.countFault(f, n, first)
			w.noteFault(f)
			return f
		}
	}
	return nil
}

func (w *world) isDead() bool {
	w.schedule.mu.Lock()
	defer w.schedule.mu.Unlock()
	return w.schedule.dead
}

// killProcess ends the process of the run under way: its context, and all that it could still send.
func (w *world) killProcess() {
	w.schedule.mu.Lock()
	w.schedule.dead = true
	w.schedule.mu.Unlock()
	w.cancel()
}

var errKilled = errors.New("the process is no more")

// faultyTransport is an http.RoundTripper in memory to one peer, which may go wrong.
type faultyTransport struct {
	world   *world
	key     string // of the line: a cloud account, an organisation of JumpServer
	name    func(*http.Request) string
	handler http.Handler

	mu        sync.Mutex
	lastPages map[string][]byte // bodies of lists, to be repeated
}

// RoundTrip implements http.RoundTripper. Answers have a Date, as a server sets it.
func (l *faultyTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := l.roundTrip(r)
	if err == nil && resp != nil {
		resp.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	}
	return resp, err
}

func (l *faultyTransport) roundTrip(r *http.Request) (*http.Response, error) {
	if r.Context().Err() != nil {
		return nil, context.Cause(r.Context())
	}
	if l.world.isDead() {
		return nil, errKilled
	}
	if r.URL.Host == "nowhere" {
		return nil, fmt.Errorf("dial tcp: %w", syscall.ECONNREFUSED)
	}
	name := l.name(r)
	if name == jumpServer {
		l.world.atWork(r)
	}
	f := l.world.nextFault(name)
	if f == nil {
		return l.answerSpoiled(r, name, nil)
	}
	switch f.kind {
	case people:
		// Between an asset's last reading and its writing nothing can be noticed: JumpServer has no way to write on a
		// condition.
		l.world.editDuringRun(l.world.running, name != jumpServer || isNoticed(r))
	case clockJump:
		l.world.setClock(f.wait)
	case otherKey:
		l.world.swapKey(name)
	case blind:
		return l.answerBlinded(r, name, f)
	default:
		return l.answerFault(r, name, f)
	}
	return l.answerSpoiled(r, name, nil)
}

// atWork sees from a request to JumpServer that a run has begun to write, and lets people edit right before the last
// reading of every fifth deletion in a run with faults: at a call by its number it hardly ever happens there.
func (w *world) atWork(r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodOptions {
		w.mu.Lock()
		w.writes = true
		w.mu.Unlock()
	}
	if r.Method != http.MethodPost || r.URL.Path != parking {
		return
	}
	w.schedule.mu.Lock()
	w.schedule.parked++
	edits := len(w.schedule.faults) > 0 && (w.seed+uint64(w.schedule.parked))%5 == 0
	w.schedule.mu.Unlock()
	if edits {
		w.editDuringRun(w.running, true)
	}
}

// parking is where hosts are put aside for a deletion.
const parking = "/api/v1/common/resources/cache/"

// isNoticed reports whether a request to JumpServer comes before a reading that shows what people changed: it is a
// reading itself, or parks hosts for a deletion, which are read once more before that.
func isNoticed(r *http.Request) bool {
	return r.Method == http.MethodGet || r.URL.Path == parking
}

// answerFault answers badly.
func (l *faultyTransport) answerFault(r *http.Request, name string, f *fault) (*http.Response, error) {
	switch f.kind {
	case timeoutAfter, resetAfter, error503After, killedAfter, pastDeadline, emptyBody, firewallAfter, gatewayAfter:
		if _, err := l.answerSpoiled(r, name, nil); err != nil {
			return nil, err
		}
	}
	switch f.kind {
	case timeoutFault, timeoutAfter:
		<-r.Context().Done()
		return nil, context.Cause(r.Context())
	case reset, resetAfter:
		return nil, fmt.Errorf("read tcp 10.1.1.1:443 of %s: %w", r.URL.Host, syscall.ECONNRESET)
	case killed, killedAfter:
		l.world.killProcess()
		return nil, errKilled
	case pastDeadline:
		time.Sleep(time.Until(l.world.deadline))
		return nil, context.Cause(r.Context())
	case restart:
		if time.Now().Unix()%2 == 0 {
			return nil, fmt.Errorf("dial tcp: %w", syscall.ECONNREFUSED)
		}
		return newResponse(http.StatusBadGateway, "<html>Bad Gateway</html>", nil), nil
	case tooMany:
		return newResponse(http.StatusTooManyRequests, `{"detail":"Request was throttled."}`, nil), nil
	case tooManyWait:
		return newResponse(http.StatusTooManyRequests, `{"detail":"Request was throttled."}`, map[string]string{"Retry-After": fmt.Sprint(int(f.wait / time.Second))}), nil
	case error500: // a debug page, which shows the request as it came
		return newResponse(http.StatusInternalServerError, "<html>"+r.URL.String()+" "+fmt.Sprint(r.Header)+"</html>", nil), nil
	case error503, error503After:
		return newResponse(http.StatusServiceUnavailable, "<html>Service Unavailable</html>", nil), nil
	case emptyBody:
		return newResponse(http.StatusOK, "", nil), nil
	case redirect:
		return newResponse(http.StatusFound, "", map[string]string{"Location": "https://elsewhere.invalid/login?next=" + r.URL.Path}), nil
	}
	if front, there := frontPages()[f.kind]; there {
		return pageResponse(front, r), nil
	}
	return l.answerSpoiled(r, name, f)
}

// answerSpoiled lets the peer answer, and spoils the answer.
func (l *faultyTransport) answerSpoiled(r *http.Request, name string, f *fault) (*http.Response, error) {
	answer := l.askEmulator(r, name, f)
	body := answer.Body.Bytes()
	if key, lists := listKey(r); lists {
		body = l.spoilPage(key, body, f)
	}
	if isCloud(peerOf(name)) {
		body = l.world.hideTags(body)
	}
	if f != nil && f.kind == truncated {
		body = body[:len(body)/2]
	}
	resp := answer.Result()
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return resp, nil
}

// spoilPage spoils a page of a list, and keeps the true one.
func (l *faultyTransport) spoilPage(key string, body []byte, f *fault) []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.lastPages[key]
	l.lastPages[key] = body
	switch {
	case f == nil:
	case f.kind == pageRepeated && before != nil:
		return before
	case f.kind == pageMissing:
		return editList(body, func(rows []any) []any { return withoutRows(rows, f) }, 0)
	case f.kind == wrongTotal:
		return editList(body, nil, int64(1-2*(f.firstCall%2)))
	}
	return body
}

// withoutRows leaves out one row of a page, or half of them.
func withoutRows(rows []any, f *fault) []any {
	if len(rows) == 0 || f.wait%(2*time.Second) == 0 {
		return rows[:len(rows)/2]
	}
	at := int(f.wait/time.Second) % len(rows)
	return slices.Delete(slices.Clone(rows), at, at+1)
}

// askEmulator asks the peer's emulator. What never changes is asked for once in all worlds.
func (l *faultyTransport) askEmulator(r *http.Request, name string, f *fault) *httptest.ResponseRecorder {
	return l.world.counters.answers.Serve(r, l.world.versionKey(), func(answer *httptest.ResponseRecorder) {
		served := r.Clone(r.Context())
		if served.Host == "" {
			served.Host = r.URL.Host
		}
		if served.Body == nil {
			served.Body = http.NoBody
		}
		l.world.emulator.Lock()
		defer l.world.emulator.Unlock()
		if f != nil && f.kind == blind {
			defer l.world.revokePermissions(name)()
		}
		l.world.serveChecked(r, l.key, func() { l.handler.ServeHTTP(answer, served) })
	})
}

func newResponse(status int, body string, headers map[string]string) *http.Response {
	answer := httptest.NewRecorder()
	answer.Header().Set("Content-Type", "text/html")
	for name, value := range headers {
		answer.Header().Set(name, value)
	}
	answer.WriteHeader(status)
	_, _ = answer.WriteString(body)
	return answer.Result()
}
