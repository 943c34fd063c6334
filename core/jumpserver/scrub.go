package jumpserver

import (
	"encoding/base64"
	"net/url"
	"regexp"

	"github.com/jms-sync/jms-sync/core/httpx"
	"github.com/jms-sync/jms-sync/core/secret"
)

// newScrubber returns a function that removes secrets from a server's texts before they become part of an error: a
// proxy, a debug page or something that poses as JumpServer may repeat the request's headers. It removes the
// key's id and secret, the proxy's password and whatever is or looks like one of our signatures.
// It is a function for the same reason as signer.
func newScrubber(o Options) func(string) string {
	secrets := []string{o.KeyID.Reveal(), o.Secret.Reveal()}
	if at, err := url.Parse(o.Proxy); err == nil && at.User != nil {
		if password, set := at.User.Password(); set {
			secrets = append(secrets, password, base64.StdEncoding.EncodeToString([]byte(at.User.Username()+":"+password)))
		}
	}
	known := httpx.NewScrubber(secrets...)
	signature := regexp.MustCompile(`(?i)(signature=[\\"']*)[A-Za-z0-9+/=%]+`)
	login := regexp.MustCompile(`(?i)\b(basic|bearer|token) +[A-Za-z0-9+/=._~-]{8,}`)
	return func(text string) string {
		text = signature.ReplaceAllString(known.Replace(text), "${1}"+secret.Redacted)
		return login.ReplaceAllString(text, "${1} "+secret.Redacted)
	}
}
