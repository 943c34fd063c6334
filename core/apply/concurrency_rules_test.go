package apply

import (
	"slices"
	"testing"
	"time"
)

// writersAfter runs this many hosts against a model and returns the chosen number of writers.
func writersAfter(s *concurrencyController, m serverModel, hosts int) int {
	run := &simulation{serverModel: m, loadCurve: steadyLoad(nil), now: s.windowStart.Sub(simulatedTime(0)).Seconds()}
	for n := range hosts {
		run.work = append(run.work, []float64{0.6, 1.4, 0.9, 1.1}[n%4])
	}
	run.run(s)
	return s.levels[s.baseline]
}

// TestControllerChooses: in the long run it chooses the fewest writers that are as fast as any.
func TestControllerChooses(t *testing.T) {
	t.Parallel()
	const each = 100 * time.Millisecond
	for name, c := range map[string]struct {
		most  int
		m     serverModel
		least int
		want  int
	}{
		"one processor":             {8, sharedProcessors(1, each), 1, 1},
		"two processors":            {8, sharedProcessors(2, each), 2, 4},
		"eight processors":          {8, sharedProcessors(8, each), 8, 8},
		"sixty-four":                {64, sharedProcessors(64, each), 64, 64},
		"sixty-four, eight are set": {8, sharedProcessors(64, each), 8, 8},
		"three are set":             {3, sharedProcessors(8, each), 3, 3},
		"one is set":                {1, sharedProcessors(8, each), 1, 1},
		"none is set":               {0, sharedProcessors(8, each), 1, 1},
		"six are set":               {6, sharedProcessors(8, each), 6, 6},
		"more writers are slower":   {8, measuredServer(100, 110, 130, 170), 1, 1},
		"four are best":             {8, measuredServer(77, 42, 35, 46), 4, 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := writersAfter(newConcurrencyController(c.most, simulatedTime(0)), c.m, 3000); got < c.least || got > c.want {
				t.Errorf("%d writers, want %d to %d", got, c.least, c.want)
			}
		})
	}
}

// TestControllerLevels: the levels are the powers of two, and the configured maximum.
func TestControllerLevels(t *testing.T) {
	t.Parallel()
	for most, want := range map[int][]int{-1: {1}, 0: {1}, 1: {1}, 2: {1, 2}, 3: {1, 2, 3}, 8: {1, 2, 4, 8}, 12: {1, 2, 4, 8, 12}} {
		s := newConcurrencyController(most, simulatedTime(0))
		if !slices.Equal(s.levels, want) || s.limit() != min(max(most, 1), startWriters) {
			t.Errorf("%d: levels %v, begins with %d", most, s.levels, s.limit())
		}
	}
}

// recordAnswers records this many answers, each after a time.
func recordAnswers(s *concurrencyController, at *time.Time, n int, took time.Duration, made bool) {
	for range n {
		*at = at.Add(took / time.Duration(s.limit()))
		s.recordAnswer(*at, took, made)
	}
}

// TestControllerOnSlowServer: a server so slow that its answers come near the time-outs gets fewer writers, down to
// one.
func TestControllerOnSlowServer(t *testing.T) {
	t.Parallel()
	for each, most := range map[time.Duration]int{500 * time.Millisecond: 4, 2 * time.Second: 1, 4 * time.Second: 1, 20 * time.Second: 1} {
		s := newConcurrencyController(8, simulatedTime(0))
		if got := writersAfter(s, sharedProcessors(1, each), 200); got > most {
			t.Errorf("%v a host, one at a time: %d writers, want at most %d", each, got, most)
		}
	}
}

// TestControllerThroughPauses: a pause that JumpServer asks for does not count as slowness.
func TestControllerThroughPauses(t *testing.T) {
	t.Parallel()
	s, at := newConcurrencyController(8, simulatedTime(0)), simulatedTime(0)
	recordAnswers(s, &at, 200, 100*time.Millisecond, true)
	if s.levels[s.baseline] != 8 {
		t.Fatalf("%d writers before", s.levels[s.baseline])
	}
	for range 20 {
		for range 8 { // each writer's request waits once
			s.recordAnswer(at, 52*time.Second, true)
		}
		recordAnswers(s, &at, 40, 100*time.Millisecond, true)
		if s.levels[s.baseline] != 8 {
			t.Fatalf("%d writers after pauses", s.levels[s.baseline])
		}
	}
}

// TestControllerCountsHosts: requests that fail at once do not count as fast work.
func TestControllerCountsHosts(t *testing.T) {
	t.Parallel()
	s, at := newConcurrencyController(8, simulatedTime(0)), simulatedTime(0)
	for range 600 {
		// With eight writers three of four requests fail, and all answers are twice as fast.
		if s.limit() == 8 {
			recordAnswers(s, &at, 1, 50*time.Millisecond, s.hosts%4 == 0)
		} else {
			recordAnswers(s, &at, 1, 100*time.Millisecond, true)
		}
	}
	if got := s.levels[s.baseline]; got != 4 {
		t.Errorf("%d writers, want 4", got)
	}
}
