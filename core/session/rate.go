package session

import (
	"context"
	"log/slog"
	"time"

	"github.com/jms-sync/jms-sync/core/jumpserver"
	"github.com/jms-sync/jms-sync/core/state"
)

// rateLoadTimeout is how long the first request to JumpServer waits at most for the stored rate: less than a refusal
// costs.
const rateLoadTimeout = time.Second

// useStoredRate makes a client read from the store, right before its first request, how many requests JumpServer
// accepts. The caller calls save after the run; it writes only what is newly learnt. Without a store, save does nothing.
func useStoredRate(store *state.Store, client *jumpserver.Client, log *slog.Logger) (save func(context.Context)) {
	if store == nil {
		return func(context.Context) {}
	}
	client.UseRateSource(func(ctx context.Context) jumpserver.RateLimit {
		ctx, cancel := context.WithTimeout(ctx, rateLoadTimeout)
		defer cancel()
		stored, err := store.LoadRate(ctx, client.KeyFingerprint())
		if err != nil {
			log.Info("JumpServer's rate is not known from earlier", "reason", err)
		}
		return jumpserver.RateLimit{Requests: stored.PerMinute, LastRefused: stored.LimitedAt}
	})
	return func(ctx context.Context) {
		r, changed := client.LearntRate()
		if !changed {
			return
		}
		storeCtx, cancel := withStoreReserve(ctx)
		defer cancel()
		if err := store.SaveRate(storeCtx, state.Rate{ClientHash: client.KeyFingerprint(), PerMinute: r.Requests, LimitedAt: r.LastRefused}); err != nil {
			log.Info("JumpServer's rate is not kept", "reason", err)
		}
	}
}
