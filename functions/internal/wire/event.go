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
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver"
	"github.com/jms-sync/jms-sync/core/pause"
)

// Kept is what the invocations of one process share. What is nil is kept for one run only.
type Kept struct {
	Outbox     *engine.Outbox    // of events
	Identities *cloud.Identities // of events
	Assumed    *cloud.Assumed
	Recent     *cloud.Recent // quarantines, where there is no state store
}

// Events builds what runs on events: the engine of a full run, with accounts that are believed
// to be what account_id says, so that an event costs few calls.
func Events(cfg config.Config, client *jumpserver.Client, role Role, log *slog.Logger, kept Kept) (engine.Events, error) {
	e, err := Engine(cfg, client, role, log, kept, Hooks{})
	if err != nil {
		return engine.Events{}, err
	}
	e.Outbox = kept.Outbox
	fleet := cloud.Open(accounts(cfg, role, kept.Assumed), cloudlist.Providers()).WithLogger(log).WithIdentities(kept.Identities)
	return engine.Events{Engine: e, Clouds: fleet, Bastion: client, Sleep: pause.For}, nil
}

// Hear decodes what a cloud's event service delivers.
func Hear(of inventory.Cloud, payload []byte, from cloud.Origin) []cloud.Heard {
	for _, p := range cloudlist.Providers() {
		if p.Cloud == of && p.Events != nil {
			return p.Events(payload, from)
		}
	}
	return []cloud.Heard{{Err: &inventory.Error{
		Kind: inventory.Unsupported, Message: "events of cloud " + string(of) + " cannot be read",
	}}}
}

// Event runs what a cloud's event service delivers. The error names the events that failed, so
// that the platform delivers the payload again.
func (a *App) Event(ctx context.Context, of inventory.Cloud, payload []byte, role Role) (engine.EventAnswer, error) {
	w, err := a.ready(ctx, role)
	if err != nil {
		a.unready(ctx, role, err)
		return engine.EventAnswer{}, err
	}
	v, err := Events(w.cfg, w.client, role, w.log, w.kept)
	if err != nil {
		return engine.EventAnswer{}, err
	}
	ctx, cancel := answerable(ctx, a.now())
	defer cancel()
	v.Engine.Reserve = reserve(ctx, a.now())
	store, err := State(role, a.environ, w.cfg)
	if err != nil {
		w.log.Warn("run without state", "error", err)
	}
	v.Redelivers = true // all four platforms call an event's function again that has failed
	v.Begin, v.Engine.Window, v.Engine.Nodes = Reopen(store, w.log), Window(store, w.cfg), Nodes(store)
	v.Engine.Intents, v.Engine.Owners, v.Engine.Announced, v.Engine.Pauses = Intents(store), store, store, Pauses(store, err)
	defer RecallRate(store, w.client, w.log)(ctx)
	answer := v.Run(ctx, Hear(of, payload, a.origin))
	a.look(ctx, v.Engine, store)
	if answer.Failed() {
		return answer, failedEvents(answer)
	}
	return answer, nil
}

// Stop tells what is still kept, before the platform stops the process.
func (a *App) Stop(ctx context.Context) {
	if w := a.warm.Load(); w != nil {
		w.flush(ctx)
	}
}

// lastTime is the most that a platform leaves a program after SIGTERM: that of Lambda's shutdown
// phase (https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html).
const lastTime = 2 * time.Second

// Terminate is Stop where a platform says only SIGTERM, and little time is left.
func (a *App) Terminate() {
	ctx, cancel := context.WithTimeout(context.Background(), lastTime)
	defer cancel()
	a.Stop(ctx)
}

// flush tells what the outbox keeps.
func (w *warm) flush(ctx context.Context) {
	if v, err := Events(w.cfg, w.client, Role{}, w.log, w.kept); err == nil {
		v.Engine.Flush(ctx)
	}
}

func failedEvents(answer engine.EventAnswer) error {
	var parts []string
	for _, e := range answer.Events {
		text := fmt.Sprintf("%s (%s): %s", e.ID, e.What, e.Outcome)
		if e.Outcome == engine.EventFailed {
			text += ": " + e.Reason
		}
		parts = append(parts, text)
	}
	return errors.New("events: " + strings.Join(parts, "; "))
}
