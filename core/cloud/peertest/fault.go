package peertest

import (
	"fmt"
	"net"
	"net/http"
	"time"
)

// Kind is a way to misbehave. A cloud's emulator adds its own.
type Kind string

// The kinds that are the same for every cloud; see AnswerFault.
const (
	HTML500     Kind = "html 500"     // a gateway's page
	HTML503     Kind = "html 503"     // a gateway's page
	HTML200     Kind = "html 200"     // a captive portal's page
	EmptyObject Kind = "empty object" // 200 {}
	Null        Kind = "null"         // 200 null
	EmptyBody   Kind = "empty body"   // 200 and nothing
	CutOff      Kind = "cut off"      // the connection ends in the middle of the body
	Redirect    Kind = "redirect"     // 302 to another path, which is never expected
	Hang        Kind = "hang"         // no answer until the client leaves
	Reset       Kind = "reset"        // the connection is reset
	Slow        Kind = "slow"         // answers after Delay
)

// The kinds that every cloud has in its own form, which its emulator shows.
const (
	Throttled        Kind = "throttled"      // the cloud's own throttling error
	NoPermission     Kind = "no permission"  // what the cloud answers without the right to list
	ExpiredSignature Kind = "untimely"       // the signature or token has expired, in the cloud's own words
	Truncated        Kind = "truncated"      // success with half of the document
	NoProgress       Kind = "repeated token" // the cursor stands still
	Endless          Kind = "endless"        // every page promises another, at a place of its own
)

// Fault is a misbehaviour of the calls that it selects.
type Fault struct {
	Kind   Kind
	Action string        // "" = any
	Region string        // "" = any
	Key    string        // access key id; "" = any
	After  int           // so many of these calls succeed first
	Times  int           // so many fail then; 0 = all
	Until  time.Time     // none fails from here on; zero = no end
	Delay  time.Duration // of Slow
}

// Break makes the emulator misbehave until repair is called. Of several faults the
// first that matches a call applies.
func (g *Base) Break(f Fault) (repair func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.faults = append(g.faults, &f)
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		for i, other := range g.faults {
			if other == &f {
				g.faults = append(g.faults[:i:i], g.faults[i+1:]...)
				return
			}
		}
	}
}

// Repair ends all faults.
func (g *Base) Repair() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.faults = nil
}

// NextFault returns the fault for a call and counts its use; the zero Fault means none.
func (g *Base) NextFault(action, region, key string) Fault {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, f := range g.faults {
		fits := (f.Action == "" || f.Action == action) && (f.Region == "" || f.Region == region) && (f.Key == "" || f.Key == key)
		if !fits || f.Times < 0 || !f.Until.IsZero() && !g.now().Before(f.Until) {
			continue
		}
		if f.After > 0 {
			f.After--
			continue
		}
		if f.Times > 0 {
			f.Times--
			if f.Times == 0 {
				f.Times = -1 // used up
			}
		}
		return *f
	}
	return Fault{}
}

// AnswerFault answers with a fault of one of the kinds above; false = the call is to be answered
// normally: it is Slow, or of an unknown kind, which is recorded. Emulators handle
// their own kinds first.
func (g *Base) AnswerFault(w http.ResponseWriter, r *http.Request, f Fault) bool {
	const page = "<html><head><title>nginx</title></head><body><center><h1>error</h1></center></body></html>"
	switch f.Kind {
	case HTML500:
		writeAnswer(w, http.StatusInternalServerError, "text/html;charset=utf-8", page)
	case HTML503:
		writeAnswer(w, http.StatusServiceUnavailable, "text/html;charset=utf-8", page)
	case HTML200:
		writeAnswer(w, http.StatusOK, "text/html;charset=utf-8", page)
	case EmptyObject:
		writeAnswer(w, http.StatusOK, "application/json", "{}")
	case Null:
		writeAnswer(w, http.StatusOK, "application/json", "null")
	case EmptyBody:
		writeAnswer(w, http.StatusOK, "application/json", "")
	case Redirect:
		w.Header().Set("Location", "/elsewhere")
		writeAnswer(w, http.StatusFound, "text/html", "")
	case Slow:
		return !g.Wait(r, f.Delay)
	case Hang:
		g.Wait(r, time.Hour)
	case CutOff:
		w.Header().Set("Content-Length", "100000")
		writeAnswer(w, http.StatusOK, "application/json", `{"`)
		panic(http.ErrAbortHandler) // net/http ends the connection, and logs nothing
	case Reset:
		resetConnection(w)
	default:
		g.RecordUnexpected(r, "", fmt.Errorf("the test asks for an unknown fault %q", f.Kind))
		return false
	}
	return true
}

func writeAnswer(w http.ResponseWriter, status int, kind, body string) {
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body)) // a client that went away is not our fault
}

// resetConnection ends the connection without an answer.
func resetConnection(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // without it the client reads a clean end; a failure changes no outcome
	}
	_ = conn.Close()
}
