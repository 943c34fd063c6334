package chaos

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jms-sync/jms-sync/core/engine/enginetest"
)

var (
	worldCount  = flag.Int("worlds", 0, "how many worlds are tried; 0 = until the seconds are over")
	firstSeed   = flag.Uint64("seed", 0, "the first world's seed; 0 = a new one, or that of the short campaign")
	maxSeconds  = flag.Int("seconds", 0, "how long worlds are begun; 0 = until the worlds are tried; with neither a short campaign")
	stopAtFirst = flag.Bool("stop", false, "begin no world after the first violation")
	verbose     = flag.Bool("diary", false, "tell what happened in each world")
)

// shortWorlds, shortTime and shortSeed are those of make test, which tries the same worlds each time;
// new ones are make chaos's to find.
const (
	shortSeed   = 5000001
	shortWorlds = 200
	shortTime   = 8 * time.Second
)

// counters counts what happened in all worlds.
type counters struct {
	answers enginetest.AnswerCache
	ruled   bool // every second world has mapping rules

	mu                       sync.Mutex
	planned, requests        map[string]map[faultKind]int // faults by peer and kind; requests that they hit
	highestCall              map[string]int               // by peer: the highest index of a call that was hit
	deactivated, deleted     int
	heldCount, notifiedCount int
	violated                 []string
	tried                    atomic.Int64
	events, closedByEvents   atomic.Int64
	approvals                atomic.Int64
	named                    atomic.Int64                // assets that stayed open, and were named
	configured               [configChanges]atomic.Int64 // changes of the configuration that were played
	byRules                  map[string]int64            // what mapping rules did
}

func newCounters() *counters {
	return &counters{planned: map[string]map[faultKind]int{}, requests: map[string]map[faultKind]int{}, highestCall: map[string]int{}, byRules: map[string]int64{}}
}

// countFault counts a request that a fault hit; first says that it is the fault's first.
func (t *counters) countFault(f *fault, n int, first bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	peer := peerOf(f.peerLine)
	for _, m := range []map[string]map[faultKind]int{t.planned, t.requests} {
		if m[peer] == nil {
			m[peer] = map[faultKind]int{}
		}
	}
	t.requests[peer][f.kind]++
	if first {
		t.planned[peer][f.kind]++
	}
	t.highestCall[peer] = max(t.highestCall[peer], n)
}

func (t *counters) countClosed(there bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if there {
		t.deactivated++
	} else {
		t.deleted++
	}
}

func (t *counters) countRuled(what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.byRules[what]++
}

func (t *counters) countNotified(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.notifiedCount += n
}

func (t *counters) countHeld(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.heldCount += n
}

// TestChaos is the fault campaign; see the package's doc. No failure of any kind at any call widens
// what is removed, nothing of others is touched, and a second clean run writes nothing. No configuration closes a living
// instance, and what stays open is named.
// Invariants: 1, 2, 3, 5, 6, 7, 9, 10, 11, 12, 14, 16, 17.
func TestChaos(t *testing.T) {
	t.Parallel()
	first, number, limit := *firstSeed, *worldCount, time.Duration(*maxSeconds)*time.Second
	short := number == 0 && limit == 0
	if short {
		number, limit = shortWorlds, shortTime
	}
	switch {
	case first == 0 && short:
		first = shortSeed
	case first == 0:
		first = rand.Uint64()>>1 + 1
	}
	seen, began := newCounters(), time.Now()
	seen.ruled = true
	var next atomic.Int64
	t.Run("worlds", func(t *testing.T) {
		for _, worker := range []string{"a", "b"} {
			t.Run(worker, func(t *testing.T) {
				t.Parallel()
				for {
					n := next.Add(1) - 1
					if *stopAtFirst && seen.violationCount() > 0 || number > 0 && n >= int64(number) || limit > 0 && time.Since(began) > limit {
						return
					}
					playWorld(t, first+uint64(n), seen)
				}
			})
		}
	})
	t.Logf("%s", seen.String(first, time.Since(began)))
	if len(seen.violated) > 0 {
		t.Errorf("%d worlds with violations", len(seen.violated))
	}
	counted := []int64{int64(seen.deactivated), int64(seen.deleted), int64(seen.heldCount), int64(seen.notifiedCount), seen.closedByEvents.Load(), seen.named.Load(), seen.approvals.Load()}
	for _, what := range enginetest.RuledCounts() {
		counted = append(counted, seen.byRules[what])
	}
	if seen.tried.Load() >= shortWorlds && slices.Contains(append(counted, seen.configCounts()...), 0) {
		t.Error("the worlds leave out what they are about")
	}
}

// playWorld plays one world in a bubble of its own. What is left in the bubble at its end (a goroutine,
// an open request) makes synctest panic.
func playWorld(t *testing.T, seed uint64, seen *counters) {
	t.Helper()
	var w *world
	defer func() {
		seen.tried.Add(1)
		if p := recover(); p != nil {
			seen.addViolation(t, w, seed, fmt.Sprintf("left over: %v", p))
		} else if len(w.Violations()) > 0 {
			seen.addViolation(t, w, seed, strings.Join(w.Violations(), "\n"))
		} else if *verbose {
			t.Logf("world %d:\n%s", seed, w.Text())
		}
	}()
	synctest.Test(t, func(*testing.T) {
		w = newWorld(seed, seen)
		w.playRuns()
		synctest.Wait()
	})
}

func (t *counters) violationCount() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.violated)
}

// maxReported is how many bad worlds are told in full.
const maxReported = 5

func (t *counters) addViolation(to *testing.T, w *world, seed uint64, what string) {
	to.Helper()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.violated = append(t.violated, fmt.Sprintf("seed %d: %s", seed, firstLine(what)))
	if len(t.violated) > maxReported {
		return
	}
	to.Errorf("world %d: %s\nreplay: make chaos SEED=%d WORLDS=1", seed, what, seed)
	if w != nil && *verbose {
		to.Logf("%s\n%s", w.Text(), w.LogText())
	}
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line[:min(len(line), 300)]
}

func (t *counters) configCounts() (all []int64) {
	for n := range t.configured {
		all = append(all, t.configured[n].Load())
	}
	return all
}

// String tells the campaign's figures.
func (t *counters) String(first uint64, took time.Duration) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "%d worlds in %.1f s, seeds from %d on: %d violations\n", t.tried.Load(), took.Seconds(), first, len(t.violated))
	fmt.Fprintf(&b, "%d assets deactivated, %d deleted, %d removals held at the end; %d were counted to be told once\n", t.deactivated, t.deleted, t.heldCount, t.notifiedCount)
	fmt.Fprintf(&b, "%d runs on events closed %d; people approved %d held sets; %d times an asset that stays open was named; changes of the configuration: %v\n",
		t.events.Load(), t.closedByEvents.Load(), t.approvals.Load(), t.named.Load(), t.configCounts())
	fmt.Fprintf(&b, "by mapping rules: %v\n", t.byRules)
	all := 0
	for _, peer := range slices.Sorted(maps.Keys(t.planned)) {
		n := 0
		for _, k := range slices.Sorted(maps.Keys(t.planned[peer])) {
			n += t.planned[peer][k]
		}
		all += n
		fmt.Fprintf(&b, "%s: %d faults, at calls 0 to %d\n", peer, n, t.highestCall[peer])
		for _, k := range slices.Sorted(maps.Keys(t.planned[peer])) {
			fmt.Fprintf(&b, "  %-32s %6d faults, %7d requests\n", k, t.planned[peer][k], t.requests[peer][k])
		}
	}
	fmt.Fprintf(&b, "%d faults in all\n", all)
	for _, text := range t.violated {
		fmt.Fprintf(&b, "VIOLATION %s\n", text)
	}
	return b.String()
}
