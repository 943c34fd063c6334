package apply

import (
	"fmt"
	"slices"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
)

// failMissingPlatforms returns the creates whose platforms JumpServer has, and fails the others: no asset gets
// another platform than the configured one.
func (r *runner) failMissingPlatforms(changes []plan.Change) []plan.Change {
	var names []string
	for _, c := range changes {
		if !slices.Contains(names, c.Platform) {
			names = append(names, c.Platform)
		}
	}
	if len(names) == 0 || r.ctx.Err() != nil {
		return changes
	}
	lacking, err := r.target.MissingPlatforms(r.ctx, names)
	if err != nil || len(lacking) == 0 {
		return changes // without an answer each create fails with its own error
	}
	there := make([]plan.Change, 0, len(changes))
	for _, c := range changes {
		if !slices.Contains(lacking, c.Platform) {
			there = append(there, c)
			continue
		}
		r.addItems(Item{
			Change: c, State: Failed, Reason: reason.New(reason.NoPlatform, c.Scope.Account, c.Platform),
			Err: &inventory.Error{Kind: inventory.Invalid, Message: fmt.Sprintf("JumpServer has no host platform %q", c.Platform)},
		})
	}
	return there
}
