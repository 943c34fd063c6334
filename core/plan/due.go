package plan

import (
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// notice is how long two runs lie apart at least, of which the first tells people and the second
// removes: deletes that are earlier than was said, and what is left of a scope that became empty.
const notice = 10 * time.Minute

// modeOf returns how far the removal of an asset of ours may go. Of one that was adopted, labels and
// comment say whose it is, and whoever may change assets can write them: no run deletes it, unless DeleteAdopted says so.
func (r Rules) modeOf(a inventory.Asset) Mode {
	if r.Mode == ModeDelete && (r.DeleteAdopted || provedByID(a)) {
		return ModeDelete
	}
	return ModeDeactivate
}

// provedByID reports whether an asset's id proves of which instance it is: we made it.
func provedByID(a inventory.Asset) bool {
	m, ours := readMark(a)
	return ours && m.made(a.ID)
}

// dueLabel is the label that promises not to delete an asset before the end of the grace as it is
// now.
func (r Rules) dueLabel(a inventory.Asset, since time.Time) inventory.Label {
	return inventory.Label{Name: inventory.LabelDue, Value: r.promise(a, since)}
}

func (r Rules) promise(a inventory.Asset, since time.Time) string {
	if r.modeOf(a) != ModeDelete {
		return inventory.DueNever
	}
	return inventory.LabelTime(since.Add(r.Grace))
}

func stamp(at time.Time) string { return at.UTC().Format(time.RFC3339) }

// promised reads jms-due: before which time the asset is not deleted. given is false where there is
// no such label. What cannot be read, and "never", is later than any time.
func promised(a inventory.Asset) (until time.Time, given bool) {
	if a.Count(inventory.LabelDue) == 0 {
		return time.Time{}, false
	}
	value, single := a.Label(inventory.LabelDue)
	until, err := inventory.ParseLabelTime(value)
	if !single || err != nil {
		return time.Unix(1<<40, 0), true
	}
	return until, true
}

// deactivated decides on an asset that an earlier run deactivated: deleted once the grace is over,
// yet not before the time that was promised, unless people were told so.
func (b *builder) deactivated(c Change, a inventory.Asset, since time.Time) {
	due := since.Add(b.rules.Grace)
	until, given := promised(a)
	switch {
	case b.rules.modeOf(a) != ModeDelete:
		b.renew(c, a, since, given && until.Before(time.Unix(1<<40, 0)))
		b.keep(c, because(b.stays(a), stamp(since)))
	case b.rules.Now.Before(due):
		b.renew(c, a, since, given && until.Before(due.Truncate(time.Second)))
		c.Due = due
		b.keep(c, because(InGrace, stamp(since), stamp(due)))
	case b.rules.Partial:
		b.keep(c, because(InGrace, stamp(since), stamp(due)))
	case !given || !b.rules.Now.Before(until):
		b.candidate(c, Delete, because(GraceOver, stamp(since)))
	case until.Sub(b.rules.Now) <= notice+time.Minute: // the promise of notice is rounded up
		c.Due = until
		b.keep(c, because(InGrace, stamp(since), stamp(until)))
	default:
		b.early(c, a)
	}
}

// stays says why an asset that is deactivated is never deleted.
func (b *builder) stays(a inventory.Asset) Code {
	switch {
	case b.forbidden:
		return NoRightToDelete
	case b.rules.Mode == ModeDelete && b.rules.modeOf(a) != ModeDelete:
		return AdoptedStays
	}
	return StaysDeactivated
}

// early holds a delete that is due only because the grace was shortened, or deletion switched on,
// since people were told when it would come. They are told of it once, by this run, and jms-due
// promises them the notice.
func (b *builder) early(c Change, a inventory.Asset) {
	until := inventory.WholeMinute(b.rules.Now.Add(notice))
	b.note(c, a, relabelled(a, inventory.LabelDue, inventory.LabelTime(until)))
	c.Action, c.Reason = Hold, because(GuardEarly, stamp(until))
	b.plan.notes = append(b.plan.notes, c)
}

// renew writes a promise anew where the one on the asset is earlier than the end of the grace is now:
// the settings were changed back, and who shortens the grace once more is asked once more.
func (b *builder) renew(c Change, a inventory.Asset, since time.Time, outdated bool) {
	if outdated && !b.rules.Partial {
		b.note(c, a, relabelled(a, inventory.LabelDue, b.rules.promise(a, since)))
	}
}

// note adds a write of labels by which a later run remembers something. It is no change that
// people are told of. What is never written to gets none.
func (b *builder) note(c Change, a inventory.Asset, labels []inventory.Label) {
	if _, spared := b.rules.untouchable(a); spared {
		return
	}
	b.plan.marks = append(b.plan.marks, marking(c, a, labels))
}

// rememberReopened marks an asset that a person switched on again, so that it does not seem to be what we deactivated
// long ago when a person switches it off.
func (b *builder) rememberReopened(c Change, a inventory.Asset) {
	if !b.rules.Partial && a.Count(inventory.LabelReopened) == 0 {
		b.note(c, a, relabelled(a, inventory.LabelReopened, reopenedBy))
	}
}

// reopenedBy is the value of inventory.LabelReopened: one for all, so that it is one row of JumpServer's label page.
const reopenedBy = "person"

func marking(c Change, a inventory.Asset, labels []inventory.Label) Change {
	c.Action, c.Reason, c.Interim, c.Before = Update, because(Remembers), true, &a
	c.Fields, c.Patch, c.Due = []string{"labels"}, &inventory.Patch{ID: a.ID, Labels: labels}, time.Time{}
	return c
}

// relabelled returns an asset's labels with one label in place of all of its name; value "" takes them off.
func relabelled(a inventory.Asset, name, value string) []inventory.Label {
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
