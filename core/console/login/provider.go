package login

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"time"
)

// Provider signs people in, by way of their browser.
type Provider interface {
	// AuthURL returns where the browser goes. The provider sends it back to the redirect URL with the state.
	AuthURL(ctx context.Context, f Flow) (string, error)
	// Identify returns who came back with a code.
	Identify(ctx context.Context, code string, f Flow) (Identity, error)
}

// Flow is one sign-in that began: what binds the way back to the browser that began it.
type Flow struct {
	State    string    `json:"state"`
	Nonce    string    `json:"nonce"`
	Verifier string    `json:"verifier"` // of PKCE
	Redirect string    `json:"redirect"`
	Expires  time.Time `json:"exp"`
}

// flowLifetime is how long a person may take to sign in.
const flowLifetime = 10 * time.Minute

// BeginFlow sets the cookie of a sign-in.
func (s *Sessions) BeginFlow(w http.ResponseWriter, redirect string) Flow {
	f := Flow{
		State: rand.Text(), Nonce: rand.Text(), Verifier: rand.Text() + rand.Text(), Redirect: redirect, Expires: s.now().Add(flowLifetime).UTC().Truncate(time.Second),
	}
	// The way back comes from another site, to which only a Lax cookie goes.
	http.SetCookie(w, s.newCookie(stateCookie, s.state.seal(f), http.SameSiteLaxMode, int(flowLifetime/time.Second)))
	return f
}

// EndFlow returns the sign-in that a browser comes back from, and whether the browser began it. It removes the cookie.
func (s *Sessions) EndFlow(w http.ResponseWriter, r *http.Request) (Flow, bool) {
	var f Flow
	c, err := r.Cookie(s.cookieName(stateCookie))
	if err != nil {
		return f, false
	}
	http.SetCookie(w, s.newCookie(stateCookie, "", http.SameSiteLaxMode, -1))
	given := r.URL.Query().Get("state")
	known := s.state.open(c.Value, &f) && s.now().Before(f.Expires)
	return f, known && subtle.ConstantTimeCompare([]byte(given), []byte(f.State)) == 1
}
