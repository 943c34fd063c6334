package tencent

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// newRefusal reads the document of an answer that is no 2xx. The API itself answers errors with
// HTTP 200; this is what gateways do, so that it reads leniently.
func newRefusal(status int, body []byte) error {
	r := &cloud.Refusal{Status: status}
	var doc struct{ Response map[string]any }
	if json.Unmarshal(body, &doc) != nil {
		r.Text = http.StatusText(status) + ", no JSON document"
		return r
	}
	told, _ := doc.Response["Error"].(map[string]any)
	r.Code, _ = told["Code"].(string)
	r.Text, _ = told["Message"].(string)
	r.Request, _ = doc.Response["RequestId"].(string)
	return r
}

// unknownID tells whether an error code says that an id names no instance.
func unknownID(code string) bool {
	return slices.Contains([]string{
		"InvalidInstanceId.NotFound", "InvalidInstanceId.Malformed", "InvalidParameterValue.InstanceIdMalformed",
		"ResourceNotFound.InvalidInstanceIdNotFound",
	}, code)
}

// kindOf maps Tencent's error codes, else the HTTP status, to what they mean for us:
// https://cloud.tencent.com/document/api/213/30435
func kindOf(r *cloud.Refusal) inventory.Kind {
	code := r.Code
	switch {
	case r.Kind != "":
		return r.Kind
	case hasPrefix(code, "RequestLimitExceeded", "LimitExceeded"), r.Status == http.StatusTooManyRequests:
		return inventory.Throttled
	case hasPrefix(code, "AuthFailure.UnauthorizedOperation"):
		return inventory.Denied
	case hasPrefix(code, "AuthFailure", "UnauthorizedOperation.InvalidToken", "UnauthorizedOperation.TokenFailure"):
		return inventory.BadCredentials
	case hasPrefix(code, "UnauthorizedOperation", "OperationDenied"):
		return inventory.Denied
	case hasPrefix(code, "UnsupportedRegion", "InvalidRegion", "InvalidParameterValue.InvalidRegion", "ResourceNotFound"),
		strings.HasSuffix(code, ".NotFound"), code == "" && r.Status == http.StatusNotFound:
		return inventory.NotFound
	case hasPrefix(code, "InternalError", "InternalServerError", "ServiceUnavailable", "ResourceUnavailable"),
		r.Status >= 500, r.Status == http.StatusRequestTimeout:
		return inventory.Temporary
	case r.Status == http.StatusForbidden, r.Status == http.StatusUnauthorized:
		return inventory.Denied
	case code != "", r.Status >= 400:
		return inventory.Invalid
	}
	return inventory.Incomplete // a redirect, or a success that is none
}

func hasPrefix(text string, prefixes ...string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(text, p) })
}

// unanswered is the error of a call that was sent and got no answer, or no whole one.
type unanswered struct{ error }

func (u unanswered) Unwrap() error { return u.error }

// classify turns any error of a call into one with a kind, that names operation, account and
// region.
func (l *lister) classify(ctx context.Context, op, region string, err error) error {
	if err == nil {
		return nil
	}
	if r, ok := cloud.AsRefusal(err); ok {
		return l.fault(kindOf(r), op, region, r.Error())
	}
	if cause := context.Cause(ctx); cause != nil {
		return &inventory.Error{Kind: inventory.Deadline, Err: cause} // named by retried
	}
	var sent unanswered
	if !errors.As(err, &sent) {
		return l.fault(inventory.Unknown, op, region, "the SDK could not make the call: "+err.Error())
	}
	kind, text := cloud.Broken(sent.error)
	return l.fault(kind, op, region, text)
}

// fault makes an error that names what was done and where, without any secret.
func (l *lister) fault(kind inventory.Kind, op, region, text string) error {
	return &inventory.Error{Kind: kind, Message: l.what(op, region) + ": " + l.scrub.Clean(text)}
}

// what names an operation: "tencent: list instances: account a, region r".
func (l *lister) what(op, region string) string {
	text := "tencent: " + op + ": account " + l.account.Name
	if region != "" {
		text += ", region " + region
	}
	return text
}
