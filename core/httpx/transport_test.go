package httpx_test

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/httpx"
	"github.com/jms-sync/jms-sync/core/wait"
)

const (
	wholeBody = "a whole body"
	maxBytes  = int64(len(wholeBody))
	testToken = "token-of-test"
)

// strictServer answers each path in its way, and fails the test on a request that it does not expect.
func strictServer(t *testing.T) string {
	t.Helper()
	ended := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /whole", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, wholeBody) })
	mux.HandleFunc("GET /chunks", func(w http.ResponseWriter, _ *http.Request) { writeChunks(w, wholeBody[:3], wholeBody[3:]) })
	mux.HandleFunc("GET /empty", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /refused", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusForbidden) })
	mux.HandleFunc("GET /elsewhere", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/followed", http.StatusFound) })
	mux.HandleFunc("GET /large", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, wholeBody+"!")
	})
	mux.HandleFunc("GET /large-chunks", func(w http.ResponseWriter, _ *http.Request) { writeChunks(w, wholeBody, "!") })
	mux.HandleFunc("GET /half", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "12")
		writeChunks(w, wholeBody[:3])
		panic(http.ErrAbortHandler)
	})
	mux.HandleFunc("GET /half-chunks", func(w http.ResponseWriter, _ *http.Request) {
		writeChunks(w, wholeBody[:3])
		panic(http.ErrAbortHandler)
	})
	mux.HandleFunc("GET /dropped", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	mux.HandleFunc("GET /silent", func(http.ResponseWriter, *http.Request) { <-ended })
	mux.HandleFunc("GET /stuck", func(w http.ResponseWriter, _ *http.Request) {
		writeChunks(w, wholeBody[:3])
		<-ended
	})
	mux.HandleFunc("/", func(_ http.ResponseWriter, r *http.Request) { t.Errorf("unexpected: %s %s", r.Method, r.URL) })
	server := httptest.NewUnstartedServer(mux)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	t.Cleanup(func() {
		close(ended)
		server.Close()
	})
	return server.URL
}

func writeChunks(w http.ResponseWriter, chunks ...string) {
	for _, chunk := range chunks {
		_, _ = io.WriteString(w, chunk)
		_ = http.NewResponseController(w).Flush()
	}
}

// newRequest asks for an address whose query holds a secret.
func newRequest(ctx context.Context, t *testing.T, address string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"?token="+testToken, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// TestRoundTrip: a whole body, of the size that is taken, or an error; redirects are the caller's.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	server := strictServer(t)
	for path, want := range map[string]struct {
		status int
		body   string
	}{
		"/whole": {200, wholeBody}, "/chunks": {200, wholeBody}, "/empty": {200, ""}, "/refused": {403, "no\n"},
		"/elsewhere": {302, "<a href"},
	} {
		noted := 0
		ctx := wait.WithProgress(t.Context(), func() {
			noted++
		})
		resp, body, err := httpx.RoundTrip(httpx.NewTransport(nil, time.Second), newRequest(ctx, t, server+path), time.Minute, 100)
		if noted != 1 {
			t.Errorf("%s: progress is noted %d times", path, noted)
		}
		if err != nil || resp.StatusCode != want.status || !strings.HasPrefix(string(body), want.body) {
			t.Errorf("%s: %q, %v", path, body, err)
			continue
		}
		if again, err := io.ReadAll(resp.Body); err != nil || string(again) != string(body) {
			t.Errorf("%s: the response gives %q, %v", path, again, err)
		}
	}
	for path, want := range map[string]httpx.Cause{
		"/half": httpx.Broken, "/half-chunks": httpx.Broken, "/dropped": httpx.Broken, "/silent": httpx.TimedOut, "/stuck": httpx.TimedOut,
	} {
		_, body, err := httpx.RoundTrip(httpx.NewTransport(nil, time.Second), newRequest(t.Context(), t, server+path), 200*time.Millisecond, maxBytes)
		var lost *httpx.NoAnswerError
		if !errors.As(err, &lost) || body != nil {
			t.Errorf("%s: %q, %v", path, body, err)
			continue
		}
		checkFailure(t, path, err, want, "")
	}
}

// TestBound: the largest body that is taken, and one byte more, which is not kept, whether its length was announced
// or not. The status tells who sent it.
func TestBound(t *testing.T) {
	t.Parallel()
	server := strictServer(t)
	for path, status := range map[string]int{"/whole": 0, "/chunks": 0, "/large": 202, "/large-chunks": 200} {
		resp, body, err := httpx.RoundTrip(httpx.NewTransport(nil, time.Second), newRequest(t.Context(), t, server+path), time.Minute, maxBytes)
		if status == 0 && (err != nil || string(body) != wholeBody) {
			t.Errorf("%s: %q, %v", path, body, err)
		}
		if status != 0 && (!errors.Is(err, httpx.ErrTooLarge) || body != nil || resp.StatusCode != status) {
			t.Errorf("%s: %q, %v", path, body, err)
		}
	}
}

// TestEndOfContext: the end of the caller's context is told as that, before and while an answer comes.
func TestEndOfContext(t *testing.T) {
	t.Parallel()
	server := strictServer(t)
	for _, path := range []string{"/silent", "/stuck"} {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		_, _, err := httpx.RoundTrip(httpx.NewTransport(nil, time.Second), newRequest(ctx, t, server+path), time.Minute, maxBytes)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestClientFollowsNothing: the strict server would tell.
func TestClientFollowsNothing(t *testing.T) {
	t.Parallel()
	resp, err := httpx.NewClient(httpx.NewTransport(nil, time.Second)).Do(newRequest(t.Context(), t, strictServer(t)+"/elsewhere"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusFound {
		t.Error(resp.Status)
	}
}

// TestByProxy: the proxy that is named is used, and nothing goes past one that is away.
func TestByProxy(t *testing.T) {
	setEnvironment(t, "", "")
	var carried atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Host == "there.invalid" && r.Header.Get("Proxy-Authorization") != "" {
			carried.Add(1)
		}
		_, _ = io.WriteString(w, wholeBody)
	}))
	defer proxy.Close()
	for host, want := range map[string]string{proxy.Listener.Addr().String(): wholeBody, unusedAddress(t): ""} {
		by, err := httpx.NewProxyFunc("http://user:" + testToken + "@" + host)
		if err != nil {
			t.Fatal(err)
		}
		_, body, err := httpx.RoundTrip(httpx.NewTransport(by, time.Second), newRequest(t.Context(), t, "http://there.invalid/whole"), time.Minute, maxBytes)
		if string(body) != want || (want == "") != (err != nil) {
			t.Errorf("by %s: %q, %v", host, body, err)
		}
		if err != nil {
			checkFailure(t, "a proxy that is away", err, httpx.Broken, "refused")
		}
	}
	if carried.Load() != 1 {
		t.Errorf("the proxy carried %d requests", carried.Load())
	}
}

// TestCertificates: a CA is trusted where it is named; else nothing is sent.
func TestCertificates(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	named := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	for i, ca := range [][]byte{nil, named} {
		pool, err := httpx.NewCertPool(ca)
		if err != nil || (pool == nil) != (ca == nil) {
			t.Fatal(err)
		}
		transport := httpx.NewTransport(nil, time.Second)
		transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool}
		_, _, err = httpx.RoundTrip(transport, newRequest(t.Context(), t, server.URL), time.Minute, maxBytes)
		if int(asked.Load()) != i || (err == nil) != (ca != nil) {
			t.Errorf("with a CA of %d bytes: %v", len(ca), err)
		}
		if err != nil {
			checkFailure(t, "a CA that is not known", err, httpx.BadCertificate, "certificate")
		}
	}
	if _, err := httpx.NewCertPool([]byte("no certificate")); err == nil || err.Error() != "the CA file holds no certificate in PEM form" {
		t.Error(err)
	}
}

// TestDiagnose: what fails before anything is sent, by a transport and by a client.
func TestDiagnose(t *testing.T) {
	t.Parallel()
	nobody := "http://" + unusedAddress(t)
	_, _, err := httpx.RoundTrip(httpx.NewTransport(nil, time.Second), newRequest(t.Context(), t, nobody), time.Minute, maxBytes)
	checkFailure(t, "nobody listens", err, httpx.Broken, "refused")
	client := httpx.NewClient(httpx.NewTransport(nil, time.Second))
	_, err = client.Do(newRequest(t.Context(), t, nobody)) //nolint:bodyclose // there is none
	checkFailure(t, "nobody listens to a client", err, httpx.Broken, "refused")
	client.Timeout = 100 * time.Millisecond
	_, err = client.Do(newRequest(t.Context(), t, strictServer(t)+"/silent")) //nolint:bodyclose // there is none
	checkFailure(t, "a client's own time", err, httpx.TimedOut, "no complete answer within the time-out")
	lookup := &net.DNSError{Err: "x", Name: "there.invalid", IsNotFound: true}
	checkFailure(t, "no name", &url.Error{URL: testToken, Err: &net.OpError{Op: "dial", Err: lookup}}, httpx.UnknownHost, "no such host there.invalid")
	lookup.IsNotFound = false
	checkFailure(t, "no resolver", &httpx.NoAnswerError{Err: lookup}, httpx.Broken, "lookup there.invalid: x")
}

// checkFailure wants a cause, and words without the request's address.
func checkFailure(t *testing.T, name string, err error, want httpx.Cause, says string) {
	t.Helper()
	failure := httpx.Diagnose(err)
	if failure.Cause != want || !strings.Contains(failure.Text, says) {
		t.Errorf("%s: cause %d, want %d: %s", name, failure.Cause, want, failure.Text)
	}
	if strings.Contains(failure.Text+failure.Err.Error(), testToken) {
		t.Errorf("%s: the address is told: %s", name, failure.Text)
	}
}

// unusedAddress is one where nobody listens.
func unusedAddress(t *testing.T) string {
	t.Helper()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = closed.Close() }()
	return closed.Addr().String()
}
