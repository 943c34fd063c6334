package storagetest

import (
	"fmt"
	"io"
	"net/http"
)

// Fault is a misbehaviour of the Server.
type Fault string

// The faults.
const (
	SlowDown     Fault = "slow down"       // 503 with the store's code for too many requests
	ServerError  Fault = "server error"    // 500 with a web page
	Denied       Fault = "denied"          // 403 AccessDenied
	BadKey       Fault = "bad key"         // 403 InvalidAccessKeyId, with the id in its text
	BadSecret    Fault = "bad secret"      // 403 SignatureDoesNotMatch, with what was signed in its text
	Expired      Fault = "expired token"   // 403
	NoBucket     Fault = "no bucket"       // 404 NoSuchBucket
	Missing      Fault = "missing"         // 404 with a web page, as a gateway answers
	Redirect     Fault = "redirect"        // 307
	WebPage      Fault = "web page"        // 200 with HTML, as a captive portal answers
	EmptyBody    Fault = "empty body"      // 200 with nothing
	Truncated    Fault = "truncated"       // half of the answer
	Disconnect   Fault = "disconnect"      // before the request was done
	LostAnswer   Fault = "lost answer"     // after the request was done
	Hang         Fault = "hang"            // no answer
	HalfDocument Fault = "half a document" // an answer that ends early without saying so
	StuckPage    Fault = "stuck page"      // a list that promises another page and repeats itself
)

// showFault answers with a fault, if it is one of those that replace the answer, and reports whether it did.
func (s *Server) showFault(w http.ResponseWriter, r *http.Request, f Fault) bool {
	switch f {
	case SlowDown:
		s.writeError(w, http.StatusServiceUnavailable, "SlowDown", "Please reduce your request rate.")
	case Denied:
		s.writeError(w, http.StatusForbidden, "AccessDenied", "Access Denied for "+GoodID)
	case BadKey:
		s.writeError(w, http.StatusForbidden, "InvalidAccessKeyId", "The key "+GoodID+" does not exist.")
	case BadSecret:
		s.writeError(w, http.StatusForbidden, "SignatureDoesNotMatch", "StringToSign: "+r.Header.Get("Authorization")+" "+GoodSecret)
	case Expired:
		code := map[Dialect]string{S3: "ExpiredToken", OSS: "SecurityTokenExpired", OBS: "InvalidSecurityToken"}[s.dialect]
		s.writeError(w, http.StatusForbidden, code, "The token "+GoodToken+" has expired.")
	case NoBucket:
		s.writeError(w, http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist.")
	case ServerError:
		writeWebPage(w, http.StatusInternalServerError)
	case Missing:
		writeWebPage(w, http.StatusNotFound)
	case WebPage:
		writeWebPage(w, http.StatusOK)
	case EmptyBody:
		w.WriteHeader(http.StatusOK)
	case Redirect:
		w.Header().Set("Location", "http://127.0.0.1:1/elsewhere")
		w.WriteHeader(http.StatusTemporaryRedirect)
	case Hang:
		_, _ = io.Copy(io.Discard, r.Body) // otherwise the server does not notice that the client left
		select {
		case <-r.Context().Done():
		case <-s.closing:
		}
	case Disconnect:
		panic(http.ErrAbortHandler)
	default:
		return false
	}
	return true
}

func writeWebPage(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, "<html><body><p>Sign in to the network<br></body></html>")
}

// writeError writes an error document, as all three stores do.
func (s *Server) writeError(w http.ResponseWriter, status int, code, words string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "<?xml version=\"1.0\"?><Error><Code>%s</Code><Message>%s</Message><RequestId>%s</RequestId></Error>",
		code, escapeXML(words), w.Header().Get(s.requestID()))
}

// writePartial writes a part of an answer, or nothing.
func writePartial(w http.ResponseWriter, body []byte, f Fault) {
	if f == LostAnswer {
		panic(http.ErrAbortHandler)
	}
	if f == Truncated {
		w.Header().Set("Content-Length", fmt.Sprint(len(body)+10))
	}
	_, _ = w.Write(body[:len(body)/2])
	if f == Truncated {
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}
