package apply

import (
	"container/heap"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// The model: a server that makes hosts for several writers at once, in simulated time. Every host
// is so much work, spread by ±50 %; the load of others makes the server quicker and slower.

// model is a server. Either all writers share it, or it has workers that take one request each and
// lets the others wait.
type model struct {
	rate    func(writers int) float64 // hosts a second in all; nil = workers
	workers int
	each    time.Duration // of one host by one worker
}

// cores is a server whose work is shared by so many processors.
func cores(n float64, each time.Duration) model {
	return model{rate: func(writers int) float64 { return min(float64(writers), n) / each.Seconds() }}
}

// measured is a server of which milliseconds a host are known with 1, 2, 4 and 8 writers.
func measured(ms ...float64) model {
	return model{rate: func(writers int) float64 {
		x := min(math.Log2(float64(writers)), float64(len(ms)-1))
		n := min(int(x), len(ms)-2)
		return 1000 / (ms[n] + (ms[n+1]-ms[n])*(x-float64(n)))
	}}
}

// load is how quick the server is at a time: 1 = as measured.
type load func(at float64) float64

func steady(*rand.Rand) load { return func(float64) float64 { return 1 } }

// drifting load is up to 30 % more or less, in waves of 10 to 60 seconds.
func drifting(r *rand.Rand) load {
	phase, period := r.Float64(), 10+50*r.Float64()
	return func(at float64) float64 { return 1 + 0.3*math.Sin(2*math.Pi*(at/period+phase)) }
}

// chooser is steer, or a fixed number of writers.
type chooser interface {
	limit() int
	done(now time.Time, took time.Duration, made bool)
}

type fixed int

func (f fixed) limit() int                        { return int(f) }
func (fixed) done(time.Time, time.Duration, bool) {}

// request is one create at work: due is when its work is done, in seconds or in work per writer.
type request struct{ due, begun float64 }

type queue []request

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].due < q[j].due }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)        { *q = append(*q, x.(request)) }
func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

// world is one run of writers against a model.
type simulation struct {
	model
	load
	work    []float64 // of the hosts to come, 1 on average
	now     float64
	share   float64 // work that each writer has got so far, where they share
	busy    int
	active  queue
	waiting []float64 // when the requests began that no worker has taken
	todo    []float64 // their work
}

func clock(at float64) time.Time {
	return time.Unix(0, 0).Add(time.Duration(at * float64(time.Second)))
}

// run returns how many seconds it takes to make all hosts.
func (s *simulation) run(c chooser) float64 {
	for len(s.work) > 0 || s.busy > 0 {
		for len(s.work) > 0 && s.busy < c.limit() {
			s.begin(s.work[0])
			s.work = s.work[1:]
		}
		begun := s.finish()
		s.busy--
		c.done(clock(s.now), clock(s.now).Sub(clock(begun)), true)
	}
	return s.now
}

func (s *simulation) begin(work float64) {
	s.busy++
	switch {
	case s.rate != nil:
		heap.Push(&s.active, request{s.share + work, s.now})
	case len(s.active) < s.workers:
		heap.Push(&s.active, request{s.now + work*s.each.Seconds()/s.load(s.now), s.now})
	default:
		s.waiting, s.todo = append(s.waiting, s.now), append(s.todo, work)
	}
}

// finish goes on to the next answer and returns when its request began.
func (s *simulation) finish() float64 {
	r := heap.Pop(&s.active).(request)
	if s.rate != nil {
		s.now += (r.due - s.share) * float64(s.busy) / s.rate(s.busy) / s.load(s.now)
		s.share = r.due
		return r.begun
	}
	s.now = r.due
	if len(s.waiting) > 0 {
		heap.Push(&s.active, request{s.now + s.todo[0]*s.each.Seconds()/s.load(s.now), s.waiting[0]})
		s.waiting, s.todo = s.waiting[1:], s.todo[1:]
	}
	return r.begun
}

// round measures ours and the plain writers in one round: the same hosts, and the same load.
func (m model) round(load func(*rand.Rand) load, hosts int, seed uint64, who func() chooser) float64 {
	r := rand.New(rand.NewPCG(seed, 11))
	s := &simulation{model: m, load: load(r), work: make([]float64, hosts)}
	for n := range s.work {
		s.work[n] = 0.5 + r.Float64()
	}
	return s.run(who())
}

const (
	rounds      = 5
	comparisons = 20
)

// compare returns the medians of interleaved rounds with 1, 2, 4 and 8 plain writers, and ours.
func (m model) compare(load func(*rand.Rand) load, hosts int, seed uint64) (plain []float64, ours float64) {
	who := []func() chooser{func() chooser { return newSteer(8, clock(0)) }}
	for _, n := range []int{1, 2, 4, 8} {
		who = append(who, func() chooser { return fixed(n) })
	}
	medians := make([]float64, len(who))
	for n, w := range who {
		var took []float64
		for round := range uint64(rounds) {
			took = append(took, m.round(load, hosts, seed*rounds+round, w))
		}
		slices.Sort(took)
		medians[n] = took[rounds/2]
	}
	return medians[1:], medians[0]
}

// TestSteer: hosts come at no less than 1/1.15 of the rate of the best of 1, 2, 4 and 8 plain
// writers, as the median of five rounds, from the first hundred hosts on; and on a server that works
// on one at a time within 1.05 of one writer. That holds of these seeds; of 300 seeds
// each, 15 of 23,400 comparisons miss it (1.28 at worst), all under drifting load.
func TestSteer(t *testing.T) {
	t.Parallel()
	const each = 150 * time.Millisecond
	servers := map[string]model{
		"one worker": {workers: 1, each: each}, "two workers": {workers: 2, each: each},
		"four workers": {workers: 4, each: each}, "eight workers": {workers: 8, each: each},
		"one processor": cores(1, each), "1.5 processors": cores(1.5, each), "two processors": cores(2, each),
		"four processors": cores(4, each), "eight processors": cores(8, each),
		"v4.7.0": measured(155, 100, 95, 86), "v4.10.19": measured(230, 140, 115, 110),
		// A v4.10.19 whose machine is overloaded: an answer takes two seconds and more.
		"v4.10.19, busy": measured(767, 363, 352, 260),
		// The first recording of v4.7.0: eight writers are in each other's way.
		"v4.7.0, crowded": measured(77, 42, 41, 46),
	}
	for name, m := range servers {
		for word, load := range map[string]func(*rand.Rand) load{"steady": steady, "drifting": drifting} {
			for _, hosts := range []int{100, 300, 1000} {
				t.Run(fmt.Sprintf("%s, %s, %d hosts", name, word, hosts), func(t *testing.T) {
					t.Parallel()
					worst, sum, alone := 0.0, 0.0, 0.0
					for seed := range uint64(comparisons) {
						plain, ours := m.compare(load, hosts, seed)
						ratio := ours / slices.Min(plain)
						worst, sum, alone = max(worst, ratio), sum+ratio, max(alone, ours/plain[0])
					}
					t.Logf("ours / best plain: %.2f on average, %.2f at worst; ours / one writer %.2f at worst", sum/comparisons, worst, alone)
					if worst > 1.15 || sum/comparisons > 1.10 {
						t.Errorf("%.2f of the best plain writers' time at worst, %.2f on average", worst, sum/comparisons)
					}
					if serial := m.workers == 1 || name == "one processor"; serial && alone > 1.05 {
						t.Errorf("%.2f of one writer's time", alone)
					}
				})
			}
		}
	}
}
