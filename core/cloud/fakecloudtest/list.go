package fakecloudtest

import (
	"context"
	"net/url"
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// List implements cloud.Lister with ListMachines. A key without the right to list is refused.
func (l *lister) List(ctx context.Context, region string) ([]inventory.Instance, error) {
	return l.readPages(ctx, "list instances", region, nil)
}

// readPages returns all machines of a region, or those of some ids, sorted by id.
func (l *lister) readPages(ctx context.Context, op, region string, ids []string) ([]inventory.Instance, error) {
	if !cloud.ValidCharset(region, cloud.LowerChars) {
		return nil, l.NewError(inventory.Invalid, op, "", "the region is none")
	}
	once := cloud.InternerOf(ctx)
	cursor := cloud.CursorReader[inventory.Instance]{
		Operation: l.Operation(op, region),
		ID:        func(i inventory.Instance) string { return i.ID },
		SameRow:   cloud.SameMachine,
		Fetch: func(ctx context.Context, token string) (cloud.CursorPage[inventory.Instance], error) {
			query := url.Values{"after": {token}}
			if ids != nil {
				query.Set("ids", strings.Join(ids, ","))
			}
			answer, err := cloud.Call(ctx, l.Client, op, region, func(ctx context.Context) (document, error) {
				return l.api.get(ctx, ListMachines, region, query)
			})
			if err == nil && answer.Machines == nil {
				err = l.NewError(inventory.Incomplete, op, region, "the answer has no list")
			}
			if err != nil {
				return cloud.CursorPage[inventory.Instance]{}, err
			}
			rows := convertRows(*answer.Machines, l.Account.Want)
			once.InternRows(rows)
			return cloud.CursorPage[inventory.Instance]{Rows: rows, Next: answer.Next}, l.AssignRegion(op, region, rows)
		},
	}
	list, err := cursor.ReadAll(ctx)
	return cloud.SortByID(list), err
}
