package jumpserver_test

import (
	"cmp"
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// refusals passes requests to a handler and counts the answers 429.
type refusals struct {
	http.Handler
	silent bool // Retry-After is removed
	count  atomic.Int64
}

// ServeHTTP implements http.Handler.
func (r *refusals) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	seen := &status{ResponseWriter: w, silent: r.silent}
	r.Handler.ServeHTTP(seen, req)
	if seen.code == http.StatusTooManyRequests {
		r.count.Add(1)
	}
}

type status struct {
	http.ResponseWriter
	silent bool
	code   int
}

// WriteHeader implements http.ResponseWriter.
func (s *status) WriteHeader(code int) {
	s.code = code
	if s.silent {
		s.Header().Del("Retry-After")
	}
	s.ResponseWriter.WriteHeader(code)
}

// write creates hosts by so many writers at once, and returns how many failed.
func write(ctx context.Context, t *testing.T, c *jumpserver.Client, hosts, writers int) (failed int) {
	t.Helper()
	for _, path := range []string{"/DEFAULT/阿里云/prod-0", "/DEFAULT/阿里云/prod-1"} {
		if err := c.EnsureNodes(ctx, []string{path}); err != nil {
			t.Error(err)
		}
	}
	var next, bad atomic.Int64
	var group sync.WaitGroup
	for range writers {
		group.Go(func() {
			for n := next.Add(1); n <= int64(hosts); n = next.Add(1) {
				if _, err := c.CreateWithNode(ctx, asset(int(n))); err != nil {
					bad.Add(1)
					t.Log(err)
				}
			}
		})
	}
	group.Wait()
	return int(bad.Load())
}

// others are people and functions that use the same key: a request each time, refused or not.
// They never wait. refused counts their refusals.
func others(ctx context.Context, t *testing.T, s *jumpservertest.Server, every time.Duration, refused *atomic.Int64) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(every):
		}
		soon, cancel := context.WithTimeout(ctx, every/2)
		_, _, err := newClient(t, s).Organisation(soon)
		cancel()
		switch inventory.KindOf(err) {
		case inventory.Throttled:
			refused.Add(1)
		case "", inventory.Deadline:
		default:
			t.Error(err)
		}
	}
}

// after matches requests from the n-th on that match.
func after(n int64, match func(*http.Request) bool) func(*http.Request) bool {
	var seen atomic.Int64
	return func(r *http.Request) bool { return match(r) && seen.Add(1) >= n }
}

// TestThrottled creates hosts in virtual time while JumpServer refuses requests in every way.
func TestThrottled(t *testing.T) {
	t.Parallel()
	busy := func(retry string) jumpservertest.Fault {
		return jumpservertest.Fault{Status: http.StatusTooManyRequests, RetryAfter: retry, Body: `{"code":"throttled"}`}
	}
	create := jumpservertest.MatchRequest(http.MethodPost, "/assets/hosts/")
	for name, c := range map[string]struct {
		throttle       int
		answer         time.Duration // 0 = 20 ms
		silent         bool
		hosts, writers int
		known          jumpserver.RateLimit
		fail           func(*jumpservertest.Server)
		others         time.Duration // between two requests of others, who have used the key for a minute
		least, most    time.Duration // of the run
		refused        int64         // at most
	}{
		"no limit": {hosts: 150, writers: 8, most: time.Second},
		"one stray 429": {
			hosts: 150, writers: 8, least: time.Second, most: 2500 * time.Millisecond, refused: 1,
			fail: func(s *jumpservertest.Server) { s.Fail(after(40, create), 1, busy("1")) },
		},
		"one stray 429 at the first request": {
			hosts: 150, writers: 8, least: time.Second, most: 2500 * time.Millisecond, refused: 1,
			fail: func(s *jumpservertest.Server) { s.Fail(jumpservertest.MatchRequest("", ""), 1, busy("1")) },
		},
		"a stray 429 in the middle of a long run": {
			hosts: 4000, writers: 1, least: 81 * time.Second, most: 92 * time.Second, refused: 1,
			fail: func(s *jumpservertest.Server) { s.Fail(after(3600, create), 1, busy("1")) },
		},
		"one stray 429 to each of eight writers": {
			hosts: 150, writers: 8, least: time.Second, most: 2500 * time.Millisecond, refused: 8,
			fail: func(s *jumpservertest.Server) { s.Fail(after(41, create), 8, busy("1")) },
		},
		"a stray 429 that names no time": {
			hosts: 150, writers: 8, least: 5 * time.Second, most: 7 * time.Second, refused: 1,
			fail: func(s *jumpservertest.Server) { s.Fail(after(40, create), 1, busy("")) },
		},
		"one that asks for 52 seconds": {
			hosts: 150, writers: 8, least: 52 * time.Second, most: 54 * time.Second, refused: 1,
			fail: func(s *jumpservertest.Server) { s.Fail(after(40, create), 1, busy("52")) },
		},
		"one that names a date": {
			hosts: 150, writers: 8, least: 29 * time.Second, most: 32 * time.Second, refused: 1,
			fail: func(s *jumpservertest.Server) {
				s.Fail(after(40, create), 1, busy(time.Now().Add(30*time.Second).UTC().Format(http.TimeFormat)))
			},
		},
		"twenty in a row": {
			hosts: 150, writers: 8, least: 10 * time.Second, most: 26 * time.Second, refused: 20,
			fail: func(s *jumpservertest.Server) { s.Fail(after(40, create), 20, busy("1")) },
		},
		"180 a minute, eight writers": {throttle: 180, hosts: 240, writers: 8, least: time.Minute, most: 64 * time.Second, refused: 12},
		"180 a minute, one writer":    {throttle: 180, hosts: 240, writers: 1, least: time.Minute, most: 64 * time.Second, refused: 4},
		"180 a minute, 64 writers":    {throttle: 180, hosts: 240, writers: 64, least: time.Minute, most: 64 * time.Second, refused: 68},
		"180 a minute, 1000 hosts":    {throttle: 180, hosts: 1000, writers: 8, least: 5 * time.Minute, most: 310 * time.Second, refused: 20},
		"180 a minute, known": {
			throttle: 180, hosts: 240, writers: 8, least: time.Minute, most: 64 * time.Second, refused: 2,
			known: jumpserver.RateLimit{Requests: 180},
		},
		"no limit any more, 20 known": {
			hosts: 300, writers: 8, most: 2500 * time.Millisecond, known: jumpserver.RateLimit{Requests: 20},
		},
		"180 a minute, others use half": {
			throttle: 180, hosts: 240, writers: 8, others: 667 * time.Millisecond, least: 2 * time.Minute, most: 130 * time.Second, refused: 40,
		},
		"180 a minute, a slow server": {
			throttle: 180, answer: 800 * time.Millisecond, hosts: 240, writers: 8, least: time.Minute, most: 75 * time.Second, refused: 16,
		},
		"180 a minute, a slow server, 1000 hosts": {
			throttle: 180, answer: 800 * time.Millisecond, hosts: 1000, writers: 8, least: 5 * time.Minute, most: 325 * time.Second, refused: 60,
		},
		"180 a minute, no time is named": {
			throttle: 180, silent: true, hosts: 240, writers: 8, least: time.Minute, most: 70 * time.Second, refused: 16,
		},
		"4096 a minute": {throttle: 4096, hosts: 4500, writers: 64, least: time.Minute, most: 66 * time.Second, refused: 70},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := jumpservertest.New(jumpservertest.Options{
					Version: jumpservertest.V410, TB: t, MaxRequests: c.throttle, Latency: cmp.Or(c.answer, 20*time.Millisecond),
				})
				seen := &refusals{Handler: s, silent: c.silent}
				client := newClient(t, s, func(o *jumpserver.Options) { o.Transport = handlerTransport{seen} })
				if c.known.Requests > 0 {
					c.known.LastRefused = time.Now().Add(-time.Hour)
					client.UseRateSource(func(context.Context) jumpserver.RateLimit { return c.known })
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				var starved atomic.Int64
				if c.others > 0 {
					go others(ctx, t, s, c.others, &starved)
					time.Sleep(time.Minute)
				}
				if c.fail != nil {
					c.fail(s)
				}
				begun := time.Now()
				failed := write(ctx, t, client, c.hosts, c.writers)
				took := time.Since(begun)
				rate, _ := client.LearntRate()
				t.Logf("%v, %d refused, of others %d; rate %d", took.Round(10*time.Millisecond), seen.count.Load(), starved.Load(), rate.Requests)
				if n := len(s.Hosts(jumpservertest.DefaultOrg)); failed != 0 || n != c.hosts {
					t.Errorf("%d hosts, %d failed", n, failed)
				}
				if took < c.least || took > c.most || seen.count.Load() > c.refused {
					t.Errorf("took %v, %d refused; want %v to %v and at most %d", took, seen.count.Load(), c.least, c.most, c.refused)
				}
			})
		})
	}
}

// A function whose time ends before JumpServer accepts more fails at once with what is left, and
// sends nothing in vain.
func TestThrottledWithoutTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := jumpservertest.New(jumpservertest.Options{Version: jumpservertest.V410, TB: t, MaxRequests: 180, Latency: 20 * time.Millisecond})
		seen := &refusals{Handler: s}
		c := newClient(t, s, func(o *jumpserver.Options) { o.Transport = handlerTransport{seen} })
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		begun := time.Now()
		failed := write(ctx, t, c, 240, 8)
		made := len(s.Hosts(jumpservertest.DefaultOrg))
		if failed != 240-made || made < 165 || seen.count.Load() > 8 || time.Since(begun) > 2*time.Second {
			t.Errorf("%d made, %d failed, %d refused in %v", made, failed, seen.count.Load(), time.Since(begun))
		}
		_, err := c.CreateWithNode(ctx, asset(999))
		if inventory.KindOf(err) != inventory.Throttled {
			t.Errorf("one more: %v", err)
		}
	})
}

// Timer and event function start in the same moment with one key. Both get through, and the half that one
// of them has learnt does not delay a run that has the key for itself.
func TestThrottledTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := jumpservertest.New(jumpservertest.Options{Version: jumpservertest.V410, TB: t, MaxRequests: 180, Latency: 20 * time.Millisecond})
		var group sync.WaitGroup
		clients := []*jumpserver.Client{newClient(t, s), newClient(t, s), newClient(t, s)}
		begun := time.Now()
		for n, c := range clients {
			group.Go(func() {
				for i := range 100 {
					if _, err := c.CreateWithNode(t.Context(), asset(1000*n+i)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		if took := time.Since(begun); took < time.Minute || took > 66*time.Second {
			t.Errorf("300 hosts of three functions took %v", took)
		}
		time.Sleep(2 * time.Minute)
		rate, _ := clients[0].LearntRate()
		if rate.Requests == 0 || rate.Requests > 120 {
			t.Errorf("learnt %+v", rate)
		}
		alone := newClient(t, s)
		alone.UseRateSource(func(context.Context) jumpserver.RateLimit { return rate })
		begun = time.Now()
		for i := range 150 {
			if _, err := alone.CreateWithNode(t.Context(), asset(5000+i)); err != nil {
				t.Error(err)
			}
		}
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("150 hosts with the rate of a third took %v", took)
		}
	})
}
