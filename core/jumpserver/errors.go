package jumpserver

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// maxSaid is how many characters of an answer are repeated in a message.
const maxSaid = 300

func fault(kind inventory.Kind, message string, cause error) *inventory.Error {
	return &inventory.Error{Kind: kind, Message: message, Err: cause}
}

// refusal is an answer other than success. Code looks at its status and its JSON keys only:
// the texts follow the language of the request and the version of the server.
type refusal struct {
	status int
	keys   map[string]json.RawMessage // of a JSON object; nil for anything else
	said   string                     // the answer, cut, for people
}

// Error says what JumpServer said.
func (r *refusal) Error() string {
	return fmt.Sprintf("JumpServer answered %d: %s", r.status, r.said)
}

func (r *refusal) has(key string) bool { _, ok := r.keys[key]; return ok }

// overLimit tells whether a POST of a host met the limit of the licence (5000 assets in the
// community edition). Validation errors are keyed by field; this one is {"error": …} alone.
func (r *refusal) overLimit() bool {
	return r.status == http.StatusBadRequest && len(r.keys) == 1 && r.has("error")
}

// refused finds the refusal in an error; nil if JumpServer gave no such answer.
func refused(err error) *refusal {
	var r *refusal
	if errors.As(err, &r) {
		return r
	}
	return nil
}

// badRequest is refused for a 400 only: what JumpServer says of single fields.
func badRequest(err error) *refusal {
	if r := refused(err); r != nil && r.status == http.StatusBadRequest {
		return r
	}
	return nil
}

// readRefusal turns an answer other than success into an error with a kind.
func (c *Client) readRefusal(op string, resp *http.Response) error {
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		return c.redirected(op, resp)
	}
	// The texts of errors are short; a connection that breaks in the middle of one changes nothing.
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	r := &refusal{status: resp.StatusCode}
	if err := json.Unmarshal(body, &r.keys); err != nil {
		r.keys = nil
	}
	switch {
	case strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html"):
		r.said = "(an HTML page)"
	case len(body) == 0:
		r.said = "(nothing more)"
	default:
		r.said = cut(c.scrub(strings.Join(strings.Fields(strings.ToValidUTF8(string(body), "�")), " ")))
	}
	e := fault(kindOf(resp.StatusCode), "jumpserver: "+op, r)
	switch e.Kind {
	case inventory.Throttled:
		e.RetryAfter = retryAfter(resp.Header.Get("Retry-After"), answeredAt(resp, c.now()))
	case inventory.BadCredentials:
		e.Message += ": the access key is unknown or switched off, or its secret is wrong"
	case inventory.Denied:
		e.Message += ": the access key's user lacks a right"
	}
	return e
}

func kindOf(status int) inventory.Kind {
	switch {
	case status == http.StatusUnauthorized:
		return inventory.BadCredentials
	case status == http.StatusForbidden:
		return inventory.Denied
	case status == http.StatusNotFound:
		return inventory.NotFound
	case status == http.StatusTooManyRequests:
		return inventory.Throttled
	case status == http.StatusRequestTimeout, status >= 500:
		return inventory.Temporary
	}
	return inventory.Invalid
}

// redirected explains a redirect. It is never followed: the signature holds for the old path
// only, so that the next answer would be a misleading 401.
func (c *Client) redirected(op string, resp *http.Response) error {
	where := "elsewhere"
	if to, err := resp.Location(); err == nil {
		where = c.scrub((&url.URL{Scheme: to.Scheme, Host: to.Host, Path: to.Path}).String())
	}
	return fault(inventory.Invalid, fmt.Sprintf(
		"jumpserver: %s: %s redirects (%d) to %s; redirects are not followed, because the signature would be lost: correct jumpserver.url",
		op, c.host(), resp.StatusCode, where), nil)
}

// unreachable explains a request that got no answer. The parent context tells whether the caller
// ended it; anything else is worth another try, except what only a person can put right.
func (c *Client) unreachable(ctx context.Context, op string, err error) error {
	if ctx.Err() != nil {
		return ended(ctx)
	}
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err // its text repeats the whole URL
	}
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &certificate) {
		return fault(inventory.Invalid, "jumpserver: "+op+": the certificate of "+c.host()+" cannot be verified", err)
	}
	var plain tls.RecordHeaderError
	if errors.As(err, &plain) {
		return fault(inventory.Invalid, "jumpserver: "+op+": "+c.host()+" does not speak TLS; is jumpserver.url http://?", err)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fault(inventory.Temporary, "jumpserver: "+op+": "+c.host()+" did not answer in time", nil)
	}
	return fault(inventory.Temporary, "jumpserver: "+op+": "+c.host()+" cannot be reached", err)
}

// unreadable explains an answer of success whose body is not what it should be.
func (c *Client) unreadable(ctx context.Context, op string, err error) error {
	var ours *inventory.Error
	if errors.As(err, &ours) {
		return err
	}
	if ctx.Err() != nil {
		return ended(ctx)
	}
	var shape *json.UnmarshalTypeError
	if errors.As(err, &shape) {
		return fault(inventory.Incomplete, fmt.Sprintf("jumpserver: %s: the answer holds a %s in %q", op, shape.Value, shape.Field), nil)
	}
	return fault(inventory.Temporary, "jumpserver: "+op+": the answer of "+c.host()+" broke off or is not JSON", err)
}

// ended is the error of a call whose context is cancelled or over.
func ended(ctx context.Context) error {
	return fault(inventory.Deadline, "jumpserver: stopped", context.Cause(ctx))
}

func (c *Client) host() string { return c.base.Scheme + "://" + c.base.Host }

// retryAfter reads the header's two forms; 0 where there is none.
func retryAfter(text string, now time.Time) time.Duration {
	if n, err := strconv.Atoi(strings.TrimSpace(text)); err == nil && n >= 0 && n < 1<<31 {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return 0
}

// answeredAt returns the time of an answer by the server's clock, by which a Retry-After that is a
// date was reckoned; our own where the server does not tell it.
func answeredAt(resp *http.Response, now time.Time) time.Time {
	if at, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		return at
	}
	return now
}

func cut(text string) string {
	if utf8.RuneCountInString(text) <= maxSaid {
		return text
	}
	return string([]rune(text)[:maxSaid]) + "…"
}

func quote(text string) string { return strconv.Quote(cut(text)) }
