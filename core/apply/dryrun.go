package apply

import (
	"context"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// DryRun is a Bastion that reads and never writes: no path of a run can get around it.
type DryRun struct{ Reader }

// Reader is what a dry run may use of JumpServer.
type Reader interface {
	Assets(ctx context.Context, ids []string) ([]inventory.Asset, error)
}

// Nodes does nothing.
func (DryRun) Nodes(context.Context, []string) error { return nil }

// Create does nothing.
func (DryRun) Create(context.Context, inventory.NewAsset) (bool, error) { return false, nil }

// Update does nothing.
func (DryRun) Update(_ context.Context, patches []inventory.Patch) []error {
	return make([]error, len(patches))
}

// Remove does nothing.
func (DryRun) Remove(_ context.Context, ids []string) []error { return make([]error, len(ids)) }
