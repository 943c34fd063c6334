package alibaba

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

const (
	defaultConnectTimeout = 5 * time.Second
	defaultRequestTimeout = 10 * time.Second
	// maxAnswer bounds one answer; a page of 100 instances has some 300 KB.
	maxAnswer = 32 << 20
)

// place is where an account's APIs are asked: host "" = Alibaba's own hosts.
type place struct{ scheme, host string }

// parseEndpoint reads Account.Endpoint. The SDK wants the host without a scheme, and would speak
// plain HTTP by default; we do only where the endpoint says http://.
func parseEndpoint(account cloud.Account) (place, error) {
	if account.Endpoint == "" {
		return place{scheme: "HTTPS"}, nil
	}
	u, err := url.Parse(account.Endpoint)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || (u.Path != "" && u.Path != "/") {
		return place{}, &inventory.Error{Kind: inventory.Invalid,
			Message: "alibaba: account " + account.Name + ": endpoint is not http(s)://host[:port]"}
	}
	switch u.Scheme {
	case "http":
		return place{scheme: "HTTP", host: u.Host}, nil
	case "https":
		return place{scheme: "HTTPS", host: u.Host}, nil
	}
	return place{}, &inventory.Error{Kind: inventory.Invalid,
		Message: "alibaba: account " + account.Name + ": endpoint begins neither with http:// nor with https://"}
}

// newTransport makes the connections of one account. They are shared by its calls.
func newTransport(account cloud.Account) (*http.Transport, error) {
	proxy := http.ProxyFromEnvironment
	if account.Proxy != "" {
		u, err := url.Parse(account.Proxy)
		if err != nil || u.Host == "" {
			return nil, &inventory.Error{Kind: inventory.Invalid,
				Message: "alibaba: account " + account.Name + ": proxy is not http(s)://host[:port]"}
		}
		proxy = http.ProxyURL(u)
	}
	connect := cmp.Or(account.ConnectTimeout, defaultConnectTimeout)
	return &http.Transport{
		Proxy:               proxy,
		DialContext:         (&net.Dialer{Timeout: connect}).DialContext,
		TLSHandshakeTimeout: connect,
		MaxIdleConnsPerHost: 64, // where an endpoint or a proxy makes one host of all regions
		IdleConnTimeout:     15 * time.Second,
	}, nil
}

// courier carries one SDK call. The SDK knows no context, follows redirects, takes an empty
// body for a success, and panics on error documents with a number as code; so the context is
// brought in here, and only a 2xx answer with a whole body ever reaches the SDK.
// From then on until done the call has a place among those that turn their page into rows.
type courier struct {
	ctx     context.Context // of this one call; http.RoundTripper leaves no other way in
	base    http.RoundTripper
	timeout time.Duration
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
func (c *courier) place() error {
	if c.placed {
		return nil
	}
	select {
	case c.reading <- struct{}{}:
		c.placed = true
		return nil
	case <-c.ctx.Done():
		return c.ctx.Err()
	}
}

// RoundTrip implements http.RoundTripper. An answer other than 2xx is a *refusal.
func (c *courier) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(c.ctx, c.timeout)
	defer cancel()
	resp, err := c.base.RoundTrip(req.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }() // it was only read
	var content bytes.Buffer
	if n := resp.ContentLength; n > 0 && n <= maxAnswer {
		content.Grow(int(n) + bytes.MinRead)
	}
	_, err = content.ReadFrom(io.LimitReader(resp.Body, maxAnswer+1))
	body := content.Bytes()
	switch {
	case err != nil:
		return nil, errors.Join(ctx.Err(), err)
	case len(body) > maxAnswer:
		return nil, &refusal{status: resp.StatusCode, kind: inventory.Incomplete, text: "the answer is too big"}
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		return nil, &refusal{status: resp.StatusCode, kind: inventory.Incomplete, text: "a redirect, which is not followed"}
	case resp.StatusCode < 200 || resp.StatusCode >= 300:
		return nil, newRefusal(resp.StatusCode, body)
	case len(bytes.TrimSpace(body)) == 0:
		return nil, &refusal{status: resp.StatusCode, kind: inventory.Incomplete, text: "the answer is empty"}
	}
	if err := c.place(); err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}
