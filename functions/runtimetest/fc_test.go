package runtimetest

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aliyun/fc-runtime-go-sdk/fccontext"
)

// echoAnswer is what testdata/echo answers.
type echoAnswer struct {
	Event    string
	Context  fccontext.FcContext
	Left     time.Duration
	Begin    time.Time
	End      time.Time
	Settings []string
}

// TestFC drives a program built on the real SDK. It is built once.
func TestFC(t *testing.T) {
	t.Parallel()
	program, err := Build(t.Context(), t.TempDir(), "./testdata/echo", Flags{})
	if err != nil {
		t.Fatal(err)
	}
	for name, check := range map[string]func(*testing.T, string){
		"context": testEventContext, "errors": testFailures, "hooks": testHooks, "side by side": testConcurrentEvents,
		"one at a time": testOneAtATime, "exit": testExits, "one of two ends": testOneOfTwoDies, "restart": testRestart, "late": testLateAnswer,
		"given up": testGivenUp, "close": testClose, "first poll": testFirstPoll,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, program)
		})
	}
}

// openEcho starts a fake with the program running.
func openEcho(t *testing.T, program string, settings ...Setting) (*Runtime, *Process) {
	t.Helper()
	r, err := NewFC(t, settings...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r, runProgram(t, r, program)
}

func runProgram(t *testing.T, r *Runtime, program string) *Process {
	t.Helper()
	// Not the test's context: that ends before Close, and Close is what must stop the program.
	p, err := r.Start(context.WithoutCancel(t.Context()), program, []string{"COLOUR=red"})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func askEcho(t *testing.T, r *Runtime, event string, o Options) echoAnswer {
	t.Helper()
	a, err := r.Invoke(t.Context(), []byte(event), o)
	if err != nil || !a.OK || a.Late {
		t.Fatalf("%q: %+v %v", event, a, err)
	}
	var got echoAnswer
	if err := json.Unmarshal(a.Body, &got); err != nil {
		t.Fatal(err)
	}
	return got
}

func testEventContext(t *testing.T, program string) {
	r, p := openEcho(t, program)
	got := askEcho(t, r, "hello", Options{
		Timeout: 30 * time.Second, KeyID: "STS.x", KeySecret: "s", Token: "tok", Region: "cn-beijing",
		Account: "42", RetryCount: 2,
	})
	c := got.Context
	if want := (fccontext.Credentials{AccessKeyId: "STS.x", AccessKeySecret: "s", SecurityToken: "tok"}); c.Credentials != want {
		t.Errorf("credentials %+v", c.Credentials)
	}
	if c.Region != "cn-beijing" || c.AccountId != "42" || c.RetryCount != 2 || c.RequestID == "" {
		t.Errorf("context %+v", c)
	}
	if c.Function.Name != "jms-sync" || c.Function.Handler != "bootstrap" || c.Function.Memory != "512" || c.Function.Timeout != 30 {
		t.Errorf("function %+v", c.Function)
	}
	if c.Service.Qualifier != "LATEST" || c.Service.VersionId != "1" {
		t.Errorf("service %+v", c.Service)
	}
	if got.Event != "hello" || got.Left < 25*time.Second || got.Left > 30*time.Second {
		t.Errorf("%q with %s left", got.Event, got.Left)
	}
	if want := []string{"COLOUR=red", "FC_RUNTIME_API=" + p.Addr()}; !reflect.DeepEqual(got.Settings, want) {
		t.Errorf("environment %q", got.Settings)
	}
	plain := askEcho(t, r, "", Options{Deadline: time.Now().Add(3 * time.Second)})
	if plain.Left > 3*time.Second || plain.Context.Credentials != (fccontext.Credentials{}) || plain.Context.Region == "" {
		t.Errorf("defaults %+v", plain)
	}
}

func testFailures(t *testing.T, program string) {
	r, p := openEcho(t, program)
	recorded, err := os.ReadFile("testdata/runtime-fc-error-post-body.json")
	if err != nil {
		t.Fatal(err)
	}
	var want struct{ ErrorMessage, ErrorType string }
	if err := json.Unmarshal(recorded, &want); err != nil {
		t.Fatal(err)
	}
	a, err := r.Invoke(t.Context(), []byte("fail"), Options{})
	if err != nil || a.OK || a.ErrorMessage != want.ErrorMessage || a.ErrorType != want.ErrorType || a.StackTrace != nil {
		t.Errorf("error: %+v %v", a, err)
	}
	a, err = r.Invoke(t.Context(), []byte("panic"), Options{})
	if err != nil || a.OK || a.ErrorMessage != "at the disco" || len(a.StackTrace) == 0 || a.StackTrace[0].Line == 0 {
		t.Errorf("panic: %+v %v", a, err)
	}
	askEcho(t, r, "still here", Options{})
	// What was printed before an answer is there with it, on the side where it was printed.
	if out := p.Stdout(); strings.Count(out, "FC Invoke Start") != 3 || !strings.Contains(out, "got still here\n") ||
		strings.Contains(out, "warned") {
		t.Errorf("stdout: %s", out)
	}
	if !strings.Contains(p.Stderr(), "warned of still here\n") {
		t.Errorf("stderr: %s", p.Stderr())
	}
}

func testHooks(t *testing.T, program string) {
	r, p := openEcho(t, program)
	for kind, line := range map[Kind]string{Initialize: "initialized\n", PreStop: "stopping\n"} {
		a, err := r.Invoke(t.Context(), nil, Options{Kind: kind})
		if err != nil || !a.OK || len(a.Body) != 0 || !strings.Contains(p.Stdout(), line) {
			t.Errorf("kind %d: %+v %v\n%s", kind, a, err, p.Stdout())
		}
	}
	if a, err := r.Invoke(t.Context(), nil, Options{Kind: PreFreeze}); err != nil || a.OK || a.ErrorMessage == "" {
		t.Errorf("a hook that the program lacks: %+v %v", a, err)
	}
}

// countOverlaps runs three slow invocations at once and returns how many ran while another did.
func countOverlaps(t *testing.T, r *Runtime) int {
	t.Helper()
	got := make([]echoAnswer, 3)
	var all sync.WaitGroup
	for n := range got {
		all.Go(func() {
			a, err := r.Invoke(t.Context(), []byte("sleep 150ms"), Options{})
			err = errors.Join(err, json.Unmarshal(a.Body, &got[n]))
			if err != nil {
				t.Errorf("%+v %v", a, err)
			}
		})
	}
	all.Wait()
	overlaps := 0
	for n, a := range got {
		for _, b := range got[n+1:] {
			if a.Begin.Before(b.End) && b.Begin.Before(a.End) {
				overlaps++
			}
		}
	}
	return overlaps
}

func testConcurrentEvents(t *testing.T, program string) {
	r, _ := openEcho(t, program)
	if n := countOverlaps(t, r); n == 0 {
		t.Error("no invocation ran beside another")
	}
}

func testOneAtATime(t *testing.T, program string) {
	r, _ := openEcho(t, program, OneAtATime())
	if n := countOverlaps(t, r); n != 0 {
		t.Errorf("%d pairs ran at once", n)
	}
}

func testExits(t *testing.T, program string) {
	r, _ := openEcho(t, program)
	started := time.Now()
	if a, err := r.Invoke(t.Context(), []byte("exit"), Options{}); err == nil || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("%+v %v", a, err)
	}
	if a, err := r.Invoke(t.Context(), []byte("anybody?"), Options{}); err == nil || !strings.Contains(err.Error(), "no program") {
		t.Errorf("%+v %v", a, err)
	}
	if took := time.Since(started); took > 30*time.Second {
		t.Errorf("the end was noticed after %s", took)
	}
}

// testRestart: a cold start after another loses no event to the connection of the first, whether that is the only one or
// one of two.
func testRestart(t *testing.T, program string) {
	r, p := openEcho(t, program)
	for range 10 {
		askEcho(t, r, "one", Options{})
		p.Stop()
		p = runProgram(t, r, program)
		askEcho(t, r, "alone", Options{})
		second := runProgram(t, r, program)
		p.Stop()
		p.Stop()
		askEcho(t, r, "two", Options{})
		p = second
	}
}

// testOneOfTwoDies: one of two programs ends while it has an event, and the other does not answer for it.
func testOneOfTwoDies(t *testing.T, program string) {
	r, p := openEcho(t, program)
	second := runProgram(t, r, program)
	started := time.Now()
	if a, err := r.Invoke(t.Context(), []byte("exit"), Options{}); err == nil || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("%+v %v", a, err)
	}
	askEcho(t, r, "the other", Options{})
	if took := time.Since(started); took > 30*time.Second {
		t.Errorf("the end was noticed after %s", took)
	}
	p.Stop()
	second.Stop()
}

func testLateAnswer(t *testing.T, program string) {
	r, _ := openEcho(t, program)
	a, err := r.Invoke(t.Context(), []byte("sleep 100ms"), Options{Timeout: 50 * time.Millisecond})
	if err != nil || !a.OK || !a.Late {
		t.Errorf("%+v %v", a, err)
	}
}

func testGivenUp(t *testing.T, program string) {
	r, _ := openEcho(t, program)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if a, err := r.Invoke(ctx, []byte("sleep 200ms"), Options{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%+v %v", a, err)
	}
	time.Sleep(300 * time.Millisecond)
	if got := r.Unexpected(); len(got) != 0 {
		t.Errorf("an answer that nobody waits for any more is no fault of the program: %q", got)
	}
	askEcho(t, r, "next", Options{})
}

func testClose(t *testing.T, program string) {
	r, p := openEcho(t, program)
	askEcho(t, r, "hello", Options{})
	r.Close()
	r.Close()
	// The SDK writes a line for each request that fails: none may have found the port closed.
	if strings.Contains(p.Output(), "failed to get invoke request") {
		t.Errorf("the port was closed before the program ended: %.500s", p.Output())
	}
	if _, err := r.Start(t.Context(), program, nil); err == nil {
		t.Error("a program was started against a closed port")
	}
	if _, err := r.Invoke(t.Context(), nil, Options{}); err == nil {
		t.Error("an event went to a closed port")
	}
}

// testFirstPoll: FirstPoll returns the same time however late it is called and whatever polls follow.
func testFirstPoll(t *testing.T, program string) {
	before := time.Now()
	r, p := openEcho(t, program)
	took, err := p.FirstPoll(t.Context())
	if err != nil || took <= 0 || took > time.Since(before) {
		t.Fatalf("%s, %v", took, err)
	}
	if _, err := r.Invoke(t.Context(), []byte(`"x"`), Options{}); err != nil { // another poll follows
		t.Fatal(err)
	}
	if again, err := p.FirstPoll(t.Context()); err != nil || again != took {
		t.Errorf("%s, then %s: %v", took, again, err)
	}
}
