package jumpserver

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

const (
	// rateWindow is the window over which JumpServer counts requests (v4.10.15 and v4.10.16: 180 a
	// minute and user; later versions 4096; a server's settings may differ). The window
	// slides, and refused requests do not count.
	rateWindow = time.Minute
	// windowSlack covers a Retry-After rounded up to a second, and the travel time of requests.
	windowSlack = 2 * time.Second
	// maxRefusalsInRow is after how many refusals in a row calls give up.
	maxRefusalsInRow = maxWaits + 2
	// maxCountedInFlight is how many requests may be in flight before their number is no longer limited.
	maxCountedInFlight = 64
)

// rateLimiter is a gate that every request of a client passes, in the order of the calls.
// It is open until JumpServer answers 429. Then it is closed for all calls until the time that
// JumpServer named, and opens step by step: one request in flight, and one more for each that is
// answered. So a stray 429 costs what it says and no more.
//
// One 429 says nothing of one's own rate, because timer, events and people share a key: see learnFromRefusal.
type rateLimiter struct {
	now   func() time.Time
	sleep func(context.Context, time.Duration) error

	mu             sync.Mutex
	lastNumber     uint64        // number of the latest call
	queue          []*queuedCall // waiting calls, by number
	inFlight       int           // requests that were sent and are not answered yet
	closedUntil    time.Time     // nothing is sent before
	maxInFlight    int           // how many requests may be in flight; 0 = any number
	limitedSince   time.Time     // since when maxInFlight holds
	lastClosedAt   time.Time     // when the gate was last closed
	refusalsInRow  int           // how often it was closed since a request passed
	firstRefusedAt time.Time     // when the first of them was

	learntLimit
}

// queuedCall is a waiting call. A refused call keeps its number, so that it is the first
// to be sent again.
type queuedCall struct {
	number uint64
	wake   func()
}

// nextNumber returns the number of a new call.
func (p *rateLimiter) nextNumber() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lastNumber++
	return p.lastNumber
}

// admit waits for the turn of the call with this number, and returns the time at which its request
// is sent. The caller reports the answer to recordAnswer or recordRefusal. If the turn lies beyond the context's
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
		wait, admitted := p.canSend(me, now, end)
		if admitted {
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

// enqueueCall adds a call to the queue.
func (p *rateLimiter) enqueueCall(number uint64) *queuedCall {
	me := &queuedCall{number: number, wake: func() {}}
	at, _ := slices.BinarySearchFunc(p.queue, number, func(x *queuedCall, n uint64) int { return int(int64(x.number - n)) })
	p.queue = slices.Insert(p.queue, at, me)
	return me
}

// dequeueCall removes a call from the queue; the next one may be sent now.
func (p *rateLimiter) dequeueCall(me *queuedCall) {
	p.queue = slices.DeleteFunc(p.queue, func(x *queuedCall) bool { return x == me })
	p.wakeAll()
}

func (p *rateLimiter) wakeAll() {
	for _, x := range p.queue {
		x.wake()
	}
}

// canSend reports whether a call that must be sent by end (zero = any time) may be sent now. If not,
// wait is the time after which it may be, 0 where that depends on the answer to another request.
// The time that JumpServer named is always waited for, a learnt one only if there is time.
func (p *rateLimiter) canSend(me *queuedCall, now, end time.Time) (wait time.Duration, admitted bool) {
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
		p.maxInFlight, p.limitedSince = 1, now // the learnt rate is tested, carefully
	}
	return 0, p.maxInFlight == 0 || p.inFlight < p.maxInFlight
}

// waitUntilWoken waits for a time, or until it is woken if the time is 0. It is called, and returns, with the
// lock held.
func (p *rateLimiter) waitUntilWoken(ctx context.Context, me *queuedCall, wait time.Duration) {
	resting, wake := context.WithCancel(ctx)
	defer wake()
	me.wake = wake
	p.mu.Unlock()
	defer p.mu.Lock()
	if wait > 0 {
		_ = p.sleep(resting, wait) // the caller notices if it was woken or the context ended
		return
	}
	<-resting.Done()
}

// recordAnswer records that a request is no longer in flight. passed means that JumpServer answered it with
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

// recordRefusal closes the gate after a 429 and returns how long. after is what JumpServer named, 0 = nothing.
// Of several requests that were in flight together and refused,
// the first one shows all there is to learn.
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
// should wait no longer.
func (p *rateLimiter) isHopeless() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.refusalsInRow >= maxRefusalsInRow && p.now().Sub(p.firstRefusedAt) >= 2*rateWindow
}
