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

// refusal is an answer other than success, or one of success that is not JumpServer's. Code looks at
// its status and its JSON keys only: the texts follow the language of the request and the version of the server.
type refusal struct {
	status int
	keys   map[string]json.RawMessage // of a JSON object of JumpServer's; nil for anything else
	empty  bool                       // the answer had no body, which anybody may give
	said   string                     // the answer, cut, for people
	// front: something in front of JumpServer answered in its place. proxy is the one by which the request
	// went, "" where it went straight; advice and hint say what a person has to change.
	front  bool
	web    bool // it is JumpServer after all, but a page of its web interface, which no path of ours is
	proxy  string
	advice inventory.Advice
	hint   string
}

// Error says who said what.
func (r *refusal) Error() string {
	text := fmt.Sprintf("%s answered %d: %s", "JumpServer", r.status, r.said)
	if r.front {
		text = fmt.Sprintf("%s answered: %d %s", r.who(), r.status, r.said)
	}
	if r.hint != "" {
		text += "; " + r.hint
	}
	return text
}

func (r *refusal) who() string {
	switch {
	case r.web:
		return "JumpServer's web interface, not its API,"
	case r.proxy == "":
		return "something in front of JumpServer"
	case r.advice == inventory.ProxyLogin:
		return "the proxy " + r.proxy
	}
	return "the proxy " + r.proxy + ", or something else in front of JumpServer,"
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

// badRequest is refused for a 400 of JumpServer's only: what it says of single fields.
func badRequest(err error) *refusal {
	if r := refused(err); r != nil && r.status == http.StatusBadRequest && !r.front {
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
	got := newHeard(resp, body)
	if !got.own() {
		return c.fronted(op, got, resp, c.frontAdvice(got))
	}
	r := &refusal{status: resp.StatusCode, keys: got.keys, empty: len(got.body) == 0, said: got.describe(c.scrub)}
	e := fault(kindOf(resp.StatusCode), "jumpserver: "+op, r)
	switch e.Kind {
	case inventory.Throttled:
		e.RetryAfter = retryAfter(resp.Header.Get("Retry-After"), answeredAt(resp, c.now()))
	case inventory.BadCredentials:
		e.Message += ": the access key is unknown or switched off, or its secret is wrong"
		if got.fromElsewhere() {
			e.Advice, e.Message = inventory.AddressList, "jumpserver: "+op+": "+c.hint(inventory.AddressList)
		}
	case inventory.Denied:
		e.Message += ": the access key's user lacks a right"
	case inventory.NotFound:
		if got.html() && c.base.Path != "" { // JumpServer has no such page
			e.Advice, r.hint = inventory.OtherPath, c.hint(inventory.OtherPath)
		}
	}
	return e
}

// fronted is the error of an answer that is not JumpServer's. A 429 is obeyed, whoever says it.
func (c *Client) fronted(op string, got heard, resp *http.Response, advice inventory.Advice) error {
	e := fault(inventory.Front, "jumpserver: "+op, c.front(got, c.proxyOf(resp.Request), advice))
	e.Advice = advice
	if got.status == http.StatusTooManyRequests {
		e.Kind, e.RetryAfter = inventory.Throttled, retryAfter(resp.Header.Get("Retry-After"), answeredAt(resp, c.now()))
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
	if errors.As(err, &plain) || errors.Is(err, http.ErrSchemeMismatch) {
		e := fault(inventory.Invalid, "jumpserver: "+op+": "+c.host()+" does not speak TLS; is jumpserver.url http://?", err)
		e.Advice = inventory.WriteHTTP
		return e
	}
	if e := c.proxyFault(op, err); e != nil {
		return e
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fault(inventory.Temporary, "jumpserver: "+op+": "+c.host()+" did not answer in time"+c.elsewhere(), nil)
	}
	return fault(inventory.Temporary, "jumpserver: "+op+": "+c.host()+" cannot be reached"+c.elsewhere(), err)
}

// elsewhere reminds of a proxy that is configured, but not for JumpServer: until there was a setting of
// its own, it was.
func (c *Client) elsewhere() string {
	if !c.aside {
		return ""
	}
	return " (without the proxy of the setting proxy, which is for clouds and cards only; if JumpServer needs one, set jumpserver.proxy)"
}

// errForeign is the error of an answer of success that has none of the shapes of what was asked for.
var errForeign = errors.New("not what JumpServer answers")

// unreadable explains an answer of success whose body is not what it should be.
func (c *Client) unreadable(ctx context.Context, op string, resp *http.Response, body *boundedBody, err error) error {
	if ctx.Err() != nil {
		return ended(ctx)
	}
	got := newHeard(resp, body.head)
	foreign := errors.Is(err, errForeign) || got.html()
	if foreign && !marked(resp.Header) {
		return c.fronted(op, got, resp, c.pageAdvice(got))
	}
	var ours *inventory.Error
	var shape *json.UnmarshalTypeError
	switch {
	case errors.As(err, &ours):
		return err
	case errors.As(err, &shape):
		return fault(inventory.Incomplete, fmt.Sprintf("jumpserver: %s: the answer holds a %s in %q", op, shape.Value, shape.Field), nil)
	case foreign:
		return fault(inventory.Incomplete, "jumpserver: "+op+": the answer is "+errForeign.Error(), nil)
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

func cut(text string) string { return cutTo(maxSaid, text) }

func cutTo(most int, text string) string {
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most]) + "…"
}

func quote(text string) string { return strconv.Quote(cut(text)) }
