package engine

import (
	"slices"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
)

// settle plans and applies what the cloud answered, with the rules of a full run on just these
// instances. What an asset that was there all along made fail is planned once more with what was
// learnt.
func (r *eventRun) settle(g *group, what settled) {
	if len(what.present)+len(what.absent) == 0 {
		return
	}
	if err := r.complete(g, what); err != nil {
		r.stop(g, slices.Concat(g.about(what.present), what.absent), err)
		return
	}
	for _, i := range what.present {
		g.seen[i.ID] = i
	}
	p := r.plan(g, what)
	proofs, held := r.brake(g, p.Candidates(), what.absent)
	if taken := r.apply(g, what, p.Approve(r.wide(), proofs), held, true); len(taken) > 0 {
		r.again(g, what, taken)
	}
}

// about gives the subjects that these instances are.
func (g *group) about(instances []inventory.Instance) []*subject {
	var all []*subject
	for _, i := range instances {
		all = append(all, g.subjects[i.ID])
	}
	return all
}

// complete reads what a plan must know before anything is made: who else names the instance,
// and which organisation answers.
func (r *eventRun) complete(g *group, what settled) error {
	h := &g.holds
	for _, s := range g.about(what.present) {
		if _, exists := h.assets[s.asset]; exists {
			continue
		}
		if err := r.mentions(h, s); err != nil {
			return err
		}
	}
	if h.proved {
		return nil
	}
	h.proved = true
	return r.Bastion.Prove(r.ctx)
}

// plan builds the plan of these instances. Of all other assets that were read only the name and
// the comment are in it: a search shows whatever mentions an instance, also living assets of
// ours, and none of them may become a candidate for removal.
func (r *eventRun) plan(g *group, what settled) plan.Plan {
	about := map[string]bool{}
	for _, i := range what.present {
		about[g.subjects[i.ID].asset] = true
	}
	for _, s := range what.absent {
		about[s.asset] = true
	}
	pending := map[string]bool{}
	for _, s := range g.subjects {
		pending[s.asset] = true
	}
	var assets []inventory.Asset
	for _, a := range g.holds.assets {
		switch {
		case about[a.ID]:
			assets = append(assets, a)
		case !pending[a.ID]:
			assets = append(assets, bystander(a))
		}
	}
	var listings []inventory.Listing
	for _, scope := range g.scopes {
		l := inventory.Listing{Scope: scope, Owner: g.owner, Projects: g.projects[scope]}
		for _, i := range what.present {
			if i.Scope == scope {
				l.Instances = append(l.Instances, i)
			}
		}
		listings = append(listings, l)
	}
	rules := r.Engine.Rules
	rules.Now, rules.Partial, rules.Narrow = r.Engine.Now(), true, shortNames(r.ctx, r.Engine, r.Bastion, listings)
	return plan.Build(plan.Input{
		Bastion:  inventory.Bastion{Assets: assets, Platforms: g.holds.platforms},
		Listings: listings,
	}, rules)
}

// bystander keeps of an asset what can only hinder: its name, and (where it is not ours) its address and the
// instance that its comment or a label names.
func bystander(a inventory.Asset) inventory.Asset {
	kept := inventory.Asset{ID: a.ID, Name: a.Name, Host: true, Active: a.Active}
	if !plan.Ours(a) {
		kept.Comment, kept.Address = a.Comment, a.Address
		for _, l := range a.Labels {
			if l.Is(inventory.LabelInstance) {
				kept.Labels = append(kept.Labels, l)
			}
		}
	}
	return kept
}

// wide are the guard's limits for events: shares mean nothing where only single instances were
// asked for. What brakes a storm of releases is brake. What waits for a person waits; no approval serves
// an event.
func (r *eventRun) wide() plan.Limits {
	const all = 1 << 30
	limits := plan.Limits{Percent: 100, Min: all, PerRun: all, AllowEmpty: true, Ask: r.Engine.Limits.Ask}
	limits.Clock, _ = clockOff(r.ctx)
	limits.Pause = r.halt.Pause
	return limits
}

// brake gives proofs for the proved absences and for nothing else, as many as the account may
// lose by events now.
func (r *eventRun) brake(g *group, candidates []plan.Change, absent []*subject) (plan.Proofs, map[string]plan.Reason) {
	proofs, held := plan.Proofs{}, map[string]plan.Reason{}
	if len(candidates) == 0 {
		return proofs, held
	}
	wrong, off := clockOff(r.ctx)
	w := r.weighing(g, candidates)
	for _, c := range candidates {
		proved := slices.ContainsFunc(absent, func(s *subject) bool { return s.asset == c.AssetID })
		switch {
		case off:
			held[c.AssetID] = wrong
		case !proved:
		case r.halt.Stands():
			held[c.AssetID] = r.halt.Holds()
		case w.err != nil && w.last[c.Scope].Held == 0:
			proofs[c.AssetID] = plan.Proof{Err: w.err}
		default:
			if why, holds := w.hold(c); holds {
				held[c.AssetID] = why
			} else {
				proofs[c.AssetID] = plan.Proof{Absent: true}
			}
		}
	}
	r.count(candidates, proofs)
	return proofs, held
}

// apply writes an approved plan and says what became of each event. With retry it gives the
// changes that stumbled over something which was not read.
func (r *eventRun) apply(g *group, what settled, approved plan.Approved, held map[string]plan.Reason, retry bool) []apply.Item {
	r.begin(approved)
	r.debt.intend(r.ctx, approved)
	writing := r.Engine.writing()
	writing.TrustNodes = true
	result := apply.Run(r.ctx, r.Bastion, approved, writing)
	r.halt.meanwhile(result)
	r.nodes = append(r.nodes, result.Nodes...)
	var stumbled []apply.Item
	for _, i := range result.Items {
		if retry && stumbles(i) {
			stumbled = append(stumbled, i)
			continue
		}
		r.items = append(r.items, i)
		outcome, reason := r.itemOutcome(i)
		r.endAll(g.subjects[i.Change.InstanceID], outcome, reason)
	}
	for _, n := range approved.Notes() {
		outcome := EventIgnored
		if n.Action == plan.Hold {
			outcome = EventHeld
			switch why, braked := held[n.AssetID]; {
			case braked && why.Code == plan.EventUncounted && r.Redelivers:
				n.Reason, outcome = why, EventFailed // JumpServer may count when it comes again
			case braked:
				n.Reason = why
			case plan.HeldByPause(n.Reason.Code): // left to the next full run, as often as it comes
			case !plan.Approvable(n.Reason.Code):
				outcome = EventFailed // there was no proof, so it must come again
			}
		}
		r.notes = append(r.notes, n)
		if s := g.subjects[n.InstanceID]; s != nil {
			r.endAll(s, outcome, r.words(n.Reason))
		}
	}
	r.unchanged += approved.Unchanged()
	r.endUnchanged(g, what, result, approved.Notes())
	r.problems = append(r.problems, result.Problems...)
	return stumbled
}

// begin says where something is about to be written.
func (r *eventRun) begin(approved plan.Approved) {
	if r.Begin == nil {
		return
	}
	if scopes := touched(approved.Changes()); len(scopes) > 0 {
		r.Begin(r.ctx, scopes)
	}
}

// endUnchanged ends the events of instances that need nothing: no change and no note is about them.
func (r *eventRun) endUnchanged(g *group, what settled, result apply.Result, notes []plan.Change) {
	told := map[string]bool{}
	for _, i := range result.Items {
		told[i.Change.InstanceID] = true
	}
	for _, n := range notes {
		told[n.InstanceID] = true
	}
	for _, s := range g.about(what.present) {
		if !told[s.id] {
			r.endAll(s, EventDone, r.words(plan.Because(plan.AsInCloud)))
		}
	}
}

func (r *eventRun) itemOutcome(i apply.Item) (EventOutcome, string) {
	switch i.State {
	case apply.Failed:
		return EventFailed, i.Err.Error()
	case apply.Held:
		return EventHeld, r.words(i.Reason)
	case apply.NotReached, apply.Unknown:
		return EventFailed, r.words(i.Reason)
	case apply.Kept:
		if i.Reason.Code == plan.ChangedMeanwhile {
			return EventFailed, r.words(i.Reason) // nothing was written, so it must come again
		}
		return EventDone, r.words(i.Reason)
	}
	return EventDone, r.words(i.Change.Reason)
}

// stumbles tells whether a change failed on something that the few reads of an event do not
// show: an asset whose comment no longer names its instance.
func stumbles(i apply.Item) bool {
	return i.State == apply.Kept && i.Reason.Code == plan.AlreadyThere
}

// again plans the stumbled changes once more: their assets are read by id.
func (r *eventRun) again(g *group, what settled, stumbled []apply.Item) {
	var ids []string
	once := settled{}
	for _, i := range stumbled {
		ids = append(ids, i.Change.AssetID)
		for _, p := range what.present {
			if p.ID == i.Change.InstanceID {
				once.present = append(once.present, p)
			}
		}
	}
	assets, err := r.Bastion.Assets(r.ctx, ids)
	if err != nil {
		for _, i := range stumbled {
			i.State, i.Err = apply.Failed, err
			r.items = append(r.items, i)
			r.endAll(g.subjects[i.Change.InstanceID], EventFailed, err.Error())
		}
		return
	}
	g.holds.add(assets)
	limits := plan.Limits{Ask: r.Engine.Limits.Ask, Pause: r.halt.Pause}
	r.apply(g, once, r.plan(g, once).Approve(limits, nil), nil, false)
}

// recall looks whether the assets that were found closed were closed by an earlier run which could not tell it, as
// that of this very event when it was delivered first. Then this run tells it.
func (r *eventRun) recall(groups []*group) {
	var assets []inventory.Asset
	for _, g := range groups {
		for id := range r.closed {
			if a, read := g.holds.assets[id]; read && r.closed[id] {
				assets = append(assets, a)
			}
		}
	}
	if len(assets) == 0 {
		return
	}
	r.debt.look(r.ctx, assets, r.closed)
	for _, i := range r.debt.untold() {
		for _, g := range groups {
			if s := g.subjects[i.Change.InstanceID]; s != nil && s.asset == i.Change.AssetID {
				r.reword(s, r.words(i.Change.Reason))
			}
		}
	}
}

// reword returns events that are done another reason.
func (r *eventRun) reword(s *subject, reason string) {
	for _, event := range s.events {
		if r.results[event].Outcome == EventDone {
			r.results[event].Reason = reason
		}
	}
}
