package cloud

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/jms-sync/jms-sync/core/httpx"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// MaxSkew is how far this machine's clock may be from a cloud's. Beyond it no time that this machine measures
// counts: graces, notices, second proofs. Clouds refuse signatures that are at least this far off.
const MaxSkew = 5 * time.Minute

// Skew is how far this machine's clock is from that of a host; the zero value means that it is not known.
type Skew struct {
	Host  string
	Ahead time.Duration // > 0: this machine's clock is ahead
}

// IsTooLarge reports whether the clocks differ by more than MaxSkew.
func (s Skew) IsTooLarge() bool { return s.Ahead.Abs() > MaxSkew }

// Clock compares this machine's clock with the Date of every answer that a StrictTransport gets for a context
// of WithClock. A nil Clock compares nothing. It may be used by several goroutines at once.
type Clock struct {
	now    func() time.Time
	parent *Clock // observes the same answers

	mu    sync.Mutex
	worst Skew
}

// NewClock returns a clock that has observed no answer yet. now is this machine's clock; nil = time.Now.
func NewClock(now func() time.Time) *Clock {
	if now == nil {
		now = time.Now
	}
	return &Clock{now: now}
}

// Worst returns the largest skew of all answers so far; the zero value where no answer had a Date.
func (c *Clock) Worst() Skew {
	if c == nil {
		return Skew{}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.worst
}

type clockContextKey struct{}

// WithClock returns a context whose answers c observes.
func (c *Clock) WithClock(ctx context.Context) context.Context {
	if c == nil {
		return ctx
	}
	return context.WithValue(ctx, clockContextKey{}, c)
}

func clockFromContext(ctx context.Context) *Clock {
	c, _ := ctx.Value(clockContextKey{}).(*Clock)
	return c
}

// WithCallClock returns a context with a clock of its own for one call, so that an error of the call can say how
// far this machine's clock was from that of the host. The clock of ctx, if there is one, observes the same answers.
func WithCallClock(ctx context.Context) context.Context {
	inner := &Clock{now: time.Now, parent: clockFromContext(ctx)}
	if inner.parent != nil {
		inner.now = inner.parent.now
	}
	return inner.WithClock(ctx)
}

// SkewFromContext returns the largest skew that the clock of a context has observed.
func SkewFromContext(ctx context.Context) Skew { return clockFromContext(ctx).Worst() }

// ExplainBySkew adds the observed skew of a call to its error; see WithCallClock. A key that is refused while this
// machine's clock is off counts as ClockOff: whether the key is bad shows once the clock is right.
func ExplainBySkew(ctx context.Context, fault *inventory.Error) *inventory.Error {
	skew := SkewFromContext(ctx)
	if fault.Kind == inventory.BadCredentials && skew.IsTooLarge() {
		fault.Kind = inventory.ClockOff
	}
	if fault.Kind == inventory.ClockOff {
		fault.Skew = skew.Ahead
	}
	return fault
}

// currentTime returns this machine's time.
func (c *Clock) currentTime() time.Time {
	if c == nil {
		return time.Time{}
	}
	return c.now()
}

// observe compares this machine's clock with the Date of an answer to a request that was sent at a given time.
func (c *Clock) observe(host string, header http.Header, sent time.Time) {
	if c == nil {
		return
	}
	ahead, known := httpx.ClockSkew(header, sent, c.now())
	for at := c; at != nil && known; at = at.parent {
		at.record(Skew{Host: host, Ahead: ahead})
	}
}

func (c *Clock) record(s Skew) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.worst.Host == "" || s.Ahead.Abs() > c.worst.Ahead.Abs() {
		c.worst = s
	}
}
