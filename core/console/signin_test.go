package console

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/console/login"
)

// TestSignIn: who comes back from the provider gets a session only in the browser that began, once, and with a role.
func TestSignIn(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	start := order("/login/start", "{}")
	start.who = ""
	begin := func() (cookie, state string) {
		got := d.send(start)
		var to struct{ Redirect string }
		if err := json.Unmarshal(got.Body.Bytes(), &to); err != nil || got.Code != 200 {
			t.Fatal(got.Code, got.Body)
		}
		c := got.Result().Cookies()[0]
		if !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || !strings.HasPrefix(c.Name, "__Host-") {
			t.Errorf("cookie %+v", c)
		}
		_, state, _ = strings.Cut(to.Redirect, "state=")
		return c.Name + "=" + c.Value, state
	}
	back := func(cookie, query string) (location string, session *http.Cookie) {
		got := d.send(request{method: "GET", path: "/login/callback?" + query, host: "console.example.com", cookie: cookie, site: "cross-site"})
		for _, c := range got.Result().Cookies() {
			if c.Name == "__Host-jms-sync" {
				session = c
			}
		}
		return got.Result().Header.Get("Location"), session
	}
	cookie, state := begin()
	for name, bad := range map[string][2]string{
		"no cookie": {"", "code=anna@example.com&state=" + state}, "another state": {cookie, "code=anna@example.com&state=x"}, "no state": {cookie, "code=anna@example.com"},
		"no code": {cookie, "state=" + state}, "forged cookie": {cookie + "x", "code=anna@example.com&state=" + state},
		"a session": {"__Host-jms-sync-login=" + strings.TrimPrefix(first(d.session("anna@example.com")), "__Host-jms-sync="), "code=anna@example.com&state="},
	} {
		if at, session := back(bad[0], bad[1]); at != "/#/login/failed?code=state" || session != nil {
			t.Errorf("%s: %s %v", name, at, session)
		}
	}
	if at, session := back(cookie, "code=eve@example.com&state="+state); at != "/#/login/failed?code=role" || session != nil {
		t.Errorf("nobody of ours: %s", at)
	}
	if at, session := back(cookie, "code=broken&state="+state); at != "/#/login/failed?code=provider" || session != nil {
		t.Errorf("the provider refused: %s", at)
	}
	at, session := back(cookie, "code=anna@example.com&state="+state)
	if at != "/" || session == nil || !session.HttpOnly || !session.Secure || session.SameSite != http.SameSiteStrictMode || session.Path != "/" || session.Domain != "" {
		t.Fatalf("%s %+v", at, session)
	}
	var me Me
	got := d.send(request{method: "GET", path: "/api/me", host: "console.example.com", cookie: session.Name + "=" + session.Value})
	if err := json.Unmarshal(got.Body.Bytes(), &me); err != nil || me.Role != Approver || me.ID != "anna@example.com" || me.CSRF == "" {
		t.Errorf("%s", got.Body)
	}
	d.now = d.now.Add(11 * time.Minute)
	if at, session := back(cookie, "code=anna@example.com&state="+state); at != "/#/login/failed?code=state" || session != nil {
		t.Errorf("too late: %s", at)
	}
	out := order("/logout", "{}")
	gone := d.send(out).Result().Cookies()
	if len(gone) != 1 || gone[0].MaxAge >= 0 {
		t.Errorf("signed out: %+v", gone)
	}
	if !strings.Contains(d.backend.acts(), "audit:login:done") || !strings.Contains(d.backend.acts(), "audit:login:refused") || !strings.Contains(d.backend.acts(), "audit:logout:done") {
		t.Error(d.backend.acts())
	}
}

func first(cookie, _ string) string { return cookie }

// TestToken: the token of serve signs in once, and never where people sign in otherwise.
func TestToken(t *testing.T) {
	t.Parallel()
	var next []string
	token := login.NewToken(func(text string) {
		next = append(next, text)
	})
	d := newDesk(t, func(s *Settings) {
		s.Login, s.Provider, s.Token, s.Operator = ByToken, nil, token, login.Identity{ID: "root@host"}
	})
	use := func(d *desk, text string) int {
		q := order("/login/token", `{"token":"`+text+`"}`)
		q.who = ""
		return d.send(q).Code
	}
	text := token.Text()
	if use(d, "") != 403 || use(d, text[1:]) != 403 || use(d, text) != 200 || use(d, text) != 403 || len(next) != 1 || use(d, next[0]) != 200 {
		t.Errorf("next: %v", next)
	}
	if got := d.send(request{method: "GET", path: "/login/token?token=" + token.Text(), host: "console.example.com"}); got.Code != 404 {
		t.Errorf("GET: %d", got.Code)
	}
	elsewhere := newDesk(t, func(s *Settings) { s.Token = token })
	if use(elsewhere, token.Text()) != 404 {
		t.Error("a token signs in where people sign in by a provider")
	}
	for range 10 {
		use(d, "wrong")
	}
	if use(d, token.Text()) != 429 {
		t.Error("tokens can be tried without end")
	}
}

// TestStreams: a plan tells its stages and its result, an apply needs rows, and neither waits for who went away.
func TestStreams(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	got := d.send(order("/api/plan", "{}"))
	text := got.Body.String()
	if got.Result().Header.Get("Content-Type") != "text/event-stream; charset=utf-8" || !strings.Contains(text, "event: stage\ndata: {") || !strings.HasSuffix(text, "\n\n") ||
		!strings.Contains(text, "event: result\ndata: {\"id\":\"p\"") {
		t.Errorf("%s", text)
	}
	if got := d.send(order("/api/plan/x/apply", `{"rows":[]}`)); got.Code != 400 {
		t.Errorf("nothing ticked: %d", got.Code)
	}
	viewer := order("/api/plan/x/apply", `{"rows":[1]}`)
	viewer.who = "view@example.com"
	if got := d.send(viewer); got.Code != 403 || strings.Contains(d.backend.acts(), "apply:v") {
		t.Errorf("a viewer: %d %s", got.Code, d.backend.acts())
	}
	got = d.send(order("/api/plan/x/apply", `{"rows":[1]}`))
	if !strings.Contains(got.Body.String(), "event: result") || !strings.Contains(d.backend.acts(), "audit:apply:intent apply:anna@example.com:x audit:apply:done") {
		t.Errorf("%s %s", got.Body, d.backend.acts())
	}
}

// TestPauseOrders: what a pause must say.
func TestPauseOrders(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	for body, status := range map[string]int{
		`{}`: 400, `{"until":"2026-11-28T11:00:00Z"}`: 400, `{"until":"2028-11-28T13:00:00Z"}`: 400, `{"until":"soon"}`: 400,
		`{"removals":true}`: 200, `{"until":"2026-11-28T16:00:00Z","reason":"换\u0000数据库"}`: 200,
	} {
		if got := d.send(order("/api/pause", body)); got.Code != status {
			t.Errorf("%s: %d %s", body, got.Code, got.Body)
		}
	}
	if !strings.Contains(d.backend.acts(), "pause:anna@example.com:换 数据库") {
		t.Error(d.backend.acts())
	}
}
