package aws

import (
	"context"
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// listResult is the result of reading all pages.
type listResult struct {
	instances    []inventory.Instance // sorted by id
	hasEmptyPage bool                 // a page had no rows
	err          error
}

// List implements cloud.Lister with DescribeInstances, by NextToken. AWS refuses the call where a right
// is missing; a page without rows makes List verify the right all the same, as an empty region takes proof.
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

// readPages returns all rows of a query. Where an instance is released while it is listed, EC2 may fail
// the page with InvalidInstanceID.NotFound; then all is read again, a few times at most.
func (l *lister) readPages(ctx context.Context, op string, q instancesQuery) ([]inventory.Instance, bool, error) {
	if !cloud.ValidCharset(q.region, cloud.LowerChars) {
		return nil, false, l.NewError(inventory.Invalid, op, "", "no region is named, or its id is not well-formed")
	}
	got, err := cloud.Retry(ctx, l.Retry, func(ctx context.Context) (listResult, error) {
		got := l.readPagesOnce(ctx, op, q)
		if cloud.ErrorCode(got.err) == codeNotFound {
			return got, l.NewError(inventory.Temporary, op, q.region, "an instance went away while it was listed ("+codeNotFound+")")
		}
		return got, nil // or an error, which was retried where that makes sense
	})
	if err == nil {
		err = got.err
	}
	if err != nil {
		return nil, false, l.NameDeadline(op, q.region, err)
	}
	return got.instances, got.hasEmptyPage, nil
}

// readPagesOnce reads all pages of a query once.
func (l *lister) readPagesOnce(ctx context.Context, op string, q instancesQuery) listResult {
	var got listResult
	once := cloud.InternerOf(ctx)
	cursor := cloud.CursorReader[inventory.Instance]{
		Operation: l.Operation(op, q.region),
		ID:        func(i inventory.Instance) string { return i.ID },
		SameRow:   sameMachine,
		Fetch: func(ctx context.Context, token string) (cloud.CursorPage[inventory.Instance], error) {
			q.pageToken = token
			answer, err := callRegional(ctx, l, op, q.region, func(ctx context.Context, credentials cloud.Credentials) (instancesAnswer, error) {
				return l.api.describeInstances(ctx, credentials, q)
			})
			if err != nil {
				return cloud.CursorPage[inventory.Instance]{}, err
			}
			rows, err := l.checkPage(op, q.region, answer)
			got.hasEmptyPage = got.hasEmptyPage || len(rows) == 0
			once.InternRows(rows)
			return cloud.CursorPage[inventory.Instance]{Rows: rows, Next: answer.nextToken}, err
		},
	}
	got.instances, got.err = cursor.ReadAll(ctx)
	got.instances = cloud.DropAbsent(got.instances)
	cloud.SortByID(got.instances)
	return got
}

// sameMachine is cloud.SameMachine for a cloud whose terminated instances have lost their network
// but not yet their row: one that ends between two pages is on both.
func sameMachine(a, b inventory.Instance) bool {
	return cloud.SameMachine(a, b) || a.ID == b.ID && (a.Existence == inventory.Absent || b.Existence == inventory.Absent)
}

// checkPage refuses an answer without a list, and rows without a state or of another region, and
// completes the others. EC2 names no region in a row, but its zone begins with it; an endpoint
// that answers for another region than it was asked for would double every asset.
func (l *lister) checkPage(op, region string, answer instancesAnswer) ([]inventory.Instance, error) {
	if !answer.hasList {
		return nil, l.NewError(inventory.Incomplete, op, region, "the answer has no reservationSet")
	}
	rows := make([]inventory.Instance, len(answer.rows))
	for i, r := range answer.rows {
		switch {
		case r.Status == "":
			return nil, l.NewError(inventory.Incomplete, op, region, "an instance has no state: "+r.ID)
		case r.zone != "" && !strings.HasPrefix(r.zone, region):
			return nil, l.NewError(inventory.Incomplete, op, region, r.ID+" is in "+r.zone)
		}
		rows[i] = r.Instance
		rows[i].Scope = inventory.Scope{Cloud: inventory.AWS, Account: l.Account.Name, Region: region}
	}
	return rows, nil
}

// isLiteralID reports whether an id matches only itself in a filter, where * and ? are wildcards.
func isLiteralID(id string) bool { return id != "" && !strings.ContainsAny(id, `*?\`) }

// verifyListRight asks with DryRun whether the credential may list this region's instances at all. Only
// the error DryRunOperation means yes.
func (l *lister) verifyListRight(ctx context.Context, region string) error {
	const op = "probe the right to list instances"
	_, err := callRegional(ctx, l, op, region, func(ctx context.Context, credentials cloud.Credentials) (bool, error) {
		_, err := l.api.describeInstances(ctx, credentials, instancesQuery{region: region, dryRun: true})
		if refused, ok := cloud.AsAPIError(err); ok && refused.Code == dryRunAllowed {
			return true, nil
		}
		if err == nil {
			err = l.NewError(inventory.Incomplete, op, region, "the dry run was not answered as one")
		}
		return false, err
	})
	return err
}
