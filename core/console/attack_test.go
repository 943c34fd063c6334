package console

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/console/link"
	"github.com/jms-sync/jms-sync/core/console/login"
)

const approvePath = "/api/held/" + goodHash + "/approve"

// TestOrdersAreTheirs: each attack is a good order with one thing wrong, is refused, and does nothing.
func TestOrdersAreTheirs(t *testing.T) {
	t.Parallel()
	other := login.NewSessions([]byte(strings.Repeat("x", login.MinKey)), time.Hour, true, time.Now)
	w := httptest.NewRecorder()
	forgedSession := other.Begin(w, login.Identity{ID: "anna@example.com", Names: []string{"anna@example.com"}}, login.Patterns{"*"})
	forged := w.Result().Cookies()[0]
	for name, attack := range map[string]struct {
		edit   func(d *desk, q *request)
		status int
	}{
		"nobody": {func(_ *desk, q *request) { q.who = "" }, 401},
		"forged cookie": {func(_ *desk, q *request) {
			q.who, q.cookie, q.csrf = "", forged.Name+"="+forged.Value, other.CSRF(forgedSession)
		}, 401},
		"cookie without a signature": {func(_ *desk, q *request) { q.who, q.cookie = "", "__Host-jms-sync=eyJpZCI6ImFubmEifQ" }, 401},
		"cookie cut short": {func(d *desk, q *request) {
			q.cookie, q.csrf = d.session(q.who)
			q.who, q.cookie = "", q.cookie[:len(q.cookie)-2]
		}, 401},
		"expired": {func(d *desk, q *request) {
			q.cookie, q.csrf = d.session(q.who)
			q.who = ""
			d.now = d.now.Add(8 * time.Hour)
		}, 401},
		"cookie of a plain page": {func(d *desk, q *request) {
			q.cookie, q.csrf = d.session(q.who)
			q.who, q.cookie = "", strings.TrimPrefix(q.cookie, "__Host-")
		}, 401},
		"cookie of a sign-in":      {func(d *desk, q *request) { q.who, q.cookie = "", "__Host-jms-sync="+d.flowCookie() }, 401},
		"viewer":                   {func(_ *desk, q *request) { q.who = "view@example.com" }, 403},
		"no role any more":         {func(_ *desk, q *request) { q.who = "eve@example.com" }, 403},
		"no token":                 {func(d *desk, q *request) { q.cookie, _ = d.session(q.who); q.who = "" }, 403},
		"token of another session": {func(d *desk, q *request) { q.cookie, _ = d.session(q.who); _, q.csrf = d.session(q.who); q.who = "" }, 403},
		"another site":             {func(_ *desk, q *request) { q.origin = "https://evil.example.com" }, 403},
		"another port":             {func(_ *desk, q *request) { q.origin = origin + ":8443" }, 403},
		"no origin":                {func(_ *desk, q *request) { q.origin = "" }, 403},
		"opaque origin":            {func(_ *desk, q *request) { q.origin = "null" }, 403},
		"plain origin":             {func(_ *desk, q *request) { q.origin = "http://console.example.com" }, 403},
		"same site, other host":    {func(_ *desk, q *request) { q.site = "same-site" }, 403},
		"cross-site":               {func(_ *desk, q *request) { q.site = "cross-site" }, 403},
		"a form":                   {func(_ *desk, q *request) { q.kind = "application/x-www-form-urlencoded" }, 415},
		"text of a form":           {func(_ *desk, q *request) { q.kind = "text/plain" }, 415},
		"no content type":          {func(_ *desk, q *request) { q.kind = "" }, 415},
		"rebound name":             {func(_ *desk, q *request) { q.host = "evil.example.com" }, 421},
		"by address":               {func(_ *desk, q *request) { q.host = "127.0.0.1:8088" }, 421},
		"GET":                      {func(_ *desk, q *request) { q.method = "GET" }, 404},
		"HEAD":                     {func(_ *desk, q *request) { q.method = "HEAD" }, 404},
		"PUT":                      {func(_ *desk, q *request) { q.method = "PUT" }, 405},
		"OPTIONS":                  {func(_ *desk, q *request) { q.method = "OPTIONS" }, 405},
		"oversized":                {func(_ *desk, q *request) { q.body = `{"assets":3,"reason":"` + strings.Repeat("x", maxBody) + `"}` }, 413},
		"long reason":              {func(_ *desk, q *request) { q.body = `{"assets":3,"reason":"` + strings.Repeat("x", maxReason+1) + `"}` }, 400},
		"unknown field":            {func(_ *desk, q *request) { q.body = `{"assets":3,"force":true}` }, 400},
		"two bodies":               {func(_ *desk, q *request) { q.body = `{"assets":3} {"assets":3}` }, 400},
		"no JSON":                  {func(_ *desk, q *request) { q.body = "assets=3" }, 400},
		"part of a hash":           {func(_ *desk, q *request) { q.path = "/api/held/" + goodHash[:8] + "/approve" }, 400},
		"other number of assets":   {func(_ *desk, q *request) { q.body = `{"assets":4}` }, 409},
		"path trick":               {func(_ *desk, q *request) { q.path = "/api/held/../../etc/approve" }, 0},
		"encoded path":             {func(_ *desk, q *request) { q.path = "/api/held/%2e%2e%2fpause/approve" }, 400},
		"no audit log":             {func(d *desk, _ *request) { d.backend.auditErr = errors.New("down") }, 503},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, nil)
			q := order(approvePath, `{"assets":3,"reason":"x"}`)
			attack.edit(d, &q)
			got := d.send(q)
			if attack.status != 0 && got.Code != attack.status || got.Code < 300 {
				t.Errorf("status %d, want %d: %s", got.Code, attack.status, got.Body)
			}
			if strings.Contains(d.backend.acts(), "approve:a") {
				t.Errorf("done: %s", d.backend.acts())
			}
		})
	}
	d := newDesk(t, nil)
	got := d.send(order(approvePath, `{"assets":3,"reason":"x"}`))
	if got.Code != 200 || d.backend.acts() != "audit:approve:intent approve:anna@example.com audit:approve:done" {
		t.Errorf("%d %s: %s", got.Code, got.Body, d.backend.acts())
	}
	if got := d.send(order(approvePath, `{"assets":3,"reason":"x"}`)); got.Code != 409 || strings.Count(d.backend.acts(), "approve:anna") != 1 {
		t.Errorf("replayed: %d %s", got.Code, d.backend.acts())
	}
}

// flowCookie returns the value of the cookie of a sign-in that began.
func (d *desk) flowCookie() string {
	w := httptest.NewRecorder()
	d.sessions.BeginFlow(w, origin+"/login/callback")
	return w.Result().Cookies()[0].Value
}

// TestLinks: what may be wrong with the link of a card.
func TestLinks(t *testing.T) {
	t.Parallel()
	d := newDesk(t, func(s *Settings) { s.ApprovalLink = true })
	text := d.sessions.NewLink(goodHash)
	post := func(d *desk, path, one string) *httptest.ResponseRecorder {
		q := order(path, `{"link":"`+one+`","assets":3}`)
		q.who = ""
		return d.send(q)
	}
	hash, rest, _ := strings.Cut(text, ".")
	end, sign, _ := strings.Cut(rest, ".")
	otherKey := login.NewSessions([]byte(strings.Repeat("x", login.MinKey)), time.Hour, true, time.Now).NewLink(goodHash)
	for name, bad := range map[string]string{
		"empty": "", "another set": strings.Repeat("f", 64) + "." + rest, "a later end": hash + ".9999999999." + sign, "cut": text[:len(text)-1],
		"another key": otherKey, "no signature": hash + "." + end, "more": text + ".x", "a session": d.flowCookie(),
	} {
		if got := post(d, "/api/link/approve", bad); got.Code != 403 {
			t.Errorf("%s: %d %s", name, got.Code, got.Body)
		}
	}
	for _, method := range []string{"GET", "HEAD"} { // a preview of a chat program, a scanner of mail
		for _, path := range []string{"/approve", "/api/link", "/api/link/approve", "/approve?" + text} {
			q := request{method: method, path: path, host: "console.example.com"}
			if got := d.send(q); got.Code != 200 && got.Code != 404 || strings.Contains(d.backend.acts(), "approve:") {
				t.Errorf("%s %s: %d", method, path, got.Code)
			}
		}
	}
	cross := order("/api/link/approve", `{"link":"`+text+`","assets":3}`)
	cross.who, cross.origin = "", "https://evil.example.com"
	if got := d.send(cross); got.Code != 403 {
		t.Errorf("another site: %d", got.Code)
	}
	if got := post(d, "/api/link", text); got.Code != 200 || !strings.Contains(got.Body.String(), goodHash) || strings.Contains(d.backend.acts(), "approve:") {
		t.Errorf("showing it: %d %s, %s", got.Code, got.Body, d.backend.acts())
	}
	if got := post(d, "/api/link/approve", text); got.Code != 200 || strings.Count(d.backend.acts(), "approve:link") != 1 {
		t.Errorf("approving: %d %s, %s", got.Code, got.Body, d.backend.acts())
	}
	if got := post(d, "/api/link/approve", text); got.Code != 409 || strings.Count(d.backend.acts(), "approve:link") != 1 {
		t.Errorf("replayed: %d %s", got.Code, d.backend.acts())
	}
	d.now = d.now.Add(link.Lifetime)
	if got := post(d, "/api/link", text); got.Code != 410 {
		t.Errorf("an hour later: %d", got.Code)
	}
	off := newDesk(t, nil)
	if got := post(off, "/api/link/approve", off.sessions.NewLink(goodHash)); got.Code != 404 || strings.Contains(off.backend.acts(), "approve:") {
		t.Errorf("where links may not approve: %d %s", got.Code, off.backend.acts())
	}
}

// TestEveryAnswerIsGuarded: headers of pages, files, answers and refusals; nothing is framed, sniffed or cached.
func TestEveryAnswerIsGuarded(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	for _, path := range []string{"/", "/approve", "/console.css", "/api/me", "/api/overview", "/nothing", "/api/nothing", "/../go.mod", "/web.go", "/login/callback"} {
		h := d.send(request{method: "GET", path: path, host: "console.example.com"}).Result().Header
		csp := h.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
			if !strings.Contains(csp, part) {
				t.Errorf("%s: %q lacks %s", path, csp, part)
			}
		}
		if strings.Contains(csp, "unsafe") || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("X-Frame-Options") != "DENY" || h.Get("Referrer-Policy") != "no-referrer" ||
			h.Get("Cross-Origin-Opener-Policy") != "same-origin" || !strings.HasPrefix(h.Get("Strict-Transport-Security"), "max-age=") || h.Get("Cache-Control") == "" {
			t.Errorf("%s: %v", path, h)
		}
		if h.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s is for other sites: %v", path, h)
		}
	}
	for _, path := range []string{"/api/overview", "/api/held/" + goodHash, "/api/config", "/api/audit"} {
		if got := d.send(request{method: "GET", path: path, host: "console.example.com"}); got.Code != 401 {
			t.Errorf("%s for nobody: %d", path, got.Code)
		}
	}
	got := d.send(request{method: "GET", path: "/api/config", host: "console.example.com", who: "view@example.com"})
	if got.Code != 200 || !strings.Contains(got.Body.String(), "***") { // send looks for the secret
		t.Errorf("%d %s", got.Code, got.Body)
	}
	doctor := order("/api/doctor", "{}")
	doctor.who = "view@example.com"
	if got := d.send(doctor); got.Code != 502 || !strings.Contains(got.Body.String(), "***") {
		t.Errorf("%d %s", got.Code, got.Body)
	}
}

// TestTooMany: one session and one address can only ask so often.
func TestTooMany(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	cookie, csrf := d.session("anna@example.com")
	last := 0
	for range 31 {
		q := order("/api/resume", "{}")
		q.who, q.cookie, q.csrf = "", cookie, csrf
		last = d.send(q).Code
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("the 31st order at once: %d", last)
	}
	d.now = d.now.Add(3 * time.Second)
	q := order("/api/resume", "{}")
	q.who, q.cookie, q.csrf = "", cookie, csrf
	if got := d.send(q); got.Code != 200 {
		t.Errorf("later: %d", got.Code)
	}
	for range 300 {
		last = d.send(request{method: "GET", path: "/api/me", host: "console.example.com"}).Code
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("300 requests of one address at once: %d", last)
	}
}
