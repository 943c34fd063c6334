package session

import (
	"context"
	"errors"
	"time"

	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
)

// Request narrows a sync; the zero value means everything.
type Request struct {
	Accounts, Regions []string
	DryRun            bool
	Shard             inventory.Shard
	FiredAt           time.Time // when the timer fired; zero = now
	// IncludeQuarantined asks accounts in quarantine too: a person says that they work again.
	IncludeQuarantined bool
}

// fullRun is a request, and how it is made.
type fullRun struct {
	request            engine.Request
	firedAt            time.Time
	includeQuarantined bool
	silent             bool // nobody is notified
}

// Sync makes a full run, or the part of it that a request names, and notifies people. While another run of the same
// part is at work it does nothing, and says so.
func (s *Session) Sync(ctx context.Context, r Request) engine.RunResult {
	if r.FiredAt.IsZero() {
		r.FiredAt = s.Now()
	}
	return s.runFull(ctx, fullRun{
		request: engine.Request{Accounts: r.Accounts, Regions: r.Regions, DryRun: r.DryRun, Shard: r.Shard},
		firedAt: r.FiredAt, includeQuarantined: r.IncludeQuarantined,
	})
}

// Plan makes a run that writes nothing and notifies nobody. With review its result has what a person can approve.
func (s *Session) Plan(ctx context.Context, review bool) engine.RunResult {
	return s.runFull(ctx, fullRun{request: engine.Request{DryRun: true, WantReview: review}, silent: true})
}

// Apply makes a full run that writes nothing but the changes that a person reviewed.
func (s *Session) Apply(ctx context.Context, reviewed []plan.ReviewLine) engine.RunResult {
	return s.runFull(ctx, fullRun{request: engine.Request{ReviewedLines: reviewed}})
}

// runFull makes a run with what the state store remembers: while another run of the same part works nothing is done, a
// run without changes asks JumpServer nothing, and the run is put into the history. Without a store, or where the store
// fails, the run is made all the same.
func (s *Session) runFull(ctx context.Context, r fullRun) engine.RunResult {
	ctx, cancel := WithReserve(ctx, s.Now())
	defer cancel()
	if s.store == nil || r.request.DryRun {
		return s.fullEngine(ctx, r, false).Run(ctx, r.request)
	}
	defer s.saveRate(ctx)
	held, release, exclusive, err := s.acquireLease(ctx, shardKey(r.request), s.holderOf(r))
	if err != nil {
		return s.reportBusy(ctx, r, err)
	}
	defer release()
	out := s.fullEngine(held, r, exclusive).Run(held, r.request)
	s.recordHeartbeat(held, r, out)
	s.recordHistory(held, out)
	return out
}

// reportBusy reports that another run of the same part is at work. A shard that found its like at work is added to its
// batch, unless that is the same firing, which was delivered twice: then the one at work reports.
func (s *Session) reportBusy(ctx context.Context, r fullRun, busy error) engine.RunResult {
	s.log.Info("another run is at work", "reason", busy)
	out := engine.RunResult{Report: report.NewBusyReport(s.Now(), busy.Error())}
	var by *state.LeaseTakenError
	if !errors.As(busy, &by) || by.Holder != s.holderOf(r) {
		s.fullEngine(ctx, r, false).DeliverShardReport(ctx, r.request, out.Report)
	}
	return out
}

// recordHeartbeat notes that a run was complete.
func (s *Session) recordHeartbeat(ctx context.Context, r fullRun, out engine.RunResult) {
	if out.Err != nil {
		return
	}
	last, cancel := withStoreReserve(ctx)
	defer cancel()
	if err := s.engine.Cards.RecordHeartbeat(last, s.store, shardKey(r.request), s.engine.Rules, out.Report); err != nil {
		s.log.Warn("it is not noted that the run was complete", "error", err)
	}
}

// recordHistory puts a run into the history.
func (s *Session) recordHistory(ctx context.Context, out engine.RunResult) {
	document, err := report.HistoryDocument(out.Report, state.MaxShardReport)
	if err == nil {
		last, cancel := withStoreReserve(ctx)
		err = s.store.RecordRun(last, document, s.Now())
		cancel()
	}
	if err != nil {
		s.log.Warn("the run is not in the history", "error", err)
	}
}
