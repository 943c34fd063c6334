package jumpserver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/httpx"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/wait"
)

const (
	maxTries = 4
	// callBudget bounds all tries and the pauses between them, unless the configured time-out of one
	// try is longer. Waiting for the rate limiter does not count.
	callBudget    = 10 * time.Second
	maxWaits      = 10           // 429s that one call waits out while JumpServer refuses everybody, see rateLimiter.isHopeless
	maxWaitsInAll = 5 * maxWaits // otherwise
	maxBody       = 64 << 20     // bytes of one answer
)

// apiCall is one request of the API. It is repeated after a 5xx (from JumpServer or something in front
// of it), a time-out or a broken connection, if that is safe:
//
//   - GET and OPTIONS change nothing;
//   - POST of a node by full_value answers with the existing node (201, same id);
//   - POST of ids to park answers with a new spm, and the old one expires unused.
//
// A write of hosts (size) whose answer got lost is never repeated as it is: JumpServer may still be working
// on it, and people may change the assets meanwhile. Its error is Unanswered, and the caller reads back
// what happened. After an answer that says that nothing was changed (JumpServer's own 500), or if the request was never
// sent, it is repeated, unless noRetry says that even then the assets must be read again first.
type apiCall struct {
	op     string // for messages: "list hosts"
	method string
	path   string // below the URL, with its query; signed as it is sent
	body   any    // sent as JSON; nil = no body
	// read reads the body of a success; nil = it is discarded. A repeated call reads again.
	read func(*json.Decoder) error
	// precondition is called right before the request is sent, after any wait for the rate limiter: its error stops the
	// call. nil = none.
	precondition func() error
	// maybeDone is set if a try may have been carried out although it failed; may be nil.
	maybeDone *bool
	// noRetryOn500 says that a 500 is final, because the caller tries again in another form.
	noRetryOn500 bool
	// noRetry says that the call is not repeated, because the caller needs no answer or must read again first.
	noRetry bool
	// onFirst500 is called once, after the first 500; its error ends the call. It may be nil.
	onFirst500 func(ctx context.Context) error
	// size is set for writes of hosts.
	size writeSize
}

// doCall makes the call: at most maxTries tries, each in its turn of the rate limiter. No try starts after the time of all
// tries is over; a try that reads ends with that time, one that writes gets its own time.
func (c *Client) doCall(ctx context.Context, q apiCall) error {
	var body []byte
	if q.body != nil {
		var err error
		body, err = json.Marshal(q.body)
		if err != nil {
			return newError(inventory.Invalid, "jumpserver: "+q.op, err)
		}
	}
	waits := httpx.Backoff{First: 300 * time.Millisecond, Factor: 2, Max: 2 * time.Second}
	patience := c.tryTimeoutOf(q)
	left := max(callBudget, patience)
	for tries := 1; ; tries++ {
		if !q.size.isWrite() {
			patience = min(patience, left)
		}
		took, err := c.sendUnthrottled(ctx, q, body, patience)
		again := isRetryable(err)
		if q.maybeDone != nil && (again || inventory.KindOf(err) == inventory.Unanswered) {
			*q.maybeDone = true
		}
		if !again {
			return err
		}
		if q.onFirst500 != nil && isServerError(err) {
			if why := q.onFirst500(ctx); why != nil {
				return why
			}
			q.onFirst500 = nil
		}
		if q.isFinal(err) || q.noRetry {
			return err
		}
		next := waits.Next()
		left -= took + next
		if tries == maxTries || left <= 0 {
			return err
		}
		c.log.LogAttrs(ctx, slog.LevelDebug, "jumpserver call is tried again",
			slog.String("op", q.op), slog.Int("tries", tries), slog.Duration("pause", next), slog.String("error", err.Error()))
		if c.sleep(ctx, next) != nil || ctx.Err() != nil {
			return contextError(ctx)
		}
	}
}

// sendUnthrottled makes one try, and repeats it while JumpServer answers 429. took is the time of
// the last try alone.
func (c *Client) sendUnthrottled(ctx context.Context, q apiCall, body []byte, timeout time.Duration) (took time.Duration, err error) {
	number := c.limiter.nextNumber()
	for waits := 0; ; waits++ {
		sent, err := c.limiter.admit(ctx, q.op, number)
		if err != nil {
			return 0, err
		}
		if err := c.checkTimeLeft(ctx, q); err != nil {
			return 0, err
		}
		err = c.sendOnce(ctx, q, body, timeout)
		if inventory.KindOf(err) != inventory.Throttled {
			c.limiter.recordAnswer(sent, err == nil || asAPIError(err) != nil)
			return c.now().Sub(sent), err
		}
		c.recordThrottling(ctx, q, sent, err)
		if c.limiter.isHopeless() || waits == maxWaitsInAll {
			return 0, err
		}
	}
}

// checkTimeLeft refuses a write that is not expected to be answered in the remaining time.
func (c *Client) checkTimeLeft(ctx context.Context, q apiCall) error {
	end, bounded := ctx.Deadline()
	if !q.size.isWrite() || !bounded || time.Until(end) >= c.writeTimes.expectedTime(q.size) {
		return nil
	}
	return newError(inventory.Deadline, "jumpserver: "+q.op+": too little time is left for it", nil)
}

// isRetryable reports whether another try may succeed: after a transient error, and after a successful answer with a
// page, which an intermediary shows during maintenance, or once to check for a browser. A write without an answer
// must be read back first.
func isRetryable(err error) bool {
	if inventory.KindOf(err) == inventory.Unanswered {
		return false
	}
	r := asAPIError(err)
	return inventory.IsTransient(err) || r != nil && r.fromIntermediary && r.status < http.StatusMultipleChoices && r.advice != inventory.Blocked
}

func (q apiCall) isFinal(err error) bool {
	r := asAPIError(err)
	return q.noRetryOn500 && r != nil && r.status == http.StatusInternalServerError
}

// recordThrottling closes the rate limiter for all calls after a 429.
func (c *Client) recordThrottling(ctx context.Context, q apiCall, sent time.Time, err error) {
	var e *inventory.Error
	errors.As(err, &e) // always succeeds: the error has a kind
	after := c.limiter.recordRefusal(sent, e.RetryAfter)
	c.log.InfoContext(ctx, "JumpServer limits the number of requests", slog.String("op", q.op), slog.Duration("wait", after))
}

// sendOnce makes one try. Nothing is sent once the context is over.
func (c *Client) sendOnce(ctx context.Context, q apiCall, body []byte, timeout time.Duration) error {
	tryCtx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	defer wait.Progress(ctx)
	req, err := c.newRequest(tryCtx, q, body)
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return contextError(ctx)
	}
	if q.precondition != nil {
		if err := q.precondition(); err != nil {
			return err
		}
	}
	start := c.now()
	c.callCount.Add(1)
	resp, err := c.httpClient.Do(req)
	if err != nil {
		httpx.CountCall(ctx, req.URL.Host, c.now().Sub(start), 0, err)
		failed := c.unreachableError(ctx, q.op, err)
		return c.asUnanswered(q, c.now().Sub(start), isNeverSent(err, failed), failed)
	}
	defer func() { _ = resp.Body.Close() }()
	c.recordSkew(resp.Header, start)
	resp.Request = req // net/http sets it, transports of tests may not
	err = c.readAnswer(ctx, q, resp)
	took := c.now().Sub(start)
	httpx.CountCall(ctx, req.URL.Host, took, resp.StatusCode, nil)
	// The path is logged without its query, which may be long; headers are never logged.
	c.log.LogAttrs(ctx, slog.LevelDebug, "jumpserver call", slog.String("op", q.op), slog.String("method", q.method),
		slog.String("path", req.URL.Path), slog.Int("status", resp.StatusCode), slog.Duration("took", took))
	if err == nil {
		c.writeTimes.recordAnswered(q.size, took)
		return nil
	}
	return c.asUnanswered(q, took, isNotCarriedOut(resp.StatusCode, err), err)
}

// asUnanswered returns the error of a write as Unanswered, unless it shows that the write was not carried out.
func (c *Client) asUnanswered(q apiCall, took time.Duration, undone bool, err error) error {
	if undone || !q.size.isWrite() {
		return err
	}
	lost := newError(inventory.Unanswered, "jumpserver: "+q.op+" was sent and may have been carried out", err)
	lost.RetryAfter, lost.Advice = c.lateTimeOf(q.size, took), inventory.AdviceOf(err)
	c.writeTimes.recordTimeout(q.size, took)
	return lost
}

// isNeverSent reports whether an error without an answer means that there was no connection to send the request on; failed is
// its explanation, such as a bad certificate or a proxy's refusal.
func isNeverSent(err, failed error) bool {
	var dial *net.OpError
	kind := inventory.KindOf(failed)
	return kind == inventory.Invalid || kind == inventory.Front ||
		errors.As(err, &dial) && (dial.Op == "dial" || dial.Op == "proxyconnect")
}

// isNotCarriedOut reports whether a failed answer shows that JumpServer did not carry out the request: a
// 4xx, or its own 500, with which it rolls back. Other 5xx may come from an intermediary that had passed the
// request on; so may a 408, and a successful answer that is not JumpServer's, except a firewall's page.
func isNotCarriedOut(status int, err error) bool {
	switch {
	case status < http.StatusMultipleChoices:
		return inventory.AdviceOf(err) == inventory.Blocked
	case status == http.StatusInternalServerError:
		r := asAPIError(err)
		return r != nil && !r.fromIntermediary && !r.isEmpty
	}
	return status < 500 && status != http.StatusRequestTimeout
}

func (c *Client) newRequest(ctx context.Context, q apiCall, body []byte) (*http.Request, error) {
	target, err := url.Parse(c.baseURL.String() + q.path)
	if err != nil {
		return nil, newError(inventory.Invalid, "jumpserver: "+q.op+": no such address", nil)
	}
	if q.method == http.MethodDelete && !isSafeDelete(q.path) {
		return nil, newError(inventory.Invalid, "jumpserver: "+q.op+": only what was proved by an spm, or one label row, is sent with DELETE", nil)
	}
	req, err := http.NewRequestWithContext(ctx, q.method, target.String(), bytes.NewReader(body))
	if err != nil {
		return nil, newError(inventory.Invalid, "jumpserver: "+q.op+": the request cannot be made", nil)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Accept-Language", "en")
	req.Header.Set("User-Agent", "jms-sync")
	req.Header.Set("X-JMS-ORG", c.orgID)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	c.sign(req, c.now())
	return req, nil
}

// readAnswer reads the answer of one try.
func (c *Client) readAnswer(ctx context.Context, q apiCall, resp *http.Response) error {
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return c.readAPIError(q.op, resp)
	}
	bounded := &boundedBody{reader: resp.Body, remaining: maxBody, op: q.op}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if q.read == nil && kind != "text/html" {
		_, _ = io.Copy(io.Discard, bounded) // so that the connection can be reused
		return nil
	}
	if !strings.HasSuffix(kind, "json") {
		_, _ = io.CopyN(io.Discard, bounded, maxHeadLen)
		got := newRawAnswer(resp, bounded.head)
		return c.explainIntermediary(q.op, got, resp, c.pageAdvice(got))
	}
	if err := q.read(json.NewDecoder(bounded)); err != nil {
		return c.unreadableError(ctx, q.op, resp, bounded, err)
	}
	_, _ = io.Copy(io.Discard, bounded)
	return nil
}

// maxHeadLen is how much of an answer's beginning is kept to describe one that JumpServer did not send.
const maxHeadLen = 16 << 10

// boundedBody fails an answer that is larger than any of JumpServer's.
type boundedBody struct {
	reader    io.Reader
	remaining int
	op        string
	head      []byte // the first maxHeadLen bytes that were read
}

// Read implements io.Reader.
func (b *boundedBody) Read(p []byte) (int, error) {
	if b.remaining <= 0 {
		return 0, newError(inventory.Incomplete, fmt.Sprintf("jumpserver: %s: the answer is larger than %d MiB", b.op, maxBody>>20), nil)
	}
	n, err := b.reader.Read(p[:min(len(p), b.remaining)])
	b.remaining -= n
	if room := maxHeadLen - len(b.head); room > 0 {
		b.head = append(b.head, p[:min(n, room)]...)
	}
	return n, err
}

// decodeInto returns a reader of an answer that is one value; a repeated try starts from zero. If keys are
// given, the answer must be an object that has one of them, otherwise it is not JumpServer's.
func decodeInto[T any](into *T, keys ...string) func(*json.Decoder) error {
	return func(d *json.Decoder) error {
		var text json.RawMessage
		if err := d.Decode(&text); err != nil {
			return err
		}
		if len(keys) > 0 && !hasAnyKey(text, keys) {
			return errForeignAnswer
		}
		var value T
		err := json.Unmarshal(text, &value)
		var shape *json.UnmarshalTypeError
		if errors.As(err, &shape) && shape.Field == "" {
			return errForeignAnswer // for example an object instead of a list
		}
		if err != nil {
			return err
		}
		*into = value
		return nil
	}
}

// hasAnyKey reports whether a text is an object with one of these keys.
func hasAnyKey(text json.RawMessage, keys []string) bool {
	var object map[string]json.RawMessage
	if json.Unmarshal(text, &object) != nil {
		return false
	}
	return slices.ContainsFunc(keys, func(key string) bool {
		_, found := object[key]
		return found
	})
}
