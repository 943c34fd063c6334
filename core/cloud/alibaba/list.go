package alibaba

import (
	"context"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// List implements cloud.Lister with DescribeInstances, by NextToken. Where a right is missing the answer is an
// empty list with HTTP 200, so that every empty page makes List verify the right, also one in the middle:
// the right may have gone between two pages.
func (l *lister) List(ctx context.Context, region string) ([]inventory.Instance, error) {
	list, gap, err := l.readPages(ctx, "list instances", instancesQuery{region: region})
	if err == nil && gap {
		err = l.verifyListRight(ctx, region)
	}
	if err != nil {
		return nil, err
	}
	return list, nil
}

// readPages returns all rows of a query, sorted by id. gap reports whether a page had no rows.
func (l *lister) readPages(ctx context.Context, op string, q instancesQuery) (list []inventory.Instance, gap bool, err error) {
	if q.region == "" {
		return nil, false, l.NewError(inventory.Invalid, op, "", "no region is named")
	}
	once := cloud.InternerOf(ctx)
	cursor := cloud.CursorReader[inventory.Instance]{
		Operation: l.Operation(op, q.region),
		ID:        func(i inventory.Instance) string { return i.ID },
		SameRow:   cloud.SameMachine,
		Fetch: func(ctx context.Context, token string) (cloud.CursorPage[inventory.Instance], error) {
			q.pageToken = token
			answer, err := cloud.CallSigned(ctx, l.Client, op, q.region, func(ctx context.Context, credentials cloud.Credentials) (instancesAnswer, error) {
				return l.api.describeInstances(ctx, credentials, q)
			})
			if err == nil {
				err = l.checkPage(op, q.region, answer)
			}
			gap = gap || len(answer.rows) == 0
			once.InternRows(answer.rows)
			return cloud.CursorPage[inventory.Instance]{Rows: answer.rows, Next: answer.nextToken}, err
		},
	}
	list, err = cursor.ReadAll(ctx)
	return cloud.SortByID(list), gap, err
}

// checkPage refuses an answer without a list, and completes the rows. Without it, `{}`, `null` and
// an empty body would read as an empty region.
func (l *lister) checkPage(op, region string, answer instancesAnswer) error {
	switch {
	case answer.requestID == "":
		return l.NewError(inventory.Incomplete, op, region, "the answer has no RequestId")
	case !answer.hasList:
		return l.NewError(inventory.Incomplete, op, region, "the answer has no list of instances (request "+answer.requestID+")")
	}
	return l.AssignRegion(op, region, answer.rows)
}

// verifyListRight asks with DryRun whether the credential may list this region's instances at all. Only
// the error DryRunOperation means yes.
func (l *lister) verifyListRight(ctx context.Context, region string) error {
	const op = "probe the right to list instances"
	_, err := cloud.CallSigned(ctx, l.Client, op, region, func(ctx context.Context, credentials cloud.Credentials) (instancesAnswer, error) {
		answer, err := l.api.describeInstances(ctx, credentials, instancesQuery{region: region, dryRun: true})
		if refused, ok := cloud.AsAPIError(err); ok && refused.Code == dryRunAllowed {
			return instancesAnswer{hasList: true}, nil
		}
		if err == nil {
			err = l.NewError(inventory.Incomplete, op, region, "the dry run was not answered as one (request "+answer.requestID+")")
		}
		return answer, err
	})
	return err
}
