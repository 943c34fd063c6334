package apply

import (
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
)

// updates writes updates in lists. Labels are written as a whole, so those changes are made only
// if their assets are still what the plan saw: a label that a person sets meanwhile, or a mark
// that a person takes off, stays as it is.
func (r *run) updates(changes []plan.Change) {
	var plain, labels []plan.Change
	for _, c := range changes {
		if c.Patch.Labels != nil {
			labels = append(labels, c)
		} else {
			plain = append(plain, c)
		}
	}
	r.all(plain, r.patching(false))
	r.all(labels, r.patching(true))
}

// patching is the job of changes that have a patch each; labels: they set labels.
func (r *run) patching(labels bool) job {
	return job{
		right: "change", guarded: labels, made: patched,
		batch: func() int { return r.to.UpdateBatch(r.ctx, labels) },
		send: func(changes []plan.Change, a asks) []error {
			patches := make([]inventory.Patch, 0, len(changes))
			for _, c := range changes {
				patches = append(patches, *c.Patch)
			}
			return r.to.Update(r.ctx, patches, a.rows)
		},
	}
}

// patched reports whether an asset shows that a patch was carried out, whatever people changed after it. That of a
// deactivation is known by the time that it wrote: no other has it.
func patched(c plan.Change, now inventory.Asset, there bool) bool {
	p := c.Patch
	if !there {
		return false
	}
	if c.Action == plan.Deactivate {
		return holds(now.Labels, goneLabel(p.Labels))
	}
	is := func(wanted *string, value string) bool { return wanted == nil || *wanted == value }
	if p.Comment != nil && strings.TrimSpace(*p.Comment) != strings.TrimSpace(now.Comment) {
		return false
	}
	if !is(p.Name, now.Name) || !is(p.Address, now.Address) || !is(p.Zone, now.Zone) {
		return false
	}
	return (p.Active == nil || *p.Active == now.Active) && (p.Labels == nil || relabelled(c.Before.Labels, p.Labels, now.Labels))
}

// goneLabel returns the label by which a deactivation remembers when it was.
func goneLabel(labels []inventory.Label) inventory.Label {
	for _, l := range labels {
		if l.Name == inventory.LabelGone {
			return l
		}
	}
	return inventory.Label{}
}

// relabelled reports whether labels have become as wanted in all that the change of them changes.
func relabelled(before, wanted, now []inventory.Label) bool {
	for _, l := range wanted {
		if !slices.Contains(before, l) && !holds(now, l) {
			return false
		}
	}
	for _, l := range before {
		if !holds(wanted, l) && slices.Contains(now, l) {
			return false
		}
	}
	return true
}

// holds reports whether a label is among others, in whatever spelling the database under JumpServer keeps it.
func holds(labels []inventory.Label, l inventory.Label) bool {
	return slices.ContainsFunc(labels, func(have inventory.Label) bool {
		return inventory.SameFolded(have.Name, l.Name) && inventory.SameFolded(have.Value, l.Value)
	})
}
