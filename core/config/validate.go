package config

import (
	"net"
	"net/url"
	"strings"
	"unicode"

	"github.com/google/uuid"

	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/secret"
)

// checkRequired reports a missing value.
func (k checker) checkRequired(path, text string) {
	if text == "" {
		k.add(path, language.New("必填", "is required"))
	}
}

// notePlaceholder reports a placeholder of the Python tool's sample, or one in its style.
func (k checker) notePlaceholder(path, text string) bool {
	found := isPlaceholder(text)
	if found {
		k.add(path, language.New("示例中的占位符没有替换", "still holds the placeholder of the sample"))
	}
	return found
}

// isPlaceholder recognises runs of x ("xxxxxxxx-xxxx-…", "138xxxxxxxx", "SECxxxx…") and words that begin with
// "your". Six x in a row do not occur in a random key.
func isPlaceholder(text string) bool {
	text = strings.ToLower(text)
	if strings.Contains(text, "xxxxxx") {
		return true
	}
	for _, before := range []string{"", "=", "//", "<"} {
		for _, word := range []string{"your_", "your-", "your "} {
			at := strings.Index(text, before+word)
			if at == 0 || (at > 0 && before != "") {
				return true
			}
		}
	}
	return false
}

// checkSecret checks a secret's form without revealing anything of it.
func (k checker) checkSecret(path string, v secret.Value) {
	text := v.Reveal()
	switch {
	case text == "" || k.notePlaceholder(path, text):
	case isQuoted(text):
		k.add(path, quotedText())
	case strings.ContainsFunc(text, isUnreadableInKey):
		k.add(path, unreadableText(text))
	}
}

func isUnreadableInKey(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }

// checkToken checks an id that is used as it is.
func (k checker) checkToken(path, text string) {
	switch {
	case k.notePlaceholder(path, text):
	case strings.ContainsFunc(text, isUnreadableInKey):
		k.add(path, unreadableText(text))
	case len(text) > 128:
		k.add(path, language.New("太长", "is too long"))
	}
}

// normalizeUUID checks an id of JumpServer and returns it in lower case; "" is valid.
func (k checker) normalizeUUID(path, text string) string {
	if text == "" || k.notePlaceholder(path, text) {
		return text
	}
	id, err := uuid.Parse(text)
	if err != nil || len(text) != 36 { // Parse also takes braces, "urn:uuid:" and no dashes
		k.add(path, language.New("应为 UUID，如 00000000-0000-0000-0000-000000000002", "must be a UUID such as 00000000-0000-0000-0000-000000000002"))
		return text
	}
	return id.String()
}

// urlRules says what a URL may have besides scheme and host.
type urlRules struct {
	path, query, user bool
	secure            bool // https, or http to this machine
	api               bool // JumpServer's: pages of the browser's interface are refused
}

// normalizeURL checks an address and returns it without slashes at its end, and false if it is empty or wrong. The
// address itself is never quoted: it may contain a password or a token.
func (k checker) normalizeURL(path, text string, form urlRules) (string, bool) {
	if text == "" || k.notePlaceholder(path, text) {
		return text, false
	}
	if strings.ContainsFunc(text, isUnreadableInKey) {
		k.add(path, unreadableText(text))
		return text, false
	}
	u, err := url.Parse(text)
	if err != nil || !isWebURL(u) {
		k.add(path, language.New("应为 http:// 或 https:// 开头的地址", "must be an address that begins with http:// or https://"))
		return text, false
	}
	w := form.violation(u)
	if w != (language.Text{}) {
		k.add(path, w)
		return text, false
	}
	if form.query {
		return text, true
	}
	return strings.TrimRight(text, "/"), true
}

func isWebURL(u *url.URL) bool {
	return (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != ""
}

// violation returns what the rules do not allow in a URL.
func (f urlRules) violation(u *url.URL) language.Text {
	switch {
	case u.User != nil && !f.user:
		return language.New("地址里不能有账号和密码", "must not hold a user or a password")
	case f.api && isPagePath(u.Path):
		short := u.Scheme + "://" + u.Host + pathAbovePage(u.Path)
		return language.New("这是网页的地址，只写 "+short, "is the address of a web page: write only "+short)
	case !f.path && strings.Trim(u.Path, "/") != "":
		return language.New("只要协议、主机和端口，不要路径", "must be scheme, host and port without a path")
	case !f.query && (u.RawQuery != "" || u.Fragment != "" || u.ForceQuery):
		return language.New("不能有 ? 或 # 之后的部分", "must not hold a part behind ? or #")
	case f.secure && u.Scheme != "https" && !isLoopback(u.Hostname()):
		return language.New("应为 https:// 开头的地址", "must begin with https://")
	}
	return language.Text{}
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// pagePathParts returns parts of the paths of JumpServer's web pages and API: with one of them in jumpserver.url
// every request gets a page, or nothing.
func pagePathParts() []string {
	return []string{"/ui/", "/luna/", "/koko/", "/core/auth/", "/api/v1/", "/api/docs/", "/api/health/"}
}

func isPagePath(path string) bool { return pathAbovePage(path) != strings.TrimRight(path, "/") }

// pathAbovePage returns the part of a path above a page's: "/jms" of "/jms/ui/", as a reverse proxy may add one.
func pathAbovePage(path string) string {
	path = strings.TrimRight(path, "/") + "/"
	for _, part := range pagePathParts() {
		at := strings.Index(path, part)
		if at >= 0 {
			path = path[:at] + "/"
		}
	}
	return strings.TrimRight(path, "/")
}
