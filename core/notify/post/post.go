// Package post is the part of a channel that is the same for all that take a message as one HTTP request: proxy, time-outs,
// tries after a broken connection, and errors that name no secret. What an answer means is each channel's own.
package post

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/jms-sync/jms-sync/core/httpx"
	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/wait"
)

const (
	// maxNetworkTries and maxBusyTries are how often a message is sent in all: after a broken connection
	// or a 5xx, and after an answer that says "busy".
	maxNetworkTries, maxBusyTries = 3, 2
	firstRetryDelay               = 500 * time.Millisecond
	defaultTimeout                = 10 * time.Second
	// maxResponseBytes bounds what is read of an answer; real ones are below 1 KB.
	maxResponseBytes = 64 << 10
	maxQuotedBytes   = 200
)

// Options replace what tests control; the zero value is right for everything else.
type Options struct {
	Proxy     string            // http(s)://…; "" = HTTP(S)_PROXY of the process; NO_PROXY applies to both
	Timeout   time.Duration     // of one request; 0 = 10 s
	Transport http.RoundTripper // nil = a new one, with Proxy
	Now       func() time.Time
	Sleep     func(ctx context.Context, d time.Duration) error // returns early when ctx ends
}

// Sender sends requests. It follows no redirect: a token must not reach another host. It is safe for concurrent use.
type Sender struct {
	client *http.Client
	now    func() time.Time
	sleep  func(context.Context, time.Duration) error
}

// NewSender returns a sender. Its errors are of kind InvalidConfig.
func NewSender(o Options) (*Sender, error) {
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.Transport == nil {
		by, err := httpx.NewProxyFunc(o.Proxy)
		if err != nil {
			return nil, NewConfigError(err.Error())
		}
		transport := httpx.NewTransport(by, o.Timeout)
		transport.ForceAttemptHTTP2 = true
		transport.DisableKeepAlives = true // a function is frozen between two messages, and a kept connection would be dead
		o.Transport = transport
	}
	s := &Sender{client: httpx.NewClient(o.Transport), now: o.Now, sleep: o.Sleep}
	s.client.Timeout = o.Timeout
	if s.now == nil {
		s.now = time.Now
	}
	if s.sleep == nil {
		s.sleep = wait.For
	}
	return s, nil
}

// Now returns the time of the sender's clock, for signatures.
func (s *Sender) Now() time.Time { return s.now() }

// Request is a message as one HTTP request.
type Request struct {
	Method  string // "" = POST
	Address string
	Header  http.Header // "" Content-Type = JSON
	Body    []byte
	Private []string // what no error may show: tokens, keys, signatures; the path of an address that is a secret itself
	// Judge returns what an answer means, nil = the message was accepted. It gets each answer with a status below 500 that is
	// no redirect and not 429; quote scrubs what it quotes of it. nil = each status of the 200s is accepted.
	Judge func(status int, answer []byte, quote func(string) string) *notify.Error
}

// Send sends a request, again after a broken connection, a status of the 500s, or an answer that says Temporary. If the
// connection breaks after the message was accepted it may arrive twice, which is better than never.
func (s *Sender) Send(ctx context.Context, r Request) error {
	waits := httpx.Backoff{First: firstRetryDelay, Factor: 2, Max: 2 * firstRetryDelay}
	for try := 1; ; try++ {
		tries, err := s.sendOnce(ctx, r)
		if err == nil {
			return nil
		}
		if try >= tries || ctx.Err() != nil || s.sleep(ctx, waits.Next()) != nil {
			return err
		}
	}
}

// sendOnce makes one request. tries is how often such a request should be made in all, if it failed.
func (s *Sender) sendOnce(ctx context.Context, r Request) (tries int, err error) {
	request, err := r.build(ctx)
	if err != nil {
		return 1, NewConfigError("the address cannot be asked")
	}
	response, err := s.client.Do(request)
	if err != nil {
		return maxNetworkTries, r.networkError(ctx, err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := httpx.ReadBody(response, maxResponseBytes)
	if err != nil && !errors.Is(err, httpx.ErrTooLarge) { // a longer answer is not the channel's
		return maxNetworkTries, r.networkError(ctx, err)
	}
	return r.judge(response, answer)
}

func (r Request) build(ctx context.Context) (*http.Request, error) {
	method := r.Method
	if method == "" {
		method = http.MethodPost
	}
	request, err := http.NewRequestWithContext(ctx, method, r.Address, bytes.NewReader(r.Body))
	if err != nil {
		return nil, err
	}
	for key, values := range r.Header {
		request.Header[key] = values
	}
	if request.Header.Get("Content-Type") == "" {
		request.Header.Set("Content-Type", "application/json;charset=utf-8")
	}
	return request, nil
}

// judge returns what an answer means.
func (r Request) judge(response *http.Response, answer []byte) (tries int, err error) {
	status := response.StatusCode
	switch {
	case status == http.StatusTooManyRequests:
		return 1, &notify.Error{Kind: notify.RateLimited, Message: "HTTP 429", RetryAfter: retryAfter(response.Header)}
	case status >= http.StatusInternalServerError:
		return maxNetworkTries, &notify.Error{Kind: notify.Temporary, Message: fmt.Sprintf("HTTP %d", status)}
	case status >= http.StatusMultipleChoices && status < http.StatusBadRequest:
		return 1, NewConfigError(fmt.Sprintf("HTTP %d: a redirect, which is not followed", status))
	case r.Judge == nil && status >= http.StatusBadRequest:
		return 1, NewConfigError(fmt.Sprintf("HTTP %d", status))
	case r.Judge == nil:
		return 1, nil
	}
	refusal := r.Judge(status, answer, r.quote)
	switch {
	case refusal == nil:
		return 1, nil
	case refusal.Kind == notify.Temporary:
		return maxBusyTries, refusal
	}
	return 1, refusal
}

// defaultRetryAfter is how long a channel is left alone that takes no more messages and does not say for how long.
const defaultRetryAfter = time.Minute

// retryAfter returns how long the other side wants to be left alone, a day at most.
func retryAfter(h http.Header) time.Duration {
	seconds, err := time.ParseDuration(h.Get("Retry-After") + "s")
	if err != nil || seconds <= 0 {
		return defaultRetryAfter
	}
	return min(seconds, 24*time.Hour)
}

// networkError describes a network error. It does not wrap it: the error names the address, and with it what is secret in
// it.
func (r Request) networkError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return &notify.Error{Kind: notify.Temporary, Message: "not sent in time", Err: ctx.Err()}
	}
	return &notify.Error{Kind: notify.Temporary, Message: "not sent: " + r.quote(httpx.Diagnose(err).Text)}
}

// quote returns a foreign text as one short line without anything private.
func (r Request) quote(text string) string {
	return httpx.Truncate(httpx.NewScrubber(r.Private...).Replace(httpx.OneLine(text)), maxQuotedBytes)
}

// NewConfigError returns an error of kind InvalidConfig.
func NewConfigError(text string) error {
	return &notify.Error{Kind: notify.InvalidConfig, Message: text}
}
