package aws

import (
	"encoding/xml"
	"net/http"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// The error codes that mean more than their kind.
const (
	dryRunAllowed   = "DryRunOperation" // by which a dry run says that the call would be allowed
	authFailure     = "AuthFailure"
	optInRequired   = "OptInRequired"
	instanceUnknown = "InvalidInstanceID.NotFound"
	// instanceMalformed is said of an id that no instance can have.
	instanceMalformed = "InvalidInstanceID.Malformed"
)

// errorDocument has the forms of EC2 (Response/Errors/Error) and STS (ErrorResponse/Error).
type errorDocument struct {
	XMLName   xml.Name
	EC2       problem `xml:"Errors>Error"`
	STS       problem `xml:"Error"`
	RequestID string  `xml:"RequestID"`
	RequestId string  `xml:"RequestId"` //nolint:revive // STS writes it so
}

type problem struct{ Code, Message string }

// newRefusal reads an error document. It reads leniently, because gateways put what they like there.
func newRefusal(status int, body []byte) error {
	r := &cloud.Refusal{Status: status}
	var doc errorDocument
	if xml.Unmarshal(body, &doc) != nil || doc.XMLName.Local != "Response" && doc.XMLName.Local != "ErrorResponse" {
		r.Text = http.StatusText(status) + ", no error document"
		return r
	}
	r.Code, r.Text = strings.TrimSpace(doc.EC2.Code+doc.STS.Code), doc.EC2.Message+doc.STS.Message
	r.Request = doc.RequestID + doc.RequestId
	return r
}

// kindOf maps AWS's error codes, else the HTTP status, to what they mean for us:
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html and
// https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
func kindOf(r *cloud.Refusal) inventory.Kind {
	switch code := r.Code; {
	case r.Kind != "":
		return r.Kind
	case r.Status == http.StatusTooManyRequests || among(code, "RequestLimitExceeded", "Throttling", "ThrottlingException",
		"ThrottledException", "RequestThrottled", "RequestThrottledException", "EC2ThrottledException", "TooManyRequestsException",
		"BandwidthLimitExceeded", "SlowDown"):
		return inventory.Throttled
	case among(code, "RequestExpired", "RequestTimeTooSkewed", "RequestInTheFuture"), untimely(r):
		return inventory.ClockOff
	case among(code, authFailure, "InvalidClientTokenId", "SignatureDoesNotMatch", "IncompleteSignature", "MissingAuthenticationToken",
		"InvalidAccessKeyId", "UnrecognizedClientException", "ExpiredToken", "ExpiredTokenException", "InvalidSecurity"):
		return inventory.BadCredentials
	case among(code, "UnauthorizedOperation", "AccessDenied", "AccessDeniedException", "UnauthorizedAccess", optInRequired,
		"Blocked", "PendingVerification", "RegionDisabledException"):
		return inventory.Denied
	case among(code, "InternalError", "InternalFailure", "Unavailable", "ServiceUnavailable", "RequestTimeout"),
		r.Status >= 500, r.Status == http.StatusRequestTimeout:
		return inventory.Temporary
	case strings.HasSuffix(code, ".NotFound"), code == "" && r.Status == http.StatusNotFound:
		return inventory.NotFound
	case r.Status == http.StatusForbidden, r.Status == http.StatusUnauthorized:
		return inventory.Denied
	case r.Status >= 400:
		return inventory.Invalid
	}
	return inventory.Incomplete // a redirect, or a success that is none
}

// untimely reports whether a signature is refused for its time: the code is that of a wrong secret, and only
// the text tells.
func untimely(r *cloud.Refusal) bool {
	return among(r.Code, "SignatureDoesNotMatch", "InvalidSignatureException", "AuthFailure") &&
		(strings.Contains(r.Text, "Signature expired") || strings.Contains(r.Text, "Signature not yet current"))
}

func among(code string, codes ...string) bool { return slices.Contains(codes, code) }

// hint tells of a refused key what the key may not be to blame for.
func (h home) hint(r *cloud.Refusal) string {
	if kindOf(r) == inventory.BadCredentials && h.guessed && r.Status > 0 {
		return " (an account of AWS China or GovCloud has to name its regions)"
	}
	return ""
}
