package console

import (
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/jms-sync/jms-sync/core/console/login"
	"github.com/jms-sync/jms-sync/core/console/web"
)

// The ways to sign in, see Me.Login.
const (
	ByToken    = "token"
	ByOIDC     = "oidc"
	ByDingTalk = "dingtalk"
	ByFeishu   = "feishu"
)

// Settings are those of a console.
type Settings struct {
	// Origins are where browsers find the console: "https://console.example.com". The first is the one that people are sent
	// to. A request for any other host is refused, and so is a POST of any other origin.
	Origins []string
	// AnyHost says that the platform decides which requests come here, whatever host they name: no name of an address of ours
	// can be somebody else's.
	AnyHost  bool
	Sessions *login.Sessions
	Login    string // one of the ways to sign in
	Provider login.Provider
	Token    *login.Token   // where Login is ByToken
	Operator login.Identity // who signs in by the token: an approver
	Viewers  login.Patterns
	// Approvers are viewers too.
	Approvers    login.Patterns
	ApprovalLink bool // the link of a card approves without a login
	Version      string
	Scrub        func(string) string // hides secrets in a text; nil = there are none
	Log          *slog.Logger
	Now          func() time.Time
}

// handler serves one console.
type handler struct {
	Settings
	backend Backend
	files   fs.FS
	limits  limits
}

// limits bound what one caller may ask for.
type limits struct {
	all      *login.Limiter // requests of an address
	signIn   *login.Limiter // attempts of an address to sign in
	asks     *login.Limiter // explanations, plans and doctors of a session, which ask clouds
	orders   *login.Limiter // of a session
	linkUses *login.Limiter // uses of links by an address
}

func newLimits(now func() time.Time) limits {
	return limits{
		all: login.NewLimiter(240, 250*time.Millisecond, now), signIn: login.NewLimiter(10, 30*time.Second, now),
		asks: login.NewLimiter(10, 15*time.Second, now), orders: login.NewLimiter(30, 2*time.Second, now), linkUses: login.NewLimiter(20, 30*time.Second, now),
	}
}

// New returns the handler of a console.
func New(s Settings, b Backend) http.Handler {
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.Scrub == nil {
		s.Scrub = func(text string) string { return text }
	}
	h := &handler{Settings: s, backend: b, files: web.Files(), limits: newLimits(s.Now)}
	return h.guard(h.routes())
}

// routes returns what is served, each with who may ask for it.
func (h *handler) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /api/me", h.answer(h.me))
	for pattern, ask := range map[string]question{
		"GET /api/overview": func(r *http.Request) (any, error) { return h.backend.Overview(r.Context()) },
		"GET /api/runs":     h.runs,
		"GET /api/runs/{id}": func(r *http.Request) (any, error) {
			return h.backend.Run(r.Context(), r.PathValue("id"))
		},
		"GET /api/held": func(r *http.Request) (any, error) { return h.backend.Held(r.Context()) },
		"GET /api/held/{hash}": func(r *http.Request) (any, error) {
			return h.backend.HeldSet(r.Context(), r.PathValue("hash"))
		},
		"GET /api/explain": h.explain,
		"GET /api/config":  func(r *http.Request) (any, error) { return h.backend.Config(r.Context()) },
		"GET /api/pause":   func(r *http.Request) (any, error) { return h.backend.Pause(r.Context()) },
		"GET /api/audit":   h.audit,
		"POST /api/doctor": h.doctor,
	} {
		mux.Handle(pattern, h.forRole(Viewer, h.answer(ask)))
	}
	mux.Handle("POST /api/plan", h.forRole(Viewer, http.HandlerFunc(h.plan)))
	mux.Handle("POST /api/plan/{id}/apply", h.forRole(Approver, http.HandlerFunc(h.apply)))
	for pattern, order := range map[string]question{
		"POST /api/held/{hash}/approve": h.approve,
		"POST /api/held/{hash}/reject":  h.reject,
		"POST /api/pause":               h.setPause,
		"POST /api/resume":              h.resume,
	} {
		mux.Handle(pattern, h.forRole(Approver, h.answer(order)))
	}
	mux.Handle("POST /api/link", h.answer(h.showLink))
	mux.Handle("POST /api/link/approve", h.answer(h.approveLink))
	mux.HandleFunc("POST /login/token", h.signInByToken)
	mux.HandleFunc("POST /login/start", h.signInStart)
	mux.HandleFunc("GET /login/callback", h.signInEnd)
	mux.Handle("POST /logout", h.forRole(Viewer, http.HandlerFunc(h.signOut)))
	mux.HandleFunc("/api/", h.unknown)
	mux.HandleFunc("/login/", h.unknown)
	mux.HandleFunc("GET /approve", h.page)
	mux.HandleFunc("GET /{$}", h.page)
	mux.HandleFunc("GET /{file}", h.file)
	mux.HandleFunc("/", h.unknown)
	return mux
}

func (h *handler) unknown(w http.ResponseWriter, r *http.Request) {
	h.fail(w, r, newFailure(http.StatusNotFound, CodeNotFound, notFoundText()))
}

// hosts returns the hosts by which the console may be asked for.
func (h *handler) hosts() map[string]bool {
	found := map[string]bool{}
	for _, origin := range h.Origins {
		at, err := url.Parse(origin)
		if err == nil {
			found[at.Host] = true
		}
	}
	return found
}
