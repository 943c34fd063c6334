package jumpserver

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// limiter is JumpServer's throttle: so many answered requests within any minute.
type limiter struct {
	mu      sync.Mutex
	rate    int
	passed  []time.Time
	refused int
}

func (l *limiter) wrap(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		now := time.Now()
		for len(l.passed) > 0 && now.Sub(l.passed[0]) >= time.Minute {
			l.passed = l.passed[1:]
		}
		if len(l.passed) >= l.rate {
			l.refused++
			wait := time.Minute - now.Sub(l.passed[0])
			l.mu.Unlock()
			w.Header().Set("Retry-After", fmt.Sprint(int((wait+time.Second-1)/time.Second)))
			reply(w, 429, `{"detail":"Request was throttled.","code":"throttled"}`)
			return
		}
		l.passed = append(l.passed, now)
		l.mu.Unlock()
		next(w, r)
	}
}

// 1000 calls by eight writers at 180 a minute: few refusals, no burst, all done.
func TestPace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStub(t)
		l := &limiter{rate: 180}
		s.on("GET "+apiCurrent, l.wrap(func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(20 * time.Millisecond)
			reply(w, 200, `{"id":"`+DefaultOrganisation+`"}`)
		}))
		c := s.client(realSleep)
		start := time.Now()
		var next atomic.Int64
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				for next.Add(1) <= 1000 {
					if _, _, err := c.Organisation(t.Context()); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		group.Wait()
		took := time.Since(start)
		// 1000 requests at 180 a minute take 4 to 5 minutes at best.
		if took > 7*time.Minute || took < 4*time.Minute {
			t.Errorf("took %v", took)
		}
		if l.refused > 30 {
			t.Errorf("%d refusals", l.refused)
		}
		t.Logf("1000 calls at 180 a minute: %v, %d refusals", took, l.refused)
	})
}

// Where the deadline is nearer than Retry-After, everybody fails at once and nothing is sent.
func TestThrottledPastDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStub(t)
		s.on("GET "+apiCurrent, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "52")
			reply(w, 429, `{}`)
		})
		c := s.client(realSleep)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		start := time.Now()
		for range 3 {
			_, _, err := c.Organisation(ctx)
			wantKind(t, err, inventory.Throttled)
		}
		if len(s.seen) != 1 || time.Since(start) != 0 {
			t.Errorf("%d requests in %v", len(s.seen), time.Since(start))
		}
		// Without a deadline it waits, though not for ever.
		_, _, err := c.Organisation(t.Context())
		wantKind(t, err, inventory.Throttled)
		if n := len(s.seen); n != 2+maxWaits {
			t.Errorf("%d requests", n)
		}
	})
}

// All goroutines wait together, and one whose context ends meanwhile sends nothing.
func TestGateIsShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStub(t)
		var opened time.Time
		start := time.Now()
		s.script("GET "+apiCurrent, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "40")
			reply(w, 429, `{}`)
		}, func(w http.ResponseWriter, _ *http.Request) {
			if opened.IsZero() {
				opened = time.Now()
			}
			reply(w, 200, `{"id":"`+DefaultOrganisation+`"}`)
		})
		c := s.client(realSleep)
		var group sync.WaitGroup
		group.Go(func() {
			if _, _, err := c.Organisation(t.Context()); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		for range 3 {
			group.Go(func() {
				_, _, err := c.Organisation(ctx)
				if inventory.KindOf(err) != inventory.Deadline {
					t.Error(err)
				}
			})
		}
		time.Sleep(10 * time.Second)
		cancel()
		group.Wait()
		if opened.Sub(start) != 40*time.Second || len(s.seen) != 2 {
			t.Errorf("opened after %v, %d requests", opened.Sub(start), len(s.seen))
		}
	})
}

// A lower rate that others caused is not kept for ever.
func TestPaceQuickens(t *testing.T) {
	t.Parallel()
	now := time.Now()
	p := &pace{now: func() time.Time { return now }}
	p.throttled(time.Second)
	if p.interval != maxInterval {
		t.Fatalf("interval %v", p.interval)
	}
	for range 120 {
		now = now.Add(window + time.Second)
		if _, err := p.reserve(t.Context(), "x"); err != nil {
			t.Fatal(err)
		}
	}
	if p.interval != 0 {
		t.Errorf("interval %v after two hours", p.interval)
	}
}
