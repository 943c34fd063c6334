package plan

import (
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reason"
)

// ExpectedRemovals is a decommission that a person has announced for one scope: until a time, up to UpTo of its
// assets may go, whatever the thresholds say. Each needs its proof all the same. If more are due than are left, all
// are held. Assets deactivated before, whose grace ends, do not count and stay under the thresholds.
type ExpectedRemovals struct {
	UpTo, Left int // Left of UpTo may still go
	Until      time.Time
}

// ExpectationReason returns the text of what is announced for a scope.
func ExpectationReason(at inventory.Scope, e ExpectedRemovals, by, why string) reason.Reason {
	return reason.New(reason.ExpectStands, at.Account, at.Region, formatTime(e.Until), e.UpTo, e.Left, by, personReason(why))
}

// expectedFor returns what is announced for a candidate's scope, and how many of its candidates count against that.
func (l Limits) expectedFor(p Plan, c Change) (e ExpectedRemovals, due int, is bool) {
	e, is = l.Expected[c.Scope]
	if !is || !isNewLoss(c) || p.accountStats[c.Scope] == nil {
		return ExpectedRemovals{}, 0, false
	}
	return e, p.accountStats[c.Scope].lost, true
}

// isNewLoss reports whether a removal takes an asset that was not deactivated before.
func isNewLoss(c Change) bool {
	return c.Action.isRemoval() && c.Before.LabelCount(inventory.LabelGone) == 0
}

// isGraceDelete reports whether a removal deletes an asset that was deactivated before.
func isGraceDelete(c Change) bool { return c.Action.isRemoval() && !isNewLoss(c) }

// isExpected reports whether a candidate's removal was announced, so that no threshold holds it.
func (g *guard) isExpected(c Change) bool {
	e, due, is := g.limits.expectedFor(g.plan, c)
	return is && due <= e.Left
}

// exceedsExpected returns why a candidate is held whose scope would lose more than was announced.
func (g *guard) exceedsExpected(c Change) (reason.Reason, bool) {
	e, due, is := g.limits.expectedFor(g.plan, c)
	if !is || due <= e.Left {
		return reason.Reason{}, false
	}
	return reason.New(reason.GuardExpected, formatTime(e.Until), e.UpTo, e.Left, due), true
}

// CountLosses counts the removals of a scope that count against what was announced for it.
func (a Approved) CountLosses(at inventory.Scope) int {
	n := 0
	for _, c := range a.removals {
		if c.Scope == at && isNewLoss(c) {
			n++
		}
	}
	return n
}
