package session

import (
	"context"
	"log/slog"
	"time"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/cloud"
	cloudlist "github.com/jms-sync/jms-sync/core/cloud/all"
	"github.com/jms-sync/jms-sync/core/delivery"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/operator"
	"github.com/jms-sync/jms-sync/core/reconcile"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/wait"
)

// Engines are assembled in this file and nowhere else.

// newEngine returns the engine with everything that all runs and operator actions of the session share.
func (s *Session) newEngine(hooks Hooks) (engine.Engine, error) {
	to, err := NewChannels(s.cfg)
	if err != nil {
		return engine.Engine{}, err
	}
	e := engine.Engine{
		Clouds:       s.fleet(),
		Bastion:      s.cache.client,
		Rules:        s.rules(),
		Limits:       planLimits(s.cfg),
		ApplyOptions: apply.Options{Writers: s.cfg.Sync.Writers, Now: time.Now, Log: s.log, Progress: hooks.Progress},
		Cards:        s.newCards(to, hooks),
		Now:          time.Now,
		SkewClock:    time.Now,
		Log:          s.log,
		OnStage:      hooks.Stage,
		Memory:       engine.Memory{Pauses: newPauses(s.store, s.storeErr), Problem: s.storeProblem},
	}
	if s.cfg.Mapping != nil { // without rules a sync asks nothing that it did not ask before there were any
		e.Access = s.cache.client
	}
	if s.store != nil {
		e.Memory.Held, e.Memory.Nodes, e.Memory.Owners, e.Memory.Announced = s.store.HeldStore(), s.store.NodeIDs(), s.store, s.store
	}
	return e, nil
}

// storeProblem returns what a run reports of its store; nil = there is none, or it answers as it should.
func (s *Session) storeProblem() error {
	if s.storeErr != nil {
		return newStoreError(s.storeErr)
	}
	return s.outage.reportProblem()
}

// newCards returns the delivery of cards to people.
func (s *Session) newCards(to []delivery.Channel, hooks Hooks) delivery.Cards {
	c := delivery.Cards{
		Channels: to, Options: ReportOptions(s.cfg), Outbox: s.cache.outbox, TimerInterval: s.cfg.Sync.Interval, Now: time.Now, Log: s.log,
	}
	if hooks.Stage != nil {
		c.OnSend = func() {
			hooks.Stage("notify")
		}
	}
	if s.store != nil || s.cache.backlog != nil {
		c.Backlog = &delivery.Backlog{Process: s.cache.backlog, Store: s.store, Log: s.log}
	}
	if s.store != nil {
		c.Pages = pages{s}
	}
	if s.store != nil && s.cfg.Notification.Window > 0 {
		c.Queue = s.store.ReportQueue("events", s.cfg.Notification.Window)
	}
	return c
}

// SendNotice sends a message that is about no run to the channels of a configuration, worded for each. The error is that of a
// message that nobody accepted.
func SendNotice(ctx context.Context, channels []delivery.Channel, o report.Options, log *slog.Logger, word func(report.Options) notify.Message) error {
	return delivery.Cards{Channels: channels, Options: o, Now: time.Now, Log: log}.SendMessage(ctx, word)
}

// fleet returns the enabled accounts.
func (s *Session) fleet() cloud.Fleet {
	return s.openFleet(cloudAccounts(s.cfg, s.role, s.cache.roles))
}

// tellingFleet returns the enabled accounts, which keep every fact of instances, for a person who asks about one.
func (s *Session) tellingFleet() cloud.Fleet {
	accounts := cloudAccounts(s.cfg, s.role, s.cache.roles)
	for n := range accounts {
		accounts[n].Want = inventory.WantAll()
	}
	return s.openFleet(accounts)
}

func (s *Session) openFleet(accounts []cloud.Account) cloud.Fleet {
	return cloud.Open(accounts, cloudlist.Providers()).WithLogger(s.log)
}

// fullEngine returns the engine of a full run; exclusive says whether the run holds the lease.
func (s *Session) fullEngine(ctx context.Context, r fullRun, exclusive bool) engine.Engine {
	e := s.engine
	if r.silent {
		e.Cards.Channels = nil
	}
	if r.asksAccess {
		e.Access = s.cache.client
	}
	if r.request.WantBasis {
		e.Clouds, e.Access = s.tellingFleet(), nil // who reaches the one host is asked by itself
	}
	if r.bastion != nil {
		e.Bastion = r.bastion
	}
	e.Reserve = reserveOf(ctx, s.Now())
	e.ShardGroup = s.newShardGroup(ctx, r)
	if !r.request.DryRun && r.request.ReviewedLines == nil { // otherwise a person looks, or chose what is done
		e.Cards.Conditions = s.conditions()
	}
	if quarantines := s.quarantines(); quarantines != nil && !r.request.DryRun {
		fleet := s.fleet().WithQuarantine(quarantines, e.Now)
		if r.includeQuarantined {
			fleet.IncludeQuarantined()
		}
		e.Clouds = fleet
	}
	if s.store == nil || r.request.DryRun {
		return e
	}
	e.Incremental = &engine.Incremental{
		Store: s.store, Salt: fingerprintSalt(s.cfg), FullInterval: s.cfg.Sync.FullEvery, Recorded: true, SyncChanges: reconcile.SyncChanges,
	}
	e.RemovalTracking = &engine.RemovalTracking{Store: s.store, ShardKey: shardKey(r.request), Exclusive: exclusive}
	return e
}

// eventHandler returns the handler of events. It trusts account_id for the owner of an account, so that an event costs
// few calls.
func (s *Session) eventHandler(ctx context.Context, events Events) reconcile.EventHandler {
	e := s.engine
	e.Reserve = reserveOf(ctx, s.Now())
	if s.store != nil {
		e.RemovalTracking = &engine.RemovalTracking{Store: s.store, ShardKey: "events"}
	}
	return reconcile.EventHandler{
		Engine: e, Clouds: s.fleet().WithOwnerCache(s.cache.owners), Bastion: s.cache.client, Sleep: wait.For,
		Redelivers: events.Redelivers, BeforeWrite: s.markDirty(),
	}
}

// operatorEngine returns the engine of an operator action.
func (s *Session) operatorEngine(ctx context.Context) engine.Engine {
	e := s.engine
	e.Reserve = reserveOf(ctx, s.Now())
	return e
}

// operatorAction completes an operator action: the scopes in which it writes are marked dirty, and its account is
// queried with the configured keys even where it is switched off.
func (s *Session) operatorAction(o operator.Action) operator.Action {
	o.BeforeWrite, o.OpenClouds, o.Recorded = s.markDirty(), s.accountOpener(o.Account), s.store != nil
	return o
}

// markDirty returns a function that marks scopes before something is written in them, so that the next full run compares
// them anew: an instance created and released between two listings leaves both listings alike, and an asset behind. It
// returns nil without a state store.
func (s *Session) markDirty() func(context.Context, []inventory.Scope) {
	if s.store == nil {
		return nil
	}
	return func(ctx context.Context, scopes []inventory.Scope) {
		if err := s.store.LoadSnapshot(ctx, scopes).MarkDirty(ctx, scopes...); err != nil {
			s.log.Warn("state was not reopened; the next full reconcile finds what is left", "error", err)
		}
	}
}

// conditions returns what remembers of what people were notified: the state store, otherwise the process; nil = nothing.
func (s *Session) conditions() delivery.ConditionMemory {
	switch {
	case s.store != nil:
		return delivery.StoredMemory{Store: s.store, Process: s.cache.conditions, Log: s.log}
	case s.cache.conditions != nil:
		return s.cache.conditions
	}
	return nil
}

// quarantines returns the store of accounts whose credentials fail: the state store, otherwise the memory of the
// process; nil = none.
func (s *Session) quarantines() cloud.QuarantineStore {
	switch {
	case s.store != nil:
		return s.store
	case s.cache.quarantines != nil:
		return s.cache.quarantines
	}
	return nil
}
