package jumpservertest

import (
	"encoding/json"
	"net/http"
)

// pendingNames are what a request under way is about to create. Of two that overlap only the first
// succeeds; the other crashes, as recorded (concurrency*.json).
type pendingNames struct {
	keys     []string
	lostRace bool
}

// registerPending looks for new node paths and names in a request, before it waits its latency.
func (s *Server) registerPending(r *http.Request, body []byte) *pendingNames {
	held := &pendingNames{}
	if r.Method != http.MethodPost || len(body) == 0 || body[0] != '{' {
		return held
	}
	var row struct {
		Name  string   `json:"name"`
		Paths []string `json:"nodes_display"`
		Full  string   `json:"full_value"`
	}
	if json.Unmarshal(body, &row) != nil {
		return held
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
		held.lostRace = held.lostRace || s.making[c.org.id+key] > 0
		s.making[c.org.id+key]++
		held.keys = append(held.keys, c.org.id+key)
	}
	return held
}

func (s *Server) unregisterPending(held *pendingNames) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range held.keys {
		if s.making[key]--; s.making[key] == 0 {
			delete(s.making, key)
		}
	}
}
