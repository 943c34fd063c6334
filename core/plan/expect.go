package plan

import (
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// Expected is a decommission that a person has announced for one scope: of its assets up to UpTo may go until a time,
// whatever the thresholds say. Each needs its proof all the same. More than are left is doubt, and holds them all.
// What was deactivated before, and is deleted at the end of its grace, does not count, and is under the thresholds.
type Expected struct {
	UpTo, Left int // Left of UpTo may still go
	Until      time.Time
}

// ExpectedIn returns in words what is announced for a scope.
func ExpectedIn(at inventory.Scope, e Expected, by, reason string) Reason {
	return newReason(ExpectStands, at.Account, at.Region, formatTime(e.Until), e.UpTo, e.Left, by, whyPaused(reason))
}

// expects returns what is announced for a candidate, and how many candidates of its scope count against it.
func (l Limits) expects(p Plan, c Change) (e Expected, due int, is bool) {
	e, is = l.Expected[c.Scope]
	if !is || !losing(c) || p.accountStats[c.Scope] == nil {
		return Expected{}, 0, false
	}
	return e, p.accountStats[c.Scope].lost, true
}

// losing reports whether a removal takes an asset that was not deactivated before.
func losing(c Change) bool {
	return c.Action.isRemoval() && c.Before.LabelCount(inventory.LabelGone) == 0
}

// announced reports whether a candidate's removal was announced, so that no threshold holds it.
func (g *guard) announced(c Change) bool {
	e, due, is := g.limits.expects(g.plan, c)
	return is && due <= e.Left
}

// exceeds returns why a candidate is held whose scope would lose more than was announced.
func (g *guard) exceeds(c Change) (Reason, bool) {
	e, due, is := g.limits.expects(g.plan, c)
	if !is || due <= e.Left {
		return Reason{}, false
	}
	return newReason(GuardExpected, formatTime(e.Until), e.UpTo, e.Left, due), true
}

// Announced counts the candidates that are lifted over the thresholds because they were announced, and that nobody has
// approved besides.
func (p Plan) Announced(limits Limits) int {
	n := 0
	for _, c := range p.candidates {
		if e, due, is := limits.expects(p, c); is && due <= e.Left && !limits.Approved[c.AssetID] {
			n++
		}
	}
	return n
}

// Losses counts the removals of a scope that count against what was announced for it.
func (a Approved) Losses(at inventory.Scope) int {
	n := 0
	for _, c := range a.removals {
		if c.Scope == at && losing(c) {
			n++
		}
	}
	return n
}
