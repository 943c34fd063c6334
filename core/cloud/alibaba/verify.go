package alibaba

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

const (
	opGetInstance = "look at one instance"
	// maxParallelGets bounds how many single instances are asked for at once.
	maxParallelGets = 8
	// nonexistentID is an id that no instance has.
	nonexistentID = "i-jmssyncdoctor0000000"
	// codeNotFound is the code by which ECS says that an instance does not exist:
	// https://help.aliyun.com/zh/ecs/developer-reference/api-ecs-2014-05-26-describeinstanceattribute
	codeNotFound = "InvalidInstanceId.NotFound"
)

// Find implements cloud.Lister with DescribeInstances by InstanceIds.
func (l *lister) Find(ctx context.Context, region string, ids []string) ([]inventory.Instance, error) {
	const op = "look up instances"
	return l.FindByID(op, region, ids, nil, func(part []string) ([]inventory.Instance, error) {
		list, _, err := l.readPages(ctx, op, instancesQuery{region: region, ids: part})
		return list, err
	})
}

// FindVerified implements cloud.Lister: it proves the absence of what Find does not return, by the right to list
// and by the second witness. An instance that only the second witness shows is returned as found.
func (l *lister) FindVerified(ctx context.Context, region string, ids []string) (inventory.FindResult, error) {
	found, err := l.Find(ctx, region, ids)
	absent := cloud.MissingIDs(ids, found)
	if err != nil || len(absent) == 0 {
		return inventory.FindResult{Instances: found}, err
	}
	if err := l.verifyListRight(ctx, region); err != nil {
		return inventory.FindResult{}, err
	}
	there, weak, err := l.verifyAbsence(ctx, region, absent)
	if err != nil {
		return inventory.FindResult{}, err
	}
	return inventory.FindResult{Instances: cloud.SortByID(append(found, there...)), Weak: weak}, nil
}

// verifyAbsence asks the second witness for instances that the list does not show, one by one:
//
//	NotFound                                 absent
//	it is shown                              there: the list lost it
//	refused, and so is a nonexistent id      the key lacks the right altogether: absent, weakly
//	refused, but a nonexistent id is not     Denied: this one is there, and withheld
//	anything else                            its error
func (l *lister) verifyAbsence(ctx context.Context, region string, ids []string) (there []inventory.Instance, weak map[string]error, err error) {
	rows := make([]*inventory.Instance, len(ids))
	rows[0], err = l.getInstance(ctx, region, ids[0])
	if inventory.KindOf(err) == inventory.Denied && l.isGetRefused(ctx, region) {
		weak = make(map[string]error, len(ids))
		for _, id := range ids {
			weak[id] = err
		}
		return nil, weak, nil
	}
	if err != nil {
		return nil, nil, err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxParallelGets)
	for n := 1; n < len(ids); n++ {
		group.Go(func() (err error) {
			rows[n], err = l.getInstance(ctx, region, ids[n])
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	for _, row := range rows {
		if row != nil {
			there = append(there, *row)
		}
	}
	return there, nil, nil
}

// isGetRefused reports whether even an instance that cannot exist is refused.
func (l *lister) isGetRefused(ctx context.Context, region string) bool {
	_, err := l.getInstance(ctx, region, nonexistentID)
	return inventory.KindOf(err) == inventory.Denied
}

// getInstance returns one instance; nil = it does not exist. The answer may lack addresses that a list has.
func (l *lister) getInstance(ctx context.Context, region, id string) (*inventory.Instance, error) {
	row, err := cloud.CallSigned(ctx, l.Client, opGetInstance, region, func(ctx context.Context, credentials cloud.Credentials) (*inventory.Instance, error) {
		answer, err := l.api.describeInstance(ctx, credentials, region, id)
		if refused, ok := cloud.AsAPIError(err); ok && refused.Code == codeNotFound {
			return nil, nil
		}
		if err == nil && (answer.requestID == "" || answer.row.ID != id) {
			err = l.NewError(inventory.Incomplete, opGetInstance, region, "the answer does not show the instance that was asked for")
		}
		return &answer.row, err
	})
	if row == nil || err != nil {
		return nil, err
	}
	rows := []inventory.Instance{*row}
	rows[0].AddressesPartial = true
	return &rows[0], l.AssignRegion(opGetInstance, region, rows)
}
