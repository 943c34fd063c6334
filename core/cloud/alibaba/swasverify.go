package alibaba

import (
	"cmp"
	"context"
	"slices"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// maxSWASIDs is how many of the ids of one call are asked for: it takes 100, and one of them is the witness.
const maxSWASIDs = pageSize - 1

// FindVerified implements cloud.Lister: it proves the absence of what Find does not return, see swasKind.
func (l *swasLister) FindVerified(ctx context.Context, region string, ids []string) (inventory.FindResult, error) {
	found, err := l.Find(ctx, region, ids)
	absent := cloud.MissingIDs(ids, found)
	if err != nil || len(absent) == 0 {
		return inventory.FindResult{Instances: found}, err
	}
	witness, err := l.findWitness(ctx, region, found, absent)
	if err != nil {
		return inventory.FindResult{}, err
	}
	result := inventory.FindResult{Instances: found}
	for part := range slices.Chunk(absent, maxSWASIDs) {
		why, err := l.verifyAbsence(ctx, region, part, witness)
		if err != nil {
			return inventory.FindResult{}, err
		}
		for _, id := range part {
			if why != nil && result.Weak == nil {
				result.Weak = map[string]error{}
			}
			if why != nil {
				result.Weak[id] = why
			}
		}
	}
	return result, nil
}

// findWitness returns the id of a server that is there, and none of those that seem absent; "" = none is listed.
func (l *swasLister) findWitness(ctx context.Context, region string, found []inventory.Instance, absent []string) (string, error) {
	if len(found) > 0 {
		return found[0].ID, nil
	}
	list, err := l.List(ctx, region)
	for _, i := range list {
		if slices.Contains(absent, i.ID) {
			return "", l.NewError(inventory.Incomplete, "look up servers of swas", region, i.ID+" is listed, but not shown when it is asked for")
		}
	}
	if err != nil || len(list) == 0 {
		return "", err
	}
	return list[0].ID, nil
}

// verifyAbsence asks both APIs for servers that seem absent, together with the witness ("" = none):
//
//	both show the witness alone                       absent: why is nil
//	there is no witness, and neither shows anything   absent, weakly
//	one of them shows one of these servers            Incomplete: they contradict each other
//	the second is refused, and so it is without them  the key lacks the right altogether: absent, weakly
//	the second is refused, and is not without them    Denied: one of these is there, and withheld
//	the witness is not shown, or anything else        an error
func (l *swasLister) verifyAbsence(ctx context.Context, region string, ids []string, witness string) (why, err error) {
	const op = "prove that servers of swas are absent"
	asked := ids
	if witness != "" {
		asked = append(slices.Clone(ids), witness)
	}
	for n, call := range []swasCall{l.api.swasInstances, l.api.swasStatuses} {
		shown, err := l.findByID(ctx, op, region, asked, call)
		if n > 0 && inventory.KindOf(err) == inventory.Denied {
			return l.explainRefusal(ctx, region, witness, err)
		}
		if err != nil {
			return nil, err
		}
		hidden := slices.IndexFunc(shown, func(i inventory.Instance) bool { return i.ID != witness })
		switch {
		case hidden >= 0:
			return nil, l.NewError(inventory.Incomplete, op, region, shown[hidden].ID+" is shown by one call, and not by another")
		case witness != "" && len(shown) == 0:
			return nil, l.NewError(inventory.Incomplete, op, region, witness+" is listed, but not shown when it is asked for")
		}
	}
	if witness == "" {
		// The kind says that no right is known to be missing.
		return l.NewError(inventory.NotFound, op, region, "the region shows no other server, so that nothing proves the right to see them"), nil
	}
	return nil, nil
}

// explainRefusal returns why absences are weak: the key may not use ListInstanceStatus at all. Otherwise the refusal is
// of one of the servers, and is returned as the error.
func (l *swasLister) explainRefusal(ctx context.Context, region, witness string, refusal error) (why, err error) {
	_, err = l.findByID(ctx, "probe the right to the status of servers of swas", region, []string{cmp.Or(witness, nonexistentSWAS)}, l.api.swasStatuses)
	if inventory.KindOf(err) == inventory.Denied {
		return refusal, nil
	}
	return nil, refusal
}
