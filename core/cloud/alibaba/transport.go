package alibaba

import (
	"context"
	"net/http"

	"github.com/jms-sync/jms-sync/core/cloud"
)

// strictTransport carries one SDK call. The SDK knows no context, follows redirects, takes an empty
// body for a success, and panics on error documents with a number as code; so the context is
// brought in here, and only a 2xx answer with a whole body ever reaches the SDK.
// From then on until done the call has a place among those that turn their page into rows.
type strictTransport struct {
	cloud.StrictTransport
	convertSlots chan struct{}
	hasSlot      bool
}

// freeSlot gives the place back. The SDK makes one request for a call, and all in one goroutine.
func (c *strictTransport) freeSlot() {
	if c.hasSlot {
		<-c.convertSlots
		c.hasSlot = false
	}
}

// acquireSlot waits for a place: for as long as others compute, never for the network.
func (c *strictTransport) acquireSlot(ctx context.Context) error {
	if c.hasSlot {
		return nil
	}
	select {
	case c.convertSlots <- struct{}{}:
		c.hasSlot = true
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// RoundTrip implements http.RoundTripper. An answer other than 2xx is a *cloud.APIError.
func (c *strictTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := c.StrictTransport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if err := c.acquireSlot(c.Ctx); err != nil {
		return nil, err // alone: with an answer beside it net/http complains to the process's own log
	}
	return resp, nil
}
