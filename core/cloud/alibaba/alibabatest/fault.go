package alibabatest

import (
	"fmt"
	"net"
	"net/http"
	"time"
)

// Kind is a way to misbehave.
type Kind string

// The ways to misbehave. What the real service was seen or is documented to do is marked [D].
const (
	Throttled     Kind = "throttled"      // [D] 400 Throttling.User
	Forbidden     Kind = "forbidden"      // [D] 403 Forbidden.RAM
	NoPermission  Kind = "no permission"  // [D] an empty list with HTTP 200, and Forbidden.RAM on a dry run
	InternalError Kind = "internal error" // [D] 500 InternalError
	Unavailable   Kind = "unavailable"    // [D] 503 ServiceUnavailable
	HTML500       Kind = "html 500"       // a gateway's page
	HTML503       Kind = "html 503"       // a gateway's page
	HTML200       Kind = "html 200"       // a captive portal's page
	OddError      Kind = "odd error"      // 400 with numbers where texts belong
	EmptyObject   Kind = "empty object"   // 200 {}
	Null          Kind = "null"           // 200 null
	EmptyBody     Kind = "empty body"     // 200 and nothing
	NoList        Kind = "no list"        // 200 with a RequestId only
	NoRequestID   Kind = "no request id"  // 200, all but the RequestId
	Truncated     Kind = "truncated"      // 200, half of the document
	CutOff        Kind = "cut off"        // the connection ends in the middle of the body
	Redirect      Kind = "redirect"       // 302 to another path, which is never expected
	Hang          Kind = "hang"           // no answer until the client leaves
	Reset         Kind = "reset"          // the connection is reset
	RepeatToken   Kind = "repeated token" // pages after the first give their own token again
	InvalidToken  Kind = "invalid token"  // 400 for any NextToken
	NonceUsed     Kind = "nonce used"     // [D] 400 SignatureNonceUsed
	Inactive      Kind = "inactive"       // [D] 400 InvalidAccessKeyId.Inactive
	Slow          Kind = "slow"           // answers after Delay
)

// Fault is a misbehaviour of the calls that it names.
type Fault struct {
	Kind   Kind
	Action string        // "" = any
	Region string        // "" = any
	Key    string        // access key id; "" = any
	After  int           // so many of these calls are answered well before
	Times  int           // so many are answered badly then; 0 = all
	Until  time.Time     // and none from here on; zero = for ever
	Delay  time.Duration // of Slow
}

// Break makes the server misbehave, from now on, until repair is called. Of several faults the
// first that fits a call counts.
func (s *Server) Break(f Fault) (repair func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		for i, other := range s.faults {
			if other == &f {
				s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
				return
			}
		}
	}
}

// Repair ends all faults.
func (s *Server) Repair() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// fault finds the fault for a call and counts it.
func (s *Server) fault(c *call) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if !f.fits(c) || f.Times < 0 || !f.Until.IsZero() && !s.now().Before(f.Until) {
			continue
		}
		if f.After > 0 {
			f.After--
			continue
		}
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				f.Times = -1 // used up
			}
		}
		found := *f
		return &found
	}
	return nil
}

func (f *Fault) fits(c *call) bool {
	return (f.Action == "" || f.Action == c.action) && (f.Region == "" || f.Region == c.region) &&
		(f.Key == "" || f.Key == c.params["AccessKeyId"])
}

// misbehave answers by a fault; false = the call is to be answered well after all.
func (s *Server) misbehave(c *call, f Fault) bool {
	if refused := refusalOf(f.Kind); refused != nil {
		c.refuse(*refused)
		return true
	}
	if body, status, ok := bodyOf(f.Kind, c.id); ok {
		c.send(status, "text/html;charset=utf-8", []byte(body))
		return true
	}
	switch f.Kind {
	case NoRequestID, Truncated, RepeatToken:
		s.answer(c, f)
	case NoPermission:
		return c.withoutPermission()
	case InvalidToken:
		if c.params["NextToken"] == "" {
			return false
		}
		c.refuse(*invalidToken())
	case Redirect:
		c.w.Header().Set("Location", "/elsewhere")
		c.send(http.StatusFound, "text/html", nil)
	case Slow:
		return !s.wait(c.r, f.Delay)
	case Hang:
		s.wait(c.r, time.Hour)
	case Reset, CutOff:
		c.breakOff(f.Kind)
	default:
		s.record(c, fmt.Errorf("the test asks for an unknown fault %q", f.Kind))
		return false
	}
	return true
}

// withoutPermission answers as for a RAM user without ecs:DescribeInstances.
func (c *call) withoutPermission() bool {
	switch {
	case c.action != DescribeInstances || c.params["DryRun"] == "true":
		c.refuse(*refusalOf(Forbidden))
	default:
		c.json(http.StatusOK, map[string]any{
			"RequestId": c.id, "Instances": map[string]any{"Instance": []any{}}, "NextToken": "", "TotalCount": 0,
		})
	}
	return true
}

// breakOff resets the connection without an answer, or ends it in the middle of one.
func (c *call) breakOff(kind Kind) {
	if kind == CutOff {
		c.w.Header().Set("Content-Length", "100000")
		c.send(http.StatusOK, "application/json", []byte(`{"RequestId":"`))
		panic(http.ErrAbortHandler) // net/http ends the connection, and logs nothing
	}
	conn, _, err := http.NewResponseController(c.w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // without it the client reads a clean end; a failure changes no outcome
	}
	_ = conn.Close()
}

func refusalOf(kind Kind) *refusal {
	switch kind {
	case Throttled:
		return &refusal{http.StatusBadRequest, "Throttling.User", "Request was denied due to user flow control."}
	case Forbidden:
		return &refusal{http.StatusForbidden, "Forbidden.RAM",
			"User not authorized to operate on the specified resource, or this API doesn't support RAM."}
	case InternalError:
		return &refusal{http.StatusInternalServerError, "InternalError", "The request processing has failed due to some unknown error."}
	case Unavailable:
		return &refusal{http.StatusServiceUnavailable, "ServiceUnavailable", "The request has failed due to a temporary failure of the server."}
	case NonceUsed:
		return &refusal{http.StatusBadRequest, "SignatureNonceUsed", "Specified signature nonce was used already."}
	case Inactive:
		return &refusal{http.StatusBadRequest, "InvalidAccessKeyId.Inactive", "Specified access key is disabled."}
	}
	return nil
}

// bodyOf gives the answers that do not depend on the question.
func bodyOf(kind Kind, request string) (body string, status int, ok bool) {
	const page = "<html><head><title>nginx</title></head><body><center><h1>error</h1></center></body></html>"
	switch kind {
	case HTML500:
		return page, http.StatusInternalServerError, true
	case HTML503:
		return page, http.StatusServiceUnavailable, true
	case HTML200:
		return page, http.StatusOK, true
	case OddError:
		return `{"Code":400,"Message":{"a":1},"RequestId":7,"HostId":[]}`, http.StatusBadRequest, true
	case EmptyObject:
		return "{}", http.StatusOK, true
	case Null:
		return "null", http.StatusOK, true
	case EmptyBody:
		return "", http.StatusOK, true
	case NoList:
		return `{"RequestId":"` + request + `","NextToken":"","TotalCount":0}`, http.StatusOK, true
	}
	return "", 0, false
}
