package session

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/jms-sync/jms-sync/core/engine"
)

// minShardWait is how long a card waits at least for all shards of a run.
const minShardWait = 20 * time.Minute

// newShardGroup returns what the shards of one run share, or narrowed runs of the limits; nil without a store, or for a
// whole run. A card waits as long as the latest shard may take: all shards are invocations of one function, so the time
// limit of this one holds for all.
func (s *Session) newShardGroup(ctx context.Context, r fullRun) *engine.ShardGroup {
	if s.store == nil || !r.request.SharesRemovals() {
		return nil
	}
	wait := minShardWait
	if deadline, bounded := ctx.Deadline(); bounded {
		wait = max(wait, s.cfg.StaleAfter+deadline.Sub(s.Now())+time.Minute)
	}
	server := sha256.Sum256([]byte(s.cfg.JumpServer.URL))
	return &engine.ShardGroup{
		Store: s.store, Name: s.cfg.JumpServer.OrgID + " " + hex.EncodeToString(server[:8]), FiredAt: r.firedAt, CardWait: wait,
	}
}

// holderOf names who runs, for people. A shard adds its firing, so that a firing delivered twice recognises itself.
func (s *Session) holderOf(r fullRun) string {
	if r.request.Shard.Count == 0 {
		return s.holder
	}
	return s.holder + " " + r.request.Shard.String() + " of " + r.firedAt.UTC().Format(time.RFC3339)
}
