package sessiontest

import (
	"cmp"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
)

// CallCounts is how often each service was called since the start or the last reset.
type CallCounts struct {
	JumpServer struct {
		Requests int                `json:"requests"`
		Writes   int                `json:"writes"`
		Calls    map[string]int     `json:"calls"`   // by method and path, ids as {id}
		Bytes    int64              `json:"bytes"`   // of all answers' bodies
		MeanMS   map[string]float64 `json:"mean_ms"` // answer time by method, including the wait for a turn
	} `json:"jumpserver"`
	Alibaba struct {
		Requests int            `json:"requests"`
		Calls    map[string]int `json:"calls"` // by action
	} `json:"alibaba"`
	DingTalk struct {
		Requests int `json:"requests"`
	} `json:"dingtalk"`
	Unexpected []string `json:"unexpected"` // requests that no careful client sends
}

func (e *Emulators) resetCounts() {
	e.JumpServer.ResetCounts()
	e.answerTimes.reset()
	e.countsAtReset = CallCounts{}
	e.countsAtReset = e.Counts()
}

// Counts returns the calls since the start or the last reset.
func (e *Emulators) Counts() CallCounts {
	var c CallCounts
	c.JumpServer.Requests, c.JumpServer.Writes = e.JumpServer.Requests(), e.JumpServer.Writes()
	c.JumpServer.Calls, c.JumpServer.MeanMS = e.JumpServer.Calls(), e.answerTimes.meanTimes()
	c.JumpServer.Bytes = e.answerTimes.bytes.Load()
	c.Alibaba.Requests = e.Cloud.Calls("") - e.countsAtReset.Alibaba.Requests
	c.Alibaba.Calls = map[string]int{}
	for _, action := range []string{alibabatest.DescribeRegions, alibabatest.DescribeInstances, alibabatest.GetCallerIdentity} {
		c.Alibaba.Calls[action] = e.Cloud.Calls(action) - e.countsAtReset.Alibaba.Calls[action]
	}
	c.DingTalk.Requests = e.Robot.Calls() - e.countsAtReset.DingTalk.Requests
	c.Unexpected = append(append([]string{}, e.JumpServer.Unexpected()...), e.Cloud.Unexpected()...)
	c.Unexpected = append(c.Unexpected, e.Robot.Unexpected()...)
	return c
}

// answerTimer measures how long a handler takes to answer, by method, and counts the bytes of its answers.
type answerTimer struct {
	next  http.Handler
	bytes atomic.Int64

	mu   sync.Mutex
	took map[string]timeSum
}

type timeSum struct {
	sum time.Duration
	n   int
}

// ServeHTTP implements http.Handler.
func (s *answerTimer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	started := time.Now()
	s.next.ServeHTTP(countingWriter{w, &s.bytes}, r)
	elapsed := time.Since(started)
	s.mu.Lock()
	defer s.mu.Unlock()
	previous := s.took[r.Method]
	s.took[r.Method] = timeSum{previous.sum + elapsed, previous.n + 1}
}

// countingWriter counts the bytes of an answer's body.
type countingWriter struct {
	http.ResponseWriter
	bytes *atomic.Int64
}

func (w countingWriter) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p)
	w.bytes.Add(int64(n))
	return n, err
}

// Unwrap lets http.ResponseController reach the writer itself.
func (w countingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (s *answerTimer) meanTimes() map[string]float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]float64{}
	for method, t := range s.took {
		out[method] = t.sum.Seconds() * 1000 / float64(cmp.Or(t.n, 1))
	}
	return out
}

func (s *answerTimer) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.took = map[string]timeSum{}
	s.bytes.Store(0)
}
