package cloud

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"

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

// ConnectionError tells what the failure of a call means that got no answer, or no whole one: Temporary
// or, where no retry can help, Invalid. The texts of net/http around it are left out, because
// they repeat the request's address, where some clouds put keys and signatures.
func ConnectionError(err error) (inventory.Kind, string) {
	var sent *url.Error
	if errors.As(err, &sent) {
		err = sent.Err
	}
	var certificate *tls.CertificateVerificationError
	var lookup *net.DNSError
	switch {
	case errors.As(err, &certificate):
		return inventory.Invalid, err.Error() // no retry makes a certificate right
	case errors.Is(err, context.DeadlineExceeded):
		return inventory.Temporary, "no complete answer within the time-out"
	case errors.As(err, &lookup) && lookup.IsNotFound:
		return inventory.Temporary, "no such host " + lookup.Name + ": is the id of the region right?"
	}
	return inventory.Temporary, err.Error()
}

// maxErrorText is how much of a server's message is repeated, in bytes.
const maxErrorText = 200

// signaturePattern matches the parts of a query, escaped or not, that belong to a signature.
var signaturePattern = regexp.MustCompile(
	`(?i)(AccessKeyId|Signature|SignatureNonce|SecurityToken|X-Amz-Credential|X-Amz-Signature|X-Amz-Security-Token)(=|%3D|%253D)[^&\s"]*`)

// Scrubber takes an account's secrets out of texts.
type Scrubber struct{ replacer *strings.Replacer }

// NewScrubber knows the account's own secrets, and further ones such as those that a role gave,
// in the forms in which they travel.
func NewScrubber(a Account, further ...secret.Value) Scrubber {
	var pairs []string
	for _, value := range append([]secret.Value{a.AccessKeySecret, a.SecurityToken, a.AccessKeyID}, further...) {
		text := value.Reveal()
		if text == "" {
			continue
		}
		once := url.QueryEscape(text)
		for _, form := range []string{url.QueryEscape(once), once, text} {
			pairs = append(pairs, form, secret.Redacted)
		}
	}
	return Scrubber{replacer: strings.NewReplacer(pairs...)}
}

// Scrub gives one line of at most 200 bytes without secrets. What a cloud tells about the string
// that it signed is dropped: it is of no use to a reader and holds the key's id.
func (s Scrubber) Scrub(text string) string {
	if i := strings.Index(strings.ToLower(text), "string to sign"); i >= 0 {
		text = text[:i] + "…"
	}
	text = s.replacer.Replace(signaturePattern.ReplaceAllString(text, "$1="+secret.Redacted))
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > maxErrorText {
		text = strings.ToValidUTF8(text[:maxErrorText], "") + "…"
	}
	return text
}
