package jumpserver

import (
	"context"
	"sync"
	"time"
)

// costKind is a kind of write whose time is learnt, as it differs by far between servers: a list PATCH
// with labels took 70 ms a row on an idle v4.7.0, and 160 to 200 ms on an idle v4.10.19.
type costKind int

const (
	labelRows costKind = iota // PATCH of hosts whose labels change
	plainRows                 // PATCH of hosts whose labels stay
	deletions                 // bulk DELETE
	creations                 // POST of one host
	costKinds
)

const (
	// aim is how long one list write should take: short enough that what was read right before it is
	// still true, long enough that the time of the requests around it hardly counts.
	aim = 3 * time.Second
	// tolerance is how many times its expected time a write may take before it is given up.
	tolerance = 4
	// leastLate is how long a write without an answer may still be carried out, at least; longestLate
	// bounds what is guessed where it already took long.
	leastLate   = 2 * time.Second
	longestLate = time.Minute
	// slowest and quickest bound what is learnt: a clock that was set, or a proxy that answers for JumpServer,
	// must not stop the writing, nor make one list of everything.
	slowest  = 30 * time.Second
	quickest = time.Millisecond
)

// effort is what the time of a write depends on. The zero value is a call of which nothing is learnt.
type effort struct {
	kind costKind
	rows int
}

// write reports whether the call writes hosts: an answer of it that got lost is the caller's to deal with.
func (e effort) write() bool { return e.rows > 0 }

// costs is what was learnt of the time per row, of each kind. It begins with careful guesses, goes up at once
// and down by half the difference, so that a list has hardly more than twice the rows of the last one.
type costs struct {
	mu     sync.Mutex
	perRow [costKinds]time.Duration
}

func newCosts() *costs {
	return &costs{perRow: [costKinds]time.Duration{
		labelRows: 200 * time.Millisecond, plainRows: 60 * time.Millisecond, deletions: 60 * time.Millisecond,
		creations: 500 * time.Millisecond,
	}}
}

// expected returns how long a write should take; 0 where nothing is known of it.
func (c *costs) expected(e effort) time.Duration {
	if !e.write() {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.perRow[e.kind] * time.Duration(e.rows)
}

// rows returns how many rows of a kind are expected to take no longer than a time; at least 1.
func (c *costs) rows(kind costKind, within time.Duration) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return max(1, int(within/c.perRow[kind]))
}

// took learns from a write that was answered.
func (c *costs) took(e effort, d time.Duration) {
	c.learn(e, d, func(known, seen time.Duration) time.Duration {
		if seen > known {
			return seen
		}
		return (known + seen) / 2
	})
}

// tookLonger learns from a write that was not answered within a time.
func (c *costs) tookLonger(e effort, d time.Duration) {
	c.learn(e, d, func(known, seen time.Duration) time.Duration { return max(known, seen) })
}

func (c *costs) learn(e effort, d time.Duration, next func(known, seen time.Duration) time.Duration) {
	if !e.write() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	seen := d / time.Duration(e.rows)
	c.perRow[e.kind] = min(max(next(c.perRow[e.kind], seen), quickest), slowest)
}

// UpdateBatch returns how many patches one request should have now: as many as are expected to take three
// seconds, or the time that is left if that is less; at least 1, at most Options.BatchSize. labels says
// that patches set labels.
func (c *Client) UpdateBatch(ctx context.Context, labels bool) int {
	if labels {
		return c.rows(ctx, labelRows)
	}
	return c.rows(ctx, plainRows)
}

// RemoveBatch is UpdateBatch for the ids of one removal.
func (c *Client) RemoveBatch(ctx context.Context) int { return c.rows(ctx, deletions) }

func (c *Client) rows(ctx context.Context, kind costKind) int {
	within := aim
	if end, bounded := ctx.Deadline(); bounded {
		within = min(within, time.Until(end)/2) // the assets are read before, and perhaps after
	}
	rows := min(c.batch, c.costs.rows(kind, within))
	if most := int(c.most.Load()); most > 0 {
		rows = min(rows, most) // more are too large for something in front of JumpServer
	}
	return rows
}

// patience returns how long a try of a call may take: what is configured, or several times what is expected.
func (c *Client) patience(q call) time.Duration {
	return max(c.try, tolerance*c.costs.expected(q.effort))
}

// late returns how long a write that was not answered within a time may still be carried out: JumpServer goes on
// with it although the client has gone.
func (c *Client) late(e effort, took time.Duration) time.Duration {
	return max(leastLate, min(2*took, longestLate), 2*c.costs.expected(e)-took)
}
