package azuretest

import (
	"net/http"
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud/peertest"
)

// Kind is a way to misbehave, Fault a misbehaviour of the calls that it selects.
type (
	Kind  = peertest.Kind
	Fault = peertest.Fault
)

// The kinds. [D] marks what the real service does, seen or documented.
const (
	Throttled             = peertest.Throttled        // [D] 429 with Retry-After
	Forbidden        Kind = "forbidden"               // [D] 403 AuthorizationFailed
	NoPermission          = peertest.NoPermission     // [D] lists without rows with HTTP 200, and no permissions
	Gone             Kind = "gone"                    // [D] 404 ResourceNotFound
	Expired          Kind = "expired"                 // [D] 401 ExpiredAuthenticationToken
	ExpiredAssertion      = peertest.ExpiredSignature // [D] 401 AADSTS700024, from the issuer of tokens
	InternalError    Kind = "internal error"          // [D] 500 InternalServerError
	Unavailable      Kind = "unavailable"             // [D] 503 ServiceUnavailable
	OddError         Kind = "odd error"               // 400 with numbers where texts belong
	NoList           Kind = "no list"                 // 200 without the list, or without the token
	Truncated             = peertest.Truncated        // 200, half of the document
	RepeatedToken         = peertest.NoProgress       // pages after the first return their own address again
	Endless               = peertest.Endless          // pages after the first are empty, and each returns a new address
	ForeignLink      Kind = "foreign link"            // the address of the next page is at another host
	Accepted         Kind = "accepted"                // 202 with a document
	GraphCut         Kind = "graph cut"               // Resource Graph says that there is more, but not where
	NoSuchVersion    Kind = "no such version"         // [D] 400 NoRegisteredProviderFound: an API version that this cloud does not offer
	NoSuchType       Kind = "no such type"            // [D] 404 InvalidResourceType: likewise
	NotRegistered    Kind = "not registered"          // [D] 409 MissingSubscriptionRegistration
	NoSuchTenant     Kind = "no such tenant"          // [D] 400 AADSTS90002, from the issuer of tokens
)

// apiError is an error of the real APIs. Those for tokens have another document.
type apiError struct {
	status        int
	code, message string
}

// answerFault answers with a fault; false = the call is to be answered normally.
func (s *Server) answerFault(c *call, f Fault) bool {
	if refused := faultError(f.Kind); refused != nil {
		if f.Kind == Throttled {
			c.w.Header().Set("Retry-After", "2")
		}
		c.sendError(*refused)
		return true
	}
	switch f.Kind {
	case NoList, Truncated, RepeatedToken, Endless, ForeignLink, GraphCut, NoPermission:
		if c.scope == accessOpen {
			s.buildTokenAnswer(c, f)
		} else {
			s.handle(c, f)
		}
	case OddError:
		c.sendBody(http.StatusBadRequest, "application/json", []byte(`{"error":{"code":400,"message":{"a":1},"details":7}}`))
	case Accepted:
		c.sendBody(http.StatusAccepted, "application/json", []byte(`{"value":[]}`))
	default:
		return s.AnswerFault(c.w, c.r, f)
	}
	return true
}

func faultError(kind Kind) *apiError {
	switch kind {
	case Throttled:
		return &apiError{http.StatusTooManyRequests, "SubscriptionRequestsThrottled", "Number of requests for the subscription exceeded the limit."}
	case Forbidden:
		return &apiError{http.StatusForbidden, "AuthorizationFailed", "The client does not have authorization to perform the action."}
	case Gone:
		return &apiError{http.StatusNotFound, "ResourceNotFound", "The Resource was not found."}
	case Expired:
		return &apiError{http.StatusUnauthorized, "ExpiredAuthenticationToken", "The access token expiry UTC time is earlier than current UTC time."}
	case ExpiredAssertion:
		return &apiError{http.StatusUnauthorized, "invalid_client", "AADSTS700024: Client assertion is not within its valid time range."}
	case NoSuchVersion:
		return &apiError{http.StatusBadRequest, "NoRegisteredProviderFound", "No registered resource provider found for location 'chinaeast2' and API version '2021-07-01' for type " +
			"'virtualMachines'. The supported api-versions are '" + strings.Repeat("2015-05-01-preview, 2015-06-15, 2016-03-30, ", 20) + "2020-12-01'. The supported locations are 'chinaeast, chinanorth'."}
	case NoSuchType:
		return &apiError{http.StatusNotFound, "InvalidResourceType", "The resource type 'virtualMachines' could not be found in the namespace 'Microsoft.Compute' for api version '2021-07-01'."}
	case NotRegistered:
		return &apiError{http.StatusConflict, "MissingSubscriptionRegistration", "The subscription is not registered to use namespace 'Microsoft.Compute'."}
	case NoSuchTenant:
		return &apiError{http.StatusBadRequest, "invalid_request", "AADSTS90002: Tenant '99999999-8888-4777-8666-555555555555' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud."}
	case InternalError:
		return &apiError{http.StatusInternalServerError, "InternalServerError", "Encountered internal server error."}
	case Unavailable:
		return &apiError{http.StatusServiceUnavailable, "ServiceUnavailable", "The service is unavailable."}
	}
	return nil
}

// sendError answers with an error document, in the form of the called service.
func (c *call) sendError(r apiError) {
	switch {
	case c.scope == accessOpen && c.action != "":
		c.sendDocument(r.status, map[string]any{"error": r.code, "error_description": r.message, "trace_id": c.id, "correlation_id": c.id}, false)
	case c.action == QueryGraph && strings.HasPrefix(r.code, "Subscription"):
		c.sendDocument(r.status, map[string]any{"error": map[string]any{"code": "RateLimiting", "message": "Please provide below info when asking for support."}}, false)
	default:
		c.sendDocument(r.status, map[string]any{"error": map[string]any{"code": r.code, "message": r.message}}, false)
	}
}
