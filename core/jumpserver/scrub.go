package jumpserver

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"strings"
)

// redacted stands for what is not repeated.
const redacted = "******"

// newScrubber makes what takes secrets out of a server's words before they stand in an error: a
// proxy, a debug page or something that poses as JumpServer may repeat the request's headers. The
// key's id and secret, the proxy's password and whatever is or looks like one of our signatures go.
// It is a function for the reason that signer is one.
func newScrubber(o Options) func(string) string {
	secrets := []string{o.KeyID.Reveal(), o.Secret.Reveal()}
	if at, err := url.Parse(o.Proxy); err == nil && at.User != nil {
		if password, set := at.User.Password(); set {
			secrets = append(secrets, password, base64.StdEncoding.EncodeToString([]byte(at.User.Username()+":"+password)))
		}
	}
	var pairs []string
	for _, s := range secrets {
		for _, form := range []string{s, url.QueryEscape(s), base64.StdEncoding.EncodeToString([]byte(s))} {
			if form != "" {
				pairs = append(pairs, form, redacted)
			}
		}
	}
	known := strings.NewReplacer(pairs...)
	signature := regexp.MustCompile(`(?i)(signature=[\\"']*)[A-Za-z0-9+/=%]+`)
	login := regexp.MustCompile(`(?i)\b(basic|bearer|token) +[A-Za-z0-9+/=._~-]{8,}`)
	return func(text string) string {
		text = signature.ReplaceAllString(known.Replace(text), "${1}"+redacted)
		return login.ReplaceAllString(text, "${1} "+redacted)
	}
}
