package jumpserver

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/jms-sync/jms-sync/core/httpx"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// newTransport returns the transport to JumpServer, through the proxy that via chooses.
func newTransport(o Options, via httpx.ProxyFunc) (http.RoundTripper, error) {
	trusted, err := httpx.NewCertPool(o.CA)
	if err != nil {
		return nil, newError(inventory.Invalid, "jumpserver: "+err.Error(), nil)
	}
	t := httpx.NewTransport(via, orDefault(o.ConnectTimeout, defaultConnectTimeout))
	t.OnProxyConnectResponse = checkTunnel
	// The user may disable verification (verify_ssl), as for self-signed installations.
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: !o.VerifySSL, RootCAs: trusted} //nolint:gosec
	t.MaxIdleConns, t.MaxIdleConnsPerHost, t.IdleConnTimeout = maxIdleConns, maxIdleConns, 90*time.Second
	t.ForceAttemptHTTP2 = true
	return t, nil
}

// tunnelError is a proxy's refusal to connect to JumpServer; net/http's own error has only the text of the status.
type tunnelError struct {
	proxy  string // scheme and host
	status int
}

// Error returns what the proxy answered.
func (n *tunnelError) Error() string {
	return "the proxy " + n.proxy + " answered: " + strconv.Itoa(n.status) + " " + http.StatusText(n.status)
}

// checkTunnel checks a proxy's answer to CONNECT.
func checkTunnel(_ context.Context, to *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	return &tunnelError{proxy: withoutUserinfo(to), status: resp.StatusCode}
}

// withoutUserinfo returns an address without its user and password.
func withoutUserinfo(at *url.URL) string { return at.Scheme + "://" + at.Host }

// proxyOf returns the proxy that a request used; "" = none.
func (c *Client) proxyOf(req *http.Request) string {
	if c.chooseProxy == nil || req == nil || req.URL == nil {
		return ""
	}
	at, err := c.chooseProxy(req)
	if err != nil || at == nil {
		return ""
	}
	return withoutUserinfo(at)
}

// proxyError explains an error between us and the proxy; nil = it is another error.
func (c *Client) proxyError(op string, err error) error {
	var refused *tunnelError
	if errors.As(err, &refused) {
		advice := inventory.ProxyRefuses
		switch {
		case refused.status == http.StatusProxyAuthRequired:
			advice = inventory.ProxyLogin
		case refused.status >= http.StatusInternalServerError:
			advice = inventory.BehindIsDown
		}
		e := newError(inventory.Front, "jumpserver: "+op+": "+refused.Error()+"; "+c.adviceText(advice), nil)
		e.Advice = advice
		return e
	}
	var way *net.OpError
	if errors.As(err, &way) && way.Op == "proxyconnect" {
		e := newError(inventory.Temporary, "jumpserver: "+op+": the proxy of jumpserver.proxy, or of the environment, cannot be reached", way.Err)
		e.Advice = inventory.ProxyAway
		return e
	}
	return nil
}
