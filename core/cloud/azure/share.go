package azure

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// reads shares readings between callers: Azure lists subscriptions, we are asked for regions.
type reads struct {
	now  func() time.Time
	turn chan struct{} // of readings for Lookup: one after the other

	mu     sync.Mutex
	latest *flight // the last one that was begun for List
	next   *flight // one for Lookup that waits for its turn
}

func newReads() *reads { return &reads{now: time.Now, turn: make(chan struct{}, 1)} }

// flight is one reading under way, or ended. It ends with its last caller, not with its first, and
// with the deadline that all its callers have. But for the channel, the lock of reads guards it.
type flight struct {
	ctx      context.Context
	cancel   context.CancelFunc
	deadline time.Time // zero = none
	done     chan struct{}

	callers map[string]int // by region
	got     reading
	err     error
	ended   time.Time
	served  map[string]bool // regions whose part was handed over
}

// newFlight makes a reading with a caller's values and deadline, but not its cancellation.
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

// slack is how far apart the deadlines of callers of one flight may be.
const slack = time.Second

// fits tells whether a caller may join: it must not be failed for another one's deadline.
func (f *flight) fits(ctx context.Context) bool {
	deadline, limited := ctx.Deadline()
	return f != nil && limited != f.deadline.IsZero() && f.deadline.Sub(deadline).Abs() <= slack
}

func (f *flight) over() bool {
	select {
	case <-f.done:
		return true
	default:
		return false
	}
}

// recent gives a region's part of a reading that is under way or ended a moment ago, and was not
// given to it before; known tells whether the region exists.
func (r *reads) recent(ctx context.Context, region string, read func(context.Context) (reading, error)) (list []inventory.Instance, known bool, err error) {
	r.mu.Lock()
	f := r.latest
	if !f.fits(ctx) || f.over() && (f.err != nil || f.served[region] || r.now().Sub(f.ended) > sharedFor) {
		f = newFlight(ctx)
		r.latest = f
		go r.run(f, read)
	}
	f.callers[region]++
	r.mu.Unlock()
	err = f.wait(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.leave(f, region)
	if err != nil {
		return nil, false, err
	}
	known = f.got.knows(region)
	return f.hand(region), known, nil
}

// hand gives a region's rows to a caller that has left: the last one gets them, others a copy,
// because a caller owns what it gets.
func (f *flight) hand(region string) []inventory.Instance {
	f.served[region] = true
	rows := f.got.regions[region]
	if f.callers[region] > 0 {
		return slices.Clone(rows)
	}
	delete(f.got.regions, region) // nobody asks again: what was served is not served from here
	return rows
}

// fresh gives a reading that began after the call. Callers that come while another one is under way
// share the next. What it gives must not be changed.
func (r *reads) fresh(ctx context.Context, read func(context.Context) (reading, error)) (reading, error) {
	r.mu.Lock()
	f := r.next
	if !f.fits(ctx) {
		f = newFlight(ctx)
		r.next = f
		go r.queue(f, read)
	}
	f.callers[""]++
	r.mu.Unlock()
	err := f.wait(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.leave(f, "")
	if err != nil {
		return reading{}, err
	}
	return f.got, nil
}

// queue waits for its turn, lets nobody join any more, and reads.
func (r *reads) queue(f *flight, read func(context.Context) (reading, error)) {
	select {
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	case <-f.ctx.Done():
	}
	r.mu.Lock()
	if r.next == f {
		r.next = nil
	}
	r.mu.Unlock()
	r.run(f, read)
}

func (r *reads) run(f *flight, read func(context.Context) (reading, error)) {
	got, err := unbroken(func() (reading, error) { return read(f.ctx) })
	f.cancel()
	r.mu.Lock()
	defer r.mu.Unlock()
	f.got, f.err, f.ended = got, err, r.now()
	close(f.done)
}

// wait waits for a flight, or for the caller's own end.
func (f *flight) wait(ctx context.Context) error {
	select {
	case <-f.done:
		return f.err
	case <-ctx.Done():
		return &inventory.Error{Kind: inventory.Deadline, Err: context.Cause(ctx)}
	}
}

// leave takes a caller off a flight; the last one ends it. The lock is held.
func (r *reads) leave(f *flight, region string) {
	if f.callers[region]--; f.callers[region] == 0 {
		delete(f.callers, region)
	}
	if len(f.callers) > 0 || f.over() {
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
