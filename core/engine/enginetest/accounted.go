package enginetest

import (
	"fmt"

	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
)

// Unaccounted returns what is wrong with a run: each asset of ours that JumpServer held before it must be present, to
// be removed, held, or kept for a reason that is told (see plan.Unaccounted), and the report must count all that
// stays open. listings are those of the run. A run that compared nothing with JumpServer has nothing to account for.
func Unaccounted(before []inventory.Asset, listings []inventory.Listing, out engine.RunResult) []string {
	if out.Err != nil || !out.Report.Compared() {
		return nil
	}
	wrong := plan.Unaccounted(before, listings, out.PlanLines)
	open := map[string]bool{}
	for _, a := range out.Report.OpenAssets() {
		open[a.AssetID] = true
	}
	counted := 0
	for _, g := range out.Report.StaysOpen {
		counted += g.Assets
	}
	if counted < len(open) {
		wrong = append(wrong, fmt.Sprintf("%d assets stay open, the report counts %d", len(open), counted))
	}
	for c := range out.PlanLines {
		removal := c.Action == plan.Deactivate || c.Action == plan.Delete
		if c.Unlisted && !removal && !c.Interim && !open[c.AssetID] {
			wrong = append(wrong, fmt.Sprintf("asset %s (%s) stays open (%s %s), and the report does not say so", c.AssetID, c.Name, c.Action, c.Reason.Code))
		}
	}
	return wrong
}
