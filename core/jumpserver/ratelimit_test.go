package jumpserver

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/wait"
)

// throttlingServer imitates JumpServer's throttle: so many answered requests within any minute.
type throttlingServer struct {
	mu      sync.Mutex
	rate    int
	passed  []time.Time
	refused int
}

func (l *throttlingServer) wrap(next http.HandlerFunc) http.HandlerFunc {
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
func TestRateLimiter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStub(t)
		l := &throttlingServer{rate: 180}
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

// If the deadline is nearer than Retry-After, all calls fail at once and nothing is sent.
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
		// Without a deadline it waits, though not without end.
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

// newTestLimiter returns a rate limiter with a clock that only the test advances.
func newTestLimiter() (p *rateLimiter, pass func(time.Duration)) {
	now := time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)
	p = &rateLimiter{now: func() time.Time { return now }}
	p.sleep = func(_ context.Context, d time.Duration) error {
		now = now.Add(d)
		return nil
	}
	return p, func(d time.Duration) {
		now = now.Add(d)
	}
}

// requests sends so many requests, each answered at once.
func requests(t *testing.T, p *rateLimiter, n int, pass func(time.Duration)) {
	t.Helper()
	for range n {
		sent, err := p.admit(t.Context(), "x", p.nextNumber())
		if err != nil {
			t.Fatal(err)
		}
		pass(time.Millisecond)
		p.recordAnswer(sent, true)
	}
}

func refuse(t *testing.T, p *rateLimiter, after time.Duration, pass func(time.Duration)) {
	t.Helper()
	sent, err := p.admit(t.Context(), "x", p.nextNumber())
	if err != nil {
		t.Fatal(err)
	}
	pass(time.Millisecond)
	p.recordRefusal(sent, after)
}

// What a refusal shows, and what it does not.
func TestRateLimiterLearns(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		play func(t *testing.T, p *rateLimiter, pass func(time.Duration))
		want int // requests a minute; 0 = nothing was learnt
	}{
		"a stray one": {func(t *testing.T, p *rateLimiter, pass func(time.Duration)) {
			requests(t, p, 150, pass)
			refuse(t, p, time.Second, pass)
		}, 0},
		"the window began before our first request": {func(t *testing.T, p *rateLimiter, pass func(time.Duration)) {
			requests(t, p, 100, pass)
			refuse(t, p, 52*time.Second, pass)
		}, 0},
		"a window of our own": {func(t *testing.T, p *rateLimiter, pass func(time.Duration)) {
			requests(t, p, 180, pass)
			refuse(t, p, time.Minute, pass)
		}, 180},
		"a window of our own, half over": {func(t *testing.T, p *rateLimiter, pass func(time.Duration)) {
			requests(t, p, 100, pass)
			pass(30 * time.Second)
			requests(t, p, 80, pass)
			refuse(t, p, 30*time.Second, pass)
		}, 180},
		"longer than a window": {func(t *testing.T, p *rateLimiter, pass func(time.Duration)) {
			requests(t, p, 180, pass)
			refuse(t, p, time.Hour, pass)
		}, 0},
		"no time is named": {func(t *testing.T, p *rateLimiter, pass func(time.Duration)) {
			requests(t, p, 180, pass)
			refuse(t, p, 0, pass)
		}, 0},
		"three, with requests between": {func(t *testing.T, p *rateLimiter, pass func(time.Duration)) {
			for range 3 {
				requests(t, p, 20, pass)
				refuse(t, p, time.Second, pass)
			}
		}, 60},
		"three, no two within a window": {func(t *testing.T, p *rateLimiter, pass func(time.Duration)) {
			for range 3 {
				requests(t, p, 20, pass)
				refuse(t, p, time.Second, pass)
				pass(rateWindow)
			}
		}, 0},
		"five that follow one another": {func(t *testing.T, p *rateLimiter, pass func(time.Duration)) {
			requests(t, p, 20, pass)
			for range 5 {
				refuse(t, p, time.Second, pass)
			}
		}, 0},
		"JumpServer takes more than it did": {func(t *testing.T, p *rateLimiter, pass func(time.Duration)) {
			requests(t, p, 180, pass)
			refuse(t, p, time.Minute, pass)
			requests(t, p, 200, pass)
		}, 200},
		"much more": {func(t *testing.T, p *rateLimiter, pass func(time.Duration)) {
			requests(t, p, 180, pass)
			refuse(t, p, time.Minute, pass)
			requests(t, p, 300, pass)
		}, 0},
		"a day ago": {func(t *testing.T, p *rateLimiter, pass func(time.Duration)) {
			requests(t, p, 180, pass)
			refuse(t, p, time.Minute, pass)
			pass(25 * time.Hour)
			requests(t, p, 1, pass)
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, pass := newTestLimiter()
			c.play(t, p, pass)
			if p.rate.Requests != c.want || p.changed != (c.want > 0 || name == "much more" || name == "a day ago") {
				t.Errorf("learnt %+v (changed %t), want %d", p.rate, p.changed, c.want)
			}
		})
	}
}

// A rate that cannot be right, or is too old, is not recalled; a wrong one costs nothing.
func TestRateLimiterRecalls(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		was    RateLimit
		age    time.Duration
		recall bool
	}{
		"an hour old":   {RateLimit{Requests: 180}, time.Hour, true},
		"nothing known": {RateLimit{}, time.Hour, false},
		"negative":      {RateLimit{Requests: -5}, time.Hour, false},
		"enormous":      {RateLimit{Requests: 1 << 40}, time.Hour, false},
		"too old":       {RateLimit{Requests: 180}, 25 * time.Hour, false},
		"of tomorrow":   {RateLimit{Requests: 180}, -24 * time.Hour, false},
		"one":           {RateLimit{Requests: 1}, time.Minute, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, pass := newTestLimiter()
			c.was.LastRefused = p.now().Add(-c.age)
			asked := 0
			client := &Client{limiter: p}
			client.UseRateSource(func(context.Context) RateLimit {
				asked++
				return c.was
			})
			requests(t, p, 1, pass)
			if got := p.rate.Requests == c.was.Requests && c.was.Requests > 0; got != c.recall || asked != 1 {
				t.Errorf("rate %+v, asked %d times", p.rate, asked)
			}
			if r, changed := client.LearntRate(); changed || r != p.rate {
				t.Errorf("changed: %+v", r)
			}
			begun := p.now()
			requests(t, p, 300, pass)
			if took := p.now().Sub(begun); took > time.Second {
				t.Errorf("300 requests took %v", took)
			}
			client.UseRateSource(func(context.Context) RateLimit {
				asked++
				return c.was
			})
			requests(t, p, 1, pass)
			if asked != 1 {
				t.Error("it was asked again")
			}
		})
	}
}

// A learnt rate is no reason to give up: a call without the time to obey it is sent, and
// JumpServer decides.
func TestRateLimiterWithoutTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &rateLimiter{now: time.Now, sleep: wait.For}
		pass := func(d time.Duration) { time.Sleep(d) }
		for range 3 {
			requests(t, p, 20, pass)
			refuse(t, p, time.Second, pass)
		}
		time.Sleep(time.Second)
		for left, want := range map[time.Duration]time.Duration{5 * time.Second: 0, time.Minute: minRateTime} {
			ctx, cancel := context.WithTimeout(t.Context(), left)
			begun := time.Now()
			sent, err := p.admit(ctx, "x", p.nextNumber())
			if took := time.Since(begun); err != nil || took < want-time.Second || took > want {
				t.Errorf("%v left: waited %v, want %v: %v", left, took, want, err)
			}
			p.recordRefusal(sent, time.Second)
			time.Sleep(time.Second)
			cancel()
		}
	})
}

// Calls are sent in their order, also after a refusal.
func TestRateLimiterKeepsTheOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &rateLimiter{now: time.Now, sleep: wait.For}
		var mu sync.Mutex
		var order []uint64
		var group sync.WaitGroup
		first := p.nextNumber()
		sent, err := p.admit(t.Context(), "x", first)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
		p.recordRefusal(sent, time.Second)
		call := func(number uint64) {
			sent, err := p.admit(t.Context(), "x", number)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			order = append(order, number)
			mu.Unlock()
			time.Sleep(10 * time.Millisecond)
			p.recordAnswer(sent, true)
		}
		for range 5 {
			number := p.nextNumber()
			group.Go(func() { call(number) })
			synctest.Wait()
		}
		group.Go(func() { call(first) })
		group.Wait()
		if !slices.IsSorted(order) || len(order) != 6 {
			t.Errorf("order %v", order)
		}
	})
}
