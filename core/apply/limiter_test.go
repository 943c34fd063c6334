package apply

import (
	"context"
	"sync"
	"testing"
	"time"
)

// simulateWriters lets writers work against a server that handles capacity requests at a time, and returns the
// number of writers that the controller has chosen in the end. Time is simulated: an answer takes longer the more
// writers share the server.
func simulateWriters(p *limiter, clock *time.Time, capacity, rounds int) int {
	for range rounds {
		var releases []func(bool)
		for range p.controller.limit() {
			release, err := p.acquire(context.Background())
			if err != nil {
				panic(err)
			}
			releases = append(releases, release)
		}
		waves := (len(releases) + capacity - 1) / capacity
		*clock = clock.Add(time.Duration(waves) * 20 * time.Millisecond)
		for _, release := range releases {
			release(true)
		}
	}
	return p.controller.levels[p.controller.baseline]
}

func TestLimiterGrowsAndShrinks(t *testing.T) {
	t.Parallel()
	clock := time.Unix(0, 0)
	p := newLimiter(8, func() time.Time { return clock })
	if got := simulateWriters(p, &clock, 100, 40); got != 8 {
		t.Errorf("a quick server gets %d writers, want all 8", got)
	}
	if got := simulateWriters(p, &clock, 2, 40); got > 4 {
		t.Errorf("a server that serves two at a time gets %d writers", got)
	}
	if got := simulateWriters(p, &clock, 100, 60); got != 8 {
		t.Errorf("once the server is quick again it gets %d writers, want 8", got)
	}
}

func TestLimiterNeverExceedsItsLimit(t *testing.T) {
	t.Parallel()
	p := newLimiter(3, time.Now)
	var mu sync.Mutex
	busy, most := 0, 0
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			release, err := p.acquire(context.Background())
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			busy++
			most = max(most, busy)
			mu.Unlock()
			time.Sleep(time.Millisecond)
			mu.Lock()
			busy--
			mu.Unlock()
			release(true)
		})
	}
	all.Wait()
	if most > 3 {
		t.Errorf("%d writers at once", most)
	}
}

func TestLimiterEndsWithTheContext(t *testing.T) {
	t.Parallel()
	p := newLimiter(1, time.Now)
	release, err := p.acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer release(true)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := p.acquire(ctx); err == nil {
		t.Error("a second writer got a place")
	}
}
