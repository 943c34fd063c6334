package engine

import (
	"context"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
)

// grant is what people let a run do.
type grant struct {
	approvals []state.Approval
	assets    map[string]bool // candidates whose removal is approved
}

// granted finds those candidates that people have approved: by hash, or as part of a reviewed plan that does not
// say that they are held. An
// approval is for one action, so that who approved a deactivation has approved no deletion. Without an
// answer of the store nothing is approved.
func (e Engine) granted(ctx context.Context, req Request, wishes plan.Plan) grant {
	g := grant{assets: map[string]bool{}}
	approved := map[string]plan.Action{}
	for _, l := range req.Only {
		if l.Held == "" && removes(l.Action) {
			approved[l.AssetID] = l.Action
		}
	}
	if e.Held != nil && req.Only == nil && e.Limits.Ask != plan.AskAll {
		var err error
		if g.approvals, err = e.Held.Approvals(ctx, e.Now()); err != nil {
			e.Log.Warn("approvals are not known, nothing counts as approved", "error", err)
		}
		for _, a := range g.approvals {
			for _, r := range a.Left {
				approved[r.Asset] = plan.Action(r.Action)
			}
		}
	}
	for _, c := range wishes.Candidates() {
		if approved[c.AssetID] == c.Action {
			g.assets[c.AssetID] = true
		}
	}
	return g
}

// hashes returns by asset in which set its removal was approved.
func (g grant) hashes() map[string]string {
	hashes := map[string]string{}
	for _, a := range g.approvals {
		for _, r := range a.Left {
			if g.assets[r.Asset] {
				hashes[r.Asset] = a.Hash
			}
		}
	}
	return hashes
}

// approve asks for proof of what would be removed and weighs it, and keeps what is held for a person to
// approve.
func (e Engine) approve(ctx context.Context, req Request, wishes plan.Plan, g grant, p *pass) plan.Approved {
	candidates := wishes.Candidates()
	proofs := e.prove(ctx, candidates, wishes.Witness)
	limits := e.limits(ctx, req, len(candidates)-len(g.assets))
	limits.Approved, limits.Only = g.assets, req.Only
	if req.Review && limits.Ask == plan.AskAll {
		limits.Ask = plan.AskNothing // this is what a person is asked by: it shows what apply will make
	}
	limits.Clock, _ = clockOff(ctx) // after all answers on which the removals rest
	approved := wishes.Approve(limits, proofs)
	held := wishes.Holdable(approved)
	if req.Review {
		p.review = wishes.Review(approved, e.Wording.Lang)
	}
	if len(held) > 0 && limits.Ask != plan.AskAll {
		p.held = []report.HeldSet{e.hold(ctx, req, held)}
	}
	return approved
}

// hold keeps what is held under its hash. A run that only looks keeps nothing.
func (e Engine) hold(ctx context.Context, req Request, held []plan.Change) report.HeldSet {
	removals := make([]state.Removal, 0, len(held))
	ids := make([]string, 0, len(held))
	for _, c := range held {
		ids = append(ids, c.AssetID)
		removals = append(removals, state.Removal{
			Asset: c.AssetID, Action: string(c.Action), Cloud: c.Scope.Cloud, Account: c.Scope.Account, Region: c.Scope.Region,
			Instance: c.InstanceID, Name: c.Name, Reason: c.Reason.Text(e.Wording.Lang),
		})
	}
	set := report.HeldSet{Hash: state.HashOf(ids), Assets: len(held)}
	if e.Held == nil || req.DryRun {
		return set
	}
	_, err := e.Held.Put(ctx, removals, e.Now())
	if err != nil {
		e.Log.Warn("held removals can perhaps not be approved by their hash", "hash", set.Hash, "error", err)
	}
	set.Stored = err == nil
	return set
}

// used takes from the approvals what this run made of them: what was removed, and what a complete listing
// or JumpServer shows is no candidate any more, so that no approval waits for another day of the same
// instance. What was held, failed or not reached stays approved, as does all of which nothing was learnt.
func (e Engine) used(ctx context.Context, req Request, g grant, wishes plan.Plan, p pass) {
	if e.Held == nil || req.DryRun || len(g.approvals) == 0 {
		return
	}
	read := map[inventory.Scope]bool{}
	for _, l := range p.listings {
		read[l.Scope] = l.Complete()
	}
	waits := map[string]bool{}
	for _, c := range wishes.Candidates() {
		waits[c.AssetID] = g.assets[c.AssetID]
	}
	for _, n := range p.notes {
		if n.Action == plan.Skip { // the cloud has shown it after all
			waits[n.AssetID] = false
		}
	}
	for _, i := range p.result.Items {
		if id := i.Change.AssetID; waits[id] && removes(i.Change.Action) {
			waits[id] = i.State == apply.Failed || i.State == apply.NotReached || i.State == apply.Unknown
		}
	}
	ctx, cancel := lastWords(ctx)
	defer cancel()
	for _, a := range g.approvals {
		err := e.Held.Use(ctx, a, func(r state.Removal) bool {
			return read[inventory.Scope{Cloud: r.Cloud, Account: r.Account, Region: r.Region}] && !waits[r.Asset]
		})
		if err != nil {
			e.Log.Warn("an approval that was used may be used again, until it ends", "hash", a.Hash, "error", err)
		}
	}
}

func removes(a plan.Action) bool { return a == plan.Deactivate || a == plan.Delete }
