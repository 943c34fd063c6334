package cloud

import (
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"

	"github.com/jms-sync/jms-sync/core/httpx"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

// APIError is an answer that is not a success: an error document, another status than 2xx, or a
// body that is no document. Its text is as the cloud wrote it: clean it with a Scrubber.
type APIError struct {
	Status                   int // 0 = the call was not sent
	Code, Message, RequestID string
	Kind                     inventory.Kind // "" = the adapter decides by code and status
}

// Error returns code, status, request id and text.
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

// AsAPIError returns the API error in an error's chain.
func AsAPIError(err error) (*APIError, bool) {
	var r *APIError
	return r, errors.As(err, &r)
}

// ConnectionError returns the kind and the text of a call that got no answer, or no whole one. The kind is
// Temporary or, where no retry can help, Invalid.
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

// isNotConnected reports whether a call was not sent, as its host has no address, or nobody answers there. A proxy that
// cannot be reached says nothing of the host behind it.
func isNotConnected(err error) bool {
	var dial *net.OpError
	return errors.As(err, &dial) && dial.Op == "dial" // of a proxy it is "proxyconnect"
}

// maxErrorText bounds what is repeated of a server's message, in bytes.
const maxErrorText = 300

// signaturePattern matches the parts of a query, escaped or not, that belong to a signature.
var signaturePattern = regexp.MustCompile(
	`(?i)(AccessKeyId|Signature|SignatureNonce|SecurityToken|X-Amz-Credential|X-Amz-Signature|X-Amz-Security-Token)(=|%3D|%253D)[^&\s"]*`)

// credentialPattern matches, to the end of the line, the headers by which a request that somebody repeats shows who sent it.
var credentialPattern = regexp.MustCompile(`(?i)((?:proxy-)?authorization|cookie)(\s*[:=]).*`)

// Scrubber removes an account's secrets from texts.
type Scrubber struct{ replacer *strings.Replacer }

// NewScrubber returns a scrubber of the account's secrets and of further ones, such as those of a role.
func NewScrubber(a Account, further ...secret.Value) Scrubber {
	var texts []string
	for _, value := range append([]secret.Value{a.AccessKeySecret, a.SecurityToken, a.AccessKeyID}, further...) {
		texts = append(texts, value.Reveal())
	}
	return Scrubber{replacer: httpx.NewScrubber(texts...)}
}

// Scrub returns a text as one line of some 300 bytes, cut in the middle, without secrets. It drops what a cloud repeats of the
// string that it signed: that holds the key's id and helps no reader.
func (s Scrubber) Scrub(text string) string {
	if i := strings.Index(strings.ToLower(text), "string to sign"); i >= 0 {
		text = text[:i] + "…"
	}
	text = credentialPattern.ReplaceAllString(text, "$1$2 "+secret.Redacted)
	text = s.replacer.Replace(signaturePattern.ReplaceAllString(text, "$1="+secret.Redacted))
	return httpx.TruncateMiddle(httpx.OneLine(text), maxErrorText)
}
