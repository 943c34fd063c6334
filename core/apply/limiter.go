package apply

import (
	"context"
	"sync"
	"time"
)

// limiter lets as many writers work at once as the controller chooses.
type limiter struct {
	mu         sync.Mutex
	slotFreed  *sync.Cond
	now        func() time.Time
	controller *concurrencyController
	inFlight   int
}

func newLimiter(most int, now func() time.Time) *limiter {
	p := &limiter{now: now, controller: newConcurrencyController(most, now())}
	p.slotFreed = sync.NewCond(&p.mu)
	return p
}

// acquire waits for a slot, or for the end of the context. The caller must call release, and say whether a host was
// created.
func (p *limiter) acquire(ctx context.Context) (release func(made bool), err error) {
	wake := context.AfterFunc(ctx, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.slotFreed.Broadcast()
	})
	defer wake()
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.inFlight >= p.controller.limit() && ctx.Err() == nil {
		p.slotFreed.Wait()
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	p.inFlight++
	begun := p.now()
	return func(made bool) {
		p.release(begun, made)
	}, nil
}

func (p *limiter) release(begun time.Time, made bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inFlight--
	now := p.now()
	p.controller.recordAnswer(now, now.Sub(begun), made)
	p.slotFreed.Broadcast()
}
