package alibabatest

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// Metadata is the instance metadata service of an ECS instance in the hardened mode, which wants a token. The zero value
// has no role; SetRole may change it while it serves.
type Metadata struct {
	mu     sync.Mutex
	role   string
	answer map[string]any
	status int
	asks   int
}

// SetRole sets the instance's role and its credentials; "" removes the role.
func (m *Metadata) SetRole(role string, k Key, expires time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.role, m.answer = role, map[string]any{
		"Code": "Success", "AccessKeyId": k.AccessKeyID, "AccessKeySecret": k.AccessKeySecret, "SecurityToken": k.SecurityToken,
		"Expiration": expires.UTC().Format(time.RFC3339), "LastUpdated": expires.Add(-6 * time.Hour).UTC().Format(time.RFC3339),
	}
}

// Drop removes a field of the credentials.
func (m *Metadata) Drop(field string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.answer, field)
}

// Break answers everything with a status; 0 = normally.
func (m *Metadata) Break(status int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.status = status
}

// CredentialCalls returns how often credentials were given.
func (m *Metadata) CredentialCalls() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.asks
}

// ServeHTTP implements http.Handler: https://help.aliyun.com/zh/ecs/user-guide/view-instance-metadata
func (m *Metadata) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	const token, ttl, base = "AQMetadata-token==", "X-Aliyun-Ecs-Metadata-Token-Ttl-Seconds", "/latest/meta-data/ram/security-credentials/"
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.status != 0:
		w.WriteHeader(m.status)
	case r.Method == http.MethodPut && r.URL.Path == "/latest/api/token" && r.Header.Get(ttl) != "":
		_, _ = w.Write([]byte(token))
	case r.Method != http.MethodGet || r.Header.Get("X-Aliyun-Ecs-Metadata-Token") != token:
		w.WriteHeader(http.StatusForbidden)
	case m.role == "":
		w.WriteHeader(http.StatusNotFound)
	case r.URL.Path == base:
		_, _ = w.Write([]byte(m.role))
	case r.URL.Path == base+m.role:
		m.asks++
		_ = json.NewEncoder(w).Encode(m.answer) // a client that went away is not our fault
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}
