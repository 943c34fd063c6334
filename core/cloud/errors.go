package cloud

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/jms-sync/jms-sync/core/httpx"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

// APIError is an answer that is not a success: an error document, another status than 2xx, or a
// body that is no document. Its text is as the cloud wrote it: clean it with a Scrubber.
type APIError struct {
	Status                   int // 0 = refused before anything was sent
	Code, Message, RequestID string
	Kind                     inventory.Kind // "" = the adapter tells by code and status
}

// Error gives code, status, request id and text.
func (r *APIError) Error() string {
	if r.Status == 0 {
		return r.Message
	}
	text := fmt.Sprintf("HTTP %d", r.Status)
	if r.Code != "" {
		text = r.Code + " (" + text
		if r.RequestID != "" {
			text += ", request " + r.RequestID
		}
		text += ")"
	}
	if r.Message != "" {
		text += ": " + r.Message
	}
	return text
}

// AsAPIError finds the refusal in an error's chain.
func AsAPIError(err error) (*APIError, bool) {
	var r *APIError
	return r, errors.As(err, &r)
}

// ConnectionError returns what the failure of a call means that got no answer, or no whole one: Temporary or, where
// no retry can help, Invalid; and how it is told.
func ConnectionError(err error) (inventory.Kind, string) {
	failure := httpx.Diagnose(err)
	switch failure.Cause {
	case httpx.BadCertificate:
		return inventory.Invalid, failure.Text
	case httpx.UnknownHost:
		return inventory.Temporary, failure.Text + ": is the id of the region right?"
	}
	return inventory.Temporary, failure.Text
}

// maxErrorText is how much of a server's message is repeated, in bytes.
const maxErrorText = 200

// signaturePattern matches the parts of a query, escaped or not, that belong to a signature.
var signaturePattern = regexp.MustCompile(
	`(?i)(AccessKeyId|Signature|SignatureNonce|SecurityToken|X-Amz-Credential|X-Amz-Signature|X-Amz-Security-Token)(=|%3D|%253D)[^&\s"]*`)

// Scrubber takes an account's secrets out of texts.
type Scrubber struct{ replacer *strings.Replacer }

// NewScrubber knows the account's own secrets, and further ones such as those that a role gave.
func NewScrubber(a Account, further ...secret.Value) Scrubber {
	var texts []string
	for _, value := range append([]secret.Value{a.AccessKeySecret, a.SecurityToken, a.AccessKeyID}, further...) {
		texts = append(texts, value.Reveal())
	}
	return Scrubber{replacer: httpx.NewScrubber(texts...)}
}

// Scrub gives one line of at most 200 bytes without secrets. What a cloud tells about the string
// that it signed is dropped: it is of no use to a reader and holds the key's id.
func (s Scrubber) Scrub(text string) string {
	if i := strings.Index(strings.ToLower(text), "string to sign"); i >= 0 {
		text = text[:i] + "…"
	}
	text = s.replacer.Replace(signaturePattern.ReplaceAllString(text, "$1="+secret.Redacted))
	return httpx.Truncate(httpx.OneLine(text), maxErrorText)
}
