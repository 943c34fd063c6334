package tencent

import (
	"context"
	"fmt"
	"slices"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// Find implements cloud.Lister with DescribeInstances by InstanceIds. The filter instance-id takes 5 values
// only; and for a call that names its instances CAM judges each of them, so that a missing right to one
// is an error, where a filter may just not show it:
// https://www.tencentcloud.com/document/product/213/49873
func (l *lister) Find(ctx context.Context, region string, ids []string) ([]inventory.Instance, error) {
	return l.findByID(ctx, "look up instances", region, ids, l.api.describeInstances)
}

// FindVerified implements cloud.Lister: Find, and then DescribeInstancesStatus for the ids that it did not
// find. CVM has no dry run, so that an absence is proved where two APIs, each with a right of its own,
// were asked for this very id and neither knows it, or both say that it never came to be. A key without one of the rights is refused with
// UnauthorizedOperation; what only the second API knows is Incomplete.
func (l *lister) FindVerified(ctx context.Context, region string, ids []string) (inventory.FindResult, error) {
	const op = "prove that instances are absent"
	found, err := l.Find(ctx, region, ids)
	if err != nil {
		return inventory.FindResult{}, err
	}
	hidden, err := l.findByID(ctx, op, region, cloud.MissingIDs(ids, found), l.api.describeStatuses)
	if err != nil {
		return inventory.FindResult{}, err
	}
	if len(hidden) > 0 {
		return inventory.FindResult{}, l.NewError(inventory.Incomplete, op, region,
			hidden[0].ID+" is known to DescribeInstancesStatus, but not shown by DescribeInstances")
	}
	return inventory.FindResult{Instances: found}, nil
}

// findByID asks one API for instances by id, in calls of 100, and returns those that exist, sorted.
func (l *lister) findByID(ctx context.Context, op, region string, ids []string, call instancesCall) ([]inventory.Instance, error) {
	if !isRegionID(region) {
		return nil, l.NewError(inventory.Invalid, op, region, "that is no id of a region")
	}
	return l.FindByID(op, region, ids, nil, func(part []string) ([]inventory.Instance, error) { return l.findPart(ctx, op, region, part, call) })
}

// findPart makes one call for at most 100 sorted ids. By the documentation ids that do not exist are left
// out of the answer. Should the API refuse all ids for one of them (as others of CVM do with
// InvalidInstanceId.NotFound, and this one does with malformed ids), findPart asks for both halves, until
// those that exist are separated from those that are refused alone.
func (l *lister) findPart(ctx context.Context, op, region string, ids []string, call instancesCall) ([]inventory.Instance, error) {
	answer, err := l.describeChecked(ctx, op, instancesQuery{region: region, limit: pageSize, ids: ids}, call)
	switch {
	case err != nil:
		return nil, err
	case answer.hasUnknownID && len(ids) == 1:
		return nil, nil
	case answer.hasUnknownID:
		low, err := l.findPart(ctx, op, region, ids[:len(ids)/2], call)
		if err != nil {
			return nil, err
		}
		high, err := l.findPart(ctx, op, region, ids[len(ids)/2:], call)
		if err != nil {
			return nil, err
		}
		return slices.Concat(low, high), nil
	}
	rows := answer.rows
	if answer.total != len(rows) {
		return nil, l.NewError(inventory.Incomplete, op, region, fmt.Sprintf("%d rows are given, of %d", len(rows), answer.total))
	}
	if err := l.VerifyRequested(op, region, ids, rows); err != nil {
		return nil, err
	}
	return cloud.DropAbsent(rows), nil
}
