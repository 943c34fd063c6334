package aws

import (
	"context"
	"encoding/xml"
	"errors"
	"net/http"
	"net/url"
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
	case among(code, authFailure, "InvalidClientTokenId", "SignatureDoesNotMatch", "IncompleteSignature", "MissingAuthenticationToken",
		"InvalidAccessKeyId", "UnrecognizedClientException", "ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidSecurity"):
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

func among(code string, codes ...string) bool { return slices.Contains(codes, code) }

// refusedAs is the cause of an error that AWS refused by a code.
type refusedAs struct{ code, text string }

func (r refusedAs) Error() string { return r.text }

// codeOf gives the code by which AWS refused; "" if it did not.
func codeOf(err error) string {
	var refused refusedAs
	if errors.As(err, &refused) {
		return refused.code
	}
	return ""
}

// classify turns any error of a call into one with a kind, that names operation, account and
// region. The texts of the SDK and of net/http do not get through.
func (l *lister) classify(ctx context.Context, by cloud.Credentials, op, region string, err error) error {
	if err == nil {
		return nil
	}
	var known *inventory.Error
	if errors.As(err, &known) {
		return known
	}
	if r, ok := cloud.AsRefusal(err); ok {
		text := l.clean(by, r.Error())
		if kindOf(r) == inventory.BadCredentials && l.home.guessed && r.Status > 0 {
			text += " (an account of AWS China or GovCloud has to name its regions)"
		}
		return &inventory.Error{Kind: kindOf(r), Message: l.what(op, region), Err: refusedAs{code: r.Code, text: text}}
	}
	if cause := context.Cause(ctx); cause != nil {
		return &inventory.Error{Kind: inventory.Deadline, Err: cause} // named by who retries
	}
	// A call that was never sent has no url.Error around its cause.
	kind, text := inventory.Unknown, "the SDK could not make the call: "+err.Error()
	var sent *url.Error
	if errors.As(err, &sent) {
		kind, text = cloud.Broken(sent)
	}
	return l.fault(kind, op, region, l.clean(by, text))
}

// fault makes an error that names what was done and where, without any secret of the account.
func (l *lister) fault(kind inventory.Kind, op, region, text string) error {
	return &inventory.Error{Kind: kind, Message: l.what(op, region) + ": " + l.clean(cloud.Credentials{}, text)}
}

// clean takes the account's secrets, and those that a role gave, out of a text.
func (l *lister) clean(by cloud.Credentials, text string) string {
	return cloud.NewScrubber(l.account, by.KeyID, by.Secret, by.Token).Clean(text)
}

// what names an operation: "aws: list instances: account a, region r".
func (l *lister) what(op, region string) string {
	text := "aws: " + op + ": account " + l.account.Name
	if region != "" {
		text += ", region " + region
	}
	return text
}
