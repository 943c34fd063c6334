package plan

import (
	"github.com/jms-sync/jms-sync/core/reason"
)

// verdict is what the guard decides on a candidate, and why if it is not the candidate's own action.
type verdict struct {
	action Action
	why    reason.Reason
}

// decideAll decides on each candidate by itself, and then on all of them together. Each rule counts only what the rules
// before it let pass, so that a scope that is held holds nothing elsewhere.
func (g *guard) decideAll() []verdict {
	verdicts := g.decideEach()
	g.holdEmptied(verdicts)
	g.holdFleet(verdicts)
	g.holdRun(verdicts)
	g.holdParts(verdicts)
	g.holdPaused(verdicts) // last, so that people see what else holds it
	return verdicts
}

func (g *guard) decideEach() []verdict {
	verdicts := make([]verdict, len(g.plan.candidates))
	for n, c := range g.plan.candidates {
		verdicts[n].action, verdicts[n].why = g.decide(c)
	}
	return verdicts
}

// passing returns the candidates of a kind that pass so far, and that nobody has approved or announced.
func (g *guard) passing(verdicts []verdict, kind func(Change) bool) []int {
	var out []int
	for n, c := range g.plan.candidates {
		if verdicts[n].action == c.Action && kind(c) && !g.isLifted(c) {
			out = append(out, n)
		}
	}
	return out
}

func hold(verdicts []verdict, which []int, why reason.Reason) {
	for _, n := range which {
		verdicts[n] = verdict{Hold, why}
	}
}

// holdRun holds the losses of a run, or its deletes at the end of a grace, if they are more than Limits.PerRun. Losses
// count together with what other runs deactivated within noticePeriod, and rules within the hour, so that runs that are narrowed to different
// scopes share the limit.
func (g *guard) holdRun(verdicts []verdict) {
	losses, deletes := g.passing(verdicts, isNewLoss), g.passing(verdicts, isGraceDelete)
	lately, most := g.plan.fleet.byRuns+g.plan.fleet.ruledOffLately, g.limits.PerRun/max(g.limits.Parts, 1)
	switch {
	case len(losses) > most:
		hold(verdicts, losses, reason.New(reason.GuardRun, len(losses), most))
	case lately > 0 && len(losses)+lately > g.limits.PerRun:
		hold(verdicts, losses, reason.New(reason.GuardRunLately, lately, len(losses)+lately, g.limits.PerRun))
	}
	if len(deletes) > most {
		hold(verdicts, deletes, reason.New(reason.GuardRunDeletes, len(deletes), most))
	}
}

// holdParts holds what passes if the other parts of the run have used up the limit, or the limit is not known.
func (g *guard) holdParts(verdicts []verdict) {
	for n, c := range g.plan.candidates {
		why := g.limits.Hold
		if isGraceDelete(c) {
			why = g.limits.HoldDeletes
		}
		passes := verdicts[n].action == c.Action
		if passes && why.Code != "" && !(g.isLifted(c) && IsApprovable(why.Code)) {
			verdicts[n] = verdict{Hold, why}
		}
	}
}

func (g *guard) holdPaused(verdicts []verdict) {
	for n, c := range g.plan.candidates {
		if g.limits.Pause.Stands() && verdicts[n].action == c.Action {
			verdicts[n] = verdict{Hold, g.limits.Pause.HoldReason()}
		}
	}
}
