package login

import (
	"sync"
	"time"
)

// Limiter bounds how often each of many callers may do something: at most burst at once, and then one each interval.
type Limiter struct {
	burst    int
	interval time.Duration
	now      func() time.Time

	mu   sync.Mutex
	free map[string]time.Time // when all of a caller's burst is free again
}

// maxCallers bounds what a Limiter remembers. Beyond it those who waited longest are forgotten.
const maxCallers = 10_000

// NewLimiter returns a Limiter.
func NewLimiter(burst int, interval time.Duration, now func() time.Time) *Limiter {
	return &Limiter{burst: burst, interval: interval, now: now, free: map[string]time.Time{}}
}

// Allow reports whether a caller may go on; otherwise it returns after how long it may.
func (l *Limiter) Allow(caller string) (wait time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	free := l.free[caller]
	if free.Before(now) {
		free = now
	}
	next := free.Add(l.interval)
	over := next.Sub(now) - time.Duration(l.burst)*l.interval
	if over > 0 {
		return over, false
	}
	if len(l.free) >= maxCallers {
		l.forget(now)
	}
	l.free[caller] = next
	return 0, true
}

// forget drops callers whose burst is free again; if all are busy, any half of them.
func (l *Limiter) forget(now time.Time) {
	for caller, free := range l.free {
		if free.Before(now) {
			delete(l.free, caller)
		}
	}
	for caller := range l.free {
		if len(l.free) <= maxCallers/2 {
			return
		}
		delete(l.free, caller)
	}
}
