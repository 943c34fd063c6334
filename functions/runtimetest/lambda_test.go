package runtimetest

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// TestLambda drives a program built on the real SDK. It is built once.
func TestLambda(t *testing.T) {
	t.Parallel()
	program, err := Build(t.Context(), t.TempDir(), "./testdata/lambdaecho", Flags{})
	if err != nil {
		t.Fatal(err)
	}
	for name, check := range map[string]func(*testing.T, string){
		"context": testLambdaContext, "errors": testLambdaErrors, "too long": testLambdaTooLong, "SIGTERM": testLambdaTerminate, "vanish": testLambdaVanish,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, program)
		})
	}
}

// startFake starts a program against a fake of any platform.
func startFake(t *testing.T, open func(TB, ...Setting) (*Runtime, error), program string, env []string, settings ...Setting) (*Runtime, *Process) {
	t.Helper()
	r, err := open(t, settings...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	p, err := r.Start(context.WithoutCancel(t.Context()), program, env)
	if err != nil {
		t.Fatal(err)
	}
	return r, p
}

func testLambdaContext(t *testing.T, program string) {
	r, _ := startFake(t, NewLambda, program, nil)
	a, err := r.Invoke(t.Context(), []byte(`"hello"`), Options{Region: "eu-west-1", Account: "42", Timeout: 30 * time.Second})
	var got struct {
		Event   string
		Context lambdacontext.LambdaContext
		Left    time.Duration
	}
	if err != nil || !a.OK || json.Unmarshal(a.Body, &got) != nil {
		t.Fatalf("%+v %v", a, err)
	}
	if c := got.Context; c.AwsRequestID == "" || c.InvokedFunctionArn != "arn:aws:lambda:eu-west-1:42:function:jms-sync" {
		t.Errorf("%+v", c)
	}
	if got.Event != "hello" || got.Left < 20*time.Second || got.Left > 30*time.Second {
		t.Errorf("%q with %s left", got.Event, got.Left)
	}
	if _, err := r.Invoke(t.Context(), nil, Options{Kind: PreStop}); err == nil {
		t.Error("Lambda has no such kind of event")
	}
}

// testLambdaErrors: an error leaves the program alive, a panic ends it after its answer.
func testLambdaErrors(t *testing.T, program string) {
	r, p := startFake(t, NewLambda, program, nil)
	a, err := r.Invoke(t.Context(), []byte(`"fail"`), Options{})
	if err != nil || a.OK || a.ErrorMessage != "plain error" || a.ErrorType != "errorString" || a.StackTrace != nil {
		t.Errorf("error: %+v %v", a, err)
	}
	a, err = r.Invoke(t.Context(), []byte(`"panic"`), Options{})
	if err != nil || a.OK || a.ErrorMessage != "at the disco" || len(a.StackTrace) == 0 {
		t.Errorf("panic: %+v %v", a, err)
	}
	if why, err := p.Wait(t.Context()); err != nil || !strings.Contains(why, "exit status 1") {
		t.Errorf("%s %v", why, err)
	}
}

// testLambdaTooLong: an answer that is too long ends the program, too.
func testLambdaTooLong(t *testing.T, program string) {
	r, p := startFake(t, NewLambda, program, nil)
	if a, err := r.Invoke(t.Context(), []byte(`"much"`), Options{}); err == nil || !strings.Contains(err.Error(), "the platform takes 6291456") {
		t.Errorf("%+v %v", a.OK, err)
	}
	if why, err := p.Wait(t.Context()); err != nil || !strings.Contains(why, "413") {
		t.Errorf("%s %v", why, err)
	}
}

func testLambdaTerminate(t *testing.T, program string) {
	for env, want := range map[string]bool{"COLOUR=red": true, "DEAF=1": false} {
		r, p := startFake(t, NewLambda, program, []string{env})
		if _, err := r.Invoke(t.Context(), []byte(`"x"`), Options{}); err != nil {
			t.Fatal(err)
		}
		err := p.Terminate()
		if said := strings.Contains(p.Stdout(), "stopping"); said != want || (err == nil) != want {
			t.Errorf("%s: %v\n%s", env, err, p.Output())
		}
	}
}

// testLambdaVanish: the SDK ends the program once its runtime API is gone.
func testLambdaVanish(t *testing.T, program string) {
	r, p := startFake(t, NewLambda, program, nil)
	if _, err := p.FirstPoll(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.Vanish()
	if why, err := p.Wait(t.Context()); err != nil || !strings.Contains(why, "exit status 1") {
		t.Errorf("%s %v", why, err)
	}
}

// TestLambdaIsStrict: what the SDK never sends is refused and reported.
func TestLambdaIsStrict(t *testing.T) {
	t.Parallel()
	const run, agent = "/2018-06-01/runtime/invocation/", "User-Agent: aws-lambda-go/x\n"
	chunks := "Content-Type: application/json\nTransfer-Encoding: chunked\nTrailer: Lambda-Runtime-Function-Error-Type\n" + agent + "\n2\n{}\n0\n"
	for _, c := range []struct{ name, request, want string }{
		{"no such call", "GET /2020-11-11/runtime/invocation/next HTTP/1.1\nHost: x\n\n", "no such call"},
		{"init", "POST /2018-06-01/runtime/init/error HTTP/1.1\nHost: x\nContent-Length: 0\n\n", "no such call"},
		{"nameless extension", "POST /2020-01-01/extension/register HTTP/1.1\nHost: x\nContent-Length: 2\n\n{}", "without a name"},
		{"greedy extension", "POST /2020-01-01/extension/register HTTP/1.1\nHost: x\nLambda-Extension-Name: e\nContent-Length: 21\n\n" +
			`{"events":["INVOKE"]}`, "wants events"},
		{"unknown extension", "GET /2020-01-01/extension/event/next HTTP/1.1\nHost: x\n\n", "not registered"},
		{"chunks", "POST " + run + "%s/response HTTP/1.1\nHost: x\n" + chunks + "\n", ""},
		{"length", "POST " + run + "%s/response HTTP/1.1\nHost: x\nContent-Type: application/json\n" + agent + "Content-Length: 2\n\n{}", ""},
		{"broken off", "POST " + run + "%s/response HTTP/1.1\nHost: x\n" + chunks + "Lambda-Runtime-Function-Error-Type: X\n\n", "broke off: X"},
		{"no SDK", "POST " + run + "%s/response HTTP/1.1\nHost: x\nContent-Type: application/json\nContent-Length: 2\n\n{}", "not the SDK"},
		{"cause of no error", "POST " + run + "%s/response HTTP/1.1\nHost: x\nContent-Type: application/json\n" + agent +
			"Lambda-Runtime-Function-Xray-Error-Cause: {}\nContent-Length: 2\n\n{}", "X-Ray"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			testStrictRequest(t, NewLambda, "GET "+run+"next HTTP/1.1\nHost: x\n\n", "Lambda-Runtime-Aws-Request-Id", c.request, c.want)
		})
	}
}

// testStrictRequest sends one request by hand, as the answer to an invocation where it has a place for an id, and wants
// it refused with this word, or accepted.
func testStrictRequest(t *testing.T, open func(TB, ...Setting) (*Runtime, error), next, id, request, want string) {
	t.Helper()
	tb := &recordingTB{}
	r, err := open(tb)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	if strings.Contains(request, "%s") {
		done := make(chan error, 1)
		go func() {
			_, err := r.Invoke(t.Context(), []byte("{}"), Options{})
			done <- err
		}()
		request = strings.Replace(request, "%s", sendRaw(t, r, next).Header.Get(id), 1)
		defer func() {
			if err := <-done; (err == nil) != (want == "") {
				t.Errorf("Invoke: %v", err)
			}
		}()
	}
	status := sendRaw(t, r, request).StatusCode
	if got := strings.Join(r.Unexpected(), ";"); (status < 300) != (want == "") || !strings.Contains(got, want) || want == "" && got != "" {
		t.Errorf("status %d, noted %q", status, got)
	}
}
