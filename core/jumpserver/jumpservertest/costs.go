package jumpservertest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// Costs are the times that writes of hosts take beside the latency: of each row, and of each label
// that a row sends. A write that is worked on is carried out, and takes its time, although its
// client has gone, as on real servers; what it changes is seen at its end.
type Costs struct {
	Create, CreateLabel time.Duration
	Update, UpdateLabel time.Duration
	Delete              time.Duration
	Spread              float64 // 0.5: each takes between half of its time and one and a half
}

// MeasuredCosts are those of a real server of this version, alone on 2 cores, and the latency that
// goes with them. v4.7.0 was measured: 77 ms a create, 50 to 61 a PATCH and 61 to 64 a DELETE of one
// host; 14 to 19 a row of a list PATCH, 70 with six labels, 20 to 22 a row of a bulk delete. Of
// v4.10.19 were measured 160 to 200 ms a row of a list PATCH with six labels, and creates that take
// one and a half times those of v4.7.0; the others are taken to be slower by as much.
func MeasuredCosts(v Version) (c Costs, latency time.Duration) {
	const ms = time.Millisecond
	if v == V41019 {
		return Costs{Create: 55 * ms, CreateLabel: 5 * ms, Update: 25 * ms, UpdateLabel: 26 * ms, Delete: 32 * ms}, 60 * ms
	}
	return Costs{Create: 37 * ms, CreateLabel: 3 * ms, Update: 17 * ms, UpdateLabel: 9 * ms, Delete: 21 * ms}, 40 * ms
}

// SetCosts changes the times that writes take.
func (s *Server) SetCosts(c Costs) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.o.Costs = c
}

// task is one request that is worked on.
type task struct {
	r      *http.Request
	body   []byte
	claims *claims
	fault  Fault
	done   chan answer // holds one
}

type answer struct {
	reply
	raw []byte
}

// work takes the time of a task's rows, carries it out, and leaves the answer in it.
func (s *Server) work(t *task) {
	defer s.finish(t)
	time.Sleep(s.cost(t))
	out := s.answer(t.r, t.body, t.claims)
	raw := out.marshal()
	if strings.HasPrefix(strings.ToLower(t.r.Header.Get("Accept-Language")), "zh") {
		raw = bytes.ReplaceAll(raw, []byte("This field is required."), []byte("该字段是必填项。"))
	}
	t.done <- answer{out, raw}
}

// finish lets the next request have the turn.
func (s *Server) finish(t *task) {
	s.unclaim(t.claims)
	s.leave()
}

// inBackground works on a task that a front waits for only so long.
func (s *Server) inBackground(w http.ResponseWriter, t *task) {
	s.background.Go(func() { s.work(t) })
	patience := time.NewTimer(t.fault.Patience)
	defer patience.Stop()
	select {
	case a := <-t.done:
		send(w, a.reply, a.raw)
	case <-patience.C:
		t.fault.send(w, t.r)
	}
}

// Settle waits until all is done that goes on after a front has answered.
func (s *Server) Settle() { s.background.Wait() }

// reply sends the answer, or what the fault makes of it.
func (s *Server) reply(w http.ResponseWriter, t *task, a answer) {
	switch {
	case t.fault.Edit != nil:
		a.status, a.raw = t.fault.Edit(a.status, a.raw)
	case t.fault.After:
		t.fault.send(w, t.r)
		return
	}
	send(w, a.reply, a.raw)
}

// cost is the time that the rows of a request take.
func (s *Server) cost(t *task) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.o.Costs
	hosts := strings.HasPrefix(t.r.URL.Path, "/api/v1/assets/hosts/") || strings.HasPrefix(t.r.URL.Path, "/api/v1/assets/assets/")
	if c == (Costs{}) && t.fault.PerRow == 0 || !hosts {
		return 0
	}
	rows, labels := s.size(t)
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

// size counts the rows of a request, and the labels in them.
func (s *Server) size(t *task) (rows, labels time.Duration) {
	if spm := t.r.URL.Query().Get("spm"); spm != "" {
		return time.Duration(len(s.parked[spm].ids)), 0
	}
	type row struct{ Labels []any }
	list := make([]row, 1)
	if bytes.HasPrefix(bytes.TrimSpace(t.body), []byte("[")) {
		_ = json.Unmarshal(t.body, &list) // what cannot be read is a row without labels
	} else {
		_ = json.Unmarshal(t.body, &list[0])
	}
	for _, r := range list {
		labels += time.Duration(len(r.Labels))
	}
	return time.Duration(len(list)), labels
}
