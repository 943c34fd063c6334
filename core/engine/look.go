package engine

import (
	"slices"

	"github.com/jms-sync/jms-sync/core/plan"
)

// look takes what a person who looks at the plan is shown, and returns the part of it that was asked for. It fails where a text of Request.Only means nothing that was read.
func (p *pass) look(in plan.Input, rules plan.Rules, desired plan.Plan, approved plan.Approved) (plan.Approved, error) {
	p.names = plan.NewNames(in.Current)
	if !p.req.DryRun {
		return approved, nil
	}
	if p.req.WantBasis {
		p.basis = &plan.Basis{Input: in, Rules: rules, Plan: desired, Approved: approved}
	}
	if len(p.req.Only) == 0 {
		return approved, nil
	}
	selected, unknown := plan.Select(in, rules, p.req.Only)
	if len(unknown) > 0 {
		return plan.Approved{}, errNothingMeant(unknown)
	}
	p.review = slices.DeleteFunc(p.review, func(l plan.ReviewLine) bool { return !selected.HasAsset(l.AssetID) })
	p.heldSets = nil // a hash stands for all that is held
	return approved.Only(selected), nil
}
