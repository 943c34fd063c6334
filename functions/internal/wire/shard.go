package wire

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
)

// Shard is which of several parts of one run a request is.
type Shard = engine.Shard

// minShardWait is how long a card waits at least for all parts of a run.
const minShardWait = 20 * time.Minute

// newShardGroup is what the parts of one run share; nil for a run that is no part, or without a store.
// Parts are waited for as long as one may take that began as late as a tick may: all of them are
// invocations of one function, so that the time of this one is that of all.
func newShardGroup(ctx context.Context, cfg config.Config, store *state.Store, tick Firing, now time.Time) *engine.ShardGroup {
	if store == nil || tick.Request.Shard.Count == 0 {
		return nil
	}
	wait := minShardWait
	if deadline, bounded := ctx.Deadline(); bounded {
		wait = max(wait, cfg.StaleAfter+deadline.Sub(now)+time.Minute)
	}
	server := sha256.Sum256([]byte(cfg.JumpServer.URL))
	return &engine.ShardGroup{
		Store: store, Name: cfg.JumpServer.OrgID + " " + hex.EncodeToString(server[:8]), FiredAt: tick.FiredAt, CardWait: wait,
	}
}

// holderName names who works, for people; of a part also the tick, so that one that is delivered twice
// knows itself.
func holderName(program string, tick Firing) string {
	if tick.Request.Shard.Count == 0 {
		return program
	}
	return program + " " + tick.Request.Shard.String() + " of " + tick.FiredAt.UTC().Format(time.RFC3339)
}

// reportBusyShard adds a part that found its like at work to its round, unless that is the same tick, which
// was delivered twice: then the one at work reports.
func reportBusyShard(ctx context.Context, e engine.Engine, req engine.Request, rep report.Report, busy error, holder string) {
	var by *state.LeaseTakenError
	if errors.As(busy, &by) && by.Holder == holder {
		return
	}
	e.DeliverShardReport(ctx, req, rep)
}
