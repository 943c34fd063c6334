package apply

import (
	"context"
	"sync"
	"time"
)

// pace lets as many writers work at once as steer chooses.
type pace struct {
	mu    sync.Mutex
	free  *sync.Cond
	now   func() time.Time
	steer *steer
	busy  int
}

func newPace(most int, now func() time.Time) *pace {
	p := &pace{now: now, steer: newSteer(most, now())}
	p.free = sync.NewCond(&p.mu)
	return p
}

// acquire waits for a place, or for the end of the context. The caller gives the place back, and
// says whether a host was made.
func (p *pace) acquire(ctx context.Context) (release func(made bool), err error) {
	wake := context.AfterFunc(ctx, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.free.Broadcast()
	})
	defer wake()
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.busy >= p.steer.limit() && ctx.Err() == nil {
		p.free.Wait()
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	p.busy++
	begun := p.now()
	return func(made bool) { p.release(begun, made) }, nil
}

func (p *pace) release(begun time.Time, made bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.busy--
	now := p.now()
	p.steer.done(now, now.Sub(begun), made)
	p.free.Broadcast()
}
