package main

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-lambda-go/lambdaurl"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/console"
	"github.com/jms-sync/jms-sync/core/console/backend"
	"github.com/jms-sync/jms-sync/core/doctor"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/session"
	"github.com/jms-sync/jms-sync/functions/internal/wire"
)

// server serves the console of the configuration as it is now.
type server struct {
	app     *wire.App
	version string

	mu      sync.Mutex
	of      wire.Current // whose console handler is
	handler http.Handler // nil = none yet
}

func newServer(app *wire.App, version string) *server { return &server{app: app, version: version} }

type currentKey struct{}

// serve answers a request, with the role of its invocation.
func (s *server) serve(w http.ResponseWriter, r *http.Request, role wire.Role) {
	current, err := s.app.Current(r.Context(), role)
	if err != nil {
		s.logUnready(r.Context(), err)
		refuse(w, language.New("配置不能用，请看函数的日志", "the configuration cannot be used, see the function's log"))
		return
	}
	handler := s.handlerOf(r.Context(), current)
	if handler == nil {
		refuse(w, language.New("没有启用控制台（console.enabled）", "the console is not enabled (console.enabled)"))
		return
	}
	handler.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), currentKey{}, current)))
}

// refuse answers where there is no console. What is wrong with a configuration is for its log, and not for anybody.
func refuse(w http.ResponseWriter, why language.Text) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	w.WriteHeader(http.StatusServiceUnavailable)
	text, _ := json.Marshal(console.Problem{Code: console.CodeConfig, ZH: why.ZH, EN: why.EN}) // never fails: they are texts
	_, _ = w.Write(text)
}

// logUnready logs why there is no console.
func (s *server) logUnready(ctx context.Context, err error) {
	s.app.Log(ctx).Error("the configuration cannot be used", "error", err)
}

// handlerOf returns the console of a configuration; nil where it has none. A new configuration gets a new one.
func (s *server) handlerOf(ctx context.Context, current wire.Current) http.Handler {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.handler != nil && s.of.IsSame(current) {
		return s.handler
	}
	if !current.Config().Console.Enabled {
		return nil
	}
	settings, err := backend.NewSettings(current.Config(), current.Log(ctx))
	if err != nil {
		current.Log(ctx).Error("no console", "error", err)
		return nil
	}
	settings.Version, settings.AnyHost = s.version, true
	s.handler, s.of = console.New(settings, backend.New(backend.Options{Open: openSession, Check: check, Examine: examine})), current
	return s.handler
}

// currentOf returns the configuration of a request.
func currentOf(ctx context.Context) wire.Current {
	return ctx.Value(currentKey{}).(wire.Current) // serve put it there
}

func openSession(ctx context.Context, hooks session.Hooks) (*session.Session, error) {
	return currentOf(ctx).Open(ctx, hooks)
}

func check(ctx context.Context) (config.Checked, error) { return currentOf(ctx).Source().Check(ctx) }

func examine(ctx context.Context) ([]doctor.Check, error) {
	return session.DoctorChecks(currentOf(ctx).Examination())
}

// onLambda returns the handler of a function URL.
func (s *server) onLambda() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		event, is := lambdaurl.RequestFromContext(r.Context())
		if is && r.Header.Get("Cookie") == "" && len(event.Cookies) > 0 {
			r.Header.Set("Cookie", strings.Join(event.Cookies, "; "))
		}
		ctx := r.Context()
		if invocation, ok := lambdacontext.FromContext(ctx); ok {
			ctx = wire.WithRun(ctx, invocation.AwsRequestID)
		}
		s.serve(w, r.WithContext(ctx), wire.AWSRole())
	})
}

// onFC returns the handler of an HTTP trigger. The platform sends the role's credentials of the invocation in headers, which
// go no further.
func (s *server) onFC() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		role := wire.AlibabaRole(r.Header.Get("X-Fc-Access-Key-Id"), r.Header.Get("X-Fc-Access-Key-Secret"), r.Header.Get("X-Fc-Security-Token"))
		ctx := wire.WithRun(r.Context(), r.Header.Get("X-Fc-Request-Id"))
		r.RemoteAddr = callerOf(r)
		for name := range r.Header {
			if strings.HasPrefix(name, "X-Fc-") {
				r.Header.Del(name)
			}
		}
		s.serve(w, r.WithContext(ctx), role)
	})
}

// callerOf returns the address of who asks. The trigger's gateway appends it to a header; what stands before it anybody
// may have written.
func callerOf(r *http.Request) string {
	all := strings.Split(r.Header.Get("X-Forwarded-For"), ",")
	last := strings.TrimSpace(all[len(all)-1])
	if last == "" {
		return r.RemoteAddr
	}
	return last
}
