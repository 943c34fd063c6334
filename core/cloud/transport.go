package cloud

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/httpx"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// The time-outs of an account that configures none.
const (
	DefaultConnectTimeout = 5 * time.Second
	DefaultRequestTimeout = 10 * time.Second
)

// maxBodySize bounds one answer; a page of 100 instances has some 300 KB.
const maxBodySize = 32 << 20

// Endpoint is where an API is called; the zero one means the cloud's own hosts.
type Endpoint struct {
	Scheme string // "http" or "https"
	Host   string // host[:port]
}

// URL returns scheme://host, or "" for the cloud's own hosts.
func (e Endpoint) URL() string {
	if e.Host == "" {
		return ""
	}
	return e.Scheme + "://" + e.Host
}

// Endpoints say where the APIs of an account are called.
type Endpoints struct {
	all   Endpoint
	named map[string]Endpoint
}

// Of returns where a service is called, by its name in CloudInfo.Services; "" = what has no name of its own.
func (e Endpoints) Of(service string) Endpoint {
	at, named := e.named[service]
	if named {
		return at
	}
	return e.all
}

// IsOwn reports whether every API is called at the cloud's own hosts.
func (e Endpoints) IsOwn() bool { return e.all.Host == "" && len(e.named) == 0 }

// ParseEndpoints parses Account.Endpoint and Account.Endpoints. It fails with Invalid for a service that the cloud does
// not have, and for anything but http(s)://host[:port].
func ParseEndpoints(a Account, services []string) (Endpoints, error) {
	parsed := Endpoints{named: map[string]Endpoint{}}
	var err error
	if a.Endpoint != "" {
		parsed.all, err = parseEndpoint(a, "endpoint", a.Endpoint)
	}
	for service, address := range a.Endpoints {
		if !slices.Contains(services, service) {
			return Endpoints{}, newError(inventory.Invalid, "%s: account %s: endpoints has %q, but the services are %s", a.Cloud, a.Name, service, strings.Join(services, ", "))
		}
		at, bad := parseEndpoint(a, "endpoints."+service, address)
		parsed.named[service], err = at, cmp.Or(err, bad)
	}
	return parsed, err
}

func parseEndpoint(a Account, setting, address string) (Endpoint, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || (u.Path != "" && u.Path != "/") {
		return Endpoint{}, newError(inventory.Invalid, "%s: account %s: %s is not http(s)://host[:port]", a.Cloud, a.Name, setting)
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return Endpoint{}, newError(inventory.Invalid, "%s: account %s: %s begins neither with http:// nor with https://", a.Cloud, a.Name, setting)
	}
	return Endpoint{Scheme: u.Scheme, Host: u.Host}, nil
}

// AccountTransport returns what carries the requests of an account: its Transport, or else connections of its own, which
// its calls share, through its proxy (but for what NO_PROXY names). It fails with Invalid where the proxy is no address.
func AccountTransport(a Account) (http.RoundTripper, error) {
	if a.Transport != nil {
		return a.Transport, nil
	}
	proxy, err := httpx.NewProxyFunc(a.Proxy)
	if err != nil {
		return nil, newError(inventory.Invalid, "%s: account %s: %v", a.Cloud, a.Name, err)
	}
	transport := httpx.NewTransport(proxy, cmp.Or(a.ConnectTimeout, DefaultConnectTimeout))
	transport.MaxIdleConnsPerHost = 64 // an endpoint or a proxy is one host for all regions
	return transport, nil
}

// StrictTransport carries the requests of an SDK and passes only whole answers on to it. A redirect (which SDKs
// follow or take for an empty success), an empty success and one that is too big are an *APIError. It may be
// used by several goroutines at once.
type StrictTransport struct {
	// Ctx is the context of the one call that this transport is made for, where the SDK knows none;
	// nil = the request's own.
	Ctx     context.Context
	Base    http.RoundTripper
	Timeout time.Duration // of one request, from its start to the end of the answer; 0 = DefaultRequestTimeout
	// ParseError returns the error of an answer that is no success; nil = the SDK reads it.
	ParseError func(status int, body []byte) error
	// CheckBody returns the error of a success whose body is not what it should be; nil = the SDK checks it.
	CheckBody func(status int, body []byte) error
}

// RoundTrip implements http.RoundTripper.
func (c StrictTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if c.Ctx != nil {
		req = req.WithContext(c.Ctx)
	}
	clock := clockFromContext(req.Context())
	sent := clock.currentTime()
	resp, body, err := httpx.RoundTrip(c.Base, req, cmp.Or(c.Timeout, DefaultRequestTimeout), maxBodySize)
	if resp != nil {
		clock.observe(req.URL.Host, resp.Header, sent)
	}
	if errors.Is(err, httpx.ErrTooLarge) {
		return nil, &APIError{Status: resp.StatusCode, Kind: inventory.Incomplete, Message: "the answer is too big"}
	}
	if err != nil {
		return nil, err
	}
	if err := c.checkAnswer(resp.StatusCode, body); err != nil {
		return nil, err
	}
	return resp, nil
}

// checkAnswer refuses what must not reach the SDK.
func (c StrictTransport) checkAnswer(status int, body []byte) error {
	success := status >= 200 && status < 300
	switch {
	case status >= 300 && status < 400:
		return &APIError{Status: status, Kind: inventory.Incomplete, Message: "a redirect, which is not followed"}
	case !success && c.ParseError != nil:
		return c.ParseError(status, body)
	case success && len(bytes.TrimSpace(body)) == 0:
		return &APIError{Status: status, Kind: inventory.Incomplete, Message: "the answer is empty"}
	case success && c.CheckBody != nil:
		return c.CheckBody(status, body)
	}
	return nil
}
