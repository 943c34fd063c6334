package tencent

import (
	"net/http"

	"github.com/jms-sync/jms-sync/core/cloud"
)

// strictTransport carries one SDK call and remembers why it failed, because the SDK keeps only the text of
// an error of its transport.
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
		// Answers of this type the SDK does not search for errors before it hands them over, which
		// it does slowly, and with a panic on null. Nor does it take them for a stream of events.
		resp.Header.Set("Content-Type", "application/octet-stream")
	}
	return resp, err
}
