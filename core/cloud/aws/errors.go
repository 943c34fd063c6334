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
	dryRunAllowed     = "DryRunOperation" // a dry run says that the call would be allowed
	codeAuthFailure   = "AuthFailure"
	codeOptInRequired = "OptInRequired"
	codeNotFound      = "InvalidInstanceID.NotFound"
	// codeMalformedID means that no instance can have the id.
	codeMalformedID = "InvalidInstanceID.Malformed"
)

// errorDocument has the forms of EC2 (Response/Errors/Error) and STS (ErrorResponse/Error).
type errorDocument struct {
	XMLName   xml.Name
	EC2       errorDetail `xml:"Errors>Error"`
	STS       errorDetail `xml:"Error"`
	RequestID string      `xml:"RequestID"`
	RequestId string      `xml:"RequestId"` //nolint:revive // STS writes it so
}

type errorDetail struct{ Code, Message string }

// newAPIError parses an error document, leniently: gateways write others than the API.
func newAPIError(status int, body []byte) error {
	r := &cloud.APIError{Status: status}
	var doc errorDocument
	if xml.Unmarshal(body, &doc) != nil || doc.XMLName.Local != "Response" && doc.XMLName.Local != "ErrorResponse" {
		r.Message = http.StatusText(status) + ", no error document"
		return r
	}
	r.Code, r.Message = bareCode(doc.EC2.Code+doc.STS.Code), doc.EC2.Message+doc.STS.Message
	r.RequestID = doc.RequestID + doc.RequestId
	return r
}

// bareCode returns a code without the side to which an older form lays the fault: Client.RequestLimitExceeded
// (https://github.com/cloud-custodian/cloud-custodian, c7n/utils.py).
func bareCode(code string) string {
	code = strings.TrimSpace(code)
	return strings.TrimPrefix(strings.TrimPrefix(code, "Client."), "Server.")
}

// errorKind returns what an error code, or else the HTTP status, means:
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html and
// https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
func errorKind(r *cloud.APIError) inventory.Kind {
	code := r.Code
	switch {
	case r.Kind != "":
		return r.Kind
	case r.Status == http.StatusTooManyRequests || isOneOf(code, "RequestLimitExceeded", "Throttling", "ThrottlingException",
		"ThrottledException", "RequestThrottled", "RequestThrottledException", "EC2ThrottledException", "TooManyRequestsException",
		"BandwidthLimitExceeded", "SlowDown"):
		return inventory.Throttled
	case isOneOf(code, "RequestExpired", "RequestTimeTooSkewed", "RequestInTheFuture"), isExpiredSignature(r):
		return inventory.ClockOff
	case isOneOf(code, codeAuthFailure, "InvalidClientTokenId", "SignatureDoesNotMatch", "IncompleteSignature", "MissingAuthenticationToken",
		"InvalidAccessKeyId", "UnrecognizedClientException", "ExpiredToken", "ExpiredTokenException", "InvalidSecurity"):
		return inventory.BadCredentials
	case isOneOf(code, "UnauthorizedOperation", "AccessDenied", "AccessDeniedException", "UnauthorizedAccess", codeOptInRequired,
		"Blocked", "PendingVerification", "RegionDisabledException"):
		return inventory.Denied
	case isOneOf(code, "InternalError", "InternalFailure", "Unavailable", "ServiceUnavailable", "RequestTimeout"),
		r.Status >= 500, r.Status == http.StatusRequestTimeout:
		return inventory.Temporary
	case strings.HasSuffix(code, ".NotFound"), code == "" && r.Status == http.StatusNotFound:
		return inventory.NotFound
	case r.Status == http.StatusForbidden, r.Status == http.StatusUnauthorized:
		return inventory.Denied
	case r.Status >= 400:
		return inventory.Invalid
	}
	return inventory.Incomplete // a redirect, or a success without a document
}

// isExpiredSignature reports whether a signature is refused for its time: the code is that of a wrong secret, and only
// the text differs.
func isExpiredSignature(r *cloud.APIError) bool {
	return isOneOf(r.Code, "SignatureDoesNotMatch", "InvalidSignatureException", "AuthFailure") &&
		(strings.Contains(r.Message, "Signature expired") || strings.Contains(r.Message, "Signature not yet current"))
}

func isOneOf(code string, codes ...string) bool { return slices.Contains(codes, code) }

// refusalAdvice says of a refused key what else than the key may be wrong.
func (h homeRegion) refusalAdvice(r *cloud.APIError) string {
	if errorKind(r) == inventory.BadCredentials && h.guessed && r.Status > 0 {
		return " (an account of AWS China or GovCloud has to name its regions)"
	}
	return ""
}
