package azure

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// sharedTTL is how long a reading serves the regions that did not get their part yet: as long as a
// fleet may need until it comes to its last region.
const sharedTTL = time.Minute

// sharedReads shares readings between callers: Azure lists subscriptions, callers ask for regions.
type sharedReads struct {
	now  func() time.Time
	lock chan struct{} // of readings for FindVerified: one after the other

	mu     sync.Mutex
	latest *flight // the last one that began for List
	next   *flight // one for FindVerified that waits for its turn
}

func newSharedReads() *sharedReads { return &sharedReads{now: time.Now, lock: make(chan struct{}, 1)} }

// flight is one reading under way, or ended. It is cancelled with its last caller, not with its first, and has
// the deadline that all its callers share. But for the channel, the lock of sharedReads guards it.
type flight struct {
	ctx      context.Context
	cancel   context.CancelFunc
	deadline time.Time // zero = none
	done     chan struct{}

	callers map[string]int // by region
	result  subscriptionList
	err     error
	ended   time.Time
	served  map[string]bool // regions whose part was returned
}

// newFlight returns a reading with a caller's values and deadline, but not its cancellation.
func newFlight(ctx context.Context) *flight {
	f := &flight{done: make(chan struct{}), callers: map[string]int{}, served: map[string]bool{}}
	f.deadline, _ = ctx.Deadline()
	detached := context.WithoutCancel(ctx)
	if f.deadline.IsZero() {
		f.ctx, f.cancel = context.WithCancel(detached)
	} else {
		f.ctx, f.cancel = context.WithDeadline(detached, f.deadline)
	}
	return f
}

// deadlineSlack is how far apart the deadlines of callers of one flight may be.
const deadlineSlack = time.Second

// canJoin reports whether a caller may join: it must not fail for another caller's deadline.
func (f *flight) canJoin(ctx context.Context) bool {
	deadline, limited := ctx.Deadline()
	return f != nil && limited != f.deadline.IsZero() && f.deadline.Sub(deadline).Abs() <= deadlineSlack
}

func (f *flight) isOver() bool {
	select {
	case <-f.done:
		return true
	default:
		return false
	}
}

// readRecent returns a region's part of a reading that is under way or ended a moment ago, and that it did not
// return for the region before; known reports whether the region exists.
func (r *sharedReads) readRecent(ctx context.Context, region string, read func(context.Context) (subscriptionList, error)) (list []inventory.Instance, known bool, err error) {
	r.mu.Lock()
	f := r.latest
	if !f.canJoin(ctx) || f.isOver() && (f.err != nil || f.served[region] || r.now().Sub(f.ended) > sharedTTL) {
		f = newFlight(ctx)
		r.latest = f
		go r.runFlight(f, read)
	}
	f.callers[region]++
	r.mu.Unlock()
	err = f.waitFor(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.leaveFlight(f, region)
	if err != nil {
		return nil, false, err
	}
	if err := f.result.doubled[region]; err != nil {
		f.served[region] = true
		return nil, true, err
	}
	known = f.result.hasRegion(region)
	return f.takeRegion(region), known, nil
}

// takeRegion returns a region's rows to a caller that has left: the last caller gets them, others a copy,
// because a caller owns what it gets.
func (f *flight) takeRegion(region string) []inventory.Instance {
	f.served[region] = true
	rows := f.result.regions[region]
	if f.callers[region] > 0 {
		return slices.Clone(rows)
	}
	delete(f.result.regions, region) // not needed any more: a region gets its part once
	return rows
}

// readFresh returns a reading that began after the call. Callers that come while another one is under way
// share the next. Its result must not be changed.
func (r *sharedReads) readFresh(ctx context.Context, read func(context.Context) (subscriptionList, error)) (subscriptionList, error) {
	r.mu.Lock()
	f := r.next
	if !f.canJoin(ctx) {
		f = newFlight(ctx)
		r.next = f
		go r.runQueued(f, read)
	}
	f.callers[""]++
	r.mu.Unlock()
	err := f.waitFor(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.leaveFlight(f, "")
	if err != nil {
		return subscriptionList{}, err
	}
	return f.result, nil
}

// runQueued waits for its turn, closes the flight to further callers, and reads.
func (r *sharedReads) runQueued(f *flight, read func(context.Context) (subscriptionList, error)) {
	select {
	case r.lock <- struct{}{}:
		defer func() { <-r.lock }()
	case <-f.ctx.Done():
	}
	r.mu.Lock()
	if r.next == f {
		r.next = nil
	}
	r.mu.Unlock()
	r.runFlight(f, read)
}

func (r *sharedReads) runFlight(f *flight, read func(context.Context) (subscriptionList, error)) {
	got, err := recoverPanic(func() (subscriptionList, error) { return read(f.ctx) })
	f.cancel()
	r.mu.Lock()
	defer r.mu.Unlock()
	f.result, f.err, f.ended = got, err, r.now()
	close(f.done)
}

// waitFor waits for a flight, or until the caller's context ends.
func (f *flight) waitFor(ctx context.Context) error {
	select {
	case <-f.done:
		return f.err
	case <-ctx.Done():
		return &inventory.Error{Kind: inventory.Deadline, Err: context.Cause(ctx)}
	}
}

// leaveFlight removes a caller from a flight; the last one cancels it. The lock is held.
func (r *sharedReads) leaveFlight(f *flight, region string) {
	if f.callers[region]--; f.callers[region] == 0 {
		delete(f.callers, region)
	}
	if len(f.callers) > 0 || f.isOver() {
		return
	}
	f.cancel()
	if r.latest == f {
		r.latest = nil
	}
	if r.next == f {
		r.next = nil
	}
}
