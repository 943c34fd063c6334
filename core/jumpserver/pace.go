package jumpserver

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

const (
	// window is the span over which JumpServer counts requests (v4.10.15 and v4.10.16: 180 a
	// minute and user; later ones 4096; a server's settings may say otherwise).
	window = time.Minute
	// silentWait is waited where a 429 names no time.
	silentWait = 10 * time.Second
	// slack is for a Retry-After rounded up to a second, and for the way of the requests.
	slack = 2 * time.Second
	// maxInterval bounds what is learnt: when others use up the rate, we still go on.
	maxInterval = 2 * time.Second
)

// pace is the gate through which every request of a client goes. It stands open until
// JumpServer answers 429: then it is closed for everybody until the time that JumpServer named,
// and afterwards lets requests through one by one, a little slower than the rate that was
// seen to be allowed. Each further minute without a 429 quickens it by a tenth, so that a rate
// that others shared for a while is found again.
type pace struct {
	now   func() time.Time
	sleep func(context.Context, time.Duration) error

	mu       sync.Mutex
	answered []time.Time   // when the answered requests of the last minute were sent
	closed   time.Time     // nothing is sent before
	interval time.Duration // between two requests; 0 = no limit is known
	next     time.Time     // the next free slot
	calm     time.Time     // since when the interval has held without a 429
}

// admit waits for this request's turn and gives the time at which it leaves. If the turn lies
// behind the context's deadline, it fails at once with kind Throttled.
func (p *pace) admit(ctx context.Context, op string) (time.Time, error) {
	for {
		if ctx.Err() != nil {
			return time.Time{}, ended(ctx)
		}
		wait, err := p.reserve(ctx, op)
		if err != nil {
			return time.Time{}, err
		}
		if wait <= 0 {
			return p.now(), nil
		}
		if err := p.sleep(ctx, wait); err != nil {
			return time.Time{}, ended(ctx)
		}
		if ctx.Err() != nil {
			return time.Time{}, ended(ctx)
		}
		// Another request may have met a 429 while this one slept; then it takes a new turn.
		p.mu.Lock()
		open := !p.closed.After(p.now())
		p.mu.Unlock()
		if open {
			return p.now(), nil
		}
	}
}

// reserve takes the next slot and tells how long it is away.
func (p *pace) reserve(ctx context.Context, op string) (time.Duration, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	p.quicken(now)
	slot := now
	if p.closed.After(slot) {
		slot = p.closed
	}
	if p.interval > 0 && p.next.After(slot) {
		slot = p.next
	}
	if end, ok := ctx.Deadline(); ok && slot.After(end) {
		e := fault(inventory.Throttled, "jumpserver: "+op+": JumpServer limits the number of requests, and the time left is too short to wait", nil)
		e.RetryAfter = slot.Sub(now)
		return 0, e
	}
	p.next = slot.Add(p.interval)
	return slot.Sub(now), nil
}

func (p *pace) quicken(now time.Time) {
	if p.interval == 0 || now.Sub(p.calm) < window {
		return
	}
	p.calm = now
	p.interval = p.interval * 9 / 10
	if p.interval < 5*time.Millisecond {
		p.interval = 0
	}
}

// done counts a request that was answered by anything but a 429.
func (p *pace) done(sent time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.answered); n > 0 && n == cap(p.answered) {
		p.forget(p.now().Add(-window - slack))
	}
	p.answered = append(p.answered, sent)
}

func (p *pace) forget(before time.Time) {
	p.answered = slices.DeleteFunc(p.answered, func(t time.Time) bool { return t.Before(before) })
}

// throttled closes the gate after a 429 and learns the rate: JumpServer's window began one
// window before the time at which it will answer again, and took as many requests as were
// answered since. It gives how long the gate stays closed.
func (p *pace) throttled(after time.Duration) time.Duration {
	if after <= 0 {
		after = silentWait
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	until := now.Add(after)
	span := max(window, after) + slack
	if until.After(p.closed) {
		p.closed = until
		p.next = until
	}
	p.calm = until
	allowed := 0
	for _, t := range p.answered {
		if !t.Before(until.Add(-span)) {
			allowed++
		}
	}
	// A tenth less than was allowed: slack counts some too many, and the next window should not be
	// used up to its last request.
	p.interval = maxInterval
	if allowed > 0 {
		p.interval = min(maxInterval, max(window, after)*10/time.Duration(9*allowed))
	}
	return after
}
