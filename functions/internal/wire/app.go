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
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/jumpserver"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/functions/internal/trigger"
)

// App is one function process. It may run several invocations at once: what is kept between
// them (configuration, JumpServer client) is one immutable value, replaced as a whole.
type App struct {
	name string // of the function, as the state store's lease names who works
	load Loader
	log  func(config.Config) (*slog.Logger, error)
	now  func() time.Time
	// environ names the state store and may hold credentials for it.
	environ []string
	origin  cloud.Origin
	assumed *cloud.Assumed // outlives configurations: what it keeps is another role's, or still right
	recent  *cloud.Recent  // likewise
	looked  atomic.Int64   // when an event last looked whether complete runs are made, in Unix seconds
	warm    atomic.Pointer[warm]
	toldOf  sync.Map // when this process told people of an unusable configuration, by the reason's hash
}

// warm is what a process has learnt.
type warm struct {
	etag   string // of the object that cfg was read from; "" = from a file or variables
	cfg    config.Config
	log    *slog.Logger
	client *jumpserver.Client
	kept   Kept
}

// NewApp makes an App. Nothing is read before the first invocation, so that a mistake in the
// configuration is the answer to an invocation and not a process that never starts.
func NewApp(name string, load Loader, log func(config.Config) (*slog.Logger, error)) *App {
	return &App{name: name, load: load, log: log, now: time.Now, assumed: cloud.NewAssumed(), recent: cloud.NewRecent()}
}

// WithEnvironment makes timer runs remember what JMS_SYNC_STATE of this environment names a store
// for, and events come from where the platform says that the function runs.
func (a *App) WithEnvironment(environ []string) *App {
	a.environ, a.origin = environ, origin(environ)
	return a
}

// Tick is what a timer asks for.
type Tick struct {
	At      time.Time // when the timer fired; zero = when it came, so that it is never stale
	Request engine.Request
	Watch   bool // only look whether complete runs are made
}

// TickOf gives what a decoded trigger asks for.
func TickOf(t trigger.Timer) Tick {
	return Tick{At: t.At, Watch: t.Request.Watch, Request: engine.Request{
		Accounts: t.Request.Clouds, Regions: t.Request.Regions, DryRun: t.Request.DryRun, Part: Part(t.Request.Part),
	}}
}

// Timer runs what a timer asks for and gives the results document. Only a run that failed, or
// could not begin, is an error. A tick that waited longer than stale_after is not run.
func (a *App) Timer(ctx context.Context, tick Tick, role Role) (report.Report, error) {
	w, err := a.ready(ctx, role)
	if err != nil {
		a.unready(ctx, role, err)
		return report.Report{}, err
	}
	if tick.At.IsZero() {
		tick.At = a.now()
	}
	if limit := w.cfg.StaleAfter; trigger.Stale(tick.At, a.now(), limit) {
		w.log.Warn("stale tick ignored", "fired", tick.At, "stale_after", limit)
		return report.Stale(a.now()), nil
	}
	e, err := Engine(w.cfg, w.client, role, w.log, w.kept, Hooks{})
	if err != nil {
		return report.Report{}, err
	}
	ctx, cancel := answerable(ctx, a.now())
	defer cancel()
	e.Reserve, e.Outbox = reserve(ctx, a.now()), w.kept.Outbox
	store, err := State(role, a.environ, w.cfg)
	if tick.Watch {
		return watch(ctx, e, store, err)
	}
	if err != nil {
		w.log.Warn("run without state", "error", err)
	}
	e = Quarantined(e, store, w.kept, tick.Request, false)
	e.Window, e.Nodes, e.Pauses = Window(store, w.cfg), Nodes(store), Pauses(store, err)
	e.Sharing = sharing(ctx, w.cfg, store, tick, a.now())
	out := Remembered(ctx, e, store, Salt(w.cfg), w.cfg.Sync.FullEvery, holder(a.name, tick), tick.Request)
	if out.Report.Outcome == report.Failed {
		return out.Report, failure(out.Report)
	}
	return fitted(out.Report, answerLimit(a.environ)), nil
}

// begin makes what is kept of a configuration. The outbox of the last one goes on, with what it
// keeps, unless its window is another one now.
func (a *App) begin(cfg config.Config, etag string, last *warm) (*warm, error) {
	log, err := a.log(cfg)
	if err != nil {
		return nil, err
	}
	log = log.With("environment", cfg.Environment.Type)
	client, err := Client(cfg, log)
	if err != nil {
		return nil, err
	}
	kept := Kept{Outbox: engine.NewOutbox(cfg.Notification.Window), Identities: cloud.NewIdentities(), Assumed: a.assumed, Recent: a.recent}
	if last != nil && last.cfg.Notification.Window == cfg.Notification.Window {
		kept.Outbox = last.kept.Outbox
	}
	return &warm{etag: etag, cfg: cfg, log: log, client: client, kept: kept}, nil
}

// replaced tells what the outbox of the last configuration still keeps, if it does not go on.
func (a *App) replaced(ctx context.Context, last, next *warm) {
	if last == nil {
		return
	}
	next.log.Info("configuration replaced", "etag", next.etag)
	if last.kept.Outbox != next.kept.Outbox {
		last.flush(ctx)
	}
}

// answerable ends everything, the notification too, a little before the invocation's time is
// over (half a second, or a tenth where it is short): a robot that never answers must not make
// the answer late, for the platform would end the process and deliver the tick again.
func answerable(ctx context.Context, now time.Time) (context.Context, context.CancelFunc) {
	deadline, bounded := ctx.Deadline()
	if !bounded {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-min(500*time.Millisecond, deadline.Sub(now)/10)))
}

// reserve is the part of an invocation's time that is kept for report and notification: a
// fifth, at least 2 s and at most 20 s.
func reserve(ctx context.Context, now time.Time) time.Duration {
	deadline, bounded := ctx.Deadline()
	if !bounded {
		return 0
	}
	return min(max(deadline.Sub(now)/5, 2*time.Second), 20*time.Second)
}

// failure words a failed report for the platform's log, where no results document is seen.
func failure(r report.Report) error {
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
