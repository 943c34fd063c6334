package tencent

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// newAPIError reads the document of an answer that is no 2xx. The API itself answers errors with
// HTTP 200; this is what gateways do, so that it reads leniently.
func newAPIError(status int, body []byte) error {
	r := &cloud.APIError{Status: status}
	var doc struct{ Response map[string]any }
	if json.Unmarshal(body, &doc) != nil {
		r.Message = http.StatusText(status) + ", no JSON document"
		return r
	}
	told, _ := doc.Response["Error"].(map[string]any)
	r.Code, _ = told["Code"].(string)
	r.Message, _ = told["Message"].(string)
	r.RequestID, _ = doc.Response["RequestId"].(string)
	return r
}

// isUnknownID tells whether an error code says that an id names no instance.
func isUnknownID(code string) bool {
	return slices.Contains([]string{
		"InvalidInstanceId.NotFound", "InvalidInstanceId.Malformed", "InvalidParameterValue.InstanceIdMalformed",
		"ResourceNotFound.InvalidInstanceIdNotFound",
	}, code)
}

// errorKind maps Tencent's error codes, else the HTTP status, to what they mean for us:
// https://cloud.tencent.com/document/api/213/30435
func errorKind(r *cloud.APIError) inventory.Kind {
	code := r.Code
	switch {
	case r.Kind != "":
		return r.Kind
	case hasAnyPrefix(code, "RequestLimitExceeded", "LimitExceeded"), r.Status == http.StatusTooManyRequests:
		return inventory.Throttled
	case hasAnyPrefix(code, "AuthFailure.UnauthorizedOperation"):
		return inventory.Denied
	case hasAnyPrefix(code, "AuthFailure.SignatureExpire", "RequestExpired"):
		return inventory.ClockOff
	case hasAnyPrefix(code, "AuthFailure", "UnauthorizedOperation.InvalidToken", "UnauthorizedOperation.TokenFailure"):
		return inventory.BadCredentials
	case hasAnyPrefix(code, "UnauthorizedOperation", "OperationDenied"):
		return inventory.Denied
	case hasAnyPrefix(code, "UnsupportedRegion", "InvalidRegion", "InvalidParameterValue.InvalidRegion", "ResourceNotFound"),
		strings.HasSuffix(code, ".NotFound"), code == "" && r.Status == http.StatusNotFound:
		return inventory.NotFound
	case hasAnyPrefix(code, "InternalError", "InternalServerError", "ServiceUnavailable", "ResourceUnavailable"),
		r.Status >= 500, r.Status == http.StatusRequestTimeout:
		return inventory.Temporary
	case r.Status == http.StatusForbidden, r.Status == http.StatusUnauthorized:
		return inventory.Denied
	case code != "", r.Status >= 400:
		return inventory.Invalid
	}
	return inventory.Incomplete // a redirect, or a success that is none
}

func hasAnyPrefix(text string, prefixes ...string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(text, p) })
}
