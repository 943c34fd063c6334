package wire

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	cloudlist "github.com/jms-sync/jms-sync/core/cloud/all"
	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/delivery"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver"
	"github.com/jms-sync/jms-sync/core/pause"
	"github.com/jms-sync/jms-sync/core/reconcile"
)

// ProcessCache is what the invocations of one process share. What is nil is kept for one run only.
type ProcessCache struct {
	Outbox     *delivery.Outbox  // of events
	Identities *cloud.OwnerCache // of events
	Assumed    *cloud.RoleCache
	Recent     *cloud.MemoryQuarantineStore // quarantines, where there is no state store
}

// NewEvents builds what runs on events: the engine of a full run, with accounts that are believed
// to be what account_id says, so that an event costs few calls.
func NewEvents(cfg config.Config, client *jumpserver.Client, role Role, log *slog.Logger, kept ProcessCache) (reconcile.EventHandler, error) {
	e, err := NewEngine(cfg, client, role, log, kept, Hooks{})
	if err != nil {
		return reconcile.EventHandler{}, err
	}
	e.Cards.Outbox = kept.Outbox
	fleet := cloud.Open(cloudAccounts(cfg, role, kept.Assumed), cloudlist.Providers()).WithLogger(log).WithOwnerCache(kept.Identities)
	return reconcile.EventHandler{Engine: e, Clouds: fleet, Bastion: client, Sleep: pause.For}, nil
}

// EventClouds returns the names, in Chinese, of the clouds whose events can be read.
func EventClouds() []string {
	var names []string
	for _, p := range cloudlist.Providers() {
		if p.Events != nil {
			names = append(names, p.Name.ZH)
		}
	}
	return names
}

// ParseEvents decodes what a cloud's event service delivers.
func ParseEvents(of inventory.Cloud, payload []byte, from cloud.Origin) []cloud.ParsedEvent {
	for _, p := range cloudlist.Providers() {
		if p.Cloud == of && p.Events != nil {
			return p.Events(payload, from)
		}
	}
	return []cloud.ParsedEvent{{Err: &inventory.Error{
		Kind: inventory.Unsupported, Message: "events of cloud " + string(of) + " cannot be read",
	}}}
}

// HandleEvent runs what a cloud's event service delivers. The error names the events that failed, so
// that the platform delivers the payload again.
func (a *App) HandleEvent(ctx context.Context, of inventory.Cloud, payload []byte, role Role) (reconcile.EventReport, error) {
	w, err := a.loadCurrent(ctx, role)
	if err != nil {
		a.notifyUnready(ctx, role, err)
		return reconcile.EventReport{}, err
	}
	v, err := NewEvents(w.cfg, w.client, role, w.log, w.cache)
	if err != nil {
		return reconcile.EventReport{}, err
	}
	ctx, cancel := withReserve(ctx, a.now())
	defer cancel()
	v.Engine.Reserve = reserveOf(ctx, a.now())
	store, err := OpenState(role, a.environ, w.cfg)
	if err != nil {
		w.log.Warn("run without state", "error", err)
	}
	v.Redelivers = true // all four platforms call an event's function again that has failed
	v.BeforeWrite, v.Engine.Cards.Queue, v.Engine.Nodes = MarkDirty(store, w.log), OpenReportQueue(store, w.cfg), OpenNodeIDs(store)
	v.Engine.RemovalTracking, v.Engine.OwnerStore, v.Engine.Announced, v.Engine.Pauses = OpenIntents(store), store, store, Pauses(store, err)
	defer UseStoredRate(store, w.client, w.log)(ctx)
	answer := v.Run(ctx, ParseEvents(of, payload, a.origin))
	a.checkStalenessAfterEvent(ctx, v.Engine, store)
	if answer.NeedsRedelivery() {
		return answer, failedEventsError(answer)
	}
	return answer, nil
}

// Flush tells what is still kept, before the platform stops the process.
func (a *App) Flush(ctx context.Context) {
	if w := a.current.Load(); w != nil {
		w.flushOutbox(ctx)
	}
}

// terminateTimeout is the most that a platform leaves a program after SIGTERM: that of Lambda's shutdown
// phase (https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html).
const terminateTimeout = 2 * time.Second

// Terminate is Stop where a platform says only SIGTERM, and little time is left.
func (a *App) Terminate() {
	ctx, cancel := context.WithTimeout(context.Background(), terminateTimeout)
	defer cancel()
	a.Flush(ctx)
}

// flushOutbox tells what the outbox keeps.
func (w *loadedConfig) flushOutbox(ctx context.Context) {
	if v, err := NewEvents(w.cfg, w.client, Role{}, w.log, w.cache); err == nil {
		v.Engine.Cards.Flush(ctx)
	}
}

func failedEventsError(answer reconcile.EventReport) error {
	var parts []string
	for _, e := range answer.Results {
		text := fmt.Sprintf("%s (%s): %s", e.ID, e.Description, e.Outcome)
		if e.Outcome == reconcile.EventFailed {
			text += ": " + e.Reason
		}
		parts = append(parts, text)
	}
	return errors.New("events: " + strings.Join(parts, "; "))
}
