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

// transporter carries the requests of the SDK. It alone decides where they go: to the account's
// endpoint, if there is one, and else only to hosts of the account's cloud, because each request
// has a token or a secret in it. Only whole 2xx answers reach the SDK.
type transporter struct {
	by    cloud.Courier
	at    cloud.Endpoint // where all goes; zero = to where it is addressed
	hosts []string       // to which it may go then
	from  giver
}

// giver tells who is asked.
type giver int

const (
	manager   giver = iota // Resource Manager
	directory              // Entra ID, for tokens of an application
	host                   // the platform, for tokens of the host's managed identity
)

func (g giver) token() bool { return g != manager }

func (g giver) String() string {
	switch g {
	case directory:
		return "no token for the application: "
	case host:
		return "no token of a managed identity, which an account without a key is: "
	}
	return ""
}

// Do implements policy.Transporter.
func (t transporter) Do(req *http.Request) (*http.Response, error) {
	resp, err := t.carry(req)
	note(req.Context(), err)
	return resp, err
}

func (t transporter) carry(req *http.Request) (*http.Response, error) {
	switch {
	case t.at.Host != "":
		req = req.Clone(req.Context())
		req.URL.Scheme, req.URL.Host, req.Host = t.at.Scheme, t.at.Host, ""
	case t.from != host && (req.URL.Scheme != "https" || !slices.Contains(t.hosts, strings.ToLower(req.URL.Host))):
		return nil, t.refuse(inventory.Incomplete, "a request to another host than the cloud's own is not sent")
	}
	resp, err := t.by.RoundTrip(req)
	if err != nil {
		return nil, t.failed(req.Context(), err)
	}
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		return resp, nil
	}
	body, err := io.ReadAll(resp.Body) // which the courier has read already
	if err != nil {
		return nil, t.failed(req.Context(), err)
	}
	return nil, newRefusal(resp, body, t.from)
}

// failed tells the courier's refusals from connections that fail.
func (t transporter) failed(ctx context.Context, err error) error {
	if r, ok := cloud.AsRefusal(err); ok {
		return &refusal{Refusal: r, from: t.from}
	}
	var dial *net.OpError
	if t.from == host && t.at.Host == "" && ctx.Err() == nil && errors.As(err, &dial) && dial.Op == "dial" {
		return t.refuse(inventory.BadCredentials, "nothing answers at "+dial.Addr.String()+
			", where this host's should be; assign one, or give the account client id, client secret and tenant_id")
	}
	return cloud.Unanswered{Err: err}
}

func (t transporter) refuse(kind inventory.Kind, text string) error {
	return &refusal{Refusal: &cloud.Refusal{Kind: kind, Text: text}, from: t.from}
}

// notes is why the last request of a call failed. azidentity makes texts of errors, and drops
// the errors.
type notes struct {
	mu  sync.Mutex
	err error
}

type notesKey struct{}

func noting(ctx context.Context) (context.Context, *notes) {
	n := &notes{}
	return context.WithValue(ctx, notesKey{}, n), n
}

func note(ctx context.Context, err error) {
	if n, ok := ctx.Value(notesKey{}).(*notes); ok {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.err = err
	}
}

// instead gives the noted error in place of what the SDK made of it.
func (n *notes) instead(err error) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.err != nil {
		return n.err
	}
	return err
}
