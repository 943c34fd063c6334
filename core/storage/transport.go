package storage

import (
	"bytes"
	"cmp"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/jms-sync/jms-sync/core/httpx"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

const (
	defaultConnectTimeout = 5 * time.Second
	defaultRequestTimeout = 30 * time.Second
)

// Network says how a store is reached. The zero value is right for most.
type Network struct {
	Proxy          secret.Value  // http(s)://…, may hold a password; empty = HTTP_PROXY and HTTPS_PROXY; NO_PROXY holds for both
	ConnectTimeout time.Duration // 0 = 5 s
	RequestTimeout time.Duration // of one request with its whole answer; 0 = 30 s
}

// NewHTTPClient makes the HTTP client that all SDKs use: it holds the connections of one bucket, and is
// what makes three SDKs behave alike. Only a 2xx answer with a whole body of at most MaxObjectSize reaches
// an SDK; all else is a *Refusal or a fault of the network. Redirects are not followed.
func NewHTTPClient(n Network) (*http.Client, error) {
	by, err := httpx.NewProxyFunc(n.Proxy.Reveal())
	if err != nil {
		return nil, newInvalidError("the proxy is not http(s)://host[:port]")
	}
	connect := cmp.Or(n.ConnectTimeout, defaultConnectTimeout)
	return &http.Client{Transport: strictTransport{
		base: &http.Transport{
			Proxy:               by,
			DialContext:         (&net.Dialer{Timeout: connect}).DialContext,
			TLSHandshakeTimeout: connect,
			MaxIdleConnsPerHost: 8,
			IdleConnTimeout:     15 * time.Second,
			DisableCompression:  true, // an ETag is of the bytes as they are kept
		},
		timeout: cmp.Or(n.RequestTimeout, defaultRequestTimeout),
	}}, nil
}

type expectedRootKey struct{}

// WithExpectedRoot says that the answer to requests made with the context is an XML document with this
// root element. Without it an SDK takes an empty body or a web page for an empty list.
func WithExpectedRoot(ctx context.Context, root string) context.Context {
	return context.WithValue(ctx, expectedRootKey{}, root)
}

// errConnection marks what went wrong between the store and here.
var errConnection = errors.New("the connection broke")

// strictTransport carries one request of an SDK.
type strictTransport struct {
	base    http.RoundTripper
	timeout time.Duration
}

// RoundTrip implements http.RoundTripper.
func (c strictTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(req.Context(), c.timeout)
	defer cancel()
	req = req.WithContext(ctx) // which is a copy
	if req.ContentLength == 0 {
		req.Body = http.NoBody // else an empty object is sent in chunks, without a length
	}
	resp, err := c.base.RoundTrip(req)
	if err != nil {
		return nil, errors.Join(ctx.Err(), errConnection, err)
	}
	defer func() { _ = resp.Body.Close() }() // it was only read
	if resp.ContentLength > MaxObjectSize {
		return nil, newTooLargeError(resp.StatusCode)
	}
	var content bytes.Buffer
	if resp.ContentLength > 0 {
		content.Grow(int(resp.ContentLength) + bytes.MinRead)
	}
	_, err = content.ReadFrom(io.LimitReader(resp.Body, MaxObjectSize+1))
	body := content.Bytes()
	switch status := resp.StatusCode; {
	case err != nil:
		return nil, errors.Join(ctx.Err(), errConnection, err)
	case len(body) > MaxObjectSize:
		return nil, newTooLargeError(status)
	case status == http.StatusNotModified:
		return nil, &APIError{Status: status}
	case status >= 300 && status < 400:
		r := newAPIError(resp, body)
		r.Kind, r.Text = inventory.Invalid, "a redirect, which is not followed: are region and endpoint those of the bucket?"
		return nil, r
	case status < 200 || status >= 300:
		return nil, newAPIError(resp, body)
	}
	if root, asked := req.Context().Value(expectedRootKey{}).(string); asked {
		if err := checkXML(body, root); err != nil {
			return nil, &APIError{Status: resp.StatusCode, Kind: inventory.Incomplete, Text: err.Error()}
		}
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

func newTooLargeError(status int) error {
	return &APIError{Status: status, Kind: inventory.Invalid, Text: fmt.Sprintf("it is larger than %d MiB", MaxObjectSize>>20)}
}

// checkXML checks that a body is one whole XML document with this root.
func checkXML(body []byte, root string) error {
	decoder := xml.NewDecoder(bytes.NewReader(body))
	seen := false
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) && seen {
			return nil
		}
		if err != nil {
			return errors.New("the answer is not a whole XML document")
		}
		if element, ok := token.(xml.StartElement); ok && !seen {
			seen = true
			if element.Name.Local != root {
				return errors.New("the answer is not a " + root)
			}
		}
	}
}
