package jumpserver

import (
	"context"
	"sync"
	"time"
)

// writeKind is a kind of write whose time is learnt, as servers differ widely: a list PATCH
// with labels took 70 ms a row on an idle v4.7.0, and 160 to 200 ms on an idle v4.10.19.
type writeKind int

const (
	labelPatches writeKind = iota // PATCH of hosts whose labels change
	plainPatches                  // PATCH of hosts whose labels stay
	deletions                     // bulk DELETE
	creations                     // POST of one host
	attachments                   // POST of one account on each host of a list
	writeKinds
)

const (
	// targetWriteTime is how long one list write should take: short enough that what was read right before it is
	// still true, long enough that the time of the requests around it hardly counts.
	targetWriteTime = 3 * time.Second
	// timeoutFactor is how many times its expected time a write may take before it is given up.
	timeoutFactor = 4
	// minLateTime is how long a write without an answer may still be carried out, at least; maxLateTime
	// bounds the estimate where it already took long.
	minLateTime = 2 * time.Second
	maxLateTime = time.Minute
	// maxRowTime and minRowTime bound what is learnt: a changed clock, or a proxy that answers for JumpServer,
	// must neither stop the writing nor make one list of everything.
	maxRowTime = 30 * time.Second
	minRowTime = time.Millisecond
)

// writeSize is what the time of a write depends on. The zero value is a call of which nothing is learnt.
type writeSize struct {
	kind writeKind
	rows int
}

// isWrite reports whether the call writes hosts, so that its caller must deal with a lost answer.
func (e writeSize) isWrite() bool { return e.rows > 0 }

// writeTimes is the learnt time per row of each kind. It starts with careful guesses, rises at once
// and falls by half the difference, so that a list has hardly more than twice the rows of the last one.
type writeTimes struct {
	mu     sync.Mutex
	perRow [writeKinds]time.Duration
}

func newWriteTimes() *writeTimes {
	return &writeTimes{perRow: [writeKinds]time.Duration{
		labelPatches: 200 * time.Millisecond, plainPatches: 60 * time.Millisecond, deletions: 60 * time.Millisecond,
		creations: 500 * time.Millisecond, attachments: 150 * time.Millisecond,
	}}
}

// expectedTime returns how long a write should take; 0 where nothing is known.
func (c *writeTimes) expectedTime(e writeSize) time.Duration {
	if !e.isWrite() {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.perRow[e.kind] * time.Duration(e.rows)
}

// rowsWithin returns how many rows of a kind are expected to take no longer than a time; at least 1.
func (c *writeTimes) rowsWithin(kind writeKind, within time.Duration) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return max(1, int(within/c.perRow[kind]))
}

// recordAnswered learns from a write that was answered.
func (c *writeTimes) recordAnswered(e writeSize, d time.Duration) {
	c.updateEstimate(e, d, func(known, seen time.Duration) time.Duration {
		if seen > known {
			return seen
		}
		return (known + seen) / 2
	})
}

// recordTimeout learns from a write that was not answered within a time.
func (c *writeTimes) recordTimeout(e writeSize, d time.Duration) {
	c.updateEstimate(e, d, func(known, seen time.Duration) time.Duration { return max(known, seen) })
}

func (c *writeTimes) updateEstimate(e writeSize, d time.Duration, next func(known, seen time.Duration) time.Duration) {
	if !e.isWrite() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	seen := d / time.Duration(e.rows)
	c.perRow[e.kind] = min(max(next(c.perRow[e.kind], seen), minRowTime), maxRowTime)
}

// UpdateBatchSize returns how many patches one request should have now: as many as are expected to take three
// seconds, or the time that is left if that is less; at least 1, at most Options.BatchSize. labels says
// that patches set labels.
func (c *Client) UpdateBatchSize(ctx context.Context, labels bool) int {
	if labels {
		return c.batchSizeOf(ctx, labelPatches)
	}
	return c.batchSizeOf(ctx, plainPatches)
}

// RemoveBatchSize is UpdateBatchSize for the ids of one removal.
func (c *Client) RemoveBatchSize(ctx context.Context) int { return c.batchSizeOf(ctx, deletions) }

func (c *Client) batchSizeOf(ctx context.Context, kind writeKind) int {
	within := targetWriteTime
	if end, bounded := ctx.Deadline(); bounded {
		within = min(within, time.Until(end)/2) // the assets are read before, and perhaps after
	}
	rows := min(c.batchSize, c.writeTimes.rowsWithin(kind, within))
	if most := int(c.maxListRows.Load()); most > 0 {
		rows = min(rows, most) // more are too large for something in front of JumpServer
	}
	return rows
}

// tryTimeoutOf returns how long a try of a call may take: the configured time, or several times the expected one.
func (c *Client) tryTimeoutOf(q apiCall) time.Duration {
	return max(c.tryTimeout, timeoutFactor*c.writeTimes.expectedTime(q.size))
}

// lateTimeOf returns how long a write that was not answered within a time may still be carried out: JumpServer goes on
// with it after the client has disconnected.
func (c *Client) lateTimeOf(e writeSize, took time.Duration) time.Duration {
	return max(minLateTime, min(2*took, maxLateTime), 2*c.writeTimes.expectedTime(e)-took)
}
