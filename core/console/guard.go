package console

import (
	"context"
	"mime"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/console/login"
	"github.com/jms-sync/jms-sync/core/language"
)

// maxBody is how many bytes the body of a request may have.
const maxBody = 64 << 10

// guard refuses what no page of ours asks for, and sets the headers of every answer.
func (h *handler) guard(next http.Handler) http.Handler {
	hosts := h.hosts()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		setHeaders(w.Header(), strings.HasPrefix(h.Origins[0], "https:"))
		defer h.recover(w, r)
		if !h.AnyHost && !hosts[r.Host] { // another name for this address may be anybody's
			h.fail(w, r, newFailure(http.StatusMisdirectedRequest, CodeHost, language.New("这个地址不是控制台的地址", "this is not the console's address")))
			return
		}
		wait, ok := h.limits.all.Allow(h.caller(r))
		if !ok {
			h.fail(w, r, tooMany(wait))
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			refusal := h.checkPost(r)
			if refusal != nil {
				h.fail(w, r, refusal)
				return
			}
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		}
		next.ServeHTTP(w, r)
	})
}

// checkPost returns why a request that may act is refused: it is not one of our page's scripts. nil = it is.
func (h *handler) checkPost(r *http.Request) error {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	site := r.Header.Get("Sec-Fetch-Site")
	switch {
	case r.Method != http.MethodPost:
		return newFailure(http.StatusMethodNotAllowed, CodeBadRequest, language.New("不支持的方法", "no such method"))
	case err != nil || kind != "application/json":
		return newFailure(http.StatusUnsupportedMediaType, CodeBadRequest, language.New("Content-Type 应为 application/json", "Content-Type must be application/json"))
	case !slices.Contains(h.Origins, r.Header.Get("Origin")), site != "" && site != "same-origin":
		return newFailure(http.StatusForbidden, CodeCSRF, language.New("请求不是控制台的页面发出的", "the request is not one of the console's own page"))
	}
	return nil
}

// setHeaders sets what browsers must keep to: nothing inline runs, nothing of others is loaded, nobody frames the page.
func setHeaders(to http.Header, https bool) {
	to.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "+
		"frame-ancestors 'none'; base-uri 'none'; form-action 'self'")
	to.Set("X-Content-Type-Options", "nosniff")
	to.Set("X-Frame-Options", "DENY")
	to.Set("Referrer-Policy", "no-referrer")
	to.Set("Cross-Origin-Opener-Policy", "same-origin")
	to.Set("Cross-Origin-Resource-Policy", "same-origin")
	to.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
	to.Set("Cache-Control", "no-store")
	if https {
		to.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// recover answers a request whose handler broke. What a panic says may be anything, even a secret.
func (h *handler) recover(w http.ResponseWriter, r *http.Request) {
	broken := recover()
	if broken == nil {
		return
	}
	h.Log.Error("the console broke", "path", r.URL.Path, "kind", panicText(broken))
	h.fail(w, r, newFailure(http.StatusInternalServerError, CodeFailed, language.New("控制台自身出错，请看日志", "the console itself broke, see its log")))
}

// caller returns the address that a request came from. A header would say anything.
func (h *handler) caller(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

type sessionKey struct{}

// sessionOf returns the session that forRole found.
func sessionOf(r *http.Request) login.Session {
	found, _ := r.Context().Value(sessionKey{}).(login.Session)
	return found
}

// roleOf returns what a session allows by the settings as they are now.
func (h *handler) roleOf(s login.Session) Role {
	switch {
	case s.Token && h.Login == ByToken, h.Approvers.Match(s.Names):
		return Approver
	case h.Viewers.Match(s.Names):
		return Viewer
	}
	return Nobody
}

// forRole lets those pass who have the role, and whose POST carries the token of the session.
func (h *handler) forRole(least Role, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		session, found := h.Sessions.Read(r)
		if !found {
			h.fail(w, r, newFailure(http.StatusUnauthorized, CodeUnauthorized, language.New("请先登录", "sign in first")))
			return
		}
		r = r.WithContext(context.WithValue(r.Context(), sessionKey{}, session))
		if r.Method == http.MethodPost && !h.Sessions.CheckCSRF(session, r.Header.Get("X-CSRF-Token")) {
			h.fail(w, r, newFailure(http.StatusForbidden, CodeCSRF, language.New("令牌不对，请刷新页面", "the token is wrong, load the page again")))
			return
		}
		role := h.roleOf(session)
		if role == Nobody || least == Approver && role != Approver {
			if least == Approver {
				h.auditRefused(r)
			}
			h.fail(w, r, newFailure(http.StatusForbidden, CodeForbidden, language.New("你的角色不允许这样做", "your role does not allow it")))
			return
		}
		if least == Approver {
			wait, ok := h.limits.orders.Allow(session.Nonce)
			if !ok {
				h.fail(w, r, tooMany(wait))
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// askLimit returns why a session must wait before it asks clouds and JumpServer again; nil = it need not.
func (h *handler) askLimit(r *http.Request) error {
	wait, ok := h.limits.asks.Allow(sessionOf(r).Nonce)
	if !ok {
		return tooMany(wait)
	}
	return nil
}

func tooMany(wait time.Duration) error {
	f := newFailure(http.StatusTooManyRequests, CodeTooMany, language.New("请求太多，请稍等", "too many requests, wait a little"))
	f.retryAfter = strconv.Itoa(int(wait/time.Second) + 1)
	return f
}
