package wire

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

// rateLearner is a JumpServer client that learns how many requests JumpServer takes.
type rateLearner interface {
	KeyFingerprint() string
	UseRateSource(from func(context.Context) jumpserver.RateLimit)
	LearntRate() (r jumpserver.RateLimit, changed bool)
}

// UseStoredRate lets a client ask the store, right before its first request, how many requests
// JumpServer takes. The caller calls keep after the run, which writes to the store only where
// something else was learnt. Without a store, and for other bastions than a client, nothing is done.
func UseStoredRate(store *state.Store, bastion any, log *slog.Logger) (keep func(context.Context)) {
	client, is := bastion.(rateLearner)
	if store == nil || !is {
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
