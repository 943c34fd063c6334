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
	leased, end := renewWhileRunning(ctx, lease, s.log)
	return leased, func() { s.releaseLease(ctx, end) }, true, nil
}

// orderKey is the lease of a person's orders.
const orderKey = "order"

// acquireRunLease acquires the lease of a run, or of an order, which keeps all runs away: full runs by their lease, and
// runs of a part because they look for an order.
func (s *Session) acquireRunLease(ctx context.Context, key, holder string, isOrder bool) (leased context.Context, release func(), exclusive bool, err error) {
	if s.store == nil {
		return ctx, func() {}, false, nil
	}
	outer, endOrder := ctx, func() {}
	if isOrder {
		outer, endOrder, _, err = s.acquireLease(ctx, orderKey, holder)
		if err != nil {
			return nil, nil, false, err
		}
	}
	leased, end, exclusive, err := s.acquireLease(outer, key, holder)
	if err != nil {
		endOrder()
		return nil, nil, false, err
	}
	release = func() {
		end()
		endOrder()
	}
	if err := s.checkOthers(leased, key, isOrder); err != nil {
		release()
		return nil, nil, false, err
	}
	return leased, release, exclusive, nil
}

// checkOthers fails where an order finds a run of a part at work, or such a run an order. Each looks when it holds its own
// lease, so that no two can miss each other.
func (s *Session) checkOthers(ctx context.Context, key string, isOrder bool) error {
	var err error
	switch {
	case isOrder:
		err = s.store.CheckLeasesOf(ctx, fullKey)
	case key != fullKey:
		err = s.store.CheckLease(ctx, orderKey)
	}
	if err != nil && !errors.Is(err, state.ErrLeaseTaken) {
		s.log.Warn("it is not known who else is at work", "reason", err)
		return nil
	}
	return err
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

// renewWhileRunning renews a lease until release is called, while the work of the context that it returns makes progress.
// A lost lease ends that context, because another run may write now. The end of a lease is noticed within
// leaseCheckInterval, even while a renewal is under way.
func renewWhileRunning(ctx context.Context, lease state.Lease, log *slog.Logger) (leased context.Context, release func(context.Context)) {
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
	return wait.WithProgress(held, watch.note), func(last context.Context) {
		cancel()
		work.Wait()
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

// fullKey is the lease of full runs. That of a part begins with it.
const fullKey = "run"

// shardKey returns the lease key of a request, so that only runs of the same slice exclude each other.
func shardKey(req engine.Request) string {
	if len(req.Accounts)+len(req.Regions) == 0 {
		return fullKey
	}
	return fullKey + " " + strings.Join(req.Accounts, ",") + " " + strings.Join(req.Regions, ",")
}
