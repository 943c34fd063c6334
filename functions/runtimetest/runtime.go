// Package runtimetest fakes the runtime APIs by which function platforms feed a program with events. A test, or the
// demo, starts a built program against it and invokes the program. The fake answers exactly as the platforms do, and
// records every request that they would not understand.
//
// The programs run as processes of their own, because the SDKs read their environment once and never return.
package runtimetest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// TB is the part of a test that the fake needs, to report every unexpected request.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
}

// Setting changes how a Runtime behaves.
type Setting func(*Runtime)

// OneAtATime hands out an event only after the previous one has its answer, like an instance of Function Compute's
// built-in runtimes. Without it invocations run side by side: the SDK polls for the next event at once, so the platform
// alone decides how many run.
func OneAtATime() Setting {
	return func(r *Runtime) {
		r.slot = make(chan struct{}, 1)
	}
}

// TimeLimit sets the time of every invocation, a minute by default. FunctionGraph tells a program its limit only once,
// so there this is the only way.
func TimeLimit(d time.Duration) Setting {
	return func(r *Runtime) {
		r.limit = d
	}
}

// EmptyPolls answers the first polls with these statuses and no event, as FunctionGraph may.
func EmptyPolls(statuses ...int) Setting {
	return func(r *Runtime) {
		r.emptyPolls = statuses
	}
}

// Answer is what the program said to one invocation.
type Answer struct {
	OK           bool
	Body         []byte // of a success: JSON, or nothing from a lifecycle hook
	ErrorType    string
	ErrorMessage string
	StackTrace   []Frame // of a panic
	// Late says that the answer came after the deadline, when the platform would have ended the program already.
	Late bool
}

// Frame is one line of a stack trace.
type Frame struct {
	Path  string `json:"path"`
	Line  int    `json:"line"`
	Label string `json:"label"`
}

// Options describe one invocation. The zero value is an event with a minute's time and no role.
type Options struct {
	Timeout       time.Duration // counted from when the program takes the event; 0 = the TimeLimit, or 60 s
	Deadline      time.Time     // instead of the one that follows from Timeout; zero = that one
	KeyID         string        // temporary credentials of the function's role; "" = it has none, or (Lambda) the process has them
	KeySecret     string
	Token         string
	Account       string // "" = 1234567890123456
	Region        string // "" = cn-hangzhou
	RetryCount    int    // how often the platform has tried this event before
	Kind          Kind
	LegacyHeaders bool // FunctionGraph: the credentials are in the headers that are no longer maintained only
}

// Kind is what the platform wants of the program.
type Kind int

// The kinds, with the numbers of Function Compute's x-fc-function-type.
const (
	Event      Kind = 0
	Initialize Kind = 1
	PreStop    Kind = 2
	PreFreeze  Kind = 3
)

// lateAnswerWait is how long after the deadline the fake still waits for an answer, so that a test sees a late one as
// such.
const lateAnswerWait = 5 * time.Second

// Runtime is the fake. It is safe for concurrent use.
type Runtime struct {
	dialect  dialect
	tb       TB
	server   *http.Server
	listener net.Listener
	queue    chan *invocation
	slot     chan struct{} // nil = no limit
	done     chan struct{}

	orphan *Process // has the requests of no process of ours
	limit  time.Duration

	mu         sync.Mutex
	group      *processGroup
	processes  []*Process
	known      map[string]*invocation
	unexpected []string
	emptyPolls []int // statuses of the next polls, which get no event
	closed     bool
}

// processGroup is the processes that run at one time.
type processGroup struct {
	running int
	ended   bool
	dead    chan struct{}
	why     string // how the last process ended; read it after dead is closed
}

// invocation is one event on its way.
type invocation struct {
	id       string
	event    []byte
	options  Options
	taken    chan assignment
	deadline time.Time // guarded by Runtime.mu, as is answered
	answered bool
	outcome  chan outcome
}

// assignment is which process has the event, and until when.
type assignment struct {
	deadline time.Time
	process  *Process
}

type outcome struct {
	answer Answer
	err    error
}

func startRuntime(d dialect, tb TB, settings []Setting) (*Runtime, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("runtime API: %w", err)
	}
	r := &Runtime{
		dialect: d, tb: tb, listener: listener, queue: make(chan *invocation),
		done: make(chan struct{}), limit: time.Minute, group: &processGroup{dead: make(chan struct{})}, known: map[string]*invocation{},
		orphan: &Process{gone: make(chan struct{}), ended: make(chan struct{}), asked: make(chan struct{})},
	}
	for _, set := range settings {
		set(r)
	}
	r.server = &http.Server{Handler: r, ReadHeaderTimeout: 10 * time.Second, BaseContext: r.processContext}
	go func() {
		_ = r.server.Serve(listener)
	}() // ends with ErrServerClosed
	return r, nil
}

// Addr returns the host:port of the fake itself. A program that Start starts has an address of its own, so that its
// requests are known from those of other programs.
func (r *Runtime) Addr() string { return r.listener.Addr().String() }

// Close stops the programs and then the fake, in this order: against a closed port fc-runtime-go-sdk polls again without
// a pause (16,000 log lines in a second).
func (r *Runtime) Close() {
	r.mu.Lock()
	again := r.closed
	r.closed = true
	processes := r.processes
	r.mu.Unlock()
	if again {
		return
	}
	for _, p := range processes {
		p.Stop()
	}
	close(r.done)
	_ = r.server.Close()
}

// Vanish ends the fake while programs run: their polls break off, and every later request fails.
func (r *Runtime) Vanish() { _ = r.server.Close() }

// Unexpected returns the requests that no platform would understand, in the order of their arrival.
func (r *Runtime) Unexpected() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.unexpected...)
}

// Invoke sends an event to the program and waits for its answer. It is an error if there is none: the context or the
// program ended, or the deadline passed 5 s ago.
func (r *Runtime) Invoke(ctx context.Context, event []byte, o Options) (Answer, error) {
	if !r.dialect.lifecycleHooks && o.Kind != Event {
		return Answer{}, fmt.Errorf("this platform has no kind %d of event", o.Kind)
	}
	if r.dialect.environ != nil && (o.Timeout != 0 || !o.Deadline.IsZero()) {
		return Answer{}, errors.New("this platform tells the time limit of a function once: use Limit")
	}
	i := &invocation{
		id: rand.Text(), event: event, options: o.withDefaults(r.limit),
		taken: make(chan assignment, 1), outcome: make(chan outcome, 1),
	}
	r.mu.Lock()
	c := r.group
	r.mu.Unlock()
	if r.slot != nil {
		select {
		case r.slot <- struct{}{}:
			defer func() {
				<-r.slot
			}()
		case <-ctx.Done():
			return Answer{}, fmt.Errorf("the invocation before has no answer yet: %w", ctx.Err())
		}
	}
	select {
	case r.queue <- i:
	case <-c.dead:
		return Answer{}, fmt.Errorf("no program to invoke: %s", c.why)
	case <-r.done:
		return Answer{}, errors.New("the runtime API is closed")
	case <-ctx.Done():
		return Answer{}, fmt.Errorf("the program did not ask for an event: %w", ctx.Err())
	}
	return r.waitForAnswer(ctx, i)
}

// waitForAnswer waits for the answer to an event that a program has.
func (r *Runtime) waitForAnswer(ctx context.Context, i *invocation) (Answer, error) {
	by := <-i.taken
	timer := time.NewTimer(max(time.Until(by.deadline), 0) + lateAnswerWait)
	defer timer.Stop()
	select {
	case out := <-i.outcome:
		return out.answer, out.err
	case <-by.process.ended:
		select { // a program may answer and end
		case out := <-i.outcome:
			return out.answer, out.err
		default:
			return Answer{}, fmt.Errorf("the program ended without an answer: %s", by.process.why)
		}
	case <-ctx.Done():
		return Answer{}, fmt.Errorf("no answer to invocation %s: %w", i.id, ctx.Err())
	case <-timer.C:
		return Answer{}, fmt.Errorf("no answer to invocation %s until %s after its deadline", i.id, lateAnswerWait)
	}
}

// withDefaults returns the options with what every platform sends.
func (o Options) withDefaults(limit time.Duration) Options {
	if o.Timeout == 0 {
		o.Timeout = limit
	}
	if o.Account == "" {
		o.Account = "1234567890123456"
	}
	if o.Region == "" {
		o.Region = "cn-hangzhou"
	}
	return o
}
