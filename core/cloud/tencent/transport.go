package tencent

import (
	"net/http"

	"github.com/jms-sync/jms-sync/core/cloud"
)

// courier carries one SDK call and remembers why it failed, because the SDK keeps only the text of
// an error of its transport.
type courier struct {
	cloud.Courier
	failed error
}

// RoundTrip implements http.RoundTripper. An answer other than 2xx is a *cloud.Refusal. The SDK
// makes one request for a call, and all in one goroutine.
func (c *courier) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := c.Courier.RoundTrip(req)
	c.failed = err
	if err == nil {
		// Answers of this type the SDK does not search for errors before it hands them over, which
		// it does slowly, and with a panic on null. Nor does it take them for a stream of events.
		resp.Header.Set("Content-Type", "application/octet-stream")
	}
	return resp, err
}
