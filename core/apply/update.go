package apply

import (
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
)

// updateAll writes updates in lists. Labels are written as a whole, so those changes are made only
// if their assets are still what the plan saw: a label that a person sets meanwhile, or a mark
// that a person takes off, stays as it is.
func (r *runner) updateAll(changes []plan.Change) {
	var plain, labels []plan.Change
	for _, c := range changes {
		if c.Patch.Labels != nil {
			labels = append(labels, c)
		} else {
			plain = append(plain, c)
		}
	}
	r.runJob(plain, r.patchJob(false))
	r.runJob(labels, r.patchJob(true))
}

// patchJob is the job of changes that have a patch each; labels: they set labels.
func (r *runner) patchJob(labels bool) writeJob {
	return writeJob{
		permission: "change", rereads: labels, isCarriedOut: isPatched,
		batchSize: func() int { return r.target.UpdateBatchSize(r.ctx, labels) },
		send: func(changes []plan.Change, a writeChecks) []error {
			patches := make([]inventory.Patch, 0, len(changes))
			for _, c := range changes {
				patches = append(patches, *c.Patch)
			}
			return r.target.Update(r.ctx, patches, a.stillDueRows)
		},
	}
}

// isPatched reports whether an asset shows that a patch was carried out, whatever people changed after it. That of a
// deactivation is known by the time that it wrote: no other has it.
func isPatched(c plan.Change, now inventory.Asset, there bool) bool {
	p := c.Patch
	if !there {
		return false
	}
	if c.Action == plan.Deactivate {
		return containsLabel(now.Labels, deactivationLabel(p.Labels))
	}
	is := func(wanted *string, value string) bool { return wanted == nil || *wanted == value }
	if p.Comment != nil && strings.TrimSpace(*p.Comment) != strings.TrimSpace(now.Comment) {
		return false
	}
	if !is(p.Name, now.Name) || !is(p.Address, now.Address) || !is(p.Zone, now.Zone) {
		return false
	}
	return (p.Active == nil || *p.Active == now.Active) && (p.Labels == nil || hasLabelChanges(c.Before.Labels, p.Labels, now.Labels))
}

// deactivationLabel returns the label by which a deactivation remembers when it was.
func deactivationLabel(labels []inventory.Label) inventory.Label {
	for _, l := range labels {
		if l.Name == inventory.LabelGone {
			return l
		}
	}
	return inventory.Label{}
}

// hasLabelChanges reports whether labels have become as wanted in all that the change of them changes.
func hasLabelChanges(before, wanted, now []inventory.Label) bool {
	for _, l := range wanted {
		if !slices.Contains(before, l) && !containsLabel(now, l) {
			return false
		}
	}
	for _, l := range before {
		if !containsLabel(wanted, l) && slices.Contains(now, l) {
			return false
		}
	}
	return true
}

// containsLabel reports whether a label is among others, in whatever spelling the database under JumpServer keeps it.
func containsLabel(labels []inventory.Label, l inventory.Label) bool {
	return slices.ContainsFunc(labels, func(have inventory.Label) bool {
		return inventory.MayBeEqual(have.Name, l.Name) && inventory.MayBeEqual(have.Value, l.Value)
	})
}
