package alibaba

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

const (
	opLook = "look at one instance"
	// looking is how many single instances are asked for at once.
	looking = 8
	// nobody is an id that no instance has.
	nobody = "i-jmssyncdoctor0000000"
	// noInstance is the code by which ECS says that an instance does not exist:
	// https://help.aliyun.com/zh/ecs/developer-reference/api-ecs-2014-05-26-describeinstanceattribute
	noInstance = "InvalidInstanceId.NotFound"
)

// confirm asks the second witness for instances that the list does not show, one by one:
//
//	NotFound                              absent
//	it is there                           Incomplete: the list lost it
//	refused, and so is an id of nobody    the key lacks the right altogether: absent, weakly
//	refused, but an id of nobody is not   Denied: this one is there, and withheld
//	anything else                         its error
func (l *lister) confirm(ctx context.Context, region string, ids []string) (weak map[string]error, err error) {
	err = l.look(ctx, region, ids[0])
	if inventory.KindOf(err) == inventory.Denied && inventory.KindOf(l.look(ctx, region, nobody)) == inventory.Denied {
		weak = make(map[string]error, len(ids))
		for _, id := range ids {
			weak[id] = err
		}
		return weak, nil
	}
	if err != nil {
		return nil, err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(looking)
	for _, id := range ids[1:] {
		group.Go(func() error { return l.look(ctx, region, id) })
	}
	return nil, group.Wait()
}

// look asks for one instance. Nothing but that it does not exist is no error.
func (l *lister) look(ctx context.Context, region, id string) error {
	_, err := cloud.CallBy(ctx, l.Caller, opLook, region, func(ctx context.Context, by cloud.Credentials) (bool, error) {
		answer, err := l.api.instance(ctx, by, region, id)
		if refused, ok := cloud.AsRefusal(err); ok && refused.Code == noInstance {
			return true, nil
		}
		switch {
		case err != nil:
		case answer.requestID == "" || answer.id != id:
			err = l.Fault(inventory.Incomplete, opLook, region, "the answer does not show the instance that was asked for")
		default:
			err = l.Fault(inventory.Incomplete, opLook, region, id+" is there, but DescribeInstances does not show it: its lists are short")
		}
		return false, err
	})
	return err
}
