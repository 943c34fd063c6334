package fakecloudtest

import (
	"context"
	"net/url"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// Find implements cloud.Lister with ListMachines by ids.
func (l *lister) Find(ctx context.Context, region string, ids []string) ([]inventory.Instance, error) {
	const op = "look up instances"
	return l.FindByID(op, region, ids, nil, func(part []string) ([]inventory.Instance, error) {
		return l.readPages(ctx, op, region, part)
	})
}

// FindVerified implements cloud.Lister: what the list does not show, ShowMachine does not know either.
func (l *lister) FindVerified(ctx context.Context, region string, ids []string) (inventory.FindResult, error) {
	const op = "show an instance"
	found, err := l.Find(ctx, region, ids)
	if err != nil {
		return inventory.FindResult{}, err
	}
	weak := map[string]error{}
	for _, id := range cloud.MissingIDs(ids, found) {
		answer, err := cloud.Call(ctx, l.Client, op, region, func(ctx context.Context) (document, error) {
			return l.api.get(ctx, ShowMachine, region, url.Values{"id": {id}})
		})
		kind := inventory.KindOf(err)
		switch {
		case err == nil && answer.Machine != nil && answer.Machine.ID == id:
			rows := convertRows([]machine{*answer.Machine}, l.Account.Want)
			if err := l.AssignRegion(op, region, rows); err != nil {
				return inventory.FindResult{}, err
			}
			found = append(found, rows...)
		case err == nil:
			return inventory.FindResult{}, l.NewError(inventory.Incomplete, op, region, "the answer is not about "+id)
		case cloud.ErrorCode(err) == codeNoMachine:
		case kind == inventory.Denied:
			weak[id] = err
		default:
			return inventory.FindResult{}, err
		}
	}
	return inventory.FindResult{Instances: cloud.SortByID(found), Weak: weak}, nil
}
