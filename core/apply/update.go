package apply

import (
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
)

// updateAll writes updates in batches. Labels are written as a whole, so changes of labels are made only if their
// assets are still what the plan saw: a label that a person sets or removes meanwhile stays so.
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

// patchJob returns the job for changes with a patch each; labels: they set labels.
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

// isPatched reports whether an asset shows that its patch was carried out, whatever people changed after it. A
// deactivation is recognised by the time that it wrote: no other has it.
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

// deactivationLabel returns the label that records the time of a deactivation.
func deactivationLabel(labels []inventory.Label) inventory.Label {
	for _, l := range labels {
		if l.Name == inventory.LabelGone {
			return l
		}
	}
	return inventory.Label{}
}

// hasLabelChanges reports whether labels now show everything that the change from before to wanted changes.
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

// containsLabel reports whether a label is among others, in any spelling that JumpServer's database may keep.
func containsLabel(labels []inventory.Label, l inventory.Label) bool {
	return slices.ContainsFunc(labels, func(have inventory.Label) bool {
		return inventory.MayBeEqual(have.Name, l.Name) && inventory.MayBeEqual(have.Value, l.Value)
	})
}
