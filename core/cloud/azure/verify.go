package azure

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// maxParallelGets bounds how many machines are asked for at once.
const maxParallelGets = 8

// Find implements cloud.Lister with Resource Graph: one query for 100 ids, and a second one for
// those that are no ordinary machines but may be of uniform scale sets.
func (l *lister) Find(ctx context.Context, region string, ids []string) ([]inventory.Instance, error) {
	const op = "look up instances"
	ids, err := l.validIDs(op, region, ids)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	// What cannot be a vmId exists nowhere, and must not be in the text of a query.
	ids = slices.DeleteFunc(ids, func(id string) bool { return !isVMID(id) })
	id, err := l.subscriptionID(ctx)
	if err != nil {
		return nil, l.nameError(op, region, err)
	}
	var found []inventory.Instance
	for part := range slices.Chunk(ids, maxIDsPerQuery) {
		list, err := l.findInRegion(ctx, id, region, part)
		if err != nil {
			return nil, l.nameError(op, region, err)
		}
		found = append(found, list...)
	}
	return cloud.SortByID(found), nil
}

// FindVerified implements cloud.Lister with a reading that began after the call: all machines of the
// subscription and the proof of the right to read them. Calls at the same time share the next one. It asks
// the second witness for machines that the reading does not have.
func (l *lister) FindVerified(ctx context.Context, region string, ids []string) (inventory.FindResult, error) {
	const op = "look up instances"
	ids, err := l.validIDs(op, region, ids)
	if err != nil || len(ids) == 0 {
		return inventory.FindResult{}, err
	}
	got, err := l.shared.readFresh(ctx, l.readSubscription)
	if err == nil && !got.hasRegion(region) {
		err = l.newPartError(inventory.NotFound, "list locations", "the subscription has none of this name")
	}
	if err == nil {
		err = got.doubled[region]
	}
	if err != nil {
		return inventory.FindResult{}, l.nameError(op, region, err)
	}
	var found inventory.FindResult
	for _, row := range got.regions[region] {
		if _, asked := slices.BinarySearch(ids, row.ID); asked {
			found.Instances = append(found.Instances, row)
		}
	}
	there, weak, err := l.verifyAbsence(ctx, region, cloud.MissingIDs(ids, found.Instances))
	if err != nil {
		return inventory.FindResult{}, l.nameError(op, region, err)
	}
	found.Instances, found.Weak = cloud.SortByID(append(found.Instances, there...)), weak
	return found, nil
}

// validIDs returns the ids sorted, each once.
func (l *lister) validIDs(op, region string, ids []string) ([]string, error) {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	switch {
	case region == "":
		return nil, l.newError(inventory.Invalid, op, "no region is named")
	case slices.Contains(ids, ""):
		return nil, l.nameError(op, region, l.newPartError(inventory.Invalid, "", "an id is empty"))
	}
	return ids, nil
}

// isVMID reports whether an id can be that of a machine: a UUID in its usual form.
func isVMID(id string) bool { return len(id) == 36 && uuid.Validate(id) == nil }

// verifyAbsence asks the second witness for machines that the lists of a region do not have, and returns those that
// exist after all, and those whose absence is weak, with the reason:
//
//	Resource Graph may not be asked, or does not know it    weak
//	a GET on its resource id is 404                         absent
//	200, the same vmId                                      there: the lists were short
//	200, another vmId                                       weak: another machine has its name now
//	anything else                                           its error: nothing is proved
func (l *lister) verifyAbsence(ctx context.Context, region string, ids []string) (there []inventory.Instance, weak map[string]error, err error) {
	if len(ids) == 0 {
		return nil, nil, nil
	}
	at, err := l.findResourceIDs(ctx, ids)
	if isLastingFailure(err) {
		return nil, sameReason(ids, err), nil
	}
	if err != nil {
		return nil, nil, err
	}
	said := make([]absence, len(ids))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxParallelGets)
	for n, id := range ids {
		group.Go(func() (err error) {
			said[n], err = l.verifyMachine(ctx, region, id, at[id])
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	for n, of := range said {
		switch {
		case of.found != nil:
			there = append(there, *of.found)
		case of.weakReason != nil && weak == nil:
			weak = map[string]error{ids[n]: of.weakReason}
		case of.weakReason != nil:
			weak[ids[n]] = of.weakReason
		}
	}
	return there, weak, nil
}

// absence is the result for one machine: it is there, its absence is weak, or (zero) its absence is proved.
type absence struct {
	found      *inventory.Instance
	weakReason error
}

// isLastingFailure reports whether an error of Resource Graph will last: the right is missing, or it is not
// offered in this cloud.
func isLastingFailure(err error) bool {
	return slices.Contains([]inventory.Kind{inventory.Denied, inventory.NotFound, inventory.Invalid}, inventory.KindOf(err))
}

// sameReason returns the same reason for each id.
func sameReason(ids []string, why error) map[string]error {
	out := make(map[string]error, len(ids))
	for _, id := range ids {
		out[id] = why
	}
	return out
}

// findResourceIDs returns the resource ids under which Resource Graph knows machines. It may still know those that
// are gone.
func (l *lister) findResourceIDs(ctx context.Context, ids []string) (map[string][]string, error) {
	subscription, err := l.subscriptionID(ctx)
	if err != nil {
		return nil, err
	}
	at := map[string][]string{}
	for part := range slices.Chunk(slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !isVMID(id) }), maxIDsPerQuery) {
		machines, _, err := l.findAnywhere(ctx, subscription, part)
		if err != nil {
			return nil, err
		}
		for _, m := range machines {
			if !isMachine(m.resource, subscription) {
				return nil, l.newPartError(inventory.Incomplete, opGraph, m.ID+" has a resource id that is none of a machine in this subscription")
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

// verifyMachine asks for one machine at each place where it may be.
func (l *lister) verifyMachine(ctx context.Context, region, id string, resources []string) (absence, error) {
	if len(resources) == 0 {
		return absence{weakReason: l.newPartError(inventory.NotFound, opGraph, "it does not know the machine, so that there is no resource id to ask for")}, nil
	}
	var said absence
	for _, resource := range resources {
		got, exists, err := l.getMachine(ctx, resource)
		switch {
		case err != nil:
			return absence{}, err
		case !exists:
		case got.ID == "" || got.ID == id && got.Region != region:
			return absence{}, l.newPartError(inventory.Incomplete, opGetMachine, "the answer names no vmId, or is of "+got.Region)
		case got.ID == id:
			row := l.convertRow(&got, l.newNetworkIndex()) // without its interfaces
			return absence{found: &row}, nil
		default:
			said.weakReason = l.newPartError(inventory.Conflict, opGetMachine, "another machine has its name now, "+got.ID)
		}
	}
	return said, nil
}

const opGetMachine = "get virtual machine"

// getMachine returns one machine by its resource id, and reports whether it exists.
func (l *lister) getMachine(ctx context.Context, resource string) (got machine, exists bool, err error) {
	exists = true
	got, err = callRetried(ctx, l, opGetMachine, func(ctx context.Context) (machine, error) {
		got, err := l.api.getMachine(ctx, resource)
		var refused *apiError
		if errors.As(err, &refused) && refused.isNotFound() {
			exists = false
			return machine{}, nil
		}
		return got, err
	})
	return got, exists && err == nil, err
}

// isNotFound reports whether an error says that the resource does not exist. Other 404 mean that the tenant has no
// such subscription, or the cloud no such API version.
func (r *apiError) isNotFound() bool {
	code := strings.ToLower(r.Code)
	return r.Status == http.StatusNotFound && !r.sender.givesTokens() &&
		slices.Contains([]string{"resourcenotfound", "resourcegroupnotfound", "parentresourcenotfound", "notfound"}, code)
}
