package apply

import (
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
)

// updateAll writes updates in batches. Labels and nodes are written as a whole, so their changes are made only if their
// assets are still what the plan saw: a label that a person sets or removes meanwhile stays so.
func (r *runner) updateAll(changes []plan.Change) {
	r.writePatches(r.beginParts(r.resolvePatches(changes)))
	r.writeRest()
}

// writePatches writes the patches of changes.
func (r *runner) writePatches(changes []plan.Change) {
	var plain, whole []plan.Change
	for _, c := range changes {
		if replacesSets(c.Patch) {
			whole = append(whole, c)
		} else {
			plain = append(plain, c)
		}
	}
	r.runJob(plain, r.patchJob(false))
	r.runJob(whole, r.patchJob(true))
}

// replacesSets reports whether a patch writes something of which it knows only what the plan saw.
func replacesSets(p *inventory.Patch) bool {
	return p.Labels != nil || p.NodeIDs != nil || p.Platform != nil
}

// patchJob returns the job for changes with a patch each; sets: they replace sets of labels or nodes.
func (r *runner) patchJob(sets bool) writeJob {
	return writeJob{
		permission: "change", rereads: sets, isCarriedOut: isPatched,
		batchSize: func() int { return r.target.UpdateBatchSize(r.ctx, sets) },
		send: func(changes []plan.Change, a writeChecks) []error {
			return r.target.Update(r.ctx, patchesOf(changes), a.stillDueRows)
		},
	}
}

func patchesOf(changes []plan.Change) []inventory.Patch {
	patches := make([]inventory.Patch, 0, len(changes))
	for _, c := range changes {
		patches = append(patches, *c.Patch)
	}
	return patches
}

// isPatched reports whether an asset shows that its patch was carried out, whatever people changed after it. A
// deactivation is recognised by the label that it wrote: the time, which no other has, or that a rule did it.
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
	if !is(p.Name, now.Name) || !is(p.Address, now.Address) || !is(p.Zone, now.Zone) || !is(p.Platform, now.Platform) {
		return false
	}
	if p.NodeIDs != nil && joinedIDs(p.NodeIDs) != now.Nodes || p.Protocols != nil && !sameProtocols(p.Protocols, now.Protocols) {
		return false
	}
	return (p.Active == nil || *p.Active == now.Active) && (p.Labels == nil || hasLabelChanges(c.Before.Labels, p.Labels, now.Labels))
}

// deactivationLabel returns the label that records a deactivation: its time, or that a rule did it.
func deactivationLabel(labels []inventory.Label) (found inventory.Label) {
	for _, l := range labels {
		switch l.Name {
		case inventory.LabelGone:
			return l
		case inventory.LabelRuleOff:
			found = l
		}
	}
	return found
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
