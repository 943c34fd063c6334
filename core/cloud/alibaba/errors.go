package alibaba

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// dryRunAllowed is the error code by which a dry run says that the call would be allowed.
const dryRunAllowed = "DryRunOperation"

// newRefusal reads an error document. It reads leniently, because gateways put what they like there.
func newRefusal(status int, body []byte) error {
	r := &cloud.Refusal{Status: status}
	var doc map[string]any
	if json.Unmarshal(body, &doc) != nil {
		r.Text = http.StatusText(status) + ", no JSON document"
		return r
	}
	r.Code, _ = doc["Code"].(string)
	r.Text, _ = doc["Message"].(string)
	r.Request, _ = doc["RequestId"].(string)
	return r
}

// kindOf maps Alibaba's error codes, else the HTTP status, to what they mean for us:
// https://api.aliyun.com/document/Ecs/2014-05-26/errorCode and
// https://help.aliyun.com/zh/openapi/developer-reference/common-error-codes
func kindOf(r *cloud.Refusal) inventory.Kind {
	code := r.Code
	switch {
	case r.Kind != "":
		return r.Kind
	case strings.HasPrefix(code, "Throttling"), r.Status == http.StatusTooManyRequests, flowControl(code), flowControl(r.Text):
		return inventory.Throttled
	case hasPrefix(code, "InvalidAccessKeyId", "InvalidAccessKeySecret", "MissingAccessKeyId", "SignatureDoesNotMatch",
		"IncompleteSignature", "InvalidSecurityToken", "MissingSecurityToken", "InvalidTimeStamp"):
		return inventory.BadCredentials
	case hasPrefix(code, "ServiceUnavailable", "InternalError", "SignatureNonceUsed"), r.Status >= 500, r.Status == http.StatusRequestTimeout:
		return inventory.Temporary
	case hasPrefix(code, "Forbidden", "NoPermission", "Unauthorized", "AccessDenied"):
		return inventory.Denied
	case strings.HasSuffix(code, ".NotFound"), strings.HasPrefix(code, "EntityNotExist"), code == "" && r.Status == http.StatusNotFound:
		return inventory.NotFound
	case r.Status == http.StatusForbidden, r.Status == http.StatusUnauthorized:
		return inventory.Denied
	case r.Status >= 400:
		return inventory.Invalid
	}
	return inventory.Incomplete // a redirect, or a success that is none
}

func flowControl(text string) bool {
	text = strings.ToLower(text)
	return strings.Contains(text, "flow control") || strings.Contains(text, "flowcontrol")
}

func hasPrefix(text string, prefixes ...string) bool {
	for _, prefix := range prefixes {
		if strings.HasPrefix(text, prefix) {
			return true
		}
	}
	return false
}

// classify turns any error of a call into one with a kind, that names operation, account and
// region. The SDK's own texts never get through: they hold the whole query with AccessKeyId,
// Signature and SecurityToken.
func (l *lister) classify(ctx context.Context, by cloud.Credentials, op, region string, err error) error {
	if err == nil {
		return nil
	}
	var known *inventory.Error
	if errors.As(err, &known) {
		return known
	}
	if r, ok := cloud.AsRefusal(err); ok {
		return l.fault(kindOf(r), op, region, l.clean(by, r.Error()))
	}
	if cause := context.Cause(ctx); cause != nil {
		return &inventory.Error{Kind: inventory.Deadline, Err: cause} // named by retried
	}
	// A call that was never sent has no url.Error around its cause.
	var sent *url.Error
	if !errors.As(err, &sent) {
		return l.fault(inventory.Unknown, op, region, "the SDK could not make the call: "+l.clean(by, err.Error()))
	}
	kind, text := cloud.Broken(sent)
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

// what names an operation: "alibaba: list instances: account a, region r".
func (l *lister) what(op, region string) string {
	text := "alibaba: " + op + ": account " + l.account.Name
	if region != "" {
		text += ", region " + region
	}
	return text
}
