package reconcile

import (
	"cmp"
	"slices"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
)

// reconcile plans and applies what the cloud answered, with the rules of a full run on just these
// instances. What an asset that was there all along made fail is planned once more with what was
// learnt.
func (r *eventRun) reconcile(g *ownerBatch, what observation) {
	if len(what.present)+len(what.provedAbsent) == 0 {
		return
	}
	if err := r.loadMissing(g, what); err != nil {
		r.failByBastion(g, slices.Concat(g.targetsOf(what.present), what.provedAbsent), err)
		return
	}
	for _, i := range what.present {
		g.observed[i.ID] = i
	}
	p := r.buildPlan(g, what)
	proofs, held := r.rateLimitRemovals(g, p.Candidates(), what)
	retryable := r.applyPlan(g, what, p.Approve(r.eventLimits(), proofs), held, true)
	if len(retryable) > 0 {
		r.retry(g, what, retryable)
	}
}

// targetsOf returns the targets that these instances are.
func (g *ownerBatch) targetsOf(instances []inventory.Instance) []*target {
	var all []*target
	for _, i := range instances {
		all = append(all, g.targets[i.ID])
	}
	return all
}

// loadMissing reads what a plan must know before anything is created: which assets mention the instance, and which
// organisation answers.
func (r *eventRun) loadMissing(g *ownerBatch, what observation) error {
	h := &g.assets
	for _, s := range g.targetsOf(what.present) {
		if _, exists := h.byID[s.assetID]; exists {
			continue
		}
		if err := r.loadByComment(h, s); err != nil {
			return err
		}
		if err := r.loadRuleLists(h); err != nil {
			return err
		}
	}
	if h.organisationVerified {
		return nil
	}
	h.organisationVerified = true
	return r.Bastion.VerifyOrganisation(r.ctx)
}

// buildPlan builds the plan of these instances. Of all other assets that were read only the name and
// the comment are in it: a search shows whatever mentions an instance, also living assets of
// ours, and none of them may become a candidate for removal.
func (r *eventRun) buildPlan(g *ownerBatch, what observation) plan.Plan {
	about := map[string]bool{}
	for _, i := range what.present {
		about[g.targets[i.ID].assetID] = true
	}
	for _, s := range what.provedAbsent {
		about[s.assetID] = true
	}
	pending := map[string]bool{}
	for _, s := range g.targets {
		pending[s.assetID] = true
	}
	var assets []inventory.Asset
	for _, a := range g.assets.byID {
		switch {
		case about[a.ID]:
			assets = append(assets, a)
		case !pending[a.ID]:
			assets = append(assets, reducedAsset(a))
		}
	}
	var listings []inventory.Listing
	for _, scope := range g.scopes {
		l := inventory.Listing{Scope: scope, Owner: g.owner, Projects: g.verifiedProjects[scope]}
		for _, i := range what.present {
			if i.Scope == scope {
				l.Instances = append(l.Instances, i)
			}
		}
		listings = append(listings, l)
	}
	rules := r.Engine.RulesFor(r.ctx, r.Bastion, listings)
	rules.Partial = true
	lists := g.assets.lists
	return plan.Build(plan.Input{
		Current: inventory.JumpServerAssets{
			Assets: assets, Platforms: g.assets.platforms,
			Zones: lists.zones, ZonesDenied: lists.zonesDenied, Templates: lists.templates, TemplatesDenied: lists.templatesDenied,
		},
		Listings: listings,
	}, rules)
}

// reducedAsset returns an asset with only what can prevent a change: its name, and (where it is not ours) its address and
// the instance that its comment or a label names.
func reducedAsset(a inventory.Asset) inventory.Asset {
	kept := inventory.Asset{ID: a.ID, Name: a.Name, Host: true, Active: a.Active}
	if !plan.IsOurs(a) {
		kept.Comment, kept.Address = a.Comment, a.Address
		for _, l := range a.Labels {
			if l.Is(inventory.LabelInstance) {
				kept.Labels = append(kept.Labels, l)
			}
		}
	}
	return kept
}

// eventLimits are the guard's limits for events: shares mean nothing where only single instances were
// asked for. What limits a storm of releases is rateLimitRemovals. What waits for a person waits; no approval serves
// an event.
func (r *eventRun) eventLimits() plan.Limits {
	const all = 1 << 30
	limits := plan.Limits{
		Percent: 100, Min: all, Fleet: plan.Share{Percent: 100, Min: all}, Moves: plan.Share{Percent: 100, Min: all}, PerRun: all, AllowEmpty: true,
		Approval: r.Engine.Limits.Approval,
	}
	limits.Clock, _ = engine.ClockSkewReason(r.ctx)
	limits.Pause = r.halt.Pause
	return limits
}

// rateLimitRemovals returns proofs for the proved absences, and for instances that the cloud shows as closed, and for
// nothing else, as many as the account may lose by events now.
func (r *eventRun) rateLimitRemovals(g *ownerBatch, candidates []plan.Change, what observation) (plan.Proofs, map[string]reason.Reason) {
	proofs, held := plan.Proofs{}, map[string]reason.Reason{}
	if len(candidates) == 0 {
		return proofs, held
	}
	wrong, off := engine.ClockSkewReason(r.ctx)
	w := r.loadRemovalLimits(g, candidates)
	for _, c := range candidates {
		proof := what.proofOf(c)
		switch {
		case off:
			held[c.AssetID] = wrong
		case !proof.AllowsRemoval():
		case r.halt.Stands():
			held[c.AssetID] = r.halt.HoldReason()
		case w.err != nil && w.last[c.Scope].HeldRemovals == 0:
			proofs[c.AssetID] = plan.Proof{Err: w.err}
		default:
			if why, holds := w.hold(c); holds {
				held[c.AssetID] = why
			} else {
				proofs[c.AssetID] = proof
			}
		}
	}
	r.countProved(candidates, proofs)
	return proofs, held
}

// proofOf returns what the cloud's answers prove of a candidate's instance.
func (o observation) proofOf(c plan.Change) plan.Proof {
	for _, i := range o.present {
		if i.ID == c.InstanceID && i.Existence == inventory.Closed {
			return plan.Proof{Closed: cmp.Or(i.Status, "closed")}
		}
	}
	return plan.Proof{Absent: slices.ContainsFunc(o.provedAbsent, func(s *target) bool { return s.assetID == c.AssetID })}
}

// applyPlan writes an approved plan and says what became of each event. With retry it returns the
// changes that failed on something which was not read.
func (r *eventRun) applyPlan(g *ownerBatch, what observation, approved plan.Approved, held map[string]reason.Reason, retry bool) []apply.Item {
	r.callBeforeWrite(approved)
	r.removals.RecordIntents(r.ctx, approved)
	writing := r.Engine.WriteOptions()
	writing.TrustStoredNodes = true
	result := apply.Run(r.ctx, r.Bastion, approved, writing)
	r.halt.Update(result)
	r.nodes = append(r.nodes, result.Nodes...)
	var retryable []apply.Item
	for _, i := range result.Items {
		if retry && isRetryable(i) {
			retryable = append(retryable, i)
			continue
		}
		r.items = append(r.items, i)
		outcome, reason := r.itemOutcome(i)
		r.setTargetOutcome(g.targets[i.Change.InstanceID], outcome, reason)
	}
	for _, n := range approved.Notes() {
		outcome := EventIgnored
		if n.Action == plan.Hold {
			outcome = EventHeld
			why, limited := held[n.AssetID]
			switch {
			case limited && why.Code == reason.EventUncounted && r.Redelivers:
				n.Reason, outcome = why, EventFailed // JumpServer may count when it comes again
			case limited:
				n.Reason = why
			case plan.IsPauseHold(n.Reason.Code): // left to the next full run, as often as it comes
			case !plan.IsApprovable(n.Reason.Code):
				outcome = EventFailed // there was no proof, so it must come again
			}
		}
		r.notes = append(r.notes, n)
		r.setTargetOutcome(g.targets[n.InstanceID], outcome, r.reasonText(n.Reason))
	}
	r.unchanged += approved.Unchanged()
	r.setUnchangedOutcomes(g, what, result, approved.Notes())
	r.problems = append(r.problems, result.Problems...)
	return retryable
}

// callBeforeWrite passes the scopes in which something is about to be written to BeforeWrite.
func (r *eventRun) callBeforeWrite(approved plan.Approved) {
	if r.BeforeWrite == nil {
		return
	}
	scopes := approved.TouchedScopes()
	if len(scopes) > 0 {
		r.BeforeWrite(r.ctx, scopes)
	}
}

// setUnchangedOutcomes sets the outcome of instances that need no change and have no note.
func (r *eventRun) setUnchangedOutcomes(g *ownerBatch, what observation, result apply.Result, notes []plan.Change) {
	told := map[string]bool{}
	for _, i := range result.Items {
		told[i.Change.InstanceID] = true
	}
	for _, n := range notes {
		told[n.InstanceID] = true
	}
	for _, s := range g.targetsOf(what.present) {
		if !told[s.instanceID] {
			r.setTargetOutcome(s, EventDone, r.reasonText(reason.New(reason.AsInCloud)))
		}
	}
}

func (r *eventRun) itemOutcome(i apply.Item) (EventOutcome, string) {
	switch i.State {
	case apply.Failed:
		return EventFailed, i.Err.Error()
	case apply.Held:
		return EventHeld, r.reasonText(i.Reason)
	case apply.NotReached, apply.Unknown:
		return EventFailed, r.reasonText(i.Reason)
	case apply.Kept:
		if i.Reason.Code == reason.ChangedMeanwhile {
			return EventFailed, r.reasonText(i.Reason) // nothing was written, so it must come again
		}
		return EventDone, r.reasonText(i.Reason)
	}
	return EventDone, r.reasonText(i.Change.Reason)
}

// isRetryable reports whether a change failed on something that the few reads of an event do not
// show: an asset whose comment no longer names its instance.
func isRetryable(i apply.Item) bool {
	return i.State == apply.Kept && i.Reason.Code == reason.AlreadyThere
}

// retry plans the retryable changes once more: their assets are read by id.
func (r *eventRun) retry(g *ownerBatch, what observation, retryable []apply.Item) {
	var ids []string
	once := observation{}
	for _, i := range retryable {
		ids = append(ids, i.Change.AssetID)
		for _, p := range what.present {
			if p.ID == i.Change.InstanceID {
				once.present = append(once.present, p)
			}
		}
	}
	assets, err := r.Bastion.AssetsByID(r.ctx, ids)
	if err != nil {
		for _, i := range retryable {
			i.State, i.Err = apply.Failed, err
			r.items = append(r.items, i)
			r.setTargetOutcome(g.targets[i.Change.InstanceID], EventFailed, err.Error())
		}
		return
	}
	g.assets.addAssets(assets)
	limits := r.eventLimits() // without proofs nothing is removed
	r.applyPlan(g, once, r.buildPlan(g, once).Approve(limits, nil), nil, false)
}

// reportEarlierRemovals reports assets that were found inactive and that an earlier run deactivated without a card, for
// example when this event was delivered the first time.
func (r *eventRun) reportEarlierRemovals(batches []*ownerBatch) {
	var assets []inventory.Asset
	for _, g := range batches {
		for id := range r.foundInactive {
			if a, read := g.assets.byID[id]; read && r.foundInactive[id] {
				assets = append(assets, a)
			}
		}
	}
	if len(assets) == 0 {
		return
	}
	r.removals.FindUnreported(r.ctx, assets, r.foundInactive)
	for _, i := range r.removals.UnreportedItems() {
		for _, g := range batches {
			s := g.targets[i.Change.InstanceID]
			if s != nil && s.assetID == i.Change.AssetID {
				r.replaceReason(s, r.reasonText(i.Change.Reason))
			}
		}
	}
}

// replaceReason replaces the reason of a target's events that are done.
func (r *eventRun) replaceReason(s *target, reason string) {
	for _, event := range s.eventIndexes {
		if r.results[event].Outcome == EventDone {
			r.results[event].Reason = reason
		}
	}
}
