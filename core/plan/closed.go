package plan

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/mapping"
	"github.com/jms-sync/jms-sync/core/reason"
)

// planListed decides on an asset of ours whose instance is listed.
func (b *builder) planListed(e listedInstance, n int) {
	a := &b.input.Current.Assets[n]
	switch {
	case e.instance.Existence == inventory.Closed:
		b.planClosed(e.instance, n)
	case e.instance.Existence == inventory.NotMade && a.LabelCount(inventory.LabelGone) > 0:
		b.addKeep(absentChange(a, b.ownerships[n]), reason.New(reason.StaysClosed, e.instance.Status))
	default:
		b.diffAsset(e, n)
	}
}

// planClosed decides on an asset of ours whose instance its owner gave up, while the cloud keeps it in a recycle bin. It
// is a removal for the guard, needs no proof of absence, and never becomes a deletion while the cloud shows the
// instance.
func (b *builder) planClosed(i *inventory.Instance, n int) {
	a, m := &b.input.Current.Assets[n], b.ownerships[n]
	c := absentChange(a, m)
	c.Unlisted = a.Active
	b.countRecentLoss(*a, m)
	o := b.rules.outcomeOf(i)
	doubt, contradict := ownershipConflict(*a, m)
	seen := i.Addresses()
	switch {
	case contradict:
		b.addSkip(c, doubt)
	case !strings.EqualFold(m.owner, i.Owner):
		b.addSkip(c, reason.New(reason.OtherOwner, m.owner, i.Owner))
	case b.hasProtectedAddress(*i, *a):
		b.addSkip(c, reason.New(reason.IsProtected))
	case o.Keep != "", o.Unread.Has(mapping.FieldKeep):
		b.addSkip(c, reason.New(reason.KeptByTag))
	case len(seen) > 0 && !b.rules.isWhitelisted(seen...):
		b.addSkip(c, reason.New(reason.NotWhitelisted))
	default:
		c.closedStatus = cmp.Or(i.Status, unnamedStatus)
		b.classifyAbsent(c, *a)
	}
}

// unnamedStatus stands for the word of a cloud that has none.
const unnamedStatus = "closed"

// countOpen returns how many of the instances are not closed: a scope whose instances are all closed is empty for the
// guard.
func countOpen(instances []inventory.Instance) int {
	n := 0
	for k := range instances {
		if instances[k].Existence != inventory.Closed {
			n++
		}
	}
	return n
}

// isClosed reports whether a change is about an instance that the listing shows as closed.
func (c Change) isClosed() bool { return c.Reason.Code == reason.InstanceClosed }

// closedChange returns the deactivation of an asset whose instance is closed.
func closedChange(c Change, status string, r Rules) Change {
	labels := replaceLabel(inventory.Asset{Labels: deactivationLabels(*c.Before, r)}, inventory.LabelClosed, inventory.ClosedNow)
	labels = replaceLabel(inventory.Asset{Labels: labels}, inventory.LabelDue, inventory.DueNever)
	c.Action, c.Reason, c.Fields = Deactivate, reason.New(reason.InstanceClosed, status), []string{"is_active", "labels"}
	c.Patch = &inventory.Patch{ID: c.AssetID, Active: new(false), Labels: labels}
	return c
}

// keepClosed keeps a deactivated asset while the cloud keeps its instance, and labels it so that its grace begins when
// the instance is absent.
func (b *builder) keepClosed(c Change, a inventory.Asset) {
	if !b.rules.Partial && !isMarkedClosed(a) {
		b.addLabelWrite(c, a, closedLabels(a))
	}
	b.addKeep(c, reason.New(reason.StaysClosed, c.closedStatus))
}

// closedLabels returns the labels of a deactivated asset whose instance is closed: nothing is due.
func closedLabels(a inventory.Asset) []inventory.Label {
	marked := inventory.Asset{Labels: replaceLabel(a, inventory.LabelClosed, inventory.ClosedNow)}
	return replaceLabel(marked, inventory.LabelDue, inventory.DueNever)
}

// graceOf returns from when the grace of an asset counts that was deactivated at since, and its end: from the
// deactivation, or from the end of its closing, and then for noticePeriod at least, as people were told that nothing is
// due. begins reports that the instance is absent for the first time after one.
func (b *builder) graceOf(a inventory.Asset, since time.Time) (start, due time.Time, begins bool) {
	if a.LabelCount(inventory.LabelClosed) == 0 {
		return since, since.Add(b.rules.Grace), false
	}
	value, single := a.Label(inventory.LabelClosed)
	start, err := inventory.ParseLabelTime(value)
	begins = !single || err != nil || start.After(b.rules.Now.Add(time.Minute))
	if begins {
		start = inventory.RoundUpToMinute(b.rules.Now)
	}
	if start.Before(since) {
		start = since
	}
	return start, start.Add(max(b.rules.Grace, noticePeriod)), begins
}

// beginGrace lets the grace of an asset begin whose instance was closed and is absent now.
func (b *builder) beginGrace(c Change, a inventory.Asset, since, start, due time.Time) {
	deletes := b.rules.removalMode(a) == ModeDelete
	until := inventory.DueNever
	if deletes {
		until = inventory.FormatLabelTime(due)
	}
	marked := inventory.Asset{Labels: replaceLabel(a, inventory.LabelClosed, inventory.FormatLabelTime(start))}
	if !b.rules.Partial {
		b.addLabelWrite(c, a, replaceLabel(marked, inventory.LabelDue, until))
	}
	if !deletes {
		b.addKeep(c, reason.New(b.neverDeletedCode(a), formatTime(since)))
		return
	}
	c.Due = due
	b.addKeep(c, reason.New(reason.InGrace, formatTime(since), formatTime(due)))
}

// turnClosed returns the plan as the clouds' answers by id want it: a candidate whose instance is closed, although the
// listing did not show it, is deactivated and not deleted, and stays as it is if it is deactivated already.
func (p Plan) turnClosed(proofs Proofs) Plan {
	isClosed := func(c Change) bool { return proofs[c.AssetID].Closed != "" && !c.isClosed() }
	if p.retired || !slices.ContainsFunc(p.candidates, isClosed) {
		return p
	}
	candidates := p.candidates
	p.candidates, p.notes, p.labelWrites = nil, slices.Clone(p.notes), slices.Clone(p.labelWrites)
	for _, c := range candidates {
		status := proofs[c.AssetID].Closed
		switch {
		case !isClosed(c):
			p.candidates = append(p.candidates, c)
		case c.Before.LabelCount(inventory.LabelGone) == 0:
			p.candidates = append(p.candidates, closedChange(c, status, p.assetBuilder.rules))
		default:
			if !isMarkedClosed(*c.Before) {
				p.labelWrites = append(p.labelWrites, labelWrite(c, *c.Before, closedLabels(*c.Before)))
			}
			c.Action, c.Reason, c.Patch, c.Fields = Keep, reason.New(reason.StaysClosed, status), nil, nil
			p.notes = append(p.notes, c)
		}
	}
	return p
}

// isMarkedClosed reports whether the labels of a deactivated asset say that its instance is closed now.
func isMarkedClosed(a inventory.Asset) bool {
	value, single := a.Label(inventory.LabelClosed)
	return single && inventory.MayBeEqual(value, inventory.ClosedNow)
}

// staysOpenUnmarked reports whether an asset that has lost our labels is open although its instance is closed, and no
// person has released it.
func staysOpenUnmarked(a inventory.Asset) bool {
	return a.Host && a.Active && a.LabelCount(inventory.LabelReleased) == 0
}
