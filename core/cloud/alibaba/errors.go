package alibaba

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

// dryRunAllowed is the error code by which a dry run says that the call would be allowed.
const dryRunAllowed = "DryRunOperation"

// maxText is how much of a server's message is repeated, in bytes.
const maxText = 200

// refusal is an answer that is not a success: an error document, another status than 2xx, or a
// body that is no document.
type refusal struct {
	status              int
	code, text, request string
	kind                inventory.Kind // "" = by code and status
}

func (r *refusal) Error() string {
	if r.status == 0 {
		return r.text // refused before anything was sent
	}
	text := fmt.Sprintf("HTTP %d", r.status)
	if r.code != "" {
		text = r.code + " (" + text
		if r.request != "" {
			text += ", request " + r.request
		}
		text += ")"
	}
	if r.text != "" {
		text += ": " + r.text
	}
	return text
}

// newRefusal reads an error document. It reads leniently, because gateways put what they like there.
func newRefusal(status int, body []byte) *refusal {
	r := &refusal{status: status}
	var doc map[string]any
	if json.Unmarshal(body, &doc) != nil {
		r.text = http.StatusText(status) + ", no JSON document"
		return r
	}
	r.code, _ = doc["Code"].(string)
	r.text, _ = doc["Message"].(string)
	r.request, _ = doc["RequestId"].(string)
	return r
}

func asRefusal(err error) (*refusal, bool) {
	var r *refusal
	return r, errors.As(err, &r)
}

// kindOf maps Alibaba's error codes, else the HTTP status, to what they mean for us:
// https://api.aliyun.com/document/Ecs/2014-05-26/errorCode and
// https://help.aliyun.com/zh/openapi/developer-reference/common-error-codes
func (r *refusal) kindOf() inventory.Kind {
	code := r.code
	switch {
	case r.kind != "":
		return r.kind
	case strings.HasPrefix(code, "Throttling"), r.status == http.StatusTooManyRequests, flowControl(code), flowControl(r.text):
		return inventory.Throttled
	case hasPrefix(code, "InvalidAccessKeyId", "InvalidAccessKeySecret", "MissingAccessKeyId", "SignatureDoesNotMatch",
		"IncompleteSignature", "InvalidSecurityToken", "MissingSecurityToken", "InvalidTimeStamp"):
		return inventory.BadCredentials
	case hasPrefix(code, "ServiceUnavailable", "InternalError", "SignatureNonceUsed"), r.status >= 500, r.status == http.StatusRequestTimeout:
		return inventory.Temporary
	case hasPrefix(code, "Forbidden", "NoPermission", "Unauthorized", "AccessDenied"):
		return inventory.Denied
	case strings.HasSuffix(code, ".NotFound"), code == "" && r.status == http.StatusNotFound:
		return inventory.NotFound
	case r.status == http.StatusForbidden, r.status == http.StatusUnauthorized:
		return inventory.Denied
	case r.status >= 400:
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
func (l *lister) classify(ctx context.Context, op, region string, err error) error {
	if err == nil {
		return nil
	}
	var known *inventory.Error
	if errors.As(err, &known) {
		return err
	}
	if r, ok := asRefusal(err); ok {
		return l.fault(r.kindOf(), op, region, r.Error())
	}
	if cause := context.Cause(ctx); cause != nil {
		return &inventory.Error{Kind: inventory.Deadline, Err: cause} // named by retried
	}
	// The outermost url.Error is the one that prints the query; its cause is what happened.
	var sent *url.Error
	if !errors.As(err, &sent) {
		return l.fault(inventory.Unknown, op, region, "the SDK could not make the call: "+err.Error())
	}
	return l.fault(netKind(sent.Err), op, region, netText(sent.Err))
}

func netKind(err error) inventory.Kind {
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &certificate) {
		return inventory.Invalid // no retry makes a certificate right
	}
	return inventory.Temporary
}

func netText(err error) string {
	var lookup *net.DNSError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "no complete answer within the time-out"
	case errors.As(err, &lookup) && lookup.IsNotFound:
		return "no such host " + lookup.Name + ": is the id of the region right?"
	}
	return err.Error()
}

// fault makes an error that names what was done and where, without any secret.
func (l *lister) fault(kind inventory.Kind, op, region, text string) error {
	return &inventory.Error{Kind: kind, Message: l.what(op, region) + ": " + l.scrub.clean(text)}
}

// what names an operation: "alibaba: list instances: account a, region r".
func (l *lister) what(op, region string) string {
	text := "alibaba: " + op + ": account " + l.account.Name
	if region != "" {
		text += ", region " + region
	}
	return text
}

// signedParts matches the parts of a query, escaped or not, that belong to a signature.
var signedParts = regexp.MustCompile(`(?i)(AccessKeyId|Signature|SignatureNonce|SecurityToken)(=|%3D|%253D)[^&\s"]*`)

// scrubber takes secrets out of texts.
type scrubber struct{ known *strings.Replacer }

// newScrubber knows the account's own secrets in the forms in which they travel.
func newScrubber(account cloud.Account) scrubber {
	var pairs []string
	for _, value := range []secret.Value{account.AccessKeySecret, account.SecurityToken, account.AccessKeyID} {
		text := value.Reveal()
		if text == "" {
			continue
		}
		once := url.QueryEscape(text)
		for _, form := range []string{url.QueryEscape(once), once, text} {
			pairs = append(pairs, form, secret.Redacted)
		}
	}
	return scrubber{known: strings.NewReplacer(pairs...)}
}

// clean gives one line of at most maxText bytes without secrets. What Alibaba tells about the
// string that it signed is dropped: it is of no use to a reader and holds the key's id.
func (s scrubber) clean(text string) string {
	if i := strings.Index(strings.ToLower(text), "string to sign"); i >= 0 {
		text = text[:i] + "…"
	}
	text = s.known.Replace(signedParts.ReplaceAllString(text, "$1="+secret.Redacted))
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "") + "…"
	}
	return text
}
