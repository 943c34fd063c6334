package engine

import (
	"context"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/delivery"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
)

// approvalSet is what people let a run do.
type approvalSet struct {
	approvals   []state.Approval
	approvedIDs map[string]bool // assets whose removal, or move by rules, is approved
}

// findApproved finds those removals and moves that people have approved: by hash, or as part of a reviewed plan that does
// not say that they are held. An approval is for one change (plan.Change.ApprovalKey), so that who approved a deactivation
// has approved no deletion, and who approved a move no other one. Without an answer of the store nothing is approved.
func (e Engine) findApproved(ctx context.Context, req Request, desired plan.Plan) approvalSet {
	g := approvalSet{approvedIDs: map[string]bool{}}
	approved := map[approvedChange]bool{}
	for _, l := range req.ReviewedLines {
		if l.Held == "" && isRemoval(l.Action) {
			approved[approvedChange{l.AssetID, string(l.Action)}] = true
		}
	}
	if e.Memory.Held != nil && req.ReviewedLines == nil && e.Limits.Approval != plan.ApproveAll {
		var err error
		g.approvals, err = e.Memory.Held.ListApprovals(ctx, e.Now())
		if err != nil {
			e.Log.Warn("approvals are not known, nothing counts as approved", "error", err)
		}
		for _, a := range g.approvals {
			for _, r := range a.Remaining {
				approved[approvedChange{r.Asset, r.Action}] = true
			}
		}
	}
	for _, c := range desired.Approvable() {
		if approved[approvedChange{c.AssetID, c.ApprovalKey()}] {
			g.approvedIDs[c.AssetID] = true
		}
	}
	return g
}

// approvedChange is what an approval lets a run do to one asset.
type approvedChange struct{ asset, key string }

// hashes returns by asset in which set its removal was approved.
func (g approvalSet) hashes() map[string]string {
	hashes := map[string]string{}
	for _, a := range g.approvals {
		for _, r := range a.Remaining {
			if g.approvedIDs[r.Asset] {
				hashes[r.Asset] = a.Hash
			}
		}
	}
	return hashes
}

// approvePlan proves what would be removed, applies the guard, and stores what is held for a person to approve.
func (e Engine) approvePlan(ctx context.Context, p *pass, desired plan.Plan) plan.Approved {
	p.announced = e.announcements(ctx, p.listings)
	p.granted = e.findApproved(ctx, p.req, desired)
	req, g := p.req, p.granted
	candidates := desired.Candidates()
	proofs := e.ProveAbsences(ctx, candidates, desired.OwnerWitness)
	limits := e.Limits
	limits.Approved, limits.Expected, limits.Reviewed = g.approvedIDs, expected(p.announced), req.ReviewedLines
	limits.Pause = p.halt.EffectivePause(req.DryRun)
	if req.WantReview && limits.Approval == plan.ApproveAll {
		limits.Approval = plan.ApproveNothing // this is what a person is asked by: it shows what apply will make
	}
	limits.Clock, _ = ClockSkewReason(ctx) // after all answers on which the removals rest
	losses, deletes := desired.CountRemovals(limits, proofs)
	if limits.Pause.Stands() {
		losses, deletes = 0, 0 // of what the parts share, too
	}
	limits = e.reserveRemovals(ctx, req, limits, losses, deletes)
	approved := desired.Approve(limits, proofs)
	if !req.DryRun {
		approved = e.spend(ctx, p, approved, limits, func() plan.Approved { return desired.Approve(limits, proofs) })
	}
	held := desired.ApprovableHolds(approved)
	if req.WantReview {
		p.review = desired.Review(approved, e.Cards.Options.Lang)
	}
	if limits.Approval != plan.ApproveAll {
		p.heldSets = e.saveHeldSets(ctx, req, held)
	}
	return approved
}

// saveHeldSets keeps what is held under its hashes: removals, and moves by rules, which people approve by themselves.
func (e Engine) saveHeldSets(ctx context.Context, req Request, held []plan.Change) []report.HeldSetSummary {
	var removals, moves []plan.Change
	for _, c := range held {
		if isRemoval(c.Action) {
			removals = append(removals, c)
		} else {
			moves = append(moves, c)
		}
	}
	var sets []report.HeldSetSummary
	for _, some := range [][]plan.Change{removals, moves} {
		if len(some) > 0 {
			sets = append(sets, e.saveHeldSet(ctx, req, some))
		}
	}
	return sets
}

// saveHeldSet keeps what is held under its hash. A dry run stores nothing.
func (e Engine) saveHeldSet(ctx context.Context, req Request, held []plan.Change) report.HeldSetSummary {
	removals := make([]state.HeldRemoval, 0, len(held))
	for _, c := range held {
		removals = append(removals, state.HeldRemoval{
			Asset: c.AssetID, Action: c.ApprovalKey(), Cloud: c.Scope.Cloud, Account: c.Scope.Account, Region: c.Scope.Region,
			Instance: c.InstanceID, Name: c.Name, Reason: c.Reason.Text(e.Cards.Options.Lang), Address: c.Address, Node: nodeNames(c),
		})
	}
	set := report.HeldSetSummary{Hash: state.HashRemovals(removals), Assets: len(held), Moves: !isRemoval(held[0].Action)}
	if !req.DryRun {
		e.logHeldSet(set, held)
	}
	if e.Memory.Held == nil || req.DryRun {
		return set
	}
	_, err := e.Memory.Held.Save(ctx, removals, e.Now())
	if err != nil {
		e.Log.Warn("held removals can perhaps not be approved by their hash", "hash", set.Hash, "error", err)
	}
	set.Stored = err == nil
	return set
}

// logHeldSet logs a held set in one line: its hash, how many, why, and the first names.
func (e Engine) logHeldSet(set report.HeldSetSummary, held []plan.Change) {
	const most = 3
	var names, reasons []string
	for _, c := range held {
		if len(names) < most {
			names = append(names, c.Name)
		}
		why := c.Reason.Text(language.English)
		if len(reasons) < most && !slices.Contains(reasons, why) {
			reasons = append(reasons, why)
		}
	}
	what := "removals are held"
	if set.Moves {
		what = "moves are held"
	}
	e.Log.Warn(what, "hash", set.Hash, "assets", set.Assets, "reason", strings.Join(reasons, "; "), "first", strings.Join(names, ", "))
}

// nodeNames returns the names of the nodes of a change's asset.
func nodeNames(c plan.Change) string {
	if c.Before == nil {
		return ""
	}
	return c.Before.NodeNames
}

// consumeApprovals takes from the approvals what this run made of them: what was removed, and what a complete listing
// or JumpServer shows is no candidate any more, so that no approval waits for another day of the same
// instance. What was held, failed or not reached stays approved, as does all of which nothing was learnt.
func (e Engine) consumeApprovals(ctx context.Context, p *pass, desired plan.Plan) {
	g := p.granted
	if e.Memory.Held == nil || p.req.DryRun || len(g.approvals) == 0 {
		return
	}
	read := map[inventory.Scope]bool{}
	for _, l := range p.listings {
		read[l.Scope] = l.IsComplete()
	}
	waits := map[string]bool{}
	for _, c := range desired.Approvable() {
		waits[c.AssetID] = g.approvedIDs[c.AssetID]
	}
	for _, n := range p.notes {
		if n.Action == plan.Skip { // the cloud has shown it after all
			waits[n.AssetID] = false
		}
	}
	for _, i := range p.applied.Items {
		id := i.Change.AssetID
		if waits[id] && (isRemoval(i.Change.Action) || i.Change.MovesAsset()) {
			waits[id] = i.State == apply.Failed || i.State == apply.NotReached || i.State == apply.Unknown || i.State == apply.Held
		}
	}
	ctx, cancel := delivery.DetachedContext(ctx)
	defer cancel()
	for _, a := range g.approvals {
		err := e.Memory.Held.Consume(ctx, a, func(r state.HeldRemoval) bool {
			return read[inventory.Scope{Cloud: r.Cloud, Account: r.Account, Region: r.Region}] && !waits[r.Asset]
		})
		if err != nil {
			e.Log.Warn("an approval that was used may be used again, until it ends", "hash", a.Hash, "error", err)
		}
	}
}

func isRemoval(a plan.Action) bool { return a == plan.Deactivate || a == plan.Delete }
