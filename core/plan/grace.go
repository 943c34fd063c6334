package plan

import (
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reason"
)

// noticePeriod is the least time between the run that reports something and the run that removes it: deletes
// earlier than people were told, and the last assets of a scope that became empty.
const noticePeriod = 10 * time.Minute

// removalMode returns how far the removal of an asset of ours may go. No run deletes an adopted asset, unless
// DeleteAdopted allows it: only labels and a comment say whose it is, and whoever may change assets can write them.
func (r Rules) removalMode(a inventory.Asset) Mode {
	if r.Mode == ModeDelete && (r.DeleteAdopted || isProvedByID(a)) {
		return ModeDelete
	}
	return ModeDeactivate
}

// isProvedByID reports whether an asset's id proves of which instance it is, because we created it.
func isProvedByID(a inventory.Asset) bool {
	m, ours := parseOwnership(a)
	return ours && m.matchesAssetID(a.ID)
}

// dueDateLabel returns the label jms-due: the end of the grace by the present settings.
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

// parseDueDate returns the time in jms-due, before which the asset is not deleted, and reports whether it has the
// label. An unreadable value, as "never", is later than any time.
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

// planDeactivated decides on an asset that an earlier run deactivated. It is deleted when the grace is over, and
// not before the time in jms-due unless people were told so.
func (b *builder) planDeactivated(c Change, a inventory.Asset, since time.Time) {
	start, due, begins := b.graceOf(a, since)
	until, given := parseDueDate(a)
	switch {
	case begins:
		b.beginGrace(c, a, since, start, due)
	case b.rules.removalMode(a) != ModeDelete:
		b.renewDueDate(c, a, start, given && until.Before(time.Unix(1<<40, 0)))
		b.addKeep(c, reason.New(b.neverDeletedCode(a), formatTime(since)))
	case b.rules.Now.Before(due):
		b.renewDueDate(c, a, start, given && until.Before(due.Truncate(time.Second)))
		c.Due = due
		b.addKeep(c, reason.New(reason.InGrace, formatTime(since), formatTime(due)))
	case b.rules.Partial:
		b.addKeep(c, reason.New(reason.InGrace, formatTime(since), formatTime(due)))
	case !given || !b.rules.Now.Before(until):
		b.addCandidate(c, Delete, reason.New(reason.GraceOver, formatTime(since)))
	case until.Sub(b.rules.Now) <= noticePeriod+time.Minute: // the time that holdEarlyDelete writes is rounded up
		c.Due = until
		b.addKeep(c, reason.New(reason.InGrace, formatTime(since), formatTime(until)))
	default:
		b.holdEarlyDelete(c, a)
	}
}

// neverDeletedCode returns why a deactivated asset is never deleted.
func (b *builder) neverDeletedCode(a inventory.Asset) reason.Code {
	switch {
	case b.deleteForbidden:
		return reason.NoRightToDelete
	case b.rules.Mode == ModeDelete && b.rules.removalMode(a) != ModeDelete:
		return reason.AdoptedStays
	}
	return reason.StaysDeactivated
}

// holdEarlyDelete holds a delete that is earlier than people were told, because the grace was shortened or deletion
// switched on since. It is reported once, by this run; jms-due then says when it comes.
func (b *builder) holdEarlyDelete(c Change, a inventory.Asset) {
	until := inventory.RoundUpToMinute(b.rules.Now.Add(noticePeriod))
	b.addLabelWrite(c, a, replaceLabel(a, inventory.LabelDue, inventory.FormatLabelTime(until)))
	c.Action, c.Reason = Hold, reason.New(reason.GuardEarly, formatTime(until))
	b.plan.notes = append(b.plan.notes, c)
}

// renewDueDate updates a jms-due that is earlier than the end of the grace by the present settings. If the grace is
// shortened again, people are told again.
func (b *builder) renewDueDate(c Change, a inventory.Asset, since time.Time, outdated bool) {
	if outdated && !b.rules.Partial {
		b.addLabelWrite(c, a, replaceLabel(a, inventory.LabelDue, b.rules.dueDate(a, since)))
	}
}

// addLabelWrite adds a write of labels for later runs, which is not reported as a change. Assets that are never
// written to get none.
func (b *builder) addLabelWrite(c Change, a inventory.Asset, labels []inventory.Label) {
	if _, isNeverWritten := b.rules.neverWritten(a); isNeverWritten {
		return
	}
	b.plan.labelWrites = append(b.plan.labelWrites, labelWrite(c, a, labels))
}

// rememberReopened labels an asset that a person switched on again. If a person switches it off later, it is not
// mistaken for one that we deactivated long ago.
func (b *builder) rememberReopened(c Change, a inventory.Asset) {
	if !b.rules.Partial && a.LabelCount(inventory.LabelReopened) == 0 {
		b.addLabelWrite(c, a, replaceLabel(a, inventory.LabelReopened, reopenedBy))
	}
}

// reopenedBy is the value of inventory.LabelReopened, the same for all assets: one row of JumpServer's label page.
const reopenedBy = "person"

func labelWrite(c Change, a inventory.Asset, labels []inventory.Label) Change {
	c.Action, c.Reason, c.Interim, c.Before = Update, reason.New(reason.Remembers), true, &a
	c.Fields, c.Patch, c.Due = []string{"labels"}, &inventory.Patch{ID: a.ID, Labels: labels}, time.Time{}
	return c
}

// replaceLabel returns an asset's labels with this one in place of all of its name, or without any if the value is
// "".
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
