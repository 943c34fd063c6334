package awstest

import (
	"net/http"

	"github.com/jms-sync/jms-sync/core/cloud/peertest"
)

// Kind is a way to misbehave, Fault a misbehaviour of the calls that it selects.
type (
	Kind  = peertest.Kind
	Fault = peertest.Fault
)

// The kinds. [D] marks what the real service is documented to do.
const (
	Throttled          = peertest.Throttled        // [D] 503 Client.RequestLimitExceeded
	Throttling    Kind = "throttling"              // [D] 400 Throttling, the form of STS
	Unauthorized       = peertest.NoPermission     // [D] 403 UnauthorizedOperation
	AccessDenied  Kind = "access denied"           // [D] 403 AccessDenied
	AuthFailure   Kind = "auth failure"            // [D] 401 AuthFailure
	NotOptedIn    Kind = "opt in"                  // [D] 403 NotOptedIn
	Expired            = peertest.ExpiredSignature // [D] 400 RequestExpired
	OldSignature  Kind = "old signature"           // [D] 403 SignatureDoesNotMatch, Signature expired, the form of STS
	InternalError Kind = "internal error"          // [D] 500 InternalError
	Unavailable   Kind = "unavailable"             // [D] 503 Unavailable, as in the outage of a zone
	InstanceGone  Kind = "instance gone"           // [D] 400 InvalidInstanceID.NotFound
	OddError      Kind = "odd error"               // 400 with a document of another kind
	NoList        Kind = "no list"                 // 200 without a reservationSet or whatever was requested
	NoRequestID   Kind = "no request id"           // 200, all but the request id
	OtherDocument Kind = "other document"          // 200, another document
	Truncated          = peertest.Truncated        // 200, half of the document
	EmptyPage     Kind = "empty page"              // [D] 200, no rows, and a token that continues from here
	RepeatedToken      = peertest.NoProgress       // pages after the first return their own token again
	Endless            = peertest.Endless          // pages after the first are empty, and each returns a new token
	InvalidToken  Kind = "invalid token"           // 400 for any NextToken
	LostRow       Kind = "lost row"                // [D] an answer by InstanceIds without the first of them

)

// answerFault answers with a fault; false = the call is to be answered normally.
func (s *Server) answerFault(c *call, f Fault) bool {
	if refused := faultError(f.Kind); refused != nil {
		c.sendError(*refused)
		return true
	}
	switch f.Kind {
	case NoList, NoRequestID, OtherDocument, Truncated, EmptyPage, RepeatedToken, Endless, LostRow:
		s.handle(c, f)
	case InvalidToken:
		if c.params["NextToken"] == "" {
			return false
		}
		c.sendError(*invalidToken())
	case OddError:
		c.sendBody(http.StatusBadRequest, "<Odd><Code><b>5</b></Code><Errors/></Odd>")
	default:
		return s.AnswerFault(c.w, c.r, f)
	}
	return true
}

func faultError(kind Kind) *apiError {
	switch kind {
	case Throttled:
		return &apiError{http.StatusServiceUnavailable, "Client.RequestLimitExceeded", "Request limit exceeded."}
	case Throttling:
		return &apiError{http.StatusBadRequest, "Throttling", "Rate exceeded"}
	case Unauthorized:
		return &apiError{http.StatusForbidden, "UnauthorizedOperation", "You are not authorized to perform this operation."}
	case AccessDenied:
		return &apiError{http.StatusForbidden, "AccessDenied", "User: arn:aws:iam::1:user/x is not authorized to perform: sts:AssumeRole"}
	case AuthFailure:
		return &apiError{http.StatusUnauthorized, "AuthFailure", "AWS was not able to validate the provided access credentials"}
	case NotOptedIn:
		return &apiError{http.StatusForbidden, "OptInRequired", "You are not subscribed to this service."}
	case Expired:
		return &apiError{http.StatusBadRequest, "RequestExpired", "Request has expired."}
	case OldSignature:
		return &apiError{http.StatusForbidden, "SignatureDoesNotMatch",
			"Signature expired: 20261128T180311Z is now earlier than 20261206T175811Z (20261206T180311Z - 5 min.)"}
	case InternalError:
		return &apiError{http.StatusInternalServerError, "InternalError", "An internal error has occurred"}
	case Unavailable:
		return &apiError{http.StatusServiceUnavailable, "Unavailable", "The server is overloaded and can't handle the request."}
	case InstanceGone:
		return &apiError{http.StatusBadRequest, "InvalidInstanceID.NotFound", "The instance ID 'i-0123' does not exist"}
	}
	return nil
}
