package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
)

// Shard says which of several parts of one run a request is, 1 ≤ Number ≤ Of; the zero value is the
// whole run.
type Shard struct{ Number, Count int }

func (p Shard) String() string { return fmt.Sprintf("%d/%d", p.Number, p.Count) }

// ShardGroup is what the parts of one run share, which work side by side in invocations of their
// own: one budget of removals, and one card.
type ShardGroup struct {
	Store    *state.Store
	Name     string        // of the deployment; nothing is shared between two
	FiredAt  time.Time     // when the timer fired; within half a minute it is the same run
	CardWait time.Duration // how long a card waits for parts, from Fired
}

// firing is the time by which the parts of one run know each other. The triggers of several parts
// need not fire in the same second.
func (s ShardGroup) firing() time.Time { return s.FiredAt.UTC().Round(time.Minute) }

// isWritingShard tells whether a request is a part that may write. Dry runs share nothing.
func (r Request) isWritingShard() bool { return r.Shard.Count > 0 && !r.DryRun }

// reserveLimits gives the limits of a request. A part that wants removals takes them from the budget that
// all parts share, and counts as the guard does: all that it would remove, held or not. Without the
// budget's word it removes nothing; and where there is no budget, each part has its share of per_run.
func (e Engine) reserveLimits(ctx context.Context, req Request, want int) plan.Limits {
	limits := e.Limits
	if !req.isWritingShard() {
		return limits
	}
	err := errors.New("no state store is named")
	if e.ShardGroup != nil {
		var g state.Grant
		claim := state.Reservation{ShardKey: shardKey(req), FiredAt: e.ShardGroup.firing(), Removals: want}
		g, err = e.ShardGroup.Store.Quota(e.ShardGroup.Name).Reserve(ctx, claim, limits.PerRun)
		switch {
		case err == nil && g.Granted:
			return limits
		case err == nil:
			limits.Hold = plan.NewReason(plan.GuardParts, g.OtherRemovals, want, limits.PerRun)
			return limits
		case !errors.Is(err, state.ErrNoQuota):
			e.Log.Warn("the parts' budget of removals is not known", "part", req.Shard.String(), "error", err)
			limits.Hold = plan.NewReason(plan.GuardBudget, err.Error())
			return limits
		}
	}
	limits.PerRun /= req.Shard.Count
	if want > 0 {
		e.Log.Warn("parts cannot share per_run, so each has an equal share of it",
			"part", req.Shard.String(), "removals", limits.PerRun, "reason", err)
	}
	return limits
}

// shardKey names a part and what it is about, so that a run that is split anew takes nobody's place.
func shardKey(req Request) string {
	return req.Shard.String() + " " + strings.Join(req.Accounts, ",") + " " + strings.Join(req.Regions, ",")
}

// deliverReport tells a run: by itself, or with the other parts of it. told says that its card was accepted, or kept to
// be told, or that none was wanted. The error is that of a card which nobody tells again; one that parts share is
// left to the others.
func (e Engine) deliverReport(ctx context.Context, req Request, rep report.Report) (told bool, lost error) {
	if e.ShardGroup == nil || !req.isWritingShard() {
		lost = e.notifyRun(ctx, rep)
		return lost == nil, lost
	}
	e.Flush(ctx)
	return e.EnqueueShardReport(ctx, req, rep), nil
}

// EnqueueShardReport adds the report of a part to those of the others, to be told in one card by whoever finds
// that all are there. It is also for a part that was not run, as its like was still at work. What
// is no part, or shares nothing, is not told by it. told says that the report is kept for that card, or was told, or
// need not be.
func (e Engine) EnqueueShardReport(ctx context.Context, req Request, rep report.Report) (told bool) {
	if e.ShardGroup == nil || !req.isWritingShard() || len(e.Notifiers) == 0 {
		return true
	}
	ctx, cancel := detachedContext(ctx)
	defer cancel()
	rounds := e.ShardGroup.Store.ShardQueue(e.ShardGroup.Name)
	seat := state.ShardID{FiredAt: e.ShardGroup.firing(), Number: req.Shard.Number, Count: req.Shard.Count}
	told = true
	if err := putShardReport(ctx, rounds, seat, rep); err != nil {
		e.Log.Warn("the part is told by itself", "part", req.Shard.String(), "reason", err)
		if e.shouldNotify(rep) {
			told = e.sendReport(ctx, rep) == nil // logged
		}
		if errors.Is(err, state.ErrNoShardQueue) {
			return told
		}
	}
	e.flushShardBatches(ctx, rounds)
	return told
}

// putShardReport puts a report into its round. One that is too large is the caller's to tell, and in the
// round it only stands that there was one.
func putShardReport(ctx context.Context, rounds *state.ShardQueue, seat state.ShardID, rep report.Report) error {
	data, tooLarge := report.Marshal(rep, state.MaxShardReport)
	if tooLarge != nil {
		var err error
		if data, err = report.Marshal(report.NewPlaceholder(rep), state.MaxShardReport); err != nil {
			return err
		}
	}
	return errors.Join(rounds.Put(ctx, seat, data), tooLarge)
}

// maxBatchesPerShard is how many rounds one part tells at most, after a time in which no card went out.
const maxBatchesPerShard = 4

// flushShardBatches tells the rounds that are due, until there are none: one that became due while this part was
// telling is left to it by the others.
func (e Engine) flushShardBatches(ctx context.Context, rounds *state.ShardQueue) {
	for range maxBatchesPerShard {
		round, err := rounds.Claim(ctx, e.ShardGroup.CardWait)
		if err != nil {
			e.Log.Warn("the card that parts share", "error", err)
		}
		if !round.IsValid() {
			return
		}
		rep, some := e.mergeShardReports(round)
		if some && e.shouldNotify(rep) {
			if err = e.sendReport(ctx, rep); err != nil {
				err = errors.Join(err, round.Nack(ctx))
				e.Log.Warn("the card that parts share is left to others", "error", err)
				return
			}
		}
		if err := round.Ack(ctx); err != nil {
			e.Log.Warn("the card that parts share may be told again", "error", err)
		}
	}
}

// mergeShardReports makes one report of a round; some is false where nothing is left to tell. Where a part
// was delivered again, a failure of it gives way to what came after.
func (e Engine) mergeShardReports(round state.ShardBatch) (rep report.Report, some bool) {
	var parts []report.Report
	for n, data := range round.Reports {
		r, err := report.Unmarshal(data)
		if err != nil {
			e.Log.Warn("a part's report cannot be read", "error", err)
			r = report.Build(report.Input{Started: round.FiredAt, Stopped: &inventory.Error{
				Kind: inventory.Incomplete, Message: Shard{round.Shards[n], round.Count}.String(), Err: err,
			}})
		}
		later := n+1 < len(round.Shards) && round.Shards[n+1] == round.Shards[n]
		if !r.IsPlaceholder() && !(later && r.Outcome == report.Failed) {
			parts = append(parts, r)
		}
	}
	return report.MergeShards(round.FiredAt, parts, round.MissingShards, round.Count, e.ReportOptions.Lang), len(parts)+len(round.MissingShards) > 0
}
