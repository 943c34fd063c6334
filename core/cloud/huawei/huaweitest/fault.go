package huaweitest

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
	Throttled             = peertest.Throttled        // [D] 429 APIGW.0308
	NoPermission          = peertest.NoPermission     // [D] 403 Ecs.0003; of IAM 403 with a number as code
	NoPolicy         Kind = "no policy"               // 401 EPS.0003 "policy doesn't allow"
	Locked           Kind = "locked"                  // [D] 401 APIGW.0301, after five wrong signatures
	ExpiredSignature      = peertest.ExpiredSignature // [D] 401 APIGW.0301, the signature has expired
	InternalError    Kind = "internal error"          // [D] 500 Ecs.0000
	Unavailable      Kind = "unavailable"             // 503 of the gateway
	ClosedRequest    Kind = "closed request"          // [D] 499 of the gateway
	NotPublished     Kind = "not published"           // [D] 404 APIGW.0101: no such API here
	OddError         Kind = "odd error"               // 400 with numbers where texts belong
	NoList           Kind = "no list"                 // 200, all but the list
	NullList         Kind = "null list"               // 200, null in place of the list
	NoCount          Kind = "no count"                // 200, all but the total
	WrongCount       Kind = "wrong count"             // 200, a total that is one too many
	PageCount        Kind = "page count"              // 200, the page's number of servers in place of the total
	NullRow          Kind = "null row"                // 200, the last server has no field but its id
	OtherProject     Kind = "other project"           // 200, the last server is of another project
	ShortPages       Kind = "short pages"             // 200, half of the requested servers
	Truncated             = peertest.Truncated        // 200, half of the document
	Trailing         Kind = "trailing"                // 200, and a second document after the first
	RepeatedMarker        = peertest.NoProgress       // the marker is ignored
	Endless               = peertest.Endless          // every page has one new server, and the total many
	BadMarker        Kind = "bad marker"              // 400 for any marker

)

// answerFault answers with a fault; false = the call is to be answered normally.
func (s *Server) answerFault(c *call, f Fault) bool {
	if refused := faultError(f.Kind); refused != nil {
		c.sendError(*refused)
		return true
	}
	switch f.Kind {
	case NoPermission:
		c.answerNoPermission()
	case NoList, NullList, NoCount, WrongCount, PageCount, NullRow, OtherProject, ShortPages, Truncated, Trailing, RepeatedMarker, Endless:
		s.handle(c, f)
	case BadMarker:
		if !c.r.URL.Query().Has("marker") {
			return false
		}
		c.sendError(badMarkerError())
	case OddError:
		c.sendBody(http.StatusBadRequest, []byte(`{"error":{"code":400,"message":{"a":1}},"error_code":7,"request_id":[]}`))
	default:
		return s.AnswerFault(c.w, c.r, f)
	}
	return true
}

// answerNoPermission answers as for a user without the right to make the call.
func (c *call) answerNoPermission() {
	if c.project == "" {
		c.sendJSON(http.StatusForbidden, map[string]any{"error": map[string]any{
			"message": "You are not authorized to perform the requested action.", "code": 403, "title": "Forbidden"}})
		return
	}
	c.sendError(apiError{http.StatusForbidden, "Ecs.0003", "You do not have permission or your balance is insufficient."})
}

func badMarkerError() apiError {
	return apiError{http.StatusBadRequest, "Ecs.0005", "marker [x] not found"}
}

func faultError(kind Kind) *apiError {
	switch kind {
	case Throttled:
		return &apiError{http.StatusTooManyRequests, "APIGW.0308",
			"The throttling threshold has been reached: policy user over ratelimit,limit:20,time:1 second"}
	case NoPolicy:
		return &apiError{http.StatusUnauthorized, "EPS.0003", "policy doesn't allow ecs:cloudServers:list to be performed"}
	case Locked:
		return incorrectSignature("AK access failed to reach the limit,forbidden.")
	case ExpiredSignature:
		return incorrectSignature("verify aksk signature fail: signature expired")
	case InternalError:
		return &apiError{http.StatusInternalServerError, "Ecs.0000", "System error."}
	case Unavailable:
		return &apiError{http.StatusServiceUnavailable, "APIGW.0201", "Backend unavailable"}
	case ClosedRequest:
		return &apiError{499, "APIGW.0499", "Client closed request"}
	case NotPublished:
		return &apiError{http.StatusNotFound, "APIGW.0101", "The API does not exist or has not been published in the environment"}
	}
	return nil
}
