package alibaba

import (
	"context"
	"net/http"

	"github.com/jms-sync/jms-sync/core/cloud"
)

// courier carries one SDK call. The SDK knows no context, follows redirects, takes an empty
// body for a success, and panics on error documents with a number as code; so the context is
// brought in here, and only a 2xx answer with a whole body ever reaches the SDK.
// From then on until done the call has a place among those that turn their page into rows.
type courier struct {
	cloud.Courier
	reading chan struct{}
	placed  bool
}

// done gives the place back. The SDK makes one request for a call, and all in one goroutine.
func (c *courier) done() {
	if c.placed {
		<-c.reading
		c.placed = false
	}
}

// place waits for a place: for as long as others compute, never for the network.
func (c *courier) place(ctx context.Context) error {
	if c.placed {
		return nil
	}
	select {
	case c.reading <- struct{}{}:
		c.placed = true
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// RoundTrip implements http.RoundTripper. An answer other than 2xx is a *cloud.Refusal.
func (c *courier) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := c.Courier.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if err := c.place(c.Ctx); err != nil {
		return nil, err // alone: with an answer beside it net/http complains to the process's own log
	}
	return resp, nil
}
