package azure

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// looking is how many machines are asked for at once.
const looking = 8

// confirm asks the second witness for machines that the lists of a region do not have, and returns those that are
// there after all, and those whose absence stays weak, with the reason:
//
//	Resource Graph may not be asked, or does not know it    weak
//	a GET on its resource id is 404                         absent
//	200, the same vmId                                      there: the lists were short
//	200, another vmId                                       weak: another machine has its name now
//	anything else                                           its error: nothing is proved
func (l *lister) confirm(ctx context.Context, region string, ids []string) (there []inventory.Instance, weak map[string]error, err error) {
	if len(ids) == 0 {
		return nil, nil, nil
	}
	at, err := l.resources(ctx, ids)
	if cannotBeAsked(err) {
		return nil, all(ids, err), nil
	}
	if err != nil {
		return nil, nil, err
	}
	said := make([]testimony, len(ids))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(looking)
	for n, id := range ids {
		group.Go(func() (err error) {
			said[n], err = l.weigh(ctx, region, id, at[id])
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	for n, of := range said {
		switch {
		case of.there != nil:
			there = append(there, *of.there)
		case of.weak != nil && weak == nil:
			weak = map[string]error{ids[n]: of.weak}
		case of.weak != nil:
			weak[ids[n]] = of.weak
		}
	}
	return there, weak, nil
}

// testimony is what is known of one machine: that it is there, that its absence is weak, or (zero) that it is proved.
type testimony struct {
	there *inventory.Instance
	weak  error
}

// cannotBeAsked reports whether an error of Resource Graph is there to stay: the right is missing, or it is not
// offered in this cloud.
func cannotBeAsked(err error) bool {
	return slices.Contains([]inventory.Kind{inventory.Denied, inventory.NotFound, inventory.Invalid}, inventory.KindOf(err))
}

// all returns each id one reason.
func all(ids []string, why error) map[string]error {
	out := make(map[string]error, len(ids))
	for _, id := range ids {
		out[id] = why
	}
	return out
}

// resources finds the resource ids under which Resource Graph knows machines. It may still know them
// when they are gone, which is what makes this worth a question.
func (l *lister) resources(ctx context.Context, ids []string) (map[string][]string, error) {
	subscription, err := l.subscription(ctx)
	if err != nil {
		return nil, err
	}
	at := map[string][]string{}
	for part := range slices.Chunk(slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !isVMID(id) }), idsPerCall) {
		machines, _, err := l.find(ctx, subscription, part)
		if err != nil {
			return nil, err
		}
		for _, m := range machines {
			if !isMachine(m.resource, subscription) {
				return nil, l.part(inventory.Incomplete, opGraph, m.ID+" has a resource id that is none of a machine in this subscription")
			}
			at[m.ID] = append(at[m.ID], m.resource)
		}
	}
	return at, nil
}

// isMachine reports whether a resource id, in lower case, is that of a machine, be it of a scale set.
func isMachine(resource, subscription string) bool {
	parts := strings.Split(resource, "/")
	const prefix = 7 // "", subscriptions, …, resourcegroups, …, providers, microsoft.compute
	if len(parts) <= prefix || slices.Contains(parts[1:], "") ||
		strings.Join(slices.Concat(parts[:4], parts[5:prefix]), "/") != "/subscriptions/"+strings.ToLower(subscription)+"/resourcegroups/providers/microsoft.compute" {
		return false
	}
	switch kinds := parts[prefix:]; len(kinds) {
	case 2:
		return kinds[0] == "virtualmachines"
	case 4:
		return kinds[0] == "virtualmachinescalesets" && kinds[2] == "virtualmachines"
	}
	return false
}

// weigh asks for one machine at each place where it may be.
func (l *lister) weigh(ctx context.Context, region, id string, resources []string) (testimony, error) {
	if len(resources) == 0 {
		return testimony{weak: l.part(inventory.NotFound, opGraph, "it does not know the machine, so that there is no resource id to ask for")}, nil
	}
	var said testimony
	for _, resource := range resources {
		got, exists, err := l.look(ctx, resource)
		switch {
		case err != nil:
			return testimony{}, err
		case !exists:
		case got.ID == "" || got.ID == id && got.Region != region:
			return testimony{}, l.part(inventory.Incomplete, opLook, "the answer names no vmId, or is of "+got.Region)
		case got.ID == id:
			row := l.complete(&got, newBook()) // its interfaces are not asked for
			return testimony{there: &row}, nil
		default:
			said.weak = l.part(inventory.Conflict, opLook, "another machine has its name now, "+got.ID)
		}
	}
	return said, nil
}

const opLook = "get virtual machine"

// look gets one machine by its resource id. That it does not exist is an answer, and no error.
func (l *lister) look(ctx context.Context, resource string) (got machine, exists bool, err error) {
	exists = true
	got, err = retried(ctx, l, opLook, func(ctx context.Context) (machine, error) {
		got, err := l.api.machine(ctx, resource)
		var refused *refusal
		if errors.As(err, &refused) && refused.missing() {
			exists = false
			return machine{}, nil
		}
		return got, err
	})
	return got, exists && err == nil, err
}

// missing reports whether a refusal says that the resource does not exist. There are other 404: of a
// subscription that the tenant does not have, and of an API version that this cloud does not have.
func (r *refusal) missing() bool {
	code := strings.ToLower(r.Code)
	return r.Status == http.StatusNotFound && !r.from.token() &&
		slices.Contains([]string{"resourcenotfound", "resourcegroupnotfound", "parentresourcenotfound", "notfound"}, code)
}
