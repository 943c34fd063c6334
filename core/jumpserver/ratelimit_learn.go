package jumpserver

import (
	"context"
	"time"
)

const (
	// firstBackoff is the wait after a 429 that names no time; each further one in a row doubles it.
	firstBackoff = 5 * time.Second
	// minRateTime is how long a rate that several refusals showed is obeyed before the client
	// tests whether JumpServer accepts more. It bounds the cost of a wrong rate.
	minRateTime = 10 * time.Second
	// maxRememberedRequests is how many answered requests are remembered. A higher limit is not learnt.
	maxRememberedRequests = 8192
	// rateTTL is how long a rate is remembered after the last refusal.
	rateTTL = 24 * time.Hour
)

// RateLimit is how many requests a minute JumpServer accepted from this access key's user, as far
// as this client knows: others may use the same user. It is a hint. A client sends that many at
// once, and then one at a time until JumpServer refuses one or has accepted some.
type RateLimit struct {
	Requests    int       // in any minute; 0 = no limit is known
	LastRefused time.Time // when JumpServer last refused a request
}

// learntLimit is what a rateLimiter has learnt of JumpServer's limit.
type learntLimit struct {
	rate       RateLimit
	changed    bool        // the rate differs from the recalled one
	answeredAt []time.Time // when the requests of the last window were answered, in order
	refusedAt  []time.Time // when the gate was closed in the last two windows, only the first time in a row
	obeyUntil  time.Time   // until then the rate is obeyed
	source     func(context.Context) RateLimit
}

// learnFromRefusal learns the limit if a refusal shows it. after is what JumpServer named, 0 = nothing.
//
//   - The full window began with a request of ours: all requests since may be ours, and
//     their number is the limit, or our share of it.
//   - JumpServer refuses for the third time within a window, and requests passed in between: what
//     passed is what others leave us.
//
// Any other refusal is obeyed and shows nothing, nor do further ones in a row. A rate that one refusal shows is tested
// again at once; one that two show is obeyed for minRateTime.
func (p *rateLimiter) learnFromRefusal(now time.Time, after time.Duration) {
	p.pruneHistory(now)
	p.rate.LastRefused = now
	if p.refusalsInRow > 1 {
		return
	}
	p.refusedAt = append(p.refusedAt, now)
	recent := 0
	for _, at := range p.refusedAt {
		if now.Sub(at) < rateWindow {
			recent++
		}
	}
	if recent < 3 && !p.isOwnWindow(now, after) {
		return
	}
	p.rate, p.changed = RateLimit{Requests: max(len(p.answeredAt), 1), LastRefused: now}, true
	p.obeyUntil = p.closedUntil
	if len(p.refusedAt) > 1 {
		p.obeyUntil = p.closedUntil.Add(minRateTime)
	}
}

// isOwnWindow reports whether the oldest request that JumpServer counts is ours: it will answer
// again when that one is a window old.
func (p *rateLimiter) isOwnWindow(now time.Time, after time.Duration) bool {
	if after <= 0 || after > rateWindow || len(p.answeredAt) == 0 || len(p.answeredAt) == maxRememberedRequests {
		return false
	}
	oldest := now.Add(after - rateWindow)
	return p.answeredAt[0].Sub(oldest).Abs() <= windowSlack
}

// backoffTime returns how long to wait where JumpServer names no time: longer each time, but no longer
// than until our own oldest request leaves the window.
func (p *rateLimiter) backoffTime(now time.Time) time.Duration {
	p.pruneHistory(now)
	wait := min(firstBackoff<<min(p.refusalsInRow-1, 10), rateWindow)
	if len(p.answeredAt) > 0 {
		wait = min(wait, max(p.answeredAt[0].Add(rateWindow).Sub(now), firstBackoff))
	}
	return wait
}

// isRateUsedUp reports whether the requests of the last window and those
// in flight use up the known rate, and how long it is obeyed then.
func (p *rateLimiter) isRateUsedUp(now time.Time, inFlight int) (full bool, wait time.Duration) {
	p.pruneHistory(now)
	over := len(p.answeredAt) + inFlight - p.rate.Requests
	if p.rate.Requests == 0 || over < 0 {
		return false, 0
	}
	wait = p.obeyUntil.Sub(now)
	if over < len(p.answeredAt) {
		wait = min(wait, p.answeredAt[over].Add(rateWindow).Sub(now))
	}
	return true, max(wait, 0)
}

// recordRequest records an answered request. More of them than the rate allows show a higher rate.
func (p *rateLimiter) recordRequest(now time.Time) {
	p.pruneHistory(now)
	p.answeredAt = append(p.answeredAt, now)
	if n := len(p.answeredAt); p.rate.Requests > 0 && n > p.rate.Requests {
		p.rate.Requests, p.changed = n, true
	}
}

// dropExceededRate forgets a rate that JumpServer no longer applies.
func (p *rateLimiter) dropExceededRate() {
	if full, _ := p.isRateUsedUp(p.now(), 0); full {
		p.rate, p.changed = RateLimit{}, true
	}
}

// pruneHistory drops what left its window.
func (p *rateLimiter) pruneHistory(now time.Time) {
	old := 0
	for old < len(p.answeredAt) && (now.Sub(p.answeredAt[old]) >= rateWindow || len(p.answeredAt)-old > maxRememberedRequests) {
		old++
	}
	p.answeredAt = p.answeredAt[old:]
	for len(p.refusedAt) > 0 && now.Sub(p.refusedAt[0]) >= 2*rateWindow {
		p.refusedAt = p.refusedAt[1:]
	}
	if p.rate.Requests > 0 && now.Sub(p.rate.LastRefused) >= rateTTL {
		p.rate, p.changed = RateLimit{}, true
	}
}

// recallRate asks once for what an earlier process has learnt. It ignores a rate that cannot be right.
func (p *rateLimiter) recallRate(ctx context.Context) {
	p.mu.Lock()
	source := p.source
	p.source = nil
	p.mu.Unlock()
	if source == nil {
		return
	}
	was := source(ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	age := p.now().Sub(was.LastRefused)
	if p.changed || was.Requests < 1 || was.Requests > maxRememberedRequests || age < -rateWindow || age >= rateTTL {
		return
	}
	p.rate = was
}

// UseRateSource lets the client ask, right before its first request, what an earlier process has learnt.
// from returns the zero RateLimit where nothing is known. What the client has learnt itself
// takes precedence.
func (c *Client) UseRateSource(from func(context.Context) RateLimit) {
	c.limiter.mu.Lock()
	defer c.limiter.mu.Unlock()
	if c.limiter.lastNumber == 0 {
		c.limiter.source = from
	}
}

// LearntRate returns the rate that is known now, and whether it differs from the recalled one.
// The zero RateLimit then means that there is no limit any more.
func (c *Client) LearntRate() (r RateLimit, changed bool) {
	c.limiter.mu.Lock()
	defer c.limiter.mu.Unlock()
	return c.limiter.rate, c.limiter.changed
}
