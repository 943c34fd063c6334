package delivery

import (
	"context"
	"errors"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
)

// ShardCard is the card that the shards of one run share.
type ShardCard struct {
	Queue *state.ShardQueue
	Shard state.ShardID
	Wait  time.Duration // how long it waits for shards, from the firing
}

// DeliverShard adds the report of a shard to those of the others, to be sent in one card by whoever finds that all are
// there. It reports whether the report is kept for that card, or was sent, or need not be.
func (c Cards) DeliverShard(ctx context.Context, rep report.Report, card ShardCard) (delivered bool) {
	rep = c.withPage(ctx, rep)
	if !c.HasChannel() {
		return true
	}
	ctx, cancel := DetachedContext(ctx)
	defer cancel()
	delivered = true
	if err := putShardReport(ctx, card, rep); err != nil {
		c.Log.Warn("the part is told by itself", "part", card.Shard.String(), "reason", err)
		delivered = c.sendWanted(ctx, rep).isDone() // what went wrong is logged
		if errors.Is(err, state.ErrNoQueue) {
			return delivered
		}
	}
	c.flushShardBatches(ctx, card)
	return delivered
}

// putShardReport puts a shard's report into the queue. One that is too large is the caller's to send, and the queue only
// says that there was one.
func putShardReport(ctx context.Context, card ShardCard, rep report.Report) error {
	data, tooLarge := report.Marshal(rep, state.MaxShardReport)
	if tooLarge != nil {
		var err error
		data, err = report.Marshal(report.NewPlaceholder(rep), state.MaxShardReport)
		if err != nil {
			return err
		}
	}
	return errors.Join(card.Queue.Put(ctx, card.Shard, data), tooLarge)
}

// maxBatchesPerShard is how many batches one shard sends at most, after a time in which no card went out.
const maxBatchesPerShard = 4

// flushShardBatches sends the batches that are due, until there are none: one that became due while this shard was
// sending is left to it by the others.
func (c Cards) flushShardBatches(ctx context.Context, card ShardCard) {
	for range maxBatchesPerShard {
		batch, err := card.Queue.Claim(ctx, card.Wait)
		if err != nil {
			c.Log.Warn("the card that parts share", "error", err)
		}
		if !batch.IsValid() {
			return
		}
		rep, some := c.mergeShardReports(batch)
		if some {
			s := c.sendWanted(ctx, rep)
			if !s.isDone() {
				err = errors.Join(s.err, batch.Nack(ctx))
				c.Log.Warn("the card that parts share is left to others", "error", err)
				return
			}
		}
		if err := batch.Ack(ctx); err != nil {
			c.Log.Warn("the card that parts share may be told again", "error", err)
		}
	}
}

// mergeShardReports merges the reports of a batch; some is false where nothing is left to send. Where a shard was
// delivered again, a failure of it gives way to what came after.
func (c Cards) mergeShardReports(batch state.ShardBatch) (rep report.Report, some bool) {
	var reports []report.Report
	for n, data := range batch.Reports {
		r, err := report.Unmarshal(data)
		if err != nil {
			c.Log.Warn("a part's report cannot be read", "error", err)
			r = report.Build(report.Input{Started: batch.FiredAt, Stopped: &inventory.Error{
				Kind: inventory.Incomplete, Message: inventory.Shard{Number: batch.Shards[n], Count: batch.Count}.String(), Err: err,
			}})
		}
		later := n+1 < len(batch.Shards) && batch.Shards[n+1] == batch.Shards[n]
		if !r.IsPlaceholder() && !(later && r.Outcome == report.Failed) {
			reports = append(reports, r)
		}
	}
	some = len(reports)+len(batch.MissingShards) > 0
	return report.MergeShards(batch.FiredAt, reports, batch.MissingShards, batch.Count, c.Options.Lang), some
}
