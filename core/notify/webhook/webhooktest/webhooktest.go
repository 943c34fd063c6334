// Package webhooktest is a receiver of webhooks as people write one: it checks the signature, and that each request is a
// CloudEvent 1.0 in structured mode.
package webhooktest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"time"
)

// Options are what a receiver expects.
type Options struct {
	Secret, Token    string
	Now              func() time.Time
	ReportUnexpected func(format string, args ...any) // is called for what no correct client sends
}

// Event is a request that was accepted.
type Event struct {
	SpecVersion string `json:"specversion"`
	ID          string `json:"id"`
	Source      string `json:"source"`
	Type        string `json:"type"`
	Time        string `json:"time"`
	ContentType string `json:"datacontenttype"`
	Data        struct {
		Title, Text, Severity string
		Mention               bool
		PageText              string `json:"page_text"`
		PageURL               string `json:"page_url"`
		Report                json.RawMessage
	} `json:"data"`
	Bytes int `json:"-"`
}

// Receiver is an http.Handler.
type Receiver struct {
	options Options

	mu     sync.Mutex
	events []Event
	calls  int
	answer func(http.ResponseWriter)
}

// New returns a receiver.
func New(o Options) *Receiver {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.ReportUnexpected == nil {
		o.ReportUnexpected = func(string, ...any) {}
	}
	return &Receiver{options: o}
}

// AnswerAll makes each further request fail with a status; 0 breaks the connection.
func (r *Receiver) AnswerAll(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = func(w http.ResponseWriter) {
		if status == 0 {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(status)
	}
}

// Events returns what was accepted.
func (r *Receiver) Events() []Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Event(nil), r.events...)
}

// Calls returns the number of requests.
func (r *Receiver) Calls() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.calls
}

// ServeHTTP implements http.Handler.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls++
	if r.answer != nil {
		r.answer(w)
		return
	}
	var e Event
	switch {
	case json.Unmarshal(body, &e) != nil, e.SpecVersion != "1.0", e.ID == "", e.Source == "", e.Type == "":
		r.refuse(w, http.StatusBadRequest, "no CloudEvent: %s", body)
	case req.Method != http.MethodPost, req.Header.Get("Content-Type") != "application/cloudevents+json; charset=utf-8":
		r.refuse(w, http.StatusUnsupportedMediaType, "%s %s", req.Method, req.Header.Get("Content-Type"))
	case r.options.Token != "" && req.Header.Get("Authorization") != "Bearer "+r.options.Token:
		r.refuse(w, http.StatusUnauthorized, "no token")
	case !r.isSigned(req.Header, body):
		r.refuse(w, http.StatusForbidden, "a wrong signature")
	default:
		e.Bytes = len(body)
		r.events = append(r.events, e)
		w.WriteHeader(http.StatusAccepted)
	}
}

func (r *Receiver) refuse(w http.ResponseWriter, status int, format string, args ...any) {
	r.options.ReportUnexpected(format, args...)
	w.WriteHeader(status)
}

// isSigned checks the signature as the documents tell people to.
func (r *Receiver) isSigned(h http.Header, body []byte) bool {
	if r.options.Secret == "" {
		return h.Get("X-JMS-Sync-Signature") == ""
	}
	timestamp := h.Get("X-JMS-Sync-Timestamp")
	seconds, err := time.ParseDuration(timestamp + "s")
	age := r.options.Now().Sub(time.Unix(0, 0).Add(seconds))
	mac := hmac.New(sha256.New, []byte(r.options.Secret))
	mac.Write([]byte(timestamp + "." + string(body)))
	want := "sha256=" + hex.EncodeToString(mac.Sum(nil))
	return err == nil && age.Abs() < 5*time.Minute && hmac.Equal([]byte(want), []byte(h.Get("X-JMS-Sync-Signature")))
}
