package wire

import (
	"context"
	"log/slog"
	"time"

	"github.com/jms-sync/jms-sync/core/jumpserver"
	"github.com/jms-sync/jms-sync/core/state"
)

// rateTime is how long a first request to JumpServer waits at most for what the store knows of its
// rate: less than a refusal costs.
const rateTime = time.Second

// paced is a JumpServer client that learns how many requests JumpServer takes.
type paced interface {
	Whose() string
	RecallRate(from func(context.Context) jumpserver.Rate)
	LearntRate() (r jumpserver.Rate, changed bool)
}

// RecallRate lets a client ask the store, right before its first request, how many requests
// JumpServer takes. The caller calls keep after the run, which writes to the store only where
// something else was learnt. Without a store, and for other bastions than a client, nothing is done.
func RecallRate(store *state.Store, bastion any, log *slog.Logger) (keep func(context.Context)) {
	client, is := bastion.(paced)
	if store == nil || !is {
		return func(context.Context) {}
	}
	client.RecallRate(func(ctx context.Context) jumpserver.Rate {
		ctx, cancel := context.WithTimeout(ctx, rateTime)
		defer cancel()
		was, err := store.Rate(ctx, client.Whose())
		if err != nil {
			log.Info("JumpServer's rate is not known from earlier", "reason", err)
		}
		return jumpserver.Rate{Requests: was.Requests, Seen: was.Seen}
	})
	return func(ctx context.Context) {
		r, changed := client.LearntRate()
		if !changed {
			return
		}
		last, cancel := lastCall(ctx)
		defer cancel()
		if err := store.KeepRate(last, state.Rate{Of: client.Whose(), Requests: r.Requests, Seen: r.Seen}); err != nil {
			log.Info("JumpServer's rate is not kept", "reason", err)
		}
	}
}
