package apply

import (
	"context"
	"sync"
	"time"
)

// pace bounds how many writers work at once. It begins with two, grows while answers stay as
// quick as the quickest seen, and shrinks when they slow down: a server that is busy gets no
// faster by being asked more at once (JumpServer on two cores: two writers reach what eight do).
type pace struct {
	mu    sync.Mutex
	free  *sync.Cond
	now   func() time.Time
	most  int
	limit int
	busy  int

	best  time.Duration // mean answer time of the quickest window, slowly forgotten
	sum   time.Duration // of the current window
	count int
}

const (
	startWriters = 2
	slowed       = 1.6 // mean of a window against the best: fewer writers
	steady       = 1.3 // up to this: one writer more
	forget       = 1.02
)

func newPace(most int, now func() time.Time) *pace {
	p := &pace{now: now, most: max(most, 1), limit: min(startWriters, max(most, 1))}
	p.free = sync.NewCond(&p.mu)
	return p
}

// acquire waits for a place, or for the end of the context. The caller gives the place back.
func (p *pace) acquire(ctx context.Context) (release func(), err error) {
	wake := context.AfterFunc(ctx, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.free.Broadcast()
	})
	defer wake()
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.busy >= p.limit && ctx.Err() == nil {
		p.free.Wait()
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	p.busy++
	begun := p.now()
	return func() { p.release(p.now().Sub(begun)) }, nil
}

func (p *pace) release(took time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.busy--
	p.sum += took
	p.count++
	if p.count >= 2*p.limit {
		p.adjust(p.sum / time.Duration(p.count))
		p.sum, p.count = 0, 0
	}
	p.free.Broadcast()
}

// adjust compares the mean of a window with the best one so far.
func (p *pace) adjust(mean time.Duration) {
	if p.best == 0 || mean < p.best {
		p.best = mean
	}
	ratio := float64(mean) / float64(max(p.best, 1))
	if p.limit <= startWriters { // with more, the slowness may be our own queue
		p.best = time.Duration(float64(p.best) * forget)
	}
	switch {
	case ratio > slowed:
		p.limit = max(1, p.limit*2/3)
	case ratio <= steady:
		p.limit = min(p.most, p.limit+1)
	}
}
