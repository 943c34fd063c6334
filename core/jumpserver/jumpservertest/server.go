// Package jumpservertest is a JumpServer v4.7.0, v4.10.16 or v4.10.19 in memory, behind http.Handler. It
// answers as real servers were recorded (testdata), bugs and traps included, and it is strict:
// a request that no careful client would send fails the test. It can also fail on demand.
package jumpservertest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"
)

// DefaultOrg is the organisation that every JumpServer has; SystemOrg is another one, without assets; RootOrg
// shows the assets of all.
const (
	DefaultOrg = "00000000-0000-0000-0000-000000000002"
	RootOrg    = "00000000-0000-0000-0000-000000000000"
	SystemOrg  = "00000000-0000-0000-0000-000000000004"
)

// The credentials of a server that was created without any.
const (
	KeyID     = "11111111-2222-3333-4444-555555555555"
	KeySecret = "emulated-secret-0123456789"
)

// TB is what the emulator needs of a test.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
}

// Options describe a server; the zero value is a v4.7.0 without limits.
type Options struct {
	Version     Version
	Database    Database // the zero value is PostgreSQL
	Deadlocks   int      // so many creates with a new label fail with 500, as on MariaDB
	KeyID       string
	KeySecret   string
	RootNode    string           // name of the root node; "" = DEFAULT
	Limit       int              // how many assets it accepts; 0 = 5000
	PageCap     int              // a larger page limit is reduced to this; 0 = that of the version
	MaxRequests int              // requests of one user within Window; 0 = no limit, or VersionMaxRequests
	Window      time.Duration    // 0 = a minute
	Latency     time.Duration    // of every request, before it is processed
	WriteTimes  WriteTimes       // of the rows of writes, once they are processed
	MaxParallel int              // requests that are processed at a time, others wait; 0 = all
	Platforms   map[string]int   // other ids for platforms, by name
	NoZones     []string         // platforms without gateways
	Enterprise  bool             // organisations besides DEFAULT can be entered; not recorded
	Now         func() time.Time // nil = the real clock
	TB          TB               // may be nil
}

// Server is the emulator. It is safe for concurrent use.
type Server struct {
	options   Options
	zoneField string
	started   string // when the server began
	kinds     map[string]*assetPage
	roles     roles
	system    *org
	platforms []platform
	turns     chan struct{}

	ids *regexp.Regexp // a UUID in a path

	background sync.WaitGroup // of writes that go on after an intermediary has answered

	mu         sync.Mutex
	keys       map[string]Key
	orgs       map[string]*org
	parked     map[string]parking
	history    map[string][]time.Time // by user, for throttling
	columns    map[string]column      // what a host's row may hold
	making     map[string]int         // node paths and names that requests in flight are creating
	faults     []*plannedFault
	onRequest  func(*http.Request)
	calls      map[string]int
	requests   int
	writes     int
	unexpected []string
	lenient    bool
	spread     *rand.Rand

	lastPlatform int      // highest id of a platform
	people       []person // the users
	counts       map[string]lateCount
	relations    int // of access rules, made so far
}

type parking struct {
	ids   []string
	until time.Time
}

// New returns a server with the DEFAULT organisation, without hosts.
func New(o Options) *Server {
	setDefaults(&o)
	s := &Server{
		options: o, zoneField: "domain", orgs: map[string]*org{}, parked: map[string]parking{},
		ids: regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`), making: map[string]int{}, calls: map[string]int{}, platforms: loadPlatforms(o),
		keys: map[string]Key{}, counts: map[string]lateCount{}, history: map[string][]time.Time{}, spread: rand.New(rand.NewPCG(1, 1)),
	}
	if o.Version.isSince(V410) {
		s.zoneField = "zone"
	}
	for _, p := range s.platforms {
		s.lastPlatform = max(s.lastPlatform, p.ID)
	}
	s.kinds, s.roles, s.system = assetKinds(o.Version), o.Version.recordedRoles(), s.newOrg(SystemOrg, "SYSTEM")
	if o.MaxParallel > 0 {
		s.turns = make(chan struct{}, o.MaxParallel)
	}
	s.columns, s.started = s.hostColumns(), s.formatTime(o.Now())
	s.addKey(Key{ID: o.KeyID, Secret: o.KeySecret})
	s.AddOrg(DefaultOrg, "DEFAULT")
	return s
}

func setDefaults(o *Options) {
	if o.Version == "" {
		o.Version = V47
	}
	if o.KeyID == "" {
		o.KeyID, o.KeySecret = KeyID, KeySecret
	}
	if o.RootNode == "" {
		o.RootNode = "DEFAULT"
	}
	if o.Limit == 0 {
		o.Limit = 5000
	}
	if o.PageCap == 0 {
		o.PageCap = 10000
		if o.Version.isSince(V410) {
			o.PageCap = 1000
		}
	}
	if o.MaxRequests == VersionMaxRequests {
		o.MaxRequests = o.Version.defaultMaxRequests()
	}
	if o.Window == 0 {
		o.Window = defaultWindow
	}
	if o.Now == nil {
		o.Now = time.Now
	}
}

// reply is an answer before faults are applied.
type reply struct {
	status int
	header map[string]string
	body   any // encoded as JSON, a json.RawMessage as it is; nil = no body; htmlBody = a web page
}

// htmlBody is the title of a web page.
type htmlBody string

func okReply(body any) reply         { return reply{status: http.StatusOK, body: body} }
func badRequestReply(body any) reply { return reply{status: http.StatusBadRequest, body: body} }
func crashReply() reply {
	return reply{status: 500, body: map[string]any{"error": "Server internal error"}}
}

// htmlReply returns one of the two web pages of JumpServer: for a missing path, and for a crash.
func htmlReply(status int) reply {
	if status == http.StatusNotFound {
		return reply{status: status, body: htmlBody("Not found")}
	}
	return reply{status: status, body: htmlBody("Server error")}
}
func statusReply(code int) reply { return reply{status: code} }
func detailReply(code int, text, c string) reply {
	return reply{status: code, body: map[string]any{"detail": text, "code": c}}
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	if !s.waitTurn(r) {
		return
	}
	s.countRequest(r)
	t := &requestTask{r: r, body: body, pending: s.registerPending(r, body), fault: s.nextFault(r), done: make(chan rawReply, 1)}
	if !sleepFor(r, s.latency()+t.fault.Delay) || t.fault.replacesAnswer() {
		defer s.endTurn(t)
		if r.Context().Err() == nil {
			t.fault.sendFault(w, r)
		}
		return
	}
	if t.fault.FrontTimeout > 0 {
		s.runInBackground(w, t)
		return
	}
	s.runTask(t)
	s.sendReply(w, t, <-t.done)
}

// waitTurn waits until fewer than Options.MaxParallel requests are processed.
func (s *Server) waitTurn(r *http.Request) bool {
	if s.turns == nil {
		return true
	}
	select {
	case s.turns <- struct{}{}:
		return true
	case <-r.Context().Done():
		return false
	}
}

func (s *Server) endParallel() {
	if s.turns != nil {
		<-s.turns
	}
}

func writeReply(w http.ResponseWriter, out reply, raw []byte) {
	w.Header().Set("Content-Type", "application/json")
	if _, isPage := out.body.(htmlBody); isPage {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
	}
	for name, value := range out.header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(out.status)
	_, _ = w.Write(raw)
}

func (r reply) marshal() []byte {
	switch body := r.body.(type) {
	case nil:
		return nil
	case json.RawMessage: // of a fault, as it is
		return body
	case htmlBody:
		words := string(body)
		if words == "Server error" {
			words = "Server error occur, contact administrator"
		}
		return []byte("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n    <meta charset=\"UTF-8\">\n    <title>" + string(body) +
			"</title>\n</head>\n<body>\n<h1>" + words + "</h1>\n</body>\n</html>")
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(r.body); err != nil {
		return []byte(err.Error())
	}
	return b.Bytes()
}

func sleepFor(r *http.Request, d time.Duration) bool {
	if d == 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

// call is one authenticated request on its way to a handler.
type call struct {
	r       *http.Request
	method  string
	parts   []string // of the path below /api/v1/
	query   url.Values
	user    string
	key     Key
	body    any
	org     *org
	orgID   string     // of the organisation that answers, or RootOrg
	kind    *assetPage // of a page of assets
	pending *pendingNames
}

// handle runs all checks in the order of the real server, then the handler.
func (s *Server) handle(r *http.Request, body []byte, pending *pendingNames) reply {
	if !strings.HasSuffix(r.URL.Path, "/") {
		target := *r.URL
		target.Path += "/"
		return reply{status: http.StatusMovedPermanently, header: map[string]string{
			"Location": target.RequestURI(), "Content-Type": "text/html; charset=utf-8",
		}}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if open, found := s.publicPage(r.URL.Path); found {
		return open
	}
	key, refused, known := s.authenticate(r)
	if !known {
		return refused
	}
	if throttled, no := s.checkThrottle(key.User); no {
		return throttled
	}
	c := &call{
		r: r, method: r.Method, key: key, query: r.URL.Query(), pending: pending, user: key.User,
		parts: strings.Split(strings.Trim(strings.TrimPrefix(r.URL.Path, "/api/v1/"), "/"), "/"),
	}
	if len(body) > 0 {
		if err := json.Unmarshal(body, &c.body); err != nil {
			return detailReply(http.StatusBadRequest, "JSON parse error - "+err.Error(), "parse_error")
		}
	}
	s.resolveOrg(c, requestedOrg(r))
	making := c.method == http.MethodPost && c.parts[0] != "common"
	switch {
	case !s.isAllowed(c):
		return deniedReply()
	case making && c.orgID == RootOrg:
		return badRequestReply([]string{"Please save in a org"})
	}
	return s.route(c)
}

// recordUnexpected records what no careful client sends. The caller holds the lock.
func (s *Server) recordUnexpected(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	s.unexpected = append(s.unexpected, text)
	if s.options.TB != nil && !s.lenient {
		s.options.TB.Helper()
		s.options.TB.Errorf("jumpserver: %s", text)
	}
}
