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
	// PutsOff is that of engine.Request.
	PutsOff func(rep report.Report, stopped error) bool
	// IncludeQuarantined queries accounts in quarantine too: a person says that they work again.
	IncludeQuarantined bool
}

// fullRun is a request and how it is run.
type fullRun struct {
	request            engine.Request
	firedAt            time.Time
	includeQuarantined bool
	silent             bool           // notifies nobody
	bastion            engine.Bastion // nil = the session's
	asksAccess         bool           // who gains and who loses access, also without rules
}

// Sync makes a full run, or the part of it that a request names, and notifies people. While another run of the same part
// is at work it does nothing but report that.
func (s *Session) Sync(ctx context.Context, r Request) engine.RunResult {
	if r.FiredAt.IsZero() {
		r.FiredAt = s.Now()
	}
	return s.runFull(ctx, fullRun{
		request: engine.Request{Accounts: r.Accounts, Regions: r.Regions, DryRun: r.DryRun, Shard: r.Shard, PutsOff: r.PutsOff},
		firedAt: r.FiredAt, includeQuarantined: r.IncludeQuarantined,
	})
}

// Apply makes a full run that writes only the changes that a person reviewed.
func (s *Session) Apply(ctx context.Context, reviewed []plan.ReviewLine, putsOff func(report.Report, error) bool) engine.RunResult {
	return s.runFull(ctx, fullRun{request: engine.Request{ReviewedLines: reviewed, PutsOff: putsOff}})
}

// runFull makes a run with the state store: it does nothing while another run of the same part is at work, asks
// JumpServer only for a number where nothing changed, and records the run in the history. Without a store, or where the store
// fails, the run is made all the same.
func (s *Session) runFull(ctx context.Context, r fullRun) engine.RunResult {
	ctx, end := s.WithRunTimeout(ctx)
	defer end()
	ctx, cancel := WithReserve(ctx, s.Now())
	defer cancel()
	s.outage.start(ctx)
	if s.store == nil || r.request.DryRun {
		out := s.fullEngine(ctx, r, false).Run(ctx, r.request)
		if !r.request.DryRun {
			s.recordRun(ctx, r, out)
		}
		return out
	}
	defer s.saveRate(ctx)
	out := s.runLeased(ctx, r)
	out.Report = out.Report.WithProblem(s.outage.lateProblem(), s.Language())
	return out
}

// runLeased makes a run that holds its lease, and records it.
func (s *Session) runLeased(ctx context.Context, r fullRun) engine.RunResult {
	leased, release, exclusive, err := s.acquireRunLease(ctx, shardKey(r.request), s.holderOf(r), r.request.ReviewedLines != nil)
	if err != nil {
		return s.reportBusy(ctx, r, err)
	}
	defer release()
	out := s.fullEngine(leased, r, exclusive).Run(leased, r.request)
	s.recordHeartbeat(leased, r, out)
	s.recordOpen(leased, r, out)
	s.recordHistory(leased, out)
	s.recordRun(leased, r, out)
	return out
}

// reportBusy reports that another run of the same part is at work. A shard adds this to its batch, unless the other run
// is the same firing delivered twice: then that one reports.
func (s *Session) reportBusy(ctx context.Context, r fullRun, busy error) engine.RunResult {
	s.log.Info("another run is at work", "reason", busy)
	out := engine.RunResult{Report: report.NewBusyReport(s.Now(), busy.Error())}
	var by *state.LeaseTakenError
	if !errors.As(busy, &by) || by.Holder != s.holderOf(r) {
		s.fullEngine(ctx, r, false).DeliverShardReport(ctx, r.request, out.Report)
	}
	return out
}

// recordHeartbeat records that a run was complete.
func (s *Session) recordHeartbeat(ctx context.Context, r fullRun, out engine.RunResult) {
	if out.Err != nil {
		return
	}
	storeCtx, cancel := withStoreReserve(ctx)
	defer cancel()
	if err := s.engine.Cards.RecordHeartbeat(storeCtx, s.store, shardKey(r.request), s.engine.Rules, out.Report); err != nil {
		s.log.Warn("it is not noted that the run was complete", "error", err)
	}
}

// recordOpen records what a run that compared all of JumpServer left open, for status.
func (s *Session) recordOpen(ctx context.Context, r fullRun, out engine.RunResult) {
	if !out.Report.Compared() {
		return
	}
	storeCtx, cancel := withStoreReserve(ctx)
	defer cancel()
	if err := s.store.SaveOpen(storeCtx, shardKey(r.request), openAssets(out.Report), s.Now()); err != nil {
		s.log.Warn("status may not list all that stays open", "error", err)
	}
}

func openAssets(rep report.Report) []state.OpenAsset {
	var open []state.OpenAsset
	for _, a := range rep.OpenAssets() {
		open = append(open, state.OpenAsset{
			ID: a.AssetID, Name: a.Name, Address: a.Address, Cloud: a.Cloud, Account: a.Account, Region: a.Region, InstanceID: a.InstanceID,
			Action: string(a.Action), Code: string(a.Code), Reason: a.Reason,
		})
	}
	return open
}

// recordHistory records a run in the history.
func (s *Session) recordHistory(ctx context.Context, out engine.RunResult) {
	document, shortened, err := report.HistoryDocument(out.Report, state.MaxRunDocument)
	if len(shortened) > 0 {
		s.log.Info("the run is too large for the history and is shortened there", "lists", shortened)
	}
	if err == nil {
		storeCtx, cancel := withStoreReserve(ctx)
		err = s.store.RecordRun(storeCtx, document, s.Now())
		cancel()
	}
	if err != nil {
		s.log.Warn("the run is not in the history", "error", err)
	}
}
