package login

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestPatterns(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"anna@example.com", "anna@example.com", true}, {"Anna@Example.com", "anna@example.com", true}, {"anna@example.com", "hanna@example.com", false},
		{"*@example.com", "anna@example.com", true}, {"*@example.com", "anna@example.com.evil.org", false}, {"*@example.com", "anna@notexample.com", false},
		{"*@*.example.com", "anna@a.example.com", true}, {"a*a@*", "aa@x", true}, {"a*a@*", "a@x", false},
		{"id:ou_1", "id:ou_1", true}, {"id:ou_1", "id:ou_10", false}, {"id:ou_1", "id:OU_1", false}, {"ou_1", "id:ou_1", false}, {"*", "id:ou_1", false},
		{"group:ops", "group:ops", true}, {"group:ops", "id:ops", false}, {"*", "group:ops", false}, {"*", "anna@example.com", true}, {"group:*", "anna@example.com", false},
		{"id:*", "group:ops", false}, {"", "anna@example.com", false},
	} {
		if got := (Patterns{c.pattern}).Match([]string{c.name}); got != c.want {
			t.Errorf("%q for %q: %v", c.pattern, c.name, got)
		}
	}
}

// TestIdentities: an address that is none cannot pass for an id or a group.
func TestIdentities(t *testing.T) {
	t.Parallel()
	for email, want := range map[string][]string{
		"Anna@Example.com": {"anna@example.com", "id:s", "group:ops"}, "": {"id:s", "group:ops"}, "group:x@y": {"id:s", "group:ops"}, "ID:boss@y": {"id:s", "group:ops"},
		"anna": {"id:s", "group:ops"},
	} {
		who := newIdentity("s", "", email, []string{"", "ops"})
		if !slices.Equal(who.Names, want) || who.Name == "" {
			t.Errorf("%q: %+v", email, who)
		}
	}
}

func TestLimiter(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	l := NewLimiter(3, time.Second, func() time.Time { return now })
	for n := range 3 {
		if _, ok := l.Allow("a"); !ok {
			t.Fatal(n)
		}
	}
	wait, ok := l.Allow("a")
	if ok || wait != time.Second {
		t.Error(wait, ok)
	}
	if _, ok := l.Allow("b"); !ok {
		t.Error("another caller waits")
	}
	now = now.Add(time.Second)
	if _, ok := l.Allow("a"); !ok {
		t.Error("one more each second")
	}
	for n := range 3 * maxCallers {
		l.Allow(strconv.Itoa(n))
	}
	if len(l.free) > maxCallers {
		t.Errorf("%d callers are remembered", len(l.free))
	}
}

// TestCookieIsSmall: a person in thousands of groups still has a cookie that browsers keep.
func TestCookieIsSmall(t *testing.T) {
	t.Parallel()
	var groups []string
	for n := range 2000 {
		groups = append(groups, "group-"+strconv.Itoa(n))
	}
	s := NewSessions([]byte(strings.Repeat("k", MinKey)), time.Hour, false, time.Now)
	w := httptest.NewRecorder()
	s.Begin(w, newIdentity("subject", strings.Repeat("名", 500), "anna@example.com", groups), Patterns{"group:*"})
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	c := w.Result().Cookies()[0]
	r.AddCookie(c)
	if found, ok := s.Read(r); len(c.String()) > 4000 || !ok || len(found.Names) == 0 {
		t.Errorf("%d bytes, %v", len(c.String()), ok)
	}
}

// TestPurposes: what is signed for one purpose is nothing for another.
func TestPurposes(t *testing.T) {
	t.Parallel()
	key := []byte(strings.Repeat("k", MinKey))
	text := newSealer(key, "session").seal("x")
	var value string
	if newSealer(key, "login").open(text, &value) || !newSealer(key, "session").open(text, &value) || value != "x" {
		t.Errorf("%q", value)
	}
	for _, bad := range []string{"", ".", "x", text + "=", text[:len(text)-1] + "!", strings.Replace(text, ".", "..", 1)} {
		if newSealer(key, "session").open(bad, &value) {
			t.Errorf("%q is taken", bad)
		}
	}
}
