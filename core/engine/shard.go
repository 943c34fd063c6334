package engine

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/delivery"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
)

// ShardGroup is what the shards of one run share, which work side by side in invocations of their
// own: one quota of removals, and one card.
type ShardGroup struct {
	Store    *state.Store
	Name     string        // of the deployment; nothing is shared between two
	FiredAt  time.Time     // when the timer fired; within half a minute it is the same run
	CardWait time.Duration // how long a card waits for shards, from FiredAt
}

// firing is the time by which the shards of one run know each other. The triggers of several shards
// need not fire in the same second.
func (s ShardGroup) firing() time.Time { return s.FiredAt.UTC().Round(time.Minute) }

// isWritingShard reports whether a request is a shard that may write. Dry runs share nothing.
func (r Request) isWritingShard() bool { return r.Shard.Count > 0 && !r.DryRun }

// SharesRemovals reports whether a request may work beside others: a shard, or a run that is narrowed to some accounts or
// regions, as several timers may be. Dry runs share nothing.
func (r Request) SharesRemovals() bool {
	return !r.DryRun && (r.Shard.Count > 0 || len(r.Accounts)+len(r.Regions) > 0)
}

// reserveRemovals returns the limits of a request. A shard or narrowed run that wants removals takes them from the quotas
// that all of them share, one of losses and one of deletes at the end of a grace, and counts as the guard does: what its
// other rules let pass, also if that is too much. Without the quota's word it removes nothing; and where there is no quota,
// each shard has its share of per_run, and narrowed runs see of each other what labels say.
func (e Engine) reserveRemovals(ctx context.Context, req Request, limits plan.Limits, losses, deletes int) plan.Limits {
	if !req.SharesRemovals() {
		return limits
	}
	lossHold, err := e.reserve(ctx, req, "", losses, limits.PerRun)
	deleteHold, failed := e.reserve(ctx, req, "-deletes", deletes, limits.PerRun)
	limits.Hold, limits.HoldDeletes = lossHold, deleteHold
	err = cmp.Or(err, failed)
	if err == nil || req.Shard.Count == 0 {
		return limits
	}
	limits.Parts = req.Shard.Count
	if losses+deletes > 0 {
		e.Log.Warn("parts cannot share per_run, so each has an equal share of it",
			"part", req.Shard.String(), "removals", limits.PerRun/limits.Parts, "reason", err)
	}
	return limits
}

// reserve takes removals from a quota of the shards. It returns why they must be held, if they must; or an error if
// there is no quota.
func (e Engine) reserve(ctx context.Context, req Request, kind string, want, limit int) (hold reason.Reason, err error) {
	if e.ShardGroup == nil {
		return reason.Reason{}, errors.New("no state store is named")
	}
	claim := state.Reservation{ShardKey: shardKey(req), FiredAt: e.ShardGroup.firing(), Removals: want}
	g, err := e.ShardGroup.Store.Quota(e.ShardGroup.Name+kind).Reserve(ctx, claim, limit)
	switch {
	case errors.Is(err, state.ErrNoQuota):
		return reason.Reason{}, err
	case err != nil:
		e.Log.Warn("the parts' budget of removals is not known", "part", req.Shard.String(), "error", err)
		return reason.New(reason.GuardBudget, err.Error()), nil
	case !g.Granted:
		e.withdrawRefused(ctx, req, kind, claim, limit)
		return reason.New(reason.GuardParts, g.OtherRemovals, want, limit), nil
	}
	return reason.Reason{}, nil
}

// withdrawRefused withdraws what a narrowed run was refused. What a shard was refused counts until it reserves again, as all
// shards are one run; a narrowed run may be a person's, who makes no other.
func (e Engine) withdrawRefused(ctx context.Context, req Request, kind string, claim state.Reservation, limit int) {
	if req.Shard.Count > 0 {
		return
	}
	claim.Removals = 0
	_, err := e.ShardGroup.Store.Quota(e.ShardGroup.Name+kind).Reserve(ctx, claim, limit)
	e.logStateError(err)
}

// shardKey names a shard and what it is about, so that a run that is split anew takes nobody's place.
func shardKey(req Request) string {
	return req.Shard.String() + " " + strings.Join(req.Accounts, ",") + " " + strings.Join(req.Regions, ",")
}

// deliverReport sends a run's report, by itself or with those of the other shards. delivered says that its card was
// accepted, or is kept to be sent, or that none was wanted. The error is that of a card which nobody sends again; one that
// shards share is left to the others.
func (e Engine) deliverReport(ctx context.Context, req Request, rep report.Report) (delivered bool, lost error) {
	if e.ShardGroup == nil || !req.isWritingShard() {
		return e.Cards.Deliver(ctx, rep)
	}
	e.Cards.Flush(ctx)
	return e.DeliverShardReport(ctx, req, rep), nil
}

// DeliverShardReport adds the report of a shard to those of the others; see delivery.Cards.DeliverShard. It is also for
// a shard that was not run, as its like was still at work. The report of what is no shard, or shares nothing, is not sent.
func (e Engine) DeliverShardReport(ctx context.Context, req Request, rep report.Report) (delivered bool) {
	if e.ShardGroup == nil || !req.isWritingShard() {
		return true
	}
	return e.Cards.DeliverShard(ctx, rep, delivery.ShardCard{
		Queue: e.ShardGroup.Store.ShardQueue(e.ShardGroup.Name),
		Shard: state.ShardID{FiredAt: e.ShardGroup.firing(), Shard: req.Shard},
		Wait:  e.ShardGroup.CardWait,
	})
}
