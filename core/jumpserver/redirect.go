package jumpserver

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// redirectError explains a redirect. It is never followed: the signature is valid for the old path only, so
// the next answer would be a misleading 401, and JumpServer redirects no path that this client requests.
func (c *Client) redirectError(op string, resp *http.Response) error {
	where, advice, hint := "elsewhere", inventory.NotJumpServer, "correct jumpserver.url"
	if to, err := resp.Location(); err == nil {
		where = c.scrub((&url.URL{Scheme: to.Scheme, Host: to.Host, Path: to.Path}).String())
		advice, hint = c.explainRedirect(resp.Request, to)
	}
	e := newError(inventory.Front, fmt.Sprintf(
		"jumpserver: %s: %s redirects (%d) to %s: %s (a signature cannot follow)", op, c.hostName(), resp.StatusCode, where, c.scrub(hint)), nil)
	e.Advice = advice
	return e
}

// explainRedirect returns why a redirect leads where it does, and what to do about it.
func (c *Client) explainRedirect(from *http.Request, to *url.URL) (inventory.Advice, string) {
	path := ""
	if from != nil && from.URL != nil {
		path = from.URL.Path
	}
	same := strings.EqualFold(hostOf(to), hostOf(c.baseURL))
	before, moved := strings.CutSuffix(to.Path, strings.TrimPrefix(path, c.baseURL.Path))
	moved = moved && path != ""
	there := (&url.URL{Scheme: to.Scheme, Host: to.Host, Path: before}).String()
	switch {
	case !moved && isLoginURL(to):
		return inventory.LoginPage, c.adviceText(inventory.LoginPage)
	case moved && !same:
		return inventory.OtherHost, "correct jumpserver.url: " + there
	case moved && before != c.baseURL.Path:
		return inventory.OtherPath, "correct jumpserver.url: " + there
	case moved && c.baseURL.Scheme == "http" && to.Scheme == "https":
		return inventory.WriteHTTPS, "correct jumpserver.url: " + there
	case moved && c.baseURL.Scheme == "https" && to.Scheme == "http":
		return inventory.WriteHTTP, "correct jumpserver.url: " + there + ", or that server: it takes https for http"
	}
	return c.wrongAddressAdvice(), "correct jumpserver.url"
}

func hostOf(at *url.URL) string {
	host, port := at.Hostname(), at.Port()
	if port == "" || port == "80" || port == "443" {
		return host
	}
	return net.JoinHostPort(host, port)
}

// isLoginURL reports whether an address looks like that of a login page.
func isLoginURL(to *url.URL) bool {
	words := strings.FieldsFunc(strings.ToLower(to.Hostname()+"/"+to.Path), func(r rune) bool { return strings.ContainsRune("/.-_", r) })
	return slices.ContainsFunc(words, func(word string) bool {
		switch word {
		case "login", "signin", "sso", "oauth", "oauth2", "oidc", "authorize", "saml", "saml2", "cas", "auth", "passport", "idp", "idaas", "portal":
			return true
		}
		return false
	})
}
