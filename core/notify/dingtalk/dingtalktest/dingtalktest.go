// Package dingtalktest is an emulator of DingTalk's custom robot for tests and the demo. It
// answers as recorded (testdata), refuses what DingTalk refuses, and reports every request
// that a correct client would not make.
package dingtalktest

import (
	"crypto/hmac"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"
)

//go:embed testdata/*.json
var recordedFiles embed.FS

// WebhookPath is the path that receives messages.
const WebhookPath = "/robot/send"

// DingTalk's limits: bytes of a body, messages in a minute, and how long it blocks a robot above that.
const (
	MaxBodyBytes  = 20000
	maxPerMinute  = 20
	blockDuration = 10 * time.Minute
)

// Options describe the robot; the zero value accepts any token, requires no signature and reports
// nothing.
type Options struct {
	Token            string                           // "" = any
	Secret           string                           // "" = no signature is required
	Now              func() time.Time                 // nil = time.Now
	ReportUnexpected func(format string, args ...any) // such as testing.TB.Errorf; nil = they are only recorded
}

// Message is a card that the robot accepted.
type Message struct {
	Title, Text, SingleTitle, SingleURL string
	AtMobiles                           []string
	AtAll                               bool
	Bytes                               int // of the body
}

// Robot is an http.Handler. It is safe for concurrent use.
type Robot struct {
	options Options

	mu           sync.Mutex
	faults       []Fault
	accepted     []Message
	callCount    int
	sentAt       []time.Time // of the last minute
	blockedUntil time.Time
	unexpected   []string
}

// New returns a robot.
func New(s Options) *Robot {
	if s.Now == nil {
		s.Now = time.Now
	}
	return &Robot{options: s}
}

// Messages returns the accepted cards, in order.
func (r *Robot) Messages() []Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Message{}, r.accepted...)
}

// Calls returns the number of requests of any kind.
func (r *Robot) Calls() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.callCount
}

// Unexpected returns the requests that no correct client makes.
func (r *Robot) Unexpected() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string{}, r.unexpected...)
}

// ServeHTTP accepts or refuses one message. Like DingTalk it answers nearly everything with 200.
func (r *Robot) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(io.LimitReader(request.Body, 10*MaxBodyBytes))
	r.mu.Lock()
	defer r.mu.Unlock()
	r.callCount++
	if err != nil {
		r.recordUnexpected("body: %v", err)
		return
	}
	// The request is checked before a fault is applied: a fault hides no wrong request.
	message, refusal := r.checkRequest(request, body)
	if len(r.faults) > 0 {
		fault := r.faults[0]
		r.faults = r.faults[1:]
		fault.respond(w)
		return
	}
	if refusal == "" {
		refusal = r.checkRate()
	}
	if refusal != "" {
		writeAnswer(w, refusal)
		return
	}
	r.accepted = append(r.accepted, message)
	writeAnswer(w, RecordedAnswer("ok"))
}

// checkRequest returns the message, or the answer to a refused request.
func (r *Robot) checkRequest(request *http.Request, body []byte) (Message, string) {
	if request.Method != http.MethodPost || request.URL.Path != WebhookPath {
		r.recordUnexpected("unexpected request %s %s", request.Method, request.URL.Path)
		return Message{}, errorBody(404, "no such interface")
	}
	if kind, _, err := mime.ParseMediaType(request.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		r.recordUnexpected("content type %q", request.Header.Get("Content-Type"))
		return Message{}, errorBody(43004, "invalid content-type")
	}
	if answer := r.checkQuery(request); answer != "" {
		return Message{}, answer
	}
	if len(body) > MaxBodyBytes {
		r.recordUnexpected("a body of %d bytes", len(body))
		return Message{}, errorBody(460101, "message too long, exceed 20000 bytes")
	}
	m, err := parseCard(body)
	if err != nil {
		r.recordUnexpected("body: %v", err)
		return Message{}, errorBody(40035, "param error: "+err.Error())
	}
	return m, ""
}

// checkQuery checks token and signature. A wrong one is not reported: users make that mistake.
func (r *Robot) checkQuery(request *http.Request) string {
	query := request.URL.Query()
	for name, values := range query {
		known := name == "access_token" || name == "timestamp" || name == "sign"
		if !known || len(values) != 1 {
			r.recordUnexpected("query parameter %s, %d times", name, len(values))
		}
	}
	return r.verifySignature(query)
}

func (r *Robot) verifySignature(query url.Values) string {
	if token := query.Get("access_token"); token == "" || r.options.Token != "" && token != r.options.Token {
		return RecordedAnswer("token")
	}
	if r.options.Secret == "" {
		return ""
	}
	at, err := strconv.ParseInt(query.Get("timestamp"), 10, 64)
	if err != nil || r.options.Now().Sub(time.UnixMilli(at)).Abs() > time.Hour {
		return RecordedAnswer("timestamp")
	}
	mac := hmac.New(sha256.New, []byte(r.options.Secret))
	fmt.Fprintf(mac, "%d\n%s", at, r.options.Secret)
	if query.Get("sign") != base64.StdEncoding.EncodeToString(mac.Sum(nil)) {
		return RecordedAnswer("sign")
	}
	return ""
}

// checkRate counts messages, refused ones too, and blocks the robot after too many.
func (r *Robot) checkRate() string {
	now := r.options.Now()
	recent := r.sentAt[:0]
	for _, at := range r.sentAt {
		if now.Sub(at) < time.Minute {
			recent = append(recent, at)
		}
	}
	r.sentAt = append(recent, now)
	if len(r.sentAt) > maxPerMinute && !now.Before(r.blockedUntil) {
		r.blockedUntil = now.Add(blockDuration)
	}
	if now.Before(r.blockedUntil) {
		return RecordedAnswer("toofast")
	}
	return ""
}

func (r *Robot) recordUnexpected(format string, args ...any) {
	r.unexpected = append(r.unexpected, fmt.Sprintf(format, args...))
	if r.options.ReportUnexpected != nil {
		r.options.ReportUnexpected("dingtalktest: "+format, args...)
	}
}
