package plan

import (
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// noticePeriod is how long two runs lie apart at least, of which the first tells people and the second
// removes: deletes that are earlier than was said, and what is left of a scope that became empty.
const noticePeriod = 10 * time.Minute

// removalMode returns how far the removal of an asset of ours may go. Of one that was adopted, labels and
// comment say whose it is, and whoever may change assets can write them: no run deletes it, unless DeleteAdopted says so.
func (r Rules) removalMode(a inventory.Asset) Mode {
	if r.Mode == ModeDelete && (r.DeleteAdopted || isProvedByID(a)) {
		return ModeDelete
	}
	return ModeDeactivate
}

// isProvedByID reports whether an asset's id proves of which instance it is: we made it.
func isProvedByID(a inventory.Asset) bool {
	m, ours := parseOwnership(a)
	return ours && m.matchesAssetID(a.ID)
}

// dueDateLabel is the label that promises not to delete an asset before the end of the grace as it is
// now.
func (r Rules) dueDateLabel(a inventory.Asset, since time.Time) inventory.Label {
	return inventory.Label{Name: inventory.LabelDue, Value: r.dueDate(a, since)}
}

func (r Rules) dueDate(a inventory.Asset, since time.Time) string {
	if r.removalMode(a) != ModeDelete {
		return inventory.DueNever
	}
	return inventory.FormatLabelTime(since.Add(r.Grace))
}

func formatTime(at time.Time) string { return at.UTC().Format(time.RFC3339) }

// parseDueDate reads jms-due: before which time the asset is not deleted. given is false where there is
// no such label. What cannot be read, and "never", is later than any time.
func parseDueDate(a inventory.Asset) (until time.Time, given bool) {
	if a.LabelCount(inventory.LabelDue) == 0 {
		return time.Time{}, false
	}
	value, single := a.Label(inventory.LabelDue)
	until, err := inventory.ParseLabelTime(value)
	if !single || err != nil {
		return time.Unix(1<<40, 0), true
	}
	return until, true
}

// planDeactivated decides on an asset that an earlier run deactivated: deleted once the grace is over,
// yet not before the time that was promised, unless people were told so.
func (b *builder) planDeactivated(c Change, a inventory.Asset, since time.Time) {
	due := since.Add(b.rules.Grace)
	until, given := parseDueDate(a)
	switch {
	case b.rules.removalMode(a) != ModeDelete:
		b.renewDueDate(c, a, since, given && until.Before(time.Unix(1<<40, 0)))
		b.addKeep(c, newReason(b.neverDeletedCode(a), formatTime(since)))
	case b.rules.Now.Before(due):
		b.renewDueDate(c, a, since, given && until.Before(due.Truncate(time.Second)))
		c.Due = due
		b.addKeep(c, newReason(InGrace, formatTime(since), formatTime(due)))
	case b.rules.Partial:
		b.addKeep(c, newReason(InGrace, formatTime(since), formatTime(due)))
	case !given || !b.rules.Now.Before(until):
		b.addCandidate(c, Delete, newReason(GraceOver, formatTime(since)))
	case until.Sub(b.rules.Now) <= noticePeriod+time.Minute: // the promise of notice is rounded up
		c.Due = until
		b.addKeep(c, newReason(InGrace, formatTime(since), formatTime(until)))
	default:
		b.holdEarlyDelete(c, a)
	}
}

// neverDeletedCode says why an asset that is deactivated is never deleted.
func (b *builder) neverDeletedCode(a inventory.Asset) Code {
	switch {
	case b.deleteForbidden:
		return NoRightToDelete
	case b.rules.Mode == ModeDelete && b.rules.removalMode(a) != ModeDelete:
		return AdoptedStays
	}
	return StaysDeactivated
}

// holdEarlyDelete holds a delete that is due only because the grace was shortened, or deletion switched on,
// since people were told when it would come. They are told of it once, by this run, and jms-due
// promises them the notice.
func (b *builder) holdEarlyDelete(c Change, a inventory.Asset) {
	until := inventory.RoundUpToMinute(b.rules.Now.Add(noticePeriod))
	b.addLabelWrite(c, a, replaceLabel(a, inventory.LabelDue, inventory.FormatLabelTime(until)))
	c.Action, c.Reason = Hold, newReason(GuardEarly, formatTime(until))
	b.plan.notes = append(b.plan.notes, c)
}

// renewDueDate writes a promise anew where the one on the asset is earlier than the end of the grace is now:
// the settings were changed back, and who shortens the grace once more is asked once more.
func (b *builder) renewDueDate(c Change, a inventory.Asset, since time.Time, outdated bool) {
	if outdated && !b.rules.Partial {
		b.addLabelWrite(c, a, replaceLabel(a, inventory.LabelDue, b.rules.dueDate(a, since)))
	}
}

// addLabelWrite adds a write of labels by which a later run remembers something. It is no change that
// people are told of. What is never written to gets none.
func (b *builder) addLabelWrite(c Change, a inventory.Asset, labels []inventory.Label) {
	if _, spared := b.rules.neverWritten(a); spared {
		return
	}
	b.plan.labelWrites = append(b.plan.labelWrites, labelWrite(c, a, labels))
}

// rememberReopened marks an asset that a person switched on again, so that it does not seem to be what we deactivated
// long ago when a person switches it off.
func (b *builder) rememberReopened(c Change, a inventory.Asset) {
	if !b.rules.Partial && a.LabelCount(inventory.LabelReopened) == 0 {
		b.addLabelWrite(c, a, replaceLabel(a, inventory.LabelReopened, reopenedBy))
	}
}

// reopenedBy is the value of inventory.LabelReopened: one for all, so that it is one row of JumpServer's label page.
const reopenedBy = "person"

func labelWrite(c Change, a inventory.Asset, labels []inventory.Label) Change {
	c.Action, c.Reason, c.Interim, c.Before = Update, newReason(Remembers), true, &a
	c.Fields, c.Patch, c.Due = []string{"labels"}, &inventory.Patch{ID: a.ID, Labels: labels}, time.Time{}
	return c
}

// replaceLabel returns an asset's labels with one label in place of all of its name; value "" takes them off.
func replaceLabel(a inventory.Asset, name, value string) []inventory.Label {
	out := make([]inventory.Label, 0, len(a.Labels)+1)
	for _, l := range a.Labels {
		if !l.Is(name) {
			out = append(out, l)
		}
	}
	if value != "" {
		out = append(out, inventory.Label{Name: name, Value: value})
	}
	return out
}
