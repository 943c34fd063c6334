// Package httpxtest lets a client call a handler in memory, without a network: it is quick, and works in the virtual
// time of testing/synctest.
package httpxtest

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"time"
)

// Transport is an http.RoundTripper that hands requests to a handler. A request goes on there although its client has
// gone. Where the handler panics with http.ErrAbortHandler the connection breaks, after what it has written.
type Transport struct {
	Handler http.Handler
	// Go runs the handler; nil = in a goroutine of its own.
	Go func(func())
}

// RoundTrip implements http.RoundTripper.
func (t Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Context().Err() != nil {
		return nil, context.Cause(r.Context())
	}
	served, err := servedRequest(r)
	if err != nil {
		return nil, err
	}
	start := t.Go
	if start == nil {
		start = func(serve func()) {
			go serve()
		}
	}
	answer, done, broken := httptest.NewRecorder(), make(chan struct{}), false
	start(func() {
		defer close(done)
		defer func() {
			broken = recover() != nil
		}()
		t.Handler.ServeHTTP(answer, served)
	})
	select {
	case <-done:
	case <-r.Context().Done():
		return nil, context.Cause(r.Context())
	}
	return answerOf(r, answer, broken)
}

// servedRequest returns a request as a server reads it.
func servedRequest(r *http.Request) (*http.Request, error) {
	served := r.Clone(r.Context())
	served.RequestURI, served.RemoteAddr = r.URL.RequestURI(), "192.0.2.1:1234"
	if served.Host == "" {
		served.Host = r.URL.Host
	}
	served.Body = http.NoBody
	if r.Body == nil {
		return served, nil
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err == nil {
		served.Body = io.NopCloser(bytes.NewReader(body))
	}
	return served, err
}

func answerOf(r *http.Request, answer *httptest.ResponseRecorder, broken bool) (*http.Response, error) {
	if broken && answer.Body.Len() == 0 {
		return nil, io.EOF
	}
	resp := answer.Result()
	resp.Request = r
	if resp.Header.Get("Date") == "" { // as a server sets it
		resp.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	}
	if broken {
		resp.Body = io.NopCloser(io.MultiReader(answer.Body, brokenReader{}))
	}
	return resp, nil
}

// brokenReader is where an answer breaks off.
type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
