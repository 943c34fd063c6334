package tencent

import (
	"context"
	"fmt"
	"slices"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// Glance implements cloud.Lister with DescribeInstances by InstanceIds. They are preferred to the
// filter instance-id, which takes 5 values only; and a call that names its instances has CAM judge
// each of them, so that a missing right to one is a refusal, where a filter may just not show it:
// https://www.tencentcloud.com/document/product/213/49873
func (l *lister) Glance(ctx context.Context, region string, ids []string) ([]inventory.Instance, error) {
	return l.byID(ctx, "look up instances", region, ids, l.api.instances)
}

// Lookup implements cloud.Lister: a Glance, and then DescribeInstancesStatus for the ids that it
// did not find. There is no dry run in CVM, so that an absence is believed where two APIs, each
// with a right of its own, were asked for this very id and neither knows it. A key without one of
// the rights is refused with UnauthorizedOperation; what only the second API knows is Incomplete.
func (l *lister) Lookup(ctx context.Context, region string, ids []string) (inventory.Found, error) {
	const op = "prove that instances are absent"
	found, err := l.Glance(ctx, region, ids)
	if err != nil {
		return inventory.Found{}, err
	}
	hidden, err := l.byID(ctx, op, region, cloud.Absent(ids, found), l.api.statuses)
	if err != nil {
		return inventory.Found{}, err
	}
	if len(hidden) > 0 {
		return inventory.Found{}, l.Fault(inventory.Incomplete, op, region,
			hidden[0].ID+" is known to DescribeInstancesStatus, but not shown by DescribeInstances")
	}
	return inventory.Found{Instances: found}, nil
}

// byID asks one API for instances by id, in calls of 100, and gives those that exist, sorted.
func (l *lister) byID(ctx context.Context, op, region string, ids []string, call instancesCall) ([]inventory.Instance, error) {
	if !wellFormed(region) {
		return nil, l.Fault(inventory.Invalid, op, region, "that is no id of a region")
	}
	return l.ByID(op, region, ids, nil, func(part []string) ([]inventory.Instance, error) { return l.some(ctx, op, region, part, call) })
}

// some makes one call for at most 100 sorted ids. Ids that do not exist are left out of the
// answer, by all that is documented; but should the API refuse all for one of them (as others of
// CVM do with InvalidInstanceId.NotFound, and this one does with ids that are malformed), both
// halves are asked for, until those that exist are told from those that are refused alone.
func (l *lister) some(ctx context.Context, op, region string, ids []string, call instancesCall) ([]inventory.Instance, error) {
	answer, err := l.ask(ctx, op, query{region: region, limit: pageSize, ids: ids}, call)
	switch {
	case err != nil:
		return nil, err
	case answer.unknown && len(ids) == 1:
		return nil, nil
	case answer.unknown:
		low, err := l.some(ctx, op, region, ids[:len(ids)/2], call)
		if err != nil {
			return nil, err
		}
		high, err := l.some(ctx, op, region, ids[len(ids)/2:], call)
		if err != nil {
			return nil, err
		}
		return slices.Concat(low, high), nil
	}
	rows := answer.rows
	if answer.total != len(rows) {
		return nil, l.Fault(inventory.Incomplete, op, region, fmt.Sprintf("%d rows are given, of %d", len(rows), answer.total))
	}
	if err := l.Asked(op, region, ids, rows); err != nil {
		return nil, err
	}
	return rows, nil
}
