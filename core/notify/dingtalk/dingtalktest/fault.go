package dingtalktest

import (
	"fmt"
	"io"
	"net/http"
)

// Fault is what one request gets instead of its answer.
type Fault struct {
	// Body is answered with HTTP 200, or with Status.
	Body   string
	Status int
	// Location is sent with a redirect.
	Location string
	// Drop breaks the connection without an answer.
	Drop bool
	// Blocked holds the answer until this is closed.
	Blocked <-chan struct{}
}

// QueueFaults makes the next requests meet these faults, one each.
func (r *Robot) QueueFaults(faults ...Fault) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faults = append(r.faults, faults...)
}

// AnswerFaults gives n times the recorded answer of this name: ip, keywords, sign, timestamp, token,
// toofast, or gateway-throttle.
func AnswerFaults(n int, name string) []Fault {
	faults := make([]Fault, n)
	for i := range faults {
		faults[i].Body = RecordedAnswer(name)
	}
	return faults
}

// DropFaults breaks n connections.
func DropFaults(n int) []Fault {
	faults := make([]Fault, n)
	for i := range faults {
		faults[i].Drop = true
	}
	return faults
}

// BusyFault is DingTalk's "system busy", as documented.
func BusyFault() Fault { return Fault{Body: errorBody(-1, "系统繁忙")} }

// RecordedAnswer gives a recorded answer by name. An unknown name is a mistake in the test, and panics.
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
		// The only way for a handler to break a connection, and net/http prints nothing of it.
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
