package jumpserver

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

const (
	// rateWindow is the span over which JumpServer counts requests (v4.10.15 and v4.10.16: 180 a
	// minute and user; later ones 4096; a server's settings may say otherwise). The window
	// slides, and requests that were refused do not count.
	rateWindow = time.Minute
	// windowSlack is for a Retry-After rounded up to a second, and for the way of the requests.
	windowSlack = 2 * time.Second
	// maxRefusalsInRow is after how many refusals in a row calls give up.
	maxRefusalsInRow = maxWaits + 2
	// maxCountedInFlight is how many requests may be under way before the pace stops counting them.
	maxCountedInFlight = 64
)

// rateLimiter is the gate through which every request of a client goes, in the order in which they came.
// It stands open until JumpServer answers 429. Then it is closed for everybody until the time that
// JumpServer named, and opens step by step: one request, and one more at a time for each that is
// answered. So a stray 429 costs what it says and no more.
//
// One 429 says nothing of one's own rate, because timer, events and people share a key: see learn.
type rateLimiter struct {
	now   func() time.Time
	sleep func(context.Context, time.Duration) error

	mu             sync.Mutex
	lastNumber     uint64        // number of the call that came last
	queue          []*queuedCall // who waits, by number
	inFlight       int           // requests that were sent and are not answered yet
	closedUntil    time.Time     // nothing is sent before
	maxInFlight    int           // how many requests may be under way; 0 = any number
	limitedSince   time.Time     // since when so few may be
	lastClosedAt   time.Time     // when the gate was closed last
	refusalsInRow  int           // how many times it was closed since a request passed
	firstRefusedAt time.Time     // when the first of them was

	learntLimit
}

// queuedCall is a call in the line. A call keeps its number when it is refused, so that it is the first
// to be sent again.
type queuedCall struct {
	number uint64
	wake   func()
}

// nextNumber returns the place in the line of a call that comes now.
func (p *rateLimiter) nextNumber() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lastNumber++
	return p.lastNumber
}

// admit waits for the turn of the call with this number, and returns the time at which its request
// leaves. The caller tells the answer by done or throttled. If the turn lies behind the context's
// deadline, admit fails at once with kind Throttled.
func (p *rateLimiter) admit(ctx context.Context, op string, number uint64) (time.Time, error) {
	p.recallRate(ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	me := p.enqueueCall(number)
	defer p.dequeueCall(me)
	for {
		if ctx.Err() != nil {
			return time.Time{}, contextError(ctx)
		}
		now := p.now()
		end, bounded := ctx.Deadline()
		wait, mine := p.canSend(me, now, end)
		if mine {
			p.inFlight++
			return now, nil
		}
		if bounded && now.Add(wait).After(end) {
			e := newError(inventory.Throttled, "jumpserver: "+op+": JumpServer limits the number of requests, and the time left is too short to wait", nil)
			e.RetryAfter = wait
			return time.Time{}, e
		}
		p.waitUntilWoken(ctx, me, wait)
	}
}

// enqueueCall puts a call into the line.
func (p *rateLimiter) enqueueCall(number uint64) *queuedCall {
	me := &queuedCall{number: number, wake: func() {}}
	at, _ := slices.BinarySearchFunc(p.queue, number, func(x *queuedCall, n uint64) int { return int(int64(x.number - n)) })
	p.queue = slices.Insert(p.queue, at, me)
	return me
}

// dequeueCall takes a call out of the line; the next one may be sent now.
func (p *rateLimiter) dequeueCall(me *queuedCall) {
	p.queue = slices.DeleteFunc(p.queue, func(x *queuedCall) bool { return x == me })
	p.wakeAll()
}

func (p *rateLimiter) wakeAll() {
	for _, x := range p.queue {
		x.wake()
	}
}

// canSend reports whether a call may be sent now that has to be sent by end (zero = whenever). If not,
// wait is the time after which it may be, 0 where only an answer to another request can say so.
// What JumpServer named is waited for in any case, what was learnt only where there is time.
func (p *rateLimiter) canSend(me *queuedCall, now, end time.Time) (wait time.Duration, mine bool) {
	if now.Before(p.closedUntil) {
		return p.closedUntil.Sub(now), false
	}
	if p.queue[0] != me {
		return 0, false
	}
	full, wait := p.isRateUsedUp(now, p.inFlight)
	if full && wait > 0 && (end.IsZero() || !now.Add(wait).After(end)) {
		return wait, false
	}
	if full && p.maxInFlight == 0 {
		p.maxInFlight, p.limitedSince = 1, now // what was learnt is tried, carefully
	}
	return 0, p.maxInFlight == 0 || p.inFlight < p.maxInFlight
}

// waitUntilWoken waits so long, or until it is woken where the time is 0. It is called, and returns, with the
// lock held.
func (p *rateLimiter) waitUntilWoken(ctx context.Context, me *queuedCall, wait time.Duration) {
	resting, wake := context.WithCancel(ctx)
	defer wake()
	me.wake = wake
	p.mu.Unlock()
	defer p.mu.Lock()
	if wait > 0 {
		_ = p.sleep(resting, wait) // that it was woken, or the context ended, is seen by the caller
		return
	}
	<-resting.Done()
}

// recordAnswer notes that a request is no longer under way. passed means that JumpServer answered it, by
// anything but a 429.
func (p *rateLimiter) recordAnswer(sent time.Time, passed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.wakeAll()
	p.inFlight--
	p.recordRequest(p.now())
	if passed && sent.After(p.lastClosedAt) {
		p.refusalsInRow = 0
	}
	if !passed || p.maxInFlight == 0 || !sent.After(p.limitedSince) {
		return
	}
	p.maxInFlight++
	if p.maxInFlight > maxCountedInFlight {
		p.maxInFlight = 0
		p.dropExceededRate()
	}
}

// recordRefusal closes the gate after a 429. after is what JumpServer named, 0 = nothing. It returns
// how long the gate stays closed. Of several requests that were under way together and refused,
// the first tells all there is to learn.
func (p *rateLimiter) recordRefusal(sent time.Time, after time.Duration) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.wakeAll()
	p.inFlight--
	now := p.now()
	first := sent.After(p.lastClosedAt)
	if first {
		p.refusalsInRow++
	}
	if first && p.refusalsInRow == 1 {
		p.firstRefusedAt = now
	}
	wait := after
	if after <= 0 {
		wait = p.backoffTime(now)
	}
	if until := now.Add(wait); until.After(p.closedUntil) {
		p.closedUntil = until
	}
	p.maxInFlight, p.limitedSince = 1, now
	if first {
		p.lastClosedAt = now
		p.learnFromRefusal(now, after)
	}
	return wait
}

// isHopeless reports whether JumpServer has refused everything for two windows, so that a call
// should not wait any longer.
func (p *rateLimiter) isHopeless() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.refusalsInRow >= maxRefusalsInRow && p.now().Sub(p.firstRefusedAt) >= 2*rateWindow
}
