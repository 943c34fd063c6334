package runtimetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Process is a program that runs against a Runtime.
type Process struct {
	cmd              *exec.Cmd
	stdout, stderr   *capture
	listener         net.Listener // its own address of the runtime API
	startDone, ended chan struct{}
	why              string // how it ended; read it after ended is closed

	gone        chan struct{} // closed before ended, when its polls must end
	polls       sync.WaitGroup
	mu          sync.Mutex
	pollsClosed bool // no further poll may begin

	started time.Time     // just before the program was started
	asked   chan struct{} // closed at the first poll
	took    time.Duration // from started to the first poll; read it after asked is closed

	getsSIGTERM bool // the platform sends SIGTERM before it kills; guarded by mu
}

// beginPoll counts a poll in. It reports false for a program that has ended.
func (p *Process) beginPoll() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.pollsClosed {
		p.polls.Add(1)
	}
	select {
	case <-p.asked:
	default:
		p.took = time.Since(p.started)
		close(p.asked)
	}
	return !p.pollsClosed
}

// FirstPoll waits until the program polls for its first event, and returns how long after its start that was: the time
// that a platform waits for an instance beyond preparing its machine. It is an error if the program or ctx ended before.
func (p *Process) FirstPoll(ctx context.Context) (time.Duration, error) {
	select {
	case <-p.asked:
		return p.took, nil
	case <-p.ended:
		return 0, fmt.Errorf("the program never asked for an event: %s", p.why)
	case <-ctx.Done():
		return 0, fmt.Errorf("the program did not ask for an event: %w", ctx.Err())
	}
}

// endPolls ends the polls of a program that has ended, and waits for them.
func (p *Process) endPolls() {
	p.mu.Lock()
	p.pollsClosed = true
	p.mu.Unlock()
	close(p.gone)
	p.polls.Wait()
	_ = p.listener.Close()
}

// Start runs a program with exactly this environment and the variables of the platform: the one that names the runtime
// API, and on FunctionGraph those of its function. The program is killed when ctx ends, at Stop, or at the Runtime's
// Close. Several may run.
func (r *Runtime) Start(ctx context.Context, program string, env []string) (*Process, error) {
	p := &Process{
		cmd:       exec.CommandContext(ctx, program),
		startDone: make(chan struct{}), ended: make(chan struct{}), gone: make(chan struct{}), asked: make(chan struct{}),
		getsSIGTERM: r.dialect.environ != nil,
	}
	var err, err2, err3 error
	p.stdout, err = newCapture()
	p.stderr, err2 = newCapture()
	p.listener, err3 = net.Listen("tcp", "127.0.0.1:0")
	if err := errors.Join(err, err2, err3); err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	p.cmd.Env = append(r.variables(env), r.dialect.variable+"="+p.Addr())
	p.cmd.Stdout, p.cmd.Stderr = p.stdout.file, p.stderr.file
	dieWithParent(p.cmd)
	c, err := r.addProcess(p)
	if err != nil {
		_ = p.listener.Close()
		return nil, err
	}
	go func() {
		_ = r.server.Serve(p.listener)
	}() // ends with the listener
	go func() {
		// The kernel ties "die with the parent" to the thread that started the program.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		p.mu.Lock()
		p.started = time.Now() // before the program can ask
		p.mu.Unlock()
		err = p.cmd.Start()
		close(p.startDone)
		p.why = "it never started"
		if err == nil {
			_ = p.cmd.Wait()
			p.why = fmt.Sprintf("%s\n%s", p.cmd.ProcessState, tailOf(p.stderr.text()))
		}
		p.endPolls()
		r.removeProcess(c, p.why)
		p.stdout.end()
		p.stderr.end()
		close(p.ended)
	}()
	<-p.startDone
	if err != nil {
		<-p.ended
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	return p, nil
}

// variables returns the platform's own variables, then those of the function, which may replace them.
func (r *Runtime) variables(env []string) []string {
	if r.dialect.environ == nil {
		return slices.Clone(env)
	}
	return append(r.dialect.environ(r.limit), env...)
}

// Addr returns host:port, as the platforms put it into the program's environment.
func (p *Process) Addr() string { return p.listener.Addr().String() }

// addProcess counts a process in, before it can send a request.
func (r *Runtime) addProcess(p *Process) (*processGroup, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, errors.New("the runtime API is closed")
	}
	if r.group.ended {
		r.group = &processGroup{dead: make(chan struct{})}
	}
	r.group.running++
	r.processes = append(r.processes, p)
	return r.group, nil
}

// removeProcess counts an ended process out.
func (r *Runtime) removeProcess(c *processGroup, why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c.running--
	if c.running == 0 {
		c.ended, c.why = true, why
		close(c.dead)
	}
}

// Stop kills the program, as platforms do, and waits for its end. It may be called again.
func (p *Process) Stop() {
	<-p.startDone
	if p.cmd.Process != nil {
		_ = p.cmd.Process.Kill() // it may have ended
	}
	<-p.ended
}

// terminateTimeout is how long a program may take to end after SIGTERM. The platforms allow less (Lambda half a second
// to two seconds); here a slow machine must not decide a test.
const terminateTimeout = 20 * time.Second

// Terminate ends the program as the platform does when it takes an instance away: SIGTERM where the platform sends it
// (Lambda only to a program that has registered an extension, Function Compute never), then SIGKILL if the program does
// not end by itself, which is the error.
func (p *Process) Terminate() error {
	<-p.startDone
	p.mu.Lock()
	warned := p.getsSIGTERM
	p.mu.Unlock()
	if !warned {
		p.Stop()
		return errors.New("the platform killed the program without a word")
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	timer := time.NewTimer(terminateTimeout)
	defer timer.Stop()
	select {
	case <-p.ended:
		return nil
	case <-timer.C:
		p.Stop()
		return fmt.Errorf("the program did not end within %s after SIGTERM", terminateTimeout)
	}
}

// Wait waits for the end of a program that ends by itself, and returns how it did.
func (p *Process) Wait(ctx context.Context) (string, error) {
	select {
	case <-p.ended:
		return p.why, nil
	case <-ctx.Done():
		return "", fmt.Errorf("the program has not ended: %w", ctx.Err())
	}
}

// Stdout returns what the program has written to its standard output so far. What it wrote before an answer is there
// when Invoke returns that answer.
func (p *Process) Stdout() string { return p.stdout.text() }

// Stderr returns what the program has written to its standard error so far.
func (p *Process) Stderr() string { return p.stderr.text() }

// Output returns both, for a test's message.
func (p *Process) Output() string { return p.Stdout() + p.Stderr() }

// maxOutputBytes is how much of an output is kept.
const maxOutputBytes = 16 << 20

// capture collects what a program writes. It is a file without a name and not a pipe, because an answer could overtake
// lines written to a pipe before it.
type capture struct {
	mu   sync.Mutex
	file *os.File // nil after the end
	last string
}

func newCapture() (*capture, error) {
	file, err := os.CreateTemp("", "runtimetest-*")
	if err != nil {
		return nil, err
	}
	return &capture{file: file}, os.Remove(file.Name())
}

func (c *capture) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.file == nil {
		return c.last
	}
	text, err := io.ReadAll(io.NewSectionReader(c.file, 0, maxOutputBytes))
	if err != nil {
		return fmt.Sprintf("%s\n(the output cannot be read: %v)", text, err)
	}
	return string(text)
}

func (c *capture) end() {
	text := c.text()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = text
	_ = c.file.Close()
	c.file = nil
}

// tailOf returns the end of a text that may be long.
func tailOf(text string) string { return text[max(len(text)-2000, 0):] }
