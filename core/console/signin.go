package console

import (
	"cmp"
	"net/http"
	"net/url"

	"github.com/jms-sync/jms-sync/core/console/login"
	"github.com/jms-sync/jms-sync/core/language"
)

// signInByToken signs in who started serve.
func (h *handler) signInByToken(w http.ResponseWriter, r *http.Request) {
	if h.Login != ByToken || h.Token == nil {
		h.unknown(w, r)
		return
	}
	var given struct {
		Token string `json:"token"`
	}
	wait, ok := h.limits.signIn.Allow(h.caller(r))
	if !ok {
		h.fail(w, r, tooMany(wait))
		return
	}
	if err := readBody(r, &given); err != nil {
		h.fail(w, r, err)
		return
	}
	if !h.Token.Use(given.Token) {
		h.note(r, Person{ID: "token"}, AuditEntry{Action: "login", Outcome: "refused"})
		h.fail(w, r, newFailure(http.StatusForbidden, CodeLogin, language.New("令牌不对或已用过；终端上有新的链接", "the token is wrong or was used: the terminal shows a new link")))
		return
	}
	session := h.Sessions.BeginByToken(w, h.Operator)
	h.note(r, Person{ID: session.ID, Name: session.Name, Role: Approver}, AuditEntry{Action: "login", Outcome: "done"})
	h.writeMe(w, r, session)
}

// writeMe answers with Me of a session that has just begun, or ended.
func (h *handler) writeMe(w http.ResponseWriter, r *http.Request, s login.Session) {
	about := h.backend.About(r.Context())
	m := Me{Login: h.Login, Language: about.Language, Zone: about.Zone, Version: h.Version, Role: h.roleOf(s)}
	if m.Role != Nobody {
		m.SignedIn, m.ID, m.Name, m.CSRF, m.Expires = true, s.ID, s.Name, h.Sessions.CSRF(s), &s.Expires
		m.Server, m.Organisation, m.Environment, m.Store = about.Server, about.Organisation, about.Environment, about.Store
	}
	h.write(w, r, http.StatusOK, m)
}

// signInStart begins a sign-in at the provider.
func (h *handler) signInStart(w http.ResponseWriter, r *http.Request) {
	if h.Provider == nil {
		h.unknown(w, r)
		return
	}
	wait, ok := h.limits.signIn.Allow(h.caller(r))
	if !ok {
		h.fail(w, r, tooMany(wait))
		return
	}
	if err := readBody(r, &struct{}{}); err != nil {
		h.fail(w, r, err)
		return
	}
	flow := h.Sessions.BeginFlow(w, h.Origins[0]+"/login/callback")
	target, err := h.Provider.AuthURL(r.Context(), flow)
	if err != nil {
		h.fail(w, r, NewFailure(http.StatusBadGateway, CodeFailed, language.New("登录服务连不上", "the login provider cannot be reached"), err))
		return
	}
	h.write(w, r, http.StatusOK, map[string]string{"redirect": target})
}

// signInEnd is where the provider sends the browser back to. Who signed in gets a session; nothing else is done.
func (h *handler) signInEnd(w http.ResponseWriter, r *http.Request) {
	if h.Provider == nil {
		h.unknown(w, r)
		return
	}
	wait, ok := h.limits.signIn.Allow(h.caller(r))
	if !ok {
		h.fail(w, r, tooMany(wait))
		return
	}
	flow, ours := h.Sessions.EndFlow(w, r)
	code := cmp.Or(r.URL.Query().Get("code"), r.URL.Query().Get("authCode")) // as DingTalk says
	if !ours || code == "" {
		h.redirectFailed(w, r, "state", Person{})
		return
	}
	who, err := h.Provider.Identify(r.Context(), code, flow)
	if err != nil {
		h.Log.Warn("a sign-in failed", "error", h.Scrub(err.Error()))
		h.redirectFailed(w, r, "provider", Person{})
		return
	}
	if !h.Approvers.Match(who.Names) && !h.Viewers.Match(who.Names) {
		h.redirectFailed(w, r, "role", Person{ID: who.ID, Name: who.Name})
		return
	}
	patterns := append(append(login.Patterns{}, h.Approvers...), h.Viewers...)
	session := h.Sessions.Begin(w, who, patterns)
	h.note(r, Person{ID: session.ID, Name: session.Name, Role: h.roleOf(session)}, AuditEntry{Action: "login", Outcome: "done"})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// redirectFailed shows the page, which says why the sign-in failed.
func (h *handler) redirectFailed(w http.ResponseWriter, r *http.Request, code string, who Person) {
	h.note(r, who, AuditEntry{Action: "login", Outcome: "refused", Detail: code})
	http.Redirect(w, r, "/#/login/failed?code="+url.QueryEscape(code), http.StatusSeeOther)
}

func (h *handler) signOut(w http.ResponseWriter, r *http.Request) {
	s := sessionOf(r)
	h.note(r, Person{ID: s.ID, Name: s.Name, Role: h.roleOf(s)}, AuditEntry{Action: "logout", Outcome: "done"})
	h.Sessions.End(w)
	h.writeMe(w, r, login.Session{})
}
