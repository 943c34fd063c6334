package cloudtest

import (
	"bytes"
	"io"
	"net/http"
)

// TransportFunc is a transport that answers without a network.
type TransportFunc func(*http.Request) (status int, body []byte)

// RoundTrip implements http.RoundTripper.
func (r TransportFunc) RoundTrip(req *http.Request) (*http.Response, error) {
	status, body := r(req)
	return &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", Request: req, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
	}, nil
}
