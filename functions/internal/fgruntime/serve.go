package fgruntime

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime/debug"
	"time"
)

// errNoEvent is the error of a poll without an event, as the platform may answer.
var errNoEvent = errors.New("the answer has no X-Cff-Request-Id")

// nextInvocation polls for an event. Only status 200 with a request id is one.
func (l pollLoop) nextInvocation(ctx context.Context) (Invocation, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, l.base+"request", nil)
	if err != nil {
		return Invocation{}, err
	}
	resp, err := l.client.Do(req)
	if err != nil {
		return Invocation{}, err
	}
	defer resp.Body.Close()
	event, err := io.ReadAll(resp.Body)
	h := resp.Header
	id := h.Get("X-Cff-Request-Id")
	switch {
	case resp.StatusCode != http.StatusOK:
		return Invocation{}, fmt.Errorf("status %d", resp.StatusCode)
	case id == "":
		return Invocation{}, errNoEvent
	case err != nil: // its time runs, but there is nothing to answer by
		return Invocation{}, fmt.Errorf("the event of request %s broke off: %w", id, err)
	}
	in := Invocation{RequestID: id, Event: event}
	in.AccessKey, in.SecretKey, in.SecurityToken = agencyCredentials(h)
	return in, nil
}

// agencyCredentials returns the credentials of the function's agency. The three headers that begin with X-CFF-Security
// belong together and win; those without are no longer maintained.
func agencyCredentials(h http.Header) (key, word, token string) {
	key = h.Get("X-CFF-Security-Access-Key")
	if key != "" {
		return key, h.Get("X-CFF-Security-Secret-Key"), h.Get("X-CFF-Security-Token")
	}
	return h.Get("X-CFF-Access-Key"), h.Get("X-CFF-Secret-Key"), h.Get("X-CFF-Security-Token")
}

func (l pollLoop) serveInvocation(ctx context.Context, in Invocation, handle Handler) {
	bounded, cancel := l.withDeadline(ctx)
	defer cancel()
	path, answer := "response/", []byte(nil)
	out, err := l.callHandler(bounded, in, handle)
	if err == nil {
		answer, err = json.Marshal(out)
	}
	if err != nil {
		path, answer = "error/", errorBody(err)
	}
	if err := l.postAnswer(context.WithoutCancel(ctx), path+url.PathEscape(in.RequestID), answer); err != nil {
		l.logLine("the answer to request " + in.RequestID + " was not taken: " + err.Error())
	}
}

// withDeadline returns a context that ends with the function's time, which began a moment ago.
func (l pollLoop) withDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	if l.timeout == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, l.timeout)
}

// panicError is the panic of a handler.
type panicError struct{ value any }

func (p panicError) Error() string { return fmt.Sprint(p.value) }

// callHandler runs the handler. A panic is an error of this event only.
func (l pollLoop) callHandler(ctx context.Context, in Invocation, handle Handler) (out any, err error) {
	defer func() {
		if value := recover(); value != nil {
			l.logLine(fmt.Sprintf("request %s: panic: %v\n%s", in.RequestID, value, debug.Stack()))
			err = panicError{value}
		}
	}()
	return handle(ctx, in)
}

// errorBody returns an error in the form of the runtime API.
func errorBody(err error) []byte {
	kind := "error"
	if errors.As(err, new(panicError)) {
		kind = "panic"
	}
	text, marshalErr := json.Marshal(map[string]string{"errorType": kind, "errorMessage": err.Error()})
	if marshalErr != nil { // cannot be: both are texts
		return []byte(`{"errorType":"error","errorMessage":""}`)
	}
	return text
}

// postTimeout bounds the sending of an answer: the platform's API is on the same machine.
const postTimeout = 10 * time.Second

func (l pollLoop) postAnswer(ctx context.Context, path string, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, postTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, l.base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := l.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body) // so that the connection can be used again
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", resp.StatusCode)
	}
	return nil
}

func (l pollLoop) logLine(text string) { fmt.Fprintln(l.log, "functiongraph: "+text) }
