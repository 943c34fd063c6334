// Package wire connects a function's platform with a session: it loads the configuration, keeps what a process may
// keep, passes on the platform's role and deadline, and words answers. The programs beside it decode a request.
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
	"github.com/jms-sync/jms-sync/functions/internal/trigger"
)

// App is one function process. It may run several invocations at once: what is kept between
// them (configuration and session cache) is one immutable value, replaced as a whole.
type App struct {
	name      string // of the function, as the state store's lease names who works
	load      Loader
	newLogger func(config.Config) (*slog.Logger, error)
	now       func() time.Time
	// environ names the state store and may hold credentials for it.
	environ         []string
	origin          cloud.Origin
	current         atomic.Pointer[loadedConfig]
	unreadyNotified sync.Map // when this process told people of an unusable configuration, by the reason's hash
}

// loadedConfig is what a process has learnt.
type loadedConfig struct {
	etag  string // of the object that cfg was read from; "" = from a file or variables
	cfg   config.Config
	log   *slog.Logger
	cache *session.Cache
}

// NewApp makes an App. Nothing is read before the first invocation, so that a mistake in the
// configuration is the answer to an invocation and not a process that never starts.
func NewApp(name string, load Loader, log func(config.Config) (*slog.Logger, error)) *App {
	return &App{name: name, load: load, newLogger: log, now: time.Now}
}

// WithEnvironment makes timer runs remember what JMS_SYNC_STATE of this environment names a store
// for, and events come from where the platform says that the function runs.
func (a *App) WithEnvironment(environ []string) *App {
	a.environ, a.origin = environ, originOf(environ)
	return a
}

// HandleTimer runs what a timer asks for and returns the results document. Only a run that failed, or
// could not begin, is an error. A firing that waited longer than stale_after is not run.
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
		w.log.Warn("stale tick ignored", "fired", t.FiredAt, "stale_after", limit)
		return report.NewTooLateReport(a.now()), nil
	}
	s, err := a.openSession(w, role)
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

// HandleEvent runs what a cloud's event service delivers. The error names the events that failed, so
// that the platform delivers the payload again.
func (a *App) HandleEvent(ctx context.Context, of inventory.Cloud, payload []byte, role session.Role) (reconcile.EventReport, error) {
	w, err := a.loadCurrent(ctx, role)
	if err != nil {
		a.notifyUnready(ctx, role, err)
		return reconcile.EventReport{}, err
	}
	s, err := a.openSession(w, role)
	if err != nil {
		return reconcile.EventReport{}, err
	}
	// All four platforms call an event's function again that has failed.
	answer := s.HandleEvents(ctx, session.Events{Parsed: session.ParseEvents(of, payload, a.origin), Redelivers: true})
	if answer.NeedsRedelivery() {
		return answer, failedEventsError(answer)
	}
	return answer, nil
}

func (a *App) openSession(w *loadedConfig, role session.Role) (*session.Session, error) {
	return session.Open(session.Options{
		Config: w.cfg, Role: role, Environ: a.environ, Cache: w.cache, Log: w.log, Holder: a.name,
	})
}

// Flush sends the cards that still wait in this process, before the platform stops it.
func (a *App) Flush(ctx context.Context) {
	if w := a.current.Load(); w != nil {
		w.flush(ctx)
	}
}

// terminateTimeout is the most that a platform leaves a program after SIGTERM: that of Lambda's shutdown
// phase (https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html).
const terminateTimeout = 2 * time.Second

// Terminate is Flush where a platform says only SIGTERM, and little time is left.
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

// newLoadedConfig makes what is kept of a configuration. What the last one has kept goes on as far as it can.
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

// flushReplaced sends the cards that wait with the last configuration, if they do not go on waiting.
func (a *App) flushReplaced(ctx context.Context, last, next *loadedConfig) {
	if last == nil {
		return
	}
	next.log.Info("configuration replaced", "etag", next.etag)
	if !last.cache.SharesCards(next.cache) {
		last.flush(ctx)
	}
}
