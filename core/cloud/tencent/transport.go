package tencent

import (
	"net/http"

	"github.com/jms-sync/jms-sync/core/cloud"
)

// strictTransport carries one SDK call and keeps the error of its connection, of which the SDK keeps only
// the text.
type strictTransport struct {
	cloud.StrictTransport
	failure error
}

// RoundTrip implements http.RoundTripper. An answer other than 2xx is a *cloud.APIError. The SDK
// makes one request for a call, and all in one goroutine.
func (c *strictTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := c.StrictTransport.RoundTrip(req)
	c.failure = err
	if err == nil {
		// The SDK does not search answers of this type for errors, which it does slowly, and with a panic on null,
		// before it passes them on. Nor does it take them for a stream of events.
		resp.Header.Set("Content-Type", "application/octet-stream")
	}
	return resp, err
}
