package cloud

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// MaxSkew is how far this machine's clock may be from a cloud's before nothing that it measures is
// believed: graces, notices and second proofs are counted by it. It is the least distance at which a cloud
// (AWS, Tencent) refuses signatures.
const MaxSkew = 5 * time.Minute

// Skew is how far this machine's clock is from that of a host; the zero value is none that is known.
type Skew struct {
	Host string
	By   time.Duration // > 0: this machine's clock is ahead
}

// Off reports whether the clocks differ by more than MaxSkew.
func (s Skew) Off() bool { return s.By.Abs() > MaxSkew }

// Clock compares this machine's clock with the Date of every answer that reaches a Courier whose context
// comes from In. A nil Clock compares nothing. It may be used by several goroutines at once.
type Clock struct {
	now   func() time.Time
	outer *Clock // hears the same answers

	mu    sync.Mutex
	worst Skew
}

// NewClock returns a clock that has heard no answer yet. now is this machine's clock; nil = time.Now.
func NewClock(now func() time.Time) *Clock {
	if now == nil {
		now = time.Now
	}
	return &Clock{now: now}
}

// Worst returns the greatest distance of all answers so far; the zero value where no answer had a Date.
func (c *Clock) Worst() Skew {
	if c == nil {
		return Skew{}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.worst
}

type clockKey struct{}

// In returns a context whose answers this clock hears.
func (c *Clock) In(ctx context.Context) context.Context {
	if c == nil {
		return ctx
	}
	return context.WithValue(ctx, clockKey{}, c)
}

func clockIn(ctx context.Context) *Clock {
	c, _ := ctx.Value(clockKey{}).(*Clock)
	return c
}

// Listening returns a context with a clock of its own for one call, so that an error of the call can say how
// far this machine's clock was from that of who refused it. The clock of ctx, if there is one, hears the same.
func Listening(ctx context.Context) context.Context {
	inner := &Clock{now: time.Now, outer: clockIn(ctx)}
	if inner.outer != nil {
		inner.now = inner.outer.now
	}
	return inner.In(ctx)
}

// SkewOf returns the greatest distance that the clock of a context has heard.
func SkewOf(ctx context.Context) Skew { return clockIn(ctx).Worst() }

// ByClock adds to a refusal what the call's clock has heard, see Listening. A key that is refused while this
// machine's clock is off is no bad key: the clock is mended first, and then it shows.
func ByClock(ctx context.Context, fault *inventory.Error) *inventory.Error {
	skew := SkewOf(ctx)
	if fault.Kind == inventory.BadCredentials && skew.Off() {
		fault.Kind = inventory.ClockOff
	}
	if fault.Kind == inventory.ClockOff {
		fault.Skew = skew.By
	}
	return fault
}

// time returns this machine's time.
func (c *Clock) time() time.Time {
	if c == nil {
		return time.Time{}
	}
	return c.now()
}

// hear compares an answer to a request that was sent at a time. The answer's Date lies between the sending
// and now if the clocks agree; a Date has whole seconds. An answer without a Date says nothing, and neither
// does one with an Age, which somebody between kept for a while.
func (c *Clock) hear(host string, header http.Header, sent time.Time) {
	if c == nil || header.Get("Age") != "" {
		return
	}
	date, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return
	}
	skew := Skew{Host: host}
	received := c.now()
	latest := date.Add(time.Second)
	switch {
	case latest.Before(sent):
		skew.By = sent.Sub(latest)
	case date.After(received):
		skew.By = received.Sub(date)
	}
	for at := c; at != nil; at = at.outer {
		at.note(skew)
	}
}

func (c *Clock) note(s Skew) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.worst.Host == "" || s.By.Abs() > c.worst.By.Abs() {
		c.worst = s
	}
}
