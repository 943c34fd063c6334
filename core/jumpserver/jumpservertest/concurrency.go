package jumpservertest

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// ConcurrentCreates is how long creates of hosts take on a server whose writers share it: the time per host, by the
// number of requests in flight. It is interpolated between them, and constant beyond 8.
type ConcurrentCreates struct {
	One, Two, Four, Eight time.Duration // per host, with so many writers
	Spread                float64       // 0.5: each host takes between half and one and a half times as long
}

// MeasuredConcurrentCreates returns what was measured on real servers, for a host with the usual labels on 2 cores: one, two,
// four and eight writers took 150–161, 92–108, 85–106 and 81–92 ms on v4.7.0; 217–243, 129–151, 106–124 and 108–113
// on v4.10.19; these are the middles. v4.10.16 was not measured and has the times of v4.7.0.
func MeasuredConcurrentCreates(v Version) ConcurrentCreates {
	const ms = time.Millisecond
	if v == V41019 {
		return ConcurrentCreates{One: 230 * ms, Two: 140 * ms, Four: 115 * ms, Eight: 110 * ms}
	}
	return ConcurrentCreates{One: 155 * ms, Two: 100 * ms, Four: 95 * ms, Eight: 86 * ms}
}

// Handler delays the creates of hosts that go to next. A create that has begun takes its time
// even if its client disconnects.
func (c ConcurrentCreates) Handler(next http.Handler) http.Handler {
	w := &sharedWorker{ConcurrentCreates: c, random: rand.New(rand.NewPCG(1, 2)), at: time.Now()}
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && r.URL.Path == "/api/v1/assets/hosts/" {
			<-w.addJob()
		}
		next.ServeHTTP(rw, r)
	})
}

// rate returns how many hosts a second the given number of requests create together.
func (c ConcurrentCreates) rate(requests int) float64 {
	each := []time.Duration{c.One, c.Two, c.Four, c.Eight}
	x := min(math.Log2(float64(requests)), 3)
	n := min(int(x), 2)
	return 1 / (each[n].Seconds() + (each[n+1]-each[n]).Seconds()*(x-float64(n)))
}

// sharedWorker is a server at work: all requests in flight get the same share of it.
type sharedWorker struct {
	ConcurrentCreates
	mu     sync.Mutex
	random *rand.Rand
	share  float64 // what a request in flight from the beginning would have got, in hosts
	at     time.Time
	jobs   jobHeap
	timer  *time.Timer
}

type job struct {
	due  float64 // the share at which it is done
	done chan struct{}
}

func (w *sharedWorker) addJob() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.advance()
	j := job{w.share + 1 + w.Spread*(2*w.random.Float64()-1), make(chan struct{})}
	heap.Push(&w.jobs, j)
	w.scheduleNext()
	return j.done
}

// advance distributes the time since the last change.
func (w *sharedWorker) advance() {
	now := time.Now()
	if n := len(w.jobs); n > 0 {
		w.share += now.Sub(w.at).Seconds() * w.rate(n) / float64(n)
	}
	w.at = now
}

// scheduleNext waits until the next job is done.
func (w *sharedWorker) scheduleNext() {
	if w.timer != nil {
		w.timer.Stop()
	}
	if n := len(w.jobs); n > 0 {
		left := (w.jobs[0].due - w.share) * float64(n) / w.rate(n)
		w.timer = time.AfterFunc(time.Duration(left*float64(time.Second))+1, w.finishJobs)
	}
}

func (w *sharedWorker) finishJobs() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.advance()
	for len(w.jobs) > 0 && w.jobs[0].due <= w.share+1e-9 {
		close(heap.Pop(&w.jobs).(job).done)
	}
	w.scheduleNext()
}

// jobHeap is a heap of jobs, the next one to be done first.
type jobHeap []job

// Len implements heap.Interface.
func (j jobHeap) Len() int { return len(j) }

// Less implements heap.Interface.
func (j jobHeap) Less(a, b int) bool { return j[a].due < j[b].due }

// Swap implements heap.Interface.
func (j jobHeap) Swap(a, b int) { j[a], j[b] = j[b], j[a] }

// Push implements heap.Interface.
func (j *jobHeap) Push(x any) { *j = append(*j, x.(job)) }

// Pop implements heap.Interface.
func (j *jobHeap) Pop() any {
	last := (*j)[len(*j)-1]
	*j = (*j)[:len(*j)-1]
	return last
}
