package jumpserver

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// TestPages: an answer in JumpServer's place is reported as such, with what to do about
// it: never as a missing right or a wrong key. What may pass is tried again.
func TestPages(t *testing.T) {
	t.Parallel()
	type want struct {
		advice inventory.Advice
		words  string
		tries  int
	}
	wants := map[string]want{
		"nginx 401, auth_basic":      {inventory.LoginPage, `401 (an HTML page titled "401 Authorization Required"), server "nginx/1.24.0"; a login stands before`, 1},
		"nginx 403":                  {inventory.Blocked, `403 (an HTML page titled "403 Forbidden")`, 1},
		"nginx 404":                  {inventory.NotJumpServer, `404 (an HTML page titled "404 Not Found"), server "nginx/1.24.0"; does jumpserver.url lead to JumpServer?`, 1},
		"nginx 405":                  {inventory.Blocked, "with all methods", 1},
		"nginx 408":                  {inventory.BehindIsDown, "408", maxTries},
		"nginx 413":                  {inventory.TooLarge, "client_max_body_size", 1},
		"nginx 414":                  {inventory.TooLarge, "414", 1},
		"nginx 500":                  {inventory.BehindIsDown, "500", maxTries},
		"nginx 502":                  {inventory.BehindIsDown, `502 (an HTML page titled "502 Bad Gateway"), server "nginx/1.24.0"; JumpServer may be down`, maxTries},
		"nginx 503":                  {inventory.BehindIsDown, "503", maxTries},
		"nginx 504":                  {inventory.BehindIsDown, "504", maxTries},
		"nginx, plain HTTP to TLS":   {inventory.WriteHTTPS, "correct jumpserver.url: https://jms.example.com", 1},
		"openresty 403":              {inventory.Blocked, `server "openresty"`, 1},
		"Aliyun WAF 405":             {inventory.Blocked, `405 (an HTML page titled "405"), server "Tengine"`, 1},
		"Aliyun SLB 502":             {inventory.BehindIsDown, "502", maxTries},
		"AWS ALB 403":                {inventory.Blocked, `server "awselb/2.0"`, 1},
		"AWS ALB 503":                {inventory.BehindIsDown, "503", maxTries},
		"HAProxy 503":                {inventory.BehindIsDown, "503 (an HTML page); JumpServer may be down", maxTries},
		"Cloudflare challenge":       {inventory.Blocked, `"Just a moment..."`, 1},
		"F5, 200":                    {inventory.Blocked, `200 (an HTML page titled "Request Rejected")`, 1},
		"Envoy 503":                  {inventory.BehindIsDown, "503 upstream connect error", maxTries},
		"Istio 403":                  {inventory.Blocked, "403 RBAC: access denied", 1},
		"Traefik 404":                {inventory.NotJumpServer, "404 page not found", 1},
		"Kong 404":                   {inventory.NotJumpServer, `404 {"message":"no Route matched with those values"}, server "kong/3.4.2"`, 1},
		"Kong 401":                   {inventory.LoginPage, `{"message":"Unauthorized"}`, 1},
		"AWS API gateway 403":        {inventory.Blocked, `403 {"message":"Forbidden"};`, 1},
		"Huawei APIG 401":            {inventory.LoginPage, "APIG.0301", 1},
		"Aliyun API gateway 403":     {inventory.Blocked, "403 (nothing more)", 1},
		"Spring gateway 503":         {inventory.BehindIsDown, "503", maxTries},
		"Spring gateway 400":         {inventory.Blocked, "400", 1},
		"Spring security 401":        {inventory.LoginPage, "401", 1},
		"FastAPI gateway 401":        {inventory.LoginPage, "Not authenticated", 1},
		"oauth2-proxy 401":           {inventory.LoginPage, "401 {}", 1},
		"gateway in-house 200":       {inventory.NotJumpServer, `200 {"code":401,"msg":"请先登录","data":null}`, maxTries},
		"gateway in-house 400":       {inventory.Blocked, "参数错误", 1},
		"login page, 200":            {inventory.LoginPage, `200 (an HTML page titled "统一身份认证平台 - 登录")`, maxTries},
		"captive portal, 200":        {inventory.NotJumpServer, "does jumpserver.url lead to JumpServer?", maxTries},
		"captive portal, 511":        {inventory.LoginPage, "511", 1},
		"maintenance, 503":           {inventory.BehindIsDown, "系统维护中", maxTries},
		"maintenance, 200":           {inventory.BehindIsDown, "系统维护中", maxTries},
		"Squid 407":                  {inventory.ProxyLogin, "put the proxy's user and password into jumpserver.proxy", 1},
		"Squid 503":                  {inventory.BehindIsDown, "ERROR: The requested URL could not be retrieved", maxTries},
		"IIS 502":                    {inventory.BehindIsDown, "502", maxTries},
		"Chinese page, not in UTF-8": {inventory.Blocked, "403 (an HTML page);", 1},
		"an answer without a kind":   {inventory.Blocked, `"Access Denied"`, 1},
		"an empty 401":               {inventory.LoginPage, "401 (nothing more)", 1},
		"JSON that is a page, 200":   {inventory.NotJumpServer, `200 (an HTML page titled "Portal")`, maxTries},
	}
	for name, answered := range jumpservertest.RecordedPages() {
		if answered.Status == http.StatusTooManyRequests {
			continue // see TestIntermediaryThrottles
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want, known := wants[name]
			if !known {
				t.Fatal("what is to come of it is not said")
			}
			s := newStub(t)
			s.on("GET "+apiCurrent, answered.ServeHTTP)
			_, _, err := s.client().Organisation(t.Context())
			wantKind(t, err, inventory.Front, "something in front of JumpServer answered: ", want.words)
			for _, lie := range []string{": JumpServer answered", "lacks a right", "unknown or switched off"} {
				if strings.Contains(err.Error(), lie) {
					t.Errorf("%q says %q", err, lie)
				}
			}
			if got := inventory.AdviceOf(err); got != want.advice {
				t.Errorf("advice %q, want %q", got, want.advice)
			}
			if n := len(s.requests("GET")); n != want.tries {
				t.Errorf("%d requests, want %d", n, want.tries)
			}
		})
	}
}

// TestIntermediaryThrottles: a 429 is obeyed, whoever sends it.
func TestIntermediaryThrottles(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	good := answer(200, `{"id":"`+DefaultOrganisation+`","name":"DEFAULT"}`)
	s.script("GET "+apiCurrent, jumpservertest.RecordedPages()["nginx 429"].ServeHTTP, good)
	if _, _, err := s.client(func(o *Options) { o.Now = steppingClock() }).Organisation(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestOwnAnswers: none of the refusals that were recorded of real servers, of three versions, is taken
// for somebody else's.
func TestOwnAnswers(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("jumpservertest/testdata/*.json")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d recordings: %v", len(files), err)
	}
	checked := 0
	for _, file := range files {
		for _, r := range refusals(t, file) {
			got := newRawAnswer(&http.Response{StatusCode: r.status, Header: http.Header{"Content-Type": {r.kind}}}, r.body)
			if !got.isFromJumpServer() {
				t.Errorf("%s: %s: %d %s", file, r.name, r.status, r.body)
			}
			checked++
		}
	}
	if checked < 120 {
		t.Errorf("only %d refusals were found", checked)
	}
}

type refusalRecorded struct {
	name   string
	status int
	kind   string
	body   []byte
}

// refusals returns the answers of one file of recordings that are neither success nor redirect.
func refusals(t *testing.T, file string) []refusalRecorded {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	type entry struct {
		Name, Title string
		Response    struct {
			Status int
			Body   json.RawMessage
		}
	}
	var all []entry
	var wrapped struct{ Exchanges []entry }
	if json.Unmarshal(text, &all) != nil && json.Unmarshal(text, &wrapped) == nil {
		all = wrapped.Exchanges
	}
	var found []refusalRecorded
	for _, e := range all {
		if e.Response.Status < http.StatusBadRequest {
			continue
		}
		w := httptest.NewRecorder()
		asRecorded(t, e.Response.Status, e.Response.Body)(w, nil)
		body := w.Body.Bytes()
		if text := strings.TrimSpace(string(body)); text == "null" || text == `""` {
			body = nil
		}
		found = append(found, refusalRecorded{e.Name + e.Title, e.Response.Status, w.Header().Get("Content-Type"), body})
	}
	return found
}

// TestOwnCookie: an answer with JumpServer's own cookie is JumpServer's, whatever it looks like: it has a page for
// a mode and a check that nobody recorded (apps/jumpserver/middleware.py).
func TestOwnCookie(t *testing.T) {
	t.Parallel()
	for status, kind := range map[int]inventory.Kind{401: inventory.BadCredentials, 403: inventory.Denied, 404: inventory.NotFound, 503: inventory.Temporary} {
		s := newStub(t)
		s.on("GET "+apiCurrent, jumpservertest.Page{Status: status, Body: "CSRF CHECK ERROR", Cookie: true}.ServeHTTP)
		_, _, err := s.client().Organisation(t.Context())
		wantKind(t, err, kind, fmt.Sprintf("JumpServer answered %d:", status))
	}
	s := newStub(t)
	s.on("GET "+apiPlatforms, jumpservertest.Page{Status: 200, Header: map[string]string{"Content-Type": "application/json"}, Body: `{"rows":[]}`, Cookie: true}.ServeHTTP)
	_, err := s.client().ListPlatforms(t.Context())
	wantKind(t, err, inventory.Incomplete, "not what JumpServer answers")
}

// TestForeignShapes: well-formed JSON, with a status of success, and nothing of what was asked for.
func TestForeignShapes(t *testing.T) {
	t.Parallel()
	foreign := answer(200, `{"code":0,"message":"success","data":{"total":0,"list":[]}}`)
	name := "x"
	for route, call := range map[string]func(*testing.T, *Client) error{
		"GET " + apiCurrent: func(t *testing.T, c *Client) error {
			_, _, err := c.Organisation(t.Context())
			return err
		},
		"GET " + apiPlatforms: func(t *testing.T, c *Client) error { return errorOf(c.ListPlatforms(t.Context())) },
		"GET " + apiHosts:     func(t *testing.T, c *Client) error { return errorOf(c.Read(t.Context())) },
		"GET " + apiAssets:    func(t *testing.T, c *Client) error { return errorOf(c.CountAssets(t.Context())) },
		"GET " + apiTree:      func(t *testing.T, c *Client) error { return errorOf(c.RootNodeName(t.Context())) },
		"GET " + apiProfile:   func(t *testing.T, c *Client) error { return errorOf(c.Rights(t.Context())) },
		"GET " + apiOrgs:      func(t *testing.T, c *Client) error { return errorOf(c.Organisations(t.Context())) },
		"POST " + apiNodes:    func(t *testing.T, c *Client) error { return c.EnsureNodes(t.Context(), []string{"/DEFAULT/a"}) },
		"GET " + apiNodes:     func(t *testing.T, c *Client) error { return errorOf(c.FindNode(t.Context(), "/DEFAULT/a", "")) },
		"GET " + apiNodes + nodeA + "/": func(t *testing.T, c *Client) error {
			_, err := c.EnsureNode(t.Context(), "/DEFAULT/a", nodeA)
			return err
		},
		"POST " + apiHosts: func(t *testing.T, c *Client) error {
			_, err := c.Create(t.Context(), inventory.NewAsset{ID: testID(1), Name: "a", Address: "10.0.0.1", Platform: "Linux", NodeIDs: []string{nodeA}})
			return err
		},
		"PATCH " + apiHosts: func(t *testing.T, c *Client) error {
			return c.Update(t.Context(), []inventory.Patch{{ID: testID(1), Name: &name}, {ID: testID(2), Name: &name}}, nil)[0]
		},
		"PATCH " + apiHosts + testID(1) + "/": func(t *testing.T, c *Client) error {
			return c.Update(t.Context(), []inventory.Patch{{ID: testID(1), Name: &name}}, nil)[0]
		},
	} {
		t.Run(route, func(t *testing.T) {
			t.Parallel()
			s := newStub(t)
			s.json("GET "+apiHosts, 200, pageJSON(0))
			s.on(route, foreign)
			kind := inventory.Front
			if strings.Contains(route, apiHosts) && !strings.HasPrefix(route, "GET") {
				kind = inventory.Unanswered // it is unknown whether the request got through
			}
			if strings.HasPrefix(route, "POST "+apiHosts) {
				kind = inventory.Temporary // it was looked up several times, and does not exist
			}
			wantKind(t, call(t, s.client()), kind, `something in front of JumpServer answered: 200 {"code":0,"message":"success"`)
		})
	}
	for _, page := range []string{`{"code":0}`, `[]`} {
		s := &stub{t: t, routes: map[string]http.HandlerFunc{}}
		_, err := s.client(func(o *Options) { o.Transport = plain{answer(200, page)} }).Reach(t.Context())
		wantKind(t, err, inventory.Front, "200 "+page)
	}
}

// errorOf returns the error of a call.
func errorOf[T any](_ T, err error) error { return err }

// plain is a transport without the stub's checks, for requests that are not signed.
type plain struct{ h http.Handler }

func (p plain) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	p.h.ServeHTTP(w, r)
	return w.Result(), nil
}

// TestPathInURL: people copy jumpserver.url from a browser.
func TestPathInURL(t *testing.T) {
	t.Parallel()
	own := jumpservertest.Page{Status: 200, Body: "<html><head><title>JumpServer</title></head></html>", Cookie: true}
	c := newStub(t).client(func(o *Options) { o.URL, o.Transport = "https://jms.example.com/ui", plain{own} })
	if _, _, err := c.Organisation(t.Context()); inventory.AdviceOf(err) != inventory.OtherPath || !strings.Contains(err.Error(), "JumpServer's web interface, not its API, answered: 200") {
		t.Error(err)
	}
	for name, h := range map[string]http.Handler{
		"the web interface": page(200, "<html><head><title>JumpServer</title></head></html>"),
		"a path unknown":    page(404, notFound),
		"another site":      jumpservertest.NginxPage(404, ""),
	} {
		c := newStub(t).client(func(o *Options) { o.URL, o.Transport = "https://jms.example.com/jump", plain{h} })
		_, _, err := c.Organisation(t.Context())
		if inventory.AdviceOf(err) != inventory.OtherPath || !strings.Contains(err.Error(), `jumpserver.url has the path "/jump": is https://jms.example.com right?`) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAddressList: a key that is not accepted from this address is reported so, though the code is that of a wrong key.
func TestAddressList(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.json("GET "+apiCurrent, 401, `{"detail":"Ip is not in access ip list.","code":"authentication_failed"}`)
	_, _, err := s.client().Organisation(t.Context())
	wantKind(t, err, inventory.BadCredentials, "add it to the key's IP list", "JumpServer answered 401")
	if inventory.AdviceOf(err) != inventory.AddressList || strings.Contains(err.Error(), "unknown or switched off") {
		t.Error(err)
	}
}

// TestRedirects: each error says what to write in place of the address.
func TestRedirects(t *testing.T) {
	t.Parallel()
	const path = "/api/v1/orgs/orgs/current/"
	for name, test := range map[string]struct {
		url, to string
		advice  inventory.Advice
		words   string
	}{
		"to HTTPS":              {"http://jms.example.com", "https://jms.example.com" + path, inventory.WriteHTTPS, "correct jumpserver.url: https://jms.example.com"},
		"to HTTPS, port named":  {"http://jms.example.com:80", "https://jms.example.com:443" + path, inventory.WriteHTTPS, "correct jumpserver.url: https://jms.example.com:443"},
		"to plain HTTP":         {"https://jms.example.com", "http://jms.example.com" + path, inventory.WriteHTTP, "it takes https for http"},
		"to another host":       {"https://jms.example.com", "https://www.jms.example.com" + path, inventory.OtherHost, "correct jumpserver.url: https://www.jms.example.com"},
		"to another port":       {"https://jms.example.com", "https://jms.example.com:8443" + path, inventory.OtherHost, "https://jms.example.com:8443"},
		"to a path":             {"https://jms.example.com", "/jms" + path, inventory.OtherPath, "correct jumpserver.url: https://jms.example.com/jms"},
		"out of a path":         {"https://jms.example.com/jms", path, inventory.OtherPath, "correct jumpserver.url: https://jms.example.com"},
		"to HTTPS below a path": {"http://jms.example.com/jms", "https://jms.example.com/jms" + path, inventory.WriteHTTPS, "correct jumpserver.url: https://jms.example.com/jms"},
		"to a login":            {"https://jms.example.com", "https://sso.example.com/?next=" + path, inventory.LoginPage, "a login stands before JumpServer"},
		"to a login beside it":  {"https://jms.example.com", "/core/auth/login/?next=/", inventory.LoginPage, "a login stands before JumpServer"},
		"to a front page":       {"https://jms.example.com", "https://jms.example.com/", inventory.NotJumpServer, "correct jumpserver.url"},
		"nowhere":               {"https://jms.example.com", "", inventory.NotJumpServer, "redirects (302) to elsewhere"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newStub(t).client(func(o *Options) {
				o.URL = test.url
				o.Transport = plain{http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					if test.to != "" {
						w.Header().Set("Location", test.to)
					}
					w.WriteHeader(http.StatusFound)
					_, _ = io.WriteString(w, "<html></html>")
				})}
			})
			_, _, err := c.Organisation(t.Context())
			wantKind(t, err, inventory.Front, test.words)
			if got := inventory.AdviceOf(err); got != test.advice || c.Calls() != 1 {
				t.Errorf("advice %q, want %q, after %d calls: %v", got, test.advice, c.Calls(), err)
			}
		})
	}
}
