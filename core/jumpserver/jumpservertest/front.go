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

// Page is what something in front of JumpServer answers in its place.
type Page struct {
	Status int
	Header map[string]string // Content-Type is text/html where it is missing and there is a body
	Body   string
	Cookie bool // JumpServer's own cookie is set: it answered itself after all
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

// Front stands before a server as a reverse proxy, a firewall for the web or a login gateway does, and
// answers in its place what it is told to. Its methods may be called at any time.
type Front struct {
	next http.Handler

	mu      sync.Mutex
	rules   []frontRule
	maxBody int
	large   Page
	kept    int
}

type frontRule struct {
	match func(*http.Request) bool
	page  Page
	times int
}

// NewFront makes one that lets everything through.
func NewFront(next http.Handler) *Front { return &Front{next: next} }

// Answer makes the next requests that match be answered by a page, times over; a negative number: always.
func (f *Front) Answer(match func(*http.Request) bool, times int, page Page) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules = append(f.rules, frontRule{match, page, times})
}

// Limit makes it refuse bodies of more than so many bytes as nginx does; 0 = any pass.
func (f *Front) Limit(bytes int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.maxBody, f.large = bytes, Nginx(http.StatusRequestEntityTooLarge, "Request Entity Too Large")
}

// Open takes all rules and limits away.
func (f *Front) Open() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules, f.maxBody = nil, 0
}

// Kept counts the requests that JumpServer never saw.
func (f *Front) Kept() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.kept
}

// ServeHTTP implements http.Handler.
func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if page, kept := f.judge(r, len(body)); kept {
		page.ServeHTTP(w, r)
		return
	}
	f.next.ServeHTTP(w, r)
}

func (f *Front) judge(r *http.Request, size int) (Page, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.maxBody > 0 && size > f.maxBody {
		f.kept++
		return f.large, true
	}
	for n := range f.rules {
		rule := &f.rules[n]
		if rule.times != 0 && rule.match(r) {
			rule.times--
			f.kept++
			return rule.page, true
		}
	}
	return Page{}, false
}

// Nginx is a page of nginx's own, as every reverse proxy built on it shows.
func Nginx(status int, words string) Page { return nginxLike("nginx/1.24.0", status, words) }

func nginxLike(server string, status int, words string) Page {
	title := strconv.Itoa(status) + " " + cmp.Or(words, http.StatusText(status))
	return Page{Status: status, Header: map[string]string{"Server": server}, Body: "<html>\r\n<head><title>" + title +
		"</title></head>\r\n<body>\r\n<center><h1>" + title + "</h1></center>\r\n<hr><center>" + server + "</center>\r\n</body>\r\n</html>\r\n"}
}

// JSON is an answer of a gateway for APIs.
func JSON(status int, server, body string) Page {
	return Page{Status: status, Header: map[string]string{"Server": server, "Content-Type": "application/json"}, Body: body}
}

// Plain is an answer in plain words.
func Plain(status int, server, body string) Page {
	return Page{Status: status, Header: map[string]string{"Server": server, "Content-Type": "text/plain; charset=utf-8"}, Body: body}
}

func titled(status int, server, title string) Page {
	return Page{Status: status, Header: map[string]string{"Server": server, "Content-Type": "text/html; charset=utf-8"},
		Body: "<!DOCTYPE html>\n<html lang=\"zh-cn\"><head><meta charset=\"utf-8\"><title>\n" + title + "\n</title></head><body></body></html>"}
}

// with adds a header to a page.
func (p Page) with(name, value string) Page {
	p.Header = maps.Clone(p.Header)
	p.Header[name] = value
	return p
}

// Pages are what stands in front of JumpServer in the field, by what it is: pages and answers in the form
// that these programs are known to give. None of them is JumpServer's.
func Pages() map[string]Page {
	return map[string]Page{
		"nginx 401, auth_basic":      Nginx(401, "Authorization Required").with("WWW-Authenticate", `Basic realm="Restricted"`),
		"nginx 403":                  Nginx(403, ""),
		"nginx 404":                  Nginx(404, ""),
		"nginx 405":                  Nginx(405, "Not Allowed"),
		"nginx 408":                  Nginx(408, "Request Time-out"),
		"nginx 413":                  Nginx(413, "Request Entity Too Large"),
		"nginx 414":                  Nginx(414, "Request-URI Too Large"),
		"nginx 500":                  Nginx(500, ""),
		"nginx 502":                  Nginx(502, ""),
		"nginx 503":                  Nginx(503, "Service Temporarily Unavailable"),
		"nginx 504":                  Nginx(504, "Gateway Time-out"),
		"nginx 429":                  Nginx(429, "Too Many Requests"),
		"nginx, plain HTTP to TLS":   Nginx(400, "The plain HTTP request was sent to HTTPS port"),
		"openresty 403":              nginxLike("openresty", 403, ""),
		"Aliyun WAF 405":             titled(405, "Tengine", "405"),
		"Aliyun SLB 502":             nginxLike("Tengine", 502, ""),
		"AWS ALB 403":                nginxLike("awselb/2.0", 403, ""),
		"AWS ALB 503":                nginxLike("awselb/2.0", 503, "Service Temporarily Unavailable"),
		"HAProxy 503":                {Status: 503, Body: "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>\n"},
		"Cloudflare challenge":       titled(403, "cloudflare", "Just a moment..."),
		"F5, 200":                    {Status: 200, Body: `<html><head><title>Request Rejected</title></head><body>The requested URL was rejected. Your support ID is: 42</body></html>`},
		"Envoy 503":                  Plain(503, "envoy", "upstream connect error or disconnect/reset before headers. reset reason: connection failure"),
		"Istio 403":                  Plain(403, "istio-envoy", "RBAC: access denied"),
		"Traefik 404":                Plain(404, "", "404 page not found\n"),
		"Kong 404":                   JSON(404, "kong/3.4.2", `{"message":"no Route matched with those values"}`),
		"Kong 401":                   JSON(401, "kong/3.4.2", `{"message":"Unauthorized"}`),
		"AWS API gateway 403":        JSON(403, "", `{"message":"Forbidden"}`),
		"Huawei APIG 401":            JSON(401, "api-gateway", `{"error_msg":"Incorrect IAM authentication information","error_code":"APIG.0301","request_id":"x"}`),
		"Aliyun API gateway 403":     {Status: 403, Header: map[string]string{"X-Ca-Error-Message": "Unauthorized"}},
		"Spring gateway 503":         JSON(503, "", `{"timestamp":"2026-11-28T00:00:00Z","path":"/api/","status":503,"error":"Service Unavailable","requestId":"x"}`),
		"Spring gateway 400":         JSON(400, "", `{"timestamp":"2026-11-28T00:00:00Z","path":"/api/","status":400,"error":"Bad Request","message":"x"}`),
		"Spring security 401":        JSON(401, "", `{"error":"unauthorized","error_description":"Full authentication is required"}`),
		"FastAPI gateway 401":        JSON(401, "uvicorn", `{"detail":"Not authenticated"}`),
		"oauth2-proxy 401":           JSON(401, "", `{}`),
		"gateway in-house 200":       JSON(200, "", `{"code":401,"msg":"请先登录","data":null}`),
		"gateway in-house 400":       JSON(400, "", `{"code":400,"msg":"参数错误"}`),
		"login page, 200":            titled(200, "", "统一身份认证平台 - 登录"),
		"captive portal, 200":        titled(200, "", "Welcome to Free WiFi"),
		"captive portal, 511":        titled(511, "", "Network Authentication Required"),
		"maintenance, 503":           titled(503, "", "系统维护中"),
		"maintenance, 200":           titled(200, "", "系统维护中"),
		"Squid 407":                  titled(407, "squid/5.7", "ERROR: Cache Access Denied").with("Proxy-Authenticate", `Basic realm="proxy"`),
		"Squid 503":                  titled(503, "squid/5.7", "ERROR: The requested URL could not be retrieved"),
		"IIS 502":                    titled(502, "Microsoft-IIS/10.0", "502 - Web server received an invalid response while acting as a gateway or proxy server."),
		"Chinese page, not in UTF-8": {Status: 403, Header: map[string]string{"Content-Type": "text/html; charset=gbk"}, Body: "<html><head><title>\xb7\xc3\xce\xca\xb1\xbb\xbe\xdc\xbe\xf8</title></head></html>"},
		"an answer without a kind":   {Status: 403, Header: map[string]string{"Content-Type": ""}, Body: "<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD></HTML>"},
		"an empty 401":               {Status: 401},
		"JSON that is a page, 200":   {Status: 200, Header: map[string]string{"Content-Type": "application/json"}, Body: "<html><title>Portal</title></html>"},
	}
}

// Holding matches requests whose body holds a text, as a firewall does that dislikes it.
func Holding(text string) func(*http.Request) bool {
	return func(r *http.Request) bool {
		body, err := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		return err == nil && bytes.Contains(body, []byte(text))
	}
}
