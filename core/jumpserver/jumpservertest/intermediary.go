package jumpservertest

import (
	"bytes"
	"cmp"
	"io"
	"maps"
	"net/http"
	"strconv"
	"sync"
)

// Page is an intermediary's answer in JumpServer's place.
type Page struct {
	Status int
	Header map[string]string // Content-Type defaults to text/html if there is a body
	Body   string
	Cookie bool // JumpServer's own cookie is set: it answered itself
}

// ServeHTTP implements http.Handler.
func (p Page) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	if p.Body != "" {
		w.Header().Set("Content-Type", "text/html")
	} else {
		w.Header()["Content-Type"] = nil
	}
	for name, value := range p.Header {
		w.Header().Set(name, value)
	}
	if p.Cookie {
		w.Header().Add("Set-Cookie", "SESSION_COOKIE_NAME_PREFIX=jms_; Path=/")
	}
	w.WriteHeader(p.Status)
	_, _ = io.WriteString(w, p.Body)
}

// Intermediary stands in front of a server like a reverse proxy, a web application firewall or a login gateway, and
// answers in its place as it is told. It is safe for concurrent use.
type Intermediary struct {
	next http.Handler

	mu          sync.Mutex
	rules       []answerRule
	maxBody     int
	large       Page
	intercepted int
}

type answerRule struct {
	match func(*http.Request) bool
	page  Page
	times int
}

// NewIntermediary returns one that passes everything on.
func NewIntermediary(next http.Handler) *Intermediary { return &Intermediary{next: next} }

// Answer answers the next matching requests with a page, times over; a negative number: always.
func (f *Intermediary) Answer(match func(*http.Request) bool, times int, page Page) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules = append(f.rules, answerRule{match, page, times})
}

// LimitBody makes it refuse larger bodies as nginx does; 0 = no limit.
func (f *Intermediary) LimitBody(bytes int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.maxBody, f.large = bytes, NginxPage(http.StatusRequestEntityTooLarge, "Request Entity Too Large")
}

// LetThrough removes all rules and limits.
func (f *Intermediary) LetThrough() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules, f.maxBody = nil, 0
}

// Intercepted returns the number of requests that JumpServer never saw.
func (f *Intermediary) Intercepted() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.intercepted
}

// ServeHTTP implements http.Handler.
func (f *Intermediary) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if page, kept := f.matchRule(r, len(body)); kept {
		page.ServeHTTP(w, r)
		return
	}
	f.next.ServeHTTP(w, r)
}

func (f *Intermediary) matchRule(r *http.Request, size int) (Page, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.maxBody > 0 && size > f.maxBody {
		f.intercepted++
		return f.large, true
	}
	for n := range f.rules {
		rule := &f.rules[n]
		if rule.times != 0 && rule.match(r) {
			rule.times--
			f.intercepted++
			return rule.page, true
		}
	}
	return Page{}, false
}

// NginxPage returns a page of nginx itself, as every reverse proxy built on it shows.
func NginxPage(status int, words string) Page { return nginxLike("nginx/1.24.0", status, words) }

func nginxLike(server string, status int, words string) Page {
	title := strconv.Itoa(status) + " " + cmp.Or(words, http.StatusText(status))
	return Page{Status: status, Header: map[string]string{"Server": server}, Body: "<html>\r\n<head><title>" + title +
		"</title></head>\r\n<body>\r\n<center><h1>" + title + "</h1></center>\r\n<hr><center>" + server + "</center>\r\n</body>\r\n</html>\r\n"}
}

// JSONPage returns an answer of an API gateway.
func JSONPage(status int, server, body string) Page {
	return Page{Status: status, Header: map[string]string{"Server": server, "Content-Type": "application/json"}, Body: body}
}

// PlainPage returns an answer in plain text.
func PlainPage(status int, server, body string) Page {
	return Page{Status: status, Header: map[string]string{"Server": server, "Content-Type": "text/plain; charset=utf-8"}, Body: body}
}

func titledPage(status int, server, title string) Page {
	return Page{Status: status, Header: map[string]string{"Server": server, "Content-Type": "text/html; charset=utf-8"},
		Body: "<!DOCTYPE html>\n<html lang=\"zh-cn\"><head><meta charset=\"utf-8\"><title>\n" + title + "\n</title></head><body></body></html>"}
}

// withHeader returns the page with one more header.
func (p Page) withHeader(name, value string) Page {
	p.Header = maps.Clone(p.Header)
	p.Header[name] = value
	return p
}

// RecordedPages returns, by name, the pages and answers of programs that stand in front of JumpServer in the field, in the form
// that these programs are known for. None of them is JumpServer's.
func RecordedPages() map[string]Page {
	return map[string]Page{
		"nginx 401, auth_basic":      NginxPage(401, "Authorization Required").withHeader("WWW-Authenticate", `Basic realm="Restricted"`),
		"nginx 403":                  NginxPage(403, ""),
		"nginx 404":                  NginxPage(404, ""),
		"nginx 405":                  NginxPage(405, "Not Allowed"),
		"nginx 408":                  NginxPage(408, "Request Time-out"),
		"nginx 413":                  NginxPage(413, "Request Entity Too Large"),
		"nginx 414":                  NginxPage(414, "Request-URI Too Large"),
		"nginx 500":                  NginxPage(500, ""),
		"nginx 502":                  NginxPage(502, ""),
		"nginx 503":                  NginxPage(503, "Service Temporarily Unavailable"),
		"nginx 504":                  NginxPage(504, "Gateway Time-out"),
		"nginx 429":                  NginxPage(429, "Too Many Requests"),
		"nginx, plain HTTP to TLS":   NginxPage(400, "The plain HTTP request was sent to HTTPS port"),
		"openresty 403":              nginxLike("openresty", 403, ""),
		"Aliyun WAF 405":             titledPage(405, "Tengine", "405"),
		"Aliyun SLB 502":             nginxLike("Tengine", 502, ""),
		"AWS ALB 403":                nginxLike("awselb/2.0", 403, ""),
		"AWS ALB 503":                nginxLike("awselb/2.0", 503, "Service Temporarily Unavailable"),
		"HAProxy 503":                {Status: 503, Body: "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>\n"},
		"Cloudflare challenge":       titledPage(403, "cloudflare", "Just a moment..."),
		"F5, 200":                    {Status: 200, Body: `<html><head><title>Request Rejected</title></head><body>The requested URL was rejected. Your support ID is: 42</body></html>`},
		"Envoy 503":                  PlainPage(503, "envoy", "upstream connect error or disconnect/reset before headers. reset reason: connection failure"),
		"Istio 403":                  PlainPage(403, "istio-envoy", "RBAC: access denied"),
		"Traefik 404":                PlainPage(404, "", "404 page not found\n"),
		"Kong 404":                   JSONPage(404, "kong/3.4.2", `{"message":"no Route matched with those values"}`),
		"Kong 401":                   JSONPage(401, "kong/3.4.2", `{"message":"Unauthorized"}`),
		"AWS API gateway 403":        JSONPage(403, "", `{"message":"Forbidden"}`),
		"Huawei APIG 401":            JSONPage(401, "api-gateway", `{"error_msg":"Incorrect IAM authentication information","error_code":"APIG.0301","request_id":"x"}`),
		"Aliyun API gateway 403":     {Status: 403, Header: map[string]string{"X-Ca-Error-Message": "Unauthorized"}},
		"Spring gateway 503":         JSONPage(503, "", `{"timestamp":"2026-11-28T00:00:00Z","path":"/api/","status":503,"error":"Service Unavailable","requestId":"x"}`),
		"Spring gateway 400":         JSONPage(400, "", `{"timestamp":"2026-11-28T00:00:00Z","path":"/api/","status":400,"error":"Bad Request","message":"x"}`),
		"Spring security 401":        JSONPage(401, "", `{"error":"unauthorized","error_description":"Full authentication is required"}`),
		"FastAPI gateway 401":        JSONPage(401, "uvicorn", `{"detail":"Not authenticated"}`),
		"oauth2-proxy 401":           JSONPage(401, "", `{}`),
		"gateway in-house 200":       JSONPage(200, "", `{"code":401,"msg":"请先登录","data":null}`),
		"gateway in-house 400":       JSONPage(400, "", `{"code":400,"msg":"参数错误"}`),
		"login page, 200":            titledPage(200, "", "统一身份认证平台 - 登录"),
		"captive portal, 200":        titledPage(200, "", "Welcome to Free WiFi"),
		"captive portal, 511":        titledPage(511, "", "Network Authentication Required"),
		"maintenance, 503":           titledPage(503, "", "系统维护中"),
		"maintenance, 200":           titledPage(200, "", "系统维护中"),
		"Squid 407":                  titledPage(407, "squid/5.7", "ERROR: Cache Access Denied").withHeader("Proxy-Authenticate", `Basic realm="proxy"`),
		"Squid 503":                  titledPage(503, "squid/5.7", "ERROR: The requested URL could not be retrieved"),
		"IIS 502":                    titledPage(502, "Microsoft-IIS/10.0", "502 - Web server received an invalid response while acting as a gateway or proxy server."),
		"Chinese page, not in UTF-8": {Status: 403, Header: map[string]string{"Content-Type": "text/html; charset=gbk"}, Body: "<html><head><title>\xb7\xc3\xce\xca\xb1\xbb\xbe\xdc\xbe\xf8</title></head></html>"},
		"an answer without a kind":   {Status: 403, Header: map[string]string{"Content-Type": ""}, Body: "<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD></HTML>"},
		"an empty 401":               {Status: 401},
		"JSON that is a page, 200":   {Status: 200, Header: map[string]string{"Content-Type": "application/json"}, Body: "<html><title>Portal</title></html>"},
	}
}

// MatchBody matches requests whose body contains a text, as a firewall does that blocks it.
func MatchBody(text string) func(*http.Request) bool {
	return func(r *http.Request) bool {
		body, err := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		return err == nil && bytes.Contains(body, []byte(text))
	}
}
