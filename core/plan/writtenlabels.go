package plan

import (
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// WrittenLabels returns every label that runs and adoptions may ever write to the asset of an instance, so that it
// is known beforehand whether JumpServer takes them. Labels for which the instance has no value are left out.
func WrittenLabels(i inventory.Instance, now time.Time) []inventory.Label {
	all := ownershipLabels(i)
	for _, mode := range []Mode{ModeDelete, ModeDeactivate} {
		all = append(all, deactivationLabels(inventory.Asset{}, Rules{Now: now, Mode: mode, DeleteAdopted: true, Grace: noticePeriod, Partial: true})...)
	}
	for _, value := range []string{inventory.ClosedNow, inventory.FormatLabelTime(now)} {
		all = append(all, inventory.Label{Name: inventory.LabelClosed, Value: value})
	}
	all = append(all, inventory.MissingLabel(now), protectedLabel(), approvedLabel(), ruleOffLabel(now), keptLabel(), inventory.Label{Name: inventory.LabelReopened, Value: reopenedBy},
		inventory.Label{Name: inventory.LabelReleased, Value: releasedBy},
		inventory.Label{Name: inventory.LabelAsset, Value: inventory.AssetID(i.Cloud, i.Region, i.ID)})
	var out []inventory.Label
	seen := map[inventory.Label]bool{}
	for _, l := range all {
		if l.Value != "" && !seen[l] {
			out, seen[l] = append(out, l), true
		}
	}
	return out
}
