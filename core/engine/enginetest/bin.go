package enginetest

import (
	"context"
	"slices"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// RecycleBin is clouds that show some instances as closed: their owner gave them up, and the cloud keeps them.
type RecycleBin struct {
	engine.Clouds
	IDs []string
	// Unlisted makes lists leave them out, while the answer by id shows them.
	Unlisted bool
}

// List implements engine.Clouds.
func (b RecycleBin) List(ctx context.Context, narrow cloud.Filter) []inventory.Listing {
	all := b.Clouds.List(ctx, narrow)
	for n := range all {
		all[n].Instances = b.mark(all[n].Instances)
		if b.Unlisted {
			all[n].Instances = slices.DeleteFunc(all[n].Instances, func(i inventory.Instance) bool { return i.Existence == inventory.Closed })
		}
	}
	return all
}

// Find implements engine.Clouds.
func (b RecycleBin) Find(ctx context.Context, scope inventory.Scope, ids []string) ([]inventory.Instance, error) {
	found, err := b.Clouds.Find(ctx, scope, ids)
	return b.mark(found), err
}

// FindVerified implements engine.Clouds.
func (b RecycleBin) FindVerified(ctx context.Context, scope inventory.Scope, ids []string) (inventory.FindResult, error) {
	found, err := b.Clouds.FindVerified(ctx, scope, ids)
	found.Instances = b.mark(found.Instances)
	return found, err
}

func (b RecycleBin) mark(rows []inventory.Instance) []inventory.Instance {
	for n := range rows {
		if slices.Contains(b.IDs, rows[n].ID) {
			rows[n].Existence, rows[n].Status = inventory.Closed, "soft_deleted"
		}
	}
	return rows
}
