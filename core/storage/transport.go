package storage

import (
	"bytes"
	"cmp"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/jms-sync/jms-sync/core/httpx"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/secret"
)

const (
	defaultConnectTimeout = 5 * time.Second
	defaultRequestTimeout = 30 * time.Second
)

// Network is how a store is reached. The zero value is right for most.
type Network struct {
	Proxy          secret.Value  // http(s)://…, may hold a password; empty = HTTP_PROXY and HTTPS_PROXY; NO_PROXY holds for both
	ConnectTimeout time.Duration // 0 = 5 s
	RequestTimeout time.Duration // of one request with its whole answer; 0 = 30 s
}

// NewHTTPClient returns the HTTP client that all SDKs use: it holds the connections of one bucket, and is
// what makes three SDKs behave alike. Only a 2xx answer with a whole body of at most MaxObjectSize reaches
// an SDK; all else is an *APIError or a fault of the network. Redirects are not followed.
func NewHTTPClient(n Network) (*http.Client, error) {
	by, err := httpx.NewProxyFunc(n.Proxy.Reveal())
	if err != nil {
		return nil, newInvalidError(language.New(err.Error(), err.Error()))
	}
	base := httpx.NewTransport(by, cmp.Or(n.ConnectTimeout, defaultConnectTimeout))
	base.MaxIdleConnsPerHost = 8
	base.DisableCompression = true // an ETag is of the bytes as they are kept
	return &http.Client{Transport: strictTransport{base: base, timeout: cmp.Or(n.RequestTimeout, defaultRequestTimeout)}}, nil
}

type expectedRootKey struct{}

// WithExpectedRoot returns a context whose requests take no answer but an XML document with this root element.
// Without it an SDK takes an empty body or a web page for an empty list.
func WithExpectedRoot(ctx context.Context, root string) context.Context {
	return context.WithValue(ctx, expectedRootKey{}, root)
}

// strictTransport carries one request of an SDK.
type strictTransport struct {
	base    http.RoundTripper
	timeout time.Duration
}

// RoundTrip implements http.RoundTripper.
func (c strictTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.ContentLength == 0 {
		req = req.WithContext(req.Context()) // which is a copy
		req.Body = http.NoBody               // else an empty object is sent in chunks, without a length
	}
	resp, body, err := httpx.RoundTrip(c.base, req, c.timeout, MaxObjectSize)
	if errors.Is(err, httpx.ErrTooLarge) {
		return nil, newTooLargeError(resp.StatusCode)
	}
	if err != nil {
		return nil, err
	}
	status := resp.StatusCode
	switch {
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
