package fakecloudtest

import (
	"context"
	"slices"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// The services whose APIs are called.
const (
	serviceIdentity = "identity"
	serviceMachines = "machines"
)

func services() []string { return []string{serviceIdentity, serviceMachines} }

// Regions implements cloud.Lister with ListRegions.
func (l *lister) Regions(ctx context.Context) ([]string, error) {
	const op = "list regions"
	answer, err := cloud.Call(ctx, l.Client, op, "", func(ctx context.Context) (document, error) { return l.api.get(ctx, ListRegions, "", nil) })
	if err == nil && len(answer.Regions) == 0 {
		err = l.NewError(inventory.Incomplete, op, "", "the answer names no region")
	}
	return slices.Sorted(slices.Values(answer.Regions)), err
}
