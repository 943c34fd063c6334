package jumpservertest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// exactly sends a request with all its recorded headers. Only the signature, which is a fake in
// the recordings, is computed again: with this secret, over the headers that it names.
func (p *player) exactly(e exchange, secret string) *httptest.ResponseRecorder {
	p.t.Helper()
	raw := ""
	switch body := e.Request.Body.(type) {
	case nil:
	case string:
		raw = body
	default:
		b, err := json.Marshal(body)
		if err != nil {
			p.t.Fatal(err)
		}
		raw = p.translate(string(b))
	}
	r := httptest.NewRequest(e.Request.Method, "http://jumpserver.test"+p.translate(e.Request.Path), strings.NewReader(raw))
	for name, value := range e.Request.Headers {
		r.Header.Set(name, value)
	}
	header := r.Header.Get("Authorization")
	if strings.Contains(header, "FAKESIGNATURE") {
		target := r.URL.RequestURI()
		if e.Name == "signature_query_left_out" {
			target = r.URL.Path
		}
		text := fmt.Sprintf("(request-target): %s %s\naccept: %s\ndate: %s",
			strings.ToLower(r.Method), target, r.Header.Get("Accept"), r.Header.Get("Date"))
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(text))
		r.Header.Set("Authorization", strings.Replace(header, "FAKESIGNATUREBASE64=", base64.StdEncoding.EncodeToString(mac.Sum(nil)), 1))
	}
	w := httptest.NewRecorder()
	p.s.ServeHTTP(w, r)
	return w
}

// Who may ask, for which organisation and in which language, as recorded with all headers.
func TestHeaders(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"auth.json", "organisation.json", "permissions.json", "language.json"} {
		p := newPlayer(t, Options{})
		p.s.AddKey(Key{ID: "66666666-7777-8888-9999-000000000000", Secret: KeySecret, User: "norole", NoRole: true})
		p.s.AddKey(Key{ID: "77777777-8888-9999-0000-111111111111", Secret: KeySecret, Disabled: true})
		p.s.AddKey(Key{ID: "88888888-8888-9999-0000-111111111111", Secret: "x", Token: "FAKEPRIVATETOKEN"})
		p.s.AddOrg("00000000-0000-0000-0000-00000000abcd", "other")
		p.s.Seed("00000000-0000-0000-0000-00000000abcd", Host{Name: "zz-of-another"})
		count := map[string]int{"organisation.json": 1000, "permissions.json": 39}[file]
		for n := range count {
			p.s.Seed(DefaultOrg, Host{Name: fmt.Sprintf("h-%04d", n), Address: "192.0.2.1"})
		}
		if count > 0 {
			p.s.Seed(DefaultOrg, Host{ID: "2b8753d4-6b62-5d2d-b0ab-f51e2f3d6c81", Name: "REC-1"})
		}
		if file == "permissions.json" {
			p.s.Seed(DefaultOrg, Host{ID: "1c3e4d70-5c02-5e7a-bed5-0532a6868bdc", Name: "rec-1"})
			p.s.DeleteAsset(DefaultOrg, p.s.Hosts(DefaultOrg)[1].ID)
		}
		for _, e := range load(t, file) {
			p.header(file, e)
		}
		if got := len(p.s.Hosts(DefaultOrg)); count > 0 && got != count+1 {
			t.Errorf("%s: %d hosts are left", file, got)
		}
	}
}

// withOther returns a recorded body as a server with one more organisation would send it, whose
// one host has the last name.
func withOther(e exchange) any {
	switch body := e.Response.Body.(type) {
	case map[string]any:
		if e.Name == "root" {
			body["count"] = body["count"].(float64) + 1
		}
		if e.Name == "root_org_read" {
			return map[string]any{"count": 1.0, "results": []any{map[string]any{"name": "zz-of-another"}}}
		}
	case []any:
		if e.Name == "orgs" {
			return append(body, map[string]any{"name": "other"})
		}
	}
	return e.Response.Body
}

func (p *player) header(file string, e exchange) {
	p.t.Helper()
	secret := KeySecret
	if e.Name == "bad_signature" || e.Name == "post_bad_signature" || e.Name == "no_accept_language_bad_signature" {
		secret = "wrong"
	}
	w := p.exactly(e, secret)
	var got any
	_ = json.Unmarshal(w.Body.Bytes(), &got)
	want := withOther(e)
	p.learn(want, got)
	diff := p.differ("", want, got, w.Code >= 400)
	if w.Code != e.Response.Status || diff != "" {
		p.t.Errorf("%s: %s: status %d, recorded %d: %s", file, e.Name, w.Code, e.Response.Status, diff)
	}
	for name, recorded := range map[string]string{"Location": "location", "Www-Authenticate": "www-authenticate", "Content-Type": "content-type"} {
		want, got := e.Response.Headers[recorded], w.Header().Get(name)
		if got != want && (want != "" || name != "Content-Type") {
			p.t.Errorf("%s: %s %q, recorded %q", e.Name, name, got, want)
		}
	}
}

// 180 requests within any minute, for each user; refused ones do not count.
func TestThrottle(t *testing.T) {
	t.Parallel()
	now := time.Unix(1e9, 0)
	p := newPlayer(t, Options{Version: V410, MaxRequests: 180, Now: func() time.Time { return now }})
	p.s.AddKey(Key{ID: "66666666-7777-8888-9999-000000000000", Secret: "other", User: "other"})
	ask := exchange{}
	ask.Request.Method, ask.Request.Path = http.MethodGet, "/api/v1/users/profile/"
	for n := range 180 {
		if n == 90 {
			now = now.Add(8 * time.Second)
		}
		if status, _ := p.send(ask, KeyID, KeySecret); status != 200 {
			t.Fatal(n, status)
		}
	}
	r := httptest.NewRequest(http.MethodGet, "http://jumpserver.test/api/v1/users/profile/", nil)
	sign(r, KeyID, KeySecret)
	w := httptest.NewRecorder()
	p.s.ServeHTTP(w, r)
	const want = `{"code":"throttled","detail":"Request was throttled. Expected available in 52 seconds."}`
	if w.Code != 429 || w.Header().Get("Retry-After") != "52" || strings.TrimSpace(w.Body.String()) != want {
		t.Error(w.Code, w.Header(), w.Body)
	}
	if status, _ := p.send(ask, "66666666-7777-8888-9999-000000000000", "other"); status != 200 {
		t.Error("another user:", status)
	}
	now = now.Add(52 * time.Second)
	for n := range 91 {
		if status, _ := p.send(ask, KeyID, KeySecret); (status == 200) != (n < 90) {
			t.Error(n, status)
		}
	}
}
