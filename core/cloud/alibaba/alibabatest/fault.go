package alibabatest

import (
	"net/http"

	"github.com/jms-sync/jms-sync/core/cloud/peertest"
)

// Kind is a way to misbehave, Fault a misbehaviour of the calls that it selects.
type (
	Kind  = peertest.Kind
	Fault = peertest.Fault
)

// The kinds. [D] marks what the real service does, seen or documented.
const (
	Throttled             = peertest.Throttled        // [D] 400 Throttling.User
	Forbidden        Kind = "forbidden"               // [D] 403 Forbidden.RAM
	NoPermission          = peertest.NoPermission     // [D] an empty list with HTTP 200, and Forbidden.RAM on a dry run
	Rejected         Kind = "rejected"                // [D] 400 Rejected.Throttling
	Busy             Kind = "busy"                    // [D] 400 SystemBusy
	NoKey            Kind = "no key"                  // [D] 403 Forbidden.AccessKeyDisabled
	InternalError    Kind = "internal error"          // [D] 500 InternalError
	Unavailable      Kind = "unavailable"             // [D] 503 ServiceUnavailable
	OddError         Kind = "odd error"               // 400 with numbers where texts belong
	NoList           Kind = "no list"                 // 200 with a RequestId only
	NoRequestID      Kind = "no request id"           // 200, all but the RequestId
	Truncated             = peertest.Truncated        // 200, half of the document
	RepeatedToken         = peertest.NoProgress       // pages after the first return their own token again
	Endless               = peertest.Endless          // pages after the first are empty, and each returns a new token
	InvalidToken     Kind = "invalid token"           // 400 for any NextToken
	NonceUsed        Kind = "nonce used"              // [D] 400 SignatureNonceUsed
	Inactive         Kind = "inactive"                // [D] 400 InvalidAccessKeyId.Inactive
	ExpiredSignature      = peertest.ExpiredSignature // [D] 400 InvalidTimeStamp.Expired
	IllegalTime      Kind = "illegal time"            // [D] 400 IllegalTimestamp
	NoSecret         Kind = "no secret"               // AssumeRole: 200, all but the secret
	DryRunIgnored    Kind = "dry run ignored"         // 200: the parameter got lost on the way, and the list is empty
)

// answerFault answers with a fault; false = the call is to be answered normally.
func (s *Server) answerFault(c *call, f Fault) bool {
	if refused := faultError(f.Kind); refused != nil {
		c.sendError(*refused)
		return true
	}
	switch f.Kind {
	case NoRequestID, Truncated, RepeatedToken, Endless, NoSecret:
		s.handle(c, f)
	case NoPermission:
		return c.answerNoPermission()
	case DryRunIgnored:
		if c.params["DryRun"] != "true" {
			return false
		}
		c.sendJSON(http.StatusOK, emptyList(c.id))
	case InvalidToken:
		if c.params["NextToken"] == "" {
			return false
		}
		c.sendError(*invalidToken())
	case OddError:
		c.sendBody(http.StatusBadRequest, "application/json", []byte(`{"Code":400,"Message":{"a":1},"RequestId":7,"HostId":[]}`))
	case NoList:
		c.sendBody(http.StatusOK, "application/json", []byte(`{"RequestId":"`+c.id+`","NextToken":"","TotalCount":0}`))
	default:
		return s.AnswerFault(c.w, c.r, f)
	}
	return true
}

// answerNoPermission answers as for a RAM user without ecs:DescribeInstances.
func (c *call) answerNoPermission() bool {
	switch {
	case c.action != DescribeInstances || c.params["DryRun"] == "true":
		c.sendError(*faultError(Forbidden))
	default:
		c.sendJSON(http.StatusOK, emptyList(c.id))
	}
	return true
}

func emptyList(requestID string) map[string]any {
	return map[string]any{
		"RequestId": requestID, "Instances": map[string]any{"Instance": []any{}}, "NextToken": "", "TotalCount": 0,
	}
}

func faultError(kind Kind) *apiError {
	switch kind {
	case Throttled:
		return &apiError{http.StatusBadRequest, "Throttling.User", "Request was denied due to user flow control."}
	case Rejected:
		return &apiError{http.StatusBadRequest, "Rejected.Throttling", "The request was rejected: too many requests are under way."}
	case Busy:
		return &apiError{http.StatusBadRequest, "SystemBusy", "The system is busy. Try again later."}
	case NoKey:
		return &apiError{http.StatusForbidden, "Forbidden.AccessKeyDisabled", "The specified access key is disabled."}
	case Forbidden:
		return &apiError{http.StatusForbidden, "Forbidden.RAM",
			"User not authorized to operate on the specified resource, or this API doesn't support RAM."}
	case InternalError:
		return &apiError{http.StatusInternalServerError, "InternalError", "The request processing has failed due to some unknown error."}
	case Unavailable:
		return &apiError{http.StatusServiceUnavailable, "ServiceUnavailable", "The request has failed due to a temporary failure of the server."}
	case ExpiredSignature:
		return &apiError{http.StatusBadRequest, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired."}
	case IllegalTime:
		return &apiError{http.StatusBadRequest, "IllegalTimestamp", "The input parameter \"Timestamp\" that is mandatory for processing this request is not supplied."}
	case NonceUsed:
		return &apiError{http.StatusBadRequest, "SignatureNonceUsed", "Specified signature nonce was used already."}
	case Inactive:
		return &apiError{http.StatusBadRequest, "InvalidAccessKeyId.Inactive", "Specified access key is disabled."}
	}
	return nil
}
