package wire

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"net/url"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/pause"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reconcile"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
	"github.com/jms-sync/jms-sync/core/storage"
	stores "github.com/jms-sync/jms-sync/core/storage/all"
)

// OpenState opens the store that JMS_SYNC_STATE names, for the JumpServer of a configuration: see Server. It is
// nil where the variable names none. No call is made.
func OpenState(role Role, environ []string, cfg config.Config) (*state.Store, error) {
	who := credentialSource(role, environ)
	text := strings.TrimSpace(who.Env(config.EnvState))
	if text == "" {
		return nil, nil
	}
	ref, err := storage.ParseRef(text)
	if err != nil {
		return nil, err
	}
	credentials, err := who.CredentialsFor(ref)
	if err != nil {
		return nil, err
	}
	bucket, prefix, err := stores.OpenPrefix(ref, credentials, stores.Options{})
	if err != nil {
		return nil, err
	}
	store, err := state.New(bucket, prefix, state.Options{})
	if err != nil {
		return nil, err
	}
	return store.ForInstallation(ServerName(cfg), cfg.JumpServer.OrgID), nil
}

// ServerName returns the name of the configured JumpServer, by which state is told apart: jumpserver.id, else
// the host of its URL, in lower case, with a port that is not the scheme's and a path where there are any:
// all of them may be another JumpServer's.
func ServerName(cfg config.Config) string {
	if cfg.JumpServer.ID != "" {
		return strings.ToLower(cfg.JumpServer.ID)
	}
	at, err := url.Parse(cfg.JumpServer.URL)
	if err != nil || at.Host == "" {
		return cfg.JumpServer.URL // refused by the configuration's check
	}
	host := strings.ToLower(at.Host)
	for scheme, port := range map[string]string{"https": ":443", "http": ":80"} {
		if at.Scheme == scheme {
			host = strings.TrimSuffix(host, port)
		}
	}
	return host + strings.TrimRight(at.EscapedPath(), "/")
}

// leaseTTL is how long a lease lasts that is renewed while its run works.
const leaseTTL = 2 * time.Minute

// leaseCheckInterval is how often a run looks whether its lease still holds. It looks at the wall clock,
// because a timer stands still while a function's instance is frozen.
const leaseCheckInterval = time.Second

// RunWithState makes a full run with what a store remembers: while another run of the same slice
// works nothing is done, a run without changes asks JumpServer nothing, and the run is put into
// the history. Without a store, or where the store fails, the run is made all the same.
func RunWithState(ctx context.Context, e engine.Engine, store *state.Store, salt string, every time.Duration, holder string, req engine.Request) engine.RunResult {
	keepRate := UseStoredRate(store, e.Bastion, e.Log)
	if store != nil {
		e.HeldStore, e.OwnerStore, e.Announced, e.Pauses = store.HeldStore(), store, store, store
	}
	if store == nil || req.DryRun {
		return e.Run(ctx, req)
	}
	defer keepRate(ctx)
	e.Recorded = true
	e.Incremental = &engine.Incremental{Store: store, Salt: salt, FullInterval: every, SyncChanges: reconcile.SyncChanges}
	e.RemovalTracking = &engine.RemovalTracking{Store: store, ShardKey: shardKey(req)}
	lease, err := store.AcquireLease(ctx, shardKey(req), leaseTTL, holder)
	switch {
	case errors.Is(err, state.ErrLeaseTaken):
		e.Log.Info("another run is at work", "reason", err)
		out := engine.RunResult{Report: report.NewBusyReport(e.Now(), err.Error())}
		reportBusyShard(ctx, e, req, out.Report, err, holder)
		return out
	case err != nil:
		e.Log.Warn("run without a lease", "reason", err)
	default:
		var release func()
		e.RemovalTracking.Exclusive = true
		ctx, release = renewWhileRunning(ctx, lease, e.Log)
		defer release()
	}
	out := e.Run(ctx, req)
	recordHeartbeat(ctx, e, store, req, out)
	document, err := report.HistoryDocument(out.Report, state.MaxShardReport)
	if err == nil {
		last, cancel := withStoreReserve(ctx)
		err = store.RecordRun(last, document, e.Now())
		cancel()
	}
	if err != nil {
		e.Log.Warn("the run is not in the history", "error", err)
	}
	return out
}

// Alone takes the lease of full runs for a person's order, and holds it until release is called. Its error is that a run
// is at work. Where there is no store, or it fails, the order is carried out all the same.
func Alone(ctx context.Context, store *state.Store, holder string, log *slog.Logger) (held context.Context, release func(), err error) {
	if store == nil {
		return ctx, func() {}, nil
	}
	lease, err := store.AcquireLease(ctx, shardKey(engine.Request{}), leaseTTL, holder)
	switch {
	case errors.Is(err, state.ErrLeaseTaken):
		return nil, nil, err
	case err != nil:
		log.Warn("written without a lease", "reason", err)
		return ctx, func() {}, nil
	}
	held, release = renewWhileRunning(ctx, lease, log)
	return held, release, nil
}

// recordHeartbeat notes that a run was complete.
func recordHeartbeat(ctx context.Context, e engine.Engine, store *state.Store, req engine.Request, out engine.RunResult) {
	if out.Err != nil {
		return
	}
	last, cancel := withStoreReserve(ctx)
	defer cancel()
	if err := e.Cards.RecordHeartbeat(last, store, shardKey(req), e.Rules, out.Report); err != nil {
		e.Log.Warn("it is not noted that the run was complete", "error", err)
	}
}

// MarkDirty gives what marks scopes before events write in them, so that the next full run compares
// them anew: an instance that is made and released between two listings leaves both alike, and an
// asset behind. It is nil where no state store is named.
func MarkDirty(store *state.Store, log *slog.Logger) func(context.Context, []inventory.Scope) {
	if store == nil {
		return nil
	}
	return func(ctx context.Context, scopes []inventory.Scope) {
		if err := store.LoadSnapshot(ctx, scopes).MarkDirty(ctx, scopes...); err != nil {
			log.Warn("state was not reopened; the next full reconcile finds what is left", "error", err)
		}
	}
}

// OpenIntents returns what keeps the removals by events until they are told; nil where no state store is named.
func OpenIntents(store *state.Store) *engine.RemovalTracking {
	if store == nil {
		return nil
	}
	return &engine.RemovalTracking{Store: store, ShardKey: "events"}
}

// OpenReportQueue gives the window in which the reports of events wait, for all processes that share the
// store; nil where there is none, or every report is told at once.
func OpenReportQueue(store *state.Store, cfg config.Config) *state.ReportQueue {
	if store == nil || cfg.Notification.Window <= 0 {
		return nil
	}
	return store.ReportQueue("events", cfg.Notification.Window)
}

// OpenNodeIDs returns what is remembered of nodes; nil where there is no store.
func OpenNodeIDs(store *state.Store) *state.NodeIDs {
	if store == nil {
		return nil
	}
	return store.NodeIDs()
}

// withStoreReserve is the little time that the store gets after a run, also after one whose time is over:
// the answer must not wait for it.
func withStoreReserve(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), 300*time.Millisecond+storeReserveOf(ctx))
}

// storeReserveOf is longer while the invocation has time left.
func storeReserveOf(ctx context.Context) time.Duration {
	deadline, bounded := ctx.Deadline()
	if !bounded {
		return 5 * time.Second
	}
	return min(max(time.Until(deadline), 0), 5*time.Second)
}

// renewWhileRunning renews a lease until release is called. A lease that is lost ends the context: whoever
// has it now may write. That it ended is also seen while a renewal is under way, within leaseCheckInterval.
func renewWhileRunning(ctx context.Context, lease state.Lease, log *slog.Logger) (held context.Context, release func()) {
	held, cancel := context.WithCancel(ctx)
	var now atomic.Pointer[state.Lease]
	now.Store(&lease)
	var work sync.WaitGroup
	work.Go(func() {
		defer cancel()
		renewLease(held, &now, log)
	})
	work.Go(func() {
		for pause.For(held, leaseCheckInterval) == nil {
			if !now.Load().IsValid(time.Now()) {
				log.Error("the lease has ended before it was renewed, the run ends")
				cancel()
			}
		}
	})
	return held, func() {
		cancel()
		work.Wait()
		last, end := withStoreReserve(ctx)
		defer end()
		if err := now.Load().Release(last); err != nil {
			log.Warn("the lease ends by itself", "error", err)
		}
	}
}

// renewLease keeps a lease until the context ends, or it is lost. A renewal that fails is made again.
func renewLease(ctx context.Context, now *atomic.Pointer[state.Lease], log *slog.Logger) {
	for pause.For(ctx, leaseTTL/4) == nil {
		next, err := now.Load().Renew(ctx)
		switch {
		case err == nil:
			now.Store(&next)
		case errors.Is(err, state.ErrLeaseLost):
			log.Error("the lease is lost, the run ends", "error", err)
			return
		case ctx.Err() == nil:
			log.Warn("the lease is not renewed yet", "error", err)
		}
	}
}

// shardKey names what a request is about, so that only runs of the same slice exclude each other.
func shardKey(req engine.Request) string {
	if len(req.Accounts)+len(req.Regions) == 0 {
		return "run"
	}
	return "run " + strings.Join(req.Accounts, ",") + " " + strings.Join(req.Regions, ",")
}

// buildRevision says which program this is: the revision that it was built from.
func buildRevision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	text := info.GoVersion + " " + info.Main.Version
	for _, s := range info.Settings {
		if strings.HasPrefix(s.Key, "vcs.") {
			text += " " + s.Value
		}
	}
	return text
}

// FingerprintSalt is a hash of all that decides what is made of a listing: rules, limits, the organisation
// and the program's version. Where it changes, everything is compared anew.
func FingerprintSalt(cfg config.Config) string {
	matters := struct {
		Rules                 plan.Rules
		Limits                plan.Limits
		URL, Organisation, By string
	}{planRules(cfg), planLimits(cfg), cfg.JumpServer.URL, cfg.JumpServer.OrgID, buildRevision()}
	text, err := json.Marshal(matters)
	if err != nil {
		return "" // cannot be: all of it is texts, numbers and lists
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
