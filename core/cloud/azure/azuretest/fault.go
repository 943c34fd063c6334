package azuretest

import (
	"net/http"
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud/peertest"
)

// Kind is a way to misbehave, Fault a misbehaviour of the calls that it names.
type (
	Kind  = peertest.Kind
	Fault = peertest.Fault
)

// The ways to misbehave. What the real service was seen or is documented to do is marked [D].
const (
	Throttled          = peertest.Throttled    // [D] 429 with Retry-After
	Forbidden     Kind = "forbidden"           // [D] 403 AuthorizationFailed
	NoPermission       = peertest.NoPermission // [D] lists without rows with HTTP 200, and no permissions
	Gone          Kind = "gone"                // [D] 404 ResourceNotFound
	Expired       Kind = "expired"             // [D] 401 ExpiredAuthenticationToken
	Untimely           = peertest.Untimely     // [D] 401 AADSTS700024, of who gives tokens
	InternalError Kind = "internal error"      // [D] 500 InternalServerError
	Unavailable   Kind = "unavailable"         // [D] 503 ServiceUnavailable
	OddError      Kind = "odd error"           // 400 with numbers where texts belong
	NoList        Kind = "no list"             // 200 without the list, or without the token
	Truncated          = peertest.Truncated    // 200, half of the document
	RepeatToken        = peertest.NoProgress   // pages after the first give their own address again
	ForeignLink   Kind = "foreign link"        // the next page is said to be at another host
	Accepted      Kind = "accepted"            // 202 with a document
	GraphCut      Kind = "graph cut"           // Resource Graph says that there is more, and not where

)

// refusal is an error of the real APIs. Those for tokens have another document.
type refusal struct {
	status        int
	code, message string
}

// misbehave answers by a fault; false = the call is to be answered well after all.
func (s *Server) misbehave(c *call, f Fault) bool {
	if refused := refusalOf(f.Kind); refused != nil {
		if f.Kind == Throttled {
			c.w.Header().Set("Retry-After", "2")
		}
		c.refuse(*refused)
		return true
	}
	switch f.Kind {
	case NoList, Truncated, RepeatToken, ForeignLink, GraphCut, NoPermission:
		if c.scope == open {
			s.answerToken(c, f)
		} else {
			s.answer(c, f)
		}
	case OddError:
		c.send(http.StatusBadRequest, "application/json", []byte(`{"error":{"code":400,"message":{"a":1},"details":7}}`))
	case Accepted:
		c.send(http.StatusAccepted, "application/json", []byte(`{"value":[]}`))
	default:
		return s.Misbehave(c.w, c.r, f)
	}
	return true
}

func refusalOf(kind Kind) *refusal {
	switch kind {
	case Throttled:
		return &refusal{http.StatusTooManyRequests, "SubscriptionRequestsThrottled", "Number of requests for the subscription exceeded the limit."}
	case Forbidden:
		return &refusal{http.StatusForbidden, "AuthorizationFailed", "The client does not have authorization to perform the action."}
	case Gone:
		return &refusal{http.StatusNotFound, "ResourceNotFound", "The Resource was not found."}
	case Expired:
		return &refusal{http.StatusUnauthorized, "ExpiredAuthenticationToken", "The access token expiry UTC time is earlier than current UTC time."}
	case Untimely:
		return &refusal{http.StatusUnauthorized, "invalid_client", "AADSTS700024: Client assertion is not within its valid time range."}
	case InternalError:
		return &refusal{http.StatusInternalServerError, "InternalServerError", "Encountered internal server error."}
	case Unavailable:
		return &refusal{http.StatusServiceUnavailable, "ServiceUnavailable", "The service is unavailable."}
	}
	return nil
}

// refuse answers with an error document, in the form of who was asked.
func (c *call) refuse(r refusal) {
	switch {
	case c.scope == open && c.action != "":
		c.document(r.status, map[string]any{"error": r.code, "error_description": r.message, "trace_id": c.id, "correlation_id": c.id}, false)
	case c.action == QueryGraph && strings.HasPrefix(r.code, "Subscription"):
		c.document(r.status, map[string]any{"error": map[string]any{"code": "RateLimiting", "message": "Please provide below info when asking for support."}}, false)
	default:
		c.document(r.status, map[string]any{"error": map[string]any{"code": r.code, "message": r.message}}, false)
	}
}
