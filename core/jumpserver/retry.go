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

	"github.com/cenkalti/backoff/v5"

	"github.com/jms-sync/jms-sync/core/inventory"
)

const (
	maxTries = 4
	// callBudget is the time of all tries and of the pauses between them, where the configured time-out of one
	// try is not longer. Waiting for the pace is not counted.
	callBudget = 10 * time.Second
	maxWaits   = 10           // 429s that one call sits out where JumpServer refuses everybody, see pace.hopeless
	mostWaits  = 5 * maxWaits // where it does not
	maxBody    = 64 << 20     // bytes of one answer
)

// call is one request of the API. It is repeated after a 5xx (JumpServer's, or that of something in front
// of it), a time-out or a broken connection, if that is safe:
//
//   - GET and OPTIONS change nothing;
//   - POST of a node by full_value answers the node that is there (201, same id);
//   - POST of ids to be parked gives a new spm, and the old one expires unused.
//
// A write of hosts (effort) whose answer got lost is never repeated as it is: JumpServer may still be at work
// on it, and people may change the assets meanwhile. It is an error of kind Unanswered, and the caller reads back
// what became of it. After an answer that says that nothing was changed (its own 500) or a request that was never
// sent it is repeated, unless once says that even then the assets must be read again first.
type call struct {
	op     string // for messages: "list hosts"
	method string
	path   string // below the URL, with its query; signed as it is sent
	body   any    // sent as JSON; nil = no body
	// read takes the body of a success; nil = it is thrown away. A repeated call reads again.
	read func(*json.Decoder) error
	// still is asked right before the request leaves, after any wait for the pace: an error stops it. nil = it may
	// always leave.
	still func() error
	// unsure is set where a try may have been carried out although it failed; may be nil.
	unsure *bool
	// hasty: an answer 500 is final, because the caller tries again in another form.
	hasty bool
	// once: it is not repeated, because the caller does without an answer or must look again first.
	once bool
	// crashed is asked once, after the first answer 500: an error that it returns ends the call; may be nil.
	crashed func(ctx context.Context) error
	// effort is set for writes of hosts.
	effort effort
}

// do makes the call: at most maxTries tries, each at its turn of the pace. No try begins when the time for all
// of them is over; one that reads ends with it, one that writes gets its own time.
func (c *Client) do(ctx context.Context, q call) error {
	var body []byte
	if q.body != nil {
		var err error
		if body, err = json.Marshal(q.body); err != nil {
			return fault(inventory.Invalid, "jumpserver: "+q.op, err)
		}
	}
	pause := &backoff.ExponentialBackOff{InitialInterval: 300 * time.Millisecond, RandomizationFactor: 0.5, Multiplier: 2, MaxInterval: 2 * time.Second}
	pause.Reset()
	patience := c.patience(q)
	left := max(callBudget, patience)
	for tries := 1; ; tries++ {
		if !q.effort.write() {
			patience = min(patience, left)
		}
		took, err := c.answered(ctx, q, body, patience)
		again := mayPass(err)
		if q.unsure != nil && (again || inventory.KindOf(err) == inventory.Unanswered) {
			*q.unsure = true
		}
		if !again {
			return err
		}
		if q.crashed != nil && crashed(err) {
			if why := q.crashed(ctx); why != nil {
				return why
			}
			q.crashed = nil
		}
		if q.final(err) || q.once {
			return err
		}
		next := pause.NextBackOff()
		if left -= took + next; tries == maxTries || left <= 0 {
			return err
		}
		c.log.LogAttrs(ctx, slog.LevelDebug, "jumpserver call is tried again",
			slog.String("op", q.op), slog.Int("tries", tries), slog.Duration("pause", next), slog.String("error", err.Error()))
		if c.sleep(ctx, next) != nil || ctx.Err() != nil {
			return ended(ctx)
		}
	}
}

// answered makes one try that is not refused by a 429: it sits those out. took is the time of
// the try alone.
func (c *Client) answered(ctx context.Context, q call, body []byte, timeout time.Duration) (took time.Duration, err error) {
	number := c.pace.number()
	for waits := 0; ; waits++ {
		sent, err := c.pace.admit(ctx, q.op, number)
		if err != nil {
			return 0, err
		}
		if err := c.fitsIn(ctx, q); err != nil {
			return 0, err
		}
		err = c.send(ctx, q, body, timeout)
		if inventory.KindOf(err) != inventory.Throttled {
			c.pace.done(sent, err == nil || refused(err) != nil)
			return c.now().Sub(sent), err
		}
		c.wait(q, sent, err)
		if c.pace.hopeless() || waits == mostWaits {
			return 0, err
		}
	}
}

// fitsIn refuses a write that is not expected to be answered in the time that is left.
func (c *Client) fitsIn(ctx context.Context, q call) error {
	end, bounded := ctx.Deadline()
	if !q.effort.write() || !bounded || time.Until(end) >= c.costs.expected(q.effort) {
		return nil
	}
	return fault(inventory.Deadline, "jumpserver: "+q.op+": too little time is left for it", nil)
}

// mayPass reports whether another try may fare better: after what passes, and after a page with a status of
// success, which a front shows while it is being maintained, or wants to see a browser, for one request. What became
// of a write without an answer must be seen first.
func mayPass(err error) bool {
	if inventory.KindOf(err) == inventory.Unanswered {
		return false
	}
	r := refused(err)
	return inventory.Passing(err) || r != nil && r.front && r.status < http.StatusMultipleChoices && r.advice != inventory.Blocked
}

func (q call) final(err error) bool {
	r := refused(err)
	return q.hasty && r != nil && r.status == http.StatusInternalServerError
}

// wait closes the pace for everybody after a 429.
func (c *Client) wait(q call, sent time.Time, err error) {
	var e *inventory.Error
	errors.As(err, &e) // it is one, having a kind
	after := c.pace.throttled(sent, e.RetryAfter)
	c.log.Info("JumpServer limits the number of requests", slog.String("op", q.op), slog.Duration("wait", after))
}

// send makes one try. Nothing leaves once the context is over.
func (c *Client) send(ctx context.Context, q call, body []byte, timeout time.Duration) error {
	tryCtx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := c.request(tryCtx, q, body)
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ended(ctx)
	}
	if q.still != nil {
		if err := q.still(); err != nil {
			return err
		}
	}
	start := c.now()
	c.calls.Add(1)
	resp, err := c.http.Do(req)
	if err != nil {
		failed := c.unreachable(ctx, q.op, err)
		return c.lost(q, c.now().Sub(start), neverSent(err, failed), failed)
	}
	defer func() { _ = resp.Body.Close() }()
	c.dated(resp.Header, start)
	resp.Request = req // which net/http sets, and transports of tests may not
	err = c.answer(ctx, q, resp)
	took := c.now().Sub(start)
	// The path is logged without its query, which may be long; headers never are.
	c.log.LogAttrs(ctx, slog.LevelDebug, "jumpserver call", slog.String("op", q.op), slog.String("method", q.method),
		slog.String("path", req.URL.Path), slog.Int("status", resp.StatusCode), slog.Duration("took", took))
	if err == nil {
		c.costs.took(q.effort, took)
		return nil
	}
	return c.lost(q, took, unchanged(resp.StatusCode, err), err)
}

// lost makes the error of a write Unanswered where nothing says that it was not carried out.
func (c *Client) lost(q call, took time.Duration, undone bool, err error) error {
	if undone || !q.effort.write() {
		return err
	}
	lost := fault(inventory.Unanswered, "jumpserver: "+q.op+" was sent and may have been carried out", err)
	lost.RetryAfter, lost.Advice = c.late(q.effort, took), inventory.AdviceOf(err)
	c.costs.tookLonger(q.effort, took)
	return lost
}

// neverSent reports of an error without an answer whether there was no connection to send the request by; failed is
// what is said of it: of a certificate, or by a proxy.
func neverSent(err, failed error) bool {
	var dial *net.OpError
	kind := inventory.KindOf(failed)
	return kind == inventory.Invalid || kind == inventory.Front ||
		errors.As(err, &dial) && (dial.Op == "dial" || dial.Op == "proxyconnect")
}

// unchanged reports whether an answer that is an error says that JumpServer did not carry out the request: a
// 4xx, or its own 500, with which it rolls back. Other 5xx may come from something in front of it, after it took the
// request; so may a 408, and what is no success although its status says so, but for a firewall's page.
func unchanged(status int, err error) bool {
	switch {
	case status < http.StatusMultipleChoices:
		return inventory.AdviceOf(err) == inventory.Blocked
	case status == http.StatusInternalServerError:
		r := refused(err)
		return r != nil && !r.front && !r.empty
	}
	return status < 500 && status != http.StatusRequestTimeout
}

func (c *Client) request(ctx context.Context, q call, body []byte) (*http.Request, error) {
	target, err := url.Parse(c.base.String() + q.path)
	if err != nil {
		return nil, fault(inventory.Invalid, "jumpserver: "+q.op+": no such address", nil)
	}
	if q.method == http.MethodDelete && !provenDelete(q.path) {
		return nil, fault(inventory.Invalid, "jumpserver: "+q.op+": only what was proved by an spm, or one label row, is sent with DELETE", nil)
	}
	req, err := http.NewRequestWithContext(ctx, q.method, target.String(), bytes.NewReader(body))
	if err != nil {
		return nil, fault(inventory.Invalid, "jumpserver: "+q.op+": the request cannot be made", nil)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Accept-Language", "en")
	req.Header.Set("User-Agent", "jms-sync")
	req.Header.Set("X-JMS-ORG", c.org)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	c.sign(req, c.now())
	return req, nil
}

// answer reads the answer of one try.
func (c *Client) answer(ctx context.Context, q call, resp *http.Response) error {
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return c.readRefusal(q.op, resp)
	}
	bounded := &boundedBody{from: resp.Body, left: maxBody, op: q.op}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if q.read == nil && kind != "text/html" {
		_, _ = io.Copy(io.Discard, bounded) // lets the connection be used again
		return nil
	}
	if !strings.HasSuffix(kind, "json") {
		_, _ = io.CopyN(io.Discard, bounded, maxHead)
		got := newHeard(resp, bounded.head)
		return c.fronted(q.op, got, resp, c.pageAdvice(got))
	}
	if err := q.read(json.NewDecoder(bounded)); err != nil {
		return c.unreadable(ctx, q.op, resp, bounded, err)
	}
	_, _ = io.Copy(io.Discard, bounded)
	return nil
}

// maxHead is how much of an answer's beginning is kept, for what is said of one that is not JumpServer's.
const maxHead = 16 << 10

// boundedBody ends an answer that is larger than anything JumpServer has reason to send.
type boundedBody struct {
	from io.Reader
	left int
	op   string
	head []byte // the first maxHead bytes that were read
}

// Read implements io.Reader.
func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fault(inventory.Incomplete, fmt.Sprintf("jumpserver: %s: the answer is larger than %d MiB", b.op, maxBody>>20), nil)
	}
	n, err := b.from.Read(p[:min(len(p), b.left)])
	b.left -= n
	if room := maxHead - len(b.head); room > 0 {
		b.head = append(b.head, p[:min(n, room)]...)
	}
	return n, err
}

// decode is the reading of an answer that is one value; a repeated try starts from zero. Where keys are
// named, the answer is an object that has one of them, or not JumpServer's.
func decode[T any](into *T, keys ...string) func(*json.Decoder) error {
	return func(d *json.Decoder) error {
		var text json.RawMessage
		if err := d.Decode(&text); err != nil {
			return err
		}
		if len(keys) > 0 && !hasAny(text, keys) {
			return errForeign
		}
		var value T
		err := json.Unmarshal(text, &value)
		var shape *json.UnmarshalTypeError
		if errors.As(err, &shape) && shape.Field == "" {
			return errForeign // an object in place of a list, say
		}
		if err != nil {
			return err
		}
		*into = value
		return nil
	}
}

// hasAny reports whether a text is an object with one of these keys.
func hasAny(text json.RawMessage, keys []string) bool {
	var object map[string]json.RawMessage
	if json.Unmarshal(text, &object) != nil {
		return false
	}
	return slices.ContainsFunc(keys, func(key string) bool { _, there := object[key]; return there })
}
