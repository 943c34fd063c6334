package alibaba

import (
	"net/http"

	"github.com/jms-sync/jms-sync/core/cloud"
)

// strictTransport carries one SDK call. The SDK knows no context, follows redirects, takes an empty
// body for a success, and panics on error documents with a number as code. So this brings the context in
// and passes only 2xx answers with a whole body on to the SDK, which makes one request for a call. From
// the answer on until it frees it the call has its slot.
type strictTransport struct {
	cloud.StrictTransport
	slot cloud.Slot
}

// RoundTrip implements http.RoundTripper. An answer other than 2xx is a *cloud.APIError.
func (c *strictTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := c.StrictTransport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if err := c.slot.Acquire(c.Ctx); err != nil {
		return nil, err // alone: with an answer beside it net/http complains to the process's own log
	}
	return resp, nil
}
