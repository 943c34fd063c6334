package engine

import (
	"context"
	"slices"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/state"
)

// announcements reads what people have announced for the scopes of a run. What cannot be read lifts no threshold.
func (e Engine) announcements(ctx context.Context, listings []inventory.Listing) []state.Expectation {
	if e.Memory.Announced == nil {
		return nil
	}
	all, err := e.Memory.Announced.ListExpectations(ctx)
	if err != nil {
		e.Log.Warn("not all that was announced is known, and what is not lifts no threshold", "error", err)
	}
	scopes := scopesOf(listings)
	return slices.DeleteFunc(all, func(x state.Expectation) bool {
		return !x.IsActive(e.Now()) || !slices.Contains(scopes, x.Scope())
	})
}

// expected returns announcements as the guard takes them.
func expected(all []state.Expectation) map[inventory.Scope]plan.ExpectedRemovals {
	out := make(map[inventory.Scope]plan.ExpectedRemovals, len(all))
	for _, x := range all {
		out[x.Scope()] = plan.ExpectedRemovals{UpTo: x.UpTo, Left: x.Remaining, Until: x.Until}
	}
	return out
}

// expectedIn words announcements for the report.
func expectedIn(all []state.Expectation) []reason.Reason {
	out := make([]reason.Reason, 0, len(all))
	for _, x := range all {
		out = append(out, plan.ExpectationReason(x.Scope(), plan.ExpectedRemovals{UpTo: x.UpTo, Left: x.Remaining, Until: x.Until}, x.By, x.Reason))
	}
	return out
}

// spend counts the removals of an approved plan against what was announced for their scopes, before any is made. What
// cannot be counted, or was counted by another run since, is decided anew, as if nothing was left of it: then a person
// has approved each removal of the scope, or it is held. A run that ends before it removes has spent all the same.
func (e Engine) spend(ctx context.Context, p *pass, approved plan.Approved, limits plan.Limits, anew func() plan.Approved) plan.Approved {
	again := false
	for n, x := range p.announced {
		losses := min(approved.CountLosses(x.Scope()), x.Remaining) // more are approved by a person
		if losses == 0 {
			continue
		}
		left, err := e.Memory.Announced.Spend(ctx, x, losses)
		if err != nil {
			e.Log.Warn("removals that were announced could not be counted, and are held", "scope", x.Scope().String(), "error", err)
			left.Remaining, again = 0, true
			limits.Expected[x.Scope()] = plan.ExpectedRemovals{UpTo: x.UpTo, Until: x.Until}
		}
		p.announced[n] = left
	}
	if again {
		return anew()
	}
	return approved
}
