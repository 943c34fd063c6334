package alibaba

import (
	"context"
	"slices"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// Regions implements cloud.Lister with DescribeRegions.
func (l *lister) Regions(ctx context.Context) ([]string, error) {
	const op = "list regions"
	answer, err := cloud.CallSigned(ctx, l.Client, op, "", l.api.describeRegions)
	if err != nil {
		return nil, err
	}
	if answer.requestID == "" || len(answer.ids) == 0 || slices.Contains(answer.ids, "") {
		return nil, l.NewError(inventory.Incomplete, op, "", "the answer lacks its RequestId or a RegionId")
	}
	slices.Sort(answer.ids)
	return slices.Compact(answer.ids), nil
}
