package httpx

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/jms-sync/jms-sync/core/wait"
)

// NewTransport returns a pool of connections by a proxy; nil = straight, whatever the environment says. connect is
// the time for a connection, and again for its TLS.
func NewTransport(by ProxyFunc, connect time.Duration) *http.Transport {
	return &http.Transport{
		Proxy:               by,
		DialContext:         (&net.Dialer{Timeout: connect}).DialContext,
		TLSHandshakeTimeout: connect,
		IdleConnTimeout:     15 * time.Second,
	}
}

// NewClient returns a client that hands redirects to its caller.
func NewClient(by http.RoundTripper) *http.Client {
	return &http.Client{Transport: by, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
}

// NewCertPool returns the system's certificates and those of a text in PEM form; nil = the system's alone.
func NewCertPool(pem []byte) (*x509.CertPool, error) {
	if len(pem) == 0 {
		return nil, nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // a bare container has none
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("the CA file holds no certificate in PEM form")
	}
	return pool, nil
}

// ErrTooLarge is the error of an answer with more bytes than are taken.
var ErrTooLarge = errors.New("the answer is too large")

// NoAnswerError is the error of a request that got no answer, or no whole one.
type NoAnswerError struct{ Err error }

// Error returns the cause, which Diagnose words better.
func (e *NoAnswerError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *NoAnswerError) Unwrap() error { return e.Err }

// RoundTrip sends a request and returns its answer with the whole body, which the response gives once more. timeout is
// for all of it, to the last byte. Where that fails the error is a *NoAnswerError, or ErrTooLarge; the head of an
// answer that came is returned beside it.
func RoundTrip(by http.RoundTripper, req *http.Request, timeout time.Duration, maxBytes int64) (*http.Response, []byte, error) {
	ctx, cancel := context.WithTimeout(req.Context(), timeout)
	defer cancel()
	defer wait.Progress(ctx)
	sent := time.Now()
	resp, err := by.RoundTrip(req.WithContext(ctx))
	if err != nil {
		CountCall(ctx, req.URL.Host, time.Since(sent), 0, err)
		return nil, nil, &NoAnswerError{Err: errors.Join(ctx.Err(), err)}
	}
	defer func() { _ = resp.Body.Close() }() // it was only read
	body, err := ReadBody(resp, maxBytes)
	CountCall(ctx, req.URL.Host, time.Since(sent), resp.StatusCode, err)
	resp.Body = io.NopCloser(bytes.NewReader(body))
	if err != nil && !errors.Is(err, ErrTooLarge) {
		err = &NoAnswerError{Err: errors.Join(ctx.Err(), err)}
	}
	return resp, body, err
}

// ReadBody reads an answer to its end: all of it or an error, which is ErrTooLarge beyond maxBytes.
func ReadBody(resp *http.Response, maxBytes int64) ([]byte, error) {
	if resp.ContentLength > maxBytes {
		return nil, ErrTooLarge
	}
	var content bytes.Buffer
	if resp.ContentLength > 0 {
		content.Grow(int(resp.ContentLength) + bytes.MinRead)
	}
	_, err := content.ReadFrom(io.LimitReader(resp.Body, maxBytes+1))
	switch {
	case err != nil:
		return nil, err
	case int64(content.Len()) > maxBytes:
		return nil, ErrTooLarge
	}
	return content.Bytes(), nil
}
