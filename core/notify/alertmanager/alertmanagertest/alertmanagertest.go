// Package alertmanagertest is an Alertmanager as far as its API takes alerts. It checks what the real one checks: names of
// labels, and that no alert ends before it begins
// (https://github.com/prometheus/alertmanager/blob/main/types/types.go, Alert.Validate; https://pkg.go.dev/github.com/prometheus/common/model).
package alertmanagertest

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Alert is one that was taken.
type Alert struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL"`
}

// Options are what a manager expects.
type Options struct {
	Authorization    string // "" = none
	Now              func() time.Time
	ReportUnexpected func(format string, args ...any)
}

// Manager is an http.Handler.
type Manager struct {
	options Options

	mu      sync.Mutex
	alerts  map[string]Alert // by labels
	taken   []Alert
	calls   int
	largest int
	answer  func(http.ResponseWriter)
}

// New returns a manager.
func New(o Options) *Manager {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.ReportUnexpected == nil {
		o.ReportUnexpected = func(string, ...any) {}
	}
	return &Manager{options: o, alerts: map[string]Alert{}}
}

// AnswerAll makes each further request fail with a status; 0 breaks the connection.
func (m *Manager) AnswerAll(status int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.answer = func(w http.ResponseWriter) {
		if status == 0 {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(status)
	}
}

// Taken returns every alert of every request, in order.
func (m *Manager) Taken() []Alert {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]Alert(nil), m.taken...)
}

// Active returns the names of the alerts that have not ended.
func (m *Manager) Active() map[string]Alert {
	m.mu.Lock()
	defer m.mu.Unlock()
	active := map[string]Alert{}
	for _, a := range m.alerts {
		if a.EndsAt.After(m.options.Now()) {
			active[a.Labels["alertname"]] = a
		}
	}
	return active
}

// Calls returns the number of requests, Largest the longest body.
func (m *Manager) Calls() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.calls
}

// Largest returns the longest body that was taken.
func (m *Manager) Largest() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.largest
}

// ServeHTTP implements http.Handler.
func (m *Manager) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls++
	if m.answer != nil {
		m.answer(w)
		return
	}
	var alerts []Alert
	switch {
	case req.Method != http.MethodPost || !strings.HasSuffix(req.URL.Path, "/api/v2/alerts"):
		m.refuse(w, http.StatusNotFound, "%s %s", req.Method, req.URL.Path)
		return
	case !strings.HasPrefix(req.Header.Get("Content-Type"), "application/json"):
		m.refuse(w, http.StatusUnsupportedMediaType, "%s", req.Header.Get("Content-Type"))
		return
	case req.Header.Get("Authorization") != m.options.Authorization:
		m.refuse(w, http.StatusUnauthorized, "authorization %q", req.Header.Get("Authorization"))
		return
	case json.Unmarshal(body, &alerts) != nil || len(alerts) == 0:
		m.refuse(w, http.StatusBadRequest, "no alerts: %s", body)
		return
	}
	for _, a := range alerts {
		why := invalid(a)
		if why != "" {
			m.refuse(w, http.StatusBadRequest, "%s: %+v", why, a)
			return
		}
		key, _ := json.Marshal(a.Labels)
		m.alerts[string(key)] = a
	}
	m.taken = append(m.taken, alerts...)
	m.largest = max(m.largest, len(body))
}

func (m *Manager) refuse(w http.ResponseWriter, status int, format string, args ...any) {
	m.options.ReportUnexpected(format, args...)
	w.WriteHeader(status)
}

// invalid returns what the real one does not take of an alert.
func invalid(a Alert) string {
	if a.Labels["alertname"] == "" {
		return "without a name"
	}
	if !a.EndsAt.IsZero() && a.EndsAt.Before(a.StartsAt) {
		return "ends before it begins"
	}
	for name, value := range a.Labels {
		if !regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`).MatchString(name) || value == "" {
			return "a label " + name
		}
	}
	return ""
}
