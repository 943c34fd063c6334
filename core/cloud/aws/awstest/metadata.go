package awstest

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// Metadata is the instance metadata service of a machine, version 2 only. The zero value has no
// role; SetRole may change it while it serves.
type Metadata struct {
	mu     sync.Mutex
	role   string
	answer map[string]any
	status int
	asks   int
}

// SetRole sets the machine's role and its credentials; "" removes the role.
func (m *Metadata) SetRole(role string, k Key, expires time.Time) {
	m.setAnswer(role, map[string]any{
		"Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": k.AccessKeyID, "SecretAccessKey": k.AccessKeySecret,
		"Token": k.SessionToken, "Expiration": expires.UTC().Format(time.RFC3339),
	})
}

// RefuseRole makes assuming the machine's role fail.
func (m *Metadata) RefuseRole(role, code string) {
	m.setAnswer(role, map[string]any{"Code": code, "Message": "no"})
}

func (m *Metadata) setAnswer(role string, answer map[string]any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.role, m.answer = role, answer
}

// Break answers everything with a status; 0 = normally.
func (m *Metadata) Break(status int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.status = status
}

// CredentialCalls returns how often credentials were given or refused.
func (m *Metadata) CredentialCalls() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.asks
}

// ServeHTTP implements http.Handler:
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
func (m *Metadata) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	const token, ttl, base = "IMDSv2-token==", "X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "/latest/meta-data/iam/security-credentials/"
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.status != 0:
		w.WriteHeader(m.status)
	case r.Method == http.MethodPut && r.URL.Path == "/latest/api/token" && r.Header.Get(ttl) != "":
		w.Header().Set(ttl, r.Header.Get(ttl))
		_, _ = w.Write([]byte(token))
	case r.Method != http.MethodGet || r.Header.Get("X-Aws-Ec2-Metadata-Token") != token:
		w.WriteHeader(http.StatusUnauthorized)
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
