// Package fgruntime runs a program on Huawei FunctionGraph's custom runtime: it polls the platform for events, one at a
// time, and posts what a handler makes of each. It needs nothing but HTTP, because FunctionGraph's own Go SDK is no
// module (https://support.huaweicloud.com/devg-functiongraph/functiongraph_01_0406.html).
package fgruntime

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/wait"
)

// Invocation is one event, with the temporary credentials of the function's agency; they are "" if it has none.
type Invocation struct {
	RequestID                           string
	Event                               []byte
	AccessKey, SecretKey, SecurityToken string
}

// Handler returns the answer to an event, which is sent as JSON. Its context ends with the function's time, or when the
// platform stops the program.
type Handler func(ctx context.Context, in Invocation) (any, error)

// Run serves events, one at a time, until ctx ends. The context of a handler at work then ends too, and its answer is
// still sent. environ is the platform's environment: RUNTIME_API_ADDR (host:port) is required; RUNTIME_TIMEOUT is the
// function's time in seconds, and without it handlers have no deadline.
func Run(ctx context.Context, environ []string, handle Handler) error {
	l, err := newPollLoop(environ, os.Stderr)
	if err != nil {
		return err
	}
	l.run(ctx, handle)
	return nil
}

// pollLoop polls the runtime API for one program.
type pollLoop struct {
	base    string // of all paths
	timeout time.Duration
	client  *http.Client
	sleep   func(context.Context, time.Duration) error
	log     io.Writer
}

func newPollLoop(environ []string, log io.Writer) (pollLoop, error) {
	l := pollLoop{sleep: wait.For, log: log}
	for _, pair := range environ {
		switch name, value, _ := strings.Cut(pair, "="); name {
		case "RUNTIME_API_ADDR":
			l.base = "http://" + value + "/v1/runtime/invocation/"
		case "RUNTIME_TIMEOUT":
			if seconds, err := strconv.ParseInt(value, 10, 32); err == nil && seconds > 0 {
				l.timeout = time.Duration(seconds) * time.Second
			}
		}
	}
	if l.base == "" {
		return pollLoop{}, errors.New("RUNTIME_API_ADDR is not set: this program is started by FunctionGraph's custom runtime")
	}
	// The address is the instance's own: a proxy of the environment is for the world outside.
	transport := &http.Transport{Proxy: nil, MaxIdleConnsPerHost: 2}
	l.client = &http.Client{Transport: transport} // a poll lasts until there is an event
	if l.timeout == 0 {
		l.logLine("RUNTIME_TIMEOUT is no number of seconds: runs have no deadline, and may be cut off before they report")
	}
	return l, nil
}

// The wait after a poll without an event. Huawei's own sample waits 50 ms. The wait grows, but not so far that an event
// would have to wait for it.
const (
	firstWait = 50 * time.Millisecond
	maxWait   = time.Second
)

func (l pollLoop) run(ctx context.Context, handle Handler) {
	wait, quiet := firstWait, false
	for ctx.Err() == nil {
		in, err := l.nextInvocation(ctx)
		if err == nil {
			wait, quiet = firstWait, false
			l.serveInvocation(ctx, in, handle)
			continue
		}
		if ctx.Err() != nil {
			return
		}
		if !quiet && !errors.Is(err, errNoEvent) {
			l.logLine("no event, asking on: " + err.Error())
			quiet = true // until there is one: a line for each poll would fill the log
		}
		if l.sleep(ctx, wait) != nil {
			return
		}
		wait = min(2*wait, maxWait)
	}
}
