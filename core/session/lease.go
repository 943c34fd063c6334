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
	"github.com/jms-sync/jms-sync/core/pause"
	"github.com/jms-sync/jms-sync/core/state"
)

// leaseTTL is how long a lease lasts that is renewed while its run works.
const leaseTTL = 2 * time.Minute

// leaseCheckInterval is how often a run looks whether its lease still holds. It looks at the wall clock,
// because a timer stands still while a function's instance is frozen.
const leaseCheckInterval = time.Second

// acquireLease takes the lease of runs with this key, and renews it until release is called. exclusive: no other run of
// the key is at work; false without a store, or where it fails, and then work goes on all the same. The error is that
// another run is at work.
func (s *Session) acquireLease(ctx context.Context, key, holder string) (held context.Context, release func(), exclusive bool, err error) {
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
	held, release = renewWhileRunning(ctx, lease, s.log)
	return held, release, true, nil
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
