package login

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"time"
)

// Session is what the cookie of a person who signed in says.
type Session struct {
	ID    string   `json:"id"`
	Name  string   `json:"name"`
	Names []string `json:"names,omitempty"` // those of the identity that a pattern means
	// Token says that the person signed in by the token of serve, who is an approver.
	Token   bool      `json:"token,omitempty"`
	Expires time.Time `json:"exp"`
	Nonce   string    `json:"nonce"` // of no two sessions the same
}

// Sessions keeps sessions in signed cookies.
type Sessions struct {
	secure       bool
	length       time.Duration
	now          func() time.Time
	cookie, csrf sealer
	state        sealer
	key          []byte
}

// NewSessions returns sessions that last so long. The key has MinKey bytes or more. Insecure cookies are for loopback
// without TLS only.
func NewSessions(key []byte, length time.Duration, secure bool, now func() time.Time) *Sessions {
	return &Sessions{
		secure: secure, length: length, now: now, cookie: newSealer(key, "session"), csrf: newSealer(key, "csrf"), state: newSealer(key, "login"),
		key: key,
	}
}

// cookieName returns the name of a cookie. A name that begins with __Host- no other host and no plain page can set.
func (s *Sessions) cookieName(name string) string {
	if s.secure {
		return "__Host-" + name
	}
	return name
}

const (
	sessionCookie = "jms-sync"
	stateCookie   = "jms-sync-login"
)

// Begin sets the cookie of a new session. Of names only those are kept that a pattern means: a cookie is at most 4 kB.
func (s *Sessions) Begin(w http.ResponseWriter, who Identity, patterns Patterns) Session {
	return s.begin(w, Session{ID: who.ID, Name: who.Name, Names: patterns.matching(who.Names)})
}

// BeginByToken sets the cookie of a new session of who had the token of serve.
func (s *Sessions) BeginByToken(w http.ResponseWriter, who Identity) Session {
	return s.begin(w, Session{ID: who.ID, Name: who.Name, Token: true})
}

func (s *Sessions) begin(w http.ResponseWriter, opened Session) Session {
	const longest = 200
	opened.Name = opened.Name[:min(len(opened.Name), longest)]
	opened.Names = opened.Names[:min(len(opened.Names), 20)]
	opened.Expires, opened.Nonce = s.now().Add(s.length).UTC().Truncate(time.Second), rand.Text()
	http.SetCookie(w, s.newCookie(sessionCookie, s.cookie.seal(opened), http.SameSiteStrictMode, int(s.length/time.Second)))
	return opened
}

func (s *Sessions) newCookie(name, value string, site http.SameSite, seconds int) *http.Cookie {
	return &http.Cookie{
		Name: s.cookieName(name), Value: value, Path: "/", MaxAge: seconds, HttpOnly: true, Secure: s.secure, SameSite: site,
	}
}

// Read returns the session of a request, and whether it has one that did not end.
func (s *Sessions) Read(r *http.Request) (Session, bool) {
	var found Session
	c, err := r.Cookie(s.cookieName(sessionCookie))
	if err != nil || !s.cookie.open(c.Value, &found) || !s.now().Before(found.Expires) || found.ID == "" {
		return Session{}, false
	}
	return found, true
}

// End removes the cookie of a session.
func (s *Sessions) End(w http.ResponseWriter) {
	http.SetCookie(w, s.newCookie(sessionCookie, "", http.SameSiteStrictMode, -1))
}

// CSRF returns what every POST of a session carries in a header: no other site can read it.
func (s *Sessions) CSRF(of Session) string {
	return base64.RawURLEncoding.EncodeToString(s.csrf.sum(of.Nonce))
}

// CheckCSRF reports whether a request has the token of its session.
func (s *Sessions) CheckCSRF(of Session, given string) bool {
	return subtle.ConstantTimeCompare([]byte(s.CSRF(of)), []byte(given)) == 1
}
