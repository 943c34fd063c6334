package session

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/state"
	"github.com/jms-sync/jms-sync/core/wait"
)

// leaseTTL is how long a lease lasts without renewal.
const leaseTTL = 2 * time.Minute

// leaseCheckInterval is how often a run checks that its lease is valid. It compares with the wall clock, because a timer
// stands still while a function's instance is frozen.
const leaseCheckInterval = time.Second

// leaseStall is how long a run may make no progress before its lease is renewed no more: longer than any call or wait of
// it lasts. A process that hangs must not keep other runs away for ever.
const leaseStall = 10 * time.Minute

// acquireLease acquires the lease of runs with this key and renews it until release is called. It fails only where
// another run holds the lease. exclusive is false without a store, or where the store fails; the run then goes on
// without a lease.
func (s *Session) acquireLease(ctx context.Context, key, holder string) (leased context.Context, release func(), exclusive bool, err error) {
	if s.store == nil {
		return ctx, func() {}, false, nil
	}
	lease, err := s.store.AcquireLease(ctx, key, leaseTTL, holder)
	switch {
	case errors.Is(err, state.ErrLeaseTaken):
		return nil, nil, false, err
	case err != nil:
		s.log.Warn("run without a lease", "reason", err)
		return ctx, func() {}, false, nil
	}
	leased, release = renewWhileRunning(ctx, lease, s.log)
	return leased, release, true, nil
}

// renewWhileRunning renews a lease until release is called, while the work of the context that it returns makes progress.
// A lost lease ends that context, because another run may write now. The end of a lease is noticed within
// leaseCheckInterval, even while a renewal is under way.
func renewWhileRunning(ctx context.Context, lease state.Lease, log *slog.Logger) (leased context.Context, release func()) {
	held, cancel := context.WithCancel(ctx) // not that of the work: renewals are no progress of it
	var current atomic.Pointer[state.Lease]
	current.Store(&lease)
	watch := newProgressWatch()
	var work sync.WaitGroup
	work.Go(func() {
		defer cancel()
		renewLease(held, &current, watch, log)
	})
	work.Go(func() {
		for wait.For(held, leaseCheckInterval) == nil {
			if !current.Load().IsValid(time.Now()) {
				log.Error("the lease has ended before it was renewed, the run ends")
				cancel()
			}
		}
	})
	return wait.WithProgress(held, watch.note), func() {
		cancel()
		work.Wait()
		last, end := withStoreReserve(ctx)
		defer end()
		if err := current.Load().Release(last); err != nil {
			log.Warn("the lease ends by itself", "error", err)
		}
	}
}

// progressWatch knows when work made progress last.
type progressWatch struct{ last atomic.Pointer[time.Time] }

func newProgressWatch() *progressWatch {
	w := &progressWatch{}
	w.note()
	return w
}

func (w *progressWatch) note() {
	now := time.Now()
	w.last.Store(&now)
}

func (w *progressWatch) isStalled() bool { return time.Since(*w.last.Load()) > leaseStall }

// renewLease renews a lease until the context ends or the lease is lost. A renewal that fails is tried again. While the
// work is stalled there is none.
func renewLease(ctx context.Context, current *atomic.Pointer[state.Lease], watch *progressWatch, log *slog.Logger) {
	for wait.For(ctx, leaseTTL/4) == nil {
		if watch.isStalled() {
			log.Error("the run makes no progress, its lease is not renewed", "for", leaseStall)
			continue
		}
		next, err := current.Load().Renew(ctx)
		switch {
		case err == nil:
			current.Store(&next)
		case errors.Is(err, state.ErrLeaseLost):
			log.Error("the lease is lost, the run ends", "error", err)
			return
		case ctx.Err() == nil:
			log.Warn("the lease is not renewed yet", "error", err)
		}
	}
}

// shardKey returns the lease key of a request, so that only runs of the same slice exclude each other.
func shardKey(req engine.Request) string {
	if len(req.Accounts)+len(req.Regions) == 0 {
		return "run"
	}
	return "run " + strings.Join(req.Accounts, ",") + " " + strings.Join(req.Regions, ",")
}
