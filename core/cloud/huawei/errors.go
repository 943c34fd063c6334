package huawei

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// newAPIError parses an error document. The gateway writes {"error_code","error_msg","request_id"},
// ECS {"error":{"code","message"}}, IAM the same with a number as code, and Nova one object with the
// error's name; so all of these are parsed, leniently.
func newAPIError(status int, body []byte) error {
	r := &cloud.APIError{Status: status}
	var doc map[string]any
	if json.Unmarshal(bytes.TrimSpace(body), &doc) != nil {
		r.Message = http.StatusText(status) + ", no JSON document"
		return r
	}
	readAPIError(r, doc)
	r.RequestID, _ = doc["request_id"].(string)
	return r
}

// readAPIError takes code and text from an object, else from the objects in it.
func readAPIError(r *cloud.APIError, doc map[string]any) {
	for _, names := range [][2]string{{"error_code", "error_msg"}, {"code", "message"}} {
		code, _ := doc[names[0]].(string)
		text, _ := doc[names[1]].(string)
		if code != "" || text != "" {
			r.Code, r.Message = code, text
			return
		}
	}
	for _, name := range slices.Sorted(maps.Keys(doc)) {
		if inner, ok := doc[name].(map[string]any); ok && r.Code == "" && r.Message == "" {
			readAPIError(r, inner)
		}
	}
}

// statusClosedRequest is what nginx, which stands before the APIs, calls a request that its client gave up, or that it
// takes for one.
const statusClosedRequest = 499

// errorKind returns what an error code, or else the HTTP status, means:
// https://support.huaweicloud.com/devg-apisign/api-sign-errorcode.html (APIGW, formerly APIG) and
// https://support.huaweicloud.com/api-ecs/ErrorCode.html. 499 is tried again by https://github.com/yunionio/cloudmux
// (pkg/multicloud/hcso).
func errorKind(r *cloud.APIError) inventory.Kind {
	code := strings.TrimPrefix(strings.TrimPrefix(r.Code, "APIGW."), "APIG.")
	text := strings.ToLower(r.Message)
	switch {
	case r.Kind != "":
		return r.Kind
	case r.Status == http.StatusTooManyRequests, code == "0308", strings.Contains(text, "throttling threshold"):
		return inventory.Throttled
	case r.Code == "Ecs.0003", strings.Contains(text, "doesn't allow"), r.Status == http.StatusForbidden:
		return inventory.Denied
	case code == "0301" && isExpiredSignature(text):
		return inventory.ClockOff
	case code == "0301", code == "0307", r.Status == http.StatusUnauthorized:
		return inventory.BadCredentials
	case r.Code == codeNotFound, r.Code == "Ecs.0614", r.Status == http.StatusNotFound:
		return inventory.NotFound
	case r.Status >= 500, r.Status == http.StatusRequestTimeout, r.Status == statusClosedRequest:
		return inventory.Temporary
	case r.Status >= 400:
		return inventory.Invalid
	}
	return inventory.Incomplete // a redirect, or a success without a document
}

// isExpiredSignature reports whether the text of APIGW.0301, which is also that of a wrong secret, blames the time of
// the request. Without such words cloud.ExplainBySkew decides by the answer's Date.
func isExpiredSignature(text string) bool {
	return strings.Contains(text, "signature expired") || strings.Contains(text, "timestamp") || strings.Contains(text, "x-sdk-date")
}
