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

// kind is a way in which a request goes wrong.
type kind string

// The ways. "after" means that the other side did the work, and only its answer was lost.
const (
	timeOut       kind = "time-out"
	timeOutAfter  kind = "time-out after the work"
	reset         kind = "reset"
	resetAfter    kind = "reset after the work"
	tooMany       kind = "429"
	tooManyWait   kind = "429 with Retry-After"
	error500      kind = "500"
	error503      kind = "503 HTML"
	error503After kind = "503 HTML after the work"
	emptyBody     kind = "200 with an empty body"
	truncated     kind = "truncated JSON"
	redirect      kind = "redirect"
	pageRepeated  kind = "a page repeated"
	pageMissing   kind = "a page missing"
	wrongTotal    kind = "wrong total"
	blind         kind = "permission lost in silence"
	otherKey      kind = "key of another account"
	restart       kind = "restart"
	killed        kind = "process killed"
	killedAfter   kind = "process killed after the work"
	overdue       kind = "deadline in the middle"
	clockJump     kind = "clock jump"
	people        kind = "people edit meanwhile"
	stale         kind = "an old object"
)

// kinds gives those that can happen to a peer.
func kinds(peer string) []kind {
	all := []kind{
		timeOut, timeOutAfter, reset, resetAfter, tooMany, tooManyWait, error500, error503, error503After, emptyBody, truncated,
		redirect, killed, killedAfter, overdue, clockJump, people,
	}
	switch peer {
	case jumpServer:
		return append(all, pageRepeated, pageMissing, wrongTotal, blind, restart, firewall, firewallAfter, login, portalPage, gateway, gatewayAfter, tooLong)
	case dingTalk:
		return append(all, blind) // the robot's token is withdrawn
	case store:
		return append(all, blind, stale)
	}
	return append(all, pageRepeated, pageMissing, wrongTotal, blind, otherKey)
}

// The peers; those of the clouds are called by the cloud.
const (
	jumpServer = "jumpserver"
	alibabaCSP = "alibaba"
	tencentCSP = "tencent"
	dingTalk   = "dingtalk"
	store      = "state"
)

// peerOf gives the peer of a line ("alibaba one cn-a" is one of alibaba's).
func peerOf(line string) string {
	name, _, _ := strings.Cut(line, " ")
	return name
}

// fault is one thing that goes wrong in a run.
type fault struct {
	line  string
	at    int // the first call on the line that it hits, from 0
	times int // how many; negative = all that follow
	kind  kind
	wait  time.Duration // of Retry-After, a restart, a jump of the clock
	hit   bool
}

func (f *fault) String() string {
	return fmt.Sprintf("%s at call %d of %s, %d times, %v, hit %t", f.kind, f.at, f.line, f.times, f.wait, f.hit)
}

// chances are the faults of the run under way, and the calls made so far.
type chances struct {
	mu     sync.Mutex
	faults []*fault
	calls  map[string]int
	parked int       // how often hosts were put aside for a deletion, in all runs
	until  time.Time // JumpServer restarts until then
	dead   bool      // the process was killed: nothing leaves any more
}

// next counts a call and gives its fault, or none.
func (w *world) next(line string) *fault {
	c := &w.chances
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.calls[line]
	c.calls[line]++
	if line == jumpServer && time.Now().Before(c.until) {
		return &fault{line: line, at: n, kind: restart}
	}
	for _, f := range c.faults {
		if f.line == line && n >= f.at && (f.times < 0 || n < f.at+f.times) {
			if f.kind == restart && !f.hit {
				c.until = time.Now().Add(f.wait)
			}
			first := !f.hit
			f.hit = true
			w.seen.fault(f, n, first)
			w.spoils(f)
			return f
		}
	}
	return nil
}

func (w *world) isDead() bool {
	w.chances.mu.Lock()
	defer w.chances.mu.Unlock()
	return w.chances.dead
}

// die ends the process of the run under way: its context, and all that it could still send.
func (w *world) die() {
	w.chances.mu.Lock()
	w.chances.dead = true
	w.chances.mu.Unlock()
	w.cancel()
}

var errKilled = errors.New("the process is no more")

// line is an http.RoundTripper in memory to one peer, which may go wrong.
type line struct {
	w       *world
	name    func(*http.Request) string
	handler http.Handler

	mu   sync.Mutex
	last map[string][]byte // bodies of lists, to be repeated
}

// RoundTrip implements http.RoundTripper.
func (l *line) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Context().Err() != nil {
		return nil, context.Cause(r.Context())
	}
	if l.w.isDead() {
		return nil, errKilled
	}
	name := l.name(r)
	if name == jumpServer {
		l.w.atWork(r)
	}
	f := l.w.next(name)
	if f == nil {
		return l.work(r, name, nil)
	}
	switch f.kind {
	case people:
		// Between an asset's last reading and its writing nothing can be noticed: JumpServer has no way to write on a
		// condition.
		l.w.peopleEdit(name != jumpServer || notices(r))
	case clockJump:
		l.w.jumpTo(f.wait)
	case otherKey:
		l.w.swapKey(name)
	case blind:
		return l.blinded(r, name, f)
	default:
		return l.fail(r, name, f)
	}
	return l.work(r, name, nil)
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
	w.chances.mu.Lock()
	w.chances.parked++
	edits := len(w.chances.faults) > 0 && (w.seed+uint64(w.chances.parked))%5 == 0
	w.chances.mu.Unlock()
	if edits {
		w.peopleEdit(true)
	}
}

// parking is where hosts are put aside for a deletion.
const parking = "/api/v1/common/resources/cache/"

// notices reports whether a request to JumpServer comes before a reading that shows what people changed: it is a
// reading itself, or parks hosts for a deletion, which are read once more before that.
func notices(r *http.Request) bool {
	return r.Method == http.MethodGet || r.URL.Path == parking
}

// fail answers badly.
func (l *line) fail(r *http.Request, name string, f *fault) (*http.Response, error) {
	switch f.kind {
	case timeOutAfter, resetAfter, error503After, killedAfter, overdue, emptyBody, firewallAfter, gatewayAfter:
		if _, err := l.work(r, name, nil); err != nil {
			return nil, err
		}
	}
	switch f.kind {
	case timeOut, timeOutAfter:
		<-r.Context().Done()
		return nil, context.Cause(r.Context())
	case reset, resetAfter:
		return nil, fmt.Errorf("read tcp 10.1.1.1:443 of %s: %w", r.URL.Host, syscall.ECONNRESET)
	case killed, killedAfter:
		l.w.die()
		return nil, errKilled
	case overdue:
		time.Sleep(time.Until(l.w.deadline))
		return nil, context.Cause(r.Context())
	case restart:
		if time.Now().Unix()%2 == 0 {
			return nil, fmt.Errorf("dial tcp: %w", syscall.ECONNREFUSED)
		}
		return page(http.StatusBadGateway, "<html>Bad Gateway</html>", nil), nil
	case tooMany:
		return page(http.StatusTooManyRequests, `{"detail":"Request was throttled."}`, nil), nil
	case tooManyWait:
		return page(http.StatusTooManyRequests, `{"detail":"Request was throttled."}`, map[string]string{"Retry-After": fmt.Sprint(int(f.wait / time.Second))}), nil
	case error500: // a debug page, which shows the request as it came
		return page(http.StatusInternalServerError, "<html>"+r.URL.String()+" "+fmt.Sprint(r.Header)+"</html>", nil), nil
	case error503, error503After:
		return page(http.StatusServiceUnavailable, "<html>Service Unavailable</html>", nil), nil
	case emptyBody:
		return page(http.StatusOK, "", nil), nil
	case redirect:
		return page(http.StatusFound, "", map[string]string{"Location": "https://elsewhere.invalid/login?next=" + r.URL.Path}), nil
	}
	if front, there := fronts()[f.kind]; there {
		return shown(front, r), nil
	}
	return l.work(r, name, f)
}

// work lets the peer answer, and spoils the answer.
func (l *line) work(r *http.Request, name string, f *fault) (*http.Response, error) {
	answer := l.answer(r, name, f)
	body := answer.Body.Bytes()
	if key, lists := listOf(r); lists {
		body = l.spoilList(key, body, f)
	}
	if f != nil && f.kind == truncated {
		body = body[:len(body)/2]
	}
	resp := answer.Result()
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return resp, nil
}

// spoilList spoils a page of a list, and keeps the true one.
func (l *line) spoilList(key string, body []byte, f *fault) []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.last[key]
	l.last[key] = body
	switch {
	case f == nil:
	case f.kind == pageRepeated && before != nil:
		return before
	case f.kind == pageMissing:
		return editList(body, func(rows []any) []any { return missing(rows, f) }, 0)
	case f.kind == wrongTotal:
		return editList(body, nil, int64(1-2*(f.at%2)))
	}
	return body
}

// missing leaves out one row of a page, or half of them.
func missing(rows []any, f *fault) []any {
	if len(rows) == 0 || f.wait%(2*time.Second) == 0 {
		return rows[:len(rows)/2]
	}
	at := int(f.wait/time.Second) % len(rows)
	return slices.Delete(slices.Clone(rows), at, at+1)
}

// answer asks the peer's emulator. What never changes is asked for once in all worlds.
func (l *line) answer(r *http.Request, name string, f *fault) *httptest.ResponseRecorder {
	answer := httptest.NewRecorder()
	key := l.w.version() + r.URL.RequestURI()
	if known, ok := l.w.seen.same.Load(key); ok {
		answer.Header().Set("Content-Type", "application/json")
		_, _ = answer.Body.Write(known.([]byte))
		return answer
	}
	served := r.Clone(r.Context())
	if served.Host == "" {
		served.Host = r.URL.Host
	}
	if served.Body == nil {
		served.Body = http.NoBody
	}
	l.w.emulator.Lock()
	defer l.w.emulator.Unlock()
	if f != nil && f.kind == blind {
		defer l.w.blindfold(name)()
	}
	l.w.watched(r, func() { l.handler.ServeHTTP(answer, served) })
	if strings.HasSuffix(r.URL.Path, "/platforms/") && answer.Code == http.StatusOK {
		l.w.seen.same.Store(key, bytes.Clone(answer.Body.Bytes()))
	}
	return answer
}

func page(status int, body string, headers map[string]string) *http.Response {
	answer := httptest.NewRecorder()
	answer.Header().Set("Content-Type", "text/html")
	for name, value := range headers {
		answer.Header().Set(name, value)
	}
	answer.WriteHeader(status)
	_, _ = answer.WriteString(body)
	return answer.Result()
}
