package azure

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// strictTransport carries the requests of the SDK. It alone decides where they go: to the account's
// endpoint, if there is one, and else only to hosts of the account's cloud, because each request
// has a token or a secret in it. Only whole 2xx answers reach the SDK.
type strictTransport struct {
	base     cloud.StrictTransport
	endpoint cloud.Endpoint // takes all requests; zero = they go where they are addressed
	hosts    []string       // to which they may go then
	sender   responder
}

// responder is who answers a request.
type responder int

const (
	managerResponder   responder = iota // Resource Manager
	directoryResponder                  // Entra ID, for tokens of an application
	hostResponder                       // the platform, for tokens of the host's managed identity
)

func (g responder) givesTokens() bool { return g != managerResponder }

func (g responder) String() string {
	switch g {
	case directoryResponder:
		return "no token for the application: "
	case hostResponder:
		return "no token of a managed identity, which an account without a key is: "
	}
	return ""
}

// Do implements policy.Transporter.
func (t strictTransport) Do(req *http.Request) (*http.Response, error) {
	resp, err := t.roundTrip(req)
	recordLastError(req.Context(), err)
	return resp, err
}

func (t strictTransport) roundTrip(req *http.Request) (*http.Response, error) {
	switch {
	case t.endpoint.Host != "":
		req = req.Clone(req.Context())
		req.URL.Scheme, req.URL.Host, req.Host = t.endpoint.Scheme, t.endpoint.Host, ""
	case t.sender != hostResponder && (req.URL.Scheme != "https" || !slices.Contains(t.hosts, strings.ToLower(req.URL.Host))):
		return nil, t.newTransportError(inventory.Incomplete, "a request to another host than the cloud's own is not sent")
	}
	resp, err := t.base.RoundTrip(req)
	if err != nil {
		return nil, t.connectionError(req.Context(), err)
	}
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		return resp, nil
	}
	body, err := io.ReadAll(resp.Body) // it is in memory already
	if err != nil {
		return nil, t.connectionError(req.Context(), err)
	}
	return nil, newAPIError(resp, body, t.sender)
}

// connectionError separates the errors of cloud.StrictTransport from connections that fail.
func (t strictTransport) connectionError(ctx context.Context, err error) error {
	if r, ok := cloud.AsAPIError(err); ok {
		return &apiError{APIError: r, sender: t.sender}
	}
	var dial *net.OpError
	if t.sender == hostResponder && t.endpoint.Host == "" && ctx.Err() == nil && errors.As(err, &dial) && dial.Op == "dial" {
		return t.newTransportError(inventory.BadCredentials, "nothing answers at "+dial.Addr.String()+
			", where this host's should be; assign one, or give the account client id, client secret and tenant_id")
	}
	return err
}

func (t strictTransport) newTransportError(kind inventory.Kind, text string) error {
	return &apiError{APIError: &cloud.APIError{Kind: kind, Message: text}, sender: t.sender}
}

// lastError is why the last request of a call failed. azidentity makes texts of errors, and drops
// the errors.
type lastError struct {
	mu  sync.Mutex
	err error
}

type lastErrorKey struct{}

func withLastError(ctx context.Context) (context.Context, *lastError) {
	n := &lastError{}
	return context.WithValue(ctx, lastErrorKey{}, n), n
}

func recordLastError(ctx context.Context, err error) {
	if n, ok := ctx.Value(lastErrorKey{}).(*lastError); ok {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.err = err
	}
}

// preferRecorded returns the recorded error in place of what the SDK made of it.
func (n *lastError) preferRecorded(err error) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.err != nil {
		return n.err
	}
	return err
}
