package httpx

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/jms-sync/jms-sync/core/sorting"
)

// HostCalls is what the requests to one host came to.
type HostCalls struct {
	Host      string // with its port, where that is not the scheme's
	Calls     int    // repeated ones included
	Throttled int    // refused because there were too many
	Failed    int    // without a whole answer, or with a 5xx
	Took      time.Duration
}

// Calls counts the requests that are made for a context of WithCalls. It is safe for concurrent use.
type Calls struct {
	mu    sync.Mutex
	hosts map[string]HostCalls
}

// NewCalls returns a counter that has seen no request.
func NewCalls() *Calls { return &Calls{hosts: map[string]HostCalls{}} }

// ByHost returns what was counted so far, by the names of the hosts.
func (c *Calls) ByHost() []HostCalls {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]HostCalls, 0, len(c.hosts))
	for _, h := range c.hosts {
		all = append(all, h)
	}
	sorting.By(all, func(x, y HostCalls) int { return strings.Compare(x.Host, y.Host) })
	return all
}

func (c *Calls) add(host string, one HostCalls) {
	c.mu.Lock()
	defer c.mu.Unlock()
	sum := c.hosts[host]
	sum.Host = host
	sum.Calls += one.Calls
	sum.Throttled += one.Throttled
	sum.Failed += one.Failed
	sum.Took += one.Took
	c.hosts[host] = sum
}

type callsKey struct{}

// WithCalls returns a context whose requests c counts.
func (c *Calls) WithCalls(ctx context.Context) context.Context {
	return context.WithValue(ctx, callsKey{}, c)
}

// CountCall counts a request that was sent to a host. status is that of its answer; err is why there is no whole one.
func CountCall(ctx context.Context, host string, took time.Duration, status int, err error) {
	throttled := err == nil && status == http.StatusTooManyRequests
	if last, is := ctx.Value(lastCallKey{}).(*LastCall); is {
		last.note(host, throttled)
	}
	calls, counted := ctx.Value(callsKey{}).(*Calls)
	if !counted {
		return
	}
	one := HostCalls{Calls: 1, Took: took}
	switch {
	case throttled:
		one.Throttled = 1
	case err != nil, status >= http.StatusInternalServerError:
		one.Failed = 1
	}
	calls.add(host, one)
}

// LastCall remembers which host a context's last request was for, so that who understands the answer can say that it
// refused because there were too many requests: some APIs say it in the body alone.
type LastCall struct {
	mu        sync.Mutex
	host      string
	throttled bool // counted already
}

type lastCallKey struct{}

// WithLastCall returns a context of one call and what remembers its last request.
func WithLastCall(ctx context.Context) (context.Context, *LastCall) {
	last := &LastCall{}
	return context.WithValue(ctx, lastCallKey{}, last), last
}

func (l *LastCall) note(host string, throttled bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.host, l.throttled = host, throttled
}

// CountThrottled counts that the last request was refused because there were too many, once.
func (l *LastCall) CountThrottled(ctx context.Context) {
	l.mu.Lock()
	host, done := l.host, l.throttled
	l.throttled = true
	l.mu.Unlock()
	calls, counted := ctx.Value(callsKey{}).(*Calls)
	if counted && host != "" && !done {
		calls.add(host, HostCalls{Throttled: 1})
	}
}
