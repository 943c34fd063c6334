package wire

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/delivery"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/jumpserver"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/functions/internal/trigger"
)

// App is one function process. It may run several invocations at once: what is kept between
// them (configuration, JumpServer client) is one immutable value, replaced as a whole.
type App struct {
	name      string // of the function, as the state store's lease names who works
	load      Loader
	newLogger func(config.Config) (*slog.Logger, error)
	now       func() time.Time
	// environ names the state store and may hold credentials for it.
	environ            []string
	origin             cloud.Origin
	assumed            *cloud.RoleCache             // outlives configurations: what it keeps is another role's, or still right
	recent             *cloud.MemoryQuarantineStore // likewise
	lastStalenessCheck atomic.Int64                 // when an event last looked whether complete runs are made, in Unix seconds
	current            atomic.Pointer[loadedConfig]
	unreadyNotified    sync.Map // when this process told people of an unusable configuration, by the reason's hash
}

// loadedConfig is what a process has learnt.
type loadedConfig struct {
	etag   string // of the object that cfg was read from; "" = from a file or variables
	cfg    config.Config
	log    *slog.Logger
	client *jumpserver.Client
	cache  ProcessCache
}

// NewApp makes an App. Nothing is read before the first invocation, so that a mistake in the
// configuration is the answer to an invocation and not a process that never starts.
func NewApp(name string, load Loader, log func(config.Config) (*slog.Logger, error)) *App {
	return &App{name: name, load: load, newLogger: log, now: time.Now, assumed: cloud.NewRoleCache(), recent: cloud.NewMemoryQuarantineStore()}
}

// WithEnvironment makes timer runs remember what JMS_SYNC_STATE of this environment names a store
// for, and events come from where the platform says that the function runs.
func (a *App) WithEnvironment(environ []string) *App {
	a.environ, a.origin = environ, originOf(environ)
	return a
}

// Firing is what a timer asks for.
type Firing struct {
	FiredAt        time.Time // when the timer fired; zero = when it came, so that it is never stale
	Request        engine.Request
	CheckStaleness bool // only look whether complete runs are made
}

// FiringOf gives what a decoded trigger asks for.
func FiringOf(t trigger.Timer) Firing {
	return Firing{FiredAt: t.FiredAt, CheckStaleness: t.Request.CheckStaleness, Request: engine.Request{
		Accounts: t.Request.Clouds, Regions: t.Request.Regions, DryRun: t.Request.DryRun, Shard: Shard(t.Request.Shard),
	}}
}

// HandleTimer runs what a timer asks for and gives the results document. Only a run that failed, or
// could not begin, is an error. A tick that waited longer than stale_after is not run.
func (a *App) HandleTimer(ctx context.Context, tick Firing, role Role) (report.Report, error) {
	w, err := a.loadCurrent(ctx, role)
	if err != nil {
		a.notifyUnready(ctx, role, err)
		return report.Report{}, err
	}
	if tick.FiredAt.IsZero() {
		tick.FiredAt = a.now()
	}
	if limit := w.cfg.StaleAfter; trigger.IsStale(tick.FiredAt, a.now(), limit) {
		w.log.Warn("stale tick ignored", "fired", tick.FiredAt, "stale_after", limit)
		return report.NewTooLateReport(a.now()), nil
	}
	e, err := NewEngine(w.cfg, w.client, role, w.log, w.cache, Hooks{})
	if err != nil {
		return report.Report{}, err
	}
	ctx, cancel := withReserve(ctx, a.now())
	defer cancel()
	e.Reserve, e.Cards.Outbox = reserveOf(ctx, a.now()), w.cache.Outbox
	store, err := OpenState(role, a.environ, w.cfg)
	if tick.CheckStaleness {
		return checkStaleness(ctx, e, store, err)
	}
	if err != nil {
		w.log.Warn("run without state", "error", err)
	}
	e = WithQuarantine(e, store, w.cache, tick.Request, false)
	e.Cards.Queue, e.Nodes, e.Pauses = OpenReportQueue(store, w.cfg), OpenNodeIDs(store), Pauses(store, err)
	e.ShardGroup = newShardGroup(ctx, w.cfg, store, tick, a.now())
	out := RunWithState(ctx, e, store, FingerprintSalt(w.cfg), w.cfg.Sync.FullEvery, holderName(a.name, tick), tick.Request)
	if out.Report.Outcome == report.Failed {
		return out.Report, reportError(out.Report)
	}
	return fitAnswer(out.Report, maxAnswerOf(a.environ)), nil
}

// newLoadedConfig makes what is kept of a configuration. The outbox of the last one goes on, with what it
// keeps, unless its window is another one now.
func (a *App) newLoadedConfig(cfg config.Config, etag string, last *loadedConfig) (*loadedConfig, error) {
	log, err := a.newLogger(cfg)
	if err != nil {
		return nil, err
	}
	log = log.With("environment", cfg.Environment.Type)
	client, err := NewClient(cfg, log)
	if err != nil {
		return nil, err
	}
	kept := ProcessCache{Outbox: delivery.NewOutbox(cfg.Notification.Window), Identities: cloud.NewOwnerCache(), Assumed: a.assumed, Recent: a.recent}
	if last != nil && last.cfg.Notification.Window == cfg.Notification.Window {
		kept.Outbox = last.cache.Outbox
	}
	return &loadedConfig{etag: etag, cfg: cfg, log: log, client: client, cache: kept}, nil
}

// flushReplaced tells what the outbox of the last configuration still keeps, if it does not go on.
func (a *App) flushReplaced(ctx context.Context, last, next *loadedConfig) {
	if last == nil {
		return
	}
	next.log.Info("configuration replaced", "etag", next.etag)
	if last.cache.Outbox != next.cache.Outbox {
		last.flushOutbox(ctx)
	}
}

// withReserve ends everything, the notification too, a little before the invocation's time is
// over (half a second, or a tenth where it is short): a robot that never answers must not make
// the answer late, for the platform would end the process and deliver the tick again.
func withReserve(ctx context.Context, now time.Time) (context.Context, context.CancelFunc) {
	deadline, bounded := ctx.Deadline()
	if !bounded {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-min(500*time.Millisecond, deadline.Sub(now)/10)))
}

// reserveOf is the part of an invocation's time that is kept for report and notification: a
// fifth, at least 2 s and at most 20 s.
func reserveOf(ctx context.Context, now time.Time) time.Duration {
	deadline, bounded := ctx.Deadline()
	if !bounded {
		return 0
	}
	return min(max(deadline.Sub(now)/5, 2*time.Second), 20*time.Second)
}

// reportError words a failed report for the platform's log, where no results document is seen.
func reportError(r report.Report) error {
	var parts []string
	for _, e := range r.Errors {
		parts = append(parts, fmt.Sprintf("%s: %s", e.Kind, e.Message))
	}
	for _, s := range r.Scopes {
		if !s.Complete {
			parts = append(parts, fmt.Sprintf("%s/%s/%s: %s: %s", s.Cloud, s.Account, s.Region, s.Error.Kind, s.Error.Message))
		}
	}
	const most = 5
	if more := len(parts) - most; more > 0 {
		parts = append(parts[:most], fmt.Sprintf("and %d more", more))
	}
	return errors.New("sync failed: " + strings.Join(parts, "; "))
}
