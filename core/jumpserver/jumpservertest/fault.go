package jumpservertest

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// Fault is a way to fail. With After the request is carried out first, and only its answer is
// lost or replaced (Cut, or an intermediary's page: Status 502 or 504 without a Body); with Edit the real
// answer is changed.
type Fault struct {
	Status       int // answered with Body; if that is "", as JumpServer itself does, or, if it never does, with an intermediary's page
	Body         string
	Front        Page // an intermediary answers, whatever the other fields say
	RetryAfter   string
	Location     string
	Cut          bool // the connection is closed without an answer; net/http may repeat a GET by itself
	Hang         bool // no answer until the client gives up
	After        bool
	Delay        time.Duration // before anything else; alone, the answer is only late
	PerRow       time.Duration // of a write of hosts, on top of its time; it is carried out even if its client disconnects
	FrontTimeout time.Duration // an intermediary answers with the fault after this time, and the server carries the request out
	Edit         func(status int, body []byte) (int, []byte)
}

type plannedFault struct {
	Fault
	match func(*http.Request) bool
	times int
}

// Fail makes the next matching requests fail, times over; a negative number: always.
func (s *Server) Fail(match func(*http.Request) bool, times int, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &plannedFault{f, match, times})
}

// ClearFaults removes all faults.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// MatchRequest matches requests by method ("" = any) and a part of the target.
func MatchRequest(method, part string) func(*http.Request) bool {
	return func(r *http.Request) bool {
		return (method == "" || r.Method == method) && strings.Contains(r.URL.RequestURI(), part)
	}
}

// TruncateJSON cuts the answer in the middle.
func TruncateJSON(status int, body []byte) (int, []byte) { return status, body[:len(body)/2] }

// DropLastRow removes the last row of a page and leaves its count, as happens when pages are sorted by a
// field that is not unique.
func DropLastRow(status int, body []byte) (int, []byte) {
	return status, editPage(body, func(page map[string]any, rows []any) {
		page["results"] = rows[:max(len(rows)-1, 0)]
	})
}

// ChangeCount adds to a page's count, as happens when people work between two pages.
func ChangeCount(by int) func(int, []byte) (int, []byte) {
	return func(status int, body []byte) (int, []byte) {
		return status, editPage(body, func(page map[string]any, _ []any) {
			count, _ := page["count"].(float64)
			page["count"] = count + float64(by)
		})
	}
}

// MoveFirstRow changes the organisation of the first row of a page.
func MoveFirstRow(id string) func(int, []byte) (int, []byte) {
	return func(status int, body []byte) (int, []byte) {
		return status, editPage(body, func(_ map[string]any, rows []any) {
			if len(rows) > 0 {
				row, _ := rows[0].(map[string]any)
				row["org_id"] = id
			}
		})
	}
}

func editPage(body []byte, edit func(map[string]any, []any)) []byte {
	var page map[string]any
	if json.Unmarshal(body, &page) != nil || page["results"] == nil {
		return body
	}
	rows, _ := page["results"].([]any)
	edit(page, rows)
	out, err := json.Marshal(page)
	if err != nil {
		return body
	}
	return out
}

// replacesAnswer reports whether the fault replaces the answer, so that the request is not carried out.
func (f Fault) replacesAnswer() bool {
	return !f.After && f.Edit == nil && f.FrontTimeout == 0 && (f.Status != 0 || f.Cut || f.Hang || f.Front.Status != 0)
}

// nextFault returns the fault of a request and counts its use; the zero Fault means none.
func (s *Server) nextFault(r *http.Request) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if f.times != 0 && f.match(r) {
			f.times--
			return f.Fault
		}
	}
	return Fault{}
}

func (f Fault) sendFault(w http.ResponseWriter, r *http.Request) {
	switch {
	case f.Cut:
		panic(http.ErrAbortHandler)
	case f.Hang:
		<-r.Context().Done()
		return
	case f.Front.Status != 0:
		f.Front.ServeHTTP(w, r)
		return
	}
	if f.RetryAfter != "" {
		w.Header().Set("Retry-After", f.RetryAfter)
	}
	if f.Location != "" {
		w.Header().Set("Location", f.Location)
	}
	out := f.faultReply()
	writeReply(w, out, out.marshal())
}

// faultReply returns the answer of a fault.
func (f Fault) faultReply() reply {
	switch {
	case f.Body != "":
		return reply{status: f.Status, body: json.RawMessage(f.Body)}
	case f.Status == http.StatusUnauthorized:
		return detailReply(f.Status, "Invalid signature.", "authentication_failed")
	case f.Status == http.StatusForbidden:
		return detailReply(f.Status, "You do not have permission to perform this action.", "permission_denied")
	case f.Status == http.StatusNotFound, f.Status == http.StatusInternalServerError:
		return htmlReply(f.Status)
	}
	return reply{status: f.Status, body: htmlBody(http.StatusText(f.Status))}
}
