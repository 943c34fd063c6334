package tencenttest

import (
	"net/http"

	"github.com/jms-sync/jms-sync/core/cloud/peertest"
)

// Kind is a way to misbehave, Fault a misbehaviour of the calls that it selects.
type (
	Kind  = peertest.Kind
	Fault = peertest.Fault
)

// The kinds. [D] marks what the real service does, seen or documented; it
// answers errors with HTTP 200.
const (
	Throttled          = peertest.Throttled        // [D] RequestLimitExceeded
	Unauthorized       = peertest.NoPermission     // [D] UnauthorizedOperation
	NoResource    Kind = "no resource"             // [D] SecretidNotAuthAccessResource
	InternalError Kind = "internal error"          // [D] InternalError
	Expired            = peertest.ExpiredSignature // [D] AuthFailure.SignatureExpire
	OddError      Kind = "odd error"               // numbers where texts belong
	OldError      Kind = "old error"               // [D] the error of API 2.0, with a code that is a number
	Unavailable   Kind = "unavailable"             // 503 with an error document
	Empty         Kind = "empty"                   // no rows, of a total of 0
	ShortPage     Kind = "short page"              // half of the rows, and the full total
	RepeatedPage       = peertest.NoProgress       // Offset is ignored
	Endless            = peertest.Endless          // the total is larger than any list
	WrongTotal    Kind = "wrong total"             // the total is one more than the number of rows
	NoSet         Kind = "no set"                  // a RequestId and a total only
	NullSet       Kind = "null set"                // null in place of the list
	NoTotal       Kind = "no total"                // all but the total
	NoRequestID   Kind = "no request id"           // all but the RequestId
	NullResponse  Kind = "null response"           // {"Response":null}
	EmptyResponse Kind = "empty response"          // {"Response":{}}
	Truncated          = peertest.Truncated        // half of the document
	NoSecret      Kind = "no secret"               // AssumeRole: all but the secret
	NotAccepted   Kind = "another success"         // the document with HTTP 202

)

// answerFault answers with a fault; false = the call is to be answered normally.
func (s *Server) answerFault(c *call, f Fault) bool {
	switch f.Kind {
	case Throttled:
		c.sendError(apiError{"RequestLimitExceeded", "Your current request frequency exceeds the limit of 40 requests/second."})
	case Unauthorized:
		c.sendError(apiError{"UnauthorizedOperation", "you are not authorized to perform operation (cvm:" + c.action + ")\nresource (*) has no permission\n"})
	case NoResource:
		c.sendError(apiError{"SecretidNotAuthAccessResource", "The SecretId is not authorized to access the resource."})
	case InternalError:
		c.sendError(apiError{"InternalError", "An internal error has occurred. Retry your request."})
	case Expired:
		c.sendError(apiError{"AuthFailure.SignatureExpire", "The provided signature has expired."})
	case Unavailable:
		c.sendBody(http.StatusServiceUnavailable, "application/json", []byte(`{"Response":{"Error":{"Code":"InternalError.Gateway","Message":"busy"},"RequestId":"`+c.id+`"}}`))
	case OddError:
		c.sendBody(http.StatusOK, "application/json", []byte(`{"Response":{"Error":{"Code":400,"Message":{"a":1}},"RequestId":7}}`))
	case OldError:
		c.sendBody(http.StatusOK, "application/json", []byte(`{"code":4000,"codeDesc":"InvalidParameter.Old","message":"old"}`))
	case NullResponse:
		c.sendBody(http.StatusOK, "application/json", []byte(`{"Response":null}`))
	case EmptyResponse:
		c.sendBody(http.StatusOK, "application/json", []byte(`{"Response":{}}`))
	case Empty, ShortPage, RepeatedPage, WrongTotal, Endless, NoSet, NullSet, NoTotal, NoRequestID, NoSecret, Truncated, NotAccepted:
		s.handle(c, f)
	default:
		return s.AnswerFault(c.w, c.r, f)
	}
	return true
}
