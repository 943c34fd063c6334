package jumpserver

import (
	"context"
	"time"
)

const (
	// firstGuess is waited after a 429 that names no time; each further one in a row doubles it.
	firstGuess = 5 * time.Second
	// patience is how long a rate that was learnt from several refusals is kept to before it is
	// tried whether JumpServer takes more. It bounds what a wrong one costs.
	patience = 10 * time.Second
	// kept is how many answered requests are remembered. A limit above it is not learnt.
	kept = 8192
	// believed is how long a rate is remembered after the last refusal.
	believed = 24 * time.Hour
)

// Rate is how many requests a minute JumpServer was seen to take of this access key's user, as far
// as this client can tell: others may use the same user. It is a hint. A client sends that many at
// once, and beyond that one at a time until JumpServer refuses one or has taken some.
type Rate struct {
	Requests int       // in any minute; 0 = no limit is known
	Seen     time.Time // when JumpServer last refused a request
}

// allowance is what a pace has learnt of JumpServer's limit.
type allowance struct {
	rate    Rate
	changed bool        // the rate is not that which was recalled
	past    []time.Time // when the requests of the last window were answered, in order
	refused []time.Time // when the gate was closed in the last two windows, first of each row only
	keep    time.Time   // until then the rate is kept to
	source  func(context.Context) Rate
}

// learn looks whether a refusal shows the limit. after is what JumpServer named, 0 = nothing.
//
//   - The window that is full began with a request of ours: all that was sent since may be ours, and
//     its number is the limit, or our share of it.
//   - JumpServer refuses for the third time within a window, and some requests passed between: what
//     we got is what others leave us.
//
// Any other refusal is obeyed, and shows nothing; nor do those that follow one another. A rate that one refusal shows is tried again at
// once; one that two show is kept to for some time (see patience).
func (p *pace) learn(now time.Time, after time.Duration) {
	p.forget(now)
	p.rate.Seen = now
	if p.row > 1 {
		return
	}
	p.refused = append(p.refused, now)
	recent := 0
	for _, at := range p.refused {
		if now.Sub(at) < window {
			recent++
		}
	}
	if recent < 3 && !p.ownWindow(now, after) {
		return
	}
	p.rate, p.changed = Rate{Requests: max(len(p.past), 1), Seen: now}, true
	p.keep = p.closed
	if len(p.refused) > 1 {
		p.keep = p.closed.Add(patience)
	}
}

// ownWindow reports whether the oldest request that JumpServer counts is ours: it will answer
// again when that one is a window old.
func (p *pace) ownWindow(now time.Time, after time.Duration) bool {
	if after <= 0 || after > window || len(p.past) == 0 || len(p.past) == kept {
		return false
	}
	oldest := now.Add(after - window)
	return p.past[0].Sub(oldest).Abs() <= slack
}

// guess returns how long to wait where JumpServer names no time: each time longer, and not longer
// than until our own oldest request is out of the window.
func (p *pace) guess(now time.Time) time.Duration {
	p.forget(now)
	wait := min(firstGuess<<min(p.row-1, 10), window)
	if len(p.past) > 0 {
		wait = min(wait, max(p.past[0].Add(window).Sub(now), firstGuess))
	}
	return wait
}

// used reports whether the known rate is used up by the requests of the last window and those
// that are under way, and for how long it is kept to then.
func (p *pace) used(now time.Time, flying int) (full bool, wait time.Duration) {
	p.forget(now)
	over := len(p.past) + flying - p.rate.Requests
	if p.rate.Requests == 0 || over < 0 {
		return false, 0
	}
	wait = p.keep.Sub(now)
	if over < len(p.past) {
		wait = min(wait, p.past[over].Add(window).Sub(now))
	}
	return true, max(wait, 0)
}

// count notes a request that was answered. That more pass than the rate allows shows a higher one.
func (p *pace) count(now time.Time) {
	p.forget(now)
	p.past = append(p.past, now)
	if n := len(p.past); p.rate.Requests > 0 && n > p.rate.Requests {
		p.rate.Requests, p.changed = n, true
	}
}

// exceeded forgets a rate that JumpServer does not keep to any more.
func (p *pace) exceeded() {
	if full, _ := p.used(p.now(), 0); full {
		p.rate, p.changed = Rate{}, true
	}
}

// forget drops what is out of its window.
func (p *pace) forget(now time.Time) {
	old := 0
	for old < len(p.past) && (now.Sub(p.past[old]) >= window || len(p.past)-old > kept) {
		old++
	}
	p.past = p.past[old:]
	for len(p.refused) > 0 && now.Sub(p.refused[0]) >= 2*window {
		p.refused = p.refused[1:]
	}
	if p.rate.Requests > 0 && now.Sub(p.rate.Seen) >= believed {
		p.rate, p.changed = Rate{}, true
	}
}

// recall asks once for what an earlier process has learnt. A rate that cannot be right is none.
func (p *pace) recall(ctx context.Context) {
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
	age := p.now().Sub(was.Seen)
	if p.changed || was.Requests < 1 || was.Requests > kept || age < -window || age >= believed {
		return
	}
	p.rate = was
}

// RecallRate lets the client ask, right before its first request, what an earlier one has learnt.
// from returns the zero Rate where nothing is known. A client asks once; what it has learnt itself
// it does not give up.
func (c *Client) RecallRate(from func(context.Context) Rate) {
	c.pace.mu.Lock()
	defer c.pace.mu.Unlock()
	if c.pace.last == 0 {
		c.pace.source = from
	}
}

// LearntRate returns the rate that is known now, and whether it differs from what was recalled.
// The zero Rate then means that no limit holds any more.
func (c *Client) LearntRate() (r Rate, changed bool) {
	c.pace.mu.Lock()
	defer c.pace.mu.Unlock()
	return c.pace.rate, c.pace.changed
}
