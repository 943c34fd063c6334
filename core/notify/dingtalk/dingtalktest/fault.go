package dingtalktest

import (
	"fmt"
	"io"
	"net/http"
)

// Fault is the answer to one request in place of the normal one.
type Fault struct {
	// Body is answered with HTTP 200, or with Status.
	Body   string
	Status int
	// Location is sent with a redirect.
	Location string
	// Drop breaks the connection without an answer.
	Drop bool
	// Blocked delays the answer until it is closed.
	Blocked <-chan struct{}
}

// QueueFaults applies these faults to the next requests, one each.
func (r *Robot) QueueFaults(faults ...Fault) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faults = append(r.faults, faults...)
}

// AnswerFaults returns n times the recorded answer of this name: ip, keywords, sign, timestamp, token,
// toofast, or gateway-throttle.
func AnswerFaults(n int, name string) []Fault {
	faults := make([]Fault, n)
	for i := range faults {
		faults[i].Body = RecordedAnswer(name)
	}
	return faults
}

// DropFaults returns n broken connections.
func DropFaults(n int) []Fault {
	faults := make([]Fault, n)
	for i := range faults {
		faults[i].Drop = true
	}
	return faults
}

// BusyFault returns DingTalk's "system busy", as documented.
func BusyFault() Fault { return Fault{Body: errorBody(-1, "系统繁忙")} }

// RecordedAnswer returns a recorded answer by name. It panics on an unknown name, which is a mistake in the test.
func RecordedAnswer(name string) string {
	text, err := recordedFiles.ReadFile("testdata/" + name + ".json")
	if err != nil {
		panic(err)
	}
	return string(text)
}

func (f Fault) respond(w http.ResponseWriter) {
	if f.Blocked != nil {
		<-f.Blocked
	}
	if f.Drop {
		// A handler has no other way to break a connection; net/http logs nothing of it.
		panic(http.ErrAbortHandler)
	}
	if f.Location != "" {
		w.Header().Set("Location", f.Location)
	}
	w.Header().Set("Content-Type", "application/json")
	if f.Status != 0 {
		w.WriteHeader(f.Status)
	}
	_, _ = io.WriteString(w, f.Body)
}

func writeAnswer(w http.ResponseWriter, body string) { Fault{Body: body}.respond(w) }

func errorBody(code int, message string) string {
	return fmt.Sprintf(`{"errcode":%d,"errmsg":%q}`, code, message)
}
