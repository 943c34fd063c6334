// Package wire serves a function platform with sessions: it loads the configuration, caches what a process may keep,
// passes on the platform's role and deadline, and words answers. The programs beside it only decode a request.
package wire

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reconcile"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/session"
	"github.com/jms-sync/jms-sync/functions/internal/logs"
	"github.com/jms-sync/jms-sync/functions/internal/trigger"
)

// App is one function process. It is safe for concurrent invocations: what is kept between them (configuration and
// session cache) is one immutable value, replaced as a whole.
type App struct {
	name      string // of the function; leases name it as their holder
	load      Loader
	newLogger func(config.Config) (*slog.Logger, error)
	now       func() time.Time
	// environ names the state store and may hold credentials for it.
	environ         []string
	origin          cloud.Origin
	current         atomic.Pointer[loadedConfig]
	unreadyNotified sync.Map // when this process notified people of an unusable configuration, by the reason's hash
}

// loadedConfig is a configuration and what a process keeps for it.
type loadedConfig struct {
	etag  string // of the object that cfg was read from; "" = from a file or variables
	cfg   config.Config
	log   *slog.Logger
	cache *session.Cache
}

// NewApp returns an App. It reads nothing before the first invocation, so that a mistake in the configuration is the
// answer to an invocation and not a process that never starts.
func NewApp(name string, load Loader, log func(config.Config) (*slog.Logger, error)) *App {
	return &App{name: name, load: load, newLogger: log, now: time.Now}
}

// WithEnvironment sets the environment, which names the state store (JMS_SYNC_STATE) and says where the function runs.
// It returns a.
func (a *App) WithEnvironment(environ []string) *App {
	a.environ, a.origin = environ, originOf(environ)
	return a
}

// HandleTimer runs what a timer asks for and returns the results document. It returns an error only if the run failed or
// could not begin. A firing that waited longer than stale_after is not run.
func (a *App) HandleTimer(ctx context.Context, t trigger.Timer, role session.Role) (report.Report, error) {
	w, err := a.loadCurrent(ctx, role)
	if err != nil {
		a.notifyUnready(ctx, role, err)
		return report.Report{}, err
	}
	if t.FiredAt.IsZero() {
		t.FiredAt = a.now()
	}
	if limit := w.cfg.StaleAfter; trigger.IsStale(t.FiredAt, a.now(), limit) {
		namedLog(ctx, w.log).Warn("stale tick ignored", "fired", t.FiredAt, "stale_after", limit)
		return report.NewTooLateReport(a.now()), nil
	}
	s, err := a.openSession(ctx, w, role)
	if err != nil {
		return report.Report{}, err
	}
	if t.Request.CheckStaleness {
		return s.StalenessReport(ctx)
	}
	out := s.Sync(ctx, session.Request{
		Accounts: t.Request.Clouds, Regions: t.Request.Regions, DryRun: t.Request.DryRun,
		Shard: t.Request.Shard, FiredAt: t.FiredAt,
	})
	if out.Report.Outcome == report.Failed {
		return out.Report, reportError(out.Report)
	}
	return fitAnswer(out.Report, maxAnswerOf(a.environ)), nil
}

// HandleEvent handles what a cloud's event service delivers. The error names the events that failed, so that the
// platform delivers the payload again.
func (a *App) HandleEvent(ctx context.Context, of inventory.Cloud, payload []byte, role session.Role) (reconcile.EventReport, error) {
	w, err := a.loadCurrent(ctx, role)
	if err != nil {
		a.notifyUnready(ctx, role, err)
		return reconcile.EventReport{}, err
	}
	s, err := a.openSession(ctx, w, role)
	if err != nil {
		return reconcile.EventReport{}, err
	}
	// All four platforms call a function again whose event failed.
	answer := s.HandleEvents(ctx, session.Events{Parsed: session.ParseEvents(of, payload, a.origin), Redelivers: true})
	if answer.NeedsRedelivery() {
		return answer, failedEventsError(answer)
	}
	return answer, nil
}

func (a *App) openSession(ctx context.Context, w *loadedConfig, role session.Role) (*session.Session, error) {
	return session.Open(session.Options{
		Config: w.cfg, Role: role, Environ: a.environ, Cache: w.cache, Log: namedLog(ctx, w.log), Holder: a.name,
	})
}

// namedLog returns a log whose every line names the run of an invocation. The cache's own log, which invocations share,
// takes the name from the context.
func namedLog(ctx context.Context, log *slog.Logger) *slog.Logger {
	id := logs.RunOf(ctx)
	if id == "" {
		return log
	}
	return log.With(logs.RunKey, id)
}

// Flush sends the cards that still wait in this process. It is called before the platform stops the process.
func (a *App) Flush(ctx context.Context) {
	if w := a.current.Load(); w != nil {
		w.flush(ctx)
	}
}

// terminateTimeout is the longest time that a platform leaves a program after SIGTERM, that of Lambda's shutdown phase
// (https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html).
const terminateTimeout = 2 * time.Second

// Terminate is Flush within the time that a platform leaves after SIGTERM.
func (a *App) Terminate() {
	ctx, cancel := context.WithTimeout(context.Background(), terminateTimeout)
	defer cancel()
	a.Flush(ctx)
}

// flush sends the cards that wait in this process. Those in the state store are left to others.
func (w *loadedConfig) flush(ctx context.Context) {
	if s, err := session.Open(session.Options{Config: w.cfg, Cache: w.cache, Log: w.log}); err == nil {
		s.Flush(ctx)
	}
}

// newLoadedConfig returns a loaded configuration that keeps as much of the previous one's cache as it can.
func (a *App) newLoadedConfig(cfg config.Config, etag string, last *loadedConfig) (*loadedConfig, error) {
	log, err := a.newLogger(cfg)
	if err != nil {
		return nil, err
	}
	log = log.With("environment", cfg.Environment.Type)
	var before *session.Cache
	if last != nil {
		before = last.cache
	}
	cache, err := session.NewCache(cfg, log, before)
	if err != nil {
		return nil, err
	}
	return &loadedConfig{etag: etag, cfg: cfg, log: log, cache: cache}, nil
}

// flushReplaced sends the cards that wait with the previous configuration, unless they wait with the next one too.
func (a *App) flushReplaced(ctx context.Context, last, next *loadedConfig) {
	if last == nil {
		return
	}
	next.log.InfoContext(ctx, "configuration replaced", "etag", next.etag)
	if !last.cache.SharesCards(next.cache) {
		last.flush(ctx)
	}
}
