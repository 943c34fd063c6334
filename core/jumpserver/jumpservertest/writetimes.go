package jumpservertest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// WriteTimes are the times that writes of hosts take besides the latency: per row, and per label
// in a row. As on real servers, a write that is processed is carried out and takes its time even if its
// client disconnects; its changes become visible at its end.
type WriteTimes struct {
	Create, CreateLabel time.Duration
	Update, UpdateLabel time.Duration
	Delete              time.Duration
	Spread              float64 // 0.5: each takes between half of its time and one and a half
}

// MeasuredWriteTimes returns those of a real server of this version, alone on 2 cores, and the latency that
// goes with them. v4.7.0 was measured: 77 ms for a create, 50 to 61 for a PATCH and 61 to 64 for a DELETE of one
// host; 14 to 19 a row of a list PATCH, 70 with six labels, 20 to 22 a row of a bulk delete. On
// v4.10.19 a row of a list PATCH with six labels took 160 to 200 ms, and creates
// one and a half times those of v4.7.0; the others are assumed to be slower by as much.
func MeasuredWriteTimes(v Version) (c WriteTimes, latency time.Duration) {
	const ms = time.Millisecond
	if v == V41019 {
		return WriteTimes{Create: 55 * ms, CreateLabel: 5 * ms, Update: 25 * ms, UpdateLabel: 26 * ms, Delete: 32 * ms}, 60 * ms
	}
	return WriteTimes{Create: 37 * ms, CreateLabel: 3 * ms, Update: 17 * ms, UpdateLabel: 9 * ms, Delete: 21 * ms}, 40 * ms
}

// SetWriteTimes sets the times that writes take.
func (s *Server) SetWriteTimes(c WriteTimes) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.options.WriteTimes = c
}

// requestTask is one request that is processed.
type requestTask struct {
	r       *http.Request
	body    []byte
	pending *pendingNames
	fault   Fault
	done    chan rawReply // holds one
}

type rawReply struct {
	reply
	raw []byte
}

// runTask waits the time of a task's rows, carries it out, and sends the answer to done.
func (s *Server) runTask(t *requestTask) {
	defer s.endTurn(t)
	time.Sleep(s.writeTime(t))
	out := s.handle(t.r, t.body, t.pending)
	raw := out.marshal()
	if strings.HasPrefix(strings.ToLower(t.r.Header.Get("Accept-Language")), "zh") {
		raw = bytes.ReplaceAll(raw, []byte("This field is required."), []byte("该字段是必填项。"))
	}
	t.done <- rawReply{out, raw}
}

// endTurn lets the next request be processed.
func (s *Server) endTurn(t *requestTask) {
	s.unregisterPending(t.pending)
	s.endParallel()
}

// runInBackground processes a task for which an intermediary waits only so long.
func (s *Server) runInBackground(w http.ResponseWriter, t *requestTask) {
	s.background.Go(func() { s.runTask(t) })
	patience := time.NewTimer(t.fault.FrontTimeout)
	defer patience.Stop()
	select {
	case a := <-t.done:
		writeReply(w, a.reply, a.raw)
	case <-patience.C:
		t.fault.sendFault(w, t.r)
	}
}

// WaitForBackground waits for all work that goes on after an intermediary has answered.
func (s *Server) WaitForBackground() { s.background.Wait() }

// sendReply sends the answer, or what the fault makes of it.
func (s *Server) sendReply(w http.ResponseWriter, t *requestTask, a rawReply) {
	switch {
	case t.fault.Edit != nil:
		a.status, a.raw = t.fault.Edit(a.status, a.raw)
	case t.fault.After:
		t.fault.sendFault(w, t.r)
		return
	}
	writeReply(w, a.reply, a.raw)
}

// writeTime returns the time that the rows of a request take.
func (s *Server) writeTime(t *requestTask) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.options.WriteTimes
	hosts := strings.HasPrefix(t.r.URL.Path, "/api/v1/assets/hosts/") || strings.HasPrefix(t.r.URL.Path, "/api/v1/assets/assets/")
	if c == (WriteTimes{}) && t.fault.PerRow == 0 || !hosts {
		return 0
	}
	rows, labels := s.countRows(t)
	total := t.fault.PerRow * rows
	switch t.r.Method {
	case http.MethodPost:
		total += c.Create*rows + c.CreateLabel*labels
	case http.MethodPatch, http.MethodPut:
		total += c.Update*rows + c.UpdateLabel*labels
	case http.MethodDelete:
		total += c.Delete * rows
	default:
		return 0
	}
	return time.Duration(float64(total) * (1 + c.Spread*(2*s.spread.Float64()-1)))
}

// countRows returns the number of rows of a request, and of labels in them.
func (s *Server) countRows(t *requestTask) (rows, labels time.Duration) {
	if spm := t.r.URL.Query().Get("spm"); spm != "" {
		return time.Duration(len(s.parked[spm].ids)), 0
	}
	type row struct{ Labels []any }
	list := make([]row, 1)
	if bytes.HasPrefix(bytes.TrimSpace(t.body), []byte("[")) {
		_ = json.Unmarshal(t.body, &list) // an unreadable body counts as rows without labels
	} else {
		_ = json.Unmarshal(t.body, &list[0])
	}
	for _, r := range list {
		labels += time.Duration(len(r.Labels))
	}
	return time.Duration(len(list)), labels
}
