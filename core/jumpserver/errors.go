package jumpserver

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"unicode/utf8"

	"github.com/jms-sync/jms-sync/core/httpx"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// maxQuotedLen is how many characters of an answer a message repeats.
const maxQuotedLen = 300

func newError(kind inventory.Kind, message string, cause error) *inventory.Error {
	return &inventory.Error{Kind: kind, Message: message, Err: cause}
}

// apiError is an answer other than success, or a success that JumpServer did not send. Code decides by
// its status and its JSON keys only: texts depend on the language of the request and the version of the server.
type apiError struct {
	status  int
	keys    map[string]json.RawMessage // of a JSON object from JumpServer; nil for anything else
	isEmpty bool                       // the answer had no body, so anybody may have sent it
	text    string                     // the answer, shortened, for people
	// fromIntermediary says that something in front of JumpServer answered in its place. proxy is the one that the request
	// used, "" = none; advice and hint say what a person has to change.
	fromIntermediary bool
	isWebPage        bool // JumpServer answered, but with a page of its web interface, which no path of ours is
	proxy            string
	advice           inventory.Advice
	hint             string
}

// Error returns who answered and what.
func (r *apiError) Error() string {
	text := fmt.Sprintf("%s answered %d: %s", "JumpServer", r.status, r.text)
	if r.fromIntermediary {
		text = fmt.Sprintf("%s answered: %d %s", r.sender(), r.status, r.text)
	}
	if r.hint != "" {
		text += "; " + r.hint
	}
	return text
}

func (r *apiError) sender() string {
	switch {
	case r.isWebPage:
		return "JumpServer's web interface, not its API,"
	case r.proxy == "":
		return "something in front of JumpServer"
	case r.advice == inventory.ProxyLogin:
		return "the proxy " + r.proxy
	}
	return "the proxy " + r.proxy + ", or something else in front of JumpServer,"
}

func (r *apiError) hasKey(key string) bool { _, ok := r.keys[key]; return ok }

// isOverLimit reports whether a POST of a host exceeded the limit of the licence (5000 assets in the
// community edition). Validation errors are keyed by field; this one is {"error": …} alone.
func (r *apiError) isOverLimit() bool {
	return r.status == http.StatusBadRequest && len(r.keys) == 1 && r.hasKey("error")
}

// asAPIError returns the apiError in an error; nil if there is none.
func asAPIError(err error) *apiError {
	var r *apiError
	if errors.As(err, &r) {
		return r
	}
	return nil
}

// asBadRequest returns the apiError of a 400 by JumpServer itself, which describes single fields; nil for anything else.
func asBadRequest(err error) *apiError {
	if r := asAPIError(err); r != nil && r.status == http.StatusBadRequest && !r.fromIntermediary {
		return r
	}
	return nil
}

// readAPIError turns an answer other than success into an error with a kind.
func (c *Client) readAPIError(op string, resp *http.Response) error {
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		return c.redirectError(op, resp)
	}
	// The texts of errors are short; a connection that breaks off within one changes nothing.
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	got := newRawAnswer(resp, body)
	if !got.isFromJumpServer() {
		return c.explainIntermediary(op, got, resp, c.statusAdvice(got))
	}
	r := &apiError{status: resp.StatusCode, keys: got.keys, isEmpty: len(got.body) == 0, text: got.describe(c.scrub)}
	e := newError(kindOfStatus(resp.StatusCode), "jumpserver: "+op, r)
	switch e.Kind {
	case inventory.Throttled:
		e.RetryAfter = httpx.RetryAfter(resp.Header, c.now())
	case inventory.BadCredentials:
		e.Message += ": the access key is unknown or switched off, or its secret is wrong"
		if got.isForbiddenAddress() {
			e.Advice, e.Message = inventory.AddressList, "jumpserver: "+op+": "+c.adviceText(inventory.AddressList)
		}
	case inventory.Denied:
		e.Message += ": the access key's user lacks a right"
	case inventory.NotFound:
		if got.isHTML() && c.baseURL.Path != "" { // JumpServer itself has no such page
			e.Advice, r.hint = inventory.OtherPath, c.adviceText(inventory.OtherPath)
		}
	}
	return e
}

// explainIntermediary returns the error of an answer that JumpServer did not send. A 429 is obeyed, whoever sent it.
func (c *Client) explainIntermediary(op string, got rawAnswer, resp *http.Response, advice inventory.Advice) error {
	e := newError(inventory.Front, "jumpserver: "+op, c.newIntermediaryError(got, c.proxyOf(resp.Request), advice))
	e.Advice = advice
	if got.status == http.StatusTooManyRequests {
		e.Kind, e.RetryAfter = inventory.Throttled, httpx.RetryAfter(resp.Header, c.now())
	}
	return e
}

func kindOfStatus(status int) inventory.Kind {
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

// unreachableError explains a request that got no answer. If the parent context is over, the caller
// ended it; anything else is worth another try, except what only a person can fix.
func (c *Client) unreachableError(ctx context.Context, op string, err error) error {
	if ctx.Err() != nil {
		return contextError(ctx)
	}
	failure := httpx.Diagnose(err)
	err = failure.Err
	if failure.Cause == httpx.BadCertificate {
		return newError(inventory.Invalid, "jumpserver: "+op+": the certificate of "+c.hostName()+" cannot be verified", err)
	}
	var plain tls.RecordHeaderError
	if errors.As(err, &plain) || errors.Is(err, http.ErrSchemeMismatch) {
		e := newError(inventory.Invalid, "jumpserver: "+op+": "+c.hostName()+" does not speak TLS; is jumpserver.url http://?", err)
		e.Advice = inventory.WriteHTTP
		return e
	}
	if e := c.proxyError(op, err); e != nil {
		return e
	}
	if failure.Cause == httpx.TimedOut {
		return newError(inventory.Temporary, "jumpserver: "+op+": "+c.hostName()+" did not answer in time"+c.otherProxyHint(), nil)
	}
	return newError(inventory.Temporary, "jumpserver: "+op+": "+c.hostName()+" cannot be reached"+c.otherProxyHint(), err)
}

// otherProxyHint mentions a proxy that is configured, but not for JumpServer: earlier versions used it
// for JumpServer too.
func (c *Client) otherProxyHint() string {
	if !c.otherProxy {
		return ""
	}
	return " (without the proxy of the setting proxy, which is for clouds and cards only; if JumpServer needs one, set jumpserver.proxy)"
}

// errForeignAnswer is the cause where a successful answer has none of the expected shapes.
var errForeignAnswer = errors.New("not what JumpServer answers")

// unreadableError explains a successful answer whose body is not what it should be.
func (c *Client) unreadableError(ctx context.Context, op string, resp *http.Response, body *boundedBody, err error) error {
	if ctx.Err() != nil {
		return contextError(ctx)
	}
	got := newRawAnswer(resp, body.head)
	foreign := errors.Is(err, errForeignAnswer) || got.isHTML()
	if foreign && !hasJumpServerCookie(resp.Header) {
		return c.explainIntermediary(op, got, resp, c.pageAdvice(got))
	}
	var ours *inventory.Error
	var shape *json.UnmarshalTypeError
	switch {
	case errors.As(err, &ours):
		return err
	case errors.As(err, &shape):
		return newError(inventory.Incomplete, fmt.Sprintf("jumpserver: %s: the answer holds a %s in %q", op, shape.Value, shape.Field), nil)
	case foreign:
		return newError(inventory.Incomplete, "jumpserver: "+op+": the answer is "+errForeignAnswer.Error(), nil)
	}
	return newError(inventory.Temporary, "jumpserver: "+op+": the answer of "+c.hostName()+" broke off or is not JSON", err)
}

// contextError returns the error of a call whose context is cancelled or over.
func contextError(ctx context.Context) error {
	return newError(inventory.Deadline, "jumpserver: stopped", context.Cause(ctx))
}

func (c *Client) hostName() string { return c.baseURL.Scheme + "://" + c.baseURL.Host }

func truncate(text string) string { return truncateTo(maxQuotedLen, text) }

func truncateTo(most int, text string) string {
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most]) + "…"
}

func quote(text string) string { return strconv.Quote(truncate(text)) }
