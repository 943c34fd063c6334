package alibaba

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// dryRunAllowed is the code with which a dry run says that the call would be allowed.
const dryRunAllowed = "DryRunOperation"

// newAPIError parses an error document, leniently: gateways write others than the API.
func newAPIError(status int, body []byte) error {
	r := &cloud.APIError{Status: status}
	var doc map[string]any
	if json.Unmarshal(body, &doc) != nil {
		r.Message = http.StatusText(status) + ", no JSON document"
		return r
	}
	r.Code, _ = doc["Code"].(string)
	r.Message, _ = doc["Message"].(string)
	r.RequestID, _ = doc["RequestId"].(string)
	return r
}

// errorKind returns what an error code, or else the HTTP status, means:
// https://api.aliyun.com/document/Ecs/2014-05-26/errorCode and
// https://help.aliyun.com/zh/openapi/developer-reference/common-error-codes. The vendor's own tool waits and tries again for
// Rejected.Throttling and SystemBusy, which come with 400, and takes Forbidden.InstanceNotFound and Instance.Notfound for an
// instance that does not exist (https://github.com/aliyun/terraform-provider-alicloud, connectivity/config.go and errors.go);
// that a key is bad is also NoEnabledAccessKey or Forbidden.AccessKey… (https://github.com/yunionio/cloudmux, aliyun).
func errorKind(r *cloud.APIError) inventory.Kind {
	code := r.Code
	switch {
	case r.Kind != "":
		return r.Kind
	case hasAnyPrefix(code, "Throttling", "Rejected.Throttling"), r.Status == http.StatusTooManyRequests, isFlowControl(code), isFlowControl(r.Message):
		return inventory.Throttled
	case hasAnyPrefix(code, "InvalidTimeStamp", "IllegalTimestamp"):
		return inventory.ClockOff
	case hasAnyPrefix(code, "InvalidAccessKeyId", "InvalidAccessKeySecret", "MissingAccessKeyId", "SignatureDoesNotMatch",
		"IncompleteSignature", "InvalidSecurityToken", "MissingSecurityToken", "NoEnabledAccessKey", "Forbidden.AccessKey"):
		return inventory.BadCredentials
	case hasAnyPrefix(code, "ServiceUnavailable", "InternalError", "SignatureNonceUsed", "SystemBusy"), r.Status >= 500, r.Status == http.StatusRequestTimeout:
		return inventory.Temporary
	case code == "Forbidden.InstanceNotFound", code == "Instance.Notfound":
		return inventory.NotFound
	case hasAnyPrefix(code, "Forbidden", "NoPermission", "Unauthorized", "AccessDenied"):
		return inventory.Denied
	case strings.HasSuffix(code, ".NotFound"), strings.HasPrefix(code, "EntityNotExist"), code == "" && r.Status == http.StatusNotFound:
		return inventory.NotFound
	case r.Status == http.StatusForbidden, r.Status == http.StatusUnauthorized:
		return inventory.Denied
	case r.Status >= 400:
		return inventory.Invalid
	}
	return inventory.Incomplete // a redirect, or a success without a document
}

func isFlowControl(text string) bool {
	text = strings.ToLower(text)
	return strings.Contains(text, "flow control") || strings.Contains(text, "flowcontrol")
}

func hasAnyPrefix(text string, prefixes ...string) bool {
	for _, prefix := range prefixes {
		if strings.HasPrefix(text, prefix) {
			return true
		}
	}
	return false
}
