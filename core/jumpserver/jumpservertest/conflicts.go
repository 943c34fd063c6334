package jumpservertest

import (
	"encoding/json"
	"net/http"
)

// pendingNames is what a request in flight is about to create. Of two that overlap only the first
// succeeds; the other one crashes, as recorded (concurrency*.json).
type pendingNames struct {
	keys     []string
	lostRace bool
}

// registerPending registers new node paths and names of a request, before its latency passes.
func (s *Server) registerPending(r *http.Request, body []byte) *pendingNames {
	pending := &pendingNames{}
	if r.Method != http.MethodPost || len(body) == 0 || body[0] != '{' {
		return pending
	}
	var row struct {
		Name  string   `json:"name"`
		Paths []string `json:"nodes_display"`
		Full  string   `json:"full_value"`
	}
	if json.Unmarshal(body, &row) != nil {
		return pending
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &call{}
	s.resolveOrg(c, requestedOrg(r))
	var keys []string
	for _, path := range append(row.Paths, row.Full) {
		if path != "" && c.org.findNode(path) == nil {
			keys = append(keys, "node")
			break
		}
	}
	if row.Name != "" {
		keys = append(keys, "name "+c.org.db.collationKey(row.Name))
	}
	for _, key := range keys {
		pending.lostRace = pending.lostRace || s.making[c.org.id+key] > 0
		s.making[c.org.id+key]++
		pending.keys = append(pending.keys, c.org.id+key)
	}
	return pending
}

func (s *Server) unregisterPending(pending *pendingNames) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range pending.keys {
		s.making[key]--
		if s.making[key] == 0 {
			delete(s.making, key)
		}
	}
}
