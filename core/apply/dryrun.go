package apply

import (
	"context"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// DryRun is a Bastion that reads and never writes: no path of a run can get around it.
type DryRun struct{ Reader }

// Reader is what a dry run may use of JumpServer.
type Reader interface {
	AssetsByID(ctx context.Context, ids []string) ([]inventory.Asset, error)
	// FindNode is EnsureNode without creating anything: if there is no node the result has no id.
	FindNode(ctx context.Context, path, known string) (inventory.Node, error)
	MissingPlatforms(ctx context.Context, platforms []string) ([]string, error)
	ListTemplates(ctx context.Context, wanted ...string) (templates []inventory.AccountTemplate, denied bool, err error)
}

// dryRunBatchSize is how many changes a dry run handles at once, as it reads their assets again.
const dryRunBatchSize = 100

// EnsureNode finds the node. One that would be created has no id.
func (d DryRun) EnsureNode(ctx context.Context, path, known string) (inventory.Node, error) {
	return d.FindNode(ctx, path, known)
}

// Create does nothing.
func (DryRun) Create(context.Context, inventory.NewAsset) (bool, error) { return false, nil }

// Update does nothing.
func (DryRun) Update(_ context.Context, patches []inventory.Patch, _ func([]int) []int) []error {
	return make([]error, len(patches))
}

// UpdateBatchSize returns a fixed number.
func (DryRun) UpdateBatchSize(context.Context, bool) int { return dryRunBatchSize }

// AttachAccounts does nothing.
func (DryRun) AttachAccounts(_ context.Context, accounts []inventory.NewAccount) []error {
	return make([]error, len(accounts))
}

// Remove does nothing.
func (DryRun) Remove(_ context.Context, ids []string, _ func(inventory.Asset) bool) []error {
	return make([]error, len(ids))
}

// RemoveBatchSize returns a fixed number.
func (DryRun) RemoveBatchSize(context.Context) int { return dryRunBatchSize }
