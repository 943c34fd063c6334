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

// lastReleaseTimeout is how long a run that gave the store up waits for the release of its lease, so that the next run
// need not wait until it ends by itself.
const lastReleaseTimeout = 200 * time.Millisecond

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
	leased, end := renewWhileRunning(ctx, lease, s.log)
	return leased, func() { s.releaseLease(ctx, end) }, true, nil
}

// releaseLease ends a lease. A run that gave the store up tries it once, for a moment.
func (s *Session) releaseLease(ctx context.Context, end func(context.Context)) {
	reserve := withStoreReserve
	if s.outage.isDown() {
		reserve = withLastRelease
	}
	last, cancel := reserve(ctx)
	defer cancel()
	end(last)
}

func withLastRelease(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(withUnboundedStore(context.WithoutCancel(ctx)), lastReleaseTimeout)
}

// renewWhileRunning renews a lease until release is called. A lost lease ends the context, because another run may write
// now. The end of a lease is noticed within leaseCheckInterval, even while a renewal is under way.
func renewWhileRunning(ctx context.Context, lease state.Lease, log *slog.Logger) (leased context.Context, release func(context.Context)) {
	leased, cancel := context.WithCancel(ctx)
	var current atomic.Pointer[state.Lease]
	current.Store(&lease)
	var work sync.WaitGroup
	work.Go(func() {
		defer cancel()
		renewLease(leased, &current, log)
	})
	work.Go(func() {
		for wait.For(leased, leaseCheckInterval) == nil {
			if !current.Load().IsValid(time.Now()) {
				log.Error("the lease has ended before it was renewed, the run ends")
				cancel()
			}
		}
	})
	return leased, func(last context.Context) {
		cancel()
		work.Wait()
		if err := current.Load().Release(last); err != nil {
			log.Warn("the lease ends by itself", "error", err)
		}
	}
}

// renewLease renews a lease until the context ends or the lease is lost. A renewal that fails is tried again.
func renewLease(ctx context.Context, current *atomic.Pointer[state.Lease], log *slog.Logger) {
	for wait.For(ctx, leaseTTL/4) == nil {
		next, err := current.Load().Renew(withUnboundedStore(ctx))
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
