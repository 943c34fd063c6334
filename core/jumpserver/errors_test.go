package jumpserver

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// Every recorded refusal has its kind, by status and shape alone.
func TestRecordedAPIErrors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		file, name string
		kind       inventory.Kind
	}{
		{"v4.7.0/auth", "bad_signature", inventory.BadCredentials},
		{"v4.7.0/auth", "unknown_key", inventory.BadCredentials},
		{"v4.7.0/auth", "no_auth", inventory.BadCredentials},
		{"v4.10.16", "wrong secret", inventory.BadCredentials},
		{"v4.10.16", "unsigned request", inventory.BadCredentials},
		{"v4.7.0/permissions", "no_role_list", inventory.Denied},
		{"v4.7.0/auth", "not_found_path", inventory.NotFound},
		{"v4.10.16", "the other version's path", inventory.NotFound},
		{"v4.7.0/hosts_single", "get_missing", inventory.NotFound},
		{"v4.7.0/auth", "bad_json", inventory.Invalid},
		{"v4.7.0/auth", "root_org_write", inventory.Invalid},
		{"v4.7.0/hosts_single", "zone_bad", inventory.Invalid},
		{"v4.7.0/hosts_single", "label_long", inventory.Temporary},
		{"v4.7.0/hosts_list", "filter_ids_bad", inventory.Temporary},
	} {
		t.Run(test.file+"/"+test.name, func(t *testing.T) {
			t.Parallel()
			status, body := recorded(t, test.file, test.name)
			s := newStub(t)
			s.on("GET "+apiCurrent, asRecorded(t, status, body))
			_, _, err := s.client().Organisation(t.Context())
			wantKind(t, err, test.kind, "ask for the organisation")
			tries := 1
			if test.kind == inventory.Temporary {
				tries = maxTries
			}
			if got := len(s.requests("GET")); got != tries {
				t.Errorf("%d requests, want %d", got, tries)
			}
		})
	}
}

// What breaks on the way, over a real connection.
func TestBrokenAnswers(t *testing.T) {
	t.Parallel()
	good := `{"id":"` + DefaultOrganisation + `","name":"DEFAULT"}`
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		kind    inventory.Kind
		words   string
		tries   int32
	}{
		"HTML with 200": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte("<html>Sign in</html>"))
		}, inventory.Front, "something in front of JumpServer answered: 200 (an HTML page)", maxTries},
		"truncated body": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", "500")
			_, _ = w.Write([]byte(good[:20]))
		}, inventory.Temporary, "broke off", maxTries},
		"half a document": {func(w http.ResponseWriter, _ *http.Request) { reply(w, 200, good[:20]) }, inventory.Temporary, "broke off", maxTries},
		"closed connection": {func(http.ResponseWriter, *http.Request) {
			panic(http.ErrAbortHandler)
		}, inventory.Temporary, "cannot be reached", maxTries},
		"wrong types": {answer(200, `{"id":7}`), inventory.Incomplete, "number", 1},
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://other.example"+r.URL.Path+"?token=abc", http.StatusMovedPermanently)
		}, inventory.Front, "redirects (301) to https://other.example/api/v1/orgs/orgs/current/: correct jumpserver.url: https://other.example (a signature cannot follow)", 1},
		"bad gateway": {answer(502, "upstream"), inventory.Front, "something in front of JumpServer answered: 502 upstream", maxTries},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(test.handler)
			defer server.Close()
			c := newStub(t).client(func(o *Options) { o.URL, o.Transport = server.URL, http.DefaultTransport })
			_, _, err := c.Organisation(t.Context())
			wantKind(t, err, test.kind, test.words)
			if got := c.Calls(); got != int64(test.tries) {
				t.Errorf("%d calls, want %d", got, test.tries)
			}
			if strings.Contains(err.Error(), "token") {
				t.Errorf("a query in %q", err)
			}
		})
	}
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	c := newStub(t).client(func(o *Options) { o.URL, o.Transport = "http://"+address, nil })
	_, err = c.Read(t.Context())
	wantKind(t, err, inventory.Temporary, "http://"+address, "refused")
}

func TestCertificate(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(answer(200, `{"id":"`+DefaultOrganisation+`","name":"DEFAULT"}`))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	for verify, kind := range map[bool]inventory.Kind{true: inventory.Invalid, false: ""} {
		c := newStub(t).client(func(o *Options) { o.URL, o.Transport, o.VerifySSL = server.URL, nil, verify })
		_, _, err := c.Organisation(t.Context())
		if inventory.KindOf(err) != kind {
			t.Errorf("verify %t: %v", verify, err)
		}
		c.Close()
	}
	c := newStub(t).client(func(o *Options) { o.URL, o.Transport = strings.Replace(server.URL, "https", "http", 1), nil })
	_, _, err := c.Organisation(t.Context())
	wantKind(t, err, inventory.Front, "HTTP request to an HTTPS server", "correct jumpserver.url: https://127.0.0.1:")
}

// The time-out of one try is temporary; the end of the caller's context is not.
func TestTimeouts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hanging := newStub(t)
		hanging.on("GET "+apiCurrent, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		c := hanging.client(func(o *Options) { o.RequestTimeout = 10 * time.Millisecond })
		_, _, err := c.Organisation(t.Context())
		wantKind(t, err, inventory.Temporary, "did not answer in time")
		if c.Calls() != maxTries {
			t.Errorf("%d calls", c.Calls())
		}
		c = hanging.client()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		_, _, err = c.Organisation(ctx)
		wantKind(t, err, inventory.Deadline)
		if c.Calls() != 1 || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%d calls, %v", c.Calls(), err)
		}
	})
}

func TestHugeAnswer(t *testing.T) {
	t.Parallel()
	b := &boundedBody{reader: strings.NewReader(strings.Repeat("x", 20)), remaining: 10, op: "list hosts"}
	err := json.NewDecoder(b).Decode(new(any))
	if err == nil {
		t.Fatal("no error")
	}
	b = &boundedBody{reader: strings.NewReader(`"` + strings.Repeat("x", 20) + `"`), remaining: 10, op: "list hosts"}
	wantKind(t, json.NewDecoder(b).Decode(new(any)), inventory.Incomplete, "list hosts", "64 MiB")
}

// asRecorded answers with a recording. JumpServer's pages were recorded by their length, or as a text.
func asRecorded(t *testing.T, status int, body []byte) http.HandlerFunc {
	t.Helper()
	var short struct {
		Page int `json:"_html_page"`
	}
	var text string
	switch {
	case json.Unmarshal(body, &short) == nil && short.Page > 0:
		text = map[int]string{404: notFound, 500: serverError}[status]
		if len(text) != short.Page {
			t.Fatalf("the page of %d has %d characters, that of the real server %d", status, len(text), short.Page)
		}
	case json.Unmarshal(body, &text) == nil && text != "":
	default:
		return answer(status, string(body))
	}
	return page(status, text)
}
