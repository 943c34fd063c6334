// Package dingtalktest is an emulator of DingTalk's custom robot for tests and the demo. It
// answers as recorded (testdata), refuses what DingTalk refuses, and complains of every request
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
var recorded embed.FS

// Path is where a robot takes messages.
const Path = "/robot/send"

// DingTalk's limits: bytes of a body, messages in a minute, and how long it blocks above that.
const (
	MaxBody   = 20000
	perMinute = 20
	blocked   = 10 * time.Minute
)

// Settings describe the robot; the zero value takes any token, wants no signature and never
// complains aloud.
type Settings struct {
	Token    string                           // "" = any
	Secret   string                           // "" = no signature is asked for
	Now      func() time.Time                 // nil = time.Now
	Complain func(format string, args ...any) // e.g. testing.TB.Errorf; nil = only Complaints
}

// Message is a card that the robot has taken.
type Message struct {
	Title, Text, SingleTitle, SingleURL string
	AtMobiles                           []string
	AtAll                               bool
	Bytes                               int // of the body
}

// Robot is an http.Handler. Its methods may be called by several goroutines.
type Robot struct {
	settings Settings

	mu         sync.Mutex
	faults     []Fault
	taken      []Message
	calls      int
	sent       []time.Time // of the last minute
	until      time.Time   // blocked until then
	complaints []string
}

// New makes a robot.
func New(s Settings) *Robot {
	if s.Now == nil {
		s.Now = time.Now
	}
	return &Robot{settings: s}
}

// Messages gives the cards that were taken, in order.
func (r *Robot) Messages() []Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Message{}, r.taken...)
}

// Calls is the number of requests of any kind.
func (r *Robot) Calls() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.calls
}

// Complaints are the requests that no correct client makes.
func (r *Robot) Complaints() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string{}, r.complaints...)
}

// ServeHTTP takes one message or refuses it. It answers 200 to nearly everything, as DingTalk does.
func (r *Robot) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(io.LimitReader(request.Body, 10*MaxBody))
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls++
	if err != nil {
		r.complain("body: %v", err)
		return
	}
	// Everything is checked before a fault is played: a fault hides no wrong request.
	message, refusal := r.check(request, body)
	if len(r.faults) > 0 {
		fault := r.faults[0]
		r.faults = r.faults[1:]
		fault.play(w)
		return
	}
	if refusal == "" {
		refusal = r.tooFast()
	}
	if refusal != "" {
		answer(w, refusal)
		return
	}
	r.taken = append(r.taken, message)
	answer(w, Recorded("ok"))
}

// check gives the message, or the answer to a request that is refused.
func (r *Robot) check(request *http.Request, body []byte) (Message, string) {
	if request.Method != http.MethodPost || request.URL.Path != Path {
		r.complain("unexpected request %s %s", request.Method, request.URL.Path)
		return Message{}, refuse(404, "no such interface")
	}
	if kind, _, err := mime.ParseMediaType(request.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		r.complain("content type %q", request.Header.Get("Content-Type"))
		return Message{}, refuse(43004, "invalid content-type")
	}
	if answer := r.authorise(request); answer != "" {
		return Message{}, answer
	}
	if len(body) > MaxBody {
		r.complain("a body of %d bytes", len(body))
		return Message{}, refuse(460101, "message too long, exceed 20000 bytes")
	}
	m, err := parse(body)
	if err != nil {
		r.complain("body: %v", err)
		return Message{}, refuse(40035, "param error: "+err.Error())
	}
	return m, ""
}

// authorise checks token and signature. A wrong one is no complaint: users make that mistake.
func (r *Robot) authorise(request *http.Request) string {
	query := request.URL.Query()
	for name, values := range query {
		known := name == "access_token" || name == "timestamp" || name == "sign"
		if !known || len(values) != 1 {
			r.complain("query parameter %s, %d times", name, len(values))
		}
	}
	return r.verify(query)
}

func (r *Robot) verify(query url.Values) string {
	if token := query.Get("access_token"); token == "" || r.settings.Token != "" && token != r.settings.Token {
		return Recorded("token")
	}
	if r.settings.Secret == "" {
		return ""
	}
	at, err := strconv.ParseInt(query.Get("timestamp"), 10, 64)
	if err != nil || r.settings.Now().Sub(time.UnixMilli(at)).Abs() > time.Hour {
		return Recorded("timestamp")
	}
	mac := hmac.New(sha256.New, []byte(r.settings.Secret))
	fmt.Fprintf(mac, "%d\n%s", at, r.settings.Secret)
	if query.Get("sign") != base64.StdEncoding.EncodeToString(mac.Sum(nil)) {
		return Recorded("sign")
	}
	return ""
}

// tooFast counts messages, refused ones as well, and blocks the robot after too many.
func (r *Robot) tooFast() string {
	now := r.settings.Now()
	kept := r.sent[:0]
	for _, at := range r.sent {
		if now.Sub(at) < time.Minute {
			kept = append(kept, at)
		}
	}
	r.sent = append(kept, now)
	if len(r.sent) > perMinute && !now.Before(r.until) {
		r.until = now.Add(blocked)
	}
	if now.Before(r.until) {
		return Recorded("toofast")
	}
	return ""
}

func (r *Robot) complain(format string, args ...any) {
	r.complaints = append(r.complaints, fmt.Sprintf(format, args...))
	if r.settings.Complain != nil {
		r.settings.Complain("dingtalktest: "+format, args...)
	}
}
