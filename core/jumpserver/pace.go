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
	// minute and user; later ones 4096; a server's settings may say otherwise). The window
	// slides, and requests that were refused do not count.
	window = time.Minute
	// slack is for a Retry-After rounded up to a second, and for the way of the requests.
	slack = 2 * time.Second
	// maxRefusals is after how many refusals in a row calls give up.
	maxRefusals = maxWaits + 2
	// wide is how many requests may be under way before the pace stops counting them.
	wide = 64
)

// pace is the gate through which every request of a client goes, in the order in which they came.
// It stands open until JumpServer answers 429. Then it is closed for everybody until the time that
// JumpServer named, and opens step by step: one request, and one more at a time for each that is
// answered. So a stray 429 costs what it says and no more.
//
// One 429 says nothing of one's own rate, because timer, events and people share a key: see learn.
type pace struct {
	now   func() time.Time
	sleep func(context.Context, time.Duration) error

	mu     sync.Mutex
	last   uint64    // number of the call that came last
	line   []*place  // who waits, by number
	flying int       // requests that were sent and are not answered yet
	closed time.Time // nothing is sent before
	open   int       // how many requests may be under way; 0 = any number
	begun  time.Time // since when so few may be
	shut   time.Time // when the gate was closed last
	row    int       // how many times it was closed since a request passed
	since  time.Time // when the first of them was

	allowance
}

// place is a call in the line. A call keeps its number when it is refused, so that it is the first
// to be sent again.
type place struct {
	number uint64
	wake   func()
}

// number returns the place in the line of a call that comes now.
func (p *pace) number() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last++
	return p.last
}

// admit waits for the turn of the call with this number, and returns the time at which its request
// leaves. The caller tells the answer by done or throttled. If the turn lies behind the context's
// deadline, admit fails at once with kind Throttled.
func (p *pace) admit(ctx context.Context, op string, number uint64) (time.Time, error) {
	p.recall(ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	me := p.enter(number)
	defer p.leave(me)
	for {
		if ctx.Err() != nil {
			return time.Time{}, ended(ctx)
		}
		now := p.now()
		end, bounded := ctx.Deadline()
		wait, mine := p.turn(me, now, end)
		if mine {
			p.flying++
			return now, nil
		}
		if bounded && now.Add(wait).After(end) {
			e := fault(inventory.Throttled, "jumpserver: "+op+": JumpServer limits the number of requests, and the time left is too short to wait", nil)
			e.RetryAfter = wait
			return time.Time{}, e
		}
		p.rest(ctx, me, wait)
	}
}

// enter puts a call into the line.
func (p *pace) enter(number uint64) *place {
	me := &place{number: number, wake: func() {}}
	at, _ := slices.BinarySearchFunc(p.line, number, func(x *place, n uint64) int { return int(int64(x.number - n)) })
	p.line = slices.Insert(p.line, at, me)
	return me
}

// leave takes a call out of the line; the next one may be sent now.
func (p *pace) leave(me *place) {
	p.line = slices.DeleteFunc(p.line, func(x *place) bool { return x == me })
	p.wakeAll()
}

func (p *pace) wakeAll() {
	for _, x := range p.line {
		x.wake()
	}
}

// turn reports whether a call may be sent now that has to be sent by end (zero = whenever). If not,
// wait is the time after which it may be, 0 where only an answer to another request can say so.
// What JumpServer named is waited for in any case, what was learnt only where there is time.
func (p *pace) turn(me *place, now, end time.Time) (wait time.Duration, mine bool) {
	if now.Before(p.closed) {
		return p.closed.Sub(now), false
	}
	if p.line[0] != me {
		return 0, false
	}
	full, wait := p.used(now, p.flying)
	if full && wait > 0 && (end.IsZero() || !now.Add(wait).After(end)) {
		return wait, false
	}
	if full && p.open == 0 {
		p.open, p.begun = 1, now // what was learnt is tried, carefully
	}
	return 0, p.open == 0 || p.flying < p.open
}

// rest waits so long, or until it is woken where the time is 0. It is called, and returns, with the
// lock held.
func (p *pace) rest(ctx context.Context, me *place, wait time.Duration) {
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

// done notes that a request is no longer under way. passed means that JumpServer answered it, by
// anything but a 429.
func (p *pace) done(sent time.Time, passed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.wakeAll()
	p.flying--
	p.count(p.now())
	if passed && sent.After(p.shut) {
		p.row = 0
	}
	if !passed || p.open == 0 || !sent.After(p.begun) {
		return
	}
	p.open++
	if p.open > wide {
		p.open = 0
		p.exceeded()
	}
}

// throttled closes the gate after a 429. after is what JumpServer named, 0 = nothing. It returns
// how long the gate stays closed. Of several requests that were under way together and refused,
// the first tells all there is to learn.
func (p *pace) throttled(sent time.Time, after time.Duration) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.wakeAll()
	p.flying--
	now := p.now()
	first := sent.After(p.shut)
	if first {
		p.row++
	}
	if first && p.row == 1 {
		p.since = now
	}
	wait := after
	if after <= 0 {
		wait = p.guess(now)
	}
	if until := now.Add(wait); until.After(p.closed) {
		p.closed = until
	}
	p.open, p.begun = 1, now
	if first {
		p.shut = now
		p.learn(now, after)
	}
	return wait
}

// hopeless reports whether JumpServer has refused everything for two windows, so that a call
// should not wait any longer.
func (p *pace) hopeless() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.row >= maxRefusals && p.now().Sub(p.since) >= 2*window
}
