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

// Refusal is an answer that is not a success: an error document, another status than 2xx, or a
// body that is no document. Its text is as the cloud wrote it: clean it with a Scrubber.
type Refusal struct {
	Status              int // 0 = refused before anything was sent
	Code, Text, Request string
	Kind                inventory.Kind // "" = the adapter tells by code and status
}

// Error gives code, status, request id and text.
func (r *Refusal) Error() string {
	if r.Status == 0 {
		return r.Text
	}
	text := fmt.Sprintf("HTTP %d", r.Status)
	if r.Code != "" {
		text = r.Code + " (" + text
		if r.Request != "" {
			text += ", request " + r.Request
		}
		text += ")"
	}
	if r.Text != "" {
		text += ": " + r.Text
	}
	return text
}

// AsRefusal finds the refusal in an error's chain.
func AsRefusal(err error) (*Refusal, bool) {
	var r *Refusal
	return r, errors.As(err, &r)
}

// Broken tells what the failure of a call means that got no answer, or no whole one: Temporary
// or, where no retry can help, Invalid. The texts of net/http around it are left out, because
// they repeat the request's address, where some clouds put keys and signatures.
func Broken(err error) (inventory.Kind, string) {
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

// maxText is how much of a server's message is repeated, in bytes.
const maxText = 200

// signedParts matches the parts of a query, escaped or not, that belong to a signature.
var signedParts = regexp.MustCompile(
	`(?i)(AccessKeyId|Signature|SignatureNonce|SecurityToken|X-Amz-Credential|X-Amz-Signature|X-Amz-Security-Token)(=|%3D|%253D)[^&\s"]*`)

// Scrubber takes an account's secrets out of texts.
type Scrubber struct{ known *strings.Replacer }

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
	return Scrubber{known: strings.NewReplacer(pairs...)}
}

// Clean gives one line of at most 200 bytes without secrets. What a cloud tells about the string
// that it signed is dropped: it is of no use to a reader and holds the key's id.
func (s Scrubber) Clean(text string) string {
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
