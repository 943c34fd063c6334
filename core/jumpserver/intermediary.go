package jumpserver

import (
	"bytes"
	"encoding/json"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/jms-sync/jms-sync/core/httpx"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// Reverse proxies, web application firewalls, load balancers, login gateways and forward proxies stand
// between us and JumpServer, and each may answer in its place. Such an answer must never
// be taken for JumpServer's: a firewall's 403 is no missing right, a gateway's 401 no wrong key.
//
// Recorded answers of real servers show who answered. JumpServer answers everything in JSON
// of a few shapes, except for two HTML pages: a GET of a path that it does not have, and a GET that
// fails (apps/jumpserver/views/error_views.py). All its answers set one cookie of its own.

// maxTitleLen is how many characters of a page's title, or of a server's name, a message repeats: a card needs room
// for what is to be done as well.
const maxTitleLen = 60

// jumpserverCookie is set by every answer that passed JumpServer's middlewares, errors included.
const jumpserverCookie = "SESSION_COOKIE_NAME_PREFIX="

// hasJumpServerCookie reports whether an answer has the cookie that only JumpServer sets.
func hasJumpServerCookie(h http.Header) bool {
	return slices.ContainsFunc(h.Values("Set-Cookie"), func(c string) bool { return strings.HasPrefix(c, jumpserverCookie) })
}

// rawAnswer is what an answer is classified and described by. It holds the beginning of the body.
type rawAnswer struct {
	status int
	header http.Header
	body   []byte
	keys   map[string]json.RawMessage // of a JSON object; nil for anything else
}

func newRawAnswer(resp *http.Response, body []byte) rawAnswer {
	r := rawAnswer{status: resp.StatusCode, header: resp.Header, body: bytes.TrimSpace(body)}
	if err := json.Unmarshal(body, &r.keys); err != nil {
		r.keys = nil
	}
	return r
}

// isHTML reports whether the answer is a web page.
func (r rawAnswer) isHTML() bool {
	kind, _, _ := mime.ParseMediaType(r.header.Get("Content-Type"))
	return kind == "text/html" || kind == "application/xhtml+xml" || bytes.HasPrefix(r.body, []byte("<"))
}

// isFromJumpServer reports whether JumpServer itself sent an answer other than success.
func (r rawAnswer) isFromJumpServer() bool {
	switch {
	case hasJumpServerCookie(r.header):
		return true
	case r.isHTML():
		title := r.title()
		return r.status == http.StatusNotFound && title == "Not found" || r.status == http.StatusInternalServerError && title == "Server error"
	case len(r.body) == 0:
		return r.mayHoldDetails()
	case r.keys == nil:
		return r.mayHoldDetails() && r.body[0] == '[' && json.Valid(r.body)
	}
	return r.hasErrorShape()
}

// hasErrorShape reports whether an object has one of the shapes of JumpServer's errors: {detail, code},
// {error}, {error, message, code}, and, in a 400, errors by field.
func (r rawAnswer) hasErrorShape() bool {
	_, message := r.keys["message"]
	switch {
	case r.hasText("detail") && r.hasText("code"):
		return true
	case r.hasText("detail") && len(r.keys) == 1:
		return r.status == http.StatusBadRequest || r.status == http.StatusForbidden
	case r.hasText("error"):
		return len(r.keys) == 1 || message && r.hasText("code") && len(r.keys) == 3
	}
	return r.mayHoldDetails() && r.hasFieldErrors()
}

// mayHoldDetails reports whether the status is one with which JumpServer describes an error in many
// shapes, and sometimes not at all.
func (r rawAnswer) mayHoldDetails() bool {
	return r.status == http.StatusBadRequest || r.status == http.StatusInternalServerError
}

// hasText reports whether a key holds a text.
func (r rawAnswer) hasText(key string) bool { return bytes.HasPrefix(r.keys[key], []byte(`"`)) }

// hasFieldErrors reports whether the keys may be fields of the request, and the values their
// errors: lists, objects, seldom texts. What gateways answer (a code, a message, a request id) does not count.
func (r rawAnswer) hasFieldErrors() bool {
	for key, value := range r.keys {
		switch strings.ToLower(strings.ReplaceAll(key, "_", "")) {
		case "code", "msg", "message", "errcode", "errmsg", "errorcode", "errormsg", "errormessage", "requestid", "traceid",
			"status", "success", "timestamp", "path", "errordescription":
			return false
		}
		if len(value) == 0 || !strings.ContainsRune(`[{"`, rune(value[0])) {
			return false
		}
	}
	return len(r.keys) > 0
}

// isForbiddenAddress reports whether JumpServer refuses the key because of the address that the request came
// from. Only the text shows that: the code is that of any refused key. The text is not translated
// (IP_NOT_ALLOW in apps/common/auth/signature.py, v4.7.0 to v4.10.19).
func (r rawAnswer) isForbiddenAddress() bool {
	return r.status == http.StatusUnauthorized && strings.EqualFold(string(r.keys["detail"]), `"Ip is not in access ip list."`)
}

// title returns the title of a page, on one line; "" = it has none, or it is not UTF-8.
func (r rawAnswer) title() string {
	m := titlePattern.FindSubmatch(r.body)
	if m == nil || !utf8.Valid(m[1]) {
		return ""
	}
	plain := strings.NewReplacer("&lt;", "<", "&gt;", ">", "&quot;", `"`, "&#39;", "'", "&nbsp;", " ", "&amp;", "&")
	return httpx.OneLine(plain.Replace(string(m[1])))
}

var titlePattern = regexp.MustCompile(`(?is)<title[^>]*>(.{0,1000}?)</title>`)

// describe returns what the answer is, for people.
func (r rawAnswer) describe(scrub func(string) string) string {
	text := "(nothing more)"
	title := r.title()
	switch {
	case r.isHTML() && title != "":
		text = "(an HTML page titled " + strconv.Quote(truncateTo(maxTitleLen, scrub(title))) + ")"
	case r.isHTML():
		text = "(an HTML page)"
	case len(r.body) > 0:
		text = truncate(scrub(httpx.OneLine(string(r.body))))
	}
	return text
}

// serverName returns how an answer names the program that sent it, which tells people which of those
// in front of JumpServer it was.
func (r rawAnswer) serverName(scrub func(string) string) string {
	name := httpx.OneLine(r.header.Get("Server"))
	if name == "" {
		return ""
	}
	return ", server " + strconv.Quote(truncateTo(maxTitleLen, scrub(name)))
}

// newIntermediaryError returns the apiError of an answer that JumpServer did not send.
func (c *Client) newIntermediaryError(r rawAnswer, by string, advice inventory.Advice) *apiError {
	return &apiError{
		status: r.status, text: r.describe(c.scrub) + r.serverName(c.scrub), fromIntermediary: true, isWebPage: hasJumpServerCookie(r.header), proxy: by, advice: advice, hint: c.adviceText(advice),
	}
}

// statusAdvice returns what a person has to change after an intermediary's answer other than success.
func (c *Client) statusAdvice(r rawAnswer) inventory.Advice {
	switch {
	case r.status == http.StatusProxyAuthRequired:
		return inventory.ProxyLogin
	case r.status == http.StatusUnauthorized, r.status == http.StatusNetworkAuthenticationRequired:
		return inventory.LoginPage
	case r.status == http.StatusRequestEntityTooLarge, r.status == http.StatusRequestURITooLong, r.status == http.StatusRequestHeaderFieldsTooLarge:
		return inventory.TooLarge
	case r.status == http.StatusRequestTimeout, r.status >= http.StatusInternalServerError:
		return inventory.BehindIsDown
	case r.status == http.StatusNotFound, r.status == http.StatusGone:
		return c.wrongAddressAdvice()
	case r.status == http.StatusBadRequest && plainToTLSPattern.Match(r.body):
		return inventory.WriteHTTPS
	}
	return inventory.Blocked
}

// plainToTLSPattern matches what nginx and Go answer to plain HTTP on a TLS port.
var plainToTLSPattern = regexp.MustCompile(`(?i)plain HTTP request was sent to HTTPS port|HTTP request to an HTTPS server`)

// pageAdvice is statusAdvice for a successful answer with a page where JSON belongs.
func (c *Client) pageAdvice(r rawAnswer) inventory.Advice {
	title := r.title()
	switch {
	case blockedPattern.MatchString(title):
		return inventory.Blocked
	case maintenancePattern.MatchString(title):
		return inventory.BehindIsDown
	case loginPattern.MatchString(title):
		return inventory.LoginPage
	}
	return c.wrongAddressAdvice()
}

var (
	blockedPattern     = regexp.MustCompile(`(?i)rejected|blocked|forbidden|denied|拦截|阻断|拒绝|禁止`)
	maintenancePattern = regexp.MustCompile(`(?i)maintenance|maintaining|be right back|temporarily unavailable|维护|升级中|暂停服务|暂时无法`)
	loginPattern       = regexp.MustCompile(`(?i)log ?in|sign ?in|single sign|\bsso\b|authenticat|登录|登陆|认证|单点`)
)

// wrongAddressAdvice returns the advice where the address leads to something else.
func (c *Client) wrongAddressAdvice() inventory.Advice {
	if c.baseURL.Path != "" {
		return inventory.OtherPath
	}
	return inventory.NotJumpServer
}

// adviceText returns an advice as a text for messages.
func (c *Client) adviceText(a inventory.Advice) string {
	switch a {
	case inventory.AddressList:
		return "the access key is taken from some addresses only, and the one that JumpServer sees of this machine is none of them: add it to the key's IP list"
	case inventory.WriteHTTPS:
		return "correct jumpserver.url: https://" + c.baseURL.Host
	case inventory.LoginPage:
		return "a login stands before JumpServer: let /api/ pass without it, or use an address without it"
	case inventory.ProxyLogin:
		return "put the proxy's user and password into jumpserver.proxy"
	case inventory.ProxyRefuses:
		return "let the proxy connect to " + c.baseURL.Host + ", or name that in NO_PROXY"
	case inventory.TooLarge:
		return "raise its limit (client_max_body_size of nginx), or lower sync.batch_size"
	case inventory.Blocked:
		return "let this machine pass there, with all methods, for what is below /api/"
	case inventory.BehindIsDown:
		return "JumpServer may be down, or restarting, behind it"
	case inventory.OtherPath:
		return "jumpserver.url has the path " + strconv.Quote(c.baseURL.Path) + ": is " + c.hostName() + " right?"
	case inventory.NotJumpServer:
		return "does jumpserver.url lead to JumpServer?"
	}
	return ""
}
