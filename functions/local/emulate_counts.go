package main

import (
	"cmp"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
)

// callCounts is what emulate answers to "stats": requests since the start or the last "reset".
type callCounts struct {
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

// execute carries out a line and returns its answer.
func (e *emulators) execute(line string) any {
	switch line {
	case "stats":
		return e.countCalls()
	case "reset":
		e.resetCounts()
		return map[string]bool{"reset": true}
	}
	if id, ok := strings.CutPrefix(line, "release "); ok {
		return map[string]bool{"released": e.releaseInstance(id)}
	}
	return map[string]string{"error": "unknown line; stats, reset and release ID are known"}
}

// releaseInstance removes an instance of the first account from its first region.
func (e *emulators) releaseInstance(id string) bool {
	if e.first == nil {
		return false
	}
	e.first.Remove(e.world.regionNames()[0], id)
	return true
}

func (e *emulators) resetCounts() {
	e.bastion.ResetCounts()
	e.answerTimes.reset()
	e.countsAtReset = callCounts{}
	e.countsAtReset = e.countCalls()
}

func (e *emulators) countCalls() callCounts {
	var c callCounts
	c.JumpServer.Requests, c.JumpServer.Writes = e.bastion.Requests(), e.bastion.Writes()
	c.JumpServer.Calls, c.JumpServer.MeanMS = e.bastion.Calls(), e.answerTimes.meanTimes()
	c.JumpServer.Bytes = e.answerTimes.bytes.Load()
	c.Alibaba.Requests = e.cloud.Calls("") - e.countsAtReset.Alibaba.Requests
	c.Alibaba.Calls = map[string]int{}
	for _, action := range []string{alibabatest.DescribeRegions, alibabatest.DescribeInstances, alibabatest.GetCallerIdentity} {
		c.Alibaba.Calls[action] = e.cloud.Calls(action) - e.countsAtReset.Alibaba.Calls[action]
	}
	c.DingTalk.Requests = e.robot.Calls() - e.countsAtReset.DingTalk.Requests
	c.Unexpected = append(append([]string{}, e.bastion.Unexpected()...), e.cloud.Unexpected()...)
	c.Unexpected = append(c.Unexpected, e.robot.Unexpected()...)
	return c
}

// answerTimer measures how long a handler takes to answer, by method, and how many bytes it sends.
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
