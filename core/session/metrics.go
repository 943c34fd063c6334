package session

import (
	"context"
	"sync"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/metrics"
	"github.com/jms-sync/jms-sync/core/operator"
	"github.com/jms-sync/jms-sync/core/reconcile"
	"github.com/jms-sync/jms-sync/core/state"
)

// metricsMemory keeps the metrics of a process that has no state store.
type metricsMemory struct {
	mu    sync.Mutex
	known state.Metrics
}

// UpdateMetrics is that of state.Store.
func (m *metricsMemory) UpdateMetrics(_ context.Context, change func(state.Metrics) state.Metrics) (state.Metrics, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.known = change(m.known)
	return m.known, nil
}

// newSinks returns where a configuration brings metrics to. A function has no disk for a file.
func newSinks(cfg config.Config, role Role) (*metrics.Sinks, error) {
	m := cfg.Metrics
	if role.Cloud != "" {
		m.File = ""
	}
	return metrics.NewSinks(metrics.Settings{
		File: m.File, Pushgateway: m.Pushgateway, RemoteWrite: m.RemoteWrite, RemoteWriteToken: m.RemoteWriteToken, Job: m.Job,
		Server: serverName(cfg), Organisation: cfg.JumpServer.OrgID,
	}, metrics.Options{Proxy: cfg.Proxy.Reveal()})
}

// recordRun adds a full run to the metrics.
func (s *Session) recordRun(ctx context.Context, r fullRun, out engine.RunResult) {
	s.recordMetrics(ctx, metrics.Run{By: metrics.ByRun, Part: shardKey(r.request), Report: out.Report, Stopped: out.Err != nil})
}

// recordEvents adds what became of events to the metrics.
func (s *Session) recordEvents(ctx context.Context, events Events, answer reconcile.EventReport) {
	run := metrics.Run{By: metrics.ByEvent, Report: answer.Report}
	for n, result := range answer.Results {
		run.Events = append(run.Events, metrics.Event{Outcome: string(result.Outcome), Done: result.Outcome == reconcile.EventDone, At: events.Parsed[n].At})
	}
	s.recordMetrics(ctx, run)
}

// recordOrder adds a person's order to the metrics.
func (s *Session) recordOrder(ctx context.Context, out operator.Result) {
	s.recordMetrics(ctx, metrics.Run{By: metrics.ByOrder, Report: out.Report, Stopped: out.Err != nil})
}

// recordMetrics logs the numbers of a run, keeps them, and brings all of them where the configuration says. What fails is
// logged: a run is the same without it.
func (s *Session) recordMetrics(ctx context.Context, run metrics.Run) {
	run.Now = s.Now()
	if s.cfg.Metrics.Log {
		s.log.Info("metrics", run.LogFields()...)
	}
	if s.sinks.IsEmpty() {
		return
	}
	var memory interface {
		UpdateMetrics(ctx context.Context, change func(state.Metrics) state.Metrics) (state.Metrics, error)
	} = s.cache.metrics
	if s.store != nil {
		memory = s.store
	}
	storeCtx, cancel := withStoreReserve(ctx)
	defer cancel()
	all, err := memory.UpdateMetrics(storeCtx, func(known state.Metrics) state.Metrics { return metrics.Record(known, run) })
	if err != nil {
		s.log.Warn("the metrics of this run are lost", "error", err)
		return
	}
	pushCtx, done := withStoreReserve(ctx)
	defer done()
	if err := s.sinks.Push(pushCtx, metrics.All(all)); err != nil {
		s.log.Warn("metrics were not brought everywhere", "error", err)
	}
}
