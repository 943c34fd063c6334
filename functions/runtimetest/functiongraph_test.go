package runtimetest

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestFunctionGraph drives a program built on the project's own loop. It is built once.
func TestFunctionGraph(t *testing.T) {
	t.Parallel()
	program, err := Build(t.Context(), t.TempDir(), "./testdata/graphecho", Flags{})
	if err != nil {
		t.Fatal(err)
	}
	for name, check := range map[string]func(*testing.T, string){
		"context": testGraphContext, "errors": testGraphErrors, "SIGTERM": testGraphTerminate,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, program)
		})
	}
}

// graphAnswer is what graphecho answers.
type graphAnswer struct {
	In   struct{ RequestID, AccessKey, SecretKey, SecurityToken string }
	Text string
	Left time.Duration
	Env  []string
}

func testGraphContext(t *testing.T, program string) {
	r, p := startFake(t, NewFunctionGraph, program, []string{"COLOUR=red", "RUNTIME_CPU=300"}, TimeLimit(30*time.Second), EmptyPolls(200, 500))
	var got graphAnswer
	for _, old := range []bool{false, true} {
		a, err := r.Invoke(t.Context(), []byte("hello"), Options{KeyID: "k", KeySecret: "s", Token: "t", LegacyHeaders: old})
		if err != nil || !a.OK || json.Unmarshal(a.Body, &got) != nil {
			t.Fatalf("%+v %v", a, err)
		}
		if got.In.RequestID == "" || got.In.AccessKey != "k" || got.In.SecretKey != "s" || got.In.SecurityToken != "t" {
			t.Errorf("old %t: %+v", old, got.In)
		}
	}
	if got.Text != "hello" || got.Left < 20*time.Second || got.Left > 30*time.Second {
		t.Errorf("%q with %s left", got.Text, got.Left)
	}
	for _, want := range []string{
		"COLOUR=red", "RUNTIME_TIMEOUT=30", "RUNTIME_PROJECT_ID=" + FunctionGraphProject, "RUNTIME_API_ADDR=" + p.Addr(), "RUNTIME_CPU=300",
	} {
		if !slices.Contains(got.Env, want) {
			t.Errorf("%s is not in %q", want, got.Env)
		}
	}
	for _, o := range []Options{{Timeout: time.Second}, {Deadline: time.Now()}, {Kind: PreStop}} {
		if _, err := r.Invoke(t.Context(), nil, o); err == nil {
			t.Errorf("%+v is nothing that FunctionGraph does", o)
		}
	}
}

func testGraphErrors(t *testing.T, program string) {
	r, p := startFake(t, NewFunctionGraph, program, nil)
	for event, kind := range map[string]string{"fail": "error", "panic": "panic"} {
		a, err := r.Invoke(t.Context(), []byte(event), Options{})
		if err != nil || a.OK || a.ErrorType != kind || !strings.Contains("plain error at the disco", a.ErrorMessage) {
			t.Errorf("%s: %+v %v", event, a, err)
		}
	}
	if a, err := r.Invoke(t.Context(), []byte("still here"), Options{}); err != nil || !a.OK {
		t.Errorf("%+v %v", a, err)
	}
	if !strings.Contains(p.Stderr(), "panic: at the disco\n") || !strings.Contains(p.Stderr(), "graphecho/main.go") {
		t.Errorf("the log has no stack: %s", p.Stderr())
	}
}

// testGraphTerminate: a program that is at work when it must end still answers.
func testGraphTerminate(t *testing.T, program string) {
	r, p := startFake(t, NewFunctionGraph, program, nil)
	type result struct {
		answer Answer
		err    error
	}
	got := make(chan result, 1)
	go func() {
		a, err := r.Invoke(t.Context(), []byte("wait"), Options{})
		got <- result{a, err}
	}()
	for !strings.Contains(p.Stdout(), "got wait") {
		time.Sleep(5 * time.Millisecond)
	}
	if err := p.Terminate(); err != nil {
		t.Error(err)
	}
	if g := <-got; g.err != nil || g.answer.ErrorMessage != "context canceled" {
		t.Errorf("%+v %v", g.answer, g.err)
	}
	if !strings.Contains(p.Stdout(), "stopping <nil>") {
		t.Error(p.Output())
	}
}

func TestFunctionGraphIsStrict(t *testing.T) {
	t.Parallel()
	const run, sent = "/v1/runtime/invocation/", " HTTP/1.1\nHost: x\nContent-Type: application/json\n"
	for _, c := range []struct{ name, request, want string }{
		{"no such call", "GET " + run + "next HTTP/1.1\nHost: x\n\n", "no such call"},
		{"order", "POST " + run + "%s/response" + sent + "Content-Length: 2\n\n{}", "no such call"},
		{"no id", "POST " + run + "response/" + sent + "Content-Length: 2\n\n{}", "no such call"},
		{"good", "POST " + run + "response/%s" + sent + "Content-Length: 2\n\n{}", ""},
		{"error", "POST " + run + "error/%s" + sent + "Content-Length: 36\n\n" + `{"errorType":"t","errorMessage":"m"}`, ""},
		{"chunks", "POST " + run + "response/%s" + sent + "Transfer-Encoding: chunked\n\n2\n{}\n0\n\n", "Content-Length"},
		{"no error", "POST " + run + "error/%s" + sent + "Content-Length: 2\n\n{}", "errorType"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.name == "order" {
				c.request = strings.Replace(c.request, "%s", "someone", 1)
			}
			testStrictRequest(t, NewFunctionGraph, "GET "+run+"request HTTP/1.1\nHost: x\n\n", "X-Cff-Request-Id", c.request, c.want)
		})
	}
}
