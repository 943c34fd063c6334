package tencent

import (
	"context"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// pageSize is the most rows of one answer of DescribeInstances, and the most InstanceIds that
// it takes: https://cloud.tencent.com/document/api/213/15728
const pageSize = 100

// List implements cloud.Lister with DescribeInstances. It verifies that an empty region is empty.
func (l *lister) List(ctx context.Context, region string) ([]inventory.Instance, error) {
	const op = "list instances"
	if !isRegionID(region) {
		return nil, l.NewError(inventory.Invalid, op, region, "that is no id of a region")
	}
	once := cloud.InternerOf(ctx)
	list, err := cloud.OffsetReader[inventory.Instance]{
		Operation: l.Operation(op, region), Limit: pageSize, Sleep: l.Retry.Sleep,
		ID: func(i inventory.Instance) string { return i.ID },
		Fetch: func(ctx context.Context, from, n int) (cloud.OffsetPage[inventory.Instance], error) {
			answer, err := l.describeChecked(ctx, op, instancesQuery{region: region, offset: from, limit: n}, l.api.describeInstances)
			once.InternRows(answer.rows)
			return cloud.OffsetPage[inventory.Instance]{Rows: answer.rows, Total: answer.total}, err
		},
	}.ReadAll(ctx)
	if err == nil && len(list) == 0 {
		err = l.verifyEmpty(ctx, region)
	}
	if err != nil {
		return nil, err
	}
	return cloud.SortByID(cloud.DropAbsent(list)), nil
}

// verifyEmpty asks the second API, DescribeInstancesStatus, whether a region is as empty as
// DescribeInstances says.
func (l *lister) verifyEmpty(ctx context.Context, region string) error {
	const op = "probe the right to list instances"
	answer, err := l.describeChecked(ctx, op, instancesQuery{region: region, limit: 1, ids: l.probeIDs}, l.api.describeStatuses)
	if err == nil && (answer.total != 0 || len(answer.rows) != 0) {
		err = l.NewError(inventory.Incomplete, op, region, "DescribeInstances shows none of the instances that DescribeInstancesStatus counts: "+
			"has the key the right to cvm:DescribeInstances for all of them?")
	}
	return err
}

// describeChecked makes one call for instances and refuses an answer without a list. Without it, `{}`, `null`
// and an empty document would read as an empty region.
func (l *lister) describeChecked(ctx context.Context, op string, q instancesQuery, call instancesCall) (instancesAnswer, error) {
	answer, err := cloud.CallSigned(ctx, l.Client, op, q.region, func(ctx context.Context, credentials cloud.Credentials) (instancesAnswer, error) {
		answer, err := call(ctx, credentials, q)
		if refused, ok := cloud.AsAPIError(err); ok && q.ids != nil && isUnknownID(refused.Code) {
			return instancesAnswer{hasUnknownID: true}, nil
		}
		return answer, err
	})
	switch {
	case err != nil || answer.hasUnknownID:
		return answer, err
	case answer.requestID == "":
		return answer, l.NewError(inventory.Incomplete, op, q.region, "the answer has no RequestId")
	case !answer.hasList || answer.total < 0:
		return answer, l.NewError(inventory.Incomplete, op, q.region, "the answer has no list of instances, or no TotalCount (request "+answer.requestID+")")
	}
	return answer, l.AssignRegion(op, q.region, answer.rows)
}
