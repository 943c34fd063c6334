package jumpserver

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

const (
	testKey    = "11111111-2222-3333-4444-555555555555"
	testSecret = "not-a-real-secret"
	linuxJSON  = `{"id":1,"name":"Linux","type":{"value":"linux","label":"Linux"},"domain_enabled":true,"protocols":[
		{"name":"telnet","port":23,"primary":false,"required":false,"default":false},{"name":"sftp","port":22,"primary":false,"required":false,"default":true},
		{"name":"ssh","port":22,"primary":true,"required":false,"default":false}]}`
	rootNode = "de25a07b-2f82-4571-b3c7-a5f4e36efa42"
	nodeA    = "08537bb3-63bb-4d5c-897e-8c73d0306ab8"
)

// stub answers by its script, in memory, so that synctest's clock can be used. A request
// that is not in the script fails the test, and so do one without our headers and a DELETE
// without an spm.
type stub struct {
	t      testing.TB
	mu     sync.Mutex
	routes map[string]http.HandlerFunc
	seen   []string
}

func newStub(t testing.TB) *stub {
	s := &stub{t: t, routes: map[string]http.HandlerFunc{}}
	s.json("GET "+apiCurrent, 200, `{"id":"`+DefaultOrganisation+`","name":"DEFAULT"}`)
	s.json("OPTIONS "+apiHosts, 200, `{"actions":{"POST":{"id":{},"name":{},"domain":{"type":"object_related_field"}}}}`)
	s.json("GET "+apiPlatforms, 200, `{"count":1,"next":null,"previous":null,"results":[`+linuxJSON+`]}`)
	s.json("GET "+apiProfile, 200, `{"username":"sync","perms":["assets.delete_asset"],"console_orgs":[{"id":"`+DefaultOrganisation+`"}]}`)
	s.json("GET "+apiTree, 200, `[{"id":"1","name":"DEFAULT (0)","pId":"","meta":{"data":{"id":"`+rootNode+`","key":"1","value":"DEFAULT"},"type":"node"}}]`)
	s.json("GET "+apiAssets, 200, `{"count":0,"next":null,"previous":null,"results":[]}`)
	s.json("GET "+apiNodes, 200, pageJSON(0))
	s.on("POST "+apiNodes, func(w http.ResponseWriter, r *http.Request) {
		var n node
		_ = json.NewDecoder(r.Body).Decode(&n)
		reply(w, 201, fmt.Sprintf(`{"id":%q,"full_value":%q}`, nodeA, n.Path))
	})
	return s
}

func (s *stub) on(route string, h http.HandlerFunc) { s.routes[route] = h }

func (s *stub) json(route string, status int, body string) {
	s.on(route, func(w http.ResponseWriter, _ *http.Request) { reply(w, status, body) })
}

// script answers one request after another; the last answer repeats.
func (s *stub) script(route string, answers ...http.HandlerFunc) {
	n := 0
	s.on(route, func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		h := answers[min(n, len(answers)-1)]
		n++
		s.mu.Unlock()
		h(w, r)
	})
}

func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { reply(w, status, body) }
}

func reply(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// RoundTrip implements http.RoundTripper.
func (s *stub) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		s.t.Errorf("%s %s left after its context was over", r.Method, r.URL)
		return nil, err
	}
	for _, name := range []string{"Authorization", "Date", "X-Jms-Org", "Accept"} {
		if r.Header.Get(name) == "" {
			s.t.Errorf("%s %s without %s", r.Method, r.URL, name)
		}
	}
	if r.Method == http.MethodDelete && !isUUID(r.URL.Query().Get("spm")) && !isLabelRowPath(r.URL.RequestURI()) {
		s.t.Errorf("DELETE %s", r.URL)
	}
	s.mu.Lock()
	s.seen = append(s.seen, r.Method+" "+r.URL.RequestURI())
	h := s.routes[r.Method+" "+r.URL.Path]
	s.mu.Unlock()
	if h == nil {
		s.t.Errorf("nobody expected %s %s", r.Method, r.URL)
		return nil, io.ErrUnexpectedEOF
	}
	w := httptest.NewRecorder()
	done := make(chan struct{})
	go func() {
		defer close(done)
		h(w, r)
	}()
	select {
	case <-done:
	case <-r.Context().Done():
		<-done
		return nil, r.Context().Err()
	}
	switch w.Code {
	case statusBroken:
		return nil, io.ErrUnexpectedEOF
	case statusRefused:
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	return w.Result(), nil
}

// statusBroken makes the stub break the connection after the request was carried out.
const statusBroken = 599

// statusRefused makes the stub refuse the connection.
const statusRefused = 598

func (s *stub) requests(prefix string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var some []string
	for _, r := range s.seen {
		if strings.HasPrefix(r, prefix) {
			some = append(some, r)
		}
	}
	return some
}

// client returns a client of the stub that never really sleeps, unless the test's options say so.
func (s *stub) client(change ...func(*Options)) *Client {
	s.t.Helper()
	o := Options{URL: "https://jms.example.com", KeyID: secret.New(testKey), Secret: secret.New(testSecret), Transport: s,
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
	for _, f := range change {
		f(&o)
	}
	c, err := New(o)
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

// quick returns a client whose requests take no time, by its clock.
func quick(o *Options) {
	at := time.Now()
	o.Now = func() time.Time { return at }
}

func realSleep(o *Options) { o.Sleep = nil }

func wantKind(t testing.TB, err error, kind inventory.Kind, words ...string) {
	t.Helper()
	if got := inventory.KindOf(err); got != kind {
		t.Fatalf("kind %q, want %q: %v", got, kind, err)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q does not say %q", err, w)
		}
	}
	if err != nil && (strings.Contains(err.Error(), testKey) || strings.Contains(err.Error(), testSecret) || strings.Contains(err.Error(), "Signature key")) {
		t.Errorf("a secret in %q", err)
	}
}

// hostJSON returns a host as v4.7.0 shows it.
func hostJSON(id, name string, labels ...string) string {
	var ls []string
	for _, l := range labels {
		k, v, _ := strings.Cut(l, ":")
		ls = append(ls, fmt.Sprintf(`{"id":"x","name":%q,"value":%q,"color":""}`, k, v))
	}
	return fmt.Sprintf(`{"id":%q,"name":%q,"address":"10.0.0.1","domain":null,"platform":{"id":1,"name":"Linux"},"labels":[%s],"comment":"","is_active":true,"org_id":%q}`,
		id, name, strings.Join(ls, ","), DefaultOrganisation)
}

func pageJSON(count int, rows ...string) string {
	return fmt.Sprintf(`{"count":%d,"next":null,"previous":null,"results":[%s]}`, count, strings.Join(rows, ","))
}

func testID(n int) string { return inventory.AssetID("alibaba", "cn-test", fmt.Sprint(n)) }

// recorded returns a recording of a real server, if this machine has them.
func recorded(t testing.TB, file, name string) (status int, body []byte) {
	t.Helper()
	text, err := os.ReadFile("testdata/recorded.json")
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]map[string]struct {
		Status int
		Body   json.RawMessage
	}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	r, ok := all[file][name]
	if !ok {
		t.Fatalf("no recording %s of %s", name, file)
	}
	return r.Status, r.Body
}
