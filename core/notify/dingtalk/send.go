package dingtalk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/jms-sync/jms-sync/core/httpx"
	"github.com/jms-sync/jms-sync/core/notify"
)

const (
	// maxNetworkTries and maxBusyTries are how often a message is sent in all: after a broken connection
	// or a 5xx, and after "system busy".
	maxNetworkTries, maxBusyTries = 3, 2
	firstRetryDelay               = 500 * time.Millisecond
	// banDuration is how long DingTalk blocks a robot that sent more than 20 messages in a minute.
	banDuration = 10 * time.Minute
	// maxResponseBytes bounds what is read of an answer; real ones are below 200 bytes.
	maxResponseBytes = 64 << 10
	maxQuotedBytes   = 200
)

// Send posts the message as a card. Only an answer with errcode 0 is success: DingTalk answers
// everything with 200, and its gateway's refusals have no errcode. If the connection breaks after
// DingTalk accepted the message it may appear twice, which is better than never.
func (r *Robot) Send(ctx context.Context, m notify.Message) error {
	body, err := r.encodeMessage(m)
	if err != nil {
		return err
	}
	waits := httpx.Backoff{First: firstRetryDelay, Factor: 2, Max: 2 * firstRetryDelay}
	for try := 1; ; try++ {
		tries, err := r.post(ctx, body)
		if err == nil || try >= tries || ctx.Err() != nil {
			return err
		}
		if r.sleep(ctx, waits.Next()) != nil {
			return err
		}
	}
}

// post makes one request. tries is how often such a request should be made in all, if it failed.
func (r *Robot) post(ctx context.Context, body []byte) (tries int, err error) {
	address, private := r.signedURL()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return 1, newConfigError("webhook cannot be asked")
	}
	request.Header.Set("Content-Type", "application/json;charset=utf-8")
	response, err := r.client.Do(request)
	if err != nil {
		return maxNetworkTries, newNetworkError(ctx, err, private)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := httpx.ReadBody(response, maxResponseBytes)
	if err != nil && !errors.Is(err, httpx.ErrTooLarge) { // a longer answer is not DingTalk's
		return maxNetworkTries, newNetworkError(ctx, err, private)
	}
	status := response.StatusCode
	switch {
	case status == http.StatusOK:
		return parseResponse(answer, private)
	case status == http.StatusTooManyRequests:
		return 1, &notify.Error{Kind: notify.RateLimited, Message: "HTTP 429"}
	case status >= http.StatusInternalServerError:
		return maxNetworkTries, &notify.Error{Kind: notify.Temporary, Message: fmt.Sprintf("HTTP %d", status)}
	case status >= http.StatusMultipleChoices && status < http.StatusBadRequest:
		return 1, newConfigError(fmt.Sprintf("HTTP %d: a redirect, which is not followed", status))
	default:
		return 1, newConfigError(fmt.Sprintf("HTTP %d", status))
	}
}

// parseResponse parses an answer. The numbers are documented; 410100 and the gateway's form were reported by others.
// An answer in another form is not quoted: a proxy's error page repeats the requested address.
func parseResponse(answer []byte, private []string) (tries int, err error) {
	var reply struct {
		Code    *int64 `json:"errcode"`
		Message string `json:"errmsg"`
		Status  int    `json:"status"` // of the gateway
		Wait    int    `json:"wait"`   // seconds
	}
	if json.Unmarshal(answer, &reply) != nil {
		return 1, &notify.Error{Kind: notify.Unknown, Message: "the answer is not DingTalk's"}
	}
	if reply.Code == nil && reply.Status == 0 {
		return 1, &notify.Error{Kind: notify.Unknown, Message: "the answer has no errcode"}
	}
	if reply.Code == nil {
		wait := max(0, min(reply.Wait, 24*60*60))
		return 1, &notify.Error{
			Kind: notify.RateLimited, RetryAfter: time.Duration(wait) * time.Second,
			Message: fmt.Sprintf("the gateway refuses messages (status %d)", reply.Status),
		}
	}
	refusal := &notify.Error{
		Kind: notify.InvalidConfig, Message: fmt.Sprintf("errcode %d: %s", *reply.Code, redactQuote(reply.Message, private)),
	}
	switch *reply.Code {
	case 0:
		return 1, nil
	case -1:
		refusal.Kind = notify.Temporary
		return maxBusyTries, refusal
	case 130101, 410100:
		refusal.Kind, refusal.RetryAfter = notify.RateLimited, banDuration
	}
	return 1, refusal
}

// newNetworkError describes a network error. It does not wrap it: the error names the address, and
// with it token and signature.
func newNetworkError(ctx context.Context, err error, private []string) error {
	if ctx.Err() != nil {
		return &notify.Error{Kind: notify.Temporary, Message: "not sent in time", Err: ctx.Err()}
	}
	return &notify.Error{Kind: notify.Temporary, Message: "not sent: " + redactQuote(httpx.Diagnose(err).Text, private)}
}

// redactQuote returns a foreign text as one short line without anything private.
func redactQuote(text string, private []string) string {
	return httpx.Truncate(httpx.NewScrubber(private...).Replace(httpx.OneLine(text)), maxQuotedBytes)
}
