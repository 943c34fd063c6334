package tencent

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// newAPIError parses an answer that is no 2xx, leniently: gateways write them. The API itself answers errors with
// HTTP 200.
func newAPIError(status int, body []byte) error {
	r := &cloud.APIError{Status: status}
	var doc struct{ Response map[string]any }
	if json.Unmarshal(body, &doc) != nil {
		r.Message = http.StatusText(status) + ", no JSON document"
		return r
	}
	fault, _ := doc.Response["Error"].(map[string]any)
	r.Code, _ = fault["Code"].(string)
	r.Message, _ = fault["Message"].(string)
	r.RequestID, _ = doc.Response["RequestId"].(string)
	return r
}

// isUnknownID reports whether an error code says that an id names no instance.
func isUnknownID(code string) bool {
	return slices.Contains([]string{
		"InvalidInstanceId.NotFound", "InvalidInstanceId.Malformed", "InvalidParameterValue.InstanceIdMalformed",
		"ResourceNotFound.InvalidInstanceIdNotFound",
	}, code)
}

// errorKind returns what an error code, or else the HTTP status, means:
// https://cloud.tencent.com/document/api/213/30435. That the key lacks a right is said in further ways, as
// https://github.com/yunionio/cloudmux (pkg/multicloud/qcloud/qcloud.go) knows them: SecretidNotAuthAccessResource and
// InvalidParameter.PermissionDenied.
func errorKind(r *cloud.APIError) inventory.Kind {
	code := r.Code
	switch {
	case r.Kind != "":
		return r.Kind
	case hasAnyPrefix(code, "RequestLimitExceeded", "LimitExceeded"), r.Status == http.StatusTooManyRequests:
		return inventory.Throttled
	case hasAnyPrefix(code, "AuthFailure.UnauthorizedOperation", "InvalidParameter.PermissionDenied"), namesNoRight(code):
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
	return inventory.Incomplete // a redirect, or a success without a document
}

// namesNoRight reports whether a code, in any case and perhaps behind that of a group, says that the key has no right to
// the resource.
func namesNoRight(code string) bool {
	return strings.Contains(strings.ToLower(code), "secretidnotauthaccessresource")
}

func hasAnyPrefix(text string, prefixes ...string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(text, p) })
}
