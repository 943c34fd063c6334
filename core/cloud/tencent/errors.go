package tencent

import (
	"encoding/json"
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
	case hasPrefix(code, "AuthFailure.SignatureExpire", "RequestExpired"):
		return inventory.ClockOff
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
