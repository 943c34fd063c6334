package session

import (
	"context"
	"log/slog"
	"time"

	"github.com/jms-sync/jms-sync/core/jumpserver"
	"github.com/jms-sync/jms-sync/core/state"
)

// rateLoadTimeout is how long a first request to JumpServer waits at most for what the store knows of its
// rate: less than a refusal costs.
const rateLoadTimeout = time.Second

// useStoredRate lets a client ask the store, right before its first request, how many requests JumpServer takes. The
// caller calls save after the run, which writes to the store only where something else was learnt. Without a store
// nothing is done.
func useStoredRate(store *state.Store, client *jumpserver.Client, log *slog.Logger) (save func(context.Context)) {
	if store == nil {
		return func(context.Context) {}
	}
	client.UseRateSource(func(ctx context.Context) jumpserver.RateLimit {
		ctx, cancel := context.WithTimeout(ctx, rateLoadTimeout)
		defer cancel()
		was, err := store.LoadRate(ctx, client.KeyFingerprint())
		if err != nil {
			log.Info("JumpServer's rate is not known from earlier", "reason", err)
		}
		return jumpserver.RateLimit{Requests: was.PerMinute, LastRefused: was.LimitedAt}
	})
	return func(ctx context.Context) {
		r, changed := client.LearntRate()
		if !changed {
			return
		}
		last, cancel := withStoreReserve(ctx)
		defer cancel()
		if err := store.SaveRate(last, state.Rate{ClientHash: client.KeyFingerprint(), PerMinute: r.Requests, LimitedAt: r.LastRefused}); err != nil {
			log.Info("JumpServer's rate is not kept", "reason", err)
		}
	}
}
