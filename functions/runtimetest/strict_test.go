package runtimetest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// recordingTB is a TB that only listens.
type recordingTB struct{ n int }

func (*recordingTB) Helper() {}

func (n *recordingTB) Errorf(string, ...any) { n.n++ }

// newBareFake starts a fake without a program; the tests send requests by hand.
func newBareFake(t *testing.T) (*Runtime, *recordingTB) {
	t.Helper()
	tb := &recordingTB{}
	r, err := NewFC(tb)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r, tb
}

const invocationPath = "/2020-11-11/runtime/invocation/"

// sendRaw writes a request as it is and returns the reply.
func sendRaw(t *testing.T, r *Runtime, request string) *http.Response {
	t.Helper()
	conn, err := net.Dial("tcp", r.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
	})
	if _, err := io.WriteString(conn, strings.ReplaceAll(request, "\n", "\r\n")); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// rawPost is an answer as the SDK sends it.
func rawPost(path, body string) string {
	return fmt.Sprintf("POST %s%s HTTP/1.1\nHost: x\nContent-Type: application/json\nContent-Length: %d\n\n%s",
		invocationPath, path, len(body), body)
}

func TestUnknownCalls(t *testing.T) {
	t.Parallel()
	for _, request := range []string{
		"GET / HTTP/1.1\nHost: x\n\n",
		"GET /2020-11-11/runtime/init/error HTTP/1.1\nHost: x\n\n",
		"GET " + invocationPath + "next?wait=1 HTTP/1.1\nHost: x\n\n",
		"GET " + invocationPath + "x/response HTTP/1.1\nHost: x\n\n",
		rawPost("next", ""), rawPost("/response", "{}"), rawPost("x/respond", "{}"), rawPost("nobody/response", "{}"),
		rawPost("nobody/error", `{"errorMessage":"","errorType":""}`),
	} {
		r, tb := newBareFake(t)
		if resp := sendRaw(t, r, request); resp.StatusCode < 400 {
			t.Errorf("%q: status %d", request, resp.StatusCode)
		}
		if got := r.Unexpected(); len(got) != 1 || tb.n != 1 {
			t.Errorf("%q: noted %q, told %d times", request, got, tb.n)
		}
	}
}

// exchangeByHand invokes, takes the event by hand, answers, and returns what Invoke returned.
func exchangeByHand(t *testing.T, r *Runtime, answer func(id string)) (Answer, error) {
	t.Helper()
	type result struct {
		answer Answer
		err    error
	}
	got := make(chan result, 1)
	go func() {
		a, err := r.Invoke(t.Context(), []byte("event"), Options{})
		got <- result{a, err}
	}()
	next := sendRaw(t, r, "GET "+invocationPath+"next HTTP/1.1\nHost: x\n\n")
	body, err := io.ReadAll(next.Body)
	if err != nil || next.StatusCode != http.StatusOK || string(body) != "event" {
		t.Fatalf("next: %d %q %v", next.StatusCode, body, err)
	}
	answer(next.Header.Get("x-fc-request-id"))
	res := <-got
	return res.answer, res.err
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	const head = "POST " + invocationPath + "%s/%s HTTP/1.1\nHost: x\n"
	for _, c := range []struct{ name, what, rest, want string }{
		{"response", "response", "Content-Type: application/json\nContent-Length: 2\n\n{}", ""},
		{"empty response", "response", "Content-Type: application/json\nContent-Length: 0\n\n", ""},
		{"error", "error", "Content-Type: application/json\nContent-Length: 36\n\n" + `{"errorMessage":"m","errorType":"t"}`, ""},
		{"no type", "response", "Content-Length: 2\n\n{}", "content type"},
		{"other type", "response", "Content-Type: text/plain\nContent-Length: 2\n\n{}", "content type"},
		{"no length", "response", "Content-Type: application/json\n\n", "Content-Length"},
		{"chunked", "response", "Content-Type: application/json\nTransfer-Encoding: chunked\n\n2\n{}\n0\n\n", "Content-Length"},
		{"no JSON", "response", "Content-Type: application/json\nContent-Length: 2\n\nok", "not JSON"},
		{"no error", "error", "Content-Type: application/json\nContent-Length: 2\n\n{}", "errorType"},
		{"wrong error", "error", "Content-Type: application/json\nContent-Length: 2\n\n[]", "documented"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, tb := newBareFake(t)
			status := 0
			a, err := exchangeByHand(t, r, func(id string) {
				status = sendRaw(t, r, fmt.Sprintf(head, id, c.what)+c.rest).StatusCode
			})
			if c.want == "" {
				if err != nil || status != http.StatusOK || a.OK != (c.what == "response") || tb.n != 0 {
					t.Errorf("%d %+v %v %q", status, a, err, r.Unexpected())
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || status == http.StatusOK || tb.n != 1 {
				t.Errorf("%d %+v %v %q", status, a, err, r.Unexpected())
			}
		})
	}
}

func TestSecondAnswer(t *testing.T) {
	t.Parallel()
	r, tb := newBareFake(t)
	a, err := exchangeByHand(t, r, func(id string) {
		first, second := sendRaw(t, r, rawPost(id+"/response", "1")), sendRaw(t, r, rawPost(id+"/response", "2"))
		if first.StatusCode != http.StatusOK || second.StatusCode != http.StatusConflict {
			t.Errorf("status %d, then %d", first.StatusCode, second.StatusCode)
		}
	})
	if err != nil || string(a.Body) != "1" || tb.n != 1 {
		t.Errorf("%+v %v, told %d times", a, err, tb.n)
	}
}

func TestPollIsHeldOpen(t *testing.T) {
	t.Parallel()
	r, tb := newBareFake(t)
	conn, err := net.Dial("tcp", r.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET "+invocationPath+"next HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(200 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	n, err := conn.Read(make([]byte, 1))
	if timeout, ok := err.(net.Error); n != 0 || !ok || !timeout.Timeout() {
		t.Errorf("a poll without an event was answered: %d bytes, %v", n, err)
	}
	if len(r.Unexpected()) != 0 || tb.n != 0 {
		t.Errorf("unexpected: %q", r.Unexpected())
	}
}

func TestWhatCannotBeStarted(t *testing.T) {
	t.Parallel()
	r, _ := newBareFake(t)
	if _, err := r.Start(t.Context(), filepath.Join(t.TempDir(), "nothing"), nil); err == nil {
		t.Error("a program that does not exist was started")
	}
	broken := t.TempDir()
	if err := os.WriteFile(filepath.Join(broken, "main.go"), []byte("package main\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Build(t.Context(), t.TempDir(), filepath.Join(broken, "main.go"), Flags{Tags: []string{"x"}}); err == nil ||
		!strings.Contains(err.Error(), "function main is undeclared") {
		t.Errorf("build: %v", err)
	}
}

// TestNoFirstPoll: a program that never polls is an error at its end, or when the caller's context ends.
func TestNoFirstPoll(t *testing.T) {
	t.Parallel()
	r, err := NewFC(t)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	ended, err := r.Start(context.WithoutCancel(t.Context()), "/bin/false", nil)
	if err != nil {
		t.Skip(err) // no such program here
	}
	soon, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	if _, err := ended.FirstPoll(soon); err == nil || !strings.Contains(err.Error(), "never asked") {
		t.Errorf("a program that ended: %v", err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	silent := &Process{asked: make(chan struct{}), ended: make(chan struct{})}
	if _, err := silent.FirstPoll(over); !errors.Is(err, context.Canceled) {
		t.Errorf("a program that is silent: %v", err)
	}
}
