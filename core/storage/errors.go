package storage

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"time"

	"github.com/jms-sync/jms-sync/core/httpx"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// APIError is an answer that is not a success. It holds nothing of the server's words but its
// code and the request's id, because the words repeat the signed text and the id of the key.
type APIError struct {
	Status          int
	Code, RequestID string         // "" = the answer says none
	Kind            inventory.Kind // "" = by code and status
	Text            string         // ours
	RetryAfter      time.Duration
}

// Error implements error.
func (r *APIError) Error() string {
	text := fmt.Sprintf("HTTP %d", r.Status)
	if r.Code != "" {
		text = r.Code + " (" + text + ")"
	}
	if r.RequestID != "" {
		text += ", request " + r.RequestID
	}
	if r.Text != "" {
		text += ": " + r.Text
	}
	return text
}

// printablePattern is what codes and request ids are made of; what is not is not repeated.
var printablePattern = regexp.MustCompile(`^[A-Za-z0-9._:/+=-]{1,128}$`)

// newAPIError reads an error document. All three stores write S3's: <Error><Code>…</Code>….
func newAPIError(resp *http.Response, body []byte) *APIError {
	r := &APIError{Status: resp.StatusCode}
	var doc struct {
		XMLName   xml.Name `xml:"Error"`
		Code      string
		RequestID string `xml:"RequestId"`
	}
	if xml.Unmarshal(body, &doc) == nil && printablePattern.MatchString(doc.Code) {
		r.Code, r.RequestID = doc.Code, doc.RequestID
	}
	for _, name := range []string{"X-Oss-Request-Id", "X-Obs-Request-Id", "X-Amz-Request-Id"} {
		if id := resp.Header.Get(name); id != "" {
			r.RequestID = id
		}
	}
	if !printablePattern.MatchString(r.RequestID) {
		r.RequestID = ""
	}
	r.RetryAfter = min(httpx.RetryAfter(resp.Header, time.Now()), time.Hour)
	return r
}

// kindOfCode returns the kind of an error code whose status does not tell it; "" = the status does:
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html,
// https://help.aliyun.com/zh/oss/support/0002-00000001 (and its neighbours),
// https://support.huaweicloud.com/api-obs/obs_04_0115.html
func kindOfCode(code string) inventory.Kind {
	switch code {
	case "NoSuchKey":
		return inventory.NotFound
	case "NoSuchBucket", "InvalidBucketName", "AuthorizationHeaderMalformed", "PermanentRedirect":
		return inventory.Invalid
	case "PreconditionFailed", "FileAlreadyExists", "ObjectAlreadyExists":
		return inventory.Conflict
	case "ConditionalRequestConflict", "OperationAborted", "InternalError", "ServiceUnavailable", "RequestTimeout":
		return inventory.Temporary
	case "SlowDown", "TooManyRequests", "RequestLimitExceeded", "QpsLimitExceeded", "Throttling":
		return inventory.Throttled
	case "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken", "InvalidSecurityToken",
		"SecurityTokenExpired", "InvalidSecurity", "RequestTimeTooSkewed", "RequestExpired", "InvalidSecurityTokenId":
		return inventory.BadCredentials
	case "AccessDenied", "AllAccessDisabled", "AccountProblem", "UserDisable", "InsufficientStorageSpace":
		return inventory.Denied
	case "NotImplemented":
		return inventory.Unsupported
	}
	return ""
}

func (r *APIError) kind() inventory.Kind {
	if r.Kind != "" {
		return r.Kind
	}
	if kind := kindOfCode(r.Code); kind != "" {
		return kind
	}
	s := r.Status
	switch {
	case s == http.StatusTooManyRequests:
		return inventory.Throttled
	case s == http.StatusPreconditionFailed:
		return inventory.Conflict
	case s == http.StatusUnauthorized:
		return inventory.BadCredentials
	case s == http.StatusForbidden:
		return inventory.Denied
	case s == http.StatusNotImplemented:
		return inventory.Unsupported
	case s == http.StatusRequestTimeout, s >= 500:
		return inventory.Temporary
	case s == http.StatusNotFound, s < 400:
		return inventory.Incomplete // without a code it is not the store that says so
	}
	return inventory.Invalid
}

// classifyError turns any error of an adapter into one with a kind that names what was done and
// where. Texts of the SDKs are never repeated: some hold parts of answers and signed headers.
func classifyError(ctx context.Context, what string, err error) error {
	var known *inventory.Error
	var refused *APIError
	switch {
	case err == nil, errors.Is(err, ErrNotModified):
		return err
	case errors.As(err, &refused):
		if refused.Status == http.StatusNotModified {
			return ErrNotModified
		}
		return &inventory.Error{Kind: refused.kind(), Message: what + ": " + refused.Error(), RetryAfter: refused.RetryAfter}
	case errors.As(err, &known):
		if known.Message != "" {
			what += ": " + known.Message
		}
		return &inventory.Error{Kind: known.Kind, Message: what, Err: known.Err, RetryAfter: known.RetryAfter}
	case context.Cause(ctx) != nil:
		return &inventory.Error{Kind: inventory.Deadline, Message: what, Err: context.Cause(ctx)}
	}
	kind, text := classifyNetError(err)
	return &inventory.Error{Kind: kind, Message: what + ": " + text}
}

// classifyNetError words a fault of the connection; what is none comes from an SDK that could not read
// the answer.
func classifyNetError(err error) (inventory.Kind, string) {
	var lost *httpx.NoAnswerError
	if !errors.As(err, &lost) {
		return inventory.Incomplete, "the answer is not what the store should say"
	}
	failure := httpx.Diagnose(lost)
	text := httpx.Truncate(httpx.OneLine(failure.Text), 200)
	var connection *net.OpError
	switch {
	case failure.Cause == httpx.BadCertificate:
		return inventory.Invalid, "the certificate is not trusted: " + text
	case failure.Cause == httpx.UnknownHost:
		return inventory.Temporary, text + ": are bucket, region and endpoint right?"
	case failure.Cause == httpx.Broken && !errors.As(failure.Err, &connection):
		return inventory.Temporary, "the connection broke" // the text may quote what the server, or a proxy, answered
	}
	return inventory.Temporary, text
}
